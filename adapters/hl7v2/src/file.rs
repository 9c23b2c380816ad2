//! What a file holds: one message, several, a batch, or MLLP frames.

use std::ops::Range;

use crate::charset::{Charset, utf16_of};
use crate::finding::{Finding, Findings, Place};
use crate::header::Header;
use crate::scan;

const START: u8 = 0x0B;
const END: u8 = 0x1C;
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// The messages of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// The byte range of each message, in order; one range over all if there is no MSH.
    pub parts: Vec<Range<usize>>,
    /// What is wrong with the file around its messages.
    pub findings: Vec<Finding>,
}

/// Finds the messages of a file.
///
/// Headers and trailers of batches (FHS, BHS, BTS, FTS) and frame bytes belong to no message. A
/// message that answers the continuation pointer of the one before (DSC-1 in MSH-14) stays in
/// its range. In UTF-16 the ranges are byte ranges all the same, the later ones without a byte
/// order mark; [`decode`](crate::decode) knows UTF-16 without one.
pub fn split(bytes: &[u8]) -> Split {
    let (narrow, origin, unit) = narrowed(bytes);
    let units = narrow.as_deref().unwrap_or(bytes);
    let mut splitter = Splitter::new(units, unit, origin);
    let mut at = 0;
    while at < units.len() {
        at = splitter.line(at);
    }
    let mut split = splitter.finish(units.len());
    // Half a unit at the end of a torn file belongs to the last message.
    if let Some(last) = split.parts.last_mut().filter(|last| last.end + 1 == bytes.len() && unit == 2) {
        last.end = bytes.len();
    }
    split
}

/// UTF-16 as one byte a unit, so that offsets only have to be scaled; with origin and unit size.
pub(crate) fn narrowed(bytes: &[u8]) -> (Option<Vec<u8>>, usize, usize) {
    let Some(charset) = utf16_of(bytes) else { return (None, 0, 1) };
    let origin = if matches!(bytes, [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..]) { 2 } else { 0 };
    let unit = |pair: &[u8]| match charset {
        Charset::Utf16Le => u16::from_le_bytes([pair[0], pair[1]]),
        _ => u16::from_be_bytes([pair[0], pair[1]]),
    };
    let narrow = |pair: &[u8]| u8::try_from(unit(pair)).unwrap_or(0xFF);
    (Some(bytes[origin..].chunks_exact(2).map(narrow).collect()), origin, 2)
}

/// The length of the line at the start: to a line end, or to an end block that ends a frame.
fn line_len(bytes: &[u8]) -> usize {
    let ends = |at: &usize| {
        bytes[*at] != END || matches!(bytes.get(at + 1).copied(), None | Some(b'\r' | b'\n' | START | END))
    };
    scan::Marks::new(bytes, |b| (b == b'\r') | (b == b'\n') | (b == END)).find(ends).unwrap_or(bytes.len())
}

/// What a line is, by its segment id.
enum Kind {
    Blank,
    Message,
    BatchHeader,
    FileHeader,
    BatchTrailer,
    FileTrailer,
    Other,
}

impl Kind {
    fn of(line: &[u8]) -> Self {
        let Some((id, rest)) = line.split_first_chunk::<3>() else {
            return if line.is_empty() { Self::Blank } else { Self::Other };
        };
        if !rest.first().is_none_or(u8::is_ascii_punctuation) {
            return Self::Other;
        }
        match id {
            b"MSH" if !rest.is_empty() => Self::Message,
            b"BHS" => Self::BatchHeader,
            b"FHS" => Self::FileHeader,
            b"BTS" => Self::BatchTrailer,
            b"FTS" => Self::FileTrailer,
            _ => Self::Other,
        }
    }
}

#[derive(Default)]
struct Batch {
    open: bool,
    messages: usize,
    batches: usize,
    /// The trailers that are still owed, by their ids.
    owed: Vec<&'static str>,
}

struct Splitter<'a> {
    bytes: &'a [u8],
    unit: usize,
    origin: usize,
    parts: Vec<Range<usize>>,
    /// The message being read goes on.
    open: bool,
    in_frame: bool,
    /// DSC-1 of the last message.
    pointer: &'a [u8],
    batch: Batch,
    findings: Findings,
}

impl<'a> Splitter<'a> {
    fn new(bytes: &'a [u8], unit: usize, origin: usize) -> Self {
        Self {
            bytes,
            unit,
            origin,
            parts: Vec::new(),
            open: false,
            in_frame: false,
            pointer: &[],
            batch: Batch::default(),
            findings: Findings::default(),
        }
    }

