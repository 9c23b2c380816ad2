//! 予約, and the invitation to a WEB会議.

use serde_json::json;

use super::*;

const ROUTES: &str = r#"
version = 1
[[subscriber]]
name = "izumo"
facility = "3210100018"
deliver = { kind = "folder" }
[[subscriber]]
name = "matsue"
facility = "3210200024"
deliver = { kind = "folder" }
[[subscriber]]
name = "tasks"
deliver = { kind = "folder" }
[[subscriber]]
name = "web-conference"
deliver = { kind = "folder" }

[[route]]
name = "appointment-answer"
topic = "appointment.answer"
to = ["izumo"]
kinds = ["appointment"]
facilities = ["matsue"]
address = "requester"
otherwise = "tasks"
basis = "addressed"

[[route]]
name = "appointment"
topic = "appointment"
to = ["matsue"]
kinds = ["appointment"]
facilities = ["izumo"]
address = "resource"
otherwise = "tasks"
basis = "addressed"

[[route]]
name = "web-conference"
topic = "conference.invitation"
to = ["web-conference"]
kinds = ["appointment"]
facilities = ["izumo"]
send = "icalendar"
meeting_hosts = ["meet.example.jp"]
basis = "addressed"
"#;

const PID: &str = "PID|1||00045678^^^^PI||架空^花子^^^^^L^I||19620314|F";
const LINK: &str = "https://meet.example.jp/j/77?pwd=a\\T\\b";

fn sch(time: &str) -> String {
    format!(
        "SCH|Y-12^3210100018|B-7^3210200024||||10^初回^99I|WEB^退院前カンファレンス^99I||30|min|^^^{time}"
    )
}

#[test]
fn an_appointment_goes_to_who_owns_the_slot_and_the_answer_to_who_asked() {
    let hub = hub(ROUTES);
    let first = sch("202611251000");
    drop_message(&hub, "izumo", "a", "SIU^S12", &[&first, PID, "RGS|1", "AIL|1|A|室1^^^3210200024"]);
    drop_message(&hub, "izumo", "b", "SIU^S13", &[&sch("202611261000"), PID]);
    drop_message(&hub, "izumo", "c", "SIU^S15", &[&first, PID]);
    drop_message(&hub, "izumo", "d", "SIU^S12", &["SCH|Y-13", PID, "RGS|1", "AIL|1|A|室1^^^松江架空病院"]);
    drop_message(&hub, "matsue", "a", "SIU^S14", &[&first, "PID|1||M-1^^^^PI||架空^花子"]);
    drain(&hub);
    let events = |subscriber: &str| {
        delivered(&hub, subscriber).iter().map(|event| event["data"]["event"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(events("matsue"), [json!("booked"), json!("rescheduled"), json!("cancelled")]);
    assert_eq!((events("izumo"), events("tasks")), (vec![json!("modified")], vec![json!("booked")]));
}

#[test]
fn an_appointment_with_a_link_is_an_invitation_that_names_no_patient() {
    let hub = hub(ROUTES);
    let note = format!("NTE|1||参加先 {LINK} 架空花子様");
    drop_message(&hub, "izumo", "a", "SIU^S12", &[&sch("202611251000"), &note, PID]);
    drop_message(&hub, "izumo", "b", "SIU^S13", &[&sch("202611261000"), PID]);
    drop_message(&hub, "izumo", "c", "SIU^S15", &[&sch("202611261000"), PID]);
    // No link, one to somewhere else, and one that did not come whole.
    drop_message(&hub, "izumo", "d", "SIU^S12", &["SCH|Y-13|||||||||30|min|^^^202611251000", PID]);
    let odd = "NTE|1||https://evil.example/j";
    drop_message(&hub, "izumo", "e", "SIU^S12", &["SCH|Y-14|||||||||30|min|^^^202611251000", odd, PID]);
    let cut = "ZMT|1|https://meet.example.jp/j?a=1&b=2";
    drop_message(&hub, "izumo", "f", "SIU^S12", &["SCH|Y-15|||||||||30|min|^^^202611251000", cut, PID]);
    drain(&hub);
    let invitations = delivered(&hub, "web-conference");
    let methods: Vec<_> =
        invitations.iter().map(|event| event["datacontenttype"].as_str().unwrap()).collect();
    assert_eq!(methods.len(), 3, "{methods:?}");
    let texts: Vec<_> = invitations.iter().map(|event| String::from_utf8(bytes_of(event)).unwrap()).collect();
    let value = |text: &str, name: &str| {
        let unfolded = text.replace("\r\n ", "");
        let line =
            unfolded.split("\r\n").find_map(|line| line.strip_prefix(&format!("{name}:")).map(str::to_owned));
        line.unwrap_or_default()
    };
    let all = |name: &str| texts.iter().map(|text| value(text, name)).collect::<Vec<_>>();
    assert_eq!(all("METHOD"), ["REQUEST", "REQUEST", "CANCEL"]);
    assert_eq!(all("URL"), ["https://meet.example.jp/j/77?pwd=a&b", "", ""]);
    assert_eq!(all("DTSTART"), ["20261125T010000Z", "20261126T010000Z", "20261126T010000Z"]);
    assert_eq!(all("SUMMARY")[0], "退院前カンファレンス");
    let uids = all("UID");
    assert!(uids[0] == uids[1] && uids[1] == uids[2] && !uids[0].contains("Y-12"));
    let sequences: Vec<i64> = all("SEQUENCE").iter().map(|text| text.parse().unwrap()).collect();
    assert!(sequences[0] < sequences[1] && sequences[1] < sequences[2], "{sequences:?}");
    assert!(texts.iter().all(|text| !text.contains("花子") && !text.contains("00045678")));
    assert_eq!(invitations[0]["dataschema"], "urn:ietf:rfc:5545");
}
