//! PID: whom the message is about.

use std::borrow::Cow;

use hl7v2::{Message, Segment};

use super::coverage::Read;
use super::observation;
use super::reader::{Reader, at_repetition, id, place};
use super::value::present;
use crate::canonical::{
    Address, Contact, Disability, Insurance, PartialTime, Patient, PatientUpdate, PersonName, Place, Script,
    Sex, Text,
};

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
                network_id: None,
                names: Vec::new(),
                birth_date: None,
                sex: None,
            });
        }
        return None;
    };
    let id = patient_id(message, pid, by_path, reader);
    Some(Patient {
        at: place(pid, 0),
        id,
        network_id: None,
        names: names(pid, 5, reader),
        birth_date: birth_date(pid, reader),
        sex: sex(pid, reader),
    })
}

fn patient_id<'m>(
    message: &'m Message,
    pid: Segment<'m>,
    by_path: &'m str,
    reader: &mut Reader<'m>,
) -> Text<'m> {
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

/// PID-7. PID-9 (alias) holds the birth date in an official sample.
fn birth_date<'m>(pid: Segment<'m>, reader: &mut Reader<'m>) -> Option<PartialTime> {
    let alias = pid.field(9).value();
    let is_date = alias.len() == 8 && alias.bytes().all(|digit| digit.is_ascii_digit());
    if !pid.field(7).is_empty() || !is_date {
        return reader.time(pid, 7);
    }
    reader.note(
        "birth-date-elsewhere",
        place(pid, 9),
        "PID-7 is empty; the birth date is taken from this field",
    );
    reader.time(pid, 9)
}

/// Names (XPN). The script stands in XPN.8. One caret short, in XPN.7, is seen in the field and reported: the name's
/// type then stands in XPN.6, where otherwise a degree does, and `A` or `P` in XPN.7 is a type itself (HL7 table 0200).
fn names<'m>(segment: Segment<'m>, field: usize, reader: &mut Reader<'m>) -> Vec<PersonName<'m>> {
    let mut names = Vec::new();
    let mut is_known = true;
    for (index, repetition) in segment.field(field).repetitions().enumerate() {
        let at = at_repetition(segment, field, index);
        let (family, given) = (present(repetition.component(1)), present(repetition.component(2)));
        if family.is_none() && given.is_none() {
            continue;
        }
        let stated = repetition.component(8);
        let mut script = script(&stated.value());
        is_known &= script.is_some() || stated.is_empty();
        if script.is_none() && repetition.component(6).value() == "L" {
            script = self::script(&repetition.component(7).value());
            if script.is_some() {
                reader.note("name-shifted", at, "the name's script stands one component too early");
            }
        }
        names.push(PersonName { at, family, given, script });
    }
    let script = if is_known { Read::component(8) } else { Read::NONE };
    reader.mark(segment, field, Read::up_to(2).and(script).of_all());
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
    let recorded_at = message.segment("EVN").and_then(|evn| reader.time(evn, 2));
    let mut update = PatientUpdate { recorded_at, ..PatientUpdate::default() };
    let mut observed = Vec::new();
    for segment in message.segments() {
        match &id(segment) {
            b"PID" if segment.occurrence() == 1 => demographics(segment, &mut update, reader),
            b"NK1" => update.contacts.push(contact(segment, reader)),
            b"IN1" => update.insurances.push(insurance(segment, reader)),
            b"DB1" => update.disabilities.push(disability(segment, reader)),
            b"OBX" | b"NTE" => observed.push(segment),
            _ => {}
        }
    }
    update.results = observation::results(&observed, reader);
    update
}

fn demographics<'m>(pid: Segment<'m>, update: &mut PatientUpdate<'m>, reader: &mut Reader<'m>) {
    update.addresses = addresses(pid, 11, reader);
    update.telephones = [13, 14].into_iter().flat_map(|field| telephones(pid, field, reader)).collect();
    update.deceased = yes_or_no(pid, 30, reader);
    update.updated_at = reader.time(pid, 33);
}

fn yes_or_no(segment: Segment<'_>, field: usize, reader: &mut Reader<'_>) -> Option<bool> {
    reader.code(segment, field, "0136", |code| match code {
        "Y" => Some(true),
        "N" => Some(false),
        _ => None,
    })
}

fn contact<'m>(nk1: Segment<'m>, reader: &mut Reader<'m>) -> Contact<'m> {
    Contact {
        at: place(nk1, 0),
        names: names(nk1, 2, reader),
        relationship: reader.coded(nk1, 3),
        addresses: addresses(nk1, 4, reader),
        telephones: [5, 6].into_iter().flat_map(|field| telephones(nk1, field, reader)).collect(),
        organisation: reader.text(nk1, 13),
    }
}

/// IN1, and ZI1 which has the same fields.
pub(super) fn insurance<'m>(in1: Segment<'m>, reader: &mut Reader<'m>) -> Insurance<'m> {
    Insurance {
        at: place(in1, 0),
        plan: reader.coded(in1, 2),
        insurer_number: reader.text(in1, 3),
        insurer_name: reader.text(in1, 4),
        insured_numbers: reader.texts(in1, 10),
        group_name: reader.text(in1, 11),
        valid_from: reader.time(in1, 12),
        valid_until: reader.time(in1, 13),
        plan_type: reader.text(in1, 15),
        relationship: reader.coded(in1, 17),
    }
}

fn disability<'m>(db1: Segment<'m>, reader: &mut Reader<'m>) -> Disability<'m> {
    Disability { at: place(db1, 0), person: reader.text(db1, 2), is_disabled: yes_or_no(db1, 4, reader) }
}

/// Addresses (XAD). Where XAD.8 holds the whole address, the parts are left as they are.
fn addresses<'m>(segment: Segment<'m>, field: usize, reader: &mut Reader<'m>) -> Vec<Address<'m>> {
    let mut read = Read::up_to(8).but(Read::component(6));
    let mut addresses = Vec::new();
    for (index, repetition) in segment.field(field).repetitions().enumerate() {
        let part = |n| present(repetition.component(n));
        let parts: Vec<_> = (1..=4).filter_map(part).collect();
        let whole = part(8);
        if whole.is_some() {
            read = read.but(Read::up_to(4));
        }
        let text = whole.or_else(|| (!parts.is_empty()).then(|| Cow::Owned(parts.join(" "))));
        let (postal_code, use_code) = (part(5), part(7));
        if postal_code.is_some() || text.is_some() {
            addresses.push(Address { at: at_repetition(segment, field, index), postal_code, text, use_code });
        } else {
            read = Read::NONE;
        }
    }
    reader.mark(segment, field, read.of_all());
    addresses
}

/// Telephone numbers (XTN): XTN.12 where it is written, as SS-MIX2 wants it, else XTN.1.
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
