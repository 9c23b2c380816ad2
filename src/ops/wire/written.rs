//! A file as text: its messages and what stands around them, every character of it.
//!
//! What a reader passes over (frames, blank lines, stray lines, batch headers) is kept in its place, so that a file
//! can be changed in one respect and stay as it is in all others.

use std::borrow::Cow;
use std::ops::Range;

use hl7v2::charset::{Charset, Repertoire, Unmappable, encode_within};
use hl7v2::{DecodeError, Delimiters, Message, decode_as_written};

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its parts, in their order.
    pub parts: Vec<Part>,
}

/// A message, or what stands between two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Whether it is a message.
    pub is_message: bool,
    /// How its bytes are read and written.
    pub charset: Charset,
    /// What structures its segments.
    pub delimiters: Delimiters,
    /// What stands before its first segment.
    pub head: String,
    /// Its segments: those of a message, or the headers and trailers of batches.
    pub lines: Vec<Line>,
}

/// A segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// As it is written, without its terminator.
    pub raw: String,
    /// What stands behind it, up to the next one: its terminator, blank lines, the end of a frame.
    pub end: String,
}

/// Why a file is not to be had as text.
#[derive(Debug, thiserror::Error)]
pub enum WrittenError {
    /// It has no message.
    #[error("there is no message: {0}")]
    NoMessage(#[source] DecodeError),
    /// Bytes outside of its messages belong to no character set that is known.
    #[error("the bytes at {0} stand outside of the messages and can't be read")]
    Outside(usize),
}

/// A character that can't be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: a character that {charset} does not have")]
pub struct Unwritable {
    /// Segment and field.
    pub place: String,
    /// The set that lacks it.
    pub charset: Charset,
}

impl Written {
    /// Reads a file.
    pub fn read(bytes: &[u8]) -> Result<Self, WrittenError> {
        let split = hl7v2::split(bytes);
        let decoded = |range: &Range<usize>| decode_as_written(bytes.get(range.clone()).unwrap_or_default());
        let messages: Vec<(Range<usize>, Message)> = match split.parts.as_slice() {
            [only] => vec![(only.clone(), decoded(only).map_err(WrittenError::NoMessage)?)],
            several => {
                several.iter().filter_map(|range| Some((range.clone(), decoded(range).ok()?))).collect()
            }
        };
        let (mut parts, mut at, mut before) = (Vec::new(), 0, None);
        let between = |range: Range<usize>, near: [Option<&Message>; 2], parts: &mut Vec<Part>| {
            let start = range.start;
            let bytes = bytes.get(range).filter(|bytes| !bytes.is_empty());
            let part = bytes.map(|bytes| around(bytes, near).ok_or(WrittenError::Outside(start)));
            part.transpose().map(|part| parts.extend(part))
        };
        for (range, message) in &messages {
            between(at..range.start, [Some(message), before], &mut parts)?;
            parts.push(Part::of(message));
            (at, before) = (range.end, Some(message));
        }
        between(at..bytes.len(), [before, None], &mut parts)?;
        Ok(Self { parts })
    }

    /// The messages.
    pub fn messages(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(|part| part.is_message)
    }

    /// The file's bytes. Line ends are where ISO 2022 is back in ASCII.
    pub fn bytes(&self) -> Result<Vec<u8>, Unwritable> {
        let parts: Result<Vec<_>, _> = self.parts.iter().map(Part::bytes).collect();
        Ok(parts?.concat())
    }
}

/// What stands between two messages, in the character set of one of them; `None` if it is in no set that is known.
pub(super) fn outside(bytes: &[u8], next: Option<&Message>) -> Option<Part> {
    around(bytes, [next, None])
}

fn around(bytes: &[u8], neighbours: [Option<&Message>; 2]) -> Option<Part> {
    let known = neighbours.iter().flatten().map(|message| message.charset().used);
    let sets = [Charset::Ascii].into_iter().chain(known);
    let sets = sets.chain([Charset::Utf8, Charset::Utf16Le, Charset::Utf16Be]);
    let same = |charset: Charset| {
        let text = if charset == Charset::Ascii && !bytes.is_ascii() { None } else { charset.decode(bytes) };
        text.filter(|text| encoded(text, charset).is_ok_and(|again| again == bytes))
            .map(|text| (charset, text))
    };
    let (charset, text) = sets.into_iter().find_map(same)?;
    let delimiters = neighbours.iter().flatten().next().map(|message| message.delimiters());
    Some(Part::around(charset, &text, delimiters.unwrap_or_default()))
}

fn encoded(text: &str, charset: Charset) -> Result<Vec<u8>, Unmappable> {
    encode_within(text, charset, Repertoire::All)
}

const BATCH: [&str; 4] = ["FHS", "BHS", "BTS", "FTS"];

impl Part {
    fn of(message: &Message) -> Self {
        let text = message.text();
        let ranges: Vec<_> = message.segments().map(|segment| segment.range()).collect();
        let slice = |from: usize, to: usize| text.get(from..to).unwrap_or_default().to_owned();
        let ends = ranges.iter().skip(1).map(|next| next.start).chain([text.len()]);
        let lines = ranges
            .iter()
            .zip(ends)
            .map(|(range, end)| Line { raw: slice(range.start, range.end), end: slice(range.end, end) });
        Self {
            is_message: true,
            charset: message.charset().used,
            delimiters: message.delimiters(),
            head: slice(0, ranges.first().map_or(text.len(), |first| first.start)),
            lines: lines.collect(),
        }
    }

