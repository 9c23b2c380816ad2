//! What every broker promises (see `musubi::broker`), as a suite that any implementation can be put through:
//! `contract!` makes one test per promise out of a way to open a broker.

#![expect(clippy::unwrap_used, reason = "test code outside of test functions")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use musubi::broker::embedded::{Embedded, Settings};
use musubi::broker::{Broker, BrokerError, Consumer, Delivery, Publication, QueueName, topology};
use musubi::envelope::{Change, Envelope, Identifying, Lane, Origin};
use tokio::time::timeout;

/// A message named `id`.
pub(crate) fn message(to: &[(&QueueName, u16)], id: &str, body: impl Into<Bytes>) -> Publication {
    Publication {
        to: to.iter().map(|(queue, lane)| ((*queue).clone(), Lane(*lane))).collect(),
        envelope: envelope(id),
        body: body.into(),
    }
}

fn envelope(id: &str) -> Envelope {
    let origin = Origin {
        feed: "izumo-chuo".into(),
        file: Identifying("standard/000/001/0000000001".into()),
        offset: 0,
        hash: "f".repeat(64),
    };
    Envelope {
        id: id.into(),
        facility: "3210100018".into(),
        patient: Identifying("0000000001".into()),
        data_type: Some("OML-11".into()),
        change: Change::Created,
        key: Identifying(format!("key-{id}")),
        version: "20261122100000".into(),
        origin,
        accepted_at: "2026-11-22T01:00:00Z".into(),
        event: None,
        fault: None,
        findings: Vec::new(),
    }
}

pub(crate) fn ids(deliveries: &[Delivery]) -> Vec<&str> {
    deliveries.iter().map(|delivery| delivery.envelope.id.as_str()).collect()
}

fn sequences(deliveries: &[Delivery]) -> Vec<u64> {
    deliveries.iter().map(|delivery| delivery.sequence).collect()
}

/// Receives until `count` messages are there.
async fn take(consumer: &mut dyn Consumer, count: usize) -> Vec<Delivery> {
    let mut taken = Vec::new();
    while taken.len() < count {
        let next = timeout(Duration::from_secs(20), consumer.receive(count - taken.len())).await;
        taken.extend(next.expect("nothing came").unwrap());
    }
    taken
}

async fn nothing_comes(consumer: &mut dyn Consumer) {
    let received = timeout(Duration::from_millis(50), consumer.receive(1)).await;
    assert!(received.is_err(), "{received:?}");
}

/// A broker with two queues.
async fn with_queues(broker: Arc<dyn Broker>) -> (Arc<dyn Broker>, QueueName, QueueName) {
    let (a, b) = (topology::ingest(), topology::subscriber("surveillance"));
    broker.declare(&a).await.unwrap();
    broker.declare(&b).await.unwrap();
    (broker, a, b)
}

/// Opens a broker; a second call, after everything of the first is dropped, opens the same one again.
pub(crate) trait Opener: AsyncFn() -> Arc<dyn Broker> {}
impl<F: AsyncFn() -> Arc<dyn Broker>> Opener for F {}

async fn a_lane_keeps_order_and_counts_from_one(open: impl Opener) {
    let (broker, a, _) = with_queues(open().await).await;
    for batch in 0..10 {
        let named = |n: u32| message(&[(&a, (n % 2) as u16)], &format!("{:03}", batch * 10 + n), "body");
        broker.publish((0..10).map(named).collect()).await.unwrap();
    }
    for lane in 0..2 {
        let mut consumer = broker.consume(&a, Lane(lane)).await.unwrap();
        let taken = take(&mut *consumer, 50).await;
        assert_eq!(sequences(&taken), (1..=50).collect::<Vec<_>>());
        let expected: Vec<_> = (0..50).map(|n| format!("{:03}", n * 2 + u32::from(lane))).collect();
        assert_eq!(ids(&taken), expected);
        assert!(taken.iter().all(|delivery| delivery.body == "body" && !delivery.redelivered));
        assert_eq!(taken[0].envelope, envelope(&expected[0]));
    }
}

