//! The embedded broker: durable queues with lanes on the local disk, for a hub without a server to install.
//!
//! All queues share one append-only journal (`group`, `record`) in preallocated segment files, written by one
//! thread (`writer`, `journal`, `compaction`) and read back at open (`recovery`), which refuses a journal that ends
//! before the last group known to be durable (`mark`). Memory holds 12 bytes for each message and queue (`index`);
//! bodies are read from disk when they are handed out (`consumer`).

mod compaction;
mod consumer;
mod group;
mod index;
mod journal;
mod mark;
mod record;
mod recovery;
mod storage;
mod writer;

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Semaphore, oneshot};

use self::consumer::{LaneConsumer, look};
use self::index::{Index, LaneId, lock};
use self::record::Message;
pub use self::storage::{Folder, SegmentFile, Storage};
use self::writer::{Order, Transaction, Work, Writer};
use super::{Broker, BrokerError, Consumer, Delivery, Publication, QueueName};
use crate::envelope::Lane;

/// Bytes that may wait for the writer; a publisher beyond them waits itself.
const WAITING_BYTES: usize = 16 << 20;
/// A transaction larger than this is refused: lengths and offsets on disk have 32 bits.
const TRANSACTION_BYTES_MAX: usize = 1 << 30;

/// How the journal is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Length of a segment file, from 64 KiB to 1 GiB. Disk space is taken and given back in pieces of it.
    pub segment_bytes: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { segment_bytes: 64 << 20 }
    }
}

/// A queue as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueDepth {
    /// Name.
    pub queue: QueueName,
    /// Messages in each lane that are not settled; lanes that were never used are left out.
    pub lanes: Vec<(Lane, u64)>,
}

impl QueueDepth {
    /// Messages over all lanes.
    pub fn depth(&self) -> u64 {
        self.lanes.iter().map(|(_, depth)| depth).sum()
    }
}

/// The embedded broker. Clones share it; it is closed with the last clone and consumer.
#[derive(Clone)]
pub struct Embedded {
    inner: Arc<Inner>,
}

struct Inner {
    storage: Arc<dyn Storage>,
    index: Arc<Mutex<Index>>,
    orders: Sender<Order>,
    budget: Arc<Semaphore>,
    writer: Mutex<Option<JoinHandle<()>>>,
    journal_number: u64,
    segment_bytes: u64,
}

impl Embedded {
    /// Opens the broker of a folder, made if need be, and reads its journal.
    ///
    /// # Errors
    /// [`BrokerError::Store`] if the folder can't be used or another process has it open,
    /// [`BrokerError::Damaged`] if something that was durable is no longer readable.
    pub fn open(dir: &Path, settings: Settings) -> Result<Self, BrokerError> {
        let failed = |source| BrokerError::Store { place: dir.display().to_string(), source };
        let folder = Folder::new(dir).map_err(failed)?;
        let lock = exclusive(&dir.join("lock")).map_err(failed)?;
        Self::start(Arc::new(folder), settings, Some(lock))
    }

    /// Opens the broker on a storage that the caller alone uses. For models of a disk.
    ///
    /// # Errors
    /// As [`Embedded::open`].
    pub fn open_on(storage: Arc<dyn Storage>, settings: Settings) -> Result<Self, BrokerError> {
        Self::start(storage, settings, None)
    }

