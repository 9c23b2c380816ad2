//! Streams that arrive torn, doubled, or with more in them than messages.

use std::time::Duration;

use hl7v2::mllp::frame;
use tokio::io::AsyncWriteExt;

use super::{Hub, Seeded, message, told};

#[tokio::test]
async fn a_message_may_be_torn_at_every_byte() {
    let hub = Hub::new();
    let running = hub.start().await;
    let mut client = running.client().await;
    let length = frame(message("1000", "P1").as_bytes()).len();
    for at in 1..length {
        let bytes = frame(message(1000 + at, "P1").as_bytes());
        let (head, tail) = bytes.split_at(at);
        client.write(head).await;
        tokio::time::sleep(Duration::from_millis(1)).await;
        client.write(tail).await;
        assert_eq!(client.answers(1).await, [format!("AA:{}", 1000 + at)]);
    }
    assert_eq!(hub.ingest().len(), length - 1);
    assert_eq!(running.accepted.accepted() as usize, length - 1);
    running.stop().await;
}

#[tokio::test]
async fn several_messages_in_one_piece_are_answered_in_order() {
    let hub = Hub::new();
    let running = hub.start().await;
    let mut client = running.client().await;
    let frames: Vec<u8> = (0..300).flat_map(|n| frame(message(n, "P1").as_bytes())).collect();
    client.write(&frames).await;
    let expected: Vec<_> = (0..300).map(|n| format!("AA:{n}")).collect();
    assert_eq!(client.answers(300).await, expected);
    assert_eq!(hub.control_ids(), (0..300).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_stands_between_messages_is_passed_over() {
    let hub = Hub::new();
    let running = hub.start().await;
    let mut client = running.client().await;
    let (one, two) = (frame(message(1, "P1").as_bytes()), frame(message(2, "P1").as_bytes()));
    // Garbage, a line end, an empty frame, a frame of blanks, a frame without an end.
    let torn = one.strip_suffix(b"\x1c\r").unwrap();
    let stream = [b"garbage", &one[..], b"\r\n\0\0\x0b\x1c\r\x0b \r\x1c\r", torn, &two].concat();
    client.write(&stream).await;
    assert_eq!(client.answers(2).await, ["AA:1", "AA:2"]);
    client.assert_silence().await;
    assert_eq!(hub.control_ids(), ["1", "2"]);
}

#[tokio::test]
async fn a_sender_that_closes_its_half_is_answered() {
    let hub = Hub::new();
    let running = hub.start().await;
    for (control_id, end) in [(1, &b"\x1c\r"[..]), (2, b"\x1c")] {
        let mut client = running.client().await;
        client.write(&[b"\x0b", message(control_id, "P1").as_bytes(), end].concat()).await;
        client.stream.shutdown().await.unwrap();
        assert_eq!(client.answers(1).await, [format!("AA:{control_id}")]);
        client.assert_closed().await;
    }
    let mut client = running.client().await;
    client.write(&[b"\x0b", message(3, "P1").as_bytes()].concat()).await;
    client.stream.shutdown().await.unwrap();
    client.assert_closed().await;
    assert_eq!(hub.control_ids(), ["1", "2"]);
}

#[tokio::test]
async fn a_batch_is_answered_by_a_batch() {
    let hub = Hub::new();
    let running = hub.start().await;
    let mut client = running.client().await;
    let batch = format!(
        "FHS|^~\\&|HIS\rBHS|^~\\&|HIS|SEND|GW|RCV|20260401||||B1\r{}{}BTS|2\rFTS|1\r",
        message(1, "P1"),
        message(2, "P1")
    );
    client.send(&batch).await;
    let answer = String::from_utf8(client.next().await.unwrap()).unwrap();
    let lines: Vec<_> = answer.split_terminator('\r').collect();
    assert_eq!(lines.len(), 6, "{answer}");
    assert!(lines[0].starts_with("BHS|^~\\&|") && lines[5] == "BTS|2", "{answer}");
    assert_eq!((lines[2], lines[4]), ("MSA|AA|1", "MSA|AA|2"));
    client.send("BHS|^~\\&|HIS|SEND|GW|RCV|20260401||||B2\rBTS|0\r").await;
    let empty = String::from_utf8(client.next().await.unwrap()).unwrap();
    assert!(empty.ends_with("|B2\rBTS|0\r"), "{empty}");
    // Two messages in a frame that says nothing of a batch.
    client.send(message(3, "P1") + &message(4, "P1")).await;
    assert_eq!(client.answers(2).await, ["AA:3", "AA:4"]);
    assert_eq!(hub.control_ids(), ["1", "2", "3", "4"]);
}

#[tokio::test]
async fn no_bytes_at_all_end_a_connection() {
    let hub = Hub::new();
    let running = hub.start().await;
    let mut client = running.client().await;
    let mut random = Seeded(std::env::var("MUSUBI_SEED").map_or(7, |seed| seed.parse().unwrap()));
    for round in 0..300 {
        let mut bytes = message(round, "P1").into_bytes();
        for _change in 0..=random.below(8) {
            let at = usize::try_from(random.below(bytes.len() as u64)).unwrap();
            let odd = b"|^~\\&\r\n\x0b\x1c\x1b$(BMSH\0\xff\x83\xfe";
            bytes[at] = odd[usize::try_from(random.below(odd.len() as u64)).unwrap()];
        }
        client.send(&bytes).await;
        client.send(message(format!("good{round}"), "P2")).await;
        let good = format!("AA:good{round}");
        while told(&client.answer().await) != good {}
    }
    let good = hub.control_ids().into_iter().filter(|id| id.starts_with("good")).count();
    assert_eq!(good, 300);
}
