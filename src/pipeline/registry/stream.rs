//! The registry on RabbitMQ: a stream of batches that every process reads from its beginning.
//!
//! - The order of the stream is the order of the registry: whoever has read to the same place has the same view.
//!   An entry counts where it stands first.
//! - A process puts a *mark* into the stream and reads until the mark comes: everything that was there before it is
//!   seen then. Only then it begins to route.
//! - A stream is confirmed before it is synchronised to disk: a power loss can take its end away. So every process has
//!   its own copy, durable before it is seen, and publishes again what the stream turns out to lack.
//! - A batch travels in pieces, which are taken together when the last one came. What was begun by a process that died
//!   never counts; what is sent twice has the same name.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::sleep;
use tracing::{debug, error, info};

use super::{Register, RegistryError, chain, is_known, once, written};
use crate::broker::rabbitmq::amqp::{Amqp, Outgoing, Subscription};
use crate::broker::{BrokerError, topology};
use crate::envelope::Lane;
use crate::registry::{Entry, Registry};
use crate::telemetry::causes;

/// Entries in a piece: some 600 kB.
const PIECE: usize = 2_000;
/// Pieces handed to this process and not yet acknowledged.
const PREFETCH: u16 = 100;
/// Wait before the stream is followed again.
const BACK_OFF: Duration = Duration::from_secs(1);

/// The way to the stream.
pub(super) struct Stream {
    amqp: Arc<dyn Amqp>,
    name: String,
}

/// A message of the stream: a piece of a batch. A mark is a batch of nothing.
#[derive(Debug, Serialize, Deserialize)]
struct Piece {
    /// Hash of the whole batch, or a name that nothing else has.
    batch: String,
    part: usize,
    of: usize,
    entries: Vec<Entry>,
}

impl Stream {
    pub(super) fn new(amqp: Arc<dyn Amqp>) -> Self {
        Self { amqp, name: topology::registry().on_rabbitmq(Lane(0)) }
    }

    /// Publishes a batch.
    pub(super) async fn publish(&self, entries: &[Entry]) -> Result<(), RegistryError> {
        let batch = blake3::hash(written(entries)?.as_bytes()).to_hex().to_string();
        let of = entries.len().div_ceil(PIECE);
        let pieces = entries.chunks(PIECE).enumerate().map(|(index, entries)| {
            self.message(&Piece { batch: batch.clone(), part: index + 1, of, entries: entries.to_vec() })
        });
        let pieces = pieces.collect::<Result<Vec<_>, _>>()?;
        Ok(self.amqp.publish(pieces).await?)
    }

    /// Publishes a mark, and gives its name.
    async fn mark(&self) -> Result<String, RegistryError> {
        let batch = format!("mark-{:032x}", rand::random::<u128>());
        let mark = Piece { batch: batch.clone(), part: 1, of: 1, entries: Vec::new() };
        self.amqp.publish(vec![self.message(&mark)?]).await?;
        Ok(batch)
    }

    fn message(&self, piece: &Piece) -> Result<Outgoing, RegistryError> {
        let body = serde_json::to_vec(piece).map_err(RegistryError::Json)?;
        Ok(Outgoing { queue: self.name.clone(), header: None, body: body.into() })
    }

    async fn read(&self) -> Result<Reader, BrokerError> {
        self.amqp.declare(&self.name).await?;
        let messages = self.amqp.follow(&self.name, PREFETCH).await?;
        Ok(Reader { messages, begun: HashMap::new() })
    }
}

/// The stream, read from its beginning.
struct Reader {
    messages: Box<dyn Subscription>,
    /// Batches of which pieces are missing.
    begun: HashMap<String, BTreeMap<usize, Vec<Entry>>>,
}