    /// Headers and trailers of batches are its lines.
    fn around(charset: Charset, text: &str, mut delimiters: Delimiters) -> Self {
        let (mut head, mut lines) = (String::new(), Vec::<Line>::new());
        for piece in text.split_inclusive(['\r', '\n', '\u{1c}']) {
            let content = piece.trim_start_matches(|c: char| c <= ' ' || c == '\u{FEFF}');
            let (lead, _) = piece.split_at_checked(piece.len() - content.len()).unwrap_or_default();
            let raw = content.trim_end_matches(['\r', '\n', '\u{1c}']);
            let is_line = BATCH.iter().any(|id| raw.starts_with(id));
            if let Some(found) = Delimiters::of_header(raw).filter(|_| is_line && !raw.contains("TS")) {
                delimiters = found;
            }
            let last = lines.last_mut().map_or(&mut head, |line| &mut line.end);
            if is_line {
                last.push_str(lead);
                let end = content.strip_prefix(raw).unwrap_or_default().to_owned();
                lines.push(Line { raw: raw.to_owned(), end });
            } else {
                last.push_str(piece);
            }
        }
        Self { is_message: false, charset, delimiters, head, lines }
    }

    /// A subcomponent without its escape sequences.
    pub fn unescape<'a>(&self, raw: &'a str) -> Cow<'a, str> {
        self.delimiters.unescape(raw, escaped_in(self.charset))
    }

    /// All of its text.
    pub fn text(&self) -> String {
        let lines = self.lines.iter().flat_map(|line| [line.raw.as_str(), line.end.as_str()]);
        [self.head.as_str()].into_iter().chain(lines).collect()
    }

    /// Its bytes, in its character set.
    pub fn bytes(&self) -> Result<Vec<u8>, Unwritable> {
        encoded(&self.text(), self.charset)
            .map_err(|lack| Unwritable { place: self.place(lack.position), charset: self.charset })
    }

    /// The segment and field that a character of the text stands in, such as `OBX[2]-5`.
    pub fn place(&self, position: usize) -> String {
        let mut left = match position.checked_sub(self.head.chars().count()) {
            Some(left) => left,
            None => return format!("character {position}"),
        };
        for (index, line) in self.lines.iter().enumerate() {
            let before =
                line.raw.chars().take(left).filter(|c| *c == char::from(self.delimiters.field)).count();
            let length = line.raw.chars().count();
            if left < length + line.end.chars().count() {
                return place(&self.lines, index, before);
            }
            left -= length + line.end.chars().count();
        }
        format!("character {position}")
    }
}

/// The set of the bytes in `\X..\`: those in a 16-bit text are not 16-bit units.
pub(super) fn escaped_in(charset: Charset) -> Charset {
    match charset {
        Charset::Utf16Be | Charset::Utf16Le => Charset::Utf8,
        other => other,
    }
}

impl Line {
    /// The segment id.
    pub fn id(&self) -> &str {
        self.raw.get(..3).unwrap_or(&self.raw)
    }

    /// Whether its field 1 is the separator.
    pub fn is_header(&self) -> bool {
        matches!(self.id(), "MSH" | "FHS" | "BHS")
    }
}

/// The path of the field behind so many separators of a line.
fn place(lines: &[Line], index: usize, separators: usize) -> String {
    let Some(line) = lines.get(index) else { return String::new() };
    let same = lines.iter().take(index + 1).filter(|other| other.id() == line.id()).count();
    let field = separators + usize::from(line.is_header() && separators > 0);
    let occurrence = if same > 1 { format!("[{same}]") } else { String::new() };
    format!("{}{occurrence}-{field}", line.id())
}
