//! The `administration` kind.

use hl7v2::Message;

use super::reader::Reader;
use crate::canonical::Administration;

/// The content of the kind.
pub(super) fn read<'m>(_message: &'m Message, _reader: &mut Reader<'m>) -> Administration<'m> {
    Administration { administrations: Vec::new() }
}
