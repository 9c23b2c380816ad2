//! The network between the hub and its broker: cut, stalled, away.

use std::time::Duration;

use musubi::broker::BrokerError;
use musubi::broker::rabbitmq::Link;
use musubi::broker::rabbitmq::amqp::Amqp;
use tokio::time::sleep;

use super::{INGEST, SUBSCRIBER, batch, eventually, is_ready, next, number, numbers, silent, soon};
use crate::support::proxy::{Network, Proxy};
use crate::support::rabbitmq::node;

/// A link through a proxy, and one beside it on the same virtual host.
async fn through_proxy() -> (Proxy, Link, Link) {
    let node = node().await;
    let settings = node.settings().await;
    let proxy = Proxy::before(node.port).await;
    let mut through = settings.clone();
    through.urls = vec![format!("amqp://{}", proxy.address)];
    (proxy, Link::new(through, "test"), Link::new(settings, "beside"))
}

/// Publishes until it is taken, as the protocol above does.
async fn until_taken(link: &Link, queue: &str, sequences: std::ops::RangeInclusive<u64>) -> u32 {
    let mut tries = 0;
    loop {
        tries += 1;
        match soon(link.publish(batch(queue, sequences.clone()))).await {
            Ok(()) => return tries,
            Err(BrokerError::Away { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn a_subscription_ends_with_the_connection_and_the_next_consumer_goes_on() {
    let (proxy, link, beside) = through_proxy().await;
    link.declare(INGEST).await.unwrap();
    link.publish(batch(INGEST, 1..=30)).await.unwrap();
    let mut first = link.consume(INGEST, 10).await.unwrap();
    let mut second = beside.consume(INGEST, 10).await.unwrap();
    assert_eq!(numbers(&mut *first, 10).await, (1..=10).collect::<Vec<_>>());
    silent(&mut *second).await;
    proxy.cut().await;
    let over = soon(first.next()).await.unwrap_err();
    assert!(matches!(over, BrokerError::Away { .. }), "{over:?}");
    let late = first.acknowledge(1, false).await;
    assert!(matches!(late, Err(BrokerError::Away { .. })), "{late:?}");
    for expected in 1..=30 {
        let message = next(&mut *second).await;
        assert_eq!(number(&message), expected);
        second.acknowledge(message.tag, false).await.unwrap();
    }
    let mut again = soon(link.consume(INGEST, 10)).await.unwrap();
    silent(&mut *again).await;
}

#[tokio::test]
async fn nothing_confirmed_is_lost_when_the_connection_is_cut_while_publishing() {
    let (proxy, link, beside) = through_proxy().await;
    beside.declare(SUBSCRIBER).await.unwrap();
    let publishing = async {
        let mut tries = 0;
        for first in (1..=4_000).step_by(100) {
            tries += until_taken(&link, SUBSCRIBER, first..=first + 99).await;
        }
        assert!(tries > 40, "no cut met a publication: {tries}");
    };
    let cutting = async {
        for _ in 0..5 {
            sleep(Duration::from_millis(60)).await;
            proxy.cut().await;
        }
    };
    tokio::join!(publishing, cutting);
    // Repeats come in whole batches from their beginning; without them nothing is missing and the order is right.
    let mut subscription = beside.consume(SUBSCRIBER, 500).await.unwrap();
    let mut taken = 0;
    while taken < 4_000 {
        let message = next(&mut *subscription).await;
        assert!(number(&message) <= taken + 1, "{} after {taken}", number(&message));
        taken = taken.max(number(&message));
        subscription.acknowledge(message.tag, false).await.unwrap();
    }
}

#[tokio::test]
async fn a_broker_that_is_away_at_the_start_is_waited_for_and_shows() {
    let (proxy, link, beside) = through_proxy().await;
    proxy.set(Network::Down);
    beside.declare(SUBSCRIBER).await.unwrap();
    let state = link.state();
    let waiting =
        tokio::time::timeout(Duration::from_millis(500), link.publish(batch(SUBSCRIBER, 1..=1))).await;
    assert!(waiting.is_err(), "{waiting:?}");
    let publishing = state.borrow().publishing.clone();
    assert_eq!(publishing.connected, None);
    assert!(publishing.trouble.is_some() && publishing.away_since.is_some(), "{publishing:?}");
    proxy.set(Network::Up);
    soon(link.publish(batch(SUBSCRIBER, 1..=1))).await.unwrap();
    let publishing = state.borrow().publishing.clone();
    assert_eq!(publishing.connected, Some(format!("amqp://{}", proxy.address)));
    assert_eq!((publishing.trouble, publishing.away_since), (None, None));
    is_ready(&beside, SUBSCRIBER, 1).await;
    proxy.set(Network::Down);
    // Nobody uses the connection; the loss shows all the same.
    eventually("the loss shows", async || state.borrow().publishing.away_since.is_some()).await;
}

#[tokio::test]
async fn the_next_url_is_tried_where_one_does_not_answer() {
    let node = node().await;
    let mut settings = node.settings().await;
    settings.urls.insert(0, "amqp://127.0.0.1:1".into());
    settings.urls.push("amqp://127.0.0.1:2".into());
    let link = Link::new(settings, "test");
    soon(link.declare(SUBSCRIBER)).await.unwrap();
    let connected = link.state().borrow().consuming.connected.clone();
    assert_eq!(connected, Some(format!("amqp://127.0.0.1:{}", node.port)));
    let server = link.state().borrow().consuming.server.clone().unwrap();
    let (product, version) = server.split_once(' ').unwrap();
    assert_eq!(product, "RabbitMQ");
    assert_eq!(version.split('.').count(), 3, "{version}");
}

#[tokio::test]
async fn a_stalled_network_is_noticed_by_the_heartbeat() {
    let (proxy, link, beside) = through_proxy().await;
    link.declare(SUBSCRIBER).await.unwrap();
    link.publish(batch(SUBSCRIBER, 1..=1)).await.unwrap();
    let mut subscription = link.consume(SUBSCRIBER, 10).await.unwrap();
    assert_eq!(numbers(&mut *subscription, 1).await, [1]);
    proxy.set(Network::Stalled);
    let (published, consumed) =
        tokio::join!(soon(link.publish(batch(SUBSCRIBER, 2..=2))), soon(subscription.next()),);
    assert!(matches!(published, Err(BrokerError::Away { .. })), "{published:?}");
    assert!(matches!(consumed, Err(BrokerError::Away { .. })), "{consumed:?}");
    proxy.cut().await;
    soon(link.publish(batch(SUBSCRIBER, 3..=3))).await.unwrap();
    let mut beside = beside.consume(SUBSCRIBER, 10).await.unwrap();
    assert_eq!(numbers(&mut *beside, 1).await, [1]);
}
