//! The `referral` kind.

use hl7v2::Message;

use super::reader::Reader;
use crate::canonical::Referral;

/// The content of the kind.
pub(super) fn read<'m>(_message: &'m Message, _reader: &mut Reader<'m>) -> Referral<'m> {
    Referral::default()
}