    fn start(storage: Arc<dyn Storage>, settings: Settings, lock: Option<File>) -> Result<Self, BrokerError> {
        let segment_bytes = settings.segment_bytes.clamp(64 << 10, 1 << 30);
        let (index, journal) = recovery::recover(Arc::clone(&storage), segment_bytes)?;
        let index = Arc::new(Mutex::new(index));
        let (orders, receiver) = mpsc::channel();
        let journal_number = journal.id;
        let writer = Writer { orders: receiver, journal, index: Arc::clone(&index), _lock: lock };
        let thread = std::thread::Builder::new().name("journal".to_owned());
        let writer = thread
            .spawn(move || writer.run())
            .map_err(|source| BrokerError::Store { place: "writer thread".to_owned(), source })?;
        let budget = Arc::new(Semaphore::new(WAITING_BYTES));
        let writer = Mutex::new(Some(writer));
        let inner = Inner { storage, index, orders, budget, writer, journal_number, segment_bytes };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Every queue with its lanes, in order of declaration.
    pub fn queues(&self) -> Vec<QueueDepth> {
        let index = lock(&self.inner.index);
        let names = index.names().into_iter();
        (0..).zip(names).map(|(id, queue)| QueueDepth { queue, lanes: index.depths(id) }).collect()
    }

    /// The random number that this journal was born with. It is durable before the broker is open: another number
    /// in the same folder later means that the journal was lost or exchanged as a whole.
    pub fn journal_number(&self) -> u64 {
        self.inner.journal_number
    }

    /// Bytes of disk that the segments take, used or only reserved. A segment that was made larger for one large
    /// batch counts as an ordinary one.
    pub fn bytes_on_disk(&self) -> u64 {
        self.inner.segment_bytes * lock(&self.inner.index).segments() as u64
    }

    /// Finishes what waits, then refuses everything. Blocks until the last group is durable; afterwards the folder
    /// can be opened again.
    pub fn close(&self) {
        self.inner.close();
    }
}

impl Inner {
    fn close(&self) {
        self.budget.close();
        lock(&self.index).close();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        // The writer may have gone already, and a panic in it has been reported by the panic itself.
        if let Some(writer) = writer.filter(|_| self.orders.send(Order::Close).is_ok()) {
            drop(writer.join());
        }
    }

    fn id(&self, queue: &QueueName) -> Result<u32, BrokerError> {
        lock(&self.index).id(queue).ok_or_else(|| BrokerError::UnknownQueue(queue.clone()))
    }

    /// Prepares publications in the caller's task, to keep the writer free. Those for nobody vanish.
    fn messages(&self, batch: Vec<Publication>) -> Result<Vec<Message>, BrokerError> {
        let prepared = batch.into_iter().map(|publication| {
            let Publication { to, envelope, body } = publication;
            let to = to.into_iter().map(|(queue, lane)| Ok(LaneId { queue: self.id(&queue)?, lane }));
            let to = to.collect::<Result<_, BrokerError>>()?;
            let envelope = serde_json::to_vec(&envelope).map_err(|error| refused(error.into()))?;
            let checksum = crc32c::crc32c_append(crc32c::crc32c(&envelope), &body);
            Ok(Message { to, envelope, body, checksum })
        });
        prepared.filter(|message| message.as_ref().map_or(true, |message| !message.to.is_empty())).collect()
    }

    /// Hands work to the writer, waiting while too much waits already; gives where its outcome will be told.
    async fn submit(&self, work: Work) -> Result<oneshot::Receiver<Result<(), BrokerError>>, BrokerError> {
        let bytes = work.bytes();
        if bytes > TRANSACTION_BYTES_MAX {
            let what = format!("a batch of {bytes} bytes; at most {TRANSACTION_BYTES_MAX} are possible");
            return Err(refused(io::Error::new(io::ErrorKind::InvalidInput, what)));
        }
        let share = u32::try_from(bytes.min(WAITING_BYTES)).unwrap_or(u32::MAX);
        let budget = Arc::clone(&self.budget);
        let permit = budget.acquire_many_owned(share).await.map_err(|_| BrokerError::Closed)?;
        let (done, answer) = oneshot::channel();
        let order = Order::Write(Transaction { work, permit, done });
        self.orders.send(order).map_err(|_| BrokerError::Closed)?;
        Ok(answer)
    }

