//! A message that no other kind describes.

use std::borrow::Cow;

use hl7v2::Message;

use crate::canonical::Generic;

/// The content of the `message` kind. Its values are left among the unmapped.
pub(super) fn read(message: &Message) -> Generic<'_> {
    Generic { segments: message.segments().map(|segment| Cow::Borrowed(segment.name())).collect() }
}
