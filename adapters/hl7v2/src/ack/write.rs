//! Writes acknowledgements: MSH, MSA, ERR (HL7 2.9, 2.13.1 ACK, 2.14.8 MSA, 2.14.5 ERR).

use super::initiating::Initiating;
use super::table::{AckCode, Condition, Severity};
use crate::delimiters::Delimiters;

/// A field of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Location {
    /// Segment id.
    pub segment: &'static str,
    /// Which of those segments, from 1.
    pub sequence: u16,
    /// Field, from 1.
    pub field: u16,
}

/// What was wrong: one ERR segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Problem {
    /// ERR-3.
    pub condition: Condition,
    /// ERR-4.
    pub severity: Severity,
    /// ERR-2; `None` where the message as a whole is meant.
    pub location: Option<Location>,
    /// ERR-8: for people, in ASCII.
    pub text: &'static str,
}

/// What an answer says.
#[derive(Debug, Clone, Copy)]
pub struct Acknowledgement<'a> {
    /// MSA-1.
    pub code: AckCode,
    /// MSH-10 of the answer itself, in ASCII.
    pub control_id: &'a str,
    /// MSH-7, as HL7 writes times: `20261122103000+0900`.
    pub time: &'a str,
    /// Why not, or what else is to be told.
    pub problem: Option<Problem>,
}

impl Acknowledgement<'_> {
    /// The message, every segment with its `\r`: separators, character set (MSH-18, MSH-20), processing id and
    /// version are those of the message that is answered, sender and receiver change places.
    pub fn to_bytes(&self, initiating: &Initiating) -> Vec<u8> {
        let mut writer = Writer::new(initiating.delimiters);
        self.header(initiating, &mut writer);
        let old = initiating.is_before_2_5();
        let text = self.problem.filter(|_| old).map_or("", |problem| problem.text);
        writer.segment("MSA");
        writer.text(self.code.as_str());
        writer.raw(initiating.control_id());
        writer.text(text);
        writer.end();
        if let Some(problem) = self.problem {
            if old { old_error(&problem, &mut writer) } else { error(&problem, &mut writer) }
        }
        writer.bytes
    }

    fn header(&self, initiating: &Initiating, writer: &mut Writer) {
        writer.opening("MSH");
        for field in [5, 6, 3, 4] {
            writer.raw(initiating.field(field));
        }
        writer.text(self.time);
        writer.text("");
        match initiating.event() {
            b"" => writer.text("ACK"),
            event => writer.components(&[b"ACK", event, b"ACK"]),
        }
        writer.text(self.control_id);
        writer.raw_or(initiating.field(11), "P");
        writer.raw_or(initiating.field(12), "2.5");
        writer.text("");
        writer.text("");
        // An application acknowledgement is a message of its own in the enhanced mode: none is wanted for it.
        let none =
            if initiating.mode() == super::Mode::Original || self.code.is_commit() { "" } else { "NE" };
        writer.text(none);
        writer.text(none);
        for field in 17..=20 {
            writer.raw(initiating.field(field));
        }
        writer.end();
    }
}

/// ERR since version 2.5.
fn error(problem: &Problem, writer: &mut Writer) {
    let condition = problem.condition;
    writer.segment("ERR");
    writer.text("");
    match problem.location {
        None => writer.text(""),
        Some(Location { segment, sequence, field }) => {
            let (sequence, field) = (sequence.to_string(), field.to_string());
            writer.components(&[segment.as_bytes(), sequence.as_bytes(), field.as_bytes()]);
        }
    }
    writer.components(&[condition.number().to_string().as_bytes(), condition.text().as_bytes(), b"HL70357"]);
    writer.text(problem.severity.as_str());
    for _ in 5..8 {
        writer.text("");
    }
    writer.text(problem.text);
    writer.end();
}

