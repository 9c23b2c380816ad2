//! What watches over the hub sees: metrics, health, traces, alerts. All people are invented (架空).

mod alerts;
mod listener;
mod metrics;
mod traces;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::processes::running::until;
use crate::support::HubFolder;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A hub with one drop folder, and these lines at the end of its hub.toml; no console.
fn hub(lines: &str) -> HubFolder {
    let hub = HubFolder::new();
    hub.hl7_feed("izumo-chuo", "3210100018", "drop");
    fs::create_dir_all(hub.path("drop")).unwrap();
    let text = fs::read_to_string(hub.path("hub.toml")).unwrap();
    let text: String = text.split_inclusive("\n\n").filter(|part| !part.contains("[console]")).collect();
    hub.write("hub.toml", format!("{text}\n{lines}"));
    hub
}

/// Drops messages with these numbers, each of a patient of its own.
fn drop_messages(hub: &HubFolder, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let message = format!(
            "MSH|^~\\&|EMR|HOSP|HUB|NET|20261101090000||ADT^A08^ADT_A01|C{number:06}|P|2.5\r\
             PID|||PLANTED{number:06}^^^H^PI||PLANTEDNAME^TARO||19600101|M\rPV1||O\r"
        );
        hub.write(&format!("new/{number}.hl7"), message);
        fs::rename(hub.path(&format!("new/{number}.hl7")), hub.path(&format!("drop/{number}.hl7"))).unwrap();
    }
}

/// The address at which the one process of this folder serves its metrics.
fn address(hub: &HubFolder) -> String {
    let mut found = None;
    until("the metrics are served", || {
        let files = fs::read_dir(hub.path("var/metrics")).into_iter().flatten().flatten();
        let mut json =
            files.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "json"));
        let text = json.next().and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        found = value[0]["targets"][0].as_str().map(str::to_owned);
        found.is_some()
    });
    found.unwrap()
}

/// Status and body of a GET.
fn get(address: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}
