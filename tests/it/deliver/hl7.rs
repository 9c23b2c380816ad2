//! MLLP.

use std::time::Duration;

use hl7v2::ack::AckCode;
use musubi::deliver::Mllp;
use musubi::envelope::ORIGINAL;

use super::*;
use crate::support::mllp_server::{AA, MllpServer, Reply};

fn mllp(server: &MllpServer) -> Kind {
    mllp_within(server, Duration::from_secs(30))
}

/// For subscribers that do not answer.
fn mllp_within(server: &MllpServer, timeout: Duration) -> Kind {
    Kind::Mllp(Mllp { connect: server.address.to_string(), timeout, connections: 2 })
}

/// A message of a patient; `wanted` is MSH-15 and MSH-16.
fn message(control_id: usize, patient: &str, wanted: &str) -> Vec<u8> {
    // 架空 in Shift_JIS: the bytes must arrive as they are.
    let name = b"\x89\xcb\x8b\xf3";
    let head = format!(
        "MSH|^~\\&|S|F|R|F|20261122||ADT^A08|C{control_id}|P|2.5|||{wanted}||MS932\rPID|||{patient}||"
    );
    [head.as_bytes(), name, b"\r"].concat()
}

impl Bench {
    async fn publish_original(&mut self, patient: &str, wanted: &str) -> Vec<u8> {
        self.published += 1;
        let body = message(self.published, patient, wanted);
        let mut envelope = envelope(&format!("{:032x}", self.published), patient);
        envelope.event.as_mut().unwrap().media_type = ORIGINAL.to_owned();
        let to = vec![(topology::subscriber(NAME), Lane::of(FACILITY, patient, LANES))];
        let publication = Publication { to, envelope, body: Bytes::from(body.clone()) };
        self.broker.publish(vec![publication]).await.unwrap();
        body
    }
}

#[tokio::test]
async fn the_bytes_arrive_unchanged_and_connections_are_used_again() {
    let mut bench = Bench::new().await;
    let server = MllpServer::start(|_| AA).await;
    let mut sent = Vec::new();
    for number in 0..60 {
        sent.push(bench.publish_original(&format!("{:04}", number % 7), "|").await);
    }
    let working = bench.start(mllp(&server));
    until("delivered", || working.delivered() == 60).await;
    working.stop().await;
    let log = server.log();
    assert_eq!(log.len(), 60);
    assert!(log.iter().all(|(received, _)| received.connection <= 2));
    assert!(sent.iter().all(|body| log.iter().any(|(received, _)| received.bytes == *body)));
    for patient in 0..7 {
        let patient = format!("{patient:04}");
        let of_patient: Vec<_> = log
            .iter()
            .filter(|(received, _)| received.patient == patient)
            .map(|(received, _)| received.control_id.get(1..).unwrap().parse::<u32>().unwrap())
            .collect();
        assert!(of_patient.is_sorted(), "{of_patient:?}");
    }
}

#[tokio::test]
async fn the_answer_that_is_owed_decides() {
    let taken: [(&str, &[&str]); 8] = [
        ("|", &["AA"]),
        ("AL|NE", &["CA"]),
        ("AL|AL", &["CA", "AA"]),
        // After the commit the receiver is answerable.
        ("AL|AL", &["CA", "AE"]),
        ("NE|AL", &["AA"]),
        ("AL|AL", &["AA"]),
        ("|", &["AA", "AA"]),
        ("NE|NE", &[]),
    ];
    for (wanted, codes) in taken {
        let mut bench = Bench::new().await;
        let server = MllpServer::start(move |_| Reply::Codes(codes)).await;
        for _ in 0..3 {
            bench.publish_original("0001", wanted).await;
        }
        let working = bench.start(mllp(&server));
        until("delivered", || working.delivered() == 3).await;
        working.stop().await;
        assert_eq!(server.log().len(), 3, "{wanted} {codes:?}");
        assert!(server.log().iter().all(|(received, _)| received.connection == 1));
    }
}

#[tokio::test]
async fn a_negative_answer_parks_the_patient_with_numbers_only() {
    for code in ["AE", "AR", "CE", "CR"] {
        assert!(!AckCode::of(code).unwrap().is_accept());
        let mut bench = Bench::new().await;
        let server = MllpServer::start(move |received| match received.control_id.as_str() {
            "C1" => Reply::Error(code, 207),
            _ => AA,
        })
        .await;
        bench.publish_original("0001", "|").await;
        bench.publish_original("0001", "|").await;
        bench.publish_original("0002", "|").await;
        let working = bench.start(mllp(&server));
        until("parked", || bench.parked().len() == 2).await;
        until("the other", || working.delivered() == 1).await;
        let fault = bench.parked()[0].envelope.fault.clone().unwrap();
        assert_eq!(fault.code, format!("hl7-{code}-207"));
        assert!(!format!("{fault:?}").contains("SECRET"));
        server.answer(|_| AA);
        until("released", || working.delivered() == 3).await;
        working.stop().await;
    }
}

#[tokio::test]
async fn without_an_answer_that_counts_the_same_message_is_sent_again() {
    for reply in [Reply::Hang, Reply::Close, Reply::Other, Reply::Garbage, Reply::Silent] {
        let mut bench = Bench::new().await;
        let mut said = 0;
        let again = reply.clone();
        let server = MllpServer::start(move |_| {
            said += 1;
            if said <= 2 { again.clone() } else { AA }
        })
        .await;
        for _ in 0..3 {
            bench.publish_original("0001", "|").await;
        }
        let working = bench.start(mllp_within(&server, Duration::from_millis(500)));
        until("delivered", || working.delivered() == 3).await;
        working.stop().await;
        let ids: Vec<_> = server.log().into_iter().map(|(received, _)| received.control_id).collect();
        assert_eq!(ids, ["C1", "C1", "C1", "C2", "C3"], "{reply:?}");
        let connections: Vec<_> = server.log().iter().map(|(received, _)| received.connection).collect();
        assert_eq!(connections, [1, 2, 3, 3, 3], "{reply:?}");
    }
}

#[tokio::test]
async fn a_repeated_answer_is_not_taken_for_that_to_the_next_message() {
    let mut bench = Bench::new().await;
    // The second message is never answered, but the first is answered twice.
    let server = MllpServer::start(|received| match received.control_id.as_str() {
        "C1" => Reply::Codes(&["AA", "AA", "AA"]),
        "C2" => Reply::Silent,
        _ => AA,
    })
    .await;
    for _ in 0..2 {
        bench.publish_original("0001", "|").await;
    }
    let working = bench.start(mllp_within(&server, Duration::from_millis(500)));
    tokio::time::sleep(Duration::from_millis(800)).await;
    assert_eq!(working.delivered(), 1);
    server.answer(|_| AA);
    until("delivered", || working.delivered() == 2).await;
    working.stop().await;
}

#[tokio::test]
async fn what_can_not_be_sent_is_parked() {
    let mut bench = Bench::new().await;
    let server = MllpServer::start(|_| AA).await;
    bench.publish("0001").await;
    bench.publish_original("0002", "|").await;
    let working = bench.start(mllp(&server));
    until("parked", || bench.parked().len() == 1).await;
    until("the other", || working.delivered() == 1).await;
    working.stop().await;
    assert_eq!(bench.parked()[0].envelope.fault.as_ref().unwrap().code, "not-original");
}
