//! What every broker promises (see `musubi::broker`), as a suite that any implementation can be put through:
//! `contract!` makes one test per promise out of a place where a broker lives.

#![expect(clippy::unwrap_used, reason = "test code outside of test functions")]

mod embedded;
mod memory;
pub(crate) mod rabbitmq;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use musubi::broker::{Broker, BrokerError, Consumer, Delivery, Publication, QueueName, topology};
use musubi::envelope::{Change, Envelope, Format, Identifying, Lane, Origin};
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
        stored: None,
        accepted_at: "2026-11-22T01:00:00Z".into(),
        format: Format::Hl7v2,
        claim: None,
        join: None,
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

/// Where a broker lives.
pub(crate) trait Place {
    /// What was published or settled is seen by who looks at once, and not a moment later; settled or not, a message
    /// is counted exactly.
    const AT_ONCE: bool;
    /// A queue that was never declared is refused everywhere, and not only where something enters the hub.
    const STRICT: bool;
    /// Lanes that it has.
    const LANES: u16;

    fn new() -> Self;

    /// Opens the broker; a second call, after everything of the first is dropped, finds what that one left.
    async fn open(&self) -> Arc<dyn Broker>;
}

/// Looks until what is expected is seen; at some brokers it must be at the first look.
async fn sees<P: Place, T: PartialEq + Debug>(place: &P, expected: T, look: impl AsyncFn() -> T) {
    let seen = looks(place, look, |seen| *seen == expected).await;
    assert_eq!(seen, expected);
}

/// Looks, at some brokers once and at others until it is as it should be; gives the last look.
async fn looks<P: Place, T>(_: &P, look: impl AsyncFn() -> T, is_right: impl Fn(&T) -> bool) -> T {
    let mut seen = look().await;
    for _ in 0..1_000 {
        if P::AT_ONCE || is_right(&seen) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        seen = look().await;
    }
    seen
}

/// Names and numbers of the first messages of a lane.
async fn look(broker: &dyn Broker, queue: &QueueName, lane: u16, most: usize) -> (Vec<String>, Vec<u64>) {
    let found = broker.peek(queue, Lane(lane), most).await.unwrap_or_default();
    (found.iter().map(|delivery| delivery.envelope.id.clone()).collect(), sequences(&found))
}

