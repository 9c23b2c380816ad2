//! What is answered when, and how.

use std::time::Duration;

use musubi::broker::topology;

use super::{Hub, message, moded, told};

#[tokio::test]
async fn both_modes_are_answered_as_the_sender_wants() {
    let hub = Hub::new();
    let running = hub.start().await;
    let mut client = running.client().await;
    for (n, (modes, codes)) in [
        ("|", &["AA"][..]),
        ("AL|NE", &["CA"]),
        ("AL|", &["CA"]),
        ("AL|AL", &["CA", "AA"]),
        ("SU|SU", &["CA", "AA"]),
        ("NE|AL", &["AA"]),
        ("ER|ER", &[]),
        ("NE|NE", &[]),
    ]
    .into_iter()
    .enumerate()
    {
        let expected: Vec<_> = codes.iter().map(|code| format!("{code}:{n}")).collect();
        // The second time it is a repeat.
        for _time in 0..2 {
            client.send(moded(n, "P1", modes)).await;
            assert_eq!(client.answers(codes.len()).await, expected, "{modes}");
        }
    }
    client.assert_silence().await;
    assert_eq!(hub.ingest().len(), 8);
}

#[tokio::test]
async fn what_can_not_be_read_is_rejected_and_the_connection_goes_on() {
    let hub = Hub::new();
    let running = hub.start().await;
    let mut client = running.client().await;
    assert_eq!(client.exchange("hello").await, "AR: 100");
    assert_eq!(client.exchange("PID|1||P1\r").await, "AR: 100");
    assert_eq!(client.exchange("MSHA^~\\&A\r").await, "AR: 102");
    assert_eq!(client.exchange("MSH|^^\\&|A|B|C|D|1||ADT^A08|9|P|2.5\r").await, "AR: 102");
    let large = "OBX|1|TX|||".to_owned() + &"x".repeat(20_000);
    assert_eq!(client.exchange(message(1, "P1") + &large).await, "AR:1 207");
    assert_eq!(client.exchange(moded(2, "P1", "AL|AL") + &large).await, "CR:2 207");
    assert_eq!(client.exchange(moded(3, "P1", "SU|AL") + &large).await, "AR:3 207");
    // Odd is not unreadable: unknown version, type and character set, no patient.
    let odd = "MSH|^~\\&|A|B|C|D|1||XYZ^Z99|4|P|9.9||||||KLINGON\r";
    assert_eq!(client.exchange(odd).await, "AA:4");
    assert_eq!(hub.control_ids(), ["4"]);
    assert_eq!((running.counts.rejected(), running.counts.refused()), (7, 0));
}

#[tokio::test]
async fn a_sender_waits_before_it_is_refused() {
    let mut hub = Hub::new();
    hub.settings.refuse_after = Duration::from_millis(300);
    let running = hub.start().await;
    let mut client = running.client().await;
    let mut other = running.client().await;
    hub.fuse.set(Some(0));
    client.send(message(1, "P1")).await;
    other.send(moded(2, "P1", "AL|AL")).await;
    client.assert_silence().await;
    assert_eq!(told(&client.answer().await), "AE:1 207");
    assert_eq!(told(&other.answer().await), "CE:2 207");
    // Within the time the broker is back.
    client.send(message(3, "P1")).await;
    client.assert_silence().await;
    hub.fuse.set(None);
    assert_eq!(told(&client.answer().await), "AA:3");
    assert_eq!(client.exchange(message(1, "P1")).await, "AA:1");
    assert_eq!(running.counts.refused(), 2);
    let mut accepted = hub.control_ids();
    accepted.sort();
    assert_eq!(accepted, ["1", "3"]);
}

#[tokio::test]
async fn a_sender_that_wants_no_negative_answer_finds_its_connection_closed() {
    let mut hub = Hub::new();
    hub.settings.refuse_after = Duration::from_millis(100);
    let running = hub.start().await;
    let mut client = running.client().await;
    hub.fuse.set(Some(0));
    client.send(moded(1, "P1", "NE|NE")).await;
    client.assert_closed().await;
    hub.fuse.set(None);
    let mut client = running.client().await;
    client.send(moded(1, "P1", "NE|NE")).await;
    client.assert_silence().await;
    assert_eq!(hub.control_ids(), ["1"]);
}

#[tokio::test]
async fn an_acknowledgement_is_not_answered() {
    let hub = Hub::new();
    let running = hub.start().await;
    let mut client = running.client().await;
    client.send("MSH|^~\\&|A|B|C|D|1||ACK^A08^ACK|5|P|2.5\rMSA|CA|1\r").await;
    client.assert_silence().await;
    assert!(hub.ingest().is_empty());
}

#[tokio::test]
async fn japanese_text_is_taken_byte_for_byte() {
    let hub = Hub::new();
    let running = hub.start().await;
    let mut client = running.client().await;
    // 目 ends with the byte of the separator; the second name lacks its return to ASCII.
    let mut body = b"MSH|^~\\&|\x1b$BL|\x1b(B|SEND|GW|RCV|20260401||ADT^A08^ADT_A01|1|P|2.5||||||~ISO IR87||ISO 2022-1994\r".to_vec();
    body.extend_from_slice(b"PID|1||P7^^^^PI||\x1b$B2M6u\x1b(B^\x1b$BB@O:\r\nZZZ|\xFF\x80\0|end\r");
    client.send(&body).await;
    let answer = client.next().await.unwrap();
    assert!(answer.starts_with(b"MSH|^~\\&|GW|RCV|\x1b$BL|\x1b(B|SEND|"), "{answer:?}");
    assert!(answer.ends_with(b"||||||~ISO IR87||ISO 2022-1994\rMSA|AA|1\r"), "{answer:?}");
    let [delivery] = &hub.ingest()[..] else { panic!() };
    assert_eq!(delivery.body, body);
    let envelope = &delivery.envelope;
    assert_eq!((envelope.facility.as_str(), envelope.patient.0.as_str()), ("3210100018", "P7"));
    assert_eq!(envelope.origin.feed, "izumo");
    let noted = hub.broker.all(&topology::accepted_by("izumo", "mllp"));
    assert_eq!(noted.len(), 1);
    assert_eq!(noted[0].envelope.id, envelope.id);
}
