//! Many invalid messages at once.

use serde_json::{Value, json};

use super::{ask, drop_file, told};
use crate::browser::Region;
use crate::processes::running::until;

const COUNT: u64 = 2_000;
/// Most that a page may be, however many there are.
const PAGE: usize = 256 << 10;

/// Messages that name no patient, in one file.
pub(super) fn invalid(count: u64) -> String {
    let message = |number| {
        format!(
            "MSH|^~\\&|HIS|IZUMO|GW|HUB|20261120101500+0900||ADT^A08^ADT_A01|{number}|P|2.5||||||UNICODE UTF-8\r\
             EVN|A08|20261120\rPID|||||架空^花子\r"
        )
    };
    (0..count).map(message).collect()
}

fn piled(region: &Region) -> u64 {
    let piles = told(region, "/invalid/piles");
    piles.as_array().unwrap().iter().map(|pile| pile["count"].as_u64().unwrap()).sum()
}

/// Does that with all invalid messages, to its end.
fn done(region: &Region, act: &str) -> Value {
    let request =
        json!({ "act": act, "selection": { "feed": "izumo-chuo" }, "why": "a test", "rate": 10_000 });
    let (status, body) = ask(region, "POST /api/v1/invalid/acts", &request.to_string());
    assert_eq!(status, 201, "{body}");
    let work: Value = serde_json::from_str(&body).unwrap();
    let path = format!("/letters/{}", work["id"].as_str().unwrap());
    until("all are dealt with", || {
        !["waiting", "running"].contains(&told(region, &path)["state"].as_str().unwrap())
    });
    told(region, &path)
}

#[test]
fn thousands_of_invalid_messages_at_once_are_one_line_and_are_dealt_with_together() {
    let region = Region::start(|hub| {
        hub.only_drops();
        hub.write("drop/.keep", "");
    });
    drop_file(&region, "many.hl7", invalid(COUNT));
    until("all are invalid", || piled(&region) == COUNT);
    let piles = told(&region, "/invalid/piles");
    assert_eq!(piles.as_array().unwrap().len(), 1, "{piles:#}");
    let fault = piles[0]["fault"].as_str().unwrap();
    for path in [
        "/",
        "/messages",
        "/messages?state=invalid",
        "/invalid",
        &format!("/invalid?feed=izumo-chuo&fault={fault}"),
        &format!("/invalid/all?feed=izumo-chuo&fault={fault}"),
        "/queues",
        "/queues/invalid",
        "/api/v1/invalid",
        "/api/v1/invalid/piles",
    ] {
        let (status, body) = ask(&region, &format!("GET {path}"), "");
        assert!(status == 200 && body.len() < PAGE, "{path}: {status} {}", body.len());
    }
    let retried = done(&region, "retry");
    assert_eq!((&retried["state"], &retried["done"]), (&json!("done"), &json!(COUNT)), "{retried:#}");
    until("they are invalid again", || piled(&region) == COUNT);
    let discarded = done(&region, "discard");
    assert_eq!((&discarded["state"], &discarded["done"]), (&json!("done"), &json!(COUNT)), "{discarded:#}");
    until("nothing is left", || piled(&region) == 0);
}