async fn a_batch_is_taken_whole_or_not_at_all(open: impl Opener) {
    let (broker, a, b) = with_queues(open().await).await;
    let nowhere = topology::subscriber("nobody");
    let batch = vec![message(&[(&a, 0)], "1", "x"), message(&[(&b, 0), (&nowhere, 0)], "2", "x")];
    let refused = broker.publish(batch).await;
    assert!(matches!(refused, Err(BrokerError::UnknownQueue(queue)) if queue == nowhere));
    assert_eq!((broker.depth(&a).await.unwrap(), broker.depth(&b).await.unwrap()), (0, 0));
    broker.publish(vec![message(&[(&a, 0)], "3", "x")]).await.unwrap();
    assert_eq!(sequences(&broker.peek(&a, Lane(0), 9).await.unwrap()), [1]);
    broker.publish(Vec::new()).await.unwrap();
}

async fn every_recipient_gets_the_message(open: impl Opener) {
    let (broker, a, b) = with_queues(open().await).await;
    broker.publish(vec![message(&[(&a, 3), (&b, 4)], "1", "x")]).await.unwrap();
    broker.publish(vec![message(&[(&b, 4)], "2", "x")]).await.unwrap();
    let mut first = broker.consume(&a, Lane(3)).await.unwrap();
    assert_eq!(ids(&take(&mut *first, 1).await), ["1"]);
    first.settle(1, Vec::new()).await.unwrap();
    let mut second = broker.consume(&b, Lane(4)).await.unwrap();
    let taken = take(&mut *second, 2).await;
    assert_eq!((ids(&taken), sequences(&taken)), (vec!["1", "2"], vec![1, 2]));
}

async fn settling_and_what_follows_are_there_after_reopening(open: impl Opener) {
    let (broker, a, b) = with_queues(open().await).await;
    let batch = ["1", "2", "3"].map(|id| message(&[(&a, 0)], id, "raw"));
    broker.publish(batch.into()).await.unwrap();
    let mut consumer = broker.consume(&a, Lane(0)).await.unwrap();
    take(&mut *consumer, 3).await;
    consumer.settle(2, vec![message(&[(&b, 7)], "1+2", "event")]).await.unwrap();
    drop((consumer, broker));

    let broker = open().await;
    let left = broker.peek(&a, Lane(0), 9).await.unwrap();
    assert_eq!((ids(&left), sequences(&left)), (vec!["3"], vec![3]));
    assert!(left[0].redelivered);
    let followed = broker.peek(&b, Lane(7), 9).await.unwrap();
    assert_eq!((ids(&followed), sequences(&followed)), (vec!["1+2"], vec![1]));
    broker.publish(vec![message(&[(&a, 0)], "4", "raw")]).await.unwrap();
    assert_eq!(sequences(&broker.peek(&a, Lane(0), 9).await.unwrap()), [3, 4]);
}

async fn what_was_not_settled_comes_again_in_order(open: impl Opener) {
    let (broker, a, _) = with_queues(open().await).await;
    let batch = ["1", "2", "3", "4"].map(|id| message(&[(&a, 0)], id, "x"));
    broker.publish(batch.into()).await.unwrap();
    let mut consumer = broker.consume(&a, Lane(0)).await.unwrap();
    take(&mut *consumer, 3).await;
    consumer.settle(1, Vec::new()).await.unwrap();
    drop(consumer);

    let mut consumer = broker.consume(&a, Lane(0)).await.unwrap();
    let again = take(&mut *consumer, 3).await;
    assert_eq!((ids(&again), sequences(&again)), (vec!["2", "3", "4"], vec![2, 3, 4]));
    let marks: Vec<_> = again.iter().map(|delivery| delivery.redelivered).collect();
    assert_eq!(marks, [true, true, false]);
    drop((consumer, broker));

    let broker = open().await;
    let mut consumer = broker.consume(&a, Lane(0)).await.unwrap();
    broker.publish(vec![message(&[(&a, 0)], "5", "x")]).await.unwrap();
    let again = take(&mut *consumer, 4).await;
    assert_eq!(ids(&again), ["2", "3", "4", "5"]);
    let marks: Vec<_> = again.iter().map(|delivery| delivery.redelivered).collect();
    assert_eq!(marks, [true, true, true, false]);
}

