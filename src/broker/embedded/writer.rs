//! The one thread that writes the journal.
//!
//! Whatever transactions wait when it is free become one group: one write, one fdatasync, however many publishers.
//!
//! Invariants:
//! - A caller hears `Ok` only after the group with its transaction is durable and in the index.
//! - A transaction is whole: what it settles and what it publishes are in the same group.
//! - Sequence numbers are given here and nowhere else, so a lane has no gap. Numbers of a group that failed are
//!   given again.
//! - A segment is deleted only after the group that settled or moved its last message is durable.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::consumer::Claim;
use super::group;
use super::index::{Index, LaneId, lock};
use super::journal::{Journal, Purpose};
use super::record::{self, Message, Records};
use crate::broker::{BrokerError, QueueName};

/// A group is closed when it has this many bytes; only a single larger transaction makes a larger one.
const GROUP_BYTES: usize = 4 << 20;

/// What the writer is told.
pub(super) enum Order {
    /// Write this.
    Write(Transaction),
    /// Stop; what came before is written first.
    Close,
}

/// What is to happen together or not at all.
#[derive(Debug, Default)]
pub(super) struct Work {
    /// A queue to declare.
    pub(super) queue: Option<QueueName>,
    /// A lane to acknowledge, up to but without this sequence number. The claim keeps the lane taken until the
    /// outcome is known, so that no later consumer starts below a cursor that is about to move.
    pub(super) settle: Option<(Arc<Claim>, u64)>,
    /// Messages to take in.
    pub(super) messages: Vec<Message>,
}

impl Work {
    /// About what it takes in the journal, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let queue = self.queue.as_ref().map_or(0, |queue| queue.as_str().len());
        64 + queue + self.messages.iter().map(Message::bytes).sum::<usize>()
    }

    fn purpose(&self) -> Purpose {
        let settles_only = self.queue.is_none() && self.messages.is_empty();
        if settles_only { Purpose::Settle } else { Purpose::Publish }
    }
}

/// Work, and who waits for it.
#[derive(Debug)]
pub(super) struct Transaction {
    /// What to do.
    pub(super) work: Work,
    /// Its share of the bytes that may wait.
    pub(super) permit: OwnedSemaphorePermit,
    /// Hears how it went.
    pub(super) done: oneshot::Sender<Result<(), BrokerError>>,
}

impl Transaction {
    fn finish(self, result: Result<(), BrokerError>) {
        let Self { work, permit, done } = self;
        // The lane is free before the caller hears of it.
        drop((work, permit));
        // A caller that has gone away does not want to know.
        drop(done.send(result));
    }
}

/// The writer's state.
pub(super) struct Writer {
    pub(super) orders: Receiver<Order>,
    pub(super) journal: Journal,
    pub(super) index: Arc<Mutex<Index>>,
    /// Held as long as somebody writes.
    pub(super) _lock: Option<File>,
}

impl Writer {
    /// Works until it is told to stop.
    pub(super) fn run(mut self) {
        while let Some(first) = self.next() {
            let (batch, closing) = self.gather(first);
            self.commit(batch);
            if closing {
                break;
            }
        }
        self.journal.mark();
    }

    /// Waits for a transaction, none when it is time to stop, and keeps the mark up to date meanwhile.
    fn next(&mut self) -> Option<Transaction> {
        loop {
            let order = match self.journal.mark_due() {
                None => self.orders.recv().map_err(RecvTimeoutError::from),
                // However busy the writer is.
                Some(Duration::ZERO) => Err(RecvTimeoutError::Timeout),
                Some(wait) => self.orders.recv_timeout(wait),
            };
            match order {
                Ok(Order::Write(transaction)) => return Some(transaction),
                Ok(Order::Close) | Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => self.journal.mark(),
            }
        }
    }

    /// Takes what waits, and tells whether it is the last.
    fn gather(&self, first: Transaction) -> (Vec<Transaction>, bool) {
        let mut bytes = first.work.bytes();
        let mut batch = vec![first];
        while bytes < GROUP_BYTES {
            match self.orders.try_recv() {
                Ok(Order::Write(transaction)) => {
                    bytes += transaction.work.bytes();
                    batch.push(transaction);
                }
                Ok(Order::Close) => return (batch, true),
                Err(_) => break,
            }
        }
        (batch, false)
    }

    fn commit(&mut self, batch: Vec<Transaction>) {
        let Err(error) = self.write(&batch) else {
            return batch.into_iter().for_each(|transaction| transaction.finish(Ok(())));
        };
        let (settles, publishes): (Vec<_>, Vec<_>) =
            batch.into_iter().partition(|transaction| transaction.work.purpose() == Purpose::Settle);
        // Without the publications the rest may find room even now, and makes room.
        let full = matches!(error, BrokerError::Store { .. }) && !publishes.is_empty();
        let settled = if full { self.write(&settles) } else { Err(again(&error)) };
        publishes.into_iter().for_each(|transaction| transaction.finish(Err(again(&error))));
        for transaction in settles {
            transaction.finish(settled.as_ref().map_err(again).copied());
        }
    }

