//! The `diet` kind.

use hl7v2::Message;

use super::reader::Reader;
use crate::canonical::DietOrder;

/// The content of the kind.
pub(super) fn read<'m>(_message: &'m Message, _reader: &mut Reader<'m>) -> DietOrder<'m> {
    DietOrder { diets: Vec::new() }
}