async fn skipping_is_settling_unseen(open: impl Opener) {
    let (broker, a, _) = with_queues(open().await).await;
    let batch = ["1", "2", "3"].map(|id| message(&[(&a, 0)], id, "x"));
    broker.publish(batch.into()).await.unwrap();
    let mut consumer = broker.consume(&a, Lane(0)).await.unwrap();
    consumer.skip(2).await.unwrap();
    assert_eq!(ids(&take(&mut *consumer, 1).await), ["3"]);
    drop((consumer, broker));
    assert_eq!(ids(&open().await.peek(&a, Lane(0), 9).await.unwrap()), ["3"]);
}

async fn a_lane_has_one_consumer(open: impl Opener) {
    let (broker, a, b) = with_queues(open().await).await;
    let consumer = broker.consume(&a, Lane(0)).await.unwrap();
    let second = broker.consume(&a, Lane(0)).await;
    assert!(matches!(second, Err(BrokerError::LaneTaken { lane: Lane(0), .. })));
    let others = (broker.consume(&a, Lane(1)).await.unwrap(), broker.consume(&b, Lane(0)).await.unwrap());
    drop((consumer, others));
    broker.consume(&a, Lane(0)).await.unwrap();
}

async fn depth_and_peek_show_what_is_not_settled(open: impl Opener) {
    let (broker, a, _) = with_queues(open().await).await;
    broker.publish((0..5).map(|n| message(&[(&a, n % 2)], &n.to_string(), "x")).collect()).await.unwrap();
    assert_eq!(broker.depth(&a).await.unwrap(), 5);
    let mut consumer = broker.consume(&a, Lane(0)).await.unwrap();
    take(&mut *consumer, 3).await;
    assert_eq!(broker.depth(&a).await.unwrap(), 5);
    assert_eq!(ids(&broker.peek(&a, Lane(0), 2).await.unwrap()), ["0", "2"]);
    consumer.settle(2, Vec::new()).await.unwrap();
    assert_eq!(broker.depth(&a).await.unwrap(), 3);
    assert_eq!(ids(&broker.peek(&a, Lane(0), 2).await.unwrap()), ["4"]);
    assert_eq!(ids(&broker.peek(&a, Lane(9), 2).await.unwrap()), [""; 0]);
}

async fn a_queue_must_be_declared(open: impl Opener) {
    let (broker, a, _) = with_queues(open().await).await;
    broker.declare(&a).await.unwrap();
    let unknown = topology::dead("nobody");
    assert!(matches!(broker.depth(&unknown).await, Err(BrokerError::UnknownQueue(_))));
    assert!(matches!(broker.peek(&unknown, Lane(0), 1).await, Err(BrokerError::UnknownQueue(_))));
    assert!(matches!(broker.consume(&unknown, Lane(0)).await, Err(BrokerError::UnknownQueue(_))));
    drop(broker);
    assert_eq!(open().await.depth(&a).await.unwrap(), 0);
}

async fn no_more_is_settled_than_was_received(open: impl Opener) {
    let (broker, a, b) = with_queues(open().await).await;
    broker.publish(vec![message(&[(&a, 0)], "1", "x"), message(&[(&a, 0)], "2", "x")]).await.unwrap();
    let mut consumer = broker.consume(&a, Lane(0)).await.unwrap();
    assert_eq!(take(&mut *consumer, 1).await.len(), 1);
    let refused = consumer.settle(2, vec![message(&[(&b, 0)], "3", "x")]).await;
    assert!(matches!(refused, Err(BrokerError::NotReceived { asked: 2, open: 1, .. })));
    let unknown = topology::dead("nobody");
    let refused = consumer.settle(1, vec![message(&[(&unknown, 0)], "3", "x")]).await;
    assert!(matches!(refused, Err(BrokerError::UnknownQueue(_))));
    assert_eq!((broker.depth(&a).await.unwrap(), broker.depth(&b).await.unwrap()), (2, 0));
    consumer.settle(1, Vec::new()).await.unwrap();
    consumer.settle(0, vec![message(&[(&b, 0)], "3", "x")]).await.unwrap();
    assert_eq!((broker.depth(&a).await.unwrap(), broker.depth(&b).await.unwrap()), (1, 1));
}

