//! OMG-01 imaging orders, OMG-11 imaging performed, OMG-02 and OMG-12 endoscopies, OMG-03 and OMG-13 physiological examinations.

use super::common::*;
use crate::simulate::Facility;
use crate::simulate::catalogue::*;
use crate::simulate::event::*;
use crate::simulate::random::Random;
use crate::simulate::segment::Segment;

/// OMG^O19: PID PV1 (ORC TQ1 OBR OBX*)+ as order (NW), parent (PA) and children (CH).
pub(super) fn order(facility: &Facility, event: &Event, exam: &Imaging, segments: &mut Vec<Segment>) {
    segments.push(patient(event, false));
    segments.push(visit(&event.encounter));
    requests(facility, event, exam, segments, |_, _| {});
}

/// OMI^Z23: as the order, each group closed by ZE1 (children) and IPC: accession, Study UID and modality.
pub(super) fn performed(facility: &Facility, event: &Event, exam: &Imaging, segments: &mut Vec<Segment>) {
    let ipc = Segment::new("IPC")
        .with(1, accession(event))
        .with(2, format!("P{}", accession(event)))
        .with(3, study_uid(event))
        .with(5, format!("{}^^DCM", exam.modality));
    segments.push(patient(event, false));
    segments.push(visit(&event.encounter));
    requests(facility, event, exam, segments, |child, segments| {
        if let Some((code, name)) = child {
            segments.push(
                Segment::new("ZE1")
                    .with(1, "1")
                    .with(2, "RS")
                    .with(3, format!("{code}^{name}^{}", exam.system)),
            );
        }
        segments.push(ipc.clone());
    });
}

/// Writes the groups of an examination; `close` adds what follows each of them.
fn requests(
    facility: &Facility,
    event: &Event,
    exam: &Imaging,
    segments: &mut Vec<Segment>,
    close: impl Fn(Option<(&str, &str)>, &mut Vec<Segment>),
) {
    let parent = event.order_text();
    for control in ["NW", "PA"] {
        segments.push(super::common::order(facility, event, control));
        segments.push(timing());
        segments.push(request(event, exam, &parent, exam.parent));
        if control == "PA" {
            segments.push(reason(exam));
        }
        close(None, segments);
    }
    for (child, number) in exam.children.iter().zip(1..) {
        let own = format!("{:015}", event.order.unwrap_or(0) + 100 * number);
        segments
            .push(super::common::order(facility, event, "CH").with(2, own.as_str()).with(8, parent.as_str()));
        segments.push(timing());
        segments.push(request(event, exam, &own, *child).with(29, parent.as_str()));
        close(Some(*child), segments);
    }
}

fn timing() -> Segment {
    Segment::new("TQ1").with(1, "1").with(9, "R^^HL70485")
}

fn request(event: &Event, exam: &Imaging, order: &str, (code, name): (&str, &str)) -> Segment {
    let performed = matches!(event.content, Content::ImagingPerformed(_));
    Segment::new("OBR")
        .with(2, order)
        .with(4, format!("{code}^{name}^{}", exam.system))
        .with_some(7, performed.then(|| minutes(event.at)))
        .with(16, doctor(&event.encounter))
        .with_some(18, performed.then(|| accession(event)))
}

fn reason(exam: &Imaging) -> Segment {
    let reason = Observation {
        value_type: "TX",
        code: "MS3-04^検査理由^JSHR".to_owned(),
        value: exam.reason.to_owned(),
        status: "F",
        ..Observation::default()
    };
    observation(1, &reason)
}

/// The accession number: date and order, at most 16 characters (DICOM SH).
pub(in crate::simulate) fn accession(event: &Event) -> String {
    format!("A{}{:06}", event.at.strftime("%y%m%d"), event.order.unwrap_or(0) % 1_000_000)
}

/// A Study Instance UID under 2.25 (a UUID as a number), the same for an order and what was performed.
pub(in crate::simulate) fn study_uid(event: &Event) -> String {
    let mut random = Random::new(event.noise, 2);
    let (high, low) = (u128::from(random.next()), u128::from(random.next()));
    format!("2.25.{}", (high << 64) | low)
}

/// OMG^O19 (OMG-03): PID PV1 ORC TQ1 OBR.
pub(super) fn physiology_order(
    facility: &Facility,
    event: &Event,
    exam: &Physiology,
    segments: &mut Vec<Segment>,
) {
    segments.push(patient(event, false));
    segments.push(visit(&event.encounter));
    segments.push(super::common::order(facility, event, "NW"));
    segments.push(timing());
    segments.push(physiology(event, exam));
}

/// ORU^R01 (OMG-13): PID PV1 ORC OBR TQ1 OBX.
pub(super) fn physiology_result(
    facility: &Facility,
    event: &Event,
    exam: &Physiology,
    segments: &mut Vec<Segment>,
) {
    let findings = Observation {
        value_type: "TX",
        code: "F001^所見^99KKU".to_owned(),
        value: exam.findings.to_owned(),
        status: "F",
        at: Some(event.at),
        ..Observation::default()
    };
    segments.push(patient(event, false));
    segments.push(visit(&event.encounter));
    segments.push(super::common::order(facility, event, "SC").with(5, "CM"));
    segments.push(physiology(event, exam).with(7, minutes(event.at)).with(25, "F"));
    segments.push(timing());
    segments.push(observation(1, &findings));
}

fn physiology(event: &Event, exam: &Physiology) -> Segment {
    Segment::new("OBR")
        .with(1, "1")
        .with(2, event.order_text())
        .with(4, format!("{}^{}^99KKU", exam.code, exam.name))
        .with(16, doctor(&event.encounter))
}
