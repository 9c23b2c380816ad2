//! Every fault of either end is met by the other, and nothing hangs.

use std::time::Duration;

use musubi::ops::wire::listen::{self, Settings};
use musubi::ops::wire::send::{self, Sent, Summary, Verdict};

use super::{Outbox, Running, codes, listening, sending, sent};

/// Three messages, the second with the fault of the sender.
async fn with(fault: send::Fault) -> (Summary, Vec<Sent>, listen::Summary) {
    let running = Running::start(listening()).await;
    let mut settings = sending(running.address);
    (settings.fault, settings.every, settings.timeout) = (Some(fault), 2, Duration::from_secs(4));
    let (summary, all) = sent(&Outbox::new(3, ""), &settings).await;
    (summary, all, running.stop().await.0)
}

#[tokio::test]
async fn what_a_receiver_must_bear_is_answered() {
    use send::Fault::{Garbage, Glue, HalfClose, Slow, Split, WrongControlId};
    for fault in [Split, Glue, Slow, HalfClose, Garbage, WrongControlId] {
        let (summary, all, told) = with(fault).await;
        assert_eq!((summary.accepted, codes(&all)), (3, vec!["AA".to_owned(); 3]), "{fault:?}");
        assert_eq!(all[1].fault, Some(fault.name()));
        assert_eq!(told.stream_faults, u64::from(fault == Garbage), "{fault:?}");
    }
}

#[tokio::test]
async fn a_frame_that_comes_twice_is_answered_twice() {
    let (_, all, told) = with(send::Fault::Duplicate).await;
    assert_eq!(codes(&all), ["AA", "AA AA", "AA"]);
    assert_eq!(told.messages, 4);
}

#[tokio::test]
async fn a_control_id_of_before_is_sent_again() {
    let (_, all, _) = with(send::Fault::WrongControlId).await;
    assert_eq!(all.iter().map(|one| one.control_id.as_str()).collect::<Vec<_>>(), ["C1", "C1", "C3"]);
}

#[tokio::test]
async fn what_can_not_be_answered_is_told_and_the_next_message_goes_on() {
    for fault in [send::Fault::NoEnd, send::Fault::Torn] {
        let (summary, all, told) = with(fault).await;
        assert_eq!((summary.accepted, summary.unanswered), (2, 1), "{fault:?}");
        assert_eq!(all[1].verdict, Verdict::Unanswered);
        assert!(all[1].why.is_some());
        assert_eq!(told.messages, 2, "{fault:?}");
    }
}

#[tokio::test]
async fn a_message_that_is_too_large_is_rejected() {
    let (summary, all, told) = with(send::Fault::Big).await;
    assert_eq!((summary.accepted, summary.rejected), (2, 1));
    assert_eq!((codes(&all)[1].as_str(), &all[1].conditions[..]), ("AR", &[207][..]));
    assert_eq!(told.stream_faults, 1);
}

#[tokio::test]
async fn faults_of_a_receiver_are_told_by_the_sender() {
    use listen::Fault::{Close, Garbage, Half, Late, NoAnswer, WrongId};
    for (fault, why) in [
        (NoAnswer, "no answer in time"),
        (Close, "closed before the answer"),
        (Half, "is not framed"),
        (Garbage, "can't be read"),
        (WrongId, "to another message"),
        (Late, ""),
    ] {
        let running = Running::start(Settings { fault: Some(fault), every: 2, ..listening() }).await;
        let mut settings = sending(running.address);
        settings.timeout = Duration::from_secs(2);
        let (summary, all) = sent(&Outbox::new(3, ""), &settings).await;
        let (told, received) = running.stop().await;
        assert_eq!(received[1].fault, Some(fault.name()));
        assert_eq!(told.messages, 3);
        if fault == Late {
            assert_eq!(summary.accepted, 3);
            assert!(all[1].milliseconds >= 200.0, "{}", all[1].milliseconds);
            continue;
        }
        assert_eq!((summary.accepted, summary.unanswered), (2, 1), "{fault:?}");
        assert!(all[1].why.as_ref().unwrap().contains(why), "{fault:?}: {:?}", all[1].why);
    }
}

#[tokio::test]
async fn a_late_answer_that_comes_too_late_is_not_taken_for_that_to_the_next() {
    let fault = Some(listen::Fault::Late);
    let late = Duration::from_millis(1_500);
    let running = Running::start(Settings { fault, every: 2, late, ..listening() }).await;
    let mut settings = sending(running.address);
    settings.timeout = Duration::from_millis(700);
    let (_, all) = sent(&Outbox::new(3, ""), &settings).await;
    assert_eq!(codes(&all), ["AA", "", "AA"]);
    running.stop().await;
}

#[tokio::test]
async fn a_connection_too_many_is_closed_and_the_others_go_on() {
    let running = Running::start(Settings { connections_max: 1, ..listening() }).await;
    let _held = tokio::net::TcpStream::connect(running.address).await.unwrap();
    let mut settings = sending(running.address);
    settings.timeout = Duration::from_secs(2);
    let (summary, _) = sent(&Outbox::new(1, ""), &settings).await;
    assert_eq!(summary.unanswered, 1);
    assert_eq!(running.stop().await.0.turned_away, 1);
}
