//! Which kind of event a message makes.

use std::borrow::Cow;

use hl7v2::Message;

use super::reader::{Reader, id, place};
use super::service::{self, Service};
use crate::canonical::{Kind, Place, Text};

/// What decides the kind of a message that came without a data type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// The message type alone.
    Is(Kind),
    /// Results: `report` where they are a reading, else `lab-result`.
    Results,
    /// Orders of any service: [`order`].
    Order,
    /// Orders of drugs: `injection` or `prescription`.
    Drugs,
    /// Images were taken: `endoscopy-performed` or `imaging-performed`.
    Performed,
    /// Documents: `report` where it is a reading, else `document`.
    Document,
}

/// A row of the table of message types.
pub(super) struct Row {
    /// MSH-9.1.
    pub(super) code: &'static str,
    /// The triggers; all of them where the list is empty.
    pub(super) triggers: &'static [&'static str],
    /// What decides.
    pub(super) rule: Rule,
}

const fn row(code: &'static str, triggers: &'static [&'static str], rule: Rule) -> Row {
    Row { code, triggers, rule }
}

/// Message types (HL7 2.9, tables 0076 and 0003) and what they make; the first row that fits decides. Whatever is
/// not here is carried whole, as `message`.
pub(super) const ROWS: [Row; 33] = [
    row("ADT", &["A08", "A23", "A28", "A29", "A31"], Rule::Is(Kind::Patient)),
    row("ADT", &["A18", "A30", "A34", "A35", "A36", "A39", "A40", "A41", "A42"], Rule::Is(Kind::Merge)),
    row("ADT", &["A43", "A44", "A45", "A46", "A47", "A48", "A49", "A50", "A51"], Rule::Is(Kind::Merge)),
    row("ADT", &["A60"], Rule::Is(Kind::Allergy)),
    row("ADT", &["A01", "A02", "A03", "A04", "A05", "A06", "A07"], Rule::Is(Kind::Encounter)),
    row("ADT", &["A11", "A12", "A13", "A14", "A15", "A16"], Rule::Is(Kind::Encounter)),
    row("ADT", &["A21", "A22", "A25", "A26", "A27", "A38"], Rule::Is(Kind::Encounter)),
    row("ADT", &["A52", "A53", "A54", "A55"], Rule::Is(Kind::Encounter)),
    row("PPR", &[], Rule::Is(Kind::Diagnosis)),
    row("ORU", &["R40", "R41", "R42", "R43", "W01"], Rule::Is(Kind::Message)),
    row("ORU", &[], Rule::Results),
    row("OUL", &[], Rule::Is(Kind::LabResult)),
    row("OML", &[], Rule::Is(Kind::LabOrder)),
    row("ORL", &[], Rule::Order),
    row("ORM", &[], Rule::Order),
    row("ORR", &[], Rule::Order),
    row("OMG", &[], Rule::Order),
    row("ORG", &[], Rule::Order),
    row("OMI", &["Z23"], Rule::Performed),
    row("OMI", &[], Rule::Is(Kind::ImagingOrder)),
    row("OMD", &[], Rule::Is(Kind::DietOrder)),
    row("RDE", &[], Rule::Drugs),
    row("OMP", &[], Rule::Drugs),
    row("RAS", &[], Rule::Is(Kind::Administration)),
    row("RDS", &[], Rule::Is(Kind::Administration)),
    row("RGV", &[], Rule::Is(Kind::Administration)),
    row("VXU", &[], Rule::Is(Kind::Administration)),
    row("REF", &[], Rule::Is(Kind::Referral)),
    row("RRI", &[], Rule::Is(Kind::ReferralReply)),
    row("SIU", &["S23", "S24"], Rule::Is(Kind::Message)),
    row("SIU", &[], Rule::Is(Kind::Appointment)),
    row("MDM", &[], Rule::Document),
    row("ACK", &[], Rule::Is(Kind::Message)),
];

/// The kind, from the SS-MIX2 data type where there is one (MSH-9 alone does not tell OMP-01 from OMP-02), else from
/// MSH-9. A disagreement of the two is a finding.
pub(super) fn of(message: &Message, data_type: Option<&str>, reader: &mut Reader<'_>) -> Kind {
    let Some(data_type) = data_type else {
        return of_message_type(message, reader);
    };
    check_trigger(message, data_type, reader);
    of_data_type(data_type)
}

/// The kind that an SS-MIX2 data type makes.
pub fn of_data_type(data_type: &str) -> Kind {
    match data_type {
        "ADT-00" => Kind::Patient,
        "ADT-01" | "ADT-12" | "ADT-21" | "ADT-22" | "ADT-31" | "ADT-32" | "ADT-41" | "ADT-42" | "ADT-51"
        | "ADT-52" => Kind::Encounter,
        "ADT-61" => Kind::Allergy,
        "PPR-01" => Kind::Diagnosis,
        "OMD" => Kind::DietOrder,
        "OMP-01" => Kind::Prescription,
        "OMP-02" => Kind::Injection,
        "OMP-11" | "OMP-12" => Kind::Administration,
        "OML-01" => Kind::LabOrder,
        "OML-11" => Kind::LabResult,
        "OMG-01" => Kind::ImagingOrder,
        "OMG-11" => Kind::ImagingPerformed,
        "OMG-02" => Kind::EndoscopyOrder,
        "OMG-12" => Kind::EndoscopyPerformed,
        "OMG-03" => Kind::PhysiologyOrder,
        "OMG-13" => Kind::PhysiologyResult,
        _ => Kind::Document,
    }
}

/// MSH-9.1 and the trigger. Until HL7 2.2 a message could name its code only; its trigger stands in EVN-1.
pub(super) fn message_type(message: &Message) -> (Text<'_>, Text<'_>) {
    let Some(msh) = message.segment("MSH") else {
        return (Cow::Borrowed(""), Cow::Borrowed(""));
    };
    let (code, trigger) = (msh.field(9).component(1).value(), msh.field(9).component(2).value());
    let by_event = || message.segment("EVN").map(|evn| evn.field(1).value()).unwrap_or_default();
    let trigger = if trigger.is_empty() { by_event() } else { trigger };
    (code, trigger)
}

fn of_message_type(message: &Message, reader: &mut Reader<'_>) -> Kind {
    let (code, trigger) = message_type(message);
    if let (true, Some(msh)) = (code.is_empty(), message.segment("MSH")) {
        reader.note(
            "message-type-missing",
            place(msh, 9),
            "the message does not say its type; it is carried whole",
        );
    }
    let fits = |row: &&Row| {
        row.code == code && (row.triggers.is_empty() || row.triggers.contains(&trigger.as_ref()))
    };
    match ROWS.iter().find(fits).map(|row| row.rule) {
        Some(Rule::Is(kind)) => kind,
        Some(Rule::Results) if service::is_reading(message) => Kind::Report,
        Some(Rule::Results) => Kind::LabResult,
        Some(Rule::Order) => order(message, reader),
        Some(Rule::Drugs) => drugs(message),
        Some(Rule::Performed) if service::of(message) == Some(Service::Endoscopy) => Kind::EndoscopyPerformed,
        Some(Rule::Performed) => Kind::ImagingPerformed,
        Some(Rule::Document) if service::is_document_of_reading(message) => Kind::Report,
        Some(Rule::Document) => Kind::Document,
        None => Kind::Message,
    }
}

/// What is ordered: by the segments that only one service uses, then by OBR ([`service::of`]). An answer that
/// repeats no order is no order.
fn order(message: &Message, reader: &mut Reader<'_>) -> Kind {
    let has = |names: &[&[u8; 3]]| message.segments().any(|segment| names.contains(&&id(segment)));
    if has(&[b"RXO", b"RXE"]) {
        return drugs(message);
    }
    if has(&[b"ODS", b"ODT"]) {
        return Kind::DietOrder;
    }
    match service::of(message) {
        Some(Service::Imaging) => return Kind::ImagingOrder,
        Some(Service::Endoscopy) => return Kind::EndoscopyOrder,
        Some(Service::Physiology) => return Kind::PhysiologyOrder,
        Some(Service::Laboratory | Service::Pathology) => return Kind::LabOrder,
        None => {}
    }
    if has(&[b"ZDS", b"IPC"]) {
        return Kind::ImagingOrder;
    }
    if has(&[b"SPM"]) {
        return Kind::LabOrder;
    }
    if has(&[b"OBR", b"ORC"]) {
        let obr = Place::segment(*b"OBR", 1);
        let at = message.segment("OBR").map_or(obr, |obr| place(obr, 24));
        reader.note("order-kind-unknown", at, "neither OBR-24 nor OBR-4 says which service is asked");
    }
    Kind::Message
}

/// Routes of HL7 table 0162 that go through the skin or into a vessel.
const INJECTED: [&str; 14] =
    ["EP", "IA", "IB", "IC", "ID", "IHA", "IM", "IP", "IS", "IT", "IV", "PF", "SC", "SQ"];

/// An injection, by its route (RXR-1); where none is given, by being mixed of several drugs (RXC).
fn drugs(message: &Message) -> Kind {
    let all = |name: [u8; 3]| message.segments().filter(move |segment| id(*segment) == name);
    let mut routes =
        all(*b"RXR").map(|rxr| rxr.field(1).value()).filter(|route| !route.is_empty()).peekable();
    let is_injection = match routes.peek() {
        Some(_) => routes.any(|route| INJECTED.contains(&route.as_ref())),
        None => all(*b"RXC").next().is_some(),
    };
    if is_injection { Kind::Injection } else { Kind::Prescription }
}

fn check_trigger(message: &Message, data_type: &str, reader: &mut Reader<'_>) {
    let Some(msh) = message.segment("MSH") else {
        return;
    };
    let Some(expected) = ssmix2::DataType::find(data_type) else {
        reader.note(
            "data-type-unknown",
            place(msh, 9),
            "the SS-MIX2 data type is not one of the specification's",
        );
        return;
    };
    let (code, trigger) = message_type(message);
    let cancel = code == expected.message.0 && expected.cancel == Some(trigger.as_ref());
    if !cancel && expected.message != (code.as_ref(), trigger.as_ref()) {
        let text = "the message type is not one that SS-MIX2 gives to this data type; the data type decides";
        reader.note("trigger-mismatch", place(msh, 9), text);
    }
}
