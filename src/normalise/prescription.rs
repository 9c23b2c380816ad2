//! RDE^O11 of OMP-01: (ORC RXE TQ1+ RXR+)+.

use hl7v2::{Message, Segment};

use super::reader::{Reader, id, place};
use crate::canonical::{MedicationOrder, Prescription, Text};

/// The content of the `prescription` kind. ORC opens a drug and RXE names it; TQ1 and RXR follow.
pub(super) fn read<'m>(message: &'m Message, reader: &mut Reader<'m>) -> Prescription<'m> {
    let mut medications: Vec<MedicationOrder<'m>> = Vec::new();
    let mut order: Option<Segment<'m>> = None;
    for segment in message.segments() {
        match &id(segment) {
            b"ORC" => order = Some(segment),
            b"RXE" => medications.push(drug(segment, order, reader)),
            b"TQ1" => {
                if let Some(drug) = medications.last_mut().filter(|drug| drug.usage.is_none()) {
                    drug.usage = reader.coded(segment, 3);
                    drug.duration = duration(segment, reader);
                    drug.starts_at = reader.time(segment, 7);
                }
            }
            b"RXR" => {
                if let Some(drug) = medications.last_mut().filter(|drug| drug.route.is_none()) {
                    drug.route = reader.coded(segment, 1);
                }
            }
            _ => {}
        }
    }
    Prescription { medications }
}

fn drug<'m>(rxe: Segment<'m>, order: Option<Segment<'m>>, reader: &mut Reader<'m>) -> MedicationOrder<'m> {
    MedicationOrder {
        at: place(rxe, 0),
        number: order.and_then(|orc| reader.text(orc, 2)),
        group: order.and_then(|orc| reader.text(orc, 4)),
        control: order.and_then(|orc| reader.text(orc, 1)),
        drug: reader.coded(rxe, 2),
        dose: reader.observed(rxe, 3),
        dose_unit: reader.coded(rxe, 5),
        form: reader.coded(rxe, 6),
        dispense: reader.observed(rxe, 10),
        dispense_unit: reader.coded(rxe, 11),
        setting: reader.coded(rxe, 21).or_else(|| order.and_then(|orc| reader.coded(orc, 29))),
        usage: None,
        duration: None,
        starts_at: None,
        route: None,
        ordered_at: order.and_then(|orc| reader.time(orc, 9)),
        ordered_by: order.and_then(|orc| reader.practitioner(orc, 12)),
    }
}

/// TQ1-6 (CQ): amount and unit, written together.
pub(super) fn duration<'m>(tq1: Segment<'m>, reader: &mut Reader<'m>) -> Option<Text<'m>> {
    let amount = reader.component(tq1, 6, 1)?;
    Some(match reader.component(tq1, 6, 2) {
        Some(unit) => format!("{amount} {unit}").into(),
        None => amount,
    })
}
