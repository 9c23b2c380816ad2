//! The `merge` kind.

use hl7v2::Message;

use super::reader::Reader;
use crate::canonical::Merge;

/// The content of the kind.
pub(super) fn read<'m>(_message: &'m Message, _reader: &mut Reader<'m>) -> Merge<'m> {
    Merge { merged: Vec::new() }
}
