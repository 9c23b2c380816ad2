//! The wire against a real RabbitMQ: what `Amqp` promises, and what breaks it.

#![expect(clippy::unwrap_used, reason = "test code outside of test functions")]

mod alarms;
mod backlog;
mod basics;
mod network;
mod secure;
mod topology;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use lapin::{Connection, ConnectionProperties};
use musubi::broker::rabbitmq::Link;
use musubi::broker::rabbitmq::amqp::{Amqp, Header, Incoming, Number, Outgoing, Subscription};
use musubi::envelope::{Lane, Routed};
use tokio::time::timeout;

use crate::broker_contract::message;

const INGEST: &str = "musubi.ingest.00";
const SUBSCRIBER: &str = "musubi.to.surveillance";

/// Message number `sequence` for a queue.
fn outgoing(queue: &str, sequence: u64) -> Outgoing {
    let mut envelope = message(&[], &format!("m{sequence}"), Bytes::new()).envelope;
    envelope.event = Some(Routed {
        event_type: "lab-result.created.v1".into(),
        topic: "lab".into(),
        route: "labs".into(),
        basis: "consent".into(),
        grounds: Vec::new(),
        disclosure: None,
        media_type: "application/json".into(),
        receipt: None,
        place: None,
        replay: None,
    });
    let header = Header { envelope, lane: Lane(3), number: Number { series: u64::MAX - 1, sequence } };
    Outgoing { queue: queue.into(), header: Some(header), body: format!("{{\"n\":{sequence}}}").into() }
}

fn batch(queue: &str, sequences: std::ops::RangeInclusive<u64>) -> Vec<Outgoing> {
    sequences.map(|sequence| outgoing(queue, sequence)).collect()
}

fn number(incoming: &Incoming) -> u64 {
    incoming.header.as_ref().unwrap().number.sequence
}

/// The next message, which must come.
async fn next(subscription: &mut dyn Subscription) -> Incoming {
    soon(subscription.next()).await.unwrap()
}

/// The numbers of the next messages.
async fn numbers(subscription: &mut dyn Subscription, count: usize) -> Vec<u64> {
    let mut numbers = Vec::new();
    while numbers.len() < count {
        numbers.push(number(&next(subscription).await));
    }
    numbers
}

async fn soon<T>(work: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(30), work).await.expect("nothing within 30 s")
}

/// Waits until it holds: a queue hears of a closed channel a moment after the channel is closed.
async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let work = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(60), work).await.unwrap_or_else(|_| panic!("never: {what}"));
}

async fn is_ready(link: &Link, queue: &str, ready: u64) {
    eventually(&format!("{ready} ready in {queue}"), async || {
        link.count(queue).await.is_ok_and(|count| count.ready == ready)
    })
    .await;
}

async fn has_consumers(link: &Link, queue: &str, consumers: u32) {
    eventually(&format!("{consumers} consumers of {queue}"), async || {
        link.count(queue).await.is_ok_and(|count| count.consumers == consumers)
    })
    .await;
}

async fn silent(subscription: &mut dyn Subscription) {
    let next = timeout(Duration::from_millis(300), subscription.next()).await;
    assert!(next.is_err(), "{next:?}");
}

async fn link() -> Link {
    let node = crate::support::rabbitmq::node().await;
    Link::new(node.settings().await, "test")
}

/// A plain client on the shared node.
async fn client(vhost: &str) -> Connection {
    let url = format!("amqp://guest:guest@127.0.0.1:{}/{vhost}", crate::support::rabbitmq::node().await.port);
    Connection::connect(&url, ConnectionProperties::default()).await.unwrap()
}
