//! Segments and values that many messages share.

use jiff::civil::DateTime;

use crate::simulate::Facility;
use crate::simulate::catalogue::Department;
use crate::simulate::event::*;
use crate::simulate::people::Person;
use crate::simulate::segment::Segment;
use crate::simulate::segment::escape;

/// `YYYYMMDDHHMMSS`.
pub(super) fn seconds(moment: DateTime) -> String {
    moment.strftime("%Y%m%d%H%M%S").to_string()
}

/// `YYYYMMDDHHMM`.
pub(super) fn minutes(moment: DateTime) -> String {
    moment.strftime("%Y%m%d%H%M").to_string()
}

/// MSH with the fixed values of SS-MIX2 1.2. MSH-4 says 架空 (KAKUU) for every facility.
pub(super) fn header(event: &Event, sequence: u64, message_type: &str) -> Segment {
    Segment::new("MSH")
        .with(2, "^~\\&")
        .with(3, "HIS")
        .with(4, "KAKUU")
        .with(5, "GW")
        .with(6, "RCV")
        .with(7, event.sent.strftime("%Y%m%d%H%M%S%.3f").to_string())
        .with(9, message_type)
        .with(10, format!("SIM{sequence:012}"))
        .with(11, "P")
        .with(12, "2.5")
        .with(18, "~ISO IR87")
        .with(20, "ISO 2022-1994")
        .with(21, "SS-MIX2_1.20^SS-MIX2^1.2.392.200250.2.1.100.1.2.120^ISO")
}

/// EVN with the recorded time and, where the event has one, the time at which it occurred (EVN-6).
pub(super) fn event_type(event: &Event, occurred: Option<DateTime>) -> Segment {
    Segment::new("EVN").with(2, seconds(event.sent)).with_some(6, occurred.map(minutes)).with(7, "KAKUU")
}

/// PID-5: kanji (I), then kana (P).
pub(in crate::simulate) fn person_name(person: &Person) -> String {
    let (family, given) = (person.family, person.given);
    format!("{}^{}^^^^^L^I~{}^{}^^^^^L^P", family.kanji, given.kanji, family.kana, given.kana)
}

/// XAD with the whole address in component 8.
pub(super) fn address(postal: &str, line: &str) -> String {
    format!("^^^^{postal}^JPN^H^{}", escape(line))
}

/// XTN of a home telephone, the number in component 12.
pub(super) fn phone(number: &str) -> String {
    format!("^PRN^PH^^^^^^^^^{number}")
}

/// PID; `moved` gives the second address of a person who moved house.
pub(super) fn patient(event: &Event, moved: bool) -> Segment {
    let person = &event.patient.person;
    let line = if moved { format!("{}-101号", person.address) } else { person.address.clone() };
    Segment::new("PID")
        .with(1, "0001")
        .with(3, format!("{}^^^^PI", event.patient.id))
        .with(5, person_name(person))
        .with(7, person.birth.strftime("%Y%m%d").to_string())
        .with(8, person.sex.to_string())
        .with(11, address(&person.postal, &line))
        .with(13, phone(&person.phone))
}

/// PL of a bed.
pub(super) fn bed(bed: Bed) -> String {
    format!("{}^{}^{}^^^N", bed.ward, bed.room, bed.bed)
}

/// PL of where the encounter takes place: the bed, or the department's clinic.
pub(super) fn location(encounter: &Encounter) -> String {
    match encounter.stay {
        Some(stay) => bed(stay.bed),
        None => format!("{}^^^^^C", encounter.department.code),
    }
}

/// XCN of the doctor in charge.
pub(super) fn doctor(encounter: &Encounter) -> String {
    let doctor = encounter.doctor;
    format!("{}^{}^{}^^^^^^^L^^^^^I", doctor.0, doctor.1, doctor.2)
}

/// PV1 up to field 10.
pub(super) fn visit(encounter: &Encounter) -> Segment {
    Segment::new("PV1")
        .with(1, "0001")
        .with(2, if encounter.stay.is_some() { "I" } else { "O" })
        .with(3, location(encounter))
        .with(7, doctor(encounter))
        .with(10, encounter.department.code)
}

/// CWE of a department.
pub(super) fn department(department: &Department) -> String {
    format!("{}^{}^HL70069", department.code, department.name)
}

/// ORC with order control `control` (CA where the event is a deletion).
pub(super) fn order(facility: &Facility, event: &Event, control: &str) -> Segment {
    let encounter = &event.encounter;
    let order_type =
        if encounter.stay.is_some() { "I^入院患者オーダ" } else { "O^外来患者オーダ" };
    Segment::new("ORC")
        .with(1, if event.is_deletion { "CA" } else { control })
        .with(2, event.order_text())
        .with(9, seconds(event.at))
        .with(10, doctor(encounter))
        .with(12, doctor(encounter))
        .with(13, location(encounter))
        .with(17, department(encounter.department))
        .with(21, escape(&facility.name))
        .with(22, format!("^^^^{}^JPN^^{}", facility.postal, escape(&facility.address)))
        .with(23, format!("^^^^^^^^^^^{}", facility.phone))
        .with(29, format!("{order_type}^HL70482"))
}

/// What an OBX says; the rest of the segment stays empty.
#[derive(Debug, Default)]
pub(super) struct Observation<'a> {
    pub(super) value_type: &'a str,
    pub(super) code: String,
    pub(super) value: String,
    /// Unit code in ER7 form; empty where the value has none.
    pub(super) unit: &'a str,
    pub(super) range: String,
    pub(super) flag: &'a str,
    pub(super) status: &'a str,
    /// OBX-14.
    pub(super) at: Option<DateTime>,
}

/// OBX number `set`.
pub(super) fn observation(set: usize, observation: &Observation) -> Segment {
    let unit = observation.unit;
    let mut segment = Segment::new("OBX")
        .with(1, set.to_string())
        .with(2, observation.value_type)
        .with(3, observation.code.as_str())
        .with(5, observation.value.as_str());
    if !unit.is_empty() {
        segment = segment.with(6, format!("{unit}^{unit}^ISO+"));
    }
    segment
        .with(7, observation.range.as_str())
        .with(8, observation.flag)
        .with(11, observation.status)
        .with_some(14, observation.at.map(minutes))
}