fn owned(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

async fn a_lane_keeps_order_and_counts_from_one(place: impl Place) {
    let (broker, a, _) = with_queues(place.open().await).await;
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

async fn a_batch_is_taken_whole_or_not_at_all(place: impl Place) {
    let (broker, a, b) = with_queues(place.open().await).await;
    let nowhere = topology::subscriber("nobody");
    let batch = vec![message(&[(&a, 0)], "1", "x"), message(&[(&b, 0), (&nowhere, 0)], "2", "x")];
    let refused = broker.publish(batch).await;
    assert!(matches!(refused, Err(BrokerError::UnknownQueue(queue)) if queue == nowhere));
    assert_eq!((broker.depth(&a).await.unwrap(), broker.depth(&b).await.unwrap()), (0, 0));
    broker.publish(vec![message(&[(&a, 0)], "3", "x")]).await.unwrap();
    sees(&place, (owned(&["3"]), vec![1]), async || look(&*broker, &a, 0, 9).await).await;
    broker.publish(Vec::new()).await.unwrap();
}

async fn every_recipient_gets_the_message(place: impl Place) {
    let (broker, a, b) = with_queues(place.open().await).await;
    broker.publish(vec![message(&[(&a, 3), (&b, 4)], "1", "x")]).await.unwrap();
    broker.publish(vec![message(&[(&b, 4)], "2", "x")]).await.unwrap();
    let mut first = broker.consume(&a, Lane(3)).await.unwrap();
    assert_eq!(ids(&take(&mut *first, 1).await), ["1"]);
    first.settle(1, Vec::new()).await.unwrap();
    let mut second = broker.consume(&b, Lane(4)).await.unwrap();
    let taken = take(&mut *second, 2).await;
    assert_eq!((ids(&taken), sequences(&taken)), (vec!["1", "2"], vec![1, 2]));
}

async fn settling_and_what_follows_are_there_after_reopening(place: impl Place) {
    let (broker, a, b) = with_queues(place.open().await).await;
    let batch = ["1", "2", "3"].map(|id| message(&[(&a, 0)], id, "raw"));
    broker.publish(batch.into()).await.unwrap();
    let mut consumer = broker.consume(&a, Lane(0)).await.unwrap();
    take(&mut *consumer, 3).await;
    consumer.settle(2, vec![message(&[(&b, 7)], "1+2", "event")]).await.unwrap();
    drop((consumer, broker));

    let broker = place.open().await;
    let marks = async || {
        let found = broker.peek(&a, Lane(0), 9).await.unwrap();
        found.iter().map(|delivery| (delivery.sequence, delivery.redelivered)).collect::<Vec<_>>()
    };
    sees(&place, vec![(3, true)], marks).await;
    sees(&place, (owned(&["1+2"]), vec![1]), async || look(&*broker, &b, 7, 9).await).await;
    broker.publish(vec![message(&[(&a, 0)], "4", "raw")]).await.unwrap();
    sees(&place, (owned(&["3", "4"]), vec![3, 4]), async || look(&*broker, &a, 0, 9).await).await;
}

async fn what_was_not_settled_comes_again_in_order(place: impl Place) {
    let (broker, a, _) = with_queues(place.open().await).await;
    let batch = ["1", "2", "3", "4"].map(|id| message(&[(&a, 0)], id, "x"));
    broker.publish(batch.into()).await.unwrap();
    let mut consumer = broker.consume(&a, Lane(0)).await.unwrap();
    take(&mut *consumer, 3).await;
    consumer.settle(1, Vec::new()).await.unwrap();
    drop(consumer);

    let mut consumer = broker.consume(&a, Lane(0)).await.unwrap();
    let again = take(&mut *consumer, 3).await;
    assert_eq!((ids(&again), sequences(&again)), (vec!["2", "3", "4"], vec![2, 3, 4]));
    // What lay ready for the first consumer may be marked, too.
    assert!(again[..2].iter().all(|delivery| delivery.redelivered));
    drop((consumer, broker));

    let broker = place.open().await;
    let mut consumer = broker.consume(&a, Lane(0)).await.unwrap();
    broker.publish(vec![message(&[(&a, 0)], "5", "x")]).await.unwrap();
    let again = take(&mut *consumer, 4).await;
    assert_eq!(ids(&again), ["2", "3", "4", "5"]);
    let marks: Vec<_> = again.iter().map(|delivery| delivery.redelivered).collect();
    assert_eq!(marks, [true, true, true, false]);
}

async fn skipping_is_settling_unseen(place: impl Place) {
    let (broker, a, _) = with_queues(place.open().await).await;
    let batch = ["1", "2", "3"].map(|id| message(&[(&a, 0)], id, "x"));
    broker.publish(batch.into()).await.unwrap();
    let mut consumer = broker.consume(&a, Lane(0)).await.unwrap();
    consumer.skip(2).await.unwrap();
    assert_eq!(ids(&take(&mut *consumer, 1).await), ["3"]);
    drop((consumer, broker));
    let broker = place.open().await;
    sees(&place, (owned(&["3"]), vec![3]), async || look(&*broker, &a, 0, 9).await).await;
}

async fn a_lane_has_one_consumer(place: impl Place) {
    let (broker, a, b) = with_queues(place.open().await).await;
    for queue in [&a, &b] {
        broker.publish(vec![message(&[(queue, 0), (queue, 1)], "1", "x")]).await.unwrap();
        let mut first = broker.consume(queue, Lane(0)).await.unwrap();
        take(&mut *first, 1).await;
        // It is refused, or gets nothing before the first is gone.
        let second = match broker.consume(queue, Lane(0)).await {
            Err(BrokerError::LaneTaken { lane: Lane(0), .. }) => None,
            Ok(mut second) => {
                nothing_comes(&mut *second).await;
                Some(second)
            }
            Err(error) => panic!("{error}"),
        };
        let mut other = broker.consume(queue, Lane(1)).await.unwrap();
        take(&mut *other, 1).await;
        drop(first);
        let mut second = match second {
            Some(second) => second,
            None => broker.consume(queue, Lane(0)).await.unwrap(),
        };
        assert_eq!(ids(&take(&mut *second, 1).await), ["1"]);
    }
}

async fn depth_and_peek_show_what_waits<P: Place>(place: P) {
    let (broker, a, _) = with_queues(place.open().await).await;
    let depth = async || broker.depth(&a).await.unwrap();
    broker.publish((0..5).map(|n| message(&[(&a, n % 2)], &n.to_string(), "x")).collect()).await.unwrap();
    sees(&place, 5, depth).await;
    sees(&place, (owned(&["0", "2"]), vec![1, 2]), async || look(&*broker, &a, 0, 2).await).await;
    let mut consumer = broker.consume(&a, Lane(0)).await.unwrap();
    take(&mut *consumer, 3).await;
    // What a consumer was handed still counts, where it can be counted.
    assert!(depth().await == 5 || !P::AT_ONCE && depth().await >= 2);
    consumer.settle(2, Vec::new()).await.unwrap();
    drop(consumer);
    sees(&place, 3, depth).await;
    sees(&place, (owned(&["4"]), vec![3]), async || look(&*broker, &a, 0, 2).await).await;
    assert_eq!(ids(&broker.peek(&a, Lane(9), 2).await.unwrap()), [""; 0]);
}

async fn a_queue_must_be_declared<P: Place>(place: P) {
    let (broker, a, _) = with_queues(place.open().await).await;
    broker.declare(&a).await.unwrap();
    let unknown = topology::dead("nobody");
    assert!(matches!(broker.depth(&unknown).await, Err(BrokerError::UnknownQueue(_))));
    assert!(broker.peek(&unknown, Lane(0), 1).await.is_err());
    match broker.consume(&unknown, Lane(0)).await {
        Err(BrokerError::UnknownQueue(_)) => {}
        // Who reads a queue may declare it.
        Ok(mut consumer) if !P::STRICT => nothing_comes(&mut *consumer).await,
        other => panic!("{:?}", other.err()),
    }
    drop(broker);
    assert_eq!(place.open().await.depth(&a).await.unwrap(), 0);
}

async fn no_more_is_settled_than_was_received<P: Place>(place: P) {
    let (broker, a, b) = with_queues(place.open().await).await;
    broker.publish(vec![message(&[(&a, 0)], "1", "x"), message(&[(&a, 0)], "2", "x")]).await.unwrap();
    let mut consumer = broker.consume(&a, Lane(0)).await.unwrap();
    assert_eq!(take(&mut *consumer, 1).await.len(), 1);
    let refused = consumer.settle(2, vec![message(&[(&b, 0)], "3", "x")]).await;
    assert!(matches!(refused, Err(BrokerError::NotReceived { asked: 2, open: 1, .. })));
    if P::STRICT {
        let unknown = topology::dead("nobody");
        let refused = consumer.settle(1, vec![message(&[(&unknown, 0)], "3", "x")]).await;
        assert!(matches!(refused, Err(BrokerError::UnknownQueue(_))));
        assert_eq!(broker.depth(&a).await.unwrap(), 2);
    }
    assert_eq!(broker.depth(&b).await.unwrap(), 0);
    consumer.settle(1, Vec::new()).await.unwrap();
    consumer.settle(0, vec![message(&[(&b, 0)], "3", "x")]).await.unwrap();
    drop(consumer);
    let depths = async || (broker.depth(&a).await.unwrap(), broker.depth(&b).await.unwrap());
    sees(&place, (1, 1), depths).await;
}

async fn receive_waits_and_a_dropped_receive_takes_nothing(place: impl Place) {
    let (broker, a, _) = with_queues(place.open().await).await;
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
    sees(&place, 1, async || broker.depth(&a).await.unwrap()).await;
}

async fn large_bodies_come_back_unchanged(place: impl Place) {
    let (broker, a, b) = with_queues(place.open().await).await;
    let body: Bytes = (0..10_000_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect();
    let batch = vec![message(&[(&a, 0), (&b, 0)], "1", body.clone()), message(&[(&a, 0)], "2", "small")];
    broker.publish(batch).await.unwrap();
    drop(broker);
    let broker = place.open().await;
    for queue in [&a, &b] {
        let mut consumer = broker.consume(queue, Lane(0)).await.unwrap();
        assert!(take(&mut *consumer, 1).await[0].body == body);
        consumer.settle(1, Vec::new()).await.unwrap();
    }
    let bodies = async || {
        let found = broker.peek(&a, Lane(0), 1).await.unwrap();
        found.into_iter().map(|delivery| delivery.body).collect::<Vec<_>>()
    };
    sees(&place, vec![Bytes::from("small")], bodies).await;
}

async fn many_lanes_work_side_by_side<P: Place>(place: P) {
    let (broker, a, b) = with_queues(place.open().await).await;
    let (lanes, each) = (P::LANES, 5);
    for round in 0..each {
        let batch = (0..lanes).map(|lane| message(&[(&a, lane)], &format!("{round}"), "x"));
        broker.publish(batch.collect()).await.unwrap();
    }
    let all = u64::from(lanes) * each;
    sees(&place, all, async || broker.depth(&a).await.unwrap()).await;
    let mut consumers = Vec::new();
    for lane in 0..lanes {
        consumers.push(broker.consume(&a, Lane(lane)).await.unwrap());
    }
    for (lane, consumer) in (0..).zip(&mut consumers) {
        let taken = take(&mut **consumer, 5).await;
        assert_eq!(ids(&taken), ["0", "1", "2", "3", "4"]);
        if lane % 4 == 0 {
            consumer.settle(4, vec![message(&[(&b, lane)], "done", "x")]).await.unwrap();
        }
    }
    drop((consumers, broker));
    let broker = place.open().await;
    let settled = u64::from(lanes / 4);
    let depths = async || (broker.depth(&a).await.unwrap(), broker.depth(&b).await.unwrap());
    sees(&place, (all - settled * 4, settled), depths).await;
    sees(&place, vec![5], async || look(&*broker, &a, lanes - 4, 9).await.1).await;
    sees(&place, vec![1, 2, 3, 4, 5], async || look(&*broker, &a, lanes - 3, 9).await.1).await;
}

async fn publishers_at_once_lose_nothing(place: impl Place) {
    let (broker, a, _) = with_queues(place.open().await).await;
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
        let expected: Vec<_> = (1..=200).collect();
        let one_look = async || look(&*broker, &a, lane, 1_000).await;
        let (found, numbers) = looks(&place, one_look, |(_, numbers)| *numbers == expected).await;
        assert_eq!(numbers, expected);
        for publisher in [lane, lane + 4, lane + 8, lane + 12] {
            let own = format!("{publisher}:");
            let found = found.iter().filter(|id| id.starts_with(&own));
            assert!(found.eq(&(0..50).map(|n| format!("{own}{n:02}")).collect::<Vec<_>>()));
        }
    }
}

/// How long the proof of a promise may take, on a node that is busy with other tests.
const LIMIT: Duration = Duration::from_secs(600);

/// One test per promise, over a kind of place.
macro_rules! contract {
    ($place:ty, $test:meta) => {
        contract!($place, $test:
            a_lane_keeps_order_and_counts_from_one,
            a_batch_is_taken_whole_or_not_at_all,
            every_recipient_gets_the_message,
            settling_and_what_follows_are_there_after_reopening,
            what_was_not_settled_comes_again_in_order,
            skipping_is_settling_unseen,
            a_lane_has_one_consumer,
            depth_and_peek_show_what_waits,
            a_queue_must_be_declared,
            no_more_is_settled_than_was_received,
            receive_waits_and_a_dropped_receive_takes_nothing,
            large_bodies_come_back_unchanged,
            many_lanes_work_side_by_side,
            publishers_at_once_lose_nothing
        );
    };
    ($place:ty, $test:meta: $($promise:ident),*) => {
        $(#[$test]
        async fn $promise() {
            let kept = async { crate::broker_contract::$promise(<$place as Place>::new()).await };
            let kept = tokio::time::timeout(crate::broker_contract::LIMIT, kept).await;
            assert!(kept.is_ok(), "{} hangs", stringify!($promise));
        })*
    };
}
use contract;
