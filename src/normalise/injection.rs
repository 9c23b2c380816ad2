//! The `injection` kind.

use hl7v2::Message;

use super::reader::Reader;
use crate::canonical::Injection;

/// The content of the kind.
pub(super) fn read<'m>(_message: &'m Message, _reader: &mut Reader<'m>) -> Injection<'m> {
    Injection { injections: Vec::new() }
}
