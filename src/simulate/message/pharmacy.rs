//! OMP-01 prescriptions, OMP-02 injections, OMP-11 and OMP-12 what was given of them, OMD meals.

use jiff::SignedDuration;

use super::common::*;
use crate::simulate::Facility;
use crate::simulate::catalogue::*;
use crate::simulate::event::*;
use crate::simulate::segment::Segment;

/// RDE^O11 (OMP-01): PID PV1 (ORC RXE TQ1 RXR)+, one group per drug.
pub(super) fn prescription(
    facility: &Facility,
    event: &Event,
    drugs: &[&Drug],
    outside: bool,
    segments: &mut Vec<Segment>,
) {
    let place = if outside { "OHO^院外処方^MR9P" } else { "OHI^院内処方^MR9P" };
    segments.push(patient(event, false));
    segments.push(visit(&event.encounter));
    for (drug, line) in drugs.iter().zip(1..) {
        let unit = format!("{}^{}^MR9P", drug.unit.0, drug.unit.1);
        let daily = drug.dose * drug.usage.doses;
        segments.push(order(facility, event, "NW").with(4, group(event, line)));
        segments.push(
            Segment::new("RXE")
                .with(2, format!("{}^{}^HOT9^{}^{}^YJ", drug.hot9, drug.name, drug.yj, drug.name))
                .with(3, drug.dose.to_string())
                .with(5, unit.as_str())
                .with(10, (daily * drug.days).to_string())
                .with(11, unit)
                .with(15, event.order_text())
                .with(19, format!("{daily}^{}&{}&MR9P", drug.unit.0, drug.unit.1))
                .with(21, format!("OHP^外来処方^MR9P~{place}")),
        );
        segments.push(
            Segment::new("TQ1")
                .with(1, "1")
                .with(3, format!("{}&{}&JAMISDP01", drug.usage.code, drug.usage.text))
                .with(6, format!("{}^d", drug.days))
                .with(7, minutes(event.at)),
        );
        segments.push(Segment::new("RXR").with(1, "PO^口^HL70162"));
    }
}

/// RDE^O11 (OMP-02): PID PV1 ORC RXE TQ1 RXR RXC+. RXE-2 is the kind of injection; the drugs stand in RXC.
pub(super) fn injection(
    facility: &Facility,
    event: &Event,
    infusion: &Infusion,
    segments: &mut Vec<Segment>,
) {
    let end = event.at.saturating_add(SignedDuration::from_hours(3));
    segments.push(patient(event, false));
    segments.push(visit(&event.encounter));
    segments.push(order(facility, event, "NW").with(4, group(event, 1)));
    segments.push(
        Segment::new("RXE")
            .with(2, "00^一般^99I02")
            .with(3, infusion.millilitres.to_string())
            .with(5, "ML^ミリリットル^MR9P")
            .with(6, "INJ^注射剤^MR9P")
            .with(15, event.order_text())
            .with(21, "IHP^入院処方^MR9P"),
    );
    segments.push(Segment::new("TQ1").with(1, "1").with(7, minutes(event.at)).with(8, minutes(end)));
    segments.push(Segment::new("RXR").with(1, "IV^静脈内^HL70162").with(3, "IVP^点滴ポンプ^HL70164"));
    let parts = [("B", infusion.base, &BAG), ("A", infusion.additive, &AMPOULE)];
    segments.extend(parts.map(|(kind, (hot9, name), unit)| {
        Segment::new("RXC")
            .with(1, kind)
            .with(2, format!("{hot9}^{name}^HOT9"))
            .with(3, "1")
            .with(4, format!("{}^{}^MR9P", unit.0, unit.1))
    }));
}

/// RAS^O17 (OMP-11): PID PV1 (ORC RXA RXR)+, one group per drug; RXA-3 gives the care date.
pub(super) fn dispensed(facility: &Facility, event: &Event, drugs: &[&Drug], segments: &mut Vec<Segment>) {
    segments.push(patient(event, false));
    segments.push(visit(&event.encounter));
    for (drug, line) in drugs.iter().zip(1..) {
        segments.push(order(facility, event, "SC").with(4, group(event, line)));
        let amount = (drug.dose * drug.usage.doses * drug.days).to_string();
        let unit = format!("{}^{}^MR9P", drug.unit.0, drug.unit.1);
        segments.push(given(event, 1, (drug.hot9, drug.name), amount, unit));
        segments.push(Segment::new("RXR").with(1, "PO^口^HL70162"));
    }
}

/// RAS^O17 (OMP-12): PID PV1 ORC RXA+ RXR, one RXA per part of the mixture.
pub(super) fn injected(facility: &Facility, event: &Event, infusion: &Infusion, segments: &mut Vec<Segment>) {
    segments.push(patient(event, false));
    segments.push(visit(&event.encounter));
    segments.push(order(facility, event, "SC").with(4, group(event, 1)));
    for ((drug, unit), set) in [(infusion.base, &BAG), (infusion.additive, &AMPOULE)].into_iter().zip(1..) {
        let unit = format!("{}^{}^MR9P", unit.0, unit.1);
        segments.push(given(event, set, drug, "1".to_owned(), unit));
    }
    segments.push(Segment::new("RXR").with(1, "IV^静脈内^HL70162").with(3, "IVP^点滴ポンプ^HL70164"));
}

/// RXA of a drug that was given completely.
fn given(event: &Event, set: u32, (hot9, name): (&str, &str), amount: String, unit: String) -> Segment {
    Segment::new("RXA")
        .with(1, "0")
        .with(2, set.to_string())
        .with(3, minutes(event.at))
        .with(4, minutes(event.at))
        .with(5, format!("{hot9}^{name}^HOT9"))
        .with(6, amount)
        .with(7, unit)
        .with(10, "N00301^看架^架子^^^^^^^L^^^^^I")
        .with(20, "CP")
        .with(21, if event.is_deletion { "D" } else { "A" })
}

/// OMD^O03: PID PV1 ORC TQ1 ODS.
pub(super) fn diet(facility: &Facility, event: &Event, segments: &mut Vec<Segment>) {
    segments.push(patient(event, false));
    segments.push(visit(&event.encounter));
    segments.push(order(facility, event, "NW"));
    segments.push(
        Segment::new("TQ1")
            .with(1, "1")
            .with(3, "TID&１日３回&HL70335")
            .with(7, minutes(event.at))
            .with(9, "R^ルーチン^HL70485"),
    );
    segments
        .push(Segment::new("ODS").with(1, "D").with(3, "M001^常食（糖質調整）^99KKU").with(4, "塩分６ｇ"));
}

/// ORC-4: order number, recipe and drug.
fn group(event: &Event, line: u32) -> String {
    format!("{}_{line:02}_001", event.order_text())
}
