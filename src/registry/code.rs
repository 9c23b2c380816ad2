//! How the codes and ids of the registry are written.

/// Longest network id or local id, in bytes.
const ID_BYTES_MAX: usize = 64;

/// Whether a text can be a network id or a local id: something that can be written on a card and typed.
pub(super) fn is_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= ID_BYTES_MAX && id.trim() == id && !id.chars().any(char::is_control)
}
