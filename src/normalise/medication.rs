//! Drugs that are ordered or given: the groups of RDE^O11 and RAS^O17, and what an RXE with its TQ1 and RXR says.
//!
//! A group begins with its ORC; an RXE or RXA that comes without one has the ORC before it.

use hl7v2::{Message, Segment};

use super::observation;
use super::order::{self, Head};
use super::reader::{Reader, id, place};
use crate::canonical::{InjectionOrder, MedicationOrder, MixtureComponent, Text, Timing};

/// The segments of one order.
#[derive(Default)]
pub(super) struct Group<'m> {
    pub(super) orc: Option<Segment<'m>>,
    pub(super) rxe: Option<Segment<'m>>,
    timings: Vec<Segment<'m>>,
    /// RXR before anything was given.
    pub(super) route: Option<Segment<'m>>,
    components: Vec<Segment<'m>>,
    /// OBX and NTE before anything was given.
    observed: Vec<Segment<'m>>,
    pub(super) given: Vec<Given<'m>>,
}

/// What was given (RXA, RXD, RXG) with what follows it.
pub(super) struct Given<'m> {
    pub(super) segment: Segment<'m>,
    pub(super) route: Option<Segment<'m>>,
    /// OBX and NTE.
    pub(super) observed: Vec<Segment<'m>>,
}

/// The groups of a message.
pub(super) fn groups(message: &Message) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for segment in message.segments() {
        match &id(segment) {
            b"ORC" => groups.push(Group { orc: Some(segment), ..Group::default() }),
            b"RXE" => {
                let group = last_or_new(&mut groups, |group| group.rxe.is_none() && group.given.is_empty());
                group.rxe = Some(segment);
            }
            b"RXA" | b"RXD" | b"RXG" => {
                let given = Given { segment, route: None, observed: Vec::new() };
                last_or_new(&mut groups, |_| true).given.push(given);
            }
            name => {
                if let Some(group) = groups.last_mut() {
                    add(group, *name, segment);
                }
            }
        }
    }
    groups
}

fn last_or_new<'a, 'm>(
    groups: &'a mut Vec<Group<'m>>,
    has_room: impl Fn(&Group<'m>) -> bool,
) -> &'a mut Group<'m> {
    if !groups.last().is_some_and(has_room) {
        let orc = groups.last().and_then(|group| group.orc);
        groups.push(Group { orc, ..Group::default() });
    }
    let last = groups.len() - 1;
    &mut groups[last]
}

fn add<'m>(group: &mut Group<'m>, name: [u8; 3], segment: Segment<'m>) {
    match (&name, group.given.last_mut()) {
        (b"TQ1", _) => group.timings.push(segment),
        (b"RXC", _) => group.components.push(segment),
        // One RXR closes all the RXA before it.
        (b"RXR", Some(_)) => {
            let open = group.given.iter_mut().rev().take_while(|given| given.route.is_none());
            open.for_each(|given| given.route = Some(segment));
        }
        (b"RXR", None) => group.route = group.route.or(Some(segment)),
        (b"OBX" | b"NTE", Some(given)) => given.observed.push(segment),
        (b"OBX" | b"NTE", None) => group.observed.push(segment),
        _ => {}
    }
}

/// The order of a group; none where the group has neither ORC nor RXE.
pub(super) fn ordered<'m>(group: &Group<'m>, reader: &mut Reader<'m>) -> Option<MedicationOrder<'m>> {
    let at = place(group.rxe.or(group.orc)?, 0);
    let Head { number, control, ordered_at, ordered_by, details } = order::head(group.orc, None, reader);
    let setting = details.order_type.clone();
    let mut drug = MedicationOrder {
        number,
        group: group.orc.and_then(|orc| reader.text(orc, 4)),
        control,
        ordered_at,
        ordered_by,
        details,
        ..group.rxe.map_or_else(|| empty(at), |rxe| encoded(rxe, reader))
    };
    drug.setting = drug.setting.or(setting);
    if let Some((first, others)) = group.timings.split_first() {
        timing(&mut drug, *first, reader);
        drug.further_timings = others.iter().map(|tq1| further(*tq1, reader)).collect();
    }
    if let Some(rxr) = group.route {
        drug.route = reader.coded(rxr, 1);
        drug.site = reader.coded(rxr, 2);
        drug.device = reader.coded(rxr, 3);
    }
    Some(drug)
}

