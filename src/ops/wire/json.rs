//! A file as JSON and back, without a loss.
//!
//! A segment is an array: its id, then its fields, so that element 5 of PID is PID-5. A field is an array of
//! repetitions, those of components, those of subcomponents, whatever their number; what is empty is `[]`. In headers
//! (MSH, FHS, BHS) the separator and the encoding characters are plain texts. Escape sequences are resolved; where
//! resolving loses how it was written, a subcomponent is `{"text": …, "raw": …}`.

use std::borrow::Cow;

use hl7v2::Delimiters;
use hl7v2::charset::Charset;
use serde::{Deserialize, Serialize};

use super::terminator::Terminator;
use super::written::{Line, Part, Written, escaped_in};

/// What the JSON says it is.
const FORMAT: &str = "musubi-hl7v2";
const VERSION: u32 = 1;

/// A file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    version: u32,
    parts: Vec<Piece>,
}

/// A message, or what stands around one.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Piece {
    kind: Kind,
    charset: String,
    separators: String,
    terminator: Terminator,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    head: String,
    segments: Vec<Segment>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Message,
    Outside,
}

/// A segment; one that does not end as the others of its part says how.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Segment {
    Plain(Vec<Cell>),
    Ended { segment: Vec<Cell>, end: String },
}

/// A field, or a text that has no parts.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Cell {
    Literal(String),
    Field(Vec<Vec<Vec<Leaf>>>),
}

/// A subcomponent.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Leaf {
    Text(String),
    Escaped { text: String, raw: String },
}

/// Why JSON is no file.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// It is not of this shape.
    #[error("this is not what `musubi convert --to json` writes")]
    Shape(#[from] serde_json::Error),
    /// Another format or version.
    #[error("format and version are not {FORMAT}, {VERSION}")]
    Format,
    /// A charset that is not known.
    #[error("part {part}: the charset is not known: one such as \"ISO-2022-JP\" or \"UTF-8\"")]
    Charset {
        /// Which part, from 1.
        part: usize,
    },
    /// Separators that can't structure a message.
    #[error(
        "part {part}: the separators are not five or six different ASCII punctuation characters such as \"|^~\\\\&\""
    )]
    Separators {
        /// Which part, from 1.
        part: usize,
    },
    /// Text and raw of a subcomponent are not the same.
    #[error(
        "part {part}, {segment}-{field}: text and raw of a subcomponent differ; leave raw out where text was changed"
    )]
    Differ {
        /// Which part, from 1.
        part: usize,
        /// Its segment id.
        segment: String,
        /// Its field.
        field: usize,
    },
}

/// The file as JSON, with a line end.
pub fn to_json(written: &Written) -> Result<String, JsonError> {
    let parts = written.parts.iter().map(Piece::of).collect();
    let file = File { format: FORMAT.to_owned(), version: VERSION, parts };
    Ok(format!("{}\n", serde_json::to_string(&file)?))
}

/// The file that JSON stands for.
pub fn from_json(bytes: &[u8]) -> Result<Written, JsonError> {
    let file: File = serde_json::from_slice(bytes)?;
    if (file.format.as_str(), file.version) != (FORMAT, VERSION) {
        return Err(JsonError::Format);
    }
    let parts = file.parts.iter().enumerate().map(|(at, piece)| piece.part(at + 1));
    Ok(Written { parts: parts.collect::<Result<_, _>>()? })
}

impl Piece {
    fn of(part: &Part) -> Self {
        let terminator = Terminator::most(part.lines.iter().map(|line| line.end.as_str()));
        let segments = part.lines.iter().map(|line| {
            let cells = cells(line, part);
            match line.end == terminator.as_str() {
                true => Segment::Plain(cells),
                false => Segment::Ended { segment: cells, end: line.end.clone() },
            }
        });
        Self {
            kind: if part.is_message { Kind::Message } else { Kind::Outside },
            charset: part.charset.to_string(),
            separators: part.delimiters.as_written(),
            terminator,
            head: part.head.clone(),
            segments: segments.collect(),
        }
    }

    fn part(&self, number: usize) -> Result<Part, JsonError> {
        let charset = Charset::ALL.into_iter().find(|known| known.to_string() == self.charset);
        let charset = charset.ok_or(JsonError::Charset { part: number })?;
        let delimiters = Delimiters::of_header(&format!("MSH{}", self.separators));
        let delimiters = delimiters.filter(|found| found.as_written() == self.separators);
        let delimiters = delimiters.ok_or(JsonError::Separators { part: number })?;
        let writer = Writer { part: number, charset, delimiters };
        let lines = self.segments.iter().map(|segment| {
            let (cells, end) = match segment {
                Segment::Plain(cells) => (cells, self.terminator.as_str()),
                Segment::Ended { segment, end } => (segment, end.as_str()),
            };
            Ok(Line { raw: writer.line(cells)?, end: end.to_owned() })
        });
        let lines = lines.collect::<Result<_, JsonError>>()?;
        let is_message = self.kind == Kind::Message;
        Ok(Part { is_message, charset, delimiters, head: self.head.clone(), lines })
    }
}

