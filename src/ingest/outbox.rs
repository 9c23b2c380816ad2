//! Hands what the file work found to the publishing side, in batches, and waits when that side is behind.

use std::path::PathBuf;

use tokio::sync::{mpsc, oneshot};

use super::error::Halt;
use super::read::Stat;
use crate::broker::Publication;
use crate::store::Place;
use crate::store::ledger::Entries;

const MESSAGES: usize = 1_000;
const BYTES: usize = 4 << 20;
const ENTRIES: usize = 2_000;

/// Publications, and what may be noted and done only once they are confirmed.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) publications: Vec<Publication>,
    pub(super) entries: Entries,
    pub(super) disposals: Vec<Disposal>,
    /// Told when the batch is confirmed and noted.
    pub(super) done: Option<oneshot::Sender<()>>,
}

/// Does away with a dropped file that was taken.
pub(super) struct Disposal {
    pub(super) from: PathBuf,
    /// Where it goes; None deletes it.
    pub(super) to: Option<PathBuf>,
    /// How it looked when it was taken.
    pub(super) stat: Stat,
    pub(super) place: Place,
    pub(super) name: String,
    /// The ledger forgets it then.
    pub(super) forget: bool,
}

/// Where the file work puts what it found.
pub(super) struct Outbox {
    batch: Batch,
    bytes: usize,
    sender: mpsc::Sender<Batch>,
}

impl Outbox {
    pub(super) fn new(sender: mpsc::Sender<Batch>) -> Self {
        Self { batch: Batch::default(), bytes: 0, sender }
    }

    /// Another one beside it, to the same publishing side: batches of one stay in order, those of two do not.
    pub(super) fn another(&self) -> Self {
        Self::new(self.sender.clone())
    }

    /// Adds messages that must be taken together.
    pub(super) fn publish(&mut self, publications: Vec<Publication>) {
        self.bytes += publications.iter().map(|publication| publication.body.len()).sum::<usize>();
        self.batch.publications.extend(publications);
    }

    /// What is to be noted with this batch.
    pub(super) fn entries(&mut self) -> &mut Entries {
        &mut self.batch.entries
    }

    /// What is to be done after this batch.
    pub(super) fn dispose(&mut self, disposal: Disposal) {
        self.batch.disposals.push(disposal);
    }

    /// Whether it is time to send.
    pub(super) fn is_full(&self) -> bool {
        self.batch.publications.len() >= MESSAGES
            || self.bytes >= BYTES
            || self.batch.entries.len() >= ENTRIES
    }

    /// Sends the batch; waits while the one before is still being published.
    pub(super) fn send(&mut self) -> Result<(), Halt> {
        self.bytes = 0;
        let batch = std::mem::take(&mut self.batch);
        if batch.publications.is_empty() && batch.entries.is_empty() && batch.disposals.is_empty() {
            return if self.sender.is_closed() { Err(Halt::Stopped) } else { Ok(()) };
        }
        self.sender.blocking_send(batch).map_err(|_| Halt::Stopped)
    }

    /// Sends the batch and waits until it is confirmed and the ledger shows it.
    pub(super) fn send_and_wait(&mut self) -> Result<(), Halt> {
        let (done, wait) = oneshot::channel();
        self.batch.done = Some(done);
        self.bytes = 0;
        let batch = std::mem::take(&mut self.batch);
        self.sender.blocking_send(batch).map_err(|_| Halt::Stopped)?;
        wait.blocking_recv().map_err(|_| Halt::Stopped)
    }

    /// Whether the publishing side has gone away.
    pub(super) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }
}
