//! What befalls the broker itself: alarms, kill -9.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use musubi::broker::BrokerError;
use musubi::broker::rabbitmq::Link;
use musubi::broker::rabbitmq::amqp::Amqp;
use tokio::time::{sleep, timeout};

use super::{INGEST, SUBSCRIBER, batch, eventually, next, number, numbers, soon};
use crate::support::rabbitmq::{Rabbit, breakable};

/// Sets an alarm, sees that publishing waits and consuming goes on, clears it, sees that all arrives.
async fn alarm(node: &Rabbit, set: &str, clear: &str) {
    let link = Link::new(node.settings().await, "test");
    link.declare(INGEST).await.unwrap();
    link.publish(batch(INGEST, 1..=50)).await.unwrap();
    let mut subscription = link.consume(INGEST, 50).await.unwrap();
    node.script(&["eval", set]).await;
    let state = link.state();
    let cleared = AtomicBool::new(false);
    let publishing = async {
        soon(link.publish(batch(INGEST, 51..=60))).await.unwrap();
        assert!(cleared.load(Ordering::SeqCst), "it was taken while the alarm was on");
    };
    let consuming = async {
        eventually("the alarm shows", async || state.borrow().publishing.blocked.is_some()).await;
        // What was there before can be read and acknowledged meanwhile.
        for expected in 1..=50 {
            let message = next(&mut *subscription).await;
            assert_eq!(number(&message), expected);
            let acknowledged = timeout(Duration::from_secs(5), subscription.acknowledge(message.tag, false));
            acknowledged.await.unwrap().unwrap();
        }
        assert_eq!(state.borrow().consuming.blocked, None);
        sleep(Duration::from_millis(300)).await;
        cleared.store(true, Ordering::SeqCst);
        node.script(&["eval", clear]).await;
    };
    tokio::join!(publishing, consuming);
    assert_eq!(numbers(&mut *subscription, 10).await, (51..=60).collect::<Vec<_>>());
    eventually("the end of the alarm shows", async || state.borrow().publishing.blocked.is_none()).await;
}

#[tokio::test]
async fn a_memory_alarm_makes_publishing_wait_and_nothing_else() {
    let (node, _alone) = breakable().await;
    let set = "vm_memory_monitor:set_vm_memory_high_watermark(0.0)";
    alarm(node, set, "vm_memory_monitor:set_vm_memory_high_watermark(0.4)").await;
}

#[tokio::test]
async fn a_disk_alarm_makes_publishing_wait_and_nothing_else() {
    let (node, _alone) = breakable().await;
    let set = "rabbit_disk_monitor:set_disk_free_limit(1000000000000000)";
    alarm(node, set, "rabbit_disk_monitor:set_disk_free_limit(50000000)").await;
}

#[tokio::test]
async fn nothing_confirmed_is_lost_when_the_broker_is_killed() {
    let (node, _alone) = breakable().await;
    let link = Link::new(node.settings().await, "test");
    link.declare(SUBSCRIBER).await.unwrap();
    is_settled().await;
    let confirmed = AtomicU64::new(0);
    let publishing = async {
        let mut failed = 0;
        while failed < 3 || confirmed.load(Ordering::SeqCst) < 3_000 {
            let next = confirmed.load(Ordering::SeqCst) + 1;
            match link.publish(batch(SUBSCRIBER, next..=next + 49)).await {
                Ok(()) => confirmed.store(next + 49, Ordering::SeqCst),
                Err(BrokerError::Away { .. }) => failed += 1,
                Err(error) => panic!("{error}"),
            }
        }
    };
    let killing = async {
        for _ in 0..3 {
            let before = confirmed.load(Ordering::SeqCst);
            eventually("it goes on", async || confirmed.load(Ordering::SeqCst) > before + 200).await;
            node.script(&["kill", "1"]).await;
            node.script(&["restart", "1"]).await;
        }
    };
    let both = async { tokio::join!(publishing, killing) };
    timeout(Duration::from_secs(120), both).await.unwrap();
    let confirmed = confirmed.load(Ordering::SeqCst);
    let mut subscription = consume(&link).await;
    let mut taken = 0;
    while taken < confirmed {
        let message = next(&mut *subscription).await;
        assert!(number(&message) <= taken + 1, "{} after {taken}", number(&message));
        taken = taken.max(number(&message));
        subscription.acknowledge(message.tag, false).await.unwrap();
    }
}

#[tokio::test]
async fn a_consumer_finds_its_place_again_after_the_broker_was_killed() {
    let (node, _alone) = breakable().await;
    let link = Link::new(node.settings().await, "test");
    link.declare(SUBSCRIBER).await.unwrap();
    is_settled().await;
    link.publish(batch(SUBSCRIBER, 1..=20)).await.unwrap();
    let mut subscription = consume(&link).await;
    let first = next(&mut *subscription).await;
    subscription.acknowledge(first.tag, false).await.unwrap();
    // Confirmed behind the acknowledgement: the queue has it.
    link.publish(batch(SUBSCRIBER, 21..=21)).await.unwrap();
    node.script(&["kill", "1"]).await;
    let over = async {
        loop {
            if let Err(error) = subscription.next().await {
                return error;
            }
        }
    };
    let over = soon(over).await;
    assert!(matches!(over, BrokerError::Away { .. }), "{over:?}");
    node.script(&["restart", "1"]).await;
    let mut subscription = consume(&link).await;
    let again = numbers(&mut *subscription, 20).await;
    assert_eq!(again, (2..=21).collect::<Vec<_>>());
}

/// RabbitMQ 3.10 saves the names of fresh quorum queues every half second, without waiting: one that is killed before
/// comes back with the queue and without what was confirmed to it.
async fn is_settled() {
    sleep(Duration::from_secs(2)).await;
}

/// Consumes as soon as the queue is back: right after a start its node may not lead it yet.
async fn consume(link: &Link) -> Box<dyn musubi::broker::rabbitmq::amqp::Subscription> {
    loop {
        match soon(link.consume(SUBSCRIBER, 100)).await {
            Ok(subscription) => return subscription,
            Err(BrokerError::Away { .. }) => sleep(Duration::from_millis(100)).await,
            Err(error) => panic!("{error}"),
        }
    }
}