    fn report(&mut self, code: &'static str, at: usize, text: &'static str) {
        self.findings.push(code, Place::Byte(self.origin + at * self.unit), text);
    }

    /// Takes the line at `start` and returns where the next one is.
    fn line(&mut self, start: usize) -> usize {
        let rest = &self.bytes[start..];
        let len = line_len(rest);
        let line = &rest[..len];
        let marked = line.strip_prefix(BOM).unwrap_or(line);
        let blanks = line.len() - marked.len() + marked.iter().take_while(|b| **b <= b' ').count();
        let content = line[blanks..].strip_prefix(BOM).unwrap_or(&line[blanks..]);
        // A start block with nothing behind it starts nothing.
        if line[..blanks].contains(&START) && !content.is_empty() {
            self.start_frame(start);
        }
        self.content(start, start + len - content.len(), content);
        if rest.get(len) == Some(&END) {
            self.end_frame(start + len);
        }
        start + len + 1
    }

    fn start_frame(&mut self, at: usize) {
        if self.in_frame {
            self.report("mllp-end-missing", at, "a frame starts before the one before it has ended");
        }
        self.close(at);
        self.in_frame = true;
    }

    fn end_frame(&mut self, at: usize) {
        if !self.in_frame {
            self.report("mllp-start-missing", at, "a frame ends that has not started");
        }
        self.close(at);
        self.in_frame = false;
    }

    /// `start` is where the line begins, `at` where its content does.
    fn content(&mut self, start: usize, at: usize, line: &'a [u8]) {
        match Kind::of(line) {
            Kind::Blank => {}
            Kind::Message => self.message(start, at, line),
            Kind::FileHeader => {
                self.close(start);
                self.batch = Batch { owed: vec!["FTS"], ..Batch::default() };
            }
            Kind::BatchHeader => {
                self.close(start);
                self.open_batch();
                self.batch.owed.push("BTS");
            }
            Kind::BatchTrailer => {
                self.close(start);
                self.count(at, line, self.batch.messages);
                self.batch.open = false;
                self.batch.owed.retain(|owed| *owed != "BTS");
            }
            Kind::FileTrailer => {
                self.close(start);
                self.count(at, line, self.batch.batches);
                self.batch = Batch::default();
            }
            Kind::Other if self.open => {
                if let [b'D', b'S', b'C', separator, rest @ ..] = line {
                    self.pointer = rest.split(|b| b == separator).next().unwrap_or_default();
                }
            }
            Kind::Other => {
                self.report("outside-of-messages", start, "a line belongs to no message; it is passed over");
            }
        }
    }

    fn message(&mut self, start: usize, at: usize, line: &'a [u8]) {
        let pointer = std::mem::take(&mut self.pointer);
        let continues = !pointer.is_empty() && Header::read(line).field(14) == pointer;
        if continues && !self.parts.is_empty() {
            self.open = true;
            return;
        }
        self.close(start);
        if !self.batch.open {
            self.open_batch();
        }
        self.batch.messages += 1;
        self.parts.push(at..at);
        self.open = true;
    }

    fn open_batch(&mut self) {
        self.batch.open = true;
        self.batch.messages = 0;
        self.batch.batches += 1;
    }

    fn close(&mut self, at: usize) {
        if let Some(last) = self.parts.last_mut().filter(|_| self.open) {
            last.end = at;
        }
        self.open = false;
    }

    /// Compares the count in field 1 of a trailer with what was there.
    fn count(&mut self, at: usize, line: &[u8], found: usize) {
        let [_, _, _, separator, rest @ ..] = line else { return };
        let stated = rest.split(|b| b == separator).next().unwrap_or_default();
        let stated = std::str::from_utf8(stated).ok().and_then(|text| text.trim().parse::<usize>().ok());
        if stated.is_some_and(|stated| stated != found) {
            self.report("batch-count", at, "the count in the trailer is not the number of what was found");
        }
    }

    fn finish(mut self, end: usize) -> Split {
        if self.in_frame {
            self.report("mllp-end-missing", end, "the last frame has no end");
        }
        if !self.batch.owed.is_empty() {
            self.report("batch-trailer-missing", end, "a batch or file header has no trailer");
        }
        self.close(end);
        let scale =
            |range: Range<usize>| self.origin + range.start * self.unit..self.origin + range.end * self.unit;
        let mut parts: Vec<_> = self.parts.into_iter().map(scale).collect();
        if parts.is_empty() {
            parts.push(0..self.origin + end * self.unit);
        }
        Split { parts, findings: self.findings.finish(|_| String::new()) }
    }
}
