//! Tables, their keys, and what the values look like.

use std::fmt;

/// A table of a file.
#[derive(Debug)]
pub struct Table {
    /// Its name in the schema and in the marks of the reference: `source-mllp`.
    pub id: &'static str,
    /// How it is written: `[[source]] kind = "mllp"`.
    pub title: &'static str,
    /// What it is for.
    pub meaning: &'static str,
    /// Its keys, in the order in which people write them.
    pub keys: Vec<Key>,
}

/// A key of a table.
#[derive(Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// Whether it must be given, and what holds where it is not.
    pub need: Need,
    /// What its value looks like.
    pub shape: Shape,
    /// What it says.
    pub meaning: &'static str,
    /// A value, as TOML.
    pub example: &'static str,
}

/// Whether a key must be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// It must.
    Required,
    /// It need not; this holds instead, as TOML or in words.
    Default(String),
    /// It need not; nothing holds instead.
    Optional,
}

/// What a value looks like.
#[derive(Debug, Clone)]
pub enum Shape {
    /// Any text.
    Text,
    /// A name: part of queue names and topics.
    Name,
    /// Names with dots between them.
    Topic,
    /// A path, relative to the configuration folder.
    Path,
    /// A length of time: `500ms`, `3s`, `2m`, `1h`, `3d`.
    Duration,
    /// A length of time, or `never`.
    DurationOrNever,
    /// A number of bytes: `20GB`.
    Bytes,
    /// A whole number from the first to the second.
    Number(u64, u64),
    /// True or false.
    Flag,
    /// A 10-digit facility code.
    Facility,
    /// An address and port.
    Address,
    /// A path of an event's field.
    Field,
    /// A text, number or true/false.
    Scalar,
    /// A number, or a date of any precision.
    Bound,
    /// One of these words.
    Word(Vec<&'static str>),
    /// A list with at least one element.
    List(Box<Shape>),
    /// A list that may be empty.
    AnyList(Box<Shape>),
    /// A list, or a single value that stands for a list of one.
    OneOrMore(Box<Shape>),
    /// A table whose keys are free.
    Map(Box<Shape>),
    /// A single value that looks like the first, or a table that looks like the second.
    Either(Box<Shape>, Box<Shape>),
    /// One of these tables, by id.
    Table(&'static [&'static str]),
}

impl Table {
    pub(super) const fn new(
        id: &'static str,
        title: &'static str,
        meaning: &'static str,
        keys: Vec<Key>,
    ) -> Self {
        Self { id, title, meaning, keys }
    }
}

impl Key {
    /// The same, which must be given.
    pub(super) fn required(self) -> Self {
        Self { need: Need::Required, ..self }
    }

    /// The same, in place of which that holds.
    pub(super) fn default(self, default: impl fmt::Display) -> Self {
        Self { need: Need::Default(default.to_string()), ..self }
    }
}

/// A key that need not be given.
pub(super) const fn key(
    name: &'static str,
    shape: Shape,
    example: &'static str,
    meaning: &'static str,
) -> Key {
    Key { name, need: Need::Optional, shape, meaning, example }
}

/// The `version` that every file begins with.
pub(super) fn version() -> Key {
    key("version", Shape::Number(1, 1), "1", "version of the file's form").required()
}

/// The `kind` that tells tables apart.
pub(super) fn kind(word: &'static str, example: &'static str, meaning: &'static str) -> Key {
    key("kind", Shape::Word(vec![word]), example, meaning).required()
}

/// A list of them, with at least one.
pub(super) fn list(shape: Shape) -> Shape {
    Shape::List(Box::new(shape))
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self {
            Self::Text => "text",
            Self::Name => "name",
            Self::Topic => "topic",
            Self::Path => "path",
            Self::Duration => "time",
            Self::DurationOrNever => "time or `\"never\"`",
            Self::Bytes => "bytes",
            Self::Number(least, most) if least == most => return write!(f, "{least}"),
            Self::Number(least, most) => return write!(f, "number, {least} to {most}"),
            Self::Flag => "true or false",
            Self::Facility => "facility code",
            Self::Address => "address:port",
            Self::Field => "field path",
            Self::Scalar => "text, number or true/false",
            Self::Bound => "number or date",
            Self::Word(words) => {
                let words: Vec<_> = words.iter().map(|word| format!("`\"{word}\"`")).collect();
                return f.write_str(&words.join(", "));
            }
            Self::List(shape) | Self::AnyList(shape) => return write!(f, "list: {shape}"),
            Self::OneOrMore(shape) => return write!(f, "one or a list: {shape}"),
            Self::Either(one, other) => return write!(f, "{one}, or {other}"),
            Self::Map(shape) => return write!(f, "table: {shape}"),
            Self::Table(_) => "table",
        };
        f.write_str(word)
    }
}
