//! The smallest parts of segments, with their places and what is to be done with them.

use std::collections::HashSet;
use std::ops::Range;

use hl7v2::Delimiters;

use super::catalogue::Class;
use super::report::{Action, Decided, Reason};
use super::rule::{Parts, rule};

/// A subcomponent that holds something.
#[derive(Debug, Clone)]
pub(super) struct Leaf<'t> {
    /// As it is written.
    pub(super) raw: &'t str,
    /// Where it begins in the text that its segment was taken from.
    pub(super) start: usize,
    pub(super) decided: Decided,
    /// It is never replaced for being repeated elsewhere.
    fixed: bool,
}

impl Leaf<'_> {
    pub(super) fn range(&self) -> Range<usize> {
        self.start..self.start + self.raw.len()
    }
}

/// A segment of a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment<'t> {
    pub(super) raw: &'t str,
    /// Where it begins in the text.
    pub(super) start: usize,
    /// Which of its id, from 1.
    pub(super) occurrence: usize,
}

/// The leaves of all segments, and what is to be done with each.
pub(super) fn leaves<'t>(segments: &[Segment<'t>], delimiters: &Delimiters) -> Vec<Leaf<'t>> {
    let mut all: Vec<_> = segments.iter().flat_map(|segment| of_segment(segment, delimiters)).collect();
    let known: HashSet<&str> = all
        .iter()
        .filter(|leaf| leaf.decided.action == Action::Replaced && leaf.decided.reason.identifies())
        .map(|leaf| leaf.raw.trim())
        .filter(|raw| raw.chars().nth(1).is_some() && raw.chars().any(super::stand_in::carries))
        .collect();
    for leaf in all.iter_mut().filter(|leaf| leaf.decided.action == Action::Kept && !leaf.fixed) {
        if repeats(leaf.raw, &known) {
            leaf.decided.action = Action::Replaced;
            leaf.decided.reason = Reason::Elsewhere;
        }
    }
    all
}

/// From this many bytes on a value is looked for within others.
const LONG: usize = 5;

fn repeats(raw: &str, known: &HashSet<&str>) -> bool {
    // Kept values are short, and what identifies may be many.
    let starts = || raw.char_indices().map(|(at, _)| at);
    let within = || {
        starts().any(|from| {
            let ends = (from + LONG..=raw.len()).filter_map(|to| raw.get(from..to));
            ends.into_iter().any(|piece| known.contains(piece))
        })
    };
    known.contains(raw.trim()) || within()
}

fn of_segment<'t>(segment: &Segment<'t>, delimiters: &Delimiters) -> Vec<Leaf<'t>> {
    let Segment { raw, start, occurrence } = *segment;
    let mut fields = pieces(raw, start, delimiters.field);
    let Some((id, _)) = fields.next() else { return Vec::new() };
    let id = id.trim_end();
    let header = matches!(id, "MSH" | "FHS" | "BHS");
    let fields: Vec<_> = fields.collect();
    let value_type = match (id, fields.get(1)) {
        ("OBX", Some((value_type, _))) => *value_type,
        _ => "",
    };
    let mut leaves = Vec::new();
    for (at, (field, start)) in fields.into_iter().enumerate() {
        let number = at + 1 + usize::from(header);
        // The separators themselves.
        if header && number == 2 {
            continue;
        }
        let class = Class::of_field(id, number);
        let nth = if occurrence > 1 { format!("[{occurrence}]") } else { String::new() };
        let place = format!("{id}{nth}-{number}");
        for (repetition, start) in pieces(field, start, delimiters.repetition) {
            of_repetition(repetition, start, delimiters, class, value_type, &place, &mut leaves);
        }
    }
    leaves
}

fn of_repetition<'t>(
    repetition: &'t str,
    start: usize,
    delimiters: &Delimiters,
    class: Class,
    value_type: &str,
    place: &str,
    leaves: &mut Vec<Leaf<'t>>,
) {
    let components: Vec<Vec<_>> = pieces(repetition, start, delimiters.component)
        .map(|(component, start)| pieces(component, start, delimiters.subcomponent).collect())
        .collect();
    let parts: Parts<'_> =
        components.iter().map(|component| component.iter().map(|(raw, _)| *raw).collect()).collect();
    for (at, component) in components.iter().enumerate() {
        for (n, (raw, start)) in component.iter().enumerate() {
            if raw.is_empty() {
                continue;
            }
            let (action, reason) = rule(class, &parts, (at + 1, n + 1), value_type);
            let decided = Decided { field: place.to_owned(), component: at + 1, action, reason };
            let fixed = matches!(class, Class::Structure) || reason == Reason::Null || raw.len() < 2;
            leaves.push(Leaf { raw, start: *start, decided, fixed });
        }
    }
}

/// The pieces between delimiters, with where each begins.
fn pieces(text: &str, start: usize, delimiter: u8) -> impl Iterator<Item = (&str, usize)> {
    let mut at = start;
    text.split(char::from(delimiter)).map(move |piece| {
        let from = at;
        at += piece.len() + 1;
        (piece, from)
    })
}
