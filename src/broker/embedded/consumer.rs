//! The one consumer of a lane.
//!
//! Invariants:
//! - `receive` moves on only when it returns, so a call that is dropped takes nothing.
//! - A `settle` that is dropped while it waits may still come true. Its outcome is taken in before anything else
//!   is done, so `open` always counts what is really open.

use std::io::ErrorKind;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::{Notify, oneshot};

use super::Inner;
use super::index::{Index, LaneId, Waiting, lock};
use super::record;
use super::storage::{SegmentFile, Storage};
use super::writer::Work;
use crate::broker::{BrokerError, Consumer, Delivery, Publication, QueueName};

/// One `receive` reads at most this much beyond its first message, so that memory stays bounded.
const READ_BYTES: usize = 4 << 20;

/// The right to a lane. It ends with its last holder: the consumer, or a settlement of it that is still to be
/// written.
#[derive(Debug)]
pub(super) struct Claim {
    index: Arc<Mutex<Index>>,
    id: LaneId,
}

impl Claim {
    /// Which lane.
    pub(super) fn id(&self) -> LaneId {
        self.id
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        lock(&self.index).release(self.id);
    }
}

/// A settlement whose outcome is not known yet.
struct Unsettled {
    count: usize,
    answer: oneshot::Receiver<Result<(), BrokerError>>,
}

/// Consumer of a lane of the embedded broker.
pub(super) struct LaneConsumer {
    inner: Arc<Inner>,
    claim: Arc<Claim>,
    arrival: Arc<Notify>,
    queue: QueueName,
    /// Sequence number of the next message to hand out.
    next: u64,
    /// How many before it are handed out and not settled.
    open: usize,
    unsettled: Option<Unsettled>,
}

impl LaneConsumer {
    /// Takes a lane, or finds it taken.
    pub(super) fn claim(inner: &Arc<Inner>, queue: &QueueName, id: LaneId) -> Result<Self, BrokerError> {
        let mut index = lock(&inner.index);
        let taken = || BrokerError::LaneTaken { queue: queue.clone(), lane: id.lane };
        let arrival = index.claim(id).ok_or_else(taken)?;
        Ok(Self {
            claim: Arc::new(Claim { index: Arc::clone(&inner.index), id }),
            inner: Arc::clone(inner),
            arrival,
            queue: queue.clone(),
            next: index.cursor(id),
            open: 0,
            unsettled: None,
        })
    }

    /// Waits for the outcome of a settlement and takes it in.
    async fn outcome(&mut self) -> Result<(), BrokerError> {
        let Some(Unsettled { count, answer }) = &mut self.unsettled else { return Ok(()) };
        let result = answer.await.unwrap_or(Err(BrokerError::Closed));
        if result.is_ok() {
            self.open -= *count;
        }
        self.unsettled = None;
        result
    }

    /// Takes in the outcome of a settlement whose caller has gone; it was that caller's to know.
    async fn forgotten(&mut self) {
        if let Err(error) = self.outcome().await {
            tracing::warn!(%error, "a settlement that nobody waited for failed; its messages stay open");
        }
    }
}

#[async_trait]
impl Consumer for LaneConsumer {
    async fn receive(&mut self, most: usize) -> Result<Vec<Delivery>, BrokerError> {
        loop {
            let deliveries = self.receive_ready(most).await?;
            if !deliveries.is_empty() {
                return Ok(deliveries);
            }
            self.arrival.notified().await;
        }
    }

    async fn receive_ready(&mut self, most: usize) -> Result<Vec<Delivery>, BrokerError> {
        self.forgotten().await;
        let id = self.claim.id();
        let deliveries = look(&self.inner, id, self.next, most.max(1), READ_BYTES).await?;
        if !deliveries.is_empty() {
            self.next += deliveries.len() as u64;
            self.open += deliveries.len();
            lock(&self.inner.index).hand_out(id, self.next);
        }
        Ok(deliveries)
    }

