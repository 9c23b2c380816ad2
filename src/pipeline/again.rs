//! What is made or sent again while a hub runs: published and counted in one step, so that the run's counts add up.

use std::collections::BTreeMap;

use tokio::sync::Mutex;

use crate::broker::topology::{self, Role};
use crate::broker::{Broker, BrokerError, Consumer, Publication};

/// What was sent again; nothing once the run's counts are added up.
pub(super) struct Again(Mutex<Option<Sent>>);

/// What was sent again.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Sent {
    /// Copies, by subscriber.
    pub(super) copies: BTreeMap<String, u64>,
    /// Messages that are to be decided on once more.
    pub(super) messages: u64,
}

impl Sent {
    fn add(&mut self, publication: &Publication) {
        for (queue, _) in &publication.to {
            match queue.role() {
                Role::Ingest => self.messages += 1,
                Role::Subscriber => {
                    let subscriber = topology::of_subscriber(queue).unwrap_or_default();
                    *self.copies.entry(subscriber.to_owned()).or_default() += 1;
                }
                _ => {}
            }
        }
    }
}

impl Default for Again {
    fn default() -> Self {
        Self(Mutex::new(Some(Sent::default())))
    }
}

impl Again {
    /// Publishes copies for a subscriber, and counts them.
    pub(super) async fn send(
        &self,
        broker: &dyn Broker,
        subscriber: &str,
        copies: Vec<Publication>,
    ) -> Result<(), BrokerError> {
        let mut sent = self.0.lock().await;
        let sent = sent.as_mut().ok_or(BrokerError::Closed)?;
        let count = copies.len() as u64;
        broker.publish(copies).await?;
        *sent.copies.entry(subscriber.to_owned()).or_default() += count;
        Ok(())
    }

    /// Settles letters, and counts what goes back to the routers or to a subscriber in the same step.
    pub(super) async fn settle(
        &self,
        consumer: &mut dyn Consumer,
        count: usize,
        follow: Vec<Publication>,
    ) -> Result<(), BrokerError> {
        let mut sent = self.0.lock().await;
        let sent = sent.as_mut().ok_or(BrokerError::Closed)?;
        let mut after = sent.clone();
        follow.iter().for_each(|publication| after.add(publication));
        consumer.settle(count, follow).await?;
        *sent = after;
        Ok(())
    }

    /// Counts from the beginning.
    pub(super) async fn begin(&self) {
        *self.0.lock().await = Some(Sent::default());
    }

    /// What was sent. Nothing is from now on.
    pub(super) async fn close(&self) -> Sent {
        self.0.lock().await.take().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::embedded::{Embedded, Settings};
    use crate::envelope::{Envelope, Lane};

    #[tokio::test]
    async fn what_is_sent_is_counted_and_nothing_is_sent_behind_the_count() {
        let folder = tempfile::tempdir().unwrap();
        let broker = Embedded::open(folder.path(), Settings::default()).unwrap();
        let queue = topology::subscriber("lab");
        broker.declare(&queue).await.unwrap();
        let copy = || Publication {
            to: vec![(queue.clone(), Lane(0))],
            envelope: Envelope::of_hub("1".to_owned()),
            body: "b".into(),
        };
        let again = Again::default();
        again.send(&broker, "lab", vec![copy(), copy()]).await.unwrap();
        let mut consumer = broker.consume(&queue, Lane(0)).await.unwrap();
        assert_eq!(consumer.receive(1).await.unwrap().len(), 1);
        broker.declare(&topology::ingest()).await.unwrap();
        let message = Publication { to: vec![(topology::ingest(), Lane(1))], ..copy() };
        again.settle(consumer.as_mut(), 1, vec![copy(), message]).await.unwrap();
        let copies = [("lab".to_owned(), 3)].into();
        assert_eq!(again.close().await, Sent { copies, messages: 1 });
        assert!(matches!(again.send(&broker, "lab", vec![copy()]).await, Err(BrokerError::Closed)));
        assert_eq!(broker.depth(&queue).await.unwrap(), 2);
    }
}
