//! The `document` kind of HL7 v2: MDM, and messages of a data type that SS-MIX2 does not have.

use std::borrow::Cow;

use hl7v2::{Message, Segment};

use super::kind::message_type;
use super::reader::{Reader, id};
use super::{Source, attachment, narrative, observation};
use crate::canonical::{Coded, Document, DocumentCode, OtherCode, RelatedDocument};

/// The content of the kind.
pub(super) fn read<'m>(message: &'m Message, source: &Source<'m>, reader: &mut Reader<'m>) -> Document<'m> {
    let mut document =
        Document { code: source.data_type.map(|code| local(code, source)), ..Document::default() };
    if let Some(txa) = message.segment("TXA") {
        header(txa, &mut document, reader);
        document.relates_to = relations(message, txa, reader);
    }
    if document.title.is_none()
        && let Some(obr) = message.segment("OBR")
    {
        document.title = reader.component(obr, 4, 2);
    }
    for obx in message.segments().filter(|segment| id(*segment) == *b"OBX") {
        content(obx, &mut document, reader);
    }
    document
}

/// What an OBX adds: a file, words, or a value.
pub(super) fn content<'m>(obx: Segment<'m>, document: &mut Document<'m>, reader: &mut Reader<'m>) {
    if attachment::is_file(obx) {
        document.attachments.extend(attachment::read(obx, reader));
    } else if narrative::is_text(obx) {
        document.sections.extend(narrative::section(obx, reader));
    } else {
        document.observations.push(observation::result(obx, reader));
    }
}

/// A data type that the hub does not know is the facility's own code.
fn local<'m>(data_type: &'m str, source: &Source<'m>) -> DocumentCode<'m> {
    let facility = (!source.facility.is_empty()).then_some(Cow::Borrowed(source.facility));
    let code = OtherCode { code: Some(Cow::Borrowed(data_type)), facility, ..OtherCode::default() };
    DocumentCode { code: None, system: None, text: None, local: Some(code) }
}

fn header<'m>(txa: Segment<'m>, document: &mut Document<'m>, reader: &mut Reader<'m>) {
    document.id = reader.text(txa, 12);
    document.code = reader.coded(txa, 2).map(|coded| code(coded, txa, reader)).or(document.code.take());
    document.title = reader.text(txa, 16);
    document.status = reader.text(txa, 17);
    document.confidentiality = reader.text(txa, 18);
    document.created_at = reader.time(txa, 6).or_else(|| reader.time(txa, 4));
    document.authors = reader.practitioners(txa, 9).into_iter().map(narrative::party).collect();
    let signed_by = reader.practitioner(txa, 22).or_else(|| reader.practitioner(txa, 10));
    document.signed_by = signed_by.map(narrative::party);
    document.recipients = reader.practitioners(txa, 23).into_iter().map(narrative::party).collect();
}

/// TXA-2. A code without its system is one of HL7 table 0270.
fn code<'m>(coded: Coded<'m>, txa: Segment<'m>, reader: &mut Reader<'m>) -> DocumentCode<'m> {
    if coded.alternate.is_some() {
        // A second standard code has no place here.
        reader.unmark(txa, 2);
    }
    let Coded { code, text, system, local, .. } = coded;
    let is_known = system.is_none() && code.as_deref().is_some_and(|code| TYPES.contains(&code));
    let system = if is_known { Some(Cow::Borrowed("HL70270")) } else { system };
    DocumentCode { code, system, text, local }
}

/// HL7 table 0270.
const TYPES: [&str; 17] =
    ["AR", "CD", "CN", "DI", "DS", "ED", "HP", "OP", "PC", "PH", "PN", "PR", "SP", "TS", "BPC", "CR", "NPC"];

/// TXA-13, the parent. The trigger tells what this document is to it (HL7 2.9, 9.6).
fn relations<'m>(
    message: &'m Message,
    txa: Segment<'m>,
    reader: &mut Reader<'m>,
) -> Vec<RelatedDocument<'m>> {
    let relation = match message_type(message).1.as_ref() {
        "T05" | "T06" => Some("APND"),
        "T09" | "T10" => Some("RPLC"),
        _ => None,
    };
    let related = |id| RelatedDocument { relation: relation.map(Cow::Borrowed), id };
    reader.text(txa, 13).map(related).into_iter().collect()
}
