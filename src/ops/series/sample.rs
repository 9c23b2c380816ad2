//! One look at all processes and queues.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use tracing::debug;

use super::Level;
use super::tier::Values;
use crate::broker::{Broker, BrokerError, QueueName, topology};
use crate::config::Config;
use crate::pipeline::{ControlBus, ProcessStatus, processes};

/// How long the broker may take to tell all depths.
const ANSWER: Duration = Duration::from_secs(8);

/// What was seen.
#[derive(Default)]
pub(super) struct Sample {
    /// Counts since its start, of each process by what tells it from others.
    pub(super) counts: BTreeMap<(String, Arc<str>), u64>,
    /// How the queues are.
    pub(super) levels: BTreeMap<String, Level>,
}

impl Sample {
    /// Looks. What can't be seen is left out.
    pub(super) async fn take(control: &ControlBus) -> Self {
        let config = control.config();
        let mut sample = Self::default();
        match processes(&config.hub.data_dir) {
            Ok((processes, _)) => processes.iter().for_each(|status| sample.count(status)),
            Err(error) => debug!(%error, "the status of the processes can't be read"),
        }
        let known = queues(&config);
        sample.levels.retain(|queue, _| known.iter().any(|known| known.as_str() == queue));
        let looking = levels(control.broker().as_ref(), &known, &mut sample.levels);
        match timeout(ANSWER, looking).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => debug!(%error, "the broker does not tell what waits"),
            Err(_) => debug!("the broker does not tell in time what waits"),
        }
        sample
    }

    fn count(&mut self, status: &ProcessStatus) {
        let process = format!("{}-{}-{}", status.host, status.pid, status.since);
        let mut add = |name: String, count| {
            self.counts.insert((process.clone(), name.into()), count);
        };
        for feed in &status.feeds {
            add(format!("feed/{}/accepted", feed.feed), feed.accepted);
        }
        for one in &status.subscribers {
            add(format!("subscriber/{}/delivered", one.subscriber), one.delivered);
            add(format!("subscriber/{}/dead", one.subscriber), one.dead);
        }
        // Where the broker is in the process, it knows which message is the oldest; on RabbitMQ, who has it in hand.
        for queue in status.queues.iter().chain(&status.in_hand).filter(|queue| queue.messages > 0) {
            if let Some(oldest) = queue.oldest.as_deref().and_then(|oldest| oldest.parse().ok()) {
                let level = self.levels.entry(queue.queue.clone()).or_default();
                level.oldest = level.oldest.into_iter().chain([oldest]).min();
            }
        }
        // What this process itself has is in what its broker tells.
        if status.pid != std::process::id() {
            for queue in &status.in_hand {
                self.levels.entry(queue.queue.clone()).or_default().depth += queue.messages;
            }
        }
        for topic in &status.topics {
            add(format!("topic/{}/copies", topic.topic), topic.copies);
        }
    }
}

/// Every queue that an operator cares for.
fn queues(config: &Config) -> Vec<QueueName> {
    let mut queues = vec![topology::ingest(), topology::invalid(), topology::unroutable()];
    for subscriber in &config.subscribers {
        let name = subscriber.name.as_str();
        queues.extend([topology::subscriber(name), topology::parked(name), topology::dead(name)]);
    }
    queues
}

async fn levels(
    broker: &dyn Broker,
    queues: &[QueueName],
    levels: &mut BTreeMap<String, Level>,
) -> Result<(), BrokerError> {
    for queue in queues {
        // One that is not there yet has nothing.
        let depth = match broker.depth(queue).await {
            Ok(depth) => depth,
            Err(error) if error.passes() => return Err(error),
            Err(_) => 0,
        };
        levels.entry(queue.to_string()).or_default().depth += depth;
    }
    Ok(())
}

/// What the last sample was, to tell what came since.
#[derive(Default)]
pub(super) struct Counters {
    counts: BTreeMap<(String, Arc<str>), u64>,
    depths: Option<BTreeMap<String, u64>>,
}

impl Counters {
    /// What there is, and what came since the last sample: nothing in the first one.
    pub(super) fn values(&mut self, sample: &Sample) -> Values {
        let mut values = Values::new();
        let is_first = self.depths.is_none();
        for ((process, name), count) in &sample.counts {
            let before = self.counts.insert((process.clone(), name.clone()), *count);
            // A process that was not there before began since then.
            let new = count.saturating_sub(before.unwrap_or(if is_first { *count } else { 0 }));
            *values.entry(name.clone()).or_default() += as_value(new);
        }
        self.counts.retain(|key, _| sample.counts.contains_key(key));
        self.flows(sample, &mut values);
        let depths = sample.levels.iter().map(|(queue, level)| (queue.clone(), level.depth));
        self.depths = Some(depths.collect());
        values
    }

    /// Depths, and from them what went into and out of the queues.
    fn flows(&self, sample: &Sample, values: &mut Values) {
        let accepted: f64 =
            values.iter().filter(|(name, _)| name.starts_with("feed/")).map(|(_, value)| value).sum();
        for (queue, level) in &sample.levels {
            values.insert(format!("queue/{queue}/depth").into(), as_value(level.depth));
            let Some(before) = &self.depths else { continue };
            let change = |queue: &str| {
                let now = sample.levels.get(queue).map_or(0, |level| level.depth);
                as_value(now) - as_value(before.get(queue).copied().unwrap_or_default())
            };
            let (into, out) = if let Some(subscriber) = queue.strip_prefix("to.") {
                let count = |what| {
                    values
                        .get(format!("subscriber/{subscriber}/{what}").as_str())
                        .copied()
                        .unwrap_or_default()
                };
                let out = count("delivered") + count("dead");
                (out + change(queue) + change(&format!("parked.{subscriber}")), out)
            } else if queue == "ingest" {
                (accepted, accepted - change(queue))
            } else {
                (change(queue), -change(queue))
            };
            values.insert(format!("queue/{queue}/in").into(), into.max(0.0));
            values.insert(format!("queue/{queue}/out").into(), out.max(0.0));
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of messages are far below 2^52")]
const fn as_value(count: u64) -> f64 {
    count as f64
}
