//! Stage 2: bytes become the source's own message type.
//!
//! Character sets come before anything is split: in ISO-2022-JP one kanji in twelve holds a byte that looks like a
//! delimiter.

use crate::envelope::Fault;

/// A parsed message in its source's own terms: the closed set of formats that the hub reads.
#[derive(Debug)]
pub enum NativeMessage {
    /// HL7 v2, ER7 encoded.
    Hl7v2(hl7v2::Message),
}

/// Reads one message. Fails only where nothing can be addressed; the rest is findings of the message.
pub fn decode(bytes: &[u8]) -> Result<NativeMessage, Fault> {
    hl7v2::decode(bytes).map(NativeMessage::Hl7v2).map_err(|error| Fault {
        code: error.code.to_owned(),
        reason: error.reason.to_owned(),
        place: error.place.to_owned(),
    })
}
