//! Messages of the history are found by what somebody knows of them, on the command line and in the console. All people
//! are invented (架空).

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use serde_json::{Value, json};

use crate::processes::running::{Running, until};
use crate::support::HubFolder;

const FACILITY: &str = "3210100018";
const ROUTES: &str = "version = 1\n[[subscriber]]\nname = \"letters\"\ndeliver = { kind = \"folder\" }\n\
    [[subscriber]]\nname = \"own\"\ndeliver = { kind = \"queue\" }\n\
    [[route]]\nname = \"all\"\ntopic = \"all.events\"\nto = [\"letters\"]\nkinds = [\"diagnosis\"]\nbasis = \"public-duty\"\n\
    [[route]]\nname = \"count\"\ntopic = \"count.events\"\nto = [\"own\"]\nkinds = [\"any\"]\nbasis = \"public-duty\"\n";

/// A hub with a drop folder and a console; gives where that listens.
fn hub() -> (HubFolder, String) {
    let hub = HubFolder::new();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("127.0.0.1:{port}");
    let settings = format!(
        "version = 1\nnetwork = \"shimane\"\ntimezone = \"Asia/Tokyo\"\n[registry]\nauthority = \"MUSUBI\"\n\
         [history]\nkeep = \"400d\"\nbytes_max = \"20GB\"\n[console]\nlisten = \"{address}\"\n"
    );
    hub.write("hub.toml", settings);
    hub.write("routes.toml", ROUTES);
    hub.hl7_feed("izumo", FACILITY, "drop");
    let message = |kind: &str, control: &str, patient: &str, name: &str, rest: &str| {
        format!(
            "MSH|^~\\&|HIS|IZUMO|GW|HUB|20261120101500+0900||{kind}|{control}|P|2.5||||||UNICODE UTF-8\r\
             PID|||{patient}^^^IZUMO||{name}\r{rest}\r"
        )
    };
    let problem = "PRB|AD|20261118|1^高血圧症^MDCDX2|i1|||20261118|||I10^^I10\rORC|NW|ORDER-7|FILLER-8";
    hub.write(
        "drop/one.hl7",
        message("PPR^ZD1^PPR_ZD1", "CONTROL-1", "00000042", "架空^<script>太郎</script>", problem),
    );
    hub.write(
        "drop/two.hl7",
        message("ADT^A04^ADT_A01", "CONTROL-2", "00000077", "架空^花子", "PV1|1|O|01^^^^^C"),
    );
    hub.write("drop/three.hl7", "this is no message\r");
    (hub, address)
}

fn traced(hub: &HubFolder, arguments: &[&str]) -> Vec<Value> {
    let output = hub.run(&[&["trace", "--json"], arguments].concat());
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    found["messages"].as_array().unwrap().clone()
}

fn ids(ways: &[Value]) -> Vec<&str> {
    ways.iter().map(|way| way["id"].as_str().unwrap()).collect()
}

#[test]
fn a_message_is_found_by_whatever_is_known_of_it() {
    let (hub, _) = hub();
    let (code, report) = hub.drain();
    assert_eq!(code, 0, "{report:#}");
    let all = traced(&hub, &["--facility", FACILITY]);
    assert_eq!(all.len(), 3, "{all:#?}");
    let one = traced(&hub, &["--control-id", "CONTROL-1"]);
    assert_eq!(one.len(), 1, "{one:#?}");
    let id = ids(&one)[0];
    let file = hub.path("drop/one.hl7");
    for wanted in [
        &["--patient", "izumo/00000042"][..],
        &["--any", "00000042"],
        &["--any", "CONTROL-1"],
        &["--any", "FILLER-8", "--kind", "diagnosis"],
        &["--any", id],
        &["--order", "ORDER-7"],
        &["--order", "FILLER-8", "--subscriber", "letters"],
        &["--path", file.to_str().unwrap()],
        &["--path", "one.hl7", "--feed", "izumo"],
        &["--subscriber", "letters", "--state", "delivered"],
        &["--kind", "diagnosis", "--state", "routed", "--from", "2026-01-01T00:00"],
        &[id],
    ] {
        assert_eq!(ids(&traced(&hub, wanted)), [id], "{wanted:?}");
    }
    assert_eq!(traced(&hub, &["--state", "invalid"]).len(), 1);
    assert_eq!(traced(&hub, &["--subscriber", "own"]).len(), 2);
    for nothing in [
        &["--order", "ORDER-8"][..],
        &["--any", "0000004"],
        &["--control-id", "CONTROL-1", "--kind", "patient"],
        &["--until", "2026-01-01T00:00"],
        &["--network-id", "900000000001"],
    ] {
        assert!(traced(&hub, nothing).is_empty(), "{nothing:?}");
    }
    let steps = one[0]["steps"].as_array().unwrap();
    assert_eq!(steps[0]["control_id"], "CONTROL-1");
    assert_eq!(steps[1]["attempts"], 1, "{steps:#?}");
    let usage = hub.run(&["trace", "--state", "nowhere"]).status.code();
    assert_eq!((usage, hub.run(&["trace", "--from", "then"]).status.code()), (Some(64), Some(64)));
    // The index may be lost, and is no other afterwards.
    std::fs::remove_dir_all(hub.path("var/history/index")).unwrap();
    assert_eq!(traced(&hub, &["--facility", FACILITY]), all);
}

