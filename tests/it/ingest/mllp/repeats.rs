//! A message that comes again is answered as before and not taken again.

use super::{Hub, message};

#[tokio::test]
async fn a_repeat_is_answered_and_not_taken_again() {
    let hub = Hub::new();
    for start in 0..3 {
        let running = hub.start().await;
        let mut client = running.client().await;
        let mut other = running.client().await;
        for _time in 0..2 {
            assert_eq!(client.exchange(message(1, "P1")).await, "AA:1");
            assert_eq!(other.exchange(message(1, "P1")).await, "AA:1");
        }
        assert_eq!(running.counts.repeats(), if start == 0 { 3 } else { 4 });
        assert_eq!(running.accepted.accepted(), u64::from(start == 0));
        running.stop().await;
    }
    assert_eq!(hub.control_ids(), ["1"]);
}

#[tokio::test]
async fn repeats_in_one_piece_and_from_many_connections_are_one_message() {
    let hub = Hub::new();
    let running = hub.start().await;
    let mut clients = Vec::new();
    for _client in 0..20 {
        clients.push(running.client().await);
    }
    for client in &mut clients {
        client.write(&hl7v2::mllp::frame(message(1, "P1").as_bytes()).repeat(3)).await;
    }
    for client in &mut clients {
        assert_eq!(client.answers(3).await, ["AA:1", "AA:1", "AA:1"]);
    }
    assert_eq!(hub.control_ids(), ["1"]);
    assert_eq!(running.counts.repeats(), 59);
}

#[tokio::test]
async fn the_same_control_id_with_another_content_is_another_message() {
    let hub = Hub::new();
    let running = hub.start().await;
    let mut client = running.client().await;
    let from_elsewhere = message(1, "P3").replace("SEND", "ELSE");
    let nameless = [message("", "P4"), message("", "P5")];
    for message in [message(1, "P1"), message(1, "P2"), message(1, "P1"), from_elsewhere] {
        assert_eq!(client.exchange(message).await, "AA:1");
    }
    for message in nameless.iter().chain(&nameless) {
        assert_eq!(client.exchange(message).await, "AA:");
    }
    let all = hub.ingest();
    let found = |patient: &str| {
        let of = all.iter().filter(|delivery| delivery.envelope.patient.0 == patient);
        let findings = of.map(|delivery| delivery.envelope.findings.iter().map(|f| f.code.to_string()));
        findings.map(Iterator::collect).collect::<Vec<Vec<String>>>()
    };
    assert_eq!(found("P1"), [[""; 0]]);
    assert_eq!(found("P2"), [["control-id-reused"]]);
    for patient in ["P3", "P4", "P5"] {
        assert_eq!(found(patient), [[""; 0]], "{patient}");
    }
    let ids: std::collections::HashSet<_> = all.iter().map(|delivery| &delivery.envelope.id).collect();
    assert_eq!(ids.len(), all.len());
}

#[tokio::test]
async fn the_id_of_a_message_does_not_depend_on_how_it_came() {
    let mut ids = Vec::new();
    for alone in [true, false] {
        let hub = Hub::new();
        let running = hub.start().await;
        let mut client = running.client().await;
        if alone {
            client.send(message(2, "P1")).await;
        } else {
            client.send(message(1, "P1") + &message(2, "P1")).await;
        }
        client.answers(if alone { 1 } else { 2 }).await;
        ids.push(hub.ingest().pop().unwrap().envelope.id);
    }
    assert_eq!(ids[0], ids[1]);
}
