//! Appointments in, calendar objects out.

use proptest::prelude::*;
use serde_json::json;

use super::line::parameter;
use super::*;
use crate::canonical::{
    Event, FacilityCode, MessageHeader, PartialTime, Patient, PersonName, Place, Precision, Unmapped,
};
use crate::envelope::{Change, Format, Identifying, Origin};

const LINK: &str = "https://meet.example.jp/j/1?pwd=a&x=b";

fn envelope(second: u8) -> Envelope {
    let origin = Origin { feed: "f".into(), file: Identifying::default(), offset: 0, hash: String::new() };
    Envelope {
        id: "1".into(),
        facility: "3210100018".into(),
        patient: Identifying("0001".into()),
        data_type: None,
        change: Change::Created,
        key: Identifying("key".into()),
        version: "1".into(),
        origin,
        stored: None,
        accepted_at: format!("2026-11-20T01:02:{second:02}.5Z"),
        format: Format::Hl7v2,
        claim: None,
        join: None,
        event: None,
        fault: None,
        findings: Vec::new(),
    }
}

fn event(what: AppointmentEvent) -> CanonicalEvent<'static> {
    let pid = Place::segment(*b"PID", 1);
    let name =
        PersonName { at: pid, family: Some("山本".into()), given: Some("架空太".into()), script: None };
    let starts_at = PartialTime {
        precision: Precision::Minute,
        year: 2026,
        month: 11,
        day: 25,
        hour: 10,
        minute: 0,
        second: 0,
        fraction: 0,
        offset: 540,
    };
    let owner = FacilityCode { at: Place::segment(*b"SCH", 1).of(2, 0), code: "3210200024".into() };
    Event {
        change: Change::Created,
        message: MessageHeader {
            message_type: "SIU^S12".into(),
            control_id: None,
            sent_at: None,
            version: None,
        },
        patient: Some(Patient {
            at: pid,
            id: "0001".into(),
            network_id: None,
            names: vec![name],
            birth_date: None,
            sex: None,
        }),
        visit: None,
        known_allergies: Vec::new(),
        content: Content::Appointment(Appointment {
            event: what,
            number: Some("Y-1".into()),
            filler_facility: Some(owner),
            starts_at: Some(starts_at),
            duration: Some("30 min".into()),
            placer_mail: Some("ichiro@izumo.example".into()),
            ..Appointment::default()
        }),
        unmapped: Unmapped::default(),
        findings: Vec::new(),
        attached: Vec::new(),
    }
}

/// The lines of an invitation, unfolded.
fn lines(what: AppointmentEvent, second: u8, names: bool, change: impl Fn(&mut Value)) -> Vec<String> {
    let (event, envelope) = (event(what), envelope(second));
    let mut disclosed = serde_json::to_value(&event).unwrap();
    change(&mut disclosed);
    let made = Made { event: &event, disclosed: &disclosed, names, link: Some(LINK), envelope: &envelope };
    let invitation = invitation(&made).unwrap();
    assert!(invitation.text.ends_with("END:VCALENDAR\r\n"));
    let is_short = |line: &str| line.len() <= 75 && !line.contains('\n');
    assert!(invitation.text.trim_end_matches("\r\n").split("\r\n").all(is_short));
    invitation.text.replace("\r\n ", "").split_terminator("\r\n").map(str::to_owned).collect()
}

fn value(lines: &[String], name: &str) -> String {
    let line = lines.iter().find_map(|line| line.strip_prefix(&format!("{name}:")));
    line.unwrap_or_else(|| panic!("no {name} in {lines:#?}")).to_owned()
}

