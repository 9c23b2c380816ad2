//! The `lab_order` kind.

use hl7v2::Message;

use super::reader::Reader;
use crate::canonical::LabOrders;

/// The content of the kind.
pub(super) fn read<'m>(_message: &'m Message, _reader: &mut Reader<'m>) -> LabOrders<'m> {
    LabOrders { specimens: Vec::new(), tests: Vec::new() }
}