/// ERR before version 2.5: segment, sequence, field, and the condition in subcomponents.
fn old_error(problem: &Problem, writer: &mut Writer) {
    let condition = problem.condition;
    let number = condition.number().to_string();
    let (segment, sequence, field) = match problem.location {
        Some(place) => (place.segment, place.sequence.to_string(), place.field.to_string()),
        None => ("", String::new(), String::new()),
    };
    writer.segment("ERR");
    writer.components(&[segment.as_bytes(), sequence.as_bytes(), field.as_bytes(), number.as_bytes()]);
    writer.subcomponent(condition.text());
    writer.subcomponent("HL70357");
    writer.end();
}

/// The response batch: one acknowledgement per message of a batch (HL7 2.9, 2.10.3.3 a). `bytes` begin with the
/// batch's BHS or FHS, whose id (field 11) the response repeats in BHS-12.
pub fn batch(bytes: &[u8], acknowledgements: &[Vec<u8>], control_id: &str, time: &str) -> Vec<u8> {
    let initiating = Initiating::of_batch(bytes.trim_ascii_start());
    let mut writer = Writer::new(initiating.delimiters);
    writer.opening("BHS");
    for field in [5, 6, 3, 4] {
        writer.raw(initiating.field(field));
    }
    writer.text(time);
    for _ in 8..11 {
        writer.text("");
    }
    writer.text(control_id);
    writer.raw(initiating.field(11));
    writer.end();
    for acknowledgement in acknowledgements {
        writer.bytes.extend_from_slice(acknowledgement);
    }
    writer.segment("BTS");
    writer.text(&acknowledgements.len().to_string());
    writer.end();
    writer.bytes
}

/// Empty fields are written only once another follows them in the segment.
struct Writer {
    bytes: Vec<u8>,
    delimiters: Delimiters,
    empty: usize,
}

impl Writer {
    fn new(delimiters: Delimiters) -> Self {
        Self { bytes: Vec::with_capacity(256), delimiters, empty: 0 }
    }

    /// The start of a header: its id and the separators that it declares.
    fn opening(&mut self, id: &str) {
        let Delimiters { field, component, repetition, escape, subcomponent, truncation } = self.delimiters;
        self.segment(id);
        self.bytes.extend([field, component, repetition, escape, subcomponent]);
        self.bytes.extend(truncation);
    }

    fn segment(&mut self, id: &str) {
        self.bytes.extend_from_slice(id.as_bytes());
    }

    /// A field as it stood in the message.
    fn raw(&mut self, field: &[u8]) {
        self.empty += 1;
        if !field.is_empty() {
            self.separate();
            self.bytes.extend_from_slice(field);
        }
    }

    fn raw_or(&mut self, field: &[u8], default: &str) {
        if field.trim_ascii().is_empty() { self.text(default) } else { self.raw(field) }
    }

    fn text(&mut self, text: &str) {
        self.components(&[text.as_bytes()]);
    }

    fn components(&mut self, components: &[&[u8]]) {
        self.empty += 1;
        if components.iter().all(|component| component.is_empty()) {
            return;
        }
        self.separate();
        for (at, component) in components.iter().enumerate() {
            if at > 0 {
                self.bytes.push(self.delimiters.component);
            }
            self.escaped(component);
        }
    }

    fn subcomponent(&mut self, text: &str) {
        self.bytes.push(self.delimiters.subcomponent);
        self.escaped(text.as_bytes());
    }

    fn separate(&mut self) {
        let separators = std::iter::repeat_n(self.delimiters.field, std::mem::take(&mut self.empty));
        self.bytes.extend(separators);
    }

    /// Any punctuation may be a separator: also the point of `2.5` and the plus sign of a time.
    fn escaped(&mut self, text: &[u8]) {
        let Delimiters { field, component, repetition, escape, subcomponent, .. } = self.delimiters;
        let letters =
            [(field, b'F'), (component, b'S'), (repetition, b'R'), (escape, b'E'), (subcomponent, b'T')];
        for byte in text {
            match letters.iter().find(|(separator, _)| separator == byte) {
                Some((_, letter)) => self.bytes.extend([escape, *letter, escape]),
                None => self.bytes.push(*byte),
            }
        }
    }

    fn end(&mut self) {
        self.empty = 0;
        self.bytes.push(b'\r');
    }
}
