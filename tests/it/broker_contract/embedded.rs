//! The suite over the embedded broker, and what only that one promises.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use musubi::broker::embedded::{Embedded, Settings};
use musubi::broker::{Broker, BrokerError, QueueName, topology};
use musubi::envelope::Lane;
use tokio::time::timeout;

use super::{Place, contract, ids, message, sequences, take, with_queues};

/// A folder.
struct Folder(tempfile::TempDir);

impl Place for Folder {
    const AT_ONCE: bool = true;
    const STRICT: bool = true;
    const LANES: u16 = 2_000;

    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    async fn open(&self) -> Arc<dyn Broker> {
        Arc::new(Embedded::open(self.0.path(), Settings { segment_bytes: 1 << 20 }).unwrap())
    }
}

contract!(Folder, tokio::test(flavor = "multi_thread", worker_threads = 2));

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
    let folder = Folder::new();
    let (broker, a, _) = with_queues(folder.open().await).await;
    drop(broker);
    let broker = Embedded::open(folder.0.path(), SMALL).unwrap();
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
    assert_eq!(Embedded::open(folder.0.path(), SMALL).unwrap().depth(&a).await.unwrap(), 0);
}

#[tokio::test]
async fn a_settlement_that_nobody_waited_for_is_taken_in() {
    let folder = Folder::new();
    let (broker, a, b) = with_queues(folder.open().await).await;
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
