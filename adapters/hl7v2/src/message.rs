//! One decoded message.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use crate::add;
use crate::charset::{self, Charset, Decision};
use crate::delimiters::{Delimiters, Illegal};
use crate::escape;
use crate::finding::{Finding, Findings};
use crate::index::Index;
use crate::path::FieldPath;
use crate::segment::{Part, Segment};

/// Why nothing in a message can be addressed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason} ({code}, {place})")]
pub struct DecodeError {
    /// Stable name in kebab-case.
    pub code: &'static str,
    /// What is wrong.
    pub reason: &'static str,
    /// Where.
    pub place: &'static str,
}

const NO_MSH: DecodeError =
    DecodeError { code: "no-msh", reason: "the message does not start with an MSH segment", place: "byte 0" };
const TOO_LARGE: DecodeError =
    DecodeError { code: "too-large", reason: "the message is larger than 1 GiB", place: "byte 1073741824" };
const BYTES_MAX: usize = 1 << 30;

impl From<Illegal> for DecodeError {
    fn from(illegal: Illegal) -> Self {
        match illegal {
            Illegal::Separator => Self {
                code: "illegal-field-separator",
                reason: "the field separator is not an ASCII punctuation character",
                place: "MSH-1",
            },
            Illegal::Character => Self {
                code: "illegal-encoding-characters",
                reason: "an encoding character is not an ASCII punctuation character",
                place: "MSH-2",
            },
            Illegal::Duplicate => Self {
                code: "duplicate-encoding-characters",
                reason: "two of the field separator and the encoding characters are the same",
                place: "MSH-2",
            },
        }
    }
}

/// A message as characters, with an index of its segments and fields.
///
/// `Debug` shows sizes, never contents.
pub struct Message {
    text: String,
    index: Index,
    delimiters: Delimiters,
    charset: Decision,
    findings: Vec<Finding>,
}

/// Decodes one message, the bytes of one range of [`split`](crate::split).
///
/// A byte order mark, blanks and the start block of a frame may precede it.
pub fn decode(bytes: &[u8]) -> Result<Message, DecodeError> {
    read(bytes, true)
}

/// Decodes one message as it is written: continuations (ADD, DSC) stay where they are, so that the text is that of all
/// the bytes from the header on.
pub fn decode_as_written(bytes: &[u8]) -> Result<Message, DecodeError> {
    read(bytes, false)
}

fn read(bytes: &[u8], joins: bool) -> Result<Message, DecodeError> {
    if bytes.len() > BYTES_MAX {
        return Err(TOO_LARGE);
    }
    let mut findings = Findings::default();
    let bytes = from_header(bytes)?;
    let charset::Read { text, decision } = charset::read(bytes, &mut findings);
    let start = text.len() - text.trim_start_matches(|c: char| c <= ' ' || c == '\u{FEFF}').len();
    let Some(header) = text.as_bytes().get(start..).filter(|header| header.starts_with(b"MSH")) else {
        return Err(NO_MSH);
    };
    let delimiters = Delimiters::read(header, &mut findings)?;
    let index = Index::build(&text, start, delimiters.field, &mut findings);
    let mut findings = findings.finish(|at| index.place(&text, at));
    let joined = (joins && index.continued).then(|| add::join(&text, &index)).flatten();
    let (text, index) = match joined {
        // What the lines of the text gave rise to has been reported already.
        Some(joined) => {
            // Both are as large as what takes their place.
            drop((text, index));
            let index = Index::build(&joined, 0, delimiters.field, &mut Findings::default());
            (joined, index)
        }
        None => (text, index),
    };
    if index.continued && index.is_several(&text) {
        let text = "another MSH segment stands in the message and continues nothing; it is kept".to_owned();
        findings.push(Finding { code: "several-messages", place: "MSH[2]".to_owned(), text });
    }
    Ok(Message { text, index, delimiters, charset: decision, findings })
}

/// Where in the bytes of a message each character of its text [as written](decode_as_written) was read from: a range
/// for each, in their order. Bytes between two ranges, such as switches of sets, stand for no character.
pub fn alignment(bytes: &[u8], message: &Message) -> Vec<Range<usize>> {
    let Ok(from) = from_header(bytes) else { return Vec::new() };
    let before = bytes.len() - from.len();
    let ranges = charset::align(from, message.charset.used).into_iter();
    ranges.map(|range| range.start + before..range.end + before).collect()
}

