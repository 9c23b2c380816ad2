//! Which parts of a message were read into the event, and what is left over.
//!
//! Every read of a field goes through the [`Reader`](super::reader::Reader), which marks it here once its value has
//! a place in the event. What has no mark in the end is carried as `unmapped`: nothing is lost by not being read.

use std::borrow::Cow;

use hl7v2::{Component, Delimiters, Message, Repetition, Segment};

use super::reader::{id, small};
use crate::canonical::{Place, Text, Unmapped};

/// Which parts of a field were read: a set of components, and whether of all repetitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Read(u32);

impl Read {
    const ALL_REPETITIONS: u32 = 1 << 31;
    const ALL_SUBCOMPONENTS: u32 = 1 << 30;
    /// Components that can be told apart.
    const COMPONENTS: usize = 30;

    /// Nothing.
    pub(super) const NONE: Self = Self(0);
    /// The first component of the first repetition.
    pub(super) const FIRST: Self = Self(1);
    /// All of the field, however it is divided.
    pub(super) const WHOLE: Self = Self(u32::MAX);

    /// That component of the first repetition. Components beyond the thirtieth are never taken as read.
    pub(super) const fn component(number: usize) -> Self {
        if number == 0 || number > Self::COMPONENTS { Self::NONE } else { Self(1 << (number - 1)) }
    }

    /// The components up to that one.
    pub(super) const fn up_to(number: u32) -> Self {
        Self((1 << number) - 1)
    }

    /// Both.
    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in the one and not in the other.
    pub(super) const fn but(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// What is in both.
    pub(super) const fn common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The same of every repetition.
    pub(super) const fn of_all(self) -> Self {
        Self(self.0 | Self::ALL_REPETITIONS)
    }

    /// The same with all their subcomponents; otherwise the first only.
    pub(super) const fn in_depth(self) -> Self {
        Self(self.0 | Self::ALL_SUBCOMPONENTS)
    }

    /// Whether that is surely all that a field holds, told by one look at its characters: most fields are done with
    /// here. A quote may be HL7's "no value", which is looked at more closely.
    fn covers(self, raw: &str, delimiters: &Delimiters) -> bool {
        if self.0 == 0 || self == Self::WHOLE {
            return self == Self::WHOLE;
        }
        let mut component = 1_u32;
        raw.bytes().all(|byte| {
            if byte == delimiters.component {
                component <<= 1;
                true
            } else if byte == delimiters.repetition {
                component = 1;
                self.0 & Self::ALL_REPETITIONS != 0
            } else if byte == delimiters.subcomponent {
                self.0 & Self::ALL_SUBCOMPONENTS != 0
            } else {
                // Bits beyond the components stand for something else.
                byte != b'"' && self.0 & component & ((1 << Self::COMPONENTS) - 1) != 0
            }
        })
    }

    fn has(self, component: usize) -> bool {
        self.0 & Self::component(component).0 != 0
    }
}

/// Values that an event carries unmapped. The largest message known to occur has some thousands.
const VALUES_MAX: usize = 200_000;

/// The marks of a message: a word per field.
pub(super) struct Coverage {
    /// Where a segment's marks begin.
    bases: Vec<usize>,
    marks: Vec<u32>,
}

impl Coverage {
    pub(super) fn new(message: &Message) -> Self {
        let mut bases = Vec::with_capacity(message.len() + 1);
        let mut fields = 0;
        for segment in message.segments() {
            bases.push(fields);
            fields += segment.field_count();
        }
        bases.push(fields);
        Self { bases, marks: vec![0; fields] }
    }

    /// Notes that a part of a field has its place in the event.
    pub(super) fn mark(&mut self, segment: Segment<'_>, field: usize, read: Read) {
        let Some([base, end]) = self.bases.get(segment.index()..segment.index() + 2) else { return };
        let at = base + field.saturating_sub(1);
        if let Some(mark) = self.marks.get_mut(at).filter(|_| at < *end) {
            *mark |= read.0;
        }
    }

    /// What of a field was read so far.
    pub(super) fn read(&self, segment: Segment<'_>, field: usize) -> Read {
        let base = self.bases.get(segment.index()).copied().unwrap_or(usize::MAX);
        let mark = self.marks.get(base.saturating_add(field.saturating_sub(1)));
        if field <= segment.field_count() { Read(mark.copied().unwrap_or_default()) } else { Read::NONE }
    }

