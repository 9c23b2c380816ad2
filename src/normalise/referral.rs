//! The `referral` and `referral-reply` kinds: REF and RRI.

use std::borrow::Cow;

use hl7v2::{Message, Segment};

use super::coverage::Read;
use super::narrative;
use super::observation;
use super::reader::{Reader, id, place};
use crate::canonical::{Coded, Party, Place, Referral, Text, is_facility_code};

/// The content of the kinds.
pub(super) fn read<'m>(message: &'m Message, reader: &mut Reader<'m>) -> Referral<'m> {
    let mut referral = Referral::default();
    for segment in message.segments() {
        match &id(segment) {
            b"MSA" => referral.answers = reader.text(segment, 2),
            b"RF1" => header(segment, &mut referral, reader),
            b"PRD" => provider(segment, &mut referral, reader),
            b"CTD" => referral.others.push(contact(segment, reader)),
            b"DG1" => referral.diagnoses.extend(diagnosis(segment, reader)),
            b"PR1" => referral.procedures.extend(reader.coded(segment, 3)),
            b"OBX" => referral.results.push(observation::result(segment, reader)),
            b"NTE" => referral.notes.extend(reader.whole(segment, 3)),
            _ => {}
        }
    }
    identify(message, &mut referral, reader);
    let text = match referral.to.len() {
        0 => "no provider has the role RT, referred to: a person has to find the addressee",
        1 => return referral,
        _ => "more than one provider has the role RT, referred to: a person has to choose",
    };
    let second = message.segments().filter(|segment| is_addressee(*segment)).nth(1);
    let at = second.map_or(Place::segment(*b"PRD", 0), |prd| place(prd, 1));
    reader.note("referral-addressee", at, text);
    referral
}

/// RF1 is optional: a referral without its own id is known by its message.
fn identify<'m>(message: &'m Message, referral: &mut Referral<'m>, reader: &mut Reader<'m>) {
    if referral.id.is_some() {
        return;
    }
    referral.id = message.segment("MSH").and_then(|msh| reader.text(msh, 10));
    let at = Place::segment(*b"RF1", 0).of(6, 0);
    reader.note(
        "referral-id-missing",
        at,
        "the referral has no id of its own; the message's control id stands in",
    );
}

fn header<'m>(rf1: Segment<'m>, referral: &mut Referral<'m>, reader: &mut Reader<'m>) {
    referral.status = reader.text(rf1, 1);
    referral.priority = reader.text(rf1, 2);
    referral.referral_type = reader.coded(rf1, 3);
    referral.id = number(rf1, reader);
    referral.effective_at = reader.time(rf1, 7);
    referral.expires_at = reader.time(rf1, 8);
    referral.reason = reader.component(rf1, 10, 2).or_else(|| reader.component(rf1, 10, 1));
    referral.external_id = reader.text(rf1, 11);
}

/// RF1-6. The number of the national referral service, `機関コード10^発行年4^連番`, holds the character that separates
/// components: written as it is, it stands in three of them.
fn number<'m>(rf1: Segment<'m>, reader: &mut Reader<'m>) -> Option<Text<'m>> {
    let first = reader.text(rf1, 6)?;
    let part = |n| rf1.field(6).component(n).value();
    let (year, serial) = (part(2), part(3));
    let is_year = year.len() == 4 && year.bytes().all(|digit| digit.is_ascii_digit());
    if !is_facility_code(&first) || !is_year || serial.is_empty() {
        return Some(first);
    }
    reader.mark(rf1, 6, Read::up_to(3));
    Some(Cow::Owned(format!("{first}^{year}^{serial}")))
}

fn is_addressee(segment: Segment<'_>) -> bool {
    id(segment) == *b"PRD" && role(segment, "RT")
}

/// Whether a provider has that role (PRD-1, HL7 table 0286). One provider may have several.
fn role(prd: Segment<'_>, role: &str) -> bool {
    prd.field(1).repetitions().any(|repetition| repetition.component(1).value() == role)
}

fn provider<'m>(prd: Segment<'m>, referral: &mut Referral<'m>, reader: &mut Reader<'m>) {
    let party = party(prd, reader);
    if role(prd, "RT") {
        referral.to.push(party);
    } else if role(prd, "RP") && referral.from.is_none() {
        referral.from = Some(party);
    } else {
        referral.others.push(party);
    }
}

fn party<'m>(prd: Segment<'m>, reader: &mut Reader<'m>) -> Party<'m> {
    let facility = facility(prd, reader);
    let id = prd.field(7).value();
    let is_person = !id.is_empty() && facility.as_deref() != Some(id.as_ref());
    let mut named = |field: usize, component: usize| {
        let is_code = is_facility_code(&prd.field(field).component(component).value());
        if is_code { None } else { reader.component(prd, field, component) }
    };
    let organisation = named(10, 1).or_else(|| named(4, 4));
    let department = named(4, 1);
    Party {
        role: reader.text(prd, 1),
        id: if is_person { reader.text(prd, 7) } else { None },
        name: narrative::name(reader.component(prd, 2, 1), reader.component(prd, 2, 2)),
        facility,
        organisation,
        department,
    }
}

/// The 10-digit code of a provider's facility. HL7 does not say where it stands: it is the first that looks like
/// one among the identifiers (PRD-7), the organisation's (PRD-10) and those of the place (PRD-4).
fn facility<'m>(prd: Segment<'m>, reader: &mut Reader<'m>) -> Option<Text<'m>> {
    for (field, components) in [(7, &[1][..]), (10, &[10, 3]), (4, &[4, 1])] {
        for (index, repetition) in prd.field(field).repetitions().enumerate() {
            for component in components {
                let code = repetition.component(*component).value();
                if !is_facility_code(&code) {
                    continue;
                }
                if index == 0 {
                    reader.mark(prd, field, Read::component(*component));
                }
                return Some(code);
            }
        }
    }
    None
}

/// CTD: whom to ask.
fn contact<'m>(ctd: Segment<'m>, reader: &mut Reader<'m>) -> Party<'m> {
    Party {
        role: reader.text(ctd, 1),
        id: reader.text(ctd, 7),
        name: narrative::name(reader.component(ctd, 2, 1), reader.component(ctd, 2, 2)),
        ..Party::default()
    }
}

/// DG1-3; of old senders the description alone (DG1-4).
fn diagnosis<'m>(dg1: Segment<'m>, reader: &mut Reader<'m>) -> Option<Coded<'m>> {
    reader.coded(dg1, 3).or_else(|| {
        let text = Some(reader.text(dg1, 4)?);
        Some(Coded { at: place(dg1, 4), code: None, text, system: None, local: None, alternate: None })
    })
}
