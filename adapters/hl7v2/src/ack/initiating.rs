//! The header of the message that is answered, read from bytes.

use std::fmt;

use super::Mode;
use crate::delimiters::Delimiters;
use crate::file::narrowed;
use crate::finding::Findings;
use crate::header::Header;
use crate::message::{DecodeError, from_header};

/// Longer fields are not repeated in an answer. The standard gives MSH-10 199 characters, MSH-3 to 6 227.
const FIELD_BYTES_MAX: usize = 1024;
const ESC: u8 = 0x1B;

/// What an answer needs of the MSH of the message, as bytes in the message's own character set.
///
/// The default is that of bytes without a readable header: it has no sender, no control id, and the original mode.
/// `Debug` shows no contents.
#[derive(Clone, Default)]
pub struct Initiating {
    pub(super) delimiters: Delimiters,
    /// MSH-3 and so on.
    fields: Vec<Vec<u8>>,
    mode: Mode,
}

impl Initiating {
    /// Reads the header of a message; the error is that of [`decode`](crate::decode).
    pub fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
        let bytes = from_header(bytes)?;
        let (narrow, ..) = narrowed(bytes);
        let Some(wide) = narrow else { return Self::of(bytes) };
        let mut read = Self::of(from_header(&wide)?)?;
        // No frame can carry UTF-16, so that the answer is in ASCII and says no other set.
        for byte in read.fields.iter_mut().flatten().filter(|byte| !byte.is_ascii()) {
            *byte = b'?';
        }
        read.fields.truncate(18 - 3);
        Ok(read)
    }

    /// Reads the header of a batch (BHS), whose fields 3 to 6 are those of MSH.
    pub(super) fn of_batch(bytes: &[u8]) -> Self {
        Self::of(bytes).unwrap_or_default()
    }

    fn of(bytes: &[u8]) -> Result<Self, DecodeError> {
        let delimiters = Delimiters::read(bytes, &mut Findings::default())?;
        let header = Header::read(bytes);
        let fields: Vec<_> = (3..=20).map(|n| plain(header.field(n))).collect();
        let mut read = Self { delimiters, fields, mode: Mode::Original };
        read.mode = Mode::of(read.component(15, 1), read.component(16, 1));
        Ok(read)
    }

    /// MSH-n, n from 3 to 20; empty where absent.
    pub fn field(&self, n: usize) -> &[u8] {
        n.checked_sub(3).and_then(|at| self.fields.get(at)).map(Vec::as_slice).unwrap_or_default()
    }

    /// MSH-10.
    pub fn control_id(&self) -> &[u8] {
        self.field(10)
    }

    /// How the sender wants to be answered.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Whether it is itself an acknowledgement, which is never answered.
    pub fn is_acknowledgement(&self) -> bool {
        self.component(9, 1) == b"ACK"
    }

    /// The trigger event in MSH-9; empty if there is none that could be one.
    pub(super) fn event(&self) -> &[u8] {
        let event = self.component(9, 2);
        if event.iter().all(u8::is_ascii_alphanumeric) { event } else { &[] }
    }

    fn component(&self, n: usize, component: usize) -> &[u8] {
        let parts = self.field(n).split(|byte| *byte == self.delimiters.component);
        let part = parts.into_iter().nth(component - 1).unwrap_or_default().trim_ascii();
        if part == b"\"\"" { &[] } else { part }
    }

    /// Whether errors are told as before version 2.5: in ERR-1 and MSA-3.
    pub(super) fn is_before_2_5(&self) -> bool {
        matches!(self.component(12, 1), [b'2', b'.', b'1'..=b'4', ..])
    }
}

/// A field that may stand in an answer: without control characters, and back in ASCII at its end.
fn plain(field: &[u8]) -> Vec<u8> {
    if field.len() > FIELD_BYTES_MAX {
        return Vec::new();
    }
    let mut plain: Vec<u8> = field.iter().copied().filter(|byte| *byte >= b' ' || *byte == ESC).collect();
    let last = plain.iter().rposition(|byte| *byte == ESC).and_then(|at| plain.get(at + 1..));
    if last.is_some_and(|set| !matches!(set, [b'(', b'B' | b'J', ..])) {
        plain.extend_from_slice(b"\x1b(B");
    }
    plain
}

impl fmt::Debug for Initiating {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Initiating").field("mode", &self.mode).finish_non_exhaustive()
    }
}
