//! Views into a message: segment, field, repetition, component.
//!
//! Numbers count from 1 as in HL7; what is absent is empty.

use std::borrow::Cow;
use std::iter::FusedIterator;
use std::ops::Range;

use crate::index::{Entry, is_header};
use crate::message::Message;

/// A piece of text with the message that tells how to read it.
#[derive(Clone, Copy)]
pub(crate) struct Part<'m> {
    message: &'m Message,
    pub(crate) raw: &'m str,
    /// MSH-1 and MSH-2: the delimiters themselves, not delimited.
    literal: bool,
}

impl<'m> Part<'m> {
    fn with(self, raw: &'m str) -> Self {
        Self { raw, ..self }
    }

    pub(crate) fn unescaped(self) -> Cow<'m, str> {
        if self.literal { Cow::Borrowed(self.raw) } else { self.message.unescape(self) }
    }

    fn pieces(self, delimiter: u8) -> Pieces<'m> {
        let rest = (!self.raw.is_empty()).then_some(self.raw);
        Pieces { rest, delimiter: (!self.literal).then_some(delimiter) }
    }

    fn piece(self, delimiter: u8, n: usize) -> Self {
        self.with(n.checked_sub(1).and_then(|at| self.pieces(delimiter).nth(at)).unwrap_or_default())
    }
}

/// Text between delimiters; nothing at all for an empty text.
#[derive(Clone)]
struct Pieces<'m> {
    rest: Option<&'m str>,
    delimiter: Option<u8>,
}

impl<'m> Iterator for Pieces<'m> {
    type Item = &'m str;

    #[inline]
    fn next(&mut self) -> Option<&'m str> {
        // Pieces are short: going through them byte by byte beats a search that has to be set up.
        let rest = self.rest?;
        let at = self.delimiter.and_then(|delimiter| rest.bytes().position(|byte| byte == delimiter));
        let (piece, behind) = match at.and_then(|at| rest.split_at_checked(at)) {
            Some((piece, behind)) => (piece, behind.get(1..)),
            None => (rest, None),
        };
        self.rest = behind;
        Some(piece)
    }
}

/// One segment of a message.
#[derive(Clone, Copy)]
pub struct Segment<'m> {
    message: &'m Message,
    /// The field separators and the end.
    bounds: &'m [u32],
    at: usize,
    start: usize,
    /// Field 1 is the separator itself.
    header: bool,
}

impl<'m> Segment<'m> {
    #[inline]
    pub(crate) fn new(message: &'m Message, at: usize, entry: &Entry) -> Self {
        let start = entry.start as usize;
        let header = message.text().as_bytes().get(start..).is_some_and(is_header);
        Self { message, bounds: message.index().bounds(at), at, start, header }
    }

    /// The segment id as it is written.
    pub fn name(&self) -> &'m str {
        self.message.slice(self.start, self.start + 3)
    }

    pub(crate) fn is(&self, name: &str) -> bool {
        self.name().eq_ignore_ascii_case(name)
    }

    /// The position in the message, from 0.
    pub fn index(&self) -> usize {
        self.at
    }

    /// Which of the segments of the same id it is, from 1.
    pub fn occurrence(&self) -> usize {
        self.message.index().entries.get(self.at).map_or(0, |entry| entry.occurrence as usize)
    }

    /// The whole segment without its terminator.
    pub fn raw(&self) -> &'m str {
        self.message.slice(self.start, self.message.index().end(self.at))
    }

    /// Where in the message's text the segment stands, without its terminator.
    pub fn range(&self) -> Range<usize> {
        self.start..self.message.index().end(self.at)
    }

    /// The number of the last field, empty or not; MSH-1 counts.
    pub fn field_count(&self) -> usize {
        let separators = self.bounds.len().saturating_sub(1);
        separators + usize::from(self.header && separators > 0)
    }

    /// Field `n`, empty if absent.
    #[inline]
    pub fn field(&self, n: usize) -> Field<'m> {
        let literal = self.header && n <= 2;
        let raw = match n.checked_sub(1 + usize::from(self.header)) {
            Some(at) => self.between(at),
            None if n == 1 => self.separator(),
            None => "",
        };
        Field(Part { message: self.message, raw, literal })
    }

    /// The text after separator `at`, counted from 0, up to the next one.
    #[inline]
    fn between(&self, at: usize) -> &'m str {
        match self.bounds.get(at..).unwrap_or_default() {
            [from, to, ..] => self.message.slice(*from as usize + 1, *to as usize),
            _ => "",
        }
    }

    fn separator(&self) -> &'m str {
        match self.bounds {
            [at, _, ..] => self.message.slice(*at as usize, *at as usize + 1),
            _ => "",
        }
    }

    /// The fields from field 1 to the last.
    #[inline]
    pub fn fields(&self) -> Fields<'m> {
        let literal = if self.header { 2 } else { 0 };
        Fields { segment: *self, literal, bounds: self.bounds }
    }
}

/// The fields of a segment.
#[derive(Clone)]
pub struct Fields<'m> {
    segment: Segment<'m>,
    /// How many of MSH-1 and MSH-2 are still to come.
    literal: u8,
    /// The bounds from the separator before the next field on.
    bounds: &'m [u32],
}

