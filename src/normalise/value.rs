//! HL7 data types to canonical values.

use std::borrow::Cow;

use hl7v2::{Component, Repetition};

use super::amount;
use super::coverage::Read;
use crate::canonical::{Coded, Observed, OtherCode, Place, Practitioner, Priority, Text};

/// A component's text; none where it is empty or `""`.
pub(super) fn present(component: Component<'_>) -> Option<Text<'_>> {
    if component.is_empty() || component.is_null() { None } else { Some(component.value()) }
}

/// A coded value (CE, CWE) in any of the six layouts that SS-MIX2 allows: a local triple, a standard one, either of
/// them in components 4 to 6, or both in either order. Local systems start with `99` or are `L` (table 0396), and
/// mean something only together with their facility. SS-MIX2 also writes the triple as subcomponents of one component
/// (`TQ1-3`). Also tells which components have their place in it.
pub(super) fn coded<'m>(
    repetition: Repetition<'m>,
    at: Place,
    facility: &'m str,
) -> Option<(Coded<'m>, Read)> {
    let mut components = repetition.components();
    let first = components.next()?;
    let (triples, read) = match first.subcomponents().count() {
        0 | 1 => {
            let mut part = || components.next().and_then(present);
            ([[present(first), part(), part()], [part(), part(), part()]], [FIRST_TRIPLE, SECOND_TRIPLE])
        }
        parts => {
            let part = |n| nonempty(first.subcomponent(n));
            let read = if parts > 3 { Read::FIRST } else { Read::FIRST.in_depth() };
            ([[part(1), part(2), part(3)], [None, None, None]], [read, Read::NONE])
        }
    };
    arrange(at, triples, read, facility)
}

/// The coded value whose three parts are the subcomponents of one component, and whether all of it was read.
pub(super) fn coded_component<'m>(component: Component<'m>, at: Place) -> Option<(Coded<'m>, bool)> {
    let parts = component.subcomponents().count();
    let part = |n| nonempty(component.subcomponent(n));
    let (code, text, system) =
        if parts > 1 { (part(1), part(2), part(3)) } else { (present(component), None, None) };
    (code.is_some() || text.is_some()).then(|| (plain(at, code, text, system), parts <= 3))
}

/// A coded value of one triple that is no local code.
pub(super) fn plain<'m>(
    at: Place,
    code: Option<Text<'m>>,
    text: Option<Text<'m>>,
    system: Option<Text<'m>>,
) -> Coded<'m> {
    Coded { at, code, text, system, local: None, alternate: None }
}

const FIRST_TRIPLE: Read = Read::up_to(3);
const SECOND_TRIPLE: Read = Read::up_to(6).but(Read::up_to(3));

/// A text that says something.
pub(super) fn nonempty(text: Text<'_>) -> Option<Text<'_>> {
    if text.is_empty() || text == "\"\"" { None } else { Some(text) }
}

type Triple<'m> = [Option<Text<'m>>; 3];

fn arrange<'m>(
    at: Place,
    triples: [Triple<'m>; 2],
    parts: [Read; 2],
    facility: &'m str,
) -> Option<(Coded<'m>, Read)> {
    let (mut standard, mut local, mut alternate) = (None, None, None);
    let mut read = Read::NONE;
    for (triple, part) in triples.into_iter().zip(parts) {
        let is_local = is_local(&triple);
        let slot = match (is_local, &standard) {
            (true, _) => &mut local,
            (false, None) => &mut standard,
            (false, Some(_)) => &mut alternate,
        };
        if slot.is_none() {
            *slot = said(triple, is_local.then_some(facility));
            read = if slot.is_some() { read.and(part) } else { read };
        }
    }
    if standard.is_none() && local.is_none() {
        return None;
    }
    let local_text = local.as_ref().and_then(|local: &OtherCode<'m>| local.text.clone());
    let OtherCode { code, text, system, .. } = standard.unwrap_or_default();
    Some((Coded { at, code, text: text.or(local_text), system, local, alternate }, read))
}

fn said<'m>(triple: Triple<'m>, facility: Option<&'m str>) -> Option<OtherCode<'m>> {
    let [code, text, system] = triple;
    let facility = facility.filter(|facility| !facility.is_empty()).map(Cow::Borrowed);
    (code.is_some() || text.is_some()).then_some(OtherCode { code, text, system, facility })
}

fn is_local(triple: &Triple<'_>) -> bool {
    triple[2].as_deref().is_some_and(|system| system.starts_with("99") || system == "L")
}

/// A practitioner (XCN). A name in the id's place, or whole in the family name, is carried as it is.
pub(super) fn practitioner(repetition: Repetition<'_>, at: Place) -> Option<Practitioner<'_>> {
    let mut components = repetition.components();
    let mut part = || components.next().and_then(present);
    let (id, family, given) = (part(), part(), part());
    (id.is_some() || family.is_some() || given.is_some()).then_some(Practitioner { at, id, family, given })
}

/// An observed value of type ST, NM, TX and the like: the text, and the number, range or titre in it where it is
/// just that.
pub(super) fn observed(text: Text<'_>) -> Observed<'_> {
    let amount = amount::read(&text);
    let amount::Amount { comparator, number, low, high, titre } = amount;
    Observed { text, number, comparator, low, high, titre, ..Observed::default() }
}

/// Full-width ASCII (U+FF01 to U+FF5E) and the ideographic space as their ASCII counterparts.
pub(super) fn narrow(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let narrow_char = |c: char| match c {
        '\u{3000}' => ' ',
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '\u{2212}' | '\u{2010}' | '\u{2011}' => '-',
        other => other,
    };
    Cow::Owned(text.chars().map(narrow_char).collect())
}

/// Priority (HL7 table 0485).
pub(super) fn priority(code: &str) -> Option<Priority> {
    match code {
        "S" => Some(Priority::Stat),
        "A" => Some(Priority::Asap),
        "R" => Some(Priority::Routine),
        _ => None,
    }
}