async fn receive_waits_and_a_dropped_receive_takes_nothing(open: impl Opener) {
    let (broker, a, _) = with_queues(open().await).await;
    let mut consumer = broker.consume(&a, Lane(0)).await.unwrap();
    nothing_comes(&mut *consumer).await;
    broker.publish(vec![message(&[(&a, 1)], "elsewhere", "x")]).await.unwrap();
    nothing_comes(&mut *consumer).await;
    let (taken, published) = tokio::join!(take(&mut *consumer, 1), async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        broker.publish(vec![message(&[(&a, 0)], "1", "x")]).await
    });
    published.unwrap();
    assert_eq!(ids(&taken), ["1"]);
    for round in 0..200 {
        broker.publish(vec![message(&[(&a, 0)], &round.to_string(), "x")]).await.unwrap();
        // Dropped at another moment each time: before its first step, or somewhere within.
        let patience = Duration::from_micros(round * 2);
        let cut = timeout(patience, consumer.receive(9)).await;
        let taken = match cut {
            Ok(taken) => taken.unwrap(),
            Err(_) => take(&mut *consumer, 1).await,
        };
        assert_eq!(sequences(&taken), [round + 2]);
    }
    consumer.settle(201, Vec::new()).await.unwrap();
    assert_eq!(broker.depth(&a).await.unwrap(), 1);
}

async fn large_bodies_come_back_unchanged(open: impl Opener) {
    let (broker, a, b) = with_queues(open().await).await;
    let body: Bytes = (0..10_000_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect();
    let batch = vec![message(&[(&a, 0), (&b, 0)], "1", body.clone()), message(&[(&a, 0)], "2", "small")];
    broker.publish(batch).await.unwrap();
    drop(broker);
    let broker = open().await;
    for queue in [&a, &b] {
        let mut consumer = broker.consume(queue, Lane(0)).await.unwrap();
        assert!(take(&mut *consumer, 1).await[0].body == body);
        consumer.settle(1, Vec::new()).await.unwrap();
    }
    assert_eq!(broker.peek(&a, Lane(0), 1).await.unwrap()[0].body, "small");
}

async fn many_lanes_work_side_by_side(open: impl Opener) {
    let (broker, a, b) = with_queues(open().await).await;
    let (lanes, each) = (2_000_u16, 5);
    for round in 0..each {
        let batch = (0..lanes).map(|lane| message(&[(&a, lane)], &format!("{round}"), "x"));
        broker.publish(batch.collect()).await.unwrap();
    }
    assert_eq!(broker.depth(&a).await.unwrap(), u64::from(lanes) * each);
    let mut consumers = Vec::new();
    for lane in 0..lanes {
        consumers.push(broker.consume(&a, Lane(lane)).await.unwrap());
    }
    for (lane, consumer) in (0..).zip(&mut consumers) {
        let taken = take(&mut **consumer, 5).await;
        assert_eq!(ids(&taken), ["0", "1", "2", "3", "4"]);
        if lane % 20 == 0 {
            consumer.settle(4, vec![message(&[(&b, lane)], "done", "x")]).await.unwrap();
        }
    }
    drop((consumers, broker));
    let broker = open().await;
    assert_eq!(broker.depth(&a).await.unwrap(), u64::from(lanes) * each - 400);
    assert_eq!(broker.depth(&b).await.unwrap(), 100);
    assert_eq!(sequences(&broker.peek(&a, Lane(1_980), 9).await.unwrap()), [5]);
    assert_eq!(sequences(&broker.peek(&a, Lane(1_981), 9).await.unwrap()), [1, 2, 3, 4, 5]);
}

async fn publishers_at_once_lose_nothing(open: impl Opener) {
    let (broker, a, _) = with_queues(open().await).await;
    let mut publishers = tokio::task::JoinSet::new();
    for publisher in 0..16_u16 {
        let (broker, a) = (Arc::clone(&broker), a.clone());
        publishers.spawn(async move {
            for n in 0..50 {
                let batch = vec![message(&[(&a, publisher % 4)], &format!("{publisher}:{n:02}"), "x")];
                broker.publish(batch).await.unwrap();
            }
        });
    }
    while let Some(done) = publishers.join_next().await {
        done.unwrap();
    }
    for lane in 0..4_u16 {
        let found = broker.peek(&a, Lane(lane), 1_000).await.unwrap();
        assert_eq!(sequences(&found), (1..=200).collect::<Vec<_>>());
        for publisher in [lane, lane + 4, lane + 8, lane + 12] {
            let own = format!("{publisher}:");
            let found: Vec<_> = ids(&found).into_iter().filter(|id| id.starts_with(&own)).collect();
            let expected: Vec<_> = (0..50).map(|n| format!("{own}{n:02}")).collect();
            assert_eq!(found, expected);
        }
    }
}

/// One test per promise; `$open` is an `async fn(&Path) -> Arc<dyn Broker>` that opens the broker of a folder.
macro_rules! contract {
    ($open:path: $($promise:ident),* $(,)?) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $promise() {
            let folder = tempfile::tempdir().unwrap();
            super::$promise(async || $open(folder.path()).await).await;
        })*
    };
}

