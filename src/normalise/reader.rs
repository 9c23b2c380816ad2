//! What the readers of all kinds share: values by field, marked as read, and the list of what was odd.
//!
//! A value that was there and could not be used (a time that is none, a code outside its table) is not marked: it
//! stays among the unmapped ones, and a finding says why.

use std::borrow::Cow;

use hl7v2::{Field, Message, Repetition, Segment};
use jiff::tz::TimeZone;

use super::coverage::{Coverage, Read};
use super::time;
use super::value::{self, present};
use crate::canonical::{
    Attached, Coded, FacilityCode, Finding, Observed, PartialTime, Place, Practitioner, Priority, Text,
    Unmapped, is_facility_code,
};

/// Reads values and collects findings on the way.
pub(super) struct Reader<'m> {
    zone: &'m TimeZone,
    /// Whose codes the local ones are.
    facility: &'m str,
    coverage: Coverage,
    findings: Vec<Finding>,
    attached: Vec<Attached>,
}

/// What is left when the content was read.
pub(super) struct Rest<'m> {
    pub(super) findings: Vec<Finding>,
    pub(super) unmapped: Unmapped<'m>,
    pub(super) attached: Vec<Attached>,
}

impl<'m> Reader<'m> {
    pub(super) fn new(message: &Message, facility: &'m str, zone: &'m TimeZone) -> Self {
        let (findings, attached) = (Vec::new(), Vec::new());
        Self { zone, facility, coverage: Coverage::new(message), findings, attached }
    }