/// The order of a group with the drugs that are mixed.
pub(super) fn mixed<'m>(group: &Group<'m>, reader: &mut Reader<'m>) -> Option<InjectionOrder<'m>> {
    let order = ordered(group, reader)?;
    let components = group.components.iter().map(|rxc| component(*rxc, reader)).collect();
    let observations = observation::results(&group.observed, reader);
    Some(InjectionOrder { order, components, observations })
}

fn component<'m>(rxc: Segment<'m>, reader: &mut Reader<'m>) -> MixtureComponent<'m> {
    MixtureComponent {
        at: place(rxc, 0),
        role: reader.text(rxc, 1),
        drug: reader.coded(rxc, 2),
        amount: reader.observed(rxc, 3),
        unit: reader.coded(rxc, 4),
    }
}

fn encoded<'m>(rxe: Segment<'m>, reader: &mut Reader<'m>) -> MedicationOrder<'m> {
    let mut dispensing = reader.codeds(rxe, 21);
    let setting = if dispensing.is_empty() { None } else { Some(dispensing.remove(0)) };
    MedicationOrder {
        drug: reader.coded(rxe, 2),
        dose: reader.observed(rxe, 3),
        dose_max: reader.observed(rxe, 4),
        dose_unit: reader.coded(rxe, 5),
        form: reader.coded(rxe, 6),
        instructions: reader.codeds(rxe, 7),
        dispense: reader.observed(rxe, 10),
        dispense_unit: reader.coded(rxe, 11),
        prescription_number: reader.text(rxe, 15),
        daily_amount: reader.observed(rxe, 19),
        daily_unit: reader.coded_in(rxe, 19, 2),
        setting,
        dispensing,
        dose_per: reader.text(rxe, 22),
        rate: reader.observed(rxe, 23),
        rate_unit: reader.coded(rxe, 24),
        supplementary_codes: reader.codeds(rxe, 31),
        ..empty(place(rxe, 0))
    }
}

fn timing<'m>(drug: &mut MedicationOrder<'m>, tq1: Segment<'m>, reader: &mut Reader<'m>) {
    let mut usages = reader.codeds(tq1, 3).into_iter();
    drug.usage = usages.next();
    drug.usage_details = usages.collect();
    drug.duration = reader.quantity(tq1, 6);
    drug.starts_at = reader.time(tq1, 7);
    drug.ends_at = reader.time(tq1, 8);
    drug.usage_text = text(tq1, reader);
    drug.occurrences = reader.observed(tq1, 14);
}

fn further<'m>(tq1: Segment<'m>, reader: &mut Reader<'m>) -> Timing<'m> {
    Timing {
        at: place(tq1, 0),
        amount: reader.observed(tq1, 2),
        usage: reader.coded(tq1, 3),
        duration: reader.quantity(tq1, 6),
        starts_at: reader.time(tq1, 7),
        ends_at: reader.time(tq1, 8),
        text: text(tq1, reader),
    }
}

fn text<'m>(tq1: Segment<'m>, reader: &mut Reader<'m>) -> Option<Text<'m>> {
    reader.whole(tq1, 11)
}

const fn empty<'m>(at: crate::canonical::Place) -> MedicationOrder<'m> {
    MedicationOrder {
        at,
        number: None,
        group: None,
        control: None,
        drug: None,
        dose: None,
        dose_max: None,
        dose_unit: None,
        form: None,
        dispense: None,
        dispense_unit: None,
        prescription_number: None,
        daily_amount: None,
        daily_unit: None,
        instructions: Vec::new(),
        dose_per: None,
        rate: None,
        rate_unit: None,
        supplementary_codes: Vec::new(),
        setting: None,
        dispensing: Vec::new(),
        usage: None,
        usage_details: Vec::new(),
        duration: None,
        starts_at: None,
        ends_at: None,
        usage_text: None,
        occurrences: None,
        further_timings: Vec::new(),
        route: None,
        site: None,
        device: None,
        ordered_at: None,
        ordered_by: None,
        details: crate::canonical::OrderDetails {
            filler_number: None,
            order_status: None,
            entered_by: None,
            effective_at: None,
            control_reason: None,
            department: None,
            order_type: None,
            requesters: Vec::new(),
        },
    }
}
