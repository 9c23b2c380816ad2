//! Faults that the simulation found once, step by step.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use musubi::broker::rabbitmq::amqp::{Header, Number, Outgoing};
use musubi::broker::rabbitmq::{History, Options, RabbitMq};
use musubi::broker::{Broker, Consumer, Delivery, Publication, topology};
use musubi::envelope::Lane;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::broker_contract::rabbitmq::Process;
use crate::broker_contract::{ids, message};
use crate::support::amqp_model::{Server, Weather};
use crate::support::memory_broker::MemoryBroker;

const PROGRESS: &str = "musubi.progress.00";
const SUBSCRIBER: &str = "musubi.to.x";

fn router(server: &Server, name: &str, history: &str) -> RabbitMq {
    let options = Options { lanes: 1, prefetch: 16, history: history.into() };
    RabbitMq::new(server.client(name), None, options)
}

/// Messages "1" to "3" in the only lane.
async fn three_messages(server: &Server) {
    let outbox = MemoryBroker::default();
    let adapter = Process::start(server.client("adapter"), Arc::new(outbox.clone()), 1);
    adapter.declare(&topology::ingest()).await.unwrap();
    let batch = ["1", "2", "3"].map(|id| message(&[(&topology::ingest(), 0)], id, "x"));
    adapter.publish(batch.into()).await.unwrap();
    while outbox.depth(&topology::ingest()).await.unwrap() > 0 {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

fn copies(deliveries: &[Delivery]) -> Vec<Publication> {
    let copy = |delivery: &Delivery| message(&[(&topology::subscriber("x"), 0)], &delivery.envelope.id, "x");
    deliveries.iter().map(copy).collect()
}

/// Takes one message and settles it.
async fn route(consumer: &mut dyn Consumer) -> String {
    let batch = consumer.receive(1).await.unwrap();
    consumer.settle(1, copies(&batch)).await.unwrap();
    ids(&batch).concat()
}

/// Numbers and ids at the subscriber.
fn routed(server: &Server) -> Vec<(u64, String)> {
    let header = |header: Header| (header.number.sequence, header.envelope.id);
    server.content(SUBSCRIBER).unwrap().into_iter().filter_map(|stored| stored.header).map(header).collect()
}

#[tokio::test(start_paused = true)]
async fn a_router_that_lost_its_token_and_not_its_lane_is_not_repeated_under_its_numbers() {
    let server = Server::new(0, Weather::CALM);
    three_messages(&server).await;
    let (a, b) = (router(&server, "a", "same"), router(&server, "b", "same"));
    let mut first = a.consume(&topology::ingest(), Lane(0)).await.unwrap();
    assert_eq!(route(&mut *first).await, "1");
    let mut successor = JoinSet::new();
    successor.spawn(async move {
        let mut second = b.consume(&topology::ingest(), Lane(0)).await.unwrap();
        let batch = second.receive(9).await.unwrap();
        second.settle(batch.len(), copies(&batch)).await.unwrap();
        (b, second)
    });
    while server.consumers(PROGRESS).len() < 2 {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }

    server.suspect(PROGRESS);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(route(&mut *first).await, "2");
    drop((first, a));
    let successor = timeout(Duration::from_secs(600), successor.join_next()).await.unwrap().unwrap().unwrap();
    let expected = [(1, "1"), (2, "2"), (3, "3")].map(|(number, id)| (number, id.to_owned()));
    assert_eq!(routed(&server), expected);
    drop(successor);
}

#[tokio::test(start_paused = true)]
async fn a_router_that_answers_otherwise_gives_no_number_that_may_have_been_given_to_a_new_subscriber() {
    let server = Server::new(0, Weather::CALM);
    three_messages(&server).await;
    let a = router(&server, "a", "one");
    let mut first = a.consume(&topology::ingest(), Lane(0)).await.unwrap();
    first.receive(1).await.unwrap();
    // It publishes its first copy, and dies before it can say so.
    let amqp = server.client("a");
    amqp.declare(SUBSCRIBER).await.unwrap();
    let begun = message(&[], "1 as answered by a", "x");
    let number = Number { series: 0, sequence: 1 };
    let header = Header { envelope: begun.envelope, lane: Lane(0), number };
    amqp.publish(vec![Outgoing { queue: SUBSCRIBER.into(), header: Some(header), body: begun.body }])
        .await
        .unwrap();
    server.kill("a", Duration::ZERO);
    drop((first, a));

    let b = router(&server, "b", "two");
    let mut second = b.consume(&topology::ingest(), Lane(0)).await.unwrap();
    assert_eq!(route(&mut *second).await, "1");
    let routed = routed(&server);
    assert!(routed[1].0 > 100_000, "{routed:?}");
}

#[tokio::test(start_paused = true)]
async fn a_router_whose_answers_change_after_taking_over_repeats_no_number_of_the_one_before() {
    let server = Server::new(0, Weather::CALM);
    three_messages(&server).await;
    let a = router(&server, "a", "one");
    let mut first = a.consume(&topology::ingest(), Lane(0)).await.unwrap();
    assert_eq!(route(&mut *first).await, "1");
    first.receive(1).await.unwrap();
    // It publishes its second copy, and dies before it can say so.
    let begun = message(&[], "2 as answered by a", "x");
    let number = Number { series: 0, sequence: 2 };
    let header = Header { envelope: begun.envelope, lane: Lane(0), number };
    let outgoing = Outgoing { queue: SUBSCRIBER.into(), header: Some(header), body: begun.body };
    server.client("a").publish(vec![outgoing]).await.unwrap();
    server.kill("a", Duration::ZERO);
    drop((first, a));

    // It begins with the same answers as the one before, and hears of another only when it has the message in hand.
    let heard = Arc::new(AtomicBool::new(false));
    let hears = Arc::clone(&heard);
    let history = History::new(move || if hears.load(Ordering::Relaxed) { "two" } else { "one" }.to_owned());
    let b = RabbitMq::new(server.client("b"), None, Options { lanes: 1, prefetch: 16, history });
    let mut second = b.consume(&topology::ingest(), Lane(0)).await.unwrap();
    let batch = second.receive(1).await.unwrap();
    heard.store(true, Ordering::Relaxed);
    second.settle(1, copies(&batch)).await.unwrap();
    let numbers = routed(&server);
    let own = numbers.iter().find(|(_, id)| id == "2").unwrap();
    assert!(own.0 > 100_000, "{numbers:?}");
    assert_eq!(route(&mut *second).await, "3");
    let numbers = routed(&server);
    assert_eq!(numbers.last().unwrap().0, own.0 + 1, "one leap is enough: {numbers:?}");
}