#[test]
fn an_appointment_becomes_an_invitation() {
    let lines = lines(AppointmentEvent::Booked, 3, false, |event| {
        event["reason"] = json!({"text": "退院前カンファレンス; 地域連携, 2回目\nA\\B"});
        event["filler_contact"] = json!({"family": "松江", "given": "\"次郎\""});
    });
    let uid = value(&lines, "UID");
    assert_eq!(uid.len(), "@appointment.musubi".len() + 32);
    let expected = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//musubi//musubi//JA",
        "CALSCALE:GREGORIAN",
        "METHOD:REQUEST",
        "BEGIN:VEVENT",
        &format!("UID:{uid}"),
        "DTSTAMP:20261120T010203Z",
        "SEQUENCE:111643692",
        "STATUS:CONFIRMED",
        "DTSTART:20261125T010000Z",
        "DURATION:PT30M",
        "SUMMARY:退院前カンファレンス\\; 地域連携\\, 2回目\\nA\\\\B",
        "DESCRIPTION:https://meet.example.jp/j/1?pwd=a&x=b",
        "URL:https://meet.example.jp/j/1?pwd=a&x=b",
        "CONFERENCE;VALUE=URI;FEATURE=AUDIO,VIDEO:https://meet.example.jp/j/1?pwd=a&x=b",
        "ORGANIZER;CN=\"松江 ^'次郎^'\":urn:musubi:facility:3210200024",
        "ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:ichiro@izumo.example",
        "END:VEVENT",
        "END:VCALENDAR",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn versions_keep_their_uid_and_their_order() {
    let of = |what, second| {
        let lines = lines(what, second, false, |_| ());
        let sequence: i64 = value(&lines, "SEQUENCE").parse().unwrap();
        (value(&lines, "UID"), value(&lines, "METHOD"), value(&lines, "STATUS"), sequence)
    };
    let booked = of(AppointmentEvent::Booked, 3);
    // All within the second in which it was booked.
    let moved = of(AppointmentEvent::Rescheduled, 3);
    let cancelled = of(AppointmentEvent::Cancelled, 3);
    assert!(booked.3 < moved.3 && moved.3 < cancelled.3 && cancelled.3 < of(AppointmentEvent::Booked, 4).3);
    assert!(booked.0 == moved.0 && moved.0 == cancelled.0);
    assert_eq!((booked.1.as_str(), cancelled.1.as_str()), ("REQUEST", "CANCEL"));
    assert_eq!(cancelled.2, "CANCELLED");
    assert_eq!(of(AppointmentEvent::Booked, 3), booked, "the same message again is the same invitation");
}

#[test]
fn the_patient_is_named_only_where_a_disclosure_names_them() {
    let titled = |purpose: &str, names: bool, disclosed: bool| {
        let lines = lines(AppointmentEvent::Booked, 0, names, |event| {
            event["reason"] = json!({"text": purpose});
            if !disclosed {
                event["patient"] = Value::Null;
            }
        });
        (value(&lines, "SUMMARY"), lines.iter().any(|line| line.contains("山本")))
    };
    assert_eq!(titled("退院調整", false, true), ("退院調整".into(), false));
    assert_eq!(titled("山本様 退院調整", false, true), ("WEB会議".into(), false));
    assert_eq!(titled("退院調整", true, false), ("退院調整".into(), false));
    assert_eq!(titled("退院調整", true, true), ("退院調整 (山本 架空太)".into(), true));
}

#[test]
fn nothing_in_a_message_makes_another_line() {
    let lines = lines(AppointmentEvent::Booked, 0, false, |event| {
        event["reason"] = json!({"text": "A\r\nATTENDEE:mailto:evil@evil.example"});
        event["filler_mail"] = json!("a@b.example\r\nX:1");
        event["placer_mail"] = json!("a@b.example,c@d.example");
        event["resources"] = json!([{"location": "室1\rX:1"}]);
    });
    assert!(lines.iter().all(|line| !line.starts_with("X:")), "{lines:#?}");
    assert!(lines.iter().all(|line| !line.starts_with("ATTENDEE")), "{lines:#?}");
    assert_eq!(value(&lines, "ORGANIZER"), "urn:musubi:facility:3210200024");
    assert_eq!(parameter("a\"^\nb"), "\"a^'^^^nb\"");
}

#[test]
fn days_and_ends_are_as_they_were_given() {
    let of = |change: &dyn Fn(&mut Value)| {
        let lines = lines(AppointmentEvent::Booked, 0, false, change);
        lines
            .into_iter()
            .filter(|line| line.starts_with("DT") || line.starts_with("DUR"))
            .skip(1)
            .collect::<Vec<_>>()
    };
    let day = of(&|event| event["starts_at"] = json!("2026-11-25"));
    assert_eq!(day, ["DTSTART;VALUE=DATE:20261125"]);
    let ends = of(&|event| event["ends_at"] = json!("2026-11-25T10:45+09:00"));
    assert_eq!(ends, ["DTSTART:20261125T010000Z", "DTEND:20261125T014500Z"]);
    // An end before the beginning is none; an odd unit is no duration.
    let odd = of(&|event| {
        event["ends_at"] = json!("2026-11-25T09:00+09:00");
        event["duration"] = json!("2 回");
    });
    assert_eq!(odd, ["DTSTART:20261125T010000Z"]);
}

proptest! {
    /// Every line is short and whole, and unfolding and unescaping gives the text back.
    #[test]
    fn any_text_survives(text in "\\PC{0,200}|[あ-ん,;\\\\\n]{0,120}") {
        let mut lines = Lines::default();
        lines.text("SUMMARY", &text);
        let written = lines.into_text();
        for line in written.trim_end_matches("\r\n").split("\r\n") {
            prop_assert!(line.len() <= 75, "{} octets", line.len());
        }
        let unfolded = written.replace("\r\n ", "");
        let value = unfolded.strip_prefix("SUMMARY:").unwrap().strip_suffix("\r\n").unwrap();
        let mut read = String::new();
        let mut characters = value.chars();
        while let Some(c) = characters.next() {
            match (c, characters.as_str()) {
                ('\\', rest) if rest.starts_with('n') => read.push('\n'),
                ('\\', rest) => read.extend(rest.chars().next()),
                (c, _) => { read.push(c); continue; }
            }
            characters.next();
        }
        prop_assert_eq!(read, text);
    }
}