    async fn perform(&self, work: Work) -> Result<(), BrokerError> {
        self.submit(work).await?.await.unwrap_or(Err(BrokerError::Closed))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

#[async_trait]
impl Broker for Embedded {
    async fn declare(&self, queue: &QueueName) -> Result<(), BrokerError> {
        if self.inner.id(queue).is_ok() {
            return Ok(());
        }
        self.inner.perform(Work { queue: Some(queue.clone()), ..Work::default() }).await
    }

    async fn publish(&self, batch: Vec<Publication>) -> Result<(), BrokerError> {
        let messages = self.inner.messages(batch)?;
        self.inner.perform(Work { messages, ..Work::default() }).await
    }

    async fn consume(&self, queue: &QueueName, lane: Lane) -> Result<Box<dyn Consumer>, BrokerError> {
        let id = LaneId { queue: self.inner.id(queue)?, lane };
        Ok(Box::new(LaneConsumer::claim(&self.inner, queue, id)?))
    }

    async fn depth(&self, queue: &QueueName) -> Result<u64, BrokerError> {
        let id = self.inner.id(queue)?;
        Ok(lock(&self.inner.index).depths(id).iter().map(|(_, depth)| depth).sum())
    }

    async fn lane_depth(&self, queue: &QueueName, lane: Lane) -> Result<Option<u64>, BrokerError> {
        let id = self.inner.id(queue)?;
        let depths = lock(&self.inner.index).depths(id);
        Ok(Some(depths.iter().filter(|(of, _)| *of == lane).map(|(_, depth)| depth).sum()))
    }

    async fn peek(&self, queue: &QueueName, lane: Lane, most: usize) -> Result<Vec<Delivery>, BrokerError> {
        let id = LaneId { queue: self.inner.id(queue)?, lane };
        look(&self.inner, id, 0, most, usize::MAX).await
    }
}

/// A batch that can't be taken, whatever the disk says.
fn refused(source: io::Error) -> BrokerError {
    BrokerError::Store { place: "batch".to_owned(), source }
}

/// How often, and how long apart, a locked folder is asked for: one that is looked at for a moment, or that is being closed,
/// is free again soon.
const LOCK_ATTEMPTS: u32 = 40;
const LOCK_WAIT: Duration = Duration::from_millis(50);

/// Locks a folder for this process, or says who is in the way.
fn exclusive(path: &Path) -> io::Result<File> {
    let file = File::options().read(true).write(true).create(true).truncate(false).open(path)?;
    for _ in 0..LOCK_ATTEMPTS {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_WAIT),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Err(io::Error::new(io::ErrorKind::ResourceBusy, "another process has this broker open"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::topology;
    use crate::envelope::{Change, Envelope, Format, Identifying, Origin};

    fn publication() -> Publication {
        let origin =
            Origin { feed: "f".to_owned(), file: Identifying::default(), offset: 0, hash: String::new() };
        let envelope = Envelope {
            id: "1".to_owned(),
            facility: "3210100018".to_owned(),
            patient: Identifying::default(),
            data_type: None,
            change: Change::Created,
            key: Identifying::default(),
            version: String::new(),
            origin,
            stored: None,
            accepted_at: String::new(),
            format: Format::Hl7v2,
            claim: None,
            join: None,
            event: None,
            fault: None,
            findings: Vec::new(),
        };
        Publication { to: vec![(topology::ingest(), Lane(0))], envelope, body: vec![b'x'; 30_000].into() }
    }

    #[tokio::test]
    async fn the_bytes_on_disk_grow_and_shrink_with_what_waits() {
        let folder = tempfile::tempdir().unwrap();
        let broker = Embedded::open(folder.path(), Settings { segment_bytes: 64 << 10 }).unwrap();
        broker.declare(&topology::ingest()).await.unwrap();
        assert_eq!(broker.bytes_on_disk(), 64 << 10);
        for _ in 0..10 {
            broker.publish(vec![publication()]).await.unwrap();
        }
        let full = broker.bytes_on_disk();
        assert!(full >= 10 * 30_000, "{full}");
        let mut consumer = broker.consume(&topology::ingest(), Lane(0)).await.unwrap();
        consumer.skip(10).await.unwrap();
        broker.publish(vec![publication(), publication()]).await.unwrap();
        assert!(broker.bytes_on_disk() <= full / 2, "{}", broker.bytes_on_disk());
    }
}