    async fn settle(&mut self, count: usize, follow: Vec<Publication>) -> Result<(), BrokerError> {
        self.forgotten().await;
        if count > self.open {
            return Err(BrokerError::NotReceived {
                queue: self.queue.clone(),
                asked: count,
                open: self.open,
            });
        }
        let messages = self.inner.messages(follow)?;
        let cursor = self.next - (self.open - count) as u64;
        let settle = (count > 0).then(|| (Arc::clone(&self.claim), cursor));
        let answer = self.inner.submit(Work { settle, messages, queue: None }).await?;
        self.unsettled = Some(Unsettled { count, answer });
        self.outcome().await
    }

    /// Moves the cursor without reading anything back.
    async fn skip(&mut self, count: usize) -> Result<(), BrokerError> {
        self.forgotten().await;
        let id = self.claim.id();
        {
            let mut index = lock(&self.inner.index);
            let there = index.next(id).saturating_sub(self.next);
            let there = usize::try_from(there).unwrap_or(usize::MAX);
            if count > there {
                return Err(BrokerError::NotReceived {
                    queue: self.queue.clone(),
                    asked: count,
                    open: there,
                });
            }
            self.next += count as u64;
            self.open += count;
            index.hand_out(id, self.next);
        }
        self.settle(count, Vec::new()).await
    }
}

/// Up to `most` live messages of a lane from number `from` on, no more than `bytes_max` bytes beyond the first.
pub(super) async fn look(
    inner: &Inner,
    id: LaneId,
    from: u64,
    most: usize,
    bytes_max: usize,
) -> Result<Vec<Delivery>, BrokerError> {
    let waiting = || {
        let index = lock(&inner.index);
        if index.closed() { Err(BrokerError::Closed) } else { Ok(index.waiting(id, from, most, bytes_max)) }
    };
    loop {
        let seen = waiting()?;
        match read(&inner.storage, seen.clone()).await {
            // Its segment went between look and read, because it was settled or moved: look again.
            Err(BrokerError::Store { source, .. })
                if source.kind() == ErrorKind::NotFound && waiting()? != seen => {}
            result => return result,
        }
    }
}

/// Reads messages back. The page cache holds what was written lately, but a backlog is on disk, and waiting for a
/// disk would stop every other task of this worker: so one hop to a blocking thread, for the whole batch.
async fn read(storage: &Arc<dyn Storage>, waiting: Vec<Waiting>) -> Result<Vec<Delivery>, BrokerError> {
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    let storage = Arc::clone(storage);
    let read = tokio::task::spawn_blocking(move || {
        let mut reader = Reader { storage: &*storage, file: None };
        waiting.iter().map(|waiting| reader.delivery(waiting)).collect()
    });
    // The runtime is going down.
    read.await.unwrap_or(Err(BrokerError::Closed))
}

/// Reads one batch; keeps the last segment open for the next message, but not beyond the batch, so that a deleted
/// segment gives its space back.
struct Reader<'a> {
    storage: &'a dyn Storage,
    file: Option<(u32, Arc<dyn SegmentFile>)>,
}

impl Reader<'_> {
    fn delivery(&mut self, waiting: &Waiting) -> Result<Delivery, BrokerError> {
        let place = waiting.place;
        let failed = |source| BrokerError::Store { place: self.storage.place(place.segment), source };
        let file = match self.file.take().filter(|(segment, _)| *segment == place.segment) {
            Some((_, file)) => file,
            None => self.storage.open(place.segment).map_err(failed)?,
        };
        let mut stored = vec![0; place.bytes as usize];
        file.read_at(u64::from(place.offset), &mut stored).map_err(failed)?;
        self.file = Some((place.segment, file));
        let parts = record::parts(&Bytes::from(stored));
        let message =
            parts.and_then(|(envelope, body)| Some((serde_json::from_slice(&envelope).ok()?, body)));
        let (envelope, body) = message.ok_or_else(|| BrokerError::Damaged {
            file: self.storage.place(place.segment),
            offset: u64::from(place.offset),
            what: "a message is not what was written".to_owned(),
        })?;
        Ok(Delivery { sequence: waiting.sequence, redelivered: waiting.redelivered, envelope, body })
    }
}
