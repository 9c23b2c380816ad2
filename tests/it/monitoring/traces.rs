//! Traces, as a collector gets them (OTLP over HTTP).

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use super::{drop_messages, hub, listener};
use crate::support::{HubFolder, files_below};

fn traced(port: u16, sample: &str) -> HubFolder {
    hub(&format!("[telemetry]\notlp = \"http://127.0.0.1:{port}\"\nsample = {sample}\n"))
}

/// Ids of the messages that the history tells of.
fn ids(hub: &HubFolder) -> BTreeSet<String> {
    let files = files_below(&hub.path("var/history")).into_iter();
    let texts = files
        .filter(|file| file.extension().is_some_and(|e| e == "ndjson"))
        .map(|file| fs::read_to_string(file).unwrap());
    let lines = texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>());
    lines
        .map(|line| serde_json::from_str::<Value>(&line).unwrap()["id"].as_str().unwrap().to_owned())
        .collect()
}

fn count(body: &[u8], bytes: &[u8]) -> usize {
    body.windows(bytes.len()).filter(|window| *window == bytes).count()
}

#[test]
fn the_spans_of_a_message_come_under_its_id_and_name_nobody() {
    let (port, taken) = listener::http();
    let hub = traced(port, "1");
    drop_messages(&hub, 0..10);
    let (code, report) = hub.drain();
    assert_eq!((code, &report["messages"]["accepted"]), (0, &10.into()), "{report}");
    let requests = taken.lock().unwrap().clone();
    assert!(
        requests
            .iter()
            .all(|(head, _)| head.starts_with("post /v1/traces ") && head.contains("application/x-protobuf"))
    );
    let sent: Vec<u8> = requests.into_iter().flat_map(|(_, body)| body).collect();
    let ids = ids(&hub);
    assert_eq!(ids.len(), 10);
    let delivered: u64 =
        report["subscribers"].as_array().unwrap().iter().map(|one| one["delivered"].as_u64().unwrap()).sum();
    assert!(delivered > 0, "{report}");
    for id in &ids {
        let trace: Vec<_> =
            (0..16).map(|at| u8::from_str_radix(id.get(2 * at..2 * at + 2).unwrap(), 16).unwrap()).collect();
        assert!(count(&sent, &trace) >= 3, "{id}: accept, route and deliver");
    }
    for word in
        ["messaging.destination.name", "musubi-run", "publish ingest", "process ingest", "deliver to."]
    {
        assert!(count(&sent, word.as_bytes()) > 0, "{word}");
    }
    assert_eq!(count(&sent, b"PLANTED"), 0);
}

#[test]
fn nothing_is_traced_of_no_share_and_nobody_waits_for_a_collector_that_is_away() {
    let (port, taken) = listener::http();
    let hub = traced(port, "0");
    drop_messages(&hub, 0..10);
    assert_eq!(hub.drain().0, 0);
    assert!(taken.lock().unwrap().is_empty());

    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let hub = traced(free, "1");
    drop_messages(&hub, 0..10);
    let (code, report) = hub.drain();
    assert_eq!(
        (code, &report["messages"]["accepted"], &report["conserved"]),
        (0, &10.into(), &true.into()),
        "{report}"
    );
}
