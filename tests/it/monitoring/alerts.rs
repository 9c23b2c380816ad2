//! Alerts: opened, told by webhook and mail, taken note of.

use serde_json::Value;

use super::{hub, listener};
use crate::processes::running::{Running, until};
use crate::support::HubFolder;

fn json(hub: &HubFolder, arguments: &[&str]) -> Value {
    let output = hub.run(arguments);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// A hub whose disk is always too small, with both kinds of receivers.
fn full(webhook: u16, mail: u16) -> HubFolder {
    let hub = hub(&format!(
        "[alerts]\ndisk_free_min = \"900000TB\"\n\n\
         [[alerts.to]]\nkind = \"webhook\"\nname = \"chat\"\nurl = \"http://127.0.0.1:{webhook}/hook\"\n\
         token_file = \"chat.token\"\nsecret_file = \"chat.secret\"\n\n\
         [[alerts.to]]\nkind = \"mail\"\nname = \"desk\"\nsmtp = \"127.0.0.1:{mail}\"\ntls = \"none\"\nlang = \"en\"\n\
         from = \"musubi@example.jp\"\nto = [\"night@example.jp\", \"day@example.jp\"]\nleast = \"critical\"\n"
    ));
    hub.write("chat.token", "t0ken\n");
    hub.write("chat.secret", "s3cret\n");
    hub
}

#[test]
fn an_alert_is_told_once_to_each_and_taken_note_of() {
    let ((webhook, posted), (mail, mailed)) = (listener::http(), listener::smtp());
    let hub = full(webhook, mail);
    let running = Running::start(&hub, &["run"]);
    until("both are told", || !posted.lock().unwrap().is_empty() && !mailed.lock().unwrap().is_empty());

    let (head, body) = posted.lock().unwrap()[0].clone();
    assert!(
        head.contains("authorization: bearer t0ken") && head.contains("musubi-signature: sha256="),
        "{head}"
    );
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        (&body["event"], &body["alarm"], &body["severity"]),
        (&"opened".into(), &"disk-low".into(), &"critical".into())
    );
    assert!(body["text"].as_str().unwrap().contains("対応: "), "{body}");
    let (envelope, text) = mailed.lock().unwrap()[0].clone();
    assert!(
        envelope.contains("RCPT TO:<night@example.jp>") && envelope.contains("RCPT TO:<day@example.jp>"),
        "{envelope}"
    );
    let text = String::from_utf8(text).unwrap();
    assert!(
        text.contains("[musubi shimane] open The disk is nearly full") && text.contains("disk-low"),
        "{text}"
    );

    let open = json(&hub, &["alerts", "--json"]);
    let id = open["alerts"][0]["id"].as_str().unwrap();
    assert_eq!(body["id"], id, "{open}");
    let unknown = hub.run(&["alerts", "acknowledge", "000000000000", "--note", "x", "--who", "sato"]);
    assert_eq!(unknown.status.code(), Some(64), "{unknown:?}");
    let noted = hub.run(&["alerts", "acknowledge", id, "--note", "a larger disk comes", "--who", "sato"]);
    assert_eq!(noted.status.code(), Some(0), "{noted:?}");
    assert_eq!(json(&hub, &["alerts", "--json"])["alerts"][0]["acknowledged"]["who"], "sato");
    running.stop();

    // It goes on, and nobody is told again.
    let running = Running::start(&hub, &["run"]);
    until("the note is in the log", || {
        let entries = json(&hub, &["alerts", "history", "--json"]);
        entries["entries"].as_array().unwrap().iter().any(|entry| entry["event"] == "acknowledged")
    });
    assert_eq!(json(&hub, &["alerts", "--json"])["alerts"][0]["id"], id);
    running.stop();
    assert_eq!((posted.lock().unwrap().len(), mailed.lock().unwrap().len()), (1, 1));
}

#[test]
fn a_test_reaches_every_receiver_and_says_who_is_not_there() {
    let ((webhook, posted), (mail, mailed)) = (listener::http(), listener::smtp());
    let hub = full(webhook, mail);
    let output = hub.run(&["alert", "test"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let body: Value = serde_json::from_slice(&posted.lock().unwrap()[0].1).unwrap();
    assert_eq!((&body["event"], mailed.lock().unwrap().len()), (&"test".into(), 1));
    assert_eq!(hub.run(&["alerts", "test", "nobody"]).status.code(), Some(64));

    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let hub = full(free, mail);
    let output = hub.run(&["alerts", "test", "chat"]);
    assert_eq!(output.status.code(), Some(69), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("chat could not be told") && !said.contains("t0ken"), "{said}");
}

#[test]
fn a_certificate_of_the_console_is_told_before_it_ends() {
    let hub = HubFolder::new();
    crate::access::tls::certify(&hub.path(""));
    let text = std::fs::read_to_string(hub.path("hub.toml")).unwrap();
    let with = "[console]\ncertificate = \"hub.pem\"\nkey = \"hub.key\"\n";
    hub.write("hub.toml", text.replace("[console]\n", with));
    let running = Running::start(&hub, &["run"]);
    until("it is told", || {
        let open = json(&hub, &["alerts", "--json"]);
        let mut alerts = open["alerts"].as_array().unwrap().iter();
        alerts.any(|alert| alert["alarm"] == "certificate-expiring" && alert["subject"] == "hub.pem")
    });
    running.stop();
}