mod embedded {
    use super::*;

    async fn open(folder: &Path) -> Arc<dyn Broker> {
        Arc::new(Embedded::open(folder, Settings { segment_bytes: 1 << 20 }).unwrap())
    }

    contract!(open:
        a_lane_keeps_order_and_counts_from_one,
        a_batch_is_taken_whole_or_not_at_all,
        every_recipient_gets_the_message,
        settling_and_what_follows_are_there_after_reopening,
        what_was_not_settled_comes_again_in_order,
        skipping_is_settling_unseen,
        a_lane_has_one_consumer,
        depth_and_peek_show_what_is_not_settled,
        a_queue_must_be_declared,
        no_more_is_settled_than_was_received,
        receive_waits_and_a_dropped_receive_takes_nothing,
        large_bodies_come_back_unchanged,
        many_lanes_work_side_by_side,
        publishers_at_once_lose_nothing,
    );

    const SMALL: Settings = Settings { segment_bytes: 64 << 10 };

    fn segments(folder: &Path) -> usize {
        std::fs::read_dir(folder.join("journal")).unwrap().count()
    }

    /// Sends `count` messages of 3 kB through a queue.
    async fn pass(broker: &Embedded, queue: &QueueName, count: usize) {
        let mut consumer = broker.consume(queue, Lane(0)).await.unwrap();
        for n in 0..count {
            broker.publish(vec![message(&[(queue, 0)], &n.to_string(), vec![0; 3_000])]).await.unwrap();
            assert_eq!(consumer.receive(1).await.unwrap().len(), 1);
            consumer.settle(1, Vec::new()).await.unwrap();
        }
    }

