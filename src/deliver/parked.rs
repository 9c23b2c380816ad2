//! A lane of a subscriber's queue of parked copies.
//!
//! The copies live on the broker; what is in memory is read from it at the start. Nothing is parked in the process
//! alone, and only the lane's consumer says what is taken out.
//!
//! - **Where the lane ends.** A queue's depth counts all lanes, and a wait for more would be a guess. So a marker is
//!   published to the lane: a lane gives its messages in the order of publication, also those that come again after
//!   a consumer was lost, so that whatever was parked before has been received when the marker comes. Where another
//!   process has the lane at that time, the marker goes to that one, which takes it out; it is sent again until one
//!   comes back.
//! - **Taking out.** Deliveries are acknowledged oldest first. To take one out, all before it are published again to
//!   the end of the lane in the same step. The lane's own order so says nothing; the copies' places do.
//! - **Repeats.** On RabbitMQ a crash between publishing and acknowledging leaves a copy twice. The second is known
//!   by its place, and is taken out.
//! - **Holding.** What was received is held unacknowledged, and published again before the broker would mind.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, timeout};

use super::Counts;
use super::patients::{Patients, Schedule};
use super::receipt::Receipts;
use super::window::{Handled, Key, Patient, patient_of};
use crate::broker::{Broker, BrokerError, Consumer, Delivery, Publication, QueueName, topology};
use crate::envelope::{Envelope, Lane};

/// Deliveries received or settled at a time.
const BATCH: usize = 64;
/// Longest wait for what was published to the lane: somebody may have emptied the queue.
const COMING_MAX: Duration = Duration::from_secs(60);
/// How many copies are written again to take one out.
const WORTH: usize = 4;
/// How the id of a marker begins.
const MARKER: &str = "marker-";
/// Longest wait for a marker.
const MARKER_MAX: Duration = Duration::from_secs(60);

/// A delivery that was received and is not settled.
struct Held {
    /// `None`: a marker or a repeat.
    key: Option<Key>,
    since: Instant,
}

/// The lane, consumed.
pub(super) struct ParkedLane {
    consumer: Box<dyn Consumer>,
    queue: QueueName,
    dead: QueueName,
    lane: Lane,
    /// Received, oldest first.
    held: VecDeque<Held>,
    /// Keys of `held`.
    seen: HashSet<Key>,
    /// Published and not received yet.
    coming: HashSet<Key>,
    /// Taken out of memory to be given up: they go to the dead letters in the step that takes them out of the lane.
    given_up: HashMap<Key, Delivery>,
}

/// Memory of a lane: what is parked in it, and what was dealt with.
pub(super) struct Memory<'m> {
    pub(super) patients: &'m mut Patients,
    pub(super) handled: &'m Handled,
    /// Schedules from before the broker was lost; other patients are due at once.
    pub(super) schedules: &'m HashMap<Patient, Schedule>,
}

impl ParkedLane {
    /// Becomes the lane's consumer and reads everything that is parked in it.
    pub(super) async fn open(
        broker: &dyn Broker,
        subscriber: &str,
        lane: Lane,
        wait: Duration,
        mut memory: Memory<'_>,
    ) -> Result<Self, BrokerError> {
        let (queue, dead) = (topology::parked(subscriber), topology::dead(subscriber));
        let consumer = broker.consume(&queue, lane).await?;
        let mut opened = Self {
            consumer,
            queue,
            dead,
            lane,
            held: VecDeque::new(),
            seen: HashSet::new(),
            coming: HashSet::new(),
            given_up: HashMap::new(),
        };
        opened.read(broker, wait, &mut memory).await?;
        Ok(opened)
    }

    async fn read(
        &mut self,
        broker: &dyn Broker,
        mut wait: Duration,
        memory: &mut Memory<'_>,
    ) -> Result<(), BrokerError> {
        let mut markers = HashSet::new();
        loop {
            let marker = format!("{MARKER}{:032x}", rand::random::<u128>());
            let to = vec![(self.queue.clone(), self.lane)];
            // It only says by its id that it is there.
            let envelope = Envelope::of_hub(marker.clone());
            broker.publish(vec![Publication { to, envelope, body: Bytes::new() }]).await?;
            markers.insert(marker);
            while let Ok(received) = timeout(wait, self.consumer.receive(BATCH)).await {
                let received = received?;
                let ended = received.iter().any(|delivery| markers.contains(&delivery.envelope.id));
                self.take(received, memory);
                if ended {
                    return Ok(());
                }
            }
            wait = (wait * 2).min(MARKER_MAX);
        }
    }

    /// Waits for deliveries that this consumer does not expect: repeats and markers. Cancel-safe.
    pub(super) async fn receive(&mut self) -> Result<Vec<Delivery>, BrokerError> {
        self.consumer.receive(BATCH).await
    }