    /// What was found besides the content; none where that is too much.
    pub(super) fn rest(self, message: &'m Message) -> Option<Rest<'m>> {
        let unmapped = self.coverage.unmapped(message)?;
        Some(Rest { findings: self.findings, unmapped, attached: self.attached })
    }

    /// Notes something odd. `text` never holds a value of the message.
    pub(super) fn note(&mut self, code: &'static str, place: Place, text: &str) {
        self.findings.push(Finding { code: code.into(), place: place.to_string(), text: text.to_owned() });
    }

    /// Notes that a part of a field has its place in the event.
    pub(super) fn mark(&mut self, segment: Segment<'_>, field: usize, read: Read) {
        self.coverage.mark(segment, field, read);
    }

    /// Takes that back: the event holds less than the field says.
    pub(super) fn unmark(&mut self, segment: Segment<'_>, field: usize) {
        self.coverage.unmark(segment, field);
    }

    /// Keeps the bytes of an attachment; by their hash they are found again.
    pub(super) fn attach(&mut self, hash: &str, content: Vec<u8>) {
        if !self.attached.iter().any(|attached| attached.hash == hash) {
            self.attached.push(Attached { hash: hash.to_owned(), content });
        }
    }

    /// A field's text: the first component of its first repetition; none where it is empty or `""`.
    pub(super) fn text(&mut self, segment: Segment<'m>, field: usize) -> Option<Text<'m>> {
        self.component(segment, field, 1)
    }

    /// A component of a field's first repetition.
    pub(super) fn component(
        &mut self,
        segment: Segment<'m>,
        field: usize,
        component: usize,
    ) -> Option<Text<'m>> {
        self.mark(segment, field, Read::component(component));
        present(segment.field(field).component(component))
    }

    /// The first component of every repetition.
    pub(super) fn texts(&mut self, segment: Segment<'m>, field: usize) -> Vec<Text<'m>> {
        self.mark(segment, field, Read::FIRST.of_all());
        segment.field(field).repetitions().filter_map(|repetition| present(repetition.component(1))).collect()
    }

    /// Notes that a field repeats another one: what of that has its place in the event has it for both.
    pub(super) fn again(&mut self, read: Segment<'_>, field: usize, segment: Segment<'_>, again: usize) {
        let value = segment.field(again).raw();
        if !value.is_empty() && value == read.field(field).raw() {
            let same = self.coverage.read(read, field);
            self.mark(segment, again, same);
        }
    }

    /// An amount with its unit as one text (CQ).
    pub(super) fn quantity(&mut self, segment: Segment<'m>, field: usize) -> Option<Text<'m>> {
        let amount = self.component(segment, field, 1)?;
        Some(match self.component(segment, field, 2) {
            Some(unit) => format!("{amount} {unit}").into(),
            None => amount,
        })
    }

    /// A field taken whole, with every delimiter in it as text (`480×10^4` is seen in the field): repetitions
    /// become lines. For values that have no components.
    pub(super) fn whole(&mut self, segment: Segment<'m>, field: usize) -> Option<Text<'m>> {
        let value = segment.field(field);
        if value.is_null() || value.is_empty() {
            return None;
        }
        self.mark(segment, field, Read::WHOLE);
        if value.repetitions().nth(1).is_none() && !has_components(value) {
            return present(value.component(1));
        }
        let lines: Vec<_> = value.repetitions().map(joined).collect();
        Some(lines.join("\n").into())
    }

    /// Whether a field is that code. Any other is left where it is.
    pub(super) fn flag(&mut self, segment: Segment<'m>, field: usize, code: &str) -> bool {
        let is_set = segment.field(field).value() == code;
        if is_set {
            self.mark(segment, field, Read::FIRST);
        }
        is_set
    }

    /// A code of a closed table; one that the table lacks is a finding.
    pub(super) fn code<T>(
        &mut self,
        segment: Segment<'_>,
        field: usize,
        table: &str,
        meaning: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let code = segment.field(field).value();
        if code.is_empty() || code == "\"\"" {
            return None;
        }
        let found = meaning(&code);
        match found {
            Some(_) => self.mark(segment, field, Read::FIRST),
            None => {
                let text = format!("not a code of HL7 table {table}");
                self.note("code-unknown", place(segment, field), &text);
            }
        }
        found
    }

    /// The time in the first component of a field.
    pub(super) fn time(&mut self, segment: Segment<'m>, field: usize) -> Option<PartialTime> {
        self.time_in(segment, field, 1)
    }

    /// The time in a component of a field.
    pub(super) fn time_in(
        &mut self,
        segment: Segment<'m>,
        field: usize,
        component: usize,
    ) -> Option<PartialTime> {
        let value = segment.field(field).component(component).value();
        if value.is_empty() || value == "\"\"" {
            return None;
        }
        match time::parse(&value, self.zone) {
            Ok(time::Parsed { time, oddity }) => {
                self.mark(segment, field, Read::component(component));
                if let Some(oddity) = oddity {
                    self.note("time-unusual", place(segment, field), oddity);
                }
                Some(time)
            }
            Err(reason) => {
                self.note("time-unreadable", place(segment, field), reason);
                None
            }
        }
    }

    /// A time, or the words that stand in its place, with a finding.
    pub(super) fn time_or_text(
        &mut self,
        segment: Segment<'m>,
        field: usize,
    ) -> (Option<PartialTime>, Option<Text<'m>>) {
        let time = self.time(segment, field);
        let text = if time.is_none() { self.text(segment, field) } else { None };
        (time, text)
    }

    /// The coded value in a component whose subcomponents are its parts (`3^TAB&錠&MR9P`).
    pub(super) fn coded_in(
        &mut self,
        segment: Segment<'m>,
        field: usize,
        component: usize,
    ) -> Option<Coded<'m>> {
        let at = Place { component: small(component), ..place(segment, field) };
        let (coded, read) = value::coded_component(segment.field(field).component(component), at)?;
        self.mark(segment, field, if read { Read::component(component).in_depth() } else { Read::NONE });
        Some(coded)
    }

    /// The coded value in a field's first repetition.
    pub(super) fn coded(&mut self, segment: Segment<'m>, field: usize) -> Option<Coded<'m>> {
        let first = segment.field(field).repetition(1);
        let (coded, read) = value::coded(first, place(segment, field), self.facility)?;
        self.mark(segment, field, read);
        Some(coded)
    }

    /// The coded values of all repetitions.
    pub(super) fn codeds(&mut self, segment: Segment<'m>, field: usize) -> Vec<Coded<'m>> {
        let mut all = Read::WHOLE;
        let mut values = Vec::new();
        for (index, repetition) in segment.field(field).repetitions().enumerate() {
            match value::coded(repetition, at_repetition(segment, field, index), self.facility) {
                Some((coded, read)) => {
                    all = all.common(read);
                    values.push(coded);
                }
                None if repetition.is_empty() => {}
                None => all = Read::NONE,
            }
        }
        if !values.is_empty() {
            self.mark(segment, field, all.of_all());
        }
        values
    }

    /// An amount, as sent and as a number.
    pub(super) fn observed(&mut self, segment: Segment<'m>, field: usize) -> Option<Observed<'m>> {
        self.text(segment, field).map(value::observed)
    }

    /// The priority in a component (HL7 table 0485).
    pub(super) fn priority(
        &mut self,
        segment: Segment<'m>,
        field: usize,
        component: usize,
    ) -> Option<Priority> {
        let priority = value::priority(&segment.field(field).component(component).value());
        if priority.is_some() {
            self.mark(segment, field, Read::component(component));
            if component == 1 && segment.field(field).component(3).value() == "HL70485" {
                self.mark(segment, field, Read::component(3));
            }
        }
        priority
    }

    /// The first code of a facility among these components, where it stands alone or as one of the parts of the
    /// authority that assigned the field's id (HD).
    pub(super) fn facility(
        &mut self,
        segment: Segment<'m>,
        field: usize,
        components: &[usize],
    ) -> Option<FacilityCode<'m>> {
        for component in components {
            let parts = segment.field(field).component(*component).subcomponents().enumerate();
            let Some((part, code)) = parts.into_iter().find(|(_, part)| is_facility_code(part)) else {
                continue;
            };
            let mut at = Place { component: small(*component), ..place(segment, field) };
            if part == 0 {
                self.mark(segment, field, Read::component(*component));
            } else {
                at.subcomponent = small(part + 1);
            }
            return Some(FacilityCode { at, code });
        }
        None
    }

    /// The practitioner in a field's first repetition.
    pub(super) fn practitioner(&mut self, segment: Segment<'m>, field: usize) -> Option<Practitioner<'m>> {
        self.mark(segment, field, PRACTITIONER);
        let practitioner = value::practitioner(segment.field(field).repetition(1), place(segment, field))?;
        Some(self.named(practitioner))
    }

    /// The practitioners of all repetitions.
    pub(super) fn practitioners(&mut self, segment: Segment<'m>, field: usize) -> Vec<Practitioner<'m>> {
        self.mark(segment, field, PRACTITIONER.of_all());
        let repetitions = segment.field(field).repetitions().enumerate();
        repetitions
            .filter_map(|(index, repetition)| {
                let practitioner = value::practitioner(repetition, at_repetition(segment, field, index))?;
                Some(self.named(practitioner))
            })
            .collect()
    }

    /// Puts a name that stands in the id's place where it belongs.
    fn named(&mut self, mut practitioner: Practitioner<'m>) -> Practitioner<'m> {
        let is_name = |id: &Text<'_>| !id.is_ascii();
        if practitioner.family.is_none() && practitioner.id.as_ref().is_some_and(is_name) {
            practitioner.family = practitioner.id.take();
            self.note("name-in-id", practitioner.at, "a name stands where a person's id should");
        }
        practitioner
    }
}

/// Id, family and given name.
const PRACTITIONER: Read = Read::up_to(3);

fn has_components(field: Field<'_>) -> bool {
    field.repetitions().any(|repetition| {
        let mut components = repetition.components();
        components.next().is_some_and(|first| first.subcomponents().nth(1).is_some())
            || components.next().is_some()
    })
}

fn joined(repetition: Repetition<'_>) -> String {
    let component =
        |component: hl7v2::Component<'_>| component.subcomponents().collect::<Vec<Cow<'_, str>>>().join("&");
    repetition.components().map(component).collect::<Vec<_>>().join("^")
}

/// A segment's id in capitals: senders that write it otherwise are read all the same.
pub(super) fn id(segment: Segment<'_>) -> [u8; 3] {
    let mut id = [b'?'; 3];
    for (to, from) in id.iter_mut().zip(segment.name().bytes()) {
        *to = from.to_ascii_uppercase();
    }
    id
}

/// The place of a field of a segment.
pub(super) fn place(segment: Segment<'_>, field: usize) -> Place {
    Place { field: small(field), ..Place::segment(id(segment), small(segment.occurrence())) }
}

/// The place of a repetition, counted from 0.
pub(super) fn at_repetition(segment: Segment<'_>, field: usize, index: usize) -> Place {
    place(segment, field).of(small(field), small(index + 1))
}

/// A number of a place: places beyond 65,535 are written as that.
pub(super) fn small(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}
