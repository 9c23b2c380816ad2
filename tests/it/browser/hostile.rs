//! What comes from outside, at its worst: the console and the verbs stay quick, show text as text, and nothing breaks.

mod gone;
mod large;
mod many;
mod text;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use super::Region;
use crate::processes::running::until;

/// How long an answer may take, also on a machine that is busy with other things.
const LIMIT: Duration = Duration::from_secs(120);
const FORM: &str = "application/x-www-form-urlencoded";

/// A request of who may do everything: status and body, which is UTF-8.
#[track_caller]
fn ask(region: &Region, request: &str, body: &str) -> (u16, String) {
    let token = fs::read_to_string(region.hub.path("var/api.token")).unwrap();
    let media = if request.contains("/api/") { "application/json" } else { FORM };
    let mut stream = TcpStream::connect(&region.address).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    let text = format!(
        "{request} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\nauthorization: Bearer {}\r\naccept-language: en\r\n\
         content-type: {media}\r\ncontent-length: {}\r\n\r\n{body}",
        region.address,
        token.trim(),
        body.len()
    );
    stream.write_all(text.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap_or_else(|error| panic!("{request}: {error}"));
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

/// What the API answers to that.
#[track_caller]
fn told(region: &Region, path: &str) -> Value {
    let (status, body) = ask(region, &format!("GET /api/v1{path}"), "");
    assert_eq!(status, 200, "{path}: {body}");
    serde_json::from_str(&body).unwrap()
}

/// The newest messages, once there are so many.
#[track_caller]
fn messages(region: &Region, count: usize) -> Vec<Value> {
    let rows = || told(region, "/messages")["rows"].as_array().unwrap().clone();
    until("the messages are decided on", || rows().len() == count);
    rows()
}

/// Lets a file appear in the drop folder, whole.
fn drop_file(region: &Region, name: &str, bytes: impl AsRef<[u8]>) {
    fs::create_dir_all(region.hub.path("drop")).unwrap();
    region.hub.write("drop/coming", bytes);
    fs::rename(region.hub.path("drop/coming"), region.hub.path(&format!("drop/{name}"))).unwrap();
}

/// Most memory that the hub had at once, in bytes.
fn peak(region: &Region) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", region.running.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}
