//! The services that have a desk of their own, from the source's file to the desk's page.

mod appointment;
mod reading;
mod referral;

use std::fs;

use base64::Engine as _;
use serde_json::Value;

use crate::support::{HubFolder, repository};

const IZUMO: &str = "3210100018";
const MATSUE: &str = "3210200024";
const OKI: &str = "3210700019";

/// A hub with these routes, and a drop folder for each of three facilities.
fn hub(routes: &str) -> HubFolder {
    let hub = HubFolder::new();
    hub.write("routes.toml", routes);
    for (feed, facility) in [("izumo", IZUMO), ("matsue", MATSUE), ("oki", OKI)] {
        hub.hl7_feed(feed, facility, feed);
        fs::create_dir(hub.path(feed)).unwrap();
    }
    hub
}

/// Drops a case of `fixtures/cases` for a facility.
fn drop_case(hub: &HubFolder, feed: &str, file: &str, case: &str) -> Vec<u8> {
    let bytes = fs::read(repository().join("fixtures/cases").join(case).join("input")).unwrap();
    hub.write(&format!("{feed}/{file}.hl7"), &bytes);
    bytes
}

/// Drops a message of these segments behind MSH.
fn drop_message(hub: &HubFolder, feed: &str, file: &str, message: &str, segments: &[&str]) {
    let head = format!("MSH|^~\\&|HIS|S|G|R|20261120101500+0900||{message}|{file}|P|2.5||||||UNICODE UTF-8");
    let text = [&[head.as_str()], segments].concat().join("\r") + "\r";
    hub.write(&format!("{feed}/{file}.hl7"), text);
}

fn drain(hub: &HubFolder) {
    let (code, report) = hub.drain();
    assert_eq!((code, &report["conserved"]), (0, &Value::Bool(true)), "{report:#}");
}

/// What a subscriber has got: none where nothing ever came.
fn delivered(hub: &HubFolder, subscriber: &str) -> Vec<Value> {
    if hub.path("var/deliveries").join(subscriber).exists() { hub.delivered(subscriber) } else { Vec::new() }
}

fn bytes_of(event: &Value) -> Vec<u8> {
    base64::engine::general_purpose::STANDARD.decode(event["data_base64"].as_str().unwrap()).unwrap()
}

/// What a verb prints as JSON.
fn printed(hub: &HubFolder, arguments: &[&str]) -> Value {
    let output = hub.run(arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}
