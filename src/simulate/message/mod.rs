//! Events as SS-MIX2 message text: segment orders and required fields of the standardised storage, version 1.2.

mod common;
mod imaging;
mod laboratory;
mod movement;
mod patient;
mod pharmacy;

pub(super) use common::person_name;
pub(super) use imaging::{accession, study_uid};

use super::Facility;
use super::event::Content;
use super::event::Event;
use super::segment::Segment;
use super::segment::text;

/// The message of `event`; `sequence` makes its control id (MSH-10) unique within the storage.
pub(super) fn render(facility: &Facility, sequence: u64, event: &Event) -> String {
    text(&segments(facility, sequence, event), "\r")
}

/// As [`render`], before the segments are joined.
pub(super) fn segments(facility: &Facility, sequence: u64, event: &Event) -> Vec<Segment> {
    let mut segments = vec![common::header(event, sequence, message_type(event))];
    match &event.content {
        Content::Registration { moved } => patient::registration(event, *moved, &mut segments),
        Content::Allergies(allergies) => patient::allergies(event, allergies, &mut segments),
        Content::Problems(problems) => patient::problems(facility, event, problems, &mut segments),
        Content::Movement(kind) => movement::movement(event, *kind, &mut segments),
        Content::DoctorChange => movement::doctor_change(event, &mut segments),
        Content::LabOrder(groups) => laboratory::order(facility, event, groups, &mut segments),
        Content::LabResult { groups, is_final } => {
            laboratory::result(facility, event, groups, *is_final, &mut segments);
        }
        Content::Prescription { drugs, outside } => {
            pharmacy::prescription(facility, event, drugs, *outside, &mut segments);
        }
        Content::Dispensed(drugs) => pharmacy::dispensed(facility, event, drugs, &mut segments),
        Content::Injection(infusion) => pharmacy::injection(facility, event, infusion, &mut segments),
        Content::Injected(infusion) => pharmacy::injected(facility, event, infusion, &mut segments),
        Content::Diet => pharmacy::diet(facility, event, &mut segments),
        Content::ImagingOrder(exam) => imaging::order(facility, event, exam, &mut segments),
        Content::ImagingPerformed(exam) => imaging::performed(facility, event, exam, &mut segments),
        Content::PhysiologyOrder(exam) => imaging::physiology_order(facility, event, exam, &mut segments),
        Content::PhysiologyResult(exam) => imaging::physiology_result(facility, event, exam, &mut segments),
    }
    segments
}

/// MSH-9 by data type and, for what has a cancel message of its own, by deletion.
pub(super) fn message_type(event: &Event) -> &'static str {
    match &event.content {
        Content::Registration { .. } if event.is_deletion => "ADT^A23^ADT_A21",
        Content::Registration { .. } => "ADT^A08^ADT_A01",
        Content::Allergies(_) => "ADT^A60^ADT_A60",
        Content::Movement(movement) => movement.message_type(event.is_deletion),
        Content::DoctorChange if event.is_deletion => "ADT^A55^ADT_A52",
        Content::DoctorChange => "ADT^A54^ADT_A54",
        Content::Problems(_) => "PPR^ZD1^PPR_ZD1",
        Content::LabOrder(_) => "OML^O33^OML_O33",
        Content::LabResult { .. } => "OUL^R22^OUL_R22",
        Content::Prescription { .. } | Content::Injection(_) => "RDE^O11^RDE_O11",
        Content::Dispensed(_) | Content::Injected(_) => "RAS^O17^RAS_O17",
        Content::Diet => "OMD^O03^OMD_O03",
        Content::ImagingOrder(_) | Content::PhysiologyOrder(_) => "OMG^O19^OMG_O19",
        Content::ImagingPerformed(_) => "OMI^Z23^OMI_Z23",
        Content::PhysiologyResult(_) => "ORU^R01^ORU_R01",
    }
}
