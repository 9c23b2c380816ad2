//! PID: whom the message is about.

use std::borrow::Cow;

use hl7v2::{Message, Segment};

use super::coverage::Read;
use super::reader::{Reader, at_repetition, place};
use super::value::present;
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
            let at = Place::segment(*b"PID", 0);
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
    if by_path.is_empty() || in_message == by_path {
        reader.mark(pid, field, Read::FIRST);
        return if by_path.is_empty() { in_message } else { Cow::Borrowed(by_path) };
    }
    if !in_message.is_empty() {
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
    let mut names = Vec::new();
    let mut read = Read::up_to(2).of_all();
    for (index, repetition) in pid.field(5).repetitions().enumerate() {
        let at = at_repetition(pid, 5, index);
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
        } else {
            read = read.and(Read::component(8));
        }
        names.push(PersonName { at, family, given, script });
    }
    reader.mark(pid, 5, read);
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
    reader.code(pid, 8, "0001", |code| match code {
        "M" => Some(Sex::Male),
        "F" => Some(Sex::Female),
        "O" | "A" | "N" => Some(Sex::Other),
        "U" => Some(Sex::Unknown),
        _ => None,
    })
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
    let addresses = addresses(pid, reader);
    let telephones = [13, 14].into_iter().flat_map(|field| telephones(pid, field, reader)).collect();
    let deceased = reader.text(pid, 30).map(|flag| flag == "Y");
    PatientUpdate { addresses, telephones, updated_at: reader.time(pid, 33), deceased }
}

/// PID-11. Where XAD.8 holds the whole address, the parts are left as they are.
fn addresses<'m>(pid: Segment<'m>, reader: &mut Reader<'m>) -> Vec<Address<'m>> {
    let mut read = Read::up_to(8).but(Read::component(6));
    let mut addresses = Vec::new();
    for (index, repetition) in pid.field(11).repetitions().enumerate() {
        let part = |n| present(repetition.component(n));
        let parts: Vec<_> = (1..=4).filter_map(part).collect();
        let whole = part(8);
        if whole.is_some() {
            read = read.but(Read::up_to(4));
        }
        let text = whole.or_else(|| (!parts.is_empty()).then(|| Cow::Owned(parts.join(" "))));
        let (postal_code, use_code) = (part(5), part(7));
        if postal_code.is_some() || text.is_some() {
            addresses.push(Address { at: at_repetition(pid, 11, index), postal_code, text, use_code });
        } else {
            read = Read::NONE;
        }
    }
    reader.mark(pid, 11, read.of_all());
    addresses
}

/// PID-13 and PID-14: XTN.12 where it is written, as SS-MIX2 wants it, else XTN.1.
fn telephones<'m>(pid: Segment<'m>, field: usize, reader: &mut Reader<'m>) -> Vec<Text<'m>> {
    let mut numbers = Vec::new();
    let mut read = [1, 12].map(Read::component);
    for repetition in pid.field(field).repetitions() {
        let [plain, unformatted] = [1, 12].map(|number| present(repetition.component(number)));
        if plain.is_some() && unformatted.is_some() {
            read[0] = Read::NONE;
        }
        numbers.extend(unformatted.or(plain));
    }
    reader.mark(pid, field, read[0].and(read[1]).of_all());
    numbers
}
