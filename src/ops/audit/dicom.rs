//! A line of the audit as an audit message of DICOM PS3.15, annex A.5 (2024): XML in the schema of section A.5.1.
//!
//! Codes are those of PS3.16, CID 400 (event ids) and CID 401 (event types), CID 402 (roles).

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::{Act, Action};

/// A code of the DICOM dictionary (`DCM`).
struct Code(&'static str, &'static str);

/// What happened, as CID 400 has it, and what was done to it: C, R, U, D or E.
const fn event(action: Action) -> (Code, &'static str) {
    match action {
        Action::LogIn | Action::LogOut => (Code("110114", "User Authentication"), "E"),
        Action::ViewBody => (Code("110110", "Patient Record"), "R"),
        Action::ViewPatient => (Code("110110", "Patient Record"), "R"),
        Action::Register => (Code("110110", "Patient Record"), "U"),
        Action::Edit => (Code("110110", "Patient Record"), "U"),
        Action::Search => (Code("110112", "Query"), "E"),
        Action::Export => (Code("110106", "Export"), "R"),
        Action::ViewAudit => (Code("110101", "Audit Log Used"), "R"),
        Action::ChangeUser | Action::ChangeSecret | Action::ChangeToken | Action::Refused => {
            (Code("110113", "Security Alert"), "E")
        }
        Action::Retry
        | Action::Discard
        | Action::Hold
        | Action::Release
        | Action::Replay
        | Action::Acknowledge => (Code("110100", "Application Activity"), "E"),
    }
}

/// What kind of event, as CID 401 has it.
const fn event_type(action: Action) -> Option<Code> {
    match action {
        Action::LogIn => Some(Code("110122", "Login")),
        Action::LogOut => Some(Code("110123", "Logout")),
        Action::ChangeUser | Action::ChangeToken => Some(Code("110136", "Security Roles Changed")),
        Action::ChangeSecret => Some(Code("110137", "User security Attributes Changed")),
        Action::Refused => Some(Code("110128", "Network Entry")),
        _ => None,
    }
}

/// The message, one line.
pub fn message(act: &Act, source: &str) -> String {
    let mut writer = Writer::new(Vec::new());
    // Writing into memory does not fail.
    let written = write(&mut writer, act, source);
    debug_assert!(written.is_ok(), "memory takes all");
    String::from_utf8(writer.into_inner()).unwrap_or_default()
}

fn write(writer: &mut Writer<Vec<u8>>, act: &Act, source: &str) -> std::io::Result<()> {
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let (id, what) = event(act.action);
    let at = act.at.to_string();
    let (who, from, object) = (clean(&act.who), clean(&act.from), clean(&act.object));
    let outcome = if act.done { "0" } else { "4" };
    writer.create_element("AuditMessage").write_inner_content(|writer| {
        let identification = writer.create_element("EventIdentification").with_attributes([
            ("EventActionCode", what),
            ("EventDateTime", at.as_str()),
            ("EventOutcomeIndicator", outcome),
        ]);
        identification.write_inner_content(|writer| {
            code(writer, "EventID", &id)?;
            if let Some(kind) = event_type(act.action) {
                code(writer, "EventTypeCode", &kind)?;
            }
            let text = BytesText::new(act.action.as_str());
            writer.create_element("EventOutcomeDescription").write_text_content(text)?;
            Ok(())
        })?;
        let participant = writer.create_element("ActiveParticipant").with_attributes([
            ("UserID", who.as_str()),
            ("UserIsRequestor", "true"),
            ("NetworkAccessPointID", from.as_str()),
            // 1: a name of a machine, 2: an address (A.5.1).
            ("NetworkAccessPointTypeCode", if from == "terminal" { "1" } else { "2" }),
        ]);
        participant.write_empty()?;
        let source =
            writer.create_element("AuditSourceIdentification").with_attribute(("AuditSourceID", source));
        source.write_inner_content(|writer| {
            // 4: application server process (CID 404 of the schema's table).
            writer.create_element("AuditSourceTypeCode").with_attribute(("csd-code", "4")).write_empty()?;
            Ok(())
        })?;
        let object = writer.create_element("ParticipantObjectIdentification").with_attributes([
            ("ParticipantObjectID", object.as_str()),
            // A system object, of the kind "report" or none that fits better (A.5.1).
            ("ParticipantObjectTypeCode", "2"),
        ]);
        object.write_inner_content(|writer| {
            let kind = Code("110182", "Node ID");
            code(writer, "ParticipantObjectIDTypeCode", &kind)?;
            writer
                .create_element("ParticipantObjectName")
                .write_text_content(BytesText::new(&clean(&act.object)))?;
            Ok(())
        })?;
        Ok(())
    })?;
    Ok(())
}

fn code(writer: &mut Writer<Vec<u8>>, element: &str, Code(code, name): &Code) -> std::io::Result<()> {
    let attributes = [("csd-code", *code), ("codeSystemName", "DCM"), ("originalText", *name)];
    writer.create_element(element).with_attributes(attributes).write_empty()?;
    Ok(())
}

/// Without the characters that XML 1.0 does not know.
fn clean(text: &str) -> String {
    text.chars()
        .map(|one| if one.is_control() || matches!(one, '\u{fffe}' | '\u{ffff}') { ' ' } else { one })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_its_event_its_user_and_its_object() {
        let act = Act {
            at: "2026-11-22T18:03:04Z".parse().unwrap(),
            who: "<架空 花子>&\u{1}".into(),
            from: "10.0.0.7".into(),
            action: Action::LogIn,
            object: "\"x\"".into(),
            done: false,
        };
        let xml = message(&act, "shimane");
        for part in [
            "<EventID csd-code=\"110114\" codeSystemName=\"DCM\" originalText=\"User Authentication\"/>",
            "<EventTypeCode csd-code=\"110122\" codeSystemName=\"DCM\" originalText=\"Login\"/>",
            "EventOutcomeIndicator=\"4\"",
            "UserID=\"&lt;架空 花子&gt;&amp; \"",
            "ParticipantObjectID=\"&quot;x&quot;\"",
        ] {
            assert!(xml.contains(part), "{part}: {xml}");
        }
        assert!(!xml.contains('\n'));
        let mut reader = quick_xml::Reader::from_str(&xml);
        while !matches!(reader.read_event().unwrap(), Event::Eof) {}
    }
}
