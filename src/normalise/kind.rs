//! Which kind of event a message makes, and what happened to the record.

use hl7v2::Message;

use super::Source;
use super::reader::{Reader, id, place};
use crate::canonical::Kind;
use crate::envelope::Change;

/// The kind, from the SS-MIX2 data type where there is one (MSH-9 alone does not tell OMP-01 from OMP-02), else from
/// MSH-9. A disagreement of the two is a finding.
pub(super) fn of(message: &Message, data_type: Option<&str>, reader: &mut Reader<'_>) -> Kind {
    let by_message = of_message_type(message);
    let Some(data_type) = data_type else {
        return by_message;
    };
    check_trigger(message, data_type, reader);
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

/// The kind of a message that came without a data type.
fn of_message_type(message: &Message) -> Kind {
    let Some(msh) = message.segment("MSH") else {
        return Kind::Message;
    };
    let (code, trigger) = (msh.field(9).component(1).value(), msh.field(9).component(2).value());
    match (code.as_ref(), trigger.as_ref()) {
        ("ADT", "A08" | "A23" | "A28" | "A29" | "A31") => Kind::Patient,
        ("ADT", "A18" | "A30" | "A34" | "A35" | "A36" | "A39" | "A40" | "A41" | "A42" | "A47") => Kind::Merge,
        ("ADT", "A60") => Kind::Allergy,
        ("ADT", trigger) if super::encounter::event_of(trigger).is_some() => Kind::Encounter,
        ("PPR", _) => Kind::Diagnosis,
        ("OML", _) => Kind::LabOrder,
        ("OUL", _) | ("ORU", "R01" | "R30" | "R31" | "R32") => Kind::LabResult,
        ("OMI", "O23") => Kind::ImagingOrder,
        ("OMD", _) => Kind::DietOrder,
        ("RAS" | "RDS" | "RGV" | "VXU", _) => Kind::Administration,
        ("REF", _) => Kind::Referral,
        ("RRI", _) => Kind::ReferralReply,
        ("SIU", _) => Kind::Appointment,
        ("MDM", _) => Kind::Document,
        _ => Kind::Message,
    }
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
    let (code, trigger) = (msh.field(9).component(1).value(), msh.field(9).component(2).value());
    let cancel = code == expected.message.0 && expected.cancel == Some(trigger.as_ref());
    if !cancel && expected.message != (code.as_ref(), trigger.as_ref()) {
        let text = "the message type is not one that SS-MIX2 gives to this data type; the data type decides";
        reader.note("trigger-mismatch", place(msh, 9), text);
    }
}

/// What happened: the source's word, made stronger by a message that says by itself that it cancels, deletes or
/// updates.
pub(super) fn change(message: &Message, source: &Source<'_>) -> Change {
    let by_source = source.change;
    if matches!(by_source, Change::Deleted | Change::Superseded) {
        return by_source;
    }
    if cancels(message) || all_orders_cancelled(message) {
        return Change::Deleted;
    }
    if by_source == Change::Created && source.data_type.is_none() && updates(message) {
        return Change::Updated;
    }
    by_source
}

/// Triggers that take something back (HL7 table 0003).
fn cancels(message: &Message) -> bool {
    const CANCELS: [&str; 13] =
        ["A11", "A12", "A13", "A23", "A25", "A26", "A27", "A29", "A38", "A52", "A53", "A55", "S15"];
    trigger(message).is_some_and(|trigger| CANCELS.contains(&trigger.as_ref()))
}

/// A08 and A31 update what is known. An SS-MIX2 storage says by itself whether there was a version before.
fn updates(message: &Message) -> bool {
    trigger(message).is_some_and(|trigger| matches!(trigger.as_ref(), "A08" | "A31"))
}

/// ORC-1 of every order says cancelled or discontinued (HL7 table 0119).
fn all_orders_cancelled(message: &Message) -> bool {
    let mut orders = message.segments().filter(|segment| id(*segment) == *b"ORC").peekable();
    orders.peek().is_some()
        && orders.all(|orc| matches!(orc.field(1).value().as_ref(), "CA" | "OC" | "CR" | "DC" | "OD" | "DR"))
}

fn trigger(message: &Message) -> Option<std::borrow::Cow<'_, str>> {
    message.segment("MSH").map(|msh| msh.field(9).component(2).value())
}
