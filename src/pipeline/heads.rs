//! How long the oldest message of each queue has waited: a look at the heads of a few queues at a time.

use std::collections::BTreeMap;

use super::channel::Channel;
use crate::broker::{Broker, QueueName, embedded::QueueDepth};

/// Heads of lanes that are looked at each time: some milliseconds.
const LOOKS: usize = 200;

/// The oldest messages, by queue.
#[derive(Debug, Default)]
pub(super) struct Heads {
    /// When the oldest was accepted, RFC 3339.
    oldest: BTreeMap<QueueName, String>,
    /// Where the next look begins.
    next: Option<QueueName>,
}

impl Heads {
    /// When the oldest message of a queue was accepted, as far as that was looked at.
    pub(super) fn oldest(&self, queue: &QueueName) -> Option<&str> {
        self.oldest.get(queue).map(String::as_str)
    }

    /// Looks at the next queues, in turn. What can't be looked at now keeps what it had.
    pub(super) async fn look(&mut self, channel: &Channel) {
        if channel.remote.is_some() {
            return;
        }
        for (home, broker) in &channel.homes {
            let mut waiting: Vec<_> = home.journal.queues();
            waiting.retain(|queue| queue.depth() > 0);
            waiting.sort_by(|one, other| one.queue.cmp(&other.queue));
            self.oldest.retain(|name, _| waiting.binary_search_by(|queue| queue.queue.cmp(name)).is_ok());
            let from =
                self.next.as_ref().map_or(0, |next| waiting.partition_point(|queue| queue.queue < *next));
            let (before, after) = waiting.split_at(from);
            let (mut looks, mut turn) = (0, after.iter().chain(before));
            self.next = loop {
                let Some(queue) = turn.next() else { break None };
                if looks >= LOOKS {
                    break Some(queue.queue.clone());
                }
                looks += queue.lanes.len();
                if let Some(oldest) = head(broker.as_ref(), queue).await {
                    self.oldest.insert(queue.queue.clone(), oldest);
                }
            };
        }
    }
}

async fn head(broker: &dyn Broker, queue: &QueueDepth) -> Option<String> {
    let mut oldest: Option<String> = None;
    for (lane, _) in queue.lanes.iter().filter(|(_, depth)| *depth > 0) {
        let Ok(heads) = broker.peek(&queue.queue, *lane, 1).await else { continue };
        let accepted = heads.into_iter().next().map(|head| head.envelope.accepted_at);
        // RFC 3339 in UTC with a varying number of digits: compared as moments, not as texts.
        oldest = [oldest, accepted].into_iter().flatten().min_by_key(|at| at.parse::<jiff::Timestamp>().ok());
    }
    oldest
}
