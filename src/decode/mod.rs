//! Stage 2: bytes become the source's own message type.
//!
//! Character sets come before anything is split: in ISO-2022-JP one kanji in twelve holds a byte that looks like a
//! delimiter.

mod folder;

pub use folder::{DocumentFolder, Main};

use std::io::Cursor;

use checkup::Limits;

use crate::envelope::{Fault, Format};

/// A parsed message in its source's own terms: the closed set of formats that the hub reads.
#[derive(Debug)]
pub enum NativeMessage {
    /// HL7 v2, ER7 encoded.
    Hl7v2(hl7v2::Message),
    /// A content folder of an extension storage.
    Document(Box<DocumentFolder>),
    /// An archive of health check-up results.
    Checkup(Box<checkup::Archive>),
}

/// What is read.
#[derive(Debug, Clone, Copy)]
pub struct Raw<'b> {
    /// What the body is.
    pub format: Format,
    /// The original bytes.
    pub body: &'b [u8],
    /// Name of the file that held them, without its folders; empty where there is none.
    pub name: &'b str,
    /// Of a document: the bytes of the file that says what it is.
    pub main: Option<&'b [u8]>,
}

impl<'b> From<&'b [u8]> for Raw<'b> {
    fn from(body: &'b [u8]) -> Self {
        Self { format: Format::Hl7v2, body, name: "", main: None }
    }
}

/// Reads one message. Fails only where nothing can be addressed; the rest is findings of the message.
pub fn decode<'b>(raw: impl Into<Raw<'b>>) -> Result<NativeMessage, Fault> {
    let raw = raw.into();
    match raw.format {
        Format::Hl7v2 => hl7(raw.body).map(NativeMessage::Hl7v2),
        Format::Document => folder::read(&raw).map(|folder| NativeMessage::Document(Box::new(folder))),
        Format::Checkup => archive(&raw).map(|archive| NativeMessage::Checkup(Box::new(archive))),
    }
}

fn hl7(bytes: &[u8]) -> Result<hl7v2::Message, Fault> {
    hl7v2::decode(bytes).map_err(|error| Fault {
        code: error.code.to_owned(),
        reason: error.reason.to_owned(),
        place: error.place.to_owned(),
    })
}

fn archive(raw: &Raw<'_>) -> Result<checkup::Archive, Fault> {
    checkup::read(Cursor::new(raw.body), raw.name, &Limits::default()).map_err(|fault| Fault {
        code: fault.code.to_owned(),
        reason: fault.reason,
        place: fault.place,
    })
}
