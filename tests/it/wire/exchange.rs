//! What is sent is taken and answered, in both modes.

use std::fs;
use std::time::Duration;

use hl7v2::ack::Wanted;
use musubi::ops::wire::listen::{Answering, Settings};
use musubi::ops::wire::send::Verdict;

use super::{Outbox, Running, codes, listening, message, sending, sent};

#[tokio::test]
async fn every_message_lies_in_the_folder_byte_for_byte_and_in_order() {
    let (outbox, folder) = (Outbox::new(5, ""), tempfile::tempdir().unwrap());
    let to = folder.path().join("new/received");
    let running = Running::start(Settings { to: Some(to.clone()), ..listening() }).await;
    let (summary, all) = sent(&outbox, &sending(running.address)).await;
    assert_eq!((summary.sent, summary.accepted), (5, 5));
    assert_eq!(codes(&all), ["AA"; 5]);
    assert!(summary.latency.is_some_and(|latency| latency.p50 <= latency.max));
    let (_, received) = running.stop().await;
    for (number, one) in received.iter().enumerate() {
        let file = to.join(one.file.as_ref().unwrap());
        assert_eq!(fs::read_to_string(file).unwrap(), message(number + 1, ""));
    }
    assert_eq!(received.iter().map(|one| one.connection).max(), Some(1));
}

#[tokio::test]
async fn the_mode_of_the_message_says_which_answers_are_awaited() {
    let running = Running::start(listening()).await;
    for (acks, answers) in
        [("", "AA"), ("AL|AL", "CA AA"), ("AL|NE", "CA"), ("NE|AL", "AA"), ("SU|SU", "CA AA"), ("NE|NE", "")]
    {
        let (summary, all) = sent(&Outbox::new(1, acks), &sending(running.address)).await;
        assert_eq!((codes(&all), summary.accepted), (vec![answers.to_owned()], 1), "{acks}");
    }
    running.stop().await;
}

#[tokio::test]
async fn a_message_asks_for_the_answers_that_its_sender_wants() {
    let running = Running::start(listening()).await;
    let mut settings = sending(running.address);
    (settings.accept, settings.application) = (Some(Wanted::Always), Some(Wanted::Never));
    let (_, all) = sent(&Outbox::new(1, ""), &settings).await;
    assert_eq!(codes(&all), ["CA"]);
    running.stop().await;
}

#[tokio::test]
async fn a_negative_answer_is_a_rejection_with_its_condition_and_text() {
    for (answering, acks, code) in [
        (Answering::Error, "", "AE"),
        (Answering::Reject, "", "AR"),
        (Answering::Error, "AL|AL", "CE"),
        (Answering::Reject, "AL|AL", "CR"),
        (Answering::Reject, "ER|ER", "CR"),
        (Answering::Reject, "NE|ER", "AR"),
    ] {
        let running = Running::start(Settings { answering, every: 2, ..listening() }).await;
        let (summary, all) = sent(&Outbox::new(2, acks), &sending(running.address)).await;
        assert_eq!(all[0].verdict, Verdict::Accepted, "{acks}");
        assert_eq!((summary.rejected, codes(&all)[1].as_str()), (1, code), "{acks}");
        assert_eq!(all[1].conditions, [207]);
        assert!(all[1].text.as_ref().unwrap().contains("told to answer so"));
        running.stop().await;
    }
}

#[tokio::test]
async fn connections_repeats_and_pace_are_as_asked() {
    let running = Running::start(listening()).await;
    let mut settings = sending(running.address);
    (settings.connections, settings.repeat, settings.fresh_ids) = (4, 5, Some("T".to_owned()));
    settings.per_second = Some(50.0);
    let (summary, all) = sent(&Outbox::new(4, ""), &settings).await;
    let mut ids: Vec<_> = all.iter().map(|one| one.control_id.clone()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((summary.accepted, ids.len()), (20, 20));
    // The first goes at once, the twentieth 19/50 s later.
    assert!(summary.seconds >= 0.37, "{}", summary.seconds);
    let (told, _) = running.stop().await;
    assert_eq!((told.messages, told.connections), (20, 4));
}

#[tokio::test]
async fn it_ends_after_as_many_messages_as_asked() {
    let mut running = Running::start(Settings { count: Some(2), ..listening() }).await;
    let mut settings = sending(running.address);
    settings.timeout = Duration::from_secs(3);
    let (summary, _) = sent(&Outbox::new(3, ""), &settings).await;
    assert_eq!(running.end().await.0.accepted, 2);
    assert_eq!(summary.accepted, 2);
    assert!(summary.unanswered == 1 || summary.no_connection.is_some());
}

#[tokio::test]
async fn nobody_there_is_told_and_the_rest_is_not_tried() {
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (summary, all) = sent(&Outbox::new(50, ""), &sending(address)).await;
    assert!(summary.no_connection.is_some());
    assert_eq!(all.len(), 0);
}

#[tokio::test]
async fn a_batch_in_a_file_goes_out_message_by_message() {
    let running = Running::start(listening()).await;
    let outbox = Outbox::new(0, "");
    let text = format!("FHS|^~\\&\rBHS|^~\\&\r{}{}BTS|2\rFTS|1\r", message(1, ""), message(2, ""));
    fs::write(outbox.path().join("batch.hl7"), text).unwrap();
    fs::write(outbox.path().join("picture.jpg"), b"\xff\xd8\xff").unwrap();
    let (summary, all) = sent(&outbox, &sending(running.address)).await;
    assert_eq!((summary.accepted, summary.unreadable.len()), (2, 0));
    assert_eq!(all.iter().map(|one| one.control_id.as_str()).collect::<Vec<_>>(), ["C1", "C2"]);
    running.stop().await;
}
