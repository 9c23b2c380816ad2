//! What joins lanes leaves the outbox only after all that lay before it in the lower lanes.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use musubi::broker::rabbitmq::amqp::{Amqp, Count, Incoming, Outgoing, Subscription};
use musubi::broker::rabbitmq::{Options, Outbox, RabbitMq};
use musubi::broker::{Broker, BrokerError, topology};
use musubi::envelope::{Join, JoinRole, Lane};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::broker_contract::message;
use crate::support::memory_broker::MemoryBroker;

/// A server that takes lane 0 only as far as it is let.
struct Slow {
    taken: Mutex<Vec<String>>,
    may: Semaphore,
}

#[async_trait]
impl Amqp for Slow {
    async fn declare(&self, _: &str) -> Result<(), BrokerError> {
        Ok(())
    }

    async fn publish(&self, batch: Vec<Outgoing>) -> Result<(), BrokerError> {
        for outgoing in batch {
            if outgoing.queue == "musubi.ingest.00" {
                self.may.acquire().await.unwrap().forget();
            }
            self.taken.lock().unwrap().push(outgoing.header.unwrap().envelope.id);
        }
        Ok(())
    }

    async fn consume(&self, _: &str, _: u16) -> Result<Box<dyn Subscription>, BrokerError> {
        Err(BrokerError::Closed)
    }

    async fn follow(&self, _: &str, _: u16) -> Result<Box<dyn Subscription>, BrokerError> {
        Err(BrokerError::Closed)
    }

    async fn count(&self, _: &str) -> Result<Count, BrokerError> {
        Err(BrokerError::Closed)
    }

    async fn peek(&self, _: &str, _: usize) -> Result<Vec<Incoming>, BrokerError> {
        Err(BrokerError::Closed)
    }
}

#[tokio::test(start_paused = true)]
async fn what_joins_lanes_leaves_after_what_lies_in_the_lower_ones() {
    let outbox = MemoryBroker::default();
    let ingest = topology::ingest();
    let at = |lane: u16, id: &str| message(&[(&ingest, lane)], id, id.to_owned());
    let mut joins = at(1, "joins");
    joins.envelope.join =
        Some(Join { role: JoinRole::Begins, lane: Lane(1), others: vec![Lane(0)], patients: Vec::new() });
    outbox.declare(&ingest).await.unwrap();
    let batch = vec![at(0, "a"), at(1, "free"), at(0, "b"), joins, at(1, "after")];
    outbox.publish(batch).await.unwrap();

    let slow = Arc::new(Slow { taken: Mutex::default(), may: Semaphore::new(0) });
    let outbox = Outbox { broker: Arc::new(outbox), series: 7, bytes: Arc::new(|| 0), bytes_max: u64::MAX };
    // Windows of one message, so that lanes stop in the middle.
    let options = Options { lanes: 2, prefetch: 1, history: "same".into() };
    let broker = Arc::new(RabbitMq::new(slow.clone(), Some(outbox), options));
    broker.declare(&ingest).await.unwrap();
    let (_stop, told) = watch::channel(false);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { broker.run(told).await });
    let mut seen = Vec::new();
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_secs(5)).await;
        seen.push(slow.taken.lock().unwrap().join(" "));
        slow.may.add_permits(1);
    }
    assert_eq!(seen, ["free", "free a", "free a b joins after"]);
}
