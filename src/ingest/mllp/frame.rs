//! What a frame holds: messages on their way to the taker, and what their answers need.

use bytes::Bytes;
use hl7v2::DecodeError;
use hl7v2::ack::{Condition, Initiating, Location, Problem, Severity};

use super::super::content::{Content, Hash, fold, half, slice};
use super::super::context::Context;
use super::super::hl7;
use super::super::message::{Subject, publication};
use super::taker::Arrival;
use crate::envelope::{Change, Envelope};
use crate::store::Sighting;

/// What is to be answered to a frame.
pub(super) struct Frame {
    /// Its messages, in their order.
    pub(super) parts: Vec<Part>,
    /// The frame from its batch header on, if it is a batch: it is answered by a batch.
    pub(super) batch: Option<Bytes>,
}

/// What is to be answered to a message.
pub(super) struct Part {
    pub(super) initiating: Initiating,
    /// Why it will never be taken.
    pub(super) rejected: Option<Problem>,
}

pub(super) const TOO_LARGE: Problem = Problem {
    condition: Condition::ApplicationInternal,
    severity: Severity::Fatal,
    location: None,
    text: "the message is larger than is taken here",
};

/// What stands before a header without being a part of it.
const BOM: &[u8] = b"\xEF\xBB\xBF";

impl Frame {
    /// Takes a frame apart. Bytes without any content are a sign of life and are not answered.
    pub(super) fn open(context: &Context, label: &str, bytes: Bytes) -> (Self, Vec<Arrival>) {
        let (mut parts, mut arrivals) = (Vec::new(), Vec::new());
        let bare = bytes.strip_prefix(BOM).unwrap_or(&bytes).trim_ascii_start();
        let batch = (bare.starts_with(b"BHS") || bare.starts_with(b"FHS")).then(|| bytes.slice_ref(bare));
        let content = Content::of_file(bytes.clone(), None);
        for (at, range) in content.parts.iter().enumerate() {
            match Initiating::read(slice(&bytes, range)) {
                _ if bare.is_empty() => {}
                // An answer to an answer would be answered without end.
                Ok(initiating) if initiating.is_acknowledgement() => {
                    tracing::debug!(feed = %context.feed, "an acknowledgement came in where none was awaited; it is passed over");
                }
                Ok(initiating) => {
                    arrivals.push(arrival(context, label, &content, at, &initiating));
                    parts.push(Part { initiating, rejected: None });
                }
                // A batch without messages.
                Err(_) if batch.is_some() => {}
                Err(error) => {
                    let rejected = Some(unreadable(&error));
                    parts.push(Part { initiating: Initiating::default(), rejected });
                }
            }
        }
        (Self { parts, batch }, arrivals)
    }

    /// A frame that was passed over because of its size; `head` is its beginning.
    pub(super) fn too_large(head: &[u8]) -> Self {
        let initiating = Initiating::read(head).unwrap_or_default();
        Self { parts: vec![Part { initiating, rejected: Some(TOO_LARGE) }], batch: None }
    }

    /// How many of its messages will never be taken.
    pub(super) fn rejected(&self) -> usize {
        self.parts.iter().filter(|part| part.rejected.is_some()).count()
    }
}

/// One message of a content with its envelope. Its record is what the sender calls it, in each of its contents.
fn arrival(context: &Context, label: &str, content: &Content, at: usize, initiating: &Initiating) -> Arrival {
    let range = content.parts.get(at).cloned().unwrap_or_default();
    let body = slice(&content.bytes, &range);
    let text = |field| String::from_utf8_lossy(initiating.field(field));
    let control_id = text(10);
    let key = format!("{label}/{}/{}/{control_id}", text(3), text(4));
    let hash = fold(None, body);
    let version: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let subject = Subject {
        stored: None,
        patient: &hl7::patient(body),
        data_type: None,
        key: &key,
        version: &version,
        file: &control_id,
        change: Change::Created,
    };
    // Where in a frame it stands says nothing: it may come again alone.
    let publication = publication(context, &subject, content, 0, (0, &range));
    let sighting = Sighting { name: name(&publication.envelope), content: hash };
    Arrival { sighting, has_control_id: !control_id.trim().is_empty(), publication }
}

/// By what a message of a sender is known again.
fn name(envelope: &Envelope) -> Hash {
    half(blake3::hash(envelope.key.0.as_bytes()))
}

/// What the ledger must know of a message that was accepted.
pub(super) fn sighting(envelope: &Envelope, body: &[u8]) -> Sighting {
    Sighting { name: name(envelope), content: fold(None, body) }
}

pub(super) fn unreadable(error: &DecodeError) -> Problem {
    let (condition, field) = match error.code {
        "illegal-field-separator" => (Condition::DataType, Some(1)),
        "illegal-encoding-characters" | "duplicate-encoding-characters" => (Condition::DataType, Some(2)),
        _ => (Condition::SegmentSequence, None),
    };
    let location = field.map(|field| Location { segment: "MSH", sequence: 1, field });
    Problem { condition, severity: Severity::Fatal, location, text: error.reason }
}
