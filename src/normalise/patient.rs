//! PID: whom the message is about.

use std::borrow::Cow;

use hl7v2::{Message, Repetition, Segment};

use super::reader::{Reader, place, small};
use super::value::{present, text};
use crate::canonical::{Address, Patient, PatientUpdate, PersonName, Place, Script, Sex, Text};

/// The patient. The id of the storage's path decides where there is one: it is what the facility's system files the
/// record under, and PID-3 differs from it even in official samples.
pub(super) fn read<'m>(
    message: &'m Message,
    by_path: &'m str,
    reader: &mut Reader<'m>,
) -> Option<Patient<'m>> {
    let Some(pid) = message.segment("PID") else {
        if !by_path.is_empty() && message.segment("MSH").is_some() {
            let at = Place { segment: *b"PID", occurrence: 0, field: 0, repetition: 0, component: 0 };
            reader.note("no-pid", at, "the message has no PID segment; the patient is the one of the path");
            return Some(Patient {
                at,
                id: Cow::Borrowed(by_path),
                names: Vec::new(),
                birth_date: None,
                sex: None,
            });
        }
        return None;
    };
    let id = id(message, pid, by_path, reader);
    Some(Patient {
        at: place(pid, 0),
        id,
        names: names(pid, reader),
        birth_date: reader.time(pid, 7),
        sex: sex(pid, reader),
    })
}

fn id<'m>(message: &'m Message, pid: Segment<'m>, by_path: &'m str, reader: &mut Reader<'m>) -> Text<'m> {
    let (field, in_message) = message.patient_id().unwrap_or((3, Text::default()));
    if field != 3 {
        let text = "PID-3 is empty; the patient id is taken from this field";
        reader.note("patient-id-elsewhere", place(pid, field), text);
    }
    if by_path.is_empty() {
        return in_message;
    }
    if in_message != by_path {
        let zeros = in_message.trim_start_matches('0') == by_path.trim_start_matches('0');
        let (code, text) = if zeros {
            (
                "patient-id-padding",
                "the patient id differs from the path's in leading zeros; the path decides",
            )
        } else {
            ("patient-id-differs", "the patient id is not the one of the path; the path decides")
        };
        reader.note(code, place(pid, field), text);
    }
    Cow::Borrowed(by_path)
}

/// PID-5. The script stands in XPN.8; one caret short, in XPN.7, is seen in the field and reported.
fn names<'m>(pid: Segment<'m>, reader: &mut Reader<'m>) -> Vec<PersonName<'m>> {
    let at = place(pid, 5);
    let mut names = Vec::new();
    for (index, repetition) in pid.field(5).repetitions().enumerate() {
        let at = at.of(5, small(index + 1));
        let (family, given) = (present(repetition.component(1)), present(repetition.component(2)));
        if family.is_none() && given.is_none() {
            continue;
        }
        let mut script = script(&repetition.component(8).value());
        if script.is_none() {
            script = self::script(&repetition.component(7).value());
            if script.is_some() {
                reader.note("name-shifted", at, "the name's script stands one component too early");
            }
        }
        names.push(PersonName { at, family, given, script });
    }
    names
}

fn script(code: &str) -> Option<Script> {
    match code {
        "I" => Some(Script::Ideographic),
        "P" => Some(Script::Phonetic),
        "A" => Some(Script::Alphabetic),
        _ => None,
    }
}

fn sex(pid: Segment<'_>, reader: &mut Reader<'_>) -> Option<Sex> {
    match pid.field(8).value().as_ref() {
        "M" => Some(Sex::Male),
        "F" => Some(Sex::Female),
        "O" | "A" | "N" => Some(Sex::Other),
        "U" => Some(Sex::Unknown),
        "" | "\"\"" => None,
        _ => {
            reader.note("code-unknown", place(pid, 8), "not a code of HL7 table 0001");
            None
        }
    }
}

/// The content of the `patient` kind.
pub(super) fn update<'m>(message: &'m Message, reader: &mut Reader<'m>) -> PatientUpdate<'m> {
    let Some(pid) = message.segment("PID") else {
        return PatientUpdate {
            addresses: Vec::new(),
            telephones: Vec::new(),
            updated_at: None,
            deceased: None,
        };
    };
    let addresses = pid.field(11).repetitions().enumerate();
    let addresses =
        addresses.filter_map(|(index, r)| address(r, place(pid, 11).of(11, small(index + 1)))).collect();
    let telephones = [13, 14].into_iter().flat_map(|field| pid.field(field).repetitions());
    let telephones =
        telephones.filter_map(|r| present(r.component(12)).or_else(|| present(r.component(1)))).collect();
    let deceased = text(pid.field(30)).map(|flag| flag == "Y");
    PatientUpdate { addresses, telephones, updated_at: reader.time(pid, 33), deceased }
}

fn address(repetition: Repetition<'_>, at: Place) -> Option<Address<'_>> {
    let part = |n| present(repetition.component(n));
    let postal_code = part(5);
    let text = part(8).or_else(|| {
        let parts: Vec<_> = (1..=4).filter_map(part).collect();
        if parts.is_empty() { None } else { Some(Cow::Owned(parts.join(" "))) }
    });
    let use_code = part(7);
    (postal_code.is_some() || text.is_some()).then_some(Address { at, postal_code, text, use_code })
}