    /// Notes what was received.
    pub(super) fn take(&mut self, received: Vec<Delivery>, memory: &mut Memory<'_>) {
        for copy in received {
            let key = Key::of(&copy);
            self.coming.remove(&key);
            let new = !is_marker(&copy) && self.seen.insert(key);
            self.held.push_back(Held { key: new.then_some(key), since: Instant::now() });
            if new && !memory.handled.contains(key) && !memory.patients.contains(key) {
                self.remember(key, copy, memory);
            }
        }
    }

    fn remember(&mut self, key: Key, copy: Delivery, memory: &mut Memory<'_>) {
        if copy.envelope.event.is_none() {
            self.given_up.insert(key, copy);
        } else if !self.given_up.contains_key(&key) {
            let now = Schedule { failures: 0, due: Instant::now(), answers: 0 };
            let schedule = memory.schedules.get(&patient_of(&copy)).copied().unwrap_or(now);
            memory.patients.park(key, copy, schedule);
        }
    }

    /// Says that copies were published to the lane.
    pub(super) fn expect(&mut self, keys: impl IntoIterator<Item = Key>) {
        self.coming.extend(keys);
    }

    /// Says that a copy, which is no longer in memory, is to be given up.
    pub(super) fn give_up(&mut self, key: Key, copy: Delivery) {
        self.given_up.insert(key, copy);
    }

    /// A copy that is to be given up.
    pub(super) fn given_up(&self, key: Key) -> Option<&Delivery> {
        self.given_up.get(&key)
    }

    /// Says that copies, which never came to the lane, have gone to the dead letters.
    pub(super) fn forget(&mut self, keys: &[Key]) {
        for key in keys {
            self.given_up.remove(key);
        }
    }

    /// Receives what is on its way to the lane, if something of it is to be taken out.
    pub(super) async fn catch_up(&mut self, memory: &mut Memory<'_>) -> Result<(), BrokerError> {
        while self.coming.iter().any(|key| !memory.patients.contains(*key)) {
            let received = timeout(COMING_MAX, self.consumer.receive(BATCH)).await;
            let lost = |_| BrokerError::Away { what: format!("what was published to {}", self.queue) };
            let received = received.map_err(lost)??;
            self.take(received, memory);
        }
        Ok(())
    }

    /// When something will have been held for so long.
    pub(super) fn held_until(&self, most: Duration) -> Option<Instant> {
        self.held.front().map(|held| held.since + most)
    }

    /// Publishes everything again.
    pub(super) async fn rewrite(
        &mut self,
        patients: &Patients,
        receipts: (&mut Receipts, &Counts),
    ) -> Result<Vec<Key>, BrokerError> {
        self.settle(self.held.len(), patients, receipts).await
    }

    /// Takes out what is no longer in memory, and gives what went to the dead letters. What lies far behind copies
    /// that stay is left for later, unless `all` is wanted: all that lie before it would have to be written again.
    pub(super) async fn tidy(
        &mut self,
        patients: &Patients,
        receipts: (&mut Receipts, &Counts),
        all: bool,
    ) -> Result<Vec<Key>, BrokerError> {
        let all = all || !self.given_up.is_empty();
        let (mut gone, mut count) = (0, 0);
        for (before, held) in self.held.iter().enumerate() {
            if !held.key.is_some_and(|key| patients.contains(key)) {
                gone += 1;
                if all || before < BATCH || before < WORTH * gone {
                    count = before + 1;
                }
            }
        }
        self.settle(count, patients, receipts).await
    }

    /// Settles the oldest; what is still parked among them goes to the end of the lane. The receipts of the others go
    /// with it.
    async fn settle(
        &mut self,
        mut count: usize,
        patients: &Patients,
        (receipts, counts): (&mut Receipts, &Counts),
    ) -> Result<Vec<Key>, BrokerError> {
        let mut dead = Vec::new();
        while count > 0 {
            let part = count.min(BATCH);
            let keys: Vec<_> = self.held.iter().take(part).filter_map(|held| held.key).collect();
            let parked = keys.iter().filter_map(|key| patients.get(*key));
            let given_up = keys.iter().filter_map(|key| self.given_up.get(key));
            let again = parked.map(|copy| copy_to(&self.queue, self.lane, copy));
            let owed = keys.iter().filter_map(|key| receipts.owed(*key));
            let given_up = given_up.map(|copy| copy_to(&self.dead, self.lane, copy));
            let follow = again.chain(given_up).chain(owed).collect();
            self.consumer.settle(part, follow).await?;
            receipts.sent(keys.iter().copied(), counts);
            self.held.drain(..part);
            count -= part;
            for key in keys {
                self.seen.remove(&key);
                dead.extend(self.given_up.remove(&key).map(|_| key));
                if patients.contains(key) {
                    self.coming.insert(key);
                }
            }
        }
        Ok(dead)
    }
}

/// A copy on its way to another queue, in the same lane.
pub(super) fn copy_to(queue: &QueueName, lane: Lane, copy: &Delivery) -> Publication {
    Publication { to: vec![(queue.clone(), lane)], envelope: copy.envelope.clone(), body: copy.body.clone() }
}

fn is_marker(delivery: &Delivery) -> bool {
    delivery.envelope.event.is_none() && delivery.envelope.id.starts_with(MARKER)
}