/// The bytes from the header on.
pub(crate) fn from_header(bytes: &[u8]) -> Result<&[u8], DecodeError> {
    let unmarked = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if charset::utf16_of(unmarked).is_some() {
        return Ok(unmarked);
    }
    let blanks = unmarked.iter().take_while(|b| **b <= b' ').count();
    let trimmed = &unmarked[blanks..];
    let trimmed = trimmed.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(trimmed);
    if trimmed.starts_with(b"MSH") { Ok(trimmed) } else { Err(NO_MSH) }
}

impl Message {
    /// The decoded text; for a continued message the text with its continuations joined.
    #[inline]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The field separator and encoding characters.
    pub fn delimiters(&self) -> Delimiters {
        self.delimiters
    }

    /// Which character set was declared, and which was used.
    pub fn charset(&self) -> &Decision {
        &self.charset
    }

    /// What was wrong and could be read all the same.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The number of segments, at least one.
    #[expect(clippy::len_without_is_empty, reason = "a message has an MSH segment")]
    pub fn len(&self) -> usize {
        self.index.entries.len()
    }

    /// The segments in their order.
    #[inline]
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = Segment<'_>> + ExactSizeIterator {
        self.index.entries.iter().enumerate().map(|(at, entry)| Segment::new(self, at, entry))
    }

    /// The first segment of that id.
    pub fn segment(&self, name: &str) -> Option<Segment<'_>> {
        self.segments().find(|segment| segment.is(name))
    }

    /// The patient's id and the field of PID that it stands in: PID-3, the first repetition that has one. Until
    /// HL7 2.3 a sender could leave that empty and give the id in PID-2 (external) or PID-4 (alternate).
    pub fn patient_id(&self) -> Option<(usize, Cow<'_, str>)> {
        let pid = self.segment("PID")?;
        [3, 2, 4].into_iter().find_map(|field| {
            let ids = pid.field(field).repetitions().map(|repetition| repetition.component(1));
            let id = ids.into_iter().find(|id| !id.raw().trim().is_empty() && !id.is_null())?;
            Some((field, trimmed(id.value())))
        })
    }

    /// The path of the field at an offset of the text, such as `OBX[2]-5`; nothing where the text was joined from
    /// continuations, so that no offset stands for what was sent.
    pub fn place(&self, text_at: usize) -> Option<String> {
        (!self.index.continued).then(|| self.index.place(&self.text, text_at))
    }

    /// What the path addresses, exactly that part and unescaped; `None` if absent or empty.
    pub fn at(&self, path: &FieldPath) -> Option<Cow<'_, str>> {
        let same =
            |segment: &Segment<'_>| segment.is(path.segment()) && segment.occurrence() == path.occurrence();
        let field = self.segments().find(same)?.field(path.field());
        let narrowed = path.repetition().is_some() || path.component().is_some();
        let part = if narrowed {
            let repetition = field.repetition(path.repetition().unwrap_or(1));
            match (path.component(), path.subcomponent()) {
                (None, _) => repetition.part(),
                (Some(component), None) => repetition.component(component).part(),
                (Some(component), Some(n)) => {
                    return present(repetition.component(component).subcomponent(n));
                }
            }
        } else {
            field.part()
        };
        present(part.unescaped())
    }

    #[inline]
    pub(crate) fn index(&self) -> &Index {
        &self.index
    }

    /// A slice of the text; the index holds offsets of ASCII characters only.
    #[inline]
    pub(crate) fn slice(&self, from: usize, to: usize) -> &str {
        self.text.get(from..to).unwrap_or_default()
    }

    pub(crate) fn unescape<'m>(&self, part: Part<'m>) -> Cow<'m, str> {
        escape::unescape(part.raw, &self.delimiters, self.set())
    }

    fn set(&self) -> Charset {
        match self.charset.used {
            // Hexadecimal bytes in a 16-bit text are not 16-bit units.
            Charset::Utf16Be | Charset::Utf16Le => Charset::Utf8,
            used => used,
        }
    }
}

fn present(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    (!text.is_empty()).then_some(text)
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("segments", &self.len())
            .field("text_bytes", &self.text.len())
            .field("charset", &self.charset.used)
            .finish_non_exhaustive()
    }
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}
