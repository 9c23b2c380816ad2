//! A message that no other kind describes: all its segments and fields.

use std::borrow::Cow;

use hl7v2::Message;

use super::reader::{id, small};
use crate::canonical::{Generic, GenericSegment};

/// The content of the `message` kind.
pub(super) fn read(message: &Message) -> Generic<'_> {
    let segments =
        message.segments().filter(|segment| id(*segment) != *b"MSH").map(|segment| GenericSegment {
            name: Cow::Borrowed(segment.name()),
            fields: (1..=segment.field_count())
                .filter(|&field| !segment.field(field).is_empty())
                .map(|field| (small(field), Cow::Borrowed(segment.field(field).raw())))
                .collect(),
        });
    Generic { segments: segments.collect() }
}
