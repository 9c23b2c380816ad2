//! Which kind a message type makes, and what it does to the record.

use super::*;
use crate::normalise::encounter;
use crate::normalise::kind::{ROWS, Row, Rule};

/// The kind and change of a message without a path, or the fault.
fn event_of(message_type: &str, segments: &[&str]) -> Result<String, String> {
    let zone = TimeZone::UTC;
    let message = decode(text_of(message_type, segments).as_bytes()).unwrap();
    let source = source(&zone);
    normalise(&message, &source).map(|event| event.event_type()).map_err(|fault| fault.code)
}

#[track_caller]
fn is(message_type: &str, segments: &[&str], expected: &str) {
    let segments = [&[PID], segments].concat();
    assert_eq!(event_of(message_type, &segments).as_deref(), Ok(expected), "{message_type} {segments:?}");
}

#[test]
fn message_types_without_a_data_type() {
    is("ADT^A08", &[], "patient.updated.v1");
    is("ADT^A28", &[], "patient.created.v1");
    is("ADT^A29", &[], "patient.deleted.v1");
    is("ADT^A40^ADT_A39", &["MRG|99"], "merge.created.v1");
    is("ADT^A47", &["MRG|99"], "merge.created.v1");
    is("ADT^A60", &["IAM|1"], "allergy.created.v1");
    is("ADT^A04", &[], "encounter.created.v1");
    is("ADT^A55", &[], "encounter.deleted.v1");
    is("ADT^A20", &[], "message.created.v1");
    is("OUL^R22", &[], "lab-result.created.v1");
    is("OML^O33", &[], "lab-order.created.v1");
    is("OMI^O23", &[], "imaging-order.created.v1");
    is("OMI^Z23", &["OBR|1||1|1^胃^LENDO"], "endoscopy-performed.created.v1");
    is("OMI^Z23", &["OBR|1||1|1^胸部^JJ1017"], "imaging-performed.created.v1");
    is("VXU^V04", &["RXA|0|1"], "administration.created.v1");
    is("PPR^PC3", &["PRB|DE"], "diagnosis.deleted.v1");
    is("DFT^P03", &["FT1|1"], "message.created.v1");
    is("ZZZ^Z01", &["ZPD|1"], "message.created.v1");
}

#[test]
fn what_takes_back_and_what_updates() {
    is("SIU^S12", &["SCH|1"], "appointment.created.v1");
    is("SIU^S13", &["SCH|1"], "appointment.updated.v1");
    is("SIU^S15", &["SCH|1"], "appointment.deleted.v1");
    is("SIU^S17", &["SCH|1"], "appointment.deleted.v1");
    is("SIU^S26", &["SCH|1"], "appointment.updated.v1");
    is("MDM^T08", &["TXA|1|DS"], "document.updated.v1");
    is("MDM^T10", &["TXA|1|DS"], "document.created.v1");
    is("MDM^T11", &["TXA|1|DS"], "document.deleted.v1");
    is("REF^I13", &["PRD|RT"], "referral.updated.v1");
    is("REF^I14", &["PRD|RT"], "referral.deleted.v1");
    is("RRI^I12", &["PRD|RT"], "referral-reply.created.v1");
}

#[test]
fn readings_are_reports() {
    let section = |code: &str| format!("OBR|1||1|X^CT^L{}{code}", "|".repeat(20));
    is("ORU^R01", &[&section("RAD"), "OBX|1|TX|a||所見"], "report.created.v1");
    is("ORU^R01", &[&format!("{}|C", section("CT")), "OBX|1|TX|a||所見"], "report.updated.v1");
    is("ORU^R01", &[&format!("{}|X", section("CT")), "OBX|1|TX|a||所見"], "report.deleted.v1");
    is("ORU^R01", &[&section("RAD"), "OBX|1|NM|a||1"], "lab-result.created.v1");
    is("ORU^R01", &[&section("EC"), "OBX|1|TX|a||洞調律"], "report.created.v1");
    is("ORU^R01", &[&section("EC"), "OBX|1|TX|a||洞調律", "OBX|2|NM|b||400"], "lab-result.created.v1");
    is("ORU^R01", &[&section("LAB"), "OBX|1|TX|a||陰性"], "lab-result.created.v1");
    is("ORU^R01", &["OBR|1||1|18748-4^読影^LN", "OBX|1|TX|a||所見"], "report.created.v1");
    is("ORU^R01", &["OBR|1||1|5F100^^LN", "OBX|1|TX|a||陰性"], "lab-result.created.v1");
    is("ORU^R32", &["OBX|1|NM|a||1"], "lab-result.created.v1");
    is("MDM^T02", &["TXA|1|DI|TX"], "report.created.v1");
    is("MDM^T02", &["TXA|1|18748-4^読影^LN|TX"], "report.created.v1");
    is("MDM^T02", &["TXA|1|18842-5^退院^LN|TX"], "document.created.v1");
}