impl<'m> Iterator for Fields<'m> {
    type Item = Field<'m>;

    #[inline]
    fn next(&mut self) -> Option<Field<'m>> {
        let [from, behind @ ..] = self.bounds else { return None };
        let (from, to) = (*from as usize, *behind.first()? as usize);
        let message = self.segment.message;
        let literal = self.literal > 0;
        if literal {
            self.literal -= 1;
            if self.literal > 0 {
                // MSH-1 is the first separator itself, and MSH-2 starts with it as well.
                return Some(Field(Part { message, raw: message.slice(from, from + 1), literal }));
            }
        }
        self.bounds = behind;
        Some(Field(Part { message, raw: message.slice(from + 1, to), literal }))
    }
}

impl FusedIterator for Fields<'_> {}

/// One field with all its repetitions.
#[derive(Clone, Copy)]
pub struct Field<'m>(Part<'m>);

impl<'m> Field<'m> {
    /// The text as it is written, escapes included.
    #[inline]
    pub fn raw(&self) -> &'m str {
        self.0.raw
    }

    /// Whether nothing is there.
    pub fn is_empty(&self) -> bool {
        self.0.raw.is_empty()
    }

    /// Whether it is `""`, HL7's explicit "no value".
    pub fn is_null(&self) -> bool {
        self.0.raw == NULL
    }

    /// The repetitions, none if the field is empty.
    pub fn repetitions(&self) -> Repetitions<'m> {
        Repetitions(self.0, self.0.pieces(self.0.message.delimiters().repetition))
    }

    /// Repetition `n`, empty if absent.
    pub fn repetition(&self, n: usize) -> Repetition<'m> {
        Repetition(self.0.piece(self.0.message.delimiters().repetition, n))
    }

    /// Component `n` of the first repetition.
    pub fn component(&self, n: usize) -> Component<'m> {
        self.repetition(1).component(n)
    }

    /// The first component of the first repetition, unescaped.
    pub fn value(&self) -> Cow<'m, str> {
        self.component(1).value()
    }

    pub(crate) fn part(&self) -> Part<'m> {
        self.0
    }
}

const NULL: &str = "\"\"";

/// The repetitions of a field.
#[derive(Clone)]
pub struct Repetitions<'m>(Part<'m>, Pieces<'m>);

impl<'m> Iterator for Repetitions<'m> {
    type Item = Repetition<'m>;

    fn next(&mut self) -> Option<Repetition<'m>> {
        self.1.next().map(|raw| Repetition(self.0.with(raw)))
    }
}

/// One repetition of a field.
#[derive(Clone, Copy)]
pub struct Repetition<'m>(Part<'m>);

impl<'m> Repetition<'m> {
    /// The text as it is written, escapes included.
    #[inline]
    pub fn raw(&self) -> &'m str {
        self.0.raw
    }

    /// Whether nothing is there.
    pub fn is_empty(&self) -> bool {
        self.0.raw.is_empty()
    }

    /// Whether it is `""`.
    pub fn is_null(&self) -> bool {
        self.0.raw == NULL
    }

    /// The components, none if the repetition is empty.
    pub fn components(&self) -> Components<'m> {
        Components(self.0, self.0.pieces(self.0.message.delimiters().component))
    }

    /// Component `n`, empty if absent.
    pub fn component(&self, n: usize) -> Component<'m> {
        Component(self.0.piece(self.0.message.delimiters().component, n))
    }

    pub(crate) fn part(&self) -> Part<'m> {
        self.0
    }
}

/// The components of a repetition.
#[derive(Clone)]
pub struct Components<'m>(Part<'m>, Pieces<'m>);

impl<'m> Iterator for Components<'m> {
    type Item = Component<'m>;

    fn next(&mut self) -> Option<Component<'m>> {
        self.1.next().map(|raw| Component(self.0.with(raw)))
    }
}

/// One component of a repetition.
#[derive(Clone, Copy)]
pub struct Component<'m>(Part<'m>);

impl<'m> Component<'m> {
    /// The text as it is written, escapes included.
    #[inline]
    pub fn raw(&self) -> &'m str {
        self.0.raw
    }

    /// Whether nothing is there.
    pub fn is_empty(&self) -> bool {
        self.0.raw.is_empty()
    }

    /// Whether it is `""`.
    pub fn is_null(&self) -> bool {
        self.0.raw == NULL
    }

    /// The only subcomponent, or the first of several, unescaped.
    pub fn value(&self) -> Cow<'m, str> {
        self.subcomponent(1)
    }

    /// Subcomponent `n`, unescaped; empty if absent.
    pub fn subcomponent(&self, n: usize) -> Cow<'m, str> {
        self.0.piece(self.0.message.delimiters().subcomponent, n).unescaped()
    }

    /// The subcomponents, unescaped; none if the component is empty.
    pub fn subcomponents(&self) -> impl Iterator<Item = Cow<'m, str>> + use<'m> {
        let part = self.0;
        part.pieces(part.message.delimiters().subcomponent).map(move |raw| part.with(raw).unescaped())
    }

    pub(crate) fn part(&self) -> Part<'m> {
        self.0
    }
}
