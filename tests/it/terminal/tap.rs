//! The wire tap.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use jiff::Timestamp;
use musubi::clock::SystemClock;
use musubi::ops::audit::{Action, Audit, Wanted};
use musubi::ops::client;
use musubi::ops::tap::{Files, Filter, Tap, Told};
use musubi::pipeline::{Hub, Part};
use musubi::store::history::{CopyFate, Step, What};
use serde_json::Value;

use super::client::{config, region};
use crate::processes::running::{Running, until};
use crate::support::{HubFolder, repository};

/// A tap that ends with the test, and the lines that it prints.
struct Tapping {
    process: std::process::Child,
    lines: Receiver<String>,
    all: Vec<Value>,
}

impl Tapping {
    fn start(hub: &HubFolder, arguments: &[&str]) -> Self {
        let mut command: Command = hub.musubi(&[&["tap", "--json"], arguments].concat());
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let out = BufReader::new(process.stdout.take().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| sender.send(line).ok()));
        Self { process, lines, all: Vec::new() }
    }

    /// All that it has printed.
    fn seen(&mut self) -> &[Value] {
        self.all.extend(self.lines.try_iter().map(|line| serde_json::from_str::<Value>(&line).unwrap()));
        &self.all
    }
}

impl Drop for Tapping {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A message of the demo region, once more under another control id.
fn drop_message(hub: &HubFolder, number: usize) {
    let message = fs::read(repository().join("fixtures/cases/oul_r22_flu_positive/input")).unwrap();
    let end = message.iter().position(|&byte| byte == b'\r').unwrap();
    let (head, rest) = message.split_at(end);
    let mut fields: Vec<_> = head.split(|&byte| byte == b'|').map(<[u8]>::to_vec).collect();
    fields[9] = format!("TAP{number}").into_bytes();
    let name = format!("drop/{number}");
    hub.write(&format!("{name}.new"), [&fields.join(&b'|'), rest].concat());
    fs::rename(hub.path(&format!("{name}.new")), hub.path(&format!("{name}.hl7"))).unwrap();
}

#[test]
fn messages_are_shown_as_they_pass_and_bodies_only_to_who_asks_and_is_noted() {
    let (hub, address) = region();
    hub.only_drops();
    fs::create_dir_all(hub.path("drop")).unwrap();
    let config = config(&hub.path(""));
    let running = Running::start(&hub, &["run", "--json"]);
    until("the console listens", || client::Hub::of(&config).is_some());
    // A reader that reads nothing, and one that goes away.
    let token = fs::read_to_string(hub.path("var/api.token")).unwrap();
    let request = format!(
        "GET /api/v1/tap HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n\r\n",
        token.trim()
    );
    let mut idle = TcpStream::connect(address).unwrap();
    idle.write_all(request.as_bytes()).unwrap();
    let mut leaving = TcpStream::connect(address).unwrap();
    leaving.write_all(request.as_bytes()).unwrap();
    let mut answer = [0; 12];
    leaving.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    drop(leaving);

    let mut plain = Tapping::start(&hub, &["--feed", "izumo-chuo"]);
    let mut bodies = Tapping::start(&hub, &["--body", "--kind", "lab-result"]);
    let mut other = Tapping::start(&hub, &["--feed", "oki-kamome"]);
    let mut number = 0;
    let has = |seen: &[Value], step: &str| seen.iter().any(|one| one["step"] == step);
    until("both saw it decided, and delivered", || {
        // Until the taps are there, and after.
        if number < 40 {
            number += 1;
            drop_message(&hub, number);
        }
        let with_body = |one: &Value| one["body"]["text"].as_str().is_some_and(|text| text.contains("|TAP"));
        has(plain.seen(), "routed") && has(plain.seen(), "delivered") && bodies.seen().iter().any(with_body)
    });
    let delivered = plain.seen().iter().find(|one| one["step"] == "delivered").unwrap();
    assert_eq!(
        (&delivered["feed"], &delivered["kind"]),
        (&"izumo-chuo".into(), &"lab-result".into()),
        "{delivered:#}"
    );
    assert!(plain.seen().iter().all(|one| one["body"].is_null() && one["patient"].is_null()));
    assert!(other.seen().is_empty());
    let mut noted = 0;
    let view_body = |act: &musubi::ops::audit::Act| act.action == Action::ViewBody;
    let wanted = Wanted::default();
    Audit::of(&config)
        .each(&wanted, |act| {
            noted += usize::from(view_body(&act));
            true
        })
        .unwrap();
    assert!(noted > 0, "a look at a body is written down");
    // Open taps do not keep the hub from ending.
    running.stop();
    until("the tap ends with the hub", || plain.process.try_wait().unwrap().is_some());
    drop(idle);
}

fn step(number: usize) -> Step {
    let fate = CopyFate {
        subscriber: "kita".to_owned(),
        ..serde_json::from_str(r#"{"subscriber":"","route":"r"}"#).unwrap()
    };
    let at = Timestamp::from_second(1_795_000_000 + i64::try_from(number).unwrap()).unwrap();
    Step { at, id: format!("m{number}"), what: What::Delivered(fate) }
}

#[test]
fn a_slow_reader_holds_nobody_up_and_is_told_how_much_he_missed() {
    let hub = HubFolder::network();
    let opened = Hub::open(config(&hub.path("")), Part::All, Arc::new(SystemClock)).unwrap();
    let control = opened.control().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let mut tap = runtime.block_on(async { Tap::on(&control, Filter::default()) });
    let mut files = Files::open(&control.config(), Filter::default()).unwrap();
    for number in 0..1_000 {
        control.note(&[step(number)]).unwrap();
    }
    let Some(Told::Missed(missed)) = runtime.block_on(tap.next()) else { panic!("nothing was missed") };
    let mut seen = Vec::new();
    while seen.last().is_none_or(|id| id != "m999") {
        let Some(Told::Passed(passed)) = runtime.block_on(tap.next()) else { panic!("{seen:?}") };
        seen.push(passed.id);
    }
    assert_eq!(usize::try_from(missed).unwrap() + seen.len(), 1_000);
    // Who follows the files sees all, however late.
    let mut ids = Vec::new();
    while let Some(passed) = files.passed().unwrap() {
        ids.push(passed.id);
    }
    assert_eq!((ids.len(), ids.last().unwrap().as_str()), (1_000, "m999"));
    drop((control, opened));
    assert!(runtime.block_on(tap.next()).is_none(), "it ends with the process");
}
