//! A frame taken apart, and its answers.

use hl7v2::ack::{self, AckCode, Acknowledgement, Condition, Initiating, Problem, Severity};
use hl7v2::mllp;
use hl7v2::with_header_field;

use super::fault::Answering;

/// What a frame holds.
pub(super) struct Frame {
    pub(super) messages: Vec<Message>,
    /// From its batch header on: a batch is answered by a batch.
    batch: Option<Vec<u8>>,
}

/// A message of a frame.
pub(super) struct Message {
    pub(super) bytes: Vec<u8>,
    pub(super) initiating: Initiating,
    /// It has no header that could be read, or is too large.
    pub(super) refused: Option<Problem>,
}

/// What a receiver says of a message that it was told not to take.
const AS_TOLD: Problem = Problem {
    condition: Condition::ApplicationInternal,
    severity: Severity::Error,
    location: None,
    text: "this receiver was told to answer so",
};
/// What it says where the disk does not take the file.
pub(super) const NOT_WRITTEN: Problem = Problem {
    condition: Condition::ApplicationInternal,
    severity: Severity::Error,
    location: None,
    text: "the message can't be written now; send it again later",
};
const UNREADABLE: Problem = Problem {
    condition: Condition::SegmentSequence,
    severity: Severity::Fatal,
    location: None,
    text: "the message does not begin with a header that can be read",
};
const TOO_LARGE: Problem = Problem {
    condition: Condition::ApplicationInternal,
    severity: Severity::Fatal,
    location: None,
    text: "the message is larger than is taken here",
};

impl Frame {
    /// An acknowledgement is no message to be answered; an empty frame holds none.
    pub(super) fn open(bytes: &[u8]) -> Self {
        let bare = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
        let batch = (bare.starts_with(b"BHS") || bare.starts_with(b"FHS")).then(|| bare.to_vec());
        let parts = hl7v2::split(bytes).parts.into_iter().filter_map(|range| bytes.get(range));
        let messages = parts.filter(|part| !part.trim_ascii().is_empty()).filter_map(|part| {
            match Initiating::read(part) {
                Ok(initiating) if initiating.is_acknowledgement() => None,
                Ok(initiating) => Some(Message { bytes: part.to_vec(), initiating, refused: None }),
                // A batch without messages.
                Err(_) if batch.is_some() => None,
                Err(_) => Some(Message::refused(part, Initiating::default(), UNREADABLE)),
            }
        });
        Self { messages: messages.collect(), batch }
    }

    /// A frame that was passed over; `head` is its beginning.
    pub(super) fn too_large(head: &[u8]) -> Self {
        let initiating = Initiating::read(head).unwrap_or_default();
        Self { messages: vec![Message::refused(&[], initiating, TOO_LARGE)], batch: None }
    }

    /// The frames of the answers.
    pub(super) fn framed(&self, answers: &[Vec<u8>], stamp: &Stamp) -> Vec<u8> {
        match &self.batch {
            Some(_) if answers.is_empty() && !self.messages.is_empty() => Vec::new(),
            Some(batch) => mllp::frame(&ack::batch(batch, answers, &stamp.control_id, &stamp.time)),
            None => answers.iter().flat_map(|answer| mllp::frame(answer)).collect(),
        }
    }
}

/// Control id and time of an answer.
pub(super) struct Stamp {
    pub(super) control_id: String,
    pub(super) time: String,
}

impl Message {
    fn refused(bytes: &[u8], initiating: Initiating, problem: Problem) -> Self {
        Self { bytes: bytes.to_vec(), initiating, refused: Some(problem) }
    }

    /// MSH-n as text.
    pub(super) fn field(&self, n: usize) -> String {
        String::from_utf8_lossy(self.initiating.field(n)).trim().to_owned()
    }

    /// The codes of its answers, and why it is not taken.
    pub(super) fn codes(&self, answering: Answering, written: bool) -> (Vec<AckCode>, Option<Problem>) {
        let mode = self.initiating.mode();
        match (self.refused, written, answering) {
            (Some(problem), ..) => (mode.rejection().into_iter().collect(), Some(problem)),
            (None, false, _) => (mode.error().into_iter().collect(), Some(NOT_WRITTEN)),
            (None, true, Answering::Accept) => (mode.taken(), None),
            (None, true, Answering::Error) => (mode.error().into_iter().collect(), Some(AS_TOLD)),
            (None, true, Answering::Reject) => (mode.rejection().into_iter().collect(), Some(AS_TOLD)),
        }
    }

    /// The answer with that code; `wrong` gives it the control id of another message.
    pub(super) fn answer(
        &self,
        code: AckCode,
        problem: Option<Problem>,
        wrong: bool,
        stamp: &Stamp,
    ) -> Vec<u8> {
        let other = wrong.then(|| with_header_field(&self.bytes, 10, b"ANOTHER")).flatten();
        let other = other.and_then(|bytes| Initiating::read(&bytes).ok());
        let (control_id, time) = (&stamp.control_id, &stamp.time);
        Acknowledgement { code, control_id, time, problem }
            .to_bytes(other.as_ref().unwrap_or(&self.initiating))
    }
}
