//! ORU^R01 of OMG-13: ((ORC)? OBR TQ1? OBX*)+.

use hl7v2::Message;

use super::examination::{self, Groups};
use super::reader::Reader;
use crate::canonical::PhysiologyResult;

/// The content of the `physiology-result` kind.
pub(super) fn read<'m>(message: &'m Message, reader: &mut Reader<'m>) -> PhysiologyResult<'m> {
    let Groups { requests, observations, .. } = examination::groups(message, reader);
    PhysiologyResult { requests, results: observations }
}