/// A request with the token of the hub; status and body.
fn ask(hub: &HubFolder, address: &str, request: &str, media: &str, body: &str) -> (u16, String) {
    let token = std::fs::read_to_string(hub.path("var/api.token")).unwrap_or_default();
    let mut stream = TcpStream::connect(address).unwrap();
    let text = format!(
        "{request} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\nauthorization: Bearer {}\r\n\
         accept-language: en\r\ncontent-type: {media}\r\ncontent-length: {}\r\n\r\n{body}",
        token.trim(),
        body.len()
    );
    stream.write_all(text.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}

#[test]
fn the_console_shows_the_way_of_a_message_and_its_text_as_text() {
    let (hub, address) = hub();
    let running = Running::start(&hub, &["run", "--json"]);
    until("the console listens", || TcpStream::connect(&address).is_ok());
    let (form, object) = ("application/x-www-form-urlencoded", "application/json");
    let search = |query: Value| {
        let (status, body) = ask(&hub, &address, "POST /api/v1/messages", object, &query.to_string());
        assert_eq!(status, 200, "{body}");
        serde_json::from_str::<Value>(&body).unwrap()["rows"].as_array().unwrap().clone()
    };
    until("the messages are decided", || search(json!({"facility": FACILITY})).len() == 3);
    until("one is delivered", || search(json!({"state": "delivered"})).len() == 1);
    let rows = search(json!({"patient": ["izumo", "00000042"]}));
    let id = rows[0]["id"].as_str().unwrap();
    let page = format!("/messages/{id}");

    let (status, list) =
        ask(&hub, &address, "POST /messages", form, "patient_facility=izumo&patient_id=00000042");
    assert!(status == 200 && list.contains(&format!("href=\"{page}\"")), "{list}");
    let (status, list) = ask(&hub, &address, "GET /messages?state=invalid", form, "");
    assert!(status == 200 && list.contains("In trouble among these") && !list.contains(&page), "{list}");
    let (status, way) = ask(&hub, &address, &format!("GET {page}"), form, "");
    assert!(status == 200 && way.contains("CONTROL-1") && way.contains("letters ← all"), "{way}");
    assert!(!way.contains("太郎"), "bodies are shown to who asks for them: {way}");
    let (status, body) = ask(&hub, &address, &format!("POST {page}"), form, "");
    assert!(status == 200 && body.contains("架空^&lt;script&gt;太郎"), "{body}");
    assert!(!body.contains("<script>太郎") && body.contains("What each would get now"), "{body}");

    let (_, views) = ask(&hub, &address, &format!("GET /api/v1/messages/{id}/views"), object, "");
    let views: Value = serde_json::from_str(&views).unwrap();
    assert!(views["original"]["text"].as_str().unwrap().contains("<script>太郎</script>"), "{views:#}");
    let recipients: Vec<_> =
        views["copies"].as_array().unwrap().iter().map(|copy| &copy["subscribers"]).collect();
    assert!(recipients.contains(&&json!(["letters"])), "{views:#}");
    let (status, digests) = ask(&hub, &address, "POST /api/v1/messages/digests", object, "{}");
    let digests: Value = serde_json::from_str(&digests).unwrap();
    assert_eq!(
        (status, &digests[0]["state"], &digests[0]["count"]),
        (200, &json!("invalid"), &json!(1)),
        "{digests}"
    );
    assert_eq!(ask(&hub, &address, "GET /api/v1/messages/nobody", object, "").0, 404);
    assert_eq!(ask(&hub, &address, "GET /messages/nobody", form, "").0, 404);
    assert_eq!(ask(&hub, &address, "GET /api/v1/messages?state=nowhere", object, "").0, 400);
    let audit: String = std::fs::read_dir(hub.path("var/audit"))
        .unwrap()
        .chain(std::fs::read_dir(hub.path("var")).unwrap())
        .filter_map(|entry| std::fs::read_to_string(entry.unwrap().path()).ok())
        .collect();
    assert!(!audit.contains("00000042"), "the audit names no patient");
    drop(running);
}