impl Reader {
    /// The next whole batch, with its name.
    async fn next(&mut self) -> Result<(String, Vec<Entry>), BrokerError> {
        loop {
            let message = self.messages.next().await?;
            self.messages.acknowledge(message.tag, true).await?;
            let Ok(piece) = serde_json::from_slice::<Piece>(&message.body) else {
                error!("a message in the registry's stream is no entry of this version; it is passed over");
                continue;
            };
            let parts = self.begun.entry(piece.batch.clone()).or_default();
            parts.insert(piece.part, piece.entries);
            if parts.len() >= piece.of {
                let parts = self.begun.remove(&piece.batch).unwrap_or_default();
                return Ok((piece.batch, parts.into_values().flatten().collect()));
            }
        }
    }
}

/// A fold of entries, each of which counts where it stands first.
#[derive(Default)]
struct Fold {
    registry: Registry,
    entries: Vec<Entry>,
}

impl Fold {
    fn take(&mut self, entries: Vec<Entry>) {
        for entry in entries {
            if !is_known(&self.registry, &entry) {
                self.registry.apply(entry.clone());
                self.entries.push(entry);
            }
        }
    }
}

impl Register {
    /// Follows the stream until told to stop; on the embedded broker there is none.
    pub async fn follow(&self, mut stop: watch::Receiver<bool>) -> Result<(), RegistryError> {
        let Some(stream) = &self.stream else { return Ok(()) };
        let mut complained = false;
        loop {
            let ended = tokio::select! {
                biased;
                _ = stop.wait_for(|&stop| stop) => return Ok(()),
                ended = self.follow_once(stream) => ended,
            };
            match ended {
                Err(error) if !error.passes() => return Err(error),
                Err(error @ RegistryError::Broker(BrokerError::Away { .. })) => {
                    debug!(error = causes(&error), "following the registry again");
                }
                // Nobody else tells of a full disk here, or of a stream that may not be used.
                Err(error) if !complained => {
                    error!(error = causes(&error), "the registry can't be followed; trying again");
                    complained = true;
                }
                Ok(()) | Err(_) => {}
            }
            tokio::select! {
                _ = stop.wait_for(|&stop| stop) => return Ok(()),
                () = sleep(BACK_OFF) => {}
            }
        }
    }

    async fn follow_once(&self, stream: &Stream) -> Result<(), RegistryError> {
        let mut reader = stream.read().await?;
        let mut fold = Fold::default();
        self.read_to_the_end(stream, &mut reader, &mut fold).await?;
        let own = self.kept()?;
        let lacking: Vec<_> = own.iter().filter(|entry| !is_known(&fold.registry, entry)).cloned().collect();
        if !lacking.is_empty() {
            let entries = lacking.len();
            info!(entries, "the registry's stream lacks entries that were taken; they are published again");
            stream.publish(&lacking).await?;
            self.read_to_the_end(stream, &mut reader, &mut fold).await?;
        }
        self.adopt(fold, &own)?;
        self.whole.send_replace(true);
        loop {
            let (_, entries) = reader.next().await?;
            let new = self.unseen(entries);
            self.keep(&new)?;
            self.see(new);
        }
    }

    /// Reads until a mark of our own comes.
    async fn read_to_the_end(
        &self,
        stream: &Stream,
        reader: &mut Reader,
        fold: &mut Fold,
    ) -> Result<(), RegistryError> {
        let mark = stream.mark().await?;
        loop {
            let (batch, entries) = reader.next().await?;
            if batch == mark {
                return Ok(());
            }
            fold.take(entries);
        }
    }

    /// The stream's order is everybody's; what this process lacks of it is made durable first.
    fn adopt(&self, fold: Fold, own: &[Entry]) -> Result<(), RegistryError> {
        let mut kept = Fold::default();
        kept.take(own.to_vec());
        let new = fold.entries.iter().filter(|entry| !is_known(&kept.registry, entry));
        self.keep(&new.cloned().collect::<Vec<_>>())?;
        self.see_instead(fold.registry, chain(&fold.entries));
        Ok(())
    }

    /// What of a batch stands in the stream for the first time.
    fn unseen(&self, entries: Vec<Entry>) -> Vec<Entry> {
        let registry = self.view.read();
        once(entries.into_iter().filter(|entry| !is_known(&registry, entry)))
    }
}
