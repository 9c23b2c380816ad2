//! Receipts: what became of each copy, told once it is out of its queue.

use musubi::envelope::ReceiptTo;

use super::*;
use crate::support::http_server::Reply;

const DESK: &str = "desk";

/// A copy whose route wants a receipt.
async fn publish(bench: &mut Bench, patient: &str, event_type: &str) {
    bench.published += 1;
    let lane = Lane::of(FACILITY, patient, LANES);
    let mut envelope = envelope(&format!("{:032x}", bench.published), patient);
    if let Some(routed) = &mut envelope.event {
        routed.event_type = event_type.to_owned();
        routed.media_type = envelope.format.media_type().to_owned();
        routed.receipt = Some(ReceiptTo { topic: "receipt".to_owned(), to: DESK.to_owned() });
    }
    let body = Bytes::from(format!("MSH|{:x}", bench.published));
    let publication = Publication { to: vec![(topology::subscriber(NAME), lane)], envelope, body };
    bench.broker.publish(vec![publication]).await.unwrap();
}

async fn bench() -> Bench {
    let bench = Bench::new().await;
    bench.broker.declare(&topology::subscriber(DESK)).await.unwrap();
    bench
}

/// Event and outcome of every receipt, each once.
fn receipts(bench: &Bench) -> Vec<(String, String)> {
    let all = bench.broker.all(&topology::subscriber(DESK));
    let mut told: Vec<_> = all
        .iter()
        .map(|receipt| {
            let said: serde_json::Value = serde_json::from_slice(&receipt.body).unwrap();
            let number = said["event"].as_str().unwrap().trim_start_matches('0').to_owned();
            assert_eq!(receipt.envelope.patient, Identifying::default());
            assert_eq!(said["hash"], blake3::hash(format!("MSH|{number}").as_bytes()).to_hex().to_string());
            (number, said["outcome"].as_str().unwrap().to_owned())
        })
        .collect();
    told.sort();
    told.dedup();
    told
}

fn told(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(number, outcome)| ((*number).to_owned(), (*outcome).to_owned())).collect()
}

#[tokio::test]
async fn what_is_delivered_at_once_or_after_it_was_parked_is_told() {
    let mut bench = bench().await;
    let mut refused = 0;
    let server = HttpServer::start(move |request| {
        refused += 1;
        if request.subject() == "00000001" && refused < 4 { Reply::Status(422) } else { Reply::Status(204) }
    })
    .await;
    publish(&mut bench, "00000001", "a.created.v1").await;
    publish(&mut bench, "00000001", "a.updated.v1").await;
    publish(&mut bench, "00000002", "a.created.v1").await;
    bench.publish("00000003").await;
    let working = bench.start(http(&server));
    until("told", || bench.broker.all(&topology::subscriber(DESK)).len() == 3).await;
    let counts = working.stop().await;
    assert_eq!(receipts(&bench), told(&[("1", "delivered"), ("2", "delivered"), ("3", "delivered")]));
    assert_eq!(counts.receipts_to(&topology::subscriber(DESK)), 3);
}

#[tokio::test]
async fn what_is_given_up_is_told() {
    let mut bench = bench().await;
    bench.give_up_after = Some(Duration::ZERO);
    let server = HttpServer::start(|_| Reply::Status(422)).await;
    publish(&mut bench, "00000001", "a.created.v1").await;
    let working = bench.start(http(&server));
    until("dead", || bench.dead().len() == 1).await;
    working.stop().await;
    assert_eq!(receipts(&bench), told(&[("1", "dead")]));
}

/// Killed at any moment, and started again: nobody who got a copy is missing among the receipts.
#[tokio::test]
async fn a_crash_loses_no_receipt() {
    for round in 0..20_u64 {
        let mut bench = bench().await;
        let server = HttpServer::start(|_| Reply::Status(204)).await;
        for number in 0..30 {
            publish(&mut bench, &format!("{number:08}"), "a.created.v1").await;
        }
        let working = bench.start(http(&server));
        let some = usize::try_from(round).unwrap();
        until("some", || server.taken().len() > some).await;
        working.kill().await;
        let working = bench.start(http(&server));
        until("all", || bench.waiting().is_empty()).await;
        working.stop().await;
        assert_eq!(receipts(&bench).len(), 30, "round {round}");
    }
}

/// S15 never overtakes S12, though the subscriber refuses S12 for a while.
#[tokio::test]
async fn a_cancellation_waits_for_its_booking() {
    let mut bench = bench().await;
    let mut refused = 0;
    let server = HttpServer::start(move |request| {
        let is_booking = request.event["type"] == "appointment.created.v1" && request.subject() == "00000001";
        refused += usize::from(is_booking);
        if is_booking && refused < 4 { Reply::Status(422) } else { Reply::Status(204) }
    })
    .await;
    for event_type in ["appointment.created.v1", "appointment.updated.v1", "appointment.deleted.v1"] {
        publish(&mut bench, "00000001", event_type).await;
    }
    publish(&mut bench, "00000002", "appointment.created.v1").await;
    let working = bench.start(http(&server));
    until("delivered", || working.delivered() == 4).await;
    working.stop().await;
    let taken = server.taken();
    let types: Vec<_> = taken.iter().filter(|request| request.subject() == "00000001").collect();
    let types: Vec<_> = types.iter().map(|request| request.event["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["appointment.created.v1", "appointment.updated.v1", "appointment.deleted.v1"]);
    assert_eq!(taken[0].subject(), "00000002", "another patient does not wait");
}
