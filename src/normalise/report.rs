//! The `report` kind.

use hl7v2::Message;

use super::reader::Reader;
use crate::canonical::Report;

/// The content of the kind.
pub(super) fn read<'m>(_message: &'m Message, _reader: &mut Reader<'m>) -> Report<'m> {
    Report { reports: Vec::new(), studies: Vec::new() }
}
