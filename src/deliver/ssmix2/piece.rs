//! Files that hold several messages: each message brings its piece, and the last one that comes makes the file.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::place::Place;
use super::tree::{KeepError, Root};
use crate::broker::Delivery;
use crate::envelope::Piece;

const UNREADABLE: KeepError = KeepError::Refused("piece-unreadable");

/// The whole file, once all its pieces are here; `before` is what lies in its place.
pub(super) fn whole(
    root: &Root<'_>,
    place: &Place,
    piece: &Piece,
    copy: &Delivery,
    before: Option<&[u8]>,
) -> Result<Option<Bytes>, KeepError> {
    if before.is_some_and(|file| is_it(file, piece)) {
        return Ok(None);
    }
    let lead = STANDARD.decode(&piece.before.0).map_err(|_| UNREADABLE)?;
    let tail = STANDARD.decode(&piece.after.0).map_err(|_| UNREADABLE)?;
    let start = copy.envelope.origin.offset.checked_sub(lead.len() as u64).ok_or(UNREADABLE)?;
    let bytes = [&lead[..], &copy.body, &tail].concat();
    let digest: String = piece.file_hash.chars().filter(char::is_ascii_hexdigit).take(32).collect();
    let folder = root.pieces(&format!("{}.{digest}", place.hash()))?;
    root.write_piece(&folder, &format!("{start:020}"), &bytes)?;
    let mut names = folder.names()?;
    names.sort_unstable();
    let mut file = Vec::new();
    for name in &names {
        file.extend(folder.read(name)?.unwrap_or_default());
    }
    if (file.len() as u64) < piece.file_bytes {
        return Ok(None);
    }
    if !is_it(&file, piece) {
        return Err(KeepError::Refused("pieces-differ"));
    }
    Ok(Some(file.into()))
}

fn is_it(file: &[u8], piece: &Piece) -> bool {
    file.len() as u64 == piece.file_bytes && blake3::hash(file).to_hex().as_str() == piece.file_hash
}
