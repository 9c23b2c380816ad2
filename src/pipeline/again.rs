//! Copies that are made again while a hub runs: published and counted in one step, so that the run's counts add up.

use std::collections::BTreeMap;

use tokio::sync::Mutex;

use crate::broker::{Broker, BrokerError, Publication};

/// Copies made again, by subscriber; nothing once the run's counts are added up.
pub(super) struct Again(Mutex<Option<BTreeMap<String, u64>>>);

impl Default for Again {
    fn default() -> Self {
        Self(Mutex::new(Some(BTreeMap::new())))
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
        *sent.entry(subscriber.to_owned()).or_default() += count;
        Ok(())
    }

    /// Counts from the beginning.
    pub(super) async fn begin(&self) {
        *self.0.lock().await = Some(BTreeMap::new());
    }

    /// What was sent. Nothing is from now on.
    pub(super) async fn close(&self) -> BTreeMap<String, u64> {
        self.0.lock().await.take().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::embedded::{Embedded, Settings};
    use crate::broker::topology;
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
        assert_eq!(again.close().await, [("lab".to_owned(), 2)].into());
        assert!(matches!(again.send(&broker, "lab", vec![copy()]).await, Err(BrokerError::Closed)));
        assert_eq!(broker.depth(&queue).await.unwrap(), 2);
    }
}