    /// Makes a batch durable and visible.
    fn write(&mut self, batch: &[Transaction]) -> Result<(), BrokerError> {
        let Some(mut group) = Draft::new(&self.index).group(batch) else { return Ok(()) };
        let settles_only = batch.iter().all(|transaction| transaction.work.purpose() == Purpose::Settle);
        let purpose = if settles_only { Purpose::Settle } else { Purpose::Publish };
        let active = self.journal.segment;
        self.make_durable(&mut group, purpose)?;
        if self.journal.segment != active {
            self.journal.mark();
            self.compact();
        }
        Ok(())
    }

    /// Writes a group, takes it over into the index, and deletes what nothing needs any more.
    pub(super) fn make_durable(&mut self, group: &mut Vec<u8>, purpose: Purpose) -> Result<(), BrokerError> {
        let length = group.len();
        let index = &self.index;
        let (segment, base) = self.journal.append(group, purpose, || snapshot(index))?;
        let payload = group.get(group::HEADER..length).unwrap_or_default();
        let idle = {
            let mut index = lock(&self.index);
            index.add_segment(segment);
            for record in Records::of(payload) {
                let applied = record.map_err(|_| "unknown record".to_owned());
                let applied = applied.and_then(|record| index.apply(segment, base, record));
                applied.map_err(|what| self.contradiction(segment, base, what))?;
            }
            index.idle_segments(segment)
        };
        idle.into_iter().for_each(|segment| self.delete(segment));
        Ok(())
    }

    /// The journal does not say what it should.
    pub(super) fn contradiction(&self, segment: u32, offset: u64, what: String) -> BrokerError {
        BrokerError::Damaged { file: self.journal.storage.place(segment), offset, what }
    }

    fn delete(&self, segment: u32) {
        match self.journal.storage.remove(segment) {
            Ok(()) => lock(&self.index).drop_segment(segment),
            Err(error) if error.kind() == io::ErrorKind::NotFound => lock(&self.index).drop_segment(segment),
            Err(error) => tracing::warn!(segment, %error, "a used-up segment can't be deleted now"),
        }
    }
}

fn snapshot(index: &Mutex<Index>) -> Vec<u8> {
    let mut group = group::start();
    lock(index).put_snapshot(&mut group);
    group
}

/// The same error for another caller.
fn again(error: &BrokerError) -> BrokerError {
    match error {
        BrokerError::Store { place, source } => {
            let source = match source.raw_os_error() {
                Some(code) => io::Error::from_raw_os_error(code),
                None => io::Error::new(source.kind(), source.to_string()),
            };
            BrokerError::Store { place: place.clone(), source }
        }
        BrokerError::Damaged { file, offset, what } => {
            BrokerError::Damaged { file: file.clone(), offset: *offset, what: what.clone() }
        }
        _ => BrokerError::Closed,
    }
}

/// A group in the making: the numbers it gives count only once it is durable.
struct Draft<'a> {
    index: &'a Mutex<Index>,
    group: Vec<u8>,
    next: HashMap<LaneId, u64>,
    queues: Vec<QueueName>,
}

impl<'a> Draft<'a> {
    fn new(index: &'a Mutex<Index>) -> Self {
        Self { index, group: group::start(), next: HashMap::new(), queues: Vec::new() }
    }

    /// The group that says what the batch asks for; none if all of it is so already.
    fn group(mut self, batch: &[Transaction]) -> Option<Vec<u8>> {
        self.group.reserve(batch.iter().map(|transaction| transaction.work.bytes()).sum());
        for Transaction { work, .. } in batch {
            if let Some(queue) = &work.queue {
                self.declare(queue);
            }
            if let Some((claim, cursor)) = &work.settle {
                let next = *self.next(claim.id());
                record::put_lane(&mut self.group, claim.id(), *cursor, next);
            }
            for message in &work.messages {
                self.message(message);
            }
        }
        (self.group.len() > group::HEADER).then_some(self.group)
    }

    fn declare(&mut self, queue: &QueueName) {
        let known = {
            let index = lock(self.index);
            if index.id(queue).is_some() { None } else { Some(index.queues()) }
        };
        if let Some(known) = known.filter(|_| !self.queues.contains(queue)) {
            let id = u32::try_from(known + self.queues.len()).unwrap_or(u32::MAX);
            record::put_queue(&mut self.group, id, queue.as_str());
            self.queues.push(queue.clone());
        }
    }

    fn message(&mut self, message: &Message) {
        let (index, next) = (self.index, &mut self.next);
        record::put_message(&mut self.group, message, |lane| {
            let next = next.entry(lane).or_insert_with(|| lock(index).next(lane));
            *next += 1;
            *next - 1
        });
    }

    fn next(&mut self, lane: LaneId) -> &mut u64 {
        self.next.entry(lane).or_insert_with(|| lock(self.index).next(lane))
    }
}
