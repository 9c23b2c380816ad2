//! The `physiology` kind.

use hl7v2::Message;

use super::reader::Reader;
use crate::canonical::PhysiologyResult;

/// The content of the kind.
pub(super) fn read<'m>(_message: &'m Message, _reader: &mut Reader<'m>) -> PhysiologyResult<'m> {
    PhysiologyResult { requests: Vec::new(), results: Vec::new() }
}
