//! A broker in memory that can crash between any two steps.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use musubi::broker::{Broker, BrokerError, Consumer, Delivery, Publication, QueueName};
use musubi::clock::ManualClock;
use musubi::envelope::{Envelope, Lane};
use tokio::sync::Notify;

/// Counts steps down to a crash. After it every step fails, until it is set again.
#[derive(Clone, Default)]
pub(crate) struct Fuse(Arc<Mutex<Option<u64>>>);

impl Fuse {
    /// Crash after so many steps; None never.
    pub(crate) fn set(&self, steps: Option<u64>) {
        *self.0.lock().unwrap() = steps;
    }

    /// One step; an error from the crash on.
    pub(crate) fn step(&self) -> Result<(), std::io::Error> {
        let mut left = self.0.lock().unwrap();
        match left.as_mut() {
            Some(0) => Err(std::io::Error::other("crashed")),
            Some(steps) => {
                *steps -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

#[derive(Default)]
struct LaneState {
    /// Of the oldest unsettled message.
    sequence: u64,
    messages: Vec<Delivery>,
    /// How many of the oldest have been handed out.
    open: usize,
    taken: bool,
}

type Queues = Arc<Mutex<HashMap<QueueName, HashMap<Lane, LaneState>>>>;

/// A broker in memory.
#[derive(Clone, Default)]
pub(crate) struct MemoryBroker {
    queues: Queues,
    arrived: Arc<Notify>,
    fuse: Fuse,
    clock: Arc<Mutex<Option<ManualClock>>>,
    /// What was published, in that order.
    log: Arc<Mutex<Vec<(QueueName, Envelope)>>>,
}

impl MemoryBroker {
    pub(crate) fn new(fuse: Fuse) -> Self {
        Self { fuse, ..Self::default() }
    }

    /// From now on each publish takes two seconds of the clock.
    pub(crate) fn slow_down(&self, clock: ManualClock) {
        *self.clock.lock().unwrap() = Some(clock);
    }

    /// Every queue that was declared.
    pub(crate) fn queues(&self) -> Vec<QueueName> {
        let mut queues: Vec<_> = self.queues.lock().unwrap().keys().cloned().collect();
        queues.sort();
        queues
    }

    /// Every unsettled message of a queue, lane by lane.
    pub(crate) fn all(&self, queue: &QueueName) -> Vec<Delivery> {
        let queues = self.queues.lock().unwrap();
        let Some(lanes) = queues.get(queue) else { return Vec::new() };
        let mut lanes: Vec<_> = lanes.iter().collect();
        lanes.sort_by_key(|(lane, _)| **lane);
        lanes.into_iter().flat_map(|(_, lane)| lane.messages.clone()).collect()
    }

    /// Everything that was ever published to a queue, over all lanes, in that order.
    pub(crate) fn published(&self, queue: &QueueName) -> Vec<Envelope> {
        let log = self.log.lock().unwrap();
        log.iter().filter(|(to, _)| to == queue).map(|(_, envelope)| envelope.clone()).collect()
    }

    fn step(&self) -> Result<(), BrokerError> {
        self.fuse.step().map_err(|source| BrokerError::Store { place: "memory".into(), source })
    }

    /// Takes a batch whole, or not at all where it names a queue that was never declared.
    fn put(&self, batch: Vec<Publication>) -> Result<(), BrokerError> {
        let mut queues = self.queues.lock().unwrap();
        let unknown = |(queue, _): &&(QueueName, Lane)| !queues.contains_key(queue);
        if let Some((queue, _)) = batch.iter().flat_map(|publication| &publication.to).find(unknown) {
            return Err(BrokerError::UnknownQueue(queue.clone()));
        }
        for Publication { to, envelope, body } in batch {
            for (queue, lane) in to {
                self.log.lock().unwrap().push((queue.clone(), envelope.clone()));
                let lane = queues.get_mut(&queue).expect("declared").entry(lane).or_default();
                let sequence = lane.sequence + u64::try_from(lane.messages.len()).unwrap() + 1;
                let (envelope, body) = (envelope.clone(), body.clone());
                lane.messages.push(Delivery { sequence, redelivered: false, envelope, body });
            }
        }
        self.arrived.notify_waiters();
        Ok(())
    }

    fn known(&self, queue: &QueueName) -> Result<(), BrokerError> {
        let is_known = self.queues.lock().unwrap().contains_key(queue);
        if is_known { Ok(()) } else { Err(BrokerError::UnknownQueue(queue.clone())) }
    }
}

#[async_trait]
impl Broker for MemoryBroker {
    async fn declare(&self, queue: &QueueName) -> Result<(), BrokerError> {
        self.step()?;
        self.queues.lock().unwrap().entry(queue.clone()).or_default();
        Ok(())
    }

    async fn publish(&self, batch: Vec<Publication>) -> Result<(), BrokerError> {
        self.step()?;
        self.put(batch)?;
        if let Some(clock) = self.clock.lock().unwrap().as_ref() {
            clock.advance(Duration::from_secs(2));
        }
        self.step()
    }

    async fn consume(&self, queue: &QueueName, lane: Lane) -> Result<Box<dyn Consumer>, BrokerError> {
        self.step()?;
        let mut queues = self.queues.lock().unwrap();
        let lanes = queues.get_mut(queue).ok_or_else(|| BrokerError::UnknownQueue(queue.clone()))?;
        let state = lanes.entry(lane).or_default();
        if std::mem::replace(&mut state.taken, true) {
            return Err(BrokerError::LaneTaken { queue: queue.clone(), lane });
        }
        Ok(Box::new(MemoryConsumer { broker: self.clone(), queue: queue.clone(), lane }))
    }

    async fn depth(&self, queue: &QueueName) -> Result<u64, BrokerError> {
        self.step()?;
        self.known(queue)?;
        Ok(u64::try_from(self.all(queue).len()).unwrap())
    }

    async fn peek(&self, queue: &QueueName, lane: Lane, most: usize) -> Result<Vec<Delivery>, BrokerError> {
        self.known(queue)?;
        let queues = self.queues.lock().unwrap();
        let messages = queues.get(queue).and_then(|lanes| lanes.get(&lane)).map(|lane| lane.messages.clone());
        Ok(messages.unwrap_or_default().into_iter().take(most).collect())
    }
}

struct MemoryConsumer {
    broker: MemoryBroker,
    queue: QueueName,
    lane: Lane,
}

impl MemoryConsumer {
    fn with<T>(&self, work: impl FnOnce(&mut LaneState) -> T) -> T {
        let mut queues = self.broker.queues.lock().unwrap();
        work(queues.get_mut(&self.queue).unwrap().get_mut(&self.lane).unwrap())
    }
}

#[async_trait]
impl Consumer for MemoryConsumer {
    async fn receive(&mut self, most: usize) -> Result<Vec<Delivery>, BrokerError> {
        loop {
            self.broker.step()?;
            let arrived = self.broker.arrived.notified();
            let received = self.with(|lane| {
                let received: Vec<_> = lane.messages.iter().skip(lane.open).take(most).cloned().collect();
                lane.open += received.len();
                received
            });
            if !received.is_empty() {
                return Ok(received);
            }
            arrived.await;
        }
    }

    async fn settle(&mut self, count: usize, follow: Vec<Publication>) -> Result<(), BrokerError> {
        self.broker.step()?;
        let open = self.with(|lane| lane.open);
        if count > open {
            return Err(BrokerError::NotReceived { queue: self.queue.clone(), asked: count, open });
        }
        self.broker.put(follow)?;
        self.with(|lane| {
            lane.messages.drain(..count);
            lane.open -= count;
            lane.sequence += u64::try_from(count).unwrap();
        });
        self.broker.step()
    }
}

impl Drop for MemoryConsumer {
    fn drop(&mut self) {
        self.with(|lane| {
            lane.taken = false;
            let open = std::mem::take(&mut lane.open);
            lane.messages.iter_mut().take(open).for_each(|delivery| delivery.redelivered = true);
        });
    }
}
