//! OML-01 laboratory orders and OML-11 results.

use super::common::*;
use crate::simulate::Facility;
use crate::simulate::catalogue::*;
use crate::simulate::event::*;
use crate::simulate::random::Random;
use crate::simulate::segment::Segment;

/// OML^O33: PID PV1 (SPM ORC TQ1 OBR)+.
pub(super) fn order(facility: &Facility, event: &Event, groups: &[LabGroup], segments: &mut Vec<Segment>) {
    segments.push(patient(event, false));
    segments.push(visit(&event.encounter));
    for (group, set) in groups.iter().zip(1usize..) {
        segments.push(specimen(event, group, set));
        segments.push(super::common::order(facility, event, "NW"));
        segments.push(Segment::new("TQ1").with(1, "1").with(7, minutes(event.at)).with(9, "R^^HL70485"));
        segments.push(
            Segment::new("OBR")
                .with(1, set.to_string())
                .with(2, event.order_text())
                .with(4, service(group))
                .with(16, doctor(&event.encounter)),
        );
    }
}

/// OUL^R22: PID PV1 (SPM OBR ORC OBX+)+, with OBR before ORC as SS-MIX2 has it.
pub(super) fn result(
    facility: &Facility,
    event: &Event,
    groups: &[LabGroup],
    is_final: bool,
    segments: &mut Vec<Segment>,
) {
    segments.push(patient(event, false));
    segments.push(visit(&event.encounter));
    let mut random = Random::new(event.noise, 1);
    let status = if is_final { "F" } else { "P" };
    for (group, set) in groups.iter().zip(1usize..) {
        segments.push(specimen(event, group, set));
        segments.push(
            Segment::new("OBR")
                .with(1, set.to_string())
                .with(2, event.order_text())
                .with(3, specimen_id(event, set))
                .with(4, service(group))
                .with(7, minutes(event.at))
                .with(8, minutes(event.at))
                .with(16, doctor(&event.encounter))
                .with(22, seconds(event.sent)),
        );
        let order_status = if is_final { "CM" } else { "IP" };
        segments.push(
            super::common::order(facility, event, "SC")
                .with(3, specimen_id(event, set))
                .with(5, order_status)
                .with(9, seconds(event.sent)),
        );
        match group {
            LabGroup::Panel(panel) => segments.extend(panel.tests.iter().zip(1usize..).map(|(test, set)| {
                let observed = measured(test, &mut random);
                observation(set, &Observation { status, at: Some(event.at), ..observed })
            })),
            LabGroup::Infection(test, positive) => {
                let observed = judged(test, *positive, &mut random);
                segments.push(observation(1, &Observation { status, at: Some(event.at), ..observed }));
            }
        }
    }
}

fn specimen(event: &Event, group: &LabGroup, set: usize) -> Segment {
    let material = match group {
        LabGroup::Panel(panel) => &panel.material,
        LabGroup::Infection(test, _) => &test.material,
    };
    Segment::new("SPM")
        .with(1, set.to_string())
        .with(2, specimen_id(event, set))
        .with(4, format!("{}^{}^JC10", material.0, material.1))
        .with(17, minutes(event.at))
}

fn specimen_id(event: &Event, set: usize) -> String {
    format!("{:013}{set:02}", event.order.unwrap_or(0))
}

/// OBR-4: the local code of a panel, or the 15-digit order form of a JLAC10 code.
fn service(group: &LabGroup) -> String {
    match group {
        LabGroup::Panel(panel) => format!("{}^{}^99KKU", panel.code, panel.name),
        LabGroup::Infection(test, _) => {
            format!("{}^{}^JC10", test.code.get(..15).unwrap_or(test.code), test.name)
        }
    }
}

fn measured(test: &LabTest, random: &mut Random) -> Observation<'static> {
    let code = format!("{}^{}^JC10", test.code, test.name);
    match test.scale {
        Scale::Number { low, high, decimals, unit } => {
            let span = high - low;
            // One value in about five falls outside the limits.
            let value = (low - span / 8 + random.below_signed(span + span / 4 + 1)).max(0);
            let flag = if value < low {
                "L"
            } else if value > high {
                "H"
            } else {
                ""
            };
            Observation {
                value_type: "NM",
                code,
                value: decimal(value, decimals),
                unit,
                range: format!("{}-{}", decimal(low, decimals), decimal(high, decimals)),
                flag,
                ..Observation::default()
            }
        }
        Scale::Grade(grades) => {
            let grade = *random.pick(grades);
            let flag = if grade == grades[0] { "" } else { "A" };
            Observation { value_type: "ST", code, value: grade.to_owned(), flag, ..Observation::default() }
        }
    }
}

fn judged(test: &InfectionTest, positive: bool, random: &mut Random) -> Observation<'static> {
    let values = if positive { test.positive } else { test.negative };
    Observation {
        value_type: "ST",
        code: format!("{}^{}^JC10", test.code, test.name),
        value: (*random.pick(values)).to_owned(),
        flag: if positive { "A" } else { "" },
        ..Observation::default()
    }
}

/// `value` in units of 10^-`decimals`, written out.
fn decimal(value: i64, decimals: usize) -> String {
    let digits = format!("{value:0width$}", width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    if decimals == 0 { digits } else { format!("{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    #[test]
    fn decimals_are_written_out() {
        assert_eq!(super::decimal(7, 1), "0.7");
        assert_eq!(super::decimal(1015, 3), "1.015");
        assert_eq!(super::decimal(140, 0), "140");
    }
}