/// The id and the fields of a line.
fn cells(line: &Line, part: &Part) -> Vec<Cell> {
    let separator = char::from(part.delimiters.field);
    // A line that is no segment by its form stays one text.
    let Some((id, rest)) = line.raw.split_once(separator) else {
        return vec![Cell::Literal(line.raw.clone())];
    };
    let mut cells = vec![Cell::Literal(id.to_owned())];
    let mut fields = rest.split(separator);
    if line.is_header() {
        cells.push(Cell::Literal(separator.to_string()));
        cells.extend(fields.next().map(|characters| Cell::Literal(characters.to_owned())));
    }
    cells.extend(fields.map(|field| Cell::Field(levels(field, part))));
    cells
}

fn levels(field: &str, part: &Part) -> Vec<Vec<Vec<Leaf>>> {
    let Delimiters { repetition, component, subcomponent, .. } = part.delimiters;
    let pieces = |text: &'_ str, delimiter: u8| -> Vec<String> {
        if text.is_empty() {
            Vec::new()
        } else {
            text.split(char::from(delimiter)).map(str::to_owned).collect()
        }
    };
    let components = |text: &String| {
        let parts = pieces(text, component).into_iter();
        parts
            .map(|text| pieces(&text, subcomponent).into_iter().map(|raw| leaf(raw, part)).collect())
            .collect()
    };
    pieces(field, repetition).iter().map(components).collect()
}

fn leaf(raw: String, part: &Part) -> Leaf {
    let text = part.unescape(&raw);
    if part.delimiters.escape(&text) == raw {
        Leaf::Text(text.into_owned())
    } else {
        Leaf::Escaped { text: text.into_owned(), raw }
    }
}

/// Writes cells as a line.
struct Writer {
    part: usize,
    charset: Charset,
    delimiters: Delimiters,
}

impl Writer {
    fn line(&self, cells: &[Cell]) -> Result<String, JsonError> {
        let id = match cells.first() {
            Some(Cell::Literal(id)) => id.clone(),
            _ => String::new(),
        };
        let header = matches!(id.as_str(), "MSH" | "FHS" | "BHS");
        let mut line = id.clone();
        for (number, cell) in cells.iter().enumerate().skip(1) {
            // Field 1 of a header is the separator that stands before field 2.
            if header && number == 1 {
                continue;
            }
            line.push(char::from(self.delimiters.field));
            match cell {
                Cell::Literal(text) if header && number == 2 => line.push_str(text),
                Cell::Literal(text) => line.push_str(&self.delimiters.escape(text)),
                Cell::Field(repetitions) => {
                    let field = self.joined(repetitions).ok_or_else(|| JsonError::Differ {
                        part: self.part,
                        segment: id.clone(),
                        field: number,
                    })?;
                    line.push_str(&field);
                }
            }
        }
        if header && cells.len() == 2 {
            line.push(char::from(self.delimiters.field));
        }
        Ok(line)
    }

    /// A field; `None` where text and raw differ.
    fn joined(&self, repetitions: &[Vec<Vec<Leaf>>]) -> Option<String> {
        let Delimiters { repetition, component, subcomponent, .. } = self.delimiters;
        let join =
            |parts: Vec<String>, delimiter: u8| parts.join(char::from(delimiter).encode_utf8(&mut [0; 4]));
        let repetitions = repetitions.iter().map(|components| {
            let components = components.iter().map(|leaves| {
                let leaves = leaves.iter().map(|leaf| self.raw(leaf).map(Cow::into_owned));
                Some(join(leaves.collect::<Option<_>>()?, subcomponent))
            });
            Some(join(components.collect::<Option<_>>()?, component))
        });
        Some(join(repetitions.collect::<Option<_>>()?, repetition))
    }

    fn raw<'l>(&self, leaf: &'l Leaf) -> Option<Cow<'l, str>> {
        match leaf {
            Leaf::Text(text) => Some(self.delimiters.escape(text)),
            Leaf::Escaped { text, raw } => {
                let same = self.delimiters.unescape(raw, escaped_in(self.charset)) == text.as_str();
                same.then_some(Cow::Borrowed(raw))
            }
        }
    }
}