    #[tokio::test]
    async fn consumed_segments_are_deleted_and_an_unread_message_keeps_no_segment() {
        let folder = tempfile::tempdir().unwrap();
        let broker = Embedded::open(folder.path(), SMALL).unwrap();
        let (read, unread) = (topology::ingest(), topology::dead("surveillance"));
        broker.declare(&read).await.unwrap();
        broker.declare(&unread).await.unwrap();
        pass(&broker, &read, 100).await;
        assert_eq!(segments(folder.path()), 1);
        for round in 0..10 {
            broker
                .publish(vec![message(&[(&unread, 5), (&unread, 6)], &round.to_string(), "stuck")])
                .await
                .unwrap();
            pass(&broker, &read, 100).await;
            assert!(segments(folder.path()) <= 6, "{} segments", segments(folder.path()));
        }
        drop(broker);
        let broker = Embedded::open(folder.path(), SMALL).unwrap();
        let depths: Vec<_> = broker.queues().into_iter().map(|queue| (queue.depth(), queue.queue)).collect();
        assert_eq!(depths, [(0, read.clone()), (20, unread.clone())]);
        let expected: Vec<_> = (0..10).map(|round| round.to_string()).collect();
        for lane in 5..7 {
            let found = broker.peek(&unread, Lane(lane), 99).await.unwrap();
            assert_eq!(
                (ids(&found), sequences(&found)),
                (expected.iter().map(String::as_str).collect(), (1..11).collect())
            );
        }
        let mut consumer = broker.consume(&unread, Lane(6)).await.unwrap();
        consumer.receive(10).await.unwrap();
        consumer.settle(10, Vec::new()).await.unwrap();
        let mut consumer = broker.consume(&unread, Lane(5)).await.unwrap();
        consumer.receive(10).await.unwrap();
        consumer.settle(10, Vec::new()).await.unwrap();
        pass(&broker, &read, 100).await;
        assert_eq!(segments(folder.path()), 1);
        let next = broker.peek(&read, Lane(0), 1).await.unwrap();
        assert!(next.is_empty());
        broker.publish(vec![message(&[(&read, 0)], "on", "x")]).await.unwrap();
        assert_eq!(sequences(&broker.peek(&read, Lane(0), 1).await.unwrap()), [1_201]);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn who_looks_at_a_message_while_it_is_moved_sees_it() {
        let folder = tempfile::tempdir().unwrap();
        let broker = Embedded::open(folder.path(), SMALL).unwrap();
        let (read, unread) = (topology::ingest(), topology::dead("surveillance"));
        broker.declare(&read).await.unwrap();
        broker.declare(&unread).await.unwrap();
        broker.publish(vec![message(&[(&unread, 0)], "stuck", "x")]).await.unwrap();
        let first = folder.path().join("journal").join("0000000001.seg");
        let mut looks = tokio::task::JoinSet::new();
        for _ in 0..2 {
            let (broker, unread) = (broker.clone(), unread.clone());
            looks.spawn(async move {
                loop {
                    assert_eq!(ids(&broker.peek(&unread, Lane(0), 9).await.unwrap()), ["stuck"]);
                }
            });
        }
        pass(&broker, &read, 400).await;
        assert!(!first.exists() && looks.try_join_next().is_none());
    }

    #[tokio::test]
    async fn a_closed_broker_refuses_and_wakes_who_waits() {
        let folder = tempfile::tempdir().unwrap();
        let (broker, a, _) = with_queues(open(folder.path()).await).await;
        drop(broker);
        let broker = Embedded::open(folder.path(), SMALL).unwrap();
        let mut consumer = broker.consume(&a, Lane(0)).await.unwrap();
        let closing = async {
            tokio::task::yield_now().await;
            broker.close();
        };
        let (received, ()) = tokio::join!(consumer.receive(1), closing);
        assert!(matches!(received, Err(BrokerError::Closed)));
        let refused = broker.publish(vec![message(&[(&a, 0)], "1", "x")]).await;
        assert!(matches!(refused, Err(BrokerError::Closed)));
        // The folder is free, though the closed broker is still at hand.
        assert_eq!(Embedded::open(folder.path(), SMALL).unwrap().depth(&a).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn a_settlement_that_nobody_waited_for_is_taken_in() {
        let folder = tempfile::tempdir().unwrap();
        let (broker, a, b) = with_queues(open(folder.path()).await).await;
        let mut sequence = 0;
        for round in 0..100 {
            let batch = ["1", "2"].map(|id| message(&[(&a, 0)], id, "x"));
            broker.publish(batch.into()).await.unwrap();
            let mut consumer = broker.consume(&a, Lane(0)).await.unwrap();
            let first = take(&mut *consumer, 1).await[0].sequence;
            assert_eq!(first, sequence + 1);
            let follow = vec![message(&[(&b, 0)], "3", "x")];
            let settled = timeout(Duration::from_micros(round * 5), consumer.settle(1, follow)).await;
            if round % 2 == 0 {
                // The lane stays taken until the outcome is known.
                drop(consumer);
                consumer = loop {
                    match broker.consume(&a, Lane(0)).await {
                        Err(BrokerError::LaneTaken { .. }) => tokio::task::yield_now().await,
                        consumer => break consumer.unwrap(),
                    }
                };
            }
            let next = take(&mut *consumer, 1).await[0].sequence;
            assert!(settled.is_err() || next == sequence + 2);
            let left = broker.depth(&a).await.unwrap();
            let open = if next == sequence + 1 { 2 } else { left };
            take(&mut *consumer, usize::try_from(left).unwrap() - 1).await;
            consumer.settle(usize::try_from(open).unwrap(), Vec::new()).await.unwrap();
            sequence += 2;
            assert_eq!(broker.depth(&a).await.unwrap(), 0);
        }
    }
}