    /// Takes the marks of a field back.
    pub(super) fn unmark(&mut self, segment: Segment<'_>, field: usize) {
        let base = self.bases.get(segment.index()).copied().unwrap_or(usize::MAX);
        let mark = self.marks.get_mut(base.saturating_add(field.saturating_sub(1)));
        if let Some(mark) = mark.filter(|_| field <= segment.field_count()) {
            *mark = 0;
        }
    }

    /// All values without a mark; none where they are so many that they would fill the memory.
    pub(super) fn unmapped<'m>(&self, message: &'m Message) -> Option<Unmapped<'m>> {
        let (mut left, mut set_ids) = (Vec::new(), SetIds::default());
        let delimiters = message.delimiters();
        for (segment, base) in message.segments().zip(&self.bases) {
            let at = Place::segment(id(segment), small(segment.occurrence()));
            let counts = set_ids.counts(segment);
            // MSH-1 and MSH-2 tell how the message was written, not what it says.
            let literal = if id(segment) == *b"MSH" { 2 } else { 0 };
            let marks = self.marks.get(*base..).unwrap_or_default();
            for ((index, field), mark) in segment.fields().enumerate().zip(marks).skip(literal) {
                let (number, mark) = (index + 1, Read(*mark));
                let is_none = field.is_empty() || number == 1 && counts;
                if is_none || mark.covers(field.raw(), &delimiters) {
                    continue;
                }
                for (index, repetition) in field.repetitions().enumerate() {
                    let is_read = index == 0 || mark.0 & Read::ALL_REPETITIONS != 0;
                    let mark = if is_read { mark } else { Read::NONE };
                    rest(at.of(small(number), small(index + 1)), repetition, mark, &mut left);
                    if left.len() > VALUES_MAX {
                        return None;
                    }
                }
            }
        }
        Some(Unmapped(left))
    }
}

/// The set ids: field 1 of segments that are counted by it.
#[derive(Default)]
struct SetIds([usize; SetIds::COUNTED.len()]);

impl SetIds {
    const COUNTED: [&'static [u8; 3]; 25] = [
        b"OBX", b"OBR", b"SPM", b"TQ1", b"NTE", b"PID", b"NK1", b"PV1", b"DB1", b"AL1", b"IAM", b"IN1",
        b"DG1", b"PR1", b"GT1", b"ZE1", b"ZE2", b"ZPD", b"ZI1", b"RGS", b"AIS", b"AIG", b"AIL", b"AIP",
        b"TXA",
    ];

    /// Whether field 1 only counts: over the message, or within a group, where it begins again at 1. Must be asked
    /// of every segment in turn.
    fn counts(&mut self, segment: Segment<'_>) -> bool {
        let name = id(segment);
        let Some(last) = Self::COUNTED.iter().position(|counted| **counted == name) else { return false };
        let Some(last) = self.0.get_mut(last) else { return false };
        let before = *last;
        *last = segment.field(1).raw().parse().unwrap_or(usize::MAX - 1);
        *last == segment.occurrence() || *last == 1 || *last == before + 1
    }
}

fn rest<'m>(at: Place, repetition: Repetition<'m>, mark: Read, left: &mut Vec<(Place, Text<'m>)>) {
    let several = repetition.components().nth(1).is_some();
    for (index, component) in repetition.components().enumerate().filter(|(_, part)| !part.is_empty()) {
        let number = index + 1;
        let said = if several { small(number) } else { 0 };
        let place = Place { component: said, ..at };
        let is_read = mark.has(number) && !component.is_null();
        subcomponents(place, component, is_read, mark, left);
    }
}

fn subcomponents<'m>(
    at: Place,
    component: Component<'m>,
    is_read: bool,
    mark: Read,
    left: &mut Vec<(Place, Text<'m>)>,
) {
    let is_deep = mark.0 & Read::ALL_SUBCOMPONENTS != 0;
    let mut parts = component.subcomponents();
    let first = parts.next();
    let Some(second) = parts.next() else {
        if !is_read {
            left.extend(first.map(|value| (at, value)));
        }
        return;
    };
    let parts = [first.unwrap_or(Cow::Borrowed("")), second].into_iter().chain(parts).enumerate();
    for (index, value) in parts.filter(|(_, value)| !value.is_empty()) {
        if !(is_read && (index == 0 || is_deep)) {
            // A subcomponent is only divided within a component that is named.
            let component = at.component.max(1);
            left.push((Place { component, subcomponent: small(index + 1), ..at }, value));
        }
    }
}
