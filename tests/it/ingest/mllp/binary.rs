//! The built binary with a listener, and a sender that knows nothing of it but its port.

use std::collections::BTreeSet;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Child;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hl7v2::ack;
use hl7v2::mllp::{Decoder, frame};
use serde_json::{Value, json};

use super::message;
use crate::run::everything_to_one;
use crate::support::process::ToItsEnd;
use crate::support::{HubFolder, repository};

/// A port that nobody uses for the moment.
fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A hub with a listener, whose only subscriber gets the original bytes.
fn hub_at(address: SocketAddr) -> HubFolder {
    let hub = everything_to_one("nowhere");
    let routes = fs::read_to_string(hub.path("routes.toml")).unwrap();
    hub.write("routes.toml", routes + "send = \"original\"\n");
    hub.write(
        "feeds/one.toml",
        format!(
            "version = 1\nfacility = \"3210100018\"\nname = \"架空\"\nroles = [\"disclosing\"]\n[[source]]\nkind = \"mllp\"\nlisten = \"{address}\"\n"
        ),
    );
    hub
}

struct Client {
    stream: TcpStream,
    decoder: Decoder,
}

impl Client {
    /// Connects as soon as the hub listens.
    fn connect(address: SocketAddr) -> Self {
        for _attempt in 0..400 {
            if let Ok(stream) = TcpStream::connect(address) {
                stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
                return Self { stream, decoder: Decoder::new(1 << 20) };
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        panic!("nothing listens at {address}");
    }

    /// Code and control id of the next answer, none if the connection is gone.
    fn answer(&mut self) -> Option<(String, String)> {
        loop {
            if let Some(bytes) = self.decoder.next_frame().unwrap() {
                let answer = ack::read(&bytes).unwrap();
                return Some((answer.code.as_str().to_owned(), answer.control_id));
            }
            let mut piece = [0; 4096];
            match self.stream.read(&mut piece) {
                Ok(0) => return None,
                Ok(read) => self.decoder.extend(&piece[..read]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => panic!("no answer in time"),
                Err(_) => return None,
            }
        }
    }
}

/// Original bytes of what was delivered.
fn bodies(hub: &HubFolder) -> Vec<Vec<u8>> {
    if !hub.path("var/deliveries/referral").exists() {
        return Vec::new();
    }
    let events = hub.delivered("referral").into_iter();
    events.map(|event| BASE64_STANDARD.decode(event["data_base64"].as_str().unwrap()).unwrap()).collect()
}

fn wait_for(hub: &HubFolder, count: usize) {
    let arrived = || {
        std::thread::sleep(Duration::from_millis(50));
        bodies(hub).len() >= count
    };
    assert!((0..200).any(|_| arrived()), "{} of {count} were delivered within 10 s", bodies(hub).len());
}

/// SIGTERM, and what it reported.
fn stop(child: Child) -> Value {
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::TERM)
        .unwrap();
    let output = child.to_its_end();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn what_is_sent_to_the_port_is_delivered_byte_for_byte() {
    let address = free_address();
    let hub = hub_at(address);
    let cases =
        ["adt_a01_admit", "adt_a08_yamamoto", "oru_r01_shift_jis", "oul_r22_flu_positive", "shift_left_open"];
    let inputs =
        cases.map(|case| fs::read(repository().join("fixtures/cases").join(case).join("input")).unwrap());
    for start in 0..2 {
        let child = hub.start(&["run", "--json"]);
        let mut client = Client::connect(address);
        for input in &inputs {
            client.stream.write_all(&frame(input)).unwrap();
            assert_eq!(client.answer().unwrap().0, "AA");
        }
        wait_for(&hub, cases.len());
        let report = stop(child);
        let accepted = if start == 0 { cases.len() } else { 0 };
        assert_eq!(
            (&report["conserved"], &report["feeds"][0]["accepted"], &report["feeds"][0]["files"]),
            (&json!(true), &json!(accepted), &json!(0)),
            "{report:#}"
        );
    }
    let (sent, delivered): (BTreeSet<_>, Vec<_>) = (inputs.into_iter().collect(), bodies(&hub));
    assert_eq!(delivered.len(), cases.len());
    assert_eq!(delivered.into_iter().collect::<BTreeSet<_>>(), sent);
}

#[test]
fn killed_while_it_takes_messages_it_takes_each_once_and_in_order() {
    let address = free_address();
    let hub = hub_at(address);
    let messages: Vec<_> = (0..400).map(|n| message(format!("{n:04}"), &format!("P{}", n % 7))).collect();
    let mut next = 0;
    let mut kills: usize = 0;
    while next < messages.len() {
        let mut child = hub.start(&["run", "--json"]);
        let mut client = Client::connect(address);
        let until = (next + 10 + 7 * (kills % 5)).min(messages.len());
        let window: Vec<u8> =
            messages.iter().skip(next).take(40).flat_map(|message| frame(message.as_bytes())).collect();
        client.stream.write_all(&window).unwrap();
        while next < until {
            let answer = client.answer().unwrap();
            assert_eq!(answer, ("AA".to_owned(), format!("{next:04}")));
            next += 1;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
    }
    let (_, report) = hub.drain();
    assert_eq!(report["messages"]["waiting"], json!(0), "{report:#}");
    println!("{kills} kills");
    let delivered = bodies(&hub);
    for patient in 0..7 {
        let of = |bodies: &[Vec<u8>]| {
            let of = bodies.iter().map(|body| String::from_utf8(body.clone()).unwrap());
            of.filter(|body| body.contains(&format!("||P{patient}^"))).collect::<Vec<_>>()
        };
        let sent: Vec<_> = messages.iter().map(|message| message.clone().into_bytes()).collect();
        assert_eq!(of(&delivered), of(&sent));
    }
    assert_eq!(delivered.len(), messages.len());
}
