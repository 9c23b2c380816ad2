//! Senders that are many, slow, silent, or do not listen.

use std::collections::BTreeMap;
use std::time::Duration;

use hl7v2::mllp::frame;
use musubi::broker::topology;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{Hub, message, told};
use crate::ingest::control_id;

#[tokio::test]
async fn two_hundred_connections_keep_their_order() {
    let mut hub = Hub::new();
    hub.settings.connections_max = 200;
    let running = hub.start().await;
    let mut clients = JoinSet::new();
    for number in 0..200 {
        let mut client = running.client().await;
        clients.spawn(async move {
            for serial in 100..120 {
                let control_id = format!("{number}-{serial}");
                // All of one patient: one lane.
                let answered = client.exchange(message(&control_id, "P1")).await;
                assert_eq!(answered, format!("AA:{control_id}"));
            }
        });
    }
    while let Some(ended) = clients.join_next().await {
        ended.unwrap();
    }
    let mut of_connection = BTreeMap::<String, Vec<String>>::new();
    for delivery in hub.ingest() {
        let id = control_id(&delivery.body);
        let (number, serial) = id.split_once('-').unwrap();
        of_connection.entry(number.into()).or_default().push(serial.into());
    }
    let serials: Vec<_> = (100..120).map(|serial| serial.to_string()).collect();
    assert_eq!(of_connection.len(), 200);
    assert!(of_connection.values().all(|found| *found == serials), "{of_connection:?}");
    assert_eq!(running.accepted.accepted(), 4_000);
    running.stop().await;
}

#[tokio::test]
async fn further_connections_are_closed_at_once() {
    let mut hub = Hub::new();
    hub.settings.connections_max = 2;
    let running = hub.start().await;
    let (mut one, mut two) = (running.client().await, running.client().await);
    assert_eq!(one.exchange(message(1, "P1")).await, "AA:1");
    assert_eq!(two.exchange(message(2, "P1")).await, "AA:2");
    let mut three = running.client().await;
    three.assert_closed().await;
    assert_eq!((running.counts.connections(), running.counts.turned_away()), (2, 1));
    drop(one);
    let mut answered = false;
    for _attempt in 0..100 {
        let mut client = running.client().await;
        if client.stream.writable().await.is_ok() {
            client.send(message(3, "P1")).await;
            answered =
                timeout(Duration::from_secs(1), client.next()).await.is_ok_and(|frame| frame.is_some());
        }
        if answered {
            break;
        }
    }
    assert!(answered);
}

#[tokio::test]
async fn silent_connections_are_closed() {
    let mut hub = Hub::new();
    hub.settings.idle_timeout = Duration::from_millis(200);
    let running = hub.start().await;
    let (mut silent, mut torn) = (running.client().await, running.client().await);
    torn.write(b"\x0bMSH|").await;
    silent.assert_closed().await;
    torn.assert_closed().await;
    assert!(hub.ingest().is_empty());
}

#[tokio::test]
async fn a_sender_that_does_not_read_its_answers_is_not_read() {
    let hub = Hub::new();
    let running = hub.start().await;
    let mut client = running.narrow_client().await;
    // Large answers, so that the buffers of the system are full soon.
    let control_id = "x".repeat(1000);
    let bytes = frame(message(&control_id, "P1").as_bytes()).repeat(100);
    let mut sent = 0_u64;
    // Until the hub takes nothing more: then all that is under way is in buffers of the system.
    while timeout(Duration::from_millis(500), client.write(&bytes)).await.is_ok() {
        sent += 100;
        assert!(sent < 1_000_000, "the hub reads on and on");
    }
    let taken = || running.counts.repeats() + running.accepted.accepted();
    let mut answered = taken();
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        match taken() {
            now if now == answered => break,
            now => answered = now,
        }
    }
    println!("taken {answered} of {sent} before the hub read no more");
    assert!(answered < sent);
    for _answer in 0..answered {
        assert_eq!(told(&client.answer().await), format!("AA:{control_id}"));
    }
    assert_eq!(hub.ingest().len(), 1);
}

#[tokio::test]
async fn large_messages_wait_for_their_turn() {
    let mut hub = Hub::new();
    hub.bytes_max = 8 << 20;
    let running = hub.start().await;
    let mut clients = JoinSet::new();
    for number in 0..12 {
        let mut client = running.client().await;
        clients.spawn(async move {
            let large = message(number, "P1") + "OBX|1|TX|||" + &"x".repeat(2 << 20) + "\r";
            assert_eq!(client.exchange(large).await, format!("AA:{number}"));
            assert_eq!(client.exchange(message(100 + number, "P1")).await, format!("AA:{}", 100 + number));
        });
    }
    while let Some(ended) = clients.join_next().await {
        ended.unwrap();
    }
    assert_eq!(hub.ingest().len(), 24);
}

#[tokio::test]
async fn a_listener_that_stops_answers_what_it_has_taken() {
    let hub = Hub::new();
    for round in 0..20 {
        let running = hub.start().await;
        let mut clients = Vec::new();
        for number in 0..5 {
            let mut client = running.client().await;
            client.send(message(format!("{round}-{number}"), "P1")).await;
            clients.push(client);
        }
        tokio::time::sleep(Duration::from_micros(200 * round)).await;
        running.stop().await;
        let mut answered = Vec::new();
        for client in &mut clients {
            while let Some(bytes) = client.next().await {
                answered.push(hl7v2::ack::read(&bytes).unwrap().control_id);
            }
        }
        let taken = hub.control_ids().into_iter().filter(|id| id.starts_with(&format!("{round}-")));
        let mut taken: Vec<_> = taken.collect();
        taken.sort();
        answered.sort();
        assert_eq!(answered, taken);
        let noted = hub.broker.all(&topology::accepted_by("izumo", "mllp"));
        assert!(noted.is_empty(), "what is in the ledger for good is settled");
    }
}