#[test]
fn orders_by_their_service() {
    is("ORM^O01", &["ORC|NW|1", "RXO|1^薬^L"], "prescription.created.v1");
    is("ORM^O01", &["ORC|NW|1", "ODS|D"], "diet-order.created.v1");
    is("ORM^O01", &["ORC|NW|1", "OBR|1|1||1000^胸部^JJ1017-32"], "imaging-order.created.v1");
    is(
        "ORM^O01",
        &["ORC|NW|1", "OBR|1|1||CT^CT^L", "ZDS|1.2.3^^Application^DICOM"],
        "imaging-order.created.v1",
    );
    is("OMG^O19", &["ORC|NW|1", "OBR|1|1||1^胃^LENDO"], "endoscopy-order.created.v1");
    is(
        "OMG^O19",
        &["ORC|NW|1", &format!("OBR|1|1||1^心電図^L{}EC", "|".repeat(20))],
        "physiology-order.created.v1",
    );
    is("ORM^O01", &["ORC|NW|1", "OBR|1|1||3B035^AST^JC10"], "lab-order.created.v1");
    is("ORM^O01", &["ORC|NW|1", "OBR|1|1||71020^CHEST XRAY^CPT"], "imaging-order.created.v1");
    is("ORM^O01", &["ORC|NW|1", "OBR|1|1||80053^PANEL^C4"], "lab-order.created.v1");
    is("ORM^O01", &["ORC|NW|1", "OBR|1|1||24725-4^CT Head^LN"], "imaging-order.created.v1");
    is("ORM^O01", &["ORC|NW|1", "OBR|1|1||57021-8^CBC panel^LN"], "lab-order.created.v1");
    is("ORM^O01", &["ORC|CA|1", "OBR|1|1||3B035^AST^JC10"], "lab-order.deleted.v1");
    is("ORL^O22", &["MSA|AA|1", "ORC|OK|1", "OBR|1|1||3B035^AST^JC10"], "lab-order.created.v1");
    is("ORG^O20", &["MSA|AA|1"], "message.created.v1");
    is("ORM^O01", &["ORC|NW|1", "OBR|1|1||1^?^L"], "message.created.v1");
    let event = normalised(None, "ORM^O01", &[PID, "ORC|NW|1", "OBR|1|1||1^?^L"]).unwrap();
    assert_eq!(finding_codes(&event), ["order-kind-unknown OBR-24"]);
}

#[test]
fn drugs_by_their_route() {
    let rxe = "RXE||1^薬^HOT9";
    is("RDE^O11", &["ORC|NW|1", rxe, "RXR|PO^口^HL70162"], "prescription.created.v1");
    is("RDE^O11", &["ORC|NW|1", rxe, "RXR|IV^静脈^HL70162"], "injection.created.v1");
    is("OMP^O09", &["ORC|NW|1", rxe, "RXC|B|1^糖液^HOT9"], "injection.created.v1");
    is("RDE^O11", &["ORC|NW|1", rxe, "RXR|TP", "RXC|B|1^軟膏^HOT9"], "prescription.created.v1");
    is("RDE^O11", &["ORC|NW|1", rxe], "prescription.created.v1");
}

#[test]
fn old_messages_name_their_trigger_in_evn() {
    is("ADT", &["EVN|A04|2026"], "encounter.created.v1");
    is("ADT", &["EVN|A11|2026"], "encounter.deleted.v1");
    is("ORU", &["OBX|1|NM|a||1"], "lab-result.created.v1");
    is("ADT", &[], "message.created.v1");
    let event = normalised(None, "", &[PID]).unwrap();
    assert_eq!(finding_codes(&event), ["message-type-missing MSH-9"]);
}

#[test]
fn what_needs_no_patient_is_carried_whole_without_one() {
    assert_eq!(event_of("SIU^S12", &["SCH|1"]).as_deref(), Ok("message.created.v1"));
    assert_eq!(event_of("MDM^T02", &["TXA|1"]).as_deref(), Ok("message.created.v1"));
    assert_eq!(event_of("REF^I12", &["PRD|RT"]), Err("no-patient-id".to_owned()));
    assert_eq!(event_of("SIU^S12", &["SCH|1", "PID|1||^^^PI"]), Err("no-patient-id".to_owned()));
}

#[test]
fn what_is_said_of_a_second_patient_is_not_filed_under_the_first() {
    let event =
        normalised(None, "ORU^R01", &["PID|1||1", "OBX|1|NM|a||1", "PID|2||2", "OBX|2|NM|a||9"]).unwrap();
    assert_eq!(event["patient"], Value::Null);
    assert_eq!(event["unmapped"]["PID[2]-3"], "2");
    assert_eq!(finding_codes(&event), ["several-patients PID[2]-3"]);
    is("ORU^R01", &["OBX|1|NM|a||1", PID, "OBX|2|NM|a||9"], "lab-result.created.v1");
}

#[test]
fn every_trigger_of_an_encounter_says_what_happened() {
    for row in ROWS.iter().filter(|row| row.rule == Rule::Is(Kind::Encounter)) {
        assert!(
            row.triggers.iter().all(|trigger| encounter::event_of(trigger).is_some()),
            "{:?}",
            row.triggers
        );
    }
}

/// The table in the documentation is the code's: a failure prints the one to put there.
#[test]
fn the_documented_table_is_the_one_of_the_code() {
    let text = include_str!("../../../docs/integrate/messages.md");
    let rows: String = ROWS.iter().map(documented).collect();
    let table = format!("| MSH-9 | kind |\n|---|---|\n{rows}| any other | `message` |\n");
    assert!(text.contains(&table), "docs/integrate/messages.md lacks this table:\n{table}");
}

fn documented(row: &Row) -> String {
    let triggers = if row.triggers.is_empty() { "any".to_owned() } else { row.triggers.join(", ") };
    let kind = match row.rule {
        Rule::Is(kind) => format!("`{}`", kind.as_str()),
        Rule::Results => "`report` if it is a [reading](#readings), else `lab-result`".to_owned(),
        Rule::Order => "by the [service](#orders)".to_owned(),
        Rule::Drugs => "`injection` or `prescription`, by the [route](#drugs)".to_owned(),
        Rule::Performed => "`endoscopy-performed` if OBR says so, else `imaging-performed`".to_owned(),
        Rule::Document => "`report` if it is a [reading](#readings), else `document`".to_owned(),
    };
    format!("| {} {triggers} | {kind} |\n", row.code)
}
