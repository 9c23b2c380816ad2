//! RDE^O11 of OMP-01: (ORC RXE TQ1+ RXR+)+.

use hl7v2::Message;

use super::medication;
use super::reader::Reader;
use crate::canonical::Prescription;

/// The content of the `prescription` kind.
pub(super) fn read<'m>(message: &'m Message, reader: &mut Reader<'m>) -> Prescription<'m> {
    let groups = medication::groups(message);
    Prescription {
        medications: groups.iter().filter_map(|group| medication::ordered(group, reader)).collect(),
    }
}
