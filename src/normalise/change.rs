//! What happened to the record that a message is about.

use hl7v2::Message;

use super::Source;
use super::kind::message_type;
use super::reader::id;
use crate::canonical::Kind;
use crate::envelope::Change;

/// The source's word, made stronger by a message that says by itself that it cancels, deletes or updates. A storage
/// of SS-MIX2 knows by itself whether there was a version before.
pub(super) fn of(message: &Message, kind: Kind, source: &Source<'_>) -> Change {
    let by_source = source.change;
    if matches!(by_source, Change::Deleted | Change::Superseded) {
        return by_source;
    }
    let (code, trigger) = message_type(message);
    let by_status = if kind == Kind::Report { of_readings(message) } else { None };
    if takes_back(&code, &trigger) || all_orders_cancelled(message) || by_status == Some(Change::Deleted) {
        return Change::Deleted;
    }
    let is_update = updates(&code, &trigger) || by_status.is_some();
    if by_source == Change::Created && source.data_type.is_none() && is_update {
        return Change::Updated;
    }
    by_source
}

/// Triggers that take something back (HL7 table 0003).
fn takes_back(code: &str, trigger: &str) -> bool {
    match code {
        "ADT" => matches!(
            trigger,
            "A11" | "A12" | "A13" | "A23" | "A25" | "A26" | "A27" | "A29" | "A38" | "A52" | "A53" | "A55"
        ),
        "SIU" => matches!(trigger, "S15" | "S17"),
        "MDM" => trigger == "T11",
        "REF" | "RRI" => trigger == "I14",
        "PPR" => trigger == "PC3",
        _ => false,
    }
}

/// Triggers that change what is known. A new document that replaces another or is added to it (MDM^T05, T06, T09,
/// T10), and a merge, are records of their own.
fn updates(code: &str, trigger: &str) -> bool {
    match code {
        "ADT" => matches!(trigger, "A08" | "A31"),
        "SIU" => trigger != "S12",
        "MDM" => matches!(trigger, "T03" | "T04" | "T07" | "T08"),
        "REF" | "RRI" => trigger == "I13",
        "PPR" => trigger == "PC2",
        _ => false,
    }
}

/// ORC-1 of every order says cancelled or discontinued (HL7 table 0119).
fn all_orders_cancelled(message: &Message) -> bool {
    let mut orders = message.segments().filter(|segment| id(*segment) == *b"ORC").peekable();
    orders.peek().is_some()
        && orders.all(|orc| matches!(orc.field(1).value().as_ref(), "CA" | "OC" | "CR" | "DC" | "OD" | "DR"))
}

/// OBR-25 of readings (HL7 table 0123): a correction or addendum updates one, `X` on all takes them back.
fn of_readings(message: &Message) -> Option<Change> {
    let readings = || message.segments().filter(|segment| id(*segment) == *b"OBR");
    let statuses = || readings().map(|obr| obr.field(25).value());
    if statuses().next().is_some() && statuses().all(|status| status == "X") {
        return Some(Change::Deleted);
    }
    statuses().any(|status| status == "C").then_some(Change::Updated)
}
