//! The built binary at both ends: what it prints, and how it ends.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Output, Stdio};
use std::sync::mpsc::channel;
use std::thread::{sleep, spawn};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::{DEADLINE, Outbox, message};
use crate::support::HubFolder;

const LOOK: Duration = Duration::from_millis(50);
const LOOKS: u32 = 400;

/// A process that ends with the test.
pub(super) struct Process(Option<Child>);

impl Process {
    pub(super) fn start(hub: &HubFolder, arguments: &[&str]) -> Self {
        let mut command = hub.musubi(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(Some(command.spawn().unwrap()))
    }

    fn child(&mut self) -> &mut Child {
        self.0.as_mut().unwrap()
    }

    /// The address that a listener says on its first line.
    fn address(&mut self) -> String {
        let mut said = BufReader::new(self.child().stderr.take().unwrap());
        let (tx, rx) = channel();
        spawn(move || {
            let mut line = String::new();
            said.read_line(&mut line).unwrap();
            tx.send(line).unwrap();
            // Whoever writes to a pipe that nobody reads is stopped.
            std::io::copy(&mut said, &mut std::io::sink()).unwrap();
        });
        let line = rx.recv_timeout(DEADLINE).expect("the listener does not say where it listens");
        let address = line.split(" at ").nth(1).unwrap_or_else(|| panic!("it says {line:?}"));
        address.split(';').next().unwrap().to_owned()
    }

    pub(super) fn signal(&mut self, signal: Signal) {
        kill_process(Pid::from_child(self.child()), signal).unwrap();
    }

    /// Waits until it has ended.
    #[track_caller]
    pub(super) fn end(mut self) -> Output {
        let mut child = self.0.take().unwrap();
        let ended = (0..LOOKS).any(|_| {
            sleep(LOOK);
            child.try_wait().unwrap().is_some()
        });
        if !ended {
            child.kill().unwrap();
            panic!("it does not end: {:?}", child.wait_with_output().unwrap());
        }
        child.wait_with_output().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

fn send(hub: &HubFolder, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = vec!["send"];
    command.extend(arguments);
    let output = Process::start(hub, &command).end();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn both_ends_tell_what_happened_without_the_patient() {
    let hub = HubFolder::new();
    let outbox = Outbox::new(3, "");
    let mut listener = Process::start(
        &hub,
        &["listen", "--port", "0", "--answer", "AE", "--every", "2", "--to"]
            .map(str::to_owned)
            .iter()
            .map(String::as_str)
            .chain([hub.path("in").to_str().unwrap()])
            .collect::<Vec<_>>(),
    );
    let address = listener.address();
    let folder = outbox.path();
    let (code, out, _) = send(&hub, &[folder.to_str().unwrap(), "--to", &address]);
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains("1\tC1\tAA\t") && out.contains("2\tC2\tAE\t") && out.contains("ERR 207"), "{out}");
    assert!(out.contains("sent 3: accepted 2, rejected 1, unanswered 0") && out.contains("latency"), "{out}");
    listener.signal(Signal::TERM);
    let output = listener.end();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("ADT^A08^ADT_A01\tC3") && told.contains("3 messages, 2 accepted"), "{told}");
    assert!(!out.contains("98765") && !told.contains("98765"), "a patient's id is told:\n{out}{told}");
    assert_eq!(std::fs::read_dir(hub.path("in")).unwrap().count(), 3);
}

#[test]
fn json_is_a_line_a_message_and_then_the_counts() {
    let hub = HubFolder::new();
    let mut listener = Process::start(&hub, &["listen", "--port", "0", "--json", "--count", "1"]);
    let address = listener.address();
    let mut sender = Process::start(&hub, &["send", "-", "--json", "--to", &address]);
    sender.child().stdin.take().unwrap().write_all(message(7, "AL|AL").as_bytes()).unwrap();
    let output = sender.end();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    for (output, count) in [(output, "sent"), (listener.end(), "messages")] {
        let text = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert_eq!(lines[0]["control_id"], "C7");
        assert_eq!(lines[0]["codes"], serde_json::json!(["CA", "AA"]));
        assert_eq!(lines[1][count], 1);
    }
}

#[test]
fn each_way_to_fail_has_its_exit_code() {
    let hub = HubFolder::new();
    let outbox = Outbox::new(1, "");
    let file = outbox.path().join("001.hl7");
    let file = file.to_str().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    // It listens and never answers.
    let (code, _, said) = send(&hub, &[file, "--to", &address, "--timeout", "500ms"]);
    assert_eq!(code, Some(75), "{said}");
    let port = address.split(':').nth(1).unwrap().to_owned();
    let output = Process::start(&hub, &["listen", "--port", &port]).end();
    assert_eq!(output.status.code(), Some(69));
    drop(free);
    let (code, _, said) = send(&hub, &[file, "--to", &address]);
    assert_eq!(code, Some(69));
    assert!(said.contains("musubi listen"), "{said}");
    hub.write("picture.jpg", b"\xff\xd8");
    let (code, _, said) = send(&hub, &[hub.path("picture.jpg").to_str().unwrap(), "--to", &address]);
    assert_eq!(code, Some(65));
    assert!(said.contains("musubi inspect"), "{said}");
    assert_eq!(send(&hub, &["missing.hl7", "--to", &address]).0, Some(65));
    assert_eq!(send(&hub, &[file, "--to", &address, "--fault", "nonsense"]).0, Some(64));
    assert_eq!(send(&hub, &[file, "--to", &address, "--accept-ack", "XX"]).0, Some(64));
    let output = Process::start(&hub, &["listen", "--port", "0", "--to", file]).end();
    assert_eq!(output.status.code(), Some(73));
}
