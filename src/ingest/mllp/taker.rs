//! The publishing side of a listener: takes what is new, once, and remembers it.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_blocking;

use super::super::claimed;
use super::frame::sighting;
use super::{ListenerCounts, count};
use crate::broker::{Broker, BrokerError, Consumer, Publication, topology};
use crate::disposition::Disposition;
use crate::envelope::{Finding, Lane};
use crate::ingest::context::Context;
use crate::ingest::error::IngestError;
use crate::ingest::joins;
use crate::store::{Joined, Place, Sighting, StoreError};

/// Messages of a source that are known again: the newest so many.
const SIGHTINGS: u64 = 100_000;
/// Requests that are published together.
const REQUESTS: usize = 256;
/// Bytes of messages after which no further request is added to those that are published together.
const BYTES: usize = 4 << 20;
/// Deliveries that are read at once when the ledger is brought up to date.
const CHUNK: usize = 256;
/// Messages after which the ledger is flushed.
const OPEN_MAX: usize = 5_000;
/// Time after which it is.
const FLUSH: Duration = Duration::from_secs(1);
/// Pauses between attempts at a publication.
const PAUSES: std::ops::RangeInclusive<Duration> = Duration::from_millis(50)..=Duration::from_secs(1);

/// A message that came in.
#[derive(Clone)]
pub(super) struct Arrival {
    pub(super) sighting: Sighting,
    pub(super) has_control_id: bool,
    pub(super) publication: Publication,
}

/// Messages that one connection read together. Who waits is told when all are durable; if the answer is dropped,
/// they may not be.
pub(super) struct Request {
    pub(super) arrivals: Vec<Arrival>,
    pub(super) taken: oneshot::Sender<()>,
}

/// What is new among requests.
struct News {
    publications: Vec<Publication>,
    sightings: Vec<Sighting>,
    repeats: usize,
}

/// The one publisher of a listener.
pub(super) struct Taker {
    context: Arc<Context>,
    place: Place,
    broker: Arc<dyn Broker>,
    counts: Arc<ListenerCounts>,
    /// None while it is only known from there what became of a publication.
    accepted: Option<Box<dyn Consumer>>,
    /// Deliveries of `accepted` that are in the ledger and not yet flushed.
    open: usize,
    flushed: Timestamp,
}

impl Taker {
    pub(super) async fn open(
        context: Arc<Context>,
        place: Place,
        broker: Arc<dyn Broker>,
        counts: Arc<ListenerCounts>,
    ) -> Result<Self, IngestError> {
        let flushed = context.clock.now();
        let mut taker = Self { context, place, broker, counts, accepted: None, open: 0, flushed };
        for queue in [topology::ingest(), taker.context.accepted.clone()] {
            taker.broker.declare(&queue).await.map_err(|error| taker.refused(error))?;
        }
        taker.recover().await?;
        Ok(taker)
    }

    /// Works until nobody can send requests any more.
    pub(super) async fn run(mut self, mut requests: mpsc::Receiver<Request>) -> Result<(), IngestError> {
        loop {
            let first = tokio::select! {
                first = requests.recv() => first,
                () = tokio::time::sleep(FLUSH), if self.open > 0 => {
                    self.try_settle().await?;
                    continue;
                }
            };
            let Some(first) = first else { break };
            let together = gather(first, &mut requests);
            self.take(together).await?;
            if self.open >= OPEN_MAX || self.open > 0 && self.since_flush() >= FLUSH {
                self.try_settle().await?;
            }
        }
        self.settle().await
    }

    /// Takes requests, trying again while somebody still waits.
    async fn take(&mut self, mut requests: Vec<Request>) -> Result<(), IngestError> {
        let mut pause = *PAUSES.start();
        loop {
            requests.retain(|request| !request.taken.is_closed());
            if requests.is_empty() {
                return Ok(());
            }
            let Err(error) = self.attempt(&requests).await else { break };
            if error.disposition() != Disposition::Retry {
                return Err(error);
            }
            if pause == *PAUSES.start() {
                tracing::warn!(feed = %self.context.feed, error = &error as &dyn std::error::Error, "messages can't be stored; their senders wait");
            }
            tokio::time::sleep(pause).await;
            pause = (2 * pause).min(*PAUSES.end());
        }
        for request in requests {
            // Who no longer waits will send it again, and it will be known.
            let _gone = request.taken.send(()).is_err();
        }
        Ok(())
    }

    async fn attempt(&mut self, requests: &[Request]) -> Result<(), IngestError> {
        if self.accepted.is_none() {
            let found = self.recover().await?;
            self.context.counts.add_accepted(found);
        }
        let arrivals = requests.iter().flat_map(|request| request.arrivals.clone()).collect();
        let place = self.place.clone();
        let News { publications, sightings, repeats } =
            self.blocking(move |context| news(context, &place, arrivals)).await?;
        if !publications.is_empty() {
            let (shared, mut publications) = (self.context.joins.clone(), publications);
            let turn = shared.place(&mut publications, self.context.clock.now()).await;
            let publications = claimed::claim(&self.context, publications).await?;
            let accepted = self.accepted.take();
            let (begun, traced) = (self.context.clock.now(), self.context.traced(&publications));
            self.broker.publish(publications).await.map_err(|error| self.refused(error))?;
            let joined = turn.done();
            self.context.tell_accepted(sightings.len(), traced, begun);
            // Whatever happens from here on, they have been counted.
            self.open += sightings.len();
            self.note(joined).await?;
            self.see(sightings).await?;
            self.accepted = accepted;
        }
        count(&self.counts.repeats, repeats);
        Ok(())
    }

    /// Flushes the ledger and settles the deliveries that it now covers.
    async fn settle(&mut self) -> Result<(), IngestError> {
        self.flushed = self.context.clock.now();
        let Some(mut accepted) = self.accepted.take() else { return Ok(()) };
        if self.open > 0 {
            self.blocking(|context| context.ledger.flush()).await?;
            accepted.skip(self.open).await.map_err(|error| self.refused(error))?;
        }
        self.open = 0;
        self.accepted = Some(accepted);
        Ok(())
    }

    /// The same; an error that may pass is told, and what was not settled is noted again before anything is taken.
    async fn try_settle(&mut self) -> Result<(), IngestError> {
        match self.settle().await {
            Err(error) if error.disposition() == Disposition::Retry => {
                tracing::warn!(feed = %self.context.feed, error = &error as &dyn std::error::Error, "the pick-up ledger could not be brought up to date");
                Ok(())
            }
            other => other,
        }
    }

    /// Notes in the ledger what lies in `accepted`; how many of them were not known to lie there.
    async fn recover(&mut self) -> Result<usize, IngestError> {
        let queue = &self.context.accepted;
        let mut accepted = self.broker.consume(queue, Lane(0)).await.map_err(|error| self.refused(error))?;
        let depth = self.broker.depth(queue).await.map_err(|error| self.refused(error))?;
        let depth = usize::try_from(depth).unwrap_or(usize::MAX);
        let found = depth.saturating_sub(self.open);
        let mut left = depth;
        while left > 0 {
            let received = accepted.receive(left.min(CHUNK)).await.map_err(|error| self.refused(error))?;
            self.note(self.context.joins.note(&received).await).await?;
            for group in claimed::groups(&received) {
                let group = claimed::bodies(&self.context, group).await?;
                self.see(group.iter().map(|one| sighting(&one.envelope, &one.body)).collect()).await?;
            }
            self.blocking(|context| context.ledger.flush()).await?;
            accepted.settle(received.len(), Vec::new()).await.map_err(|error| self.refused(error))?;
            left = left.saturating_sub(received.len());
            self.open = self.open.saturating_sub(received.len());
        }
        self.open = 0;
        self.accepted = Some(accepted);
        Ok(found)
    }

    async fn note(&self, joined: Vec<Joined>) -> Result<(), IngestError> {
        if joined.is_empty() {
            return Ok(());
        }
        self.blocking(move |context| context.ledger.write(joins::entries(&context.feed, &joined))).await
    }

    async fn see(&self, sightings: Vec<Sighting>) -> Result<(), IngestError> {
        let place = self.place.clone();
        self.blocking(move |context| context.ledger.see(&place, &sightings, SIGHTINGS)).await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Context) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, IngestError> {
        let (context, feed) = (self.context.clone(), &self.context.feed);
        let done = spawn_blocking(move || work(&context)).await;
        let done = done.map_err(|_| IngestError::Ended { feed: feed.clone() })?;
        done.map_err(|source| IngestError::Ledger { feed: feed.clone(), source })
    }

    fn since_flush(&self) -> Duration {
        Duration::try_from(self.context.clock.now().duration_since(self.flushed)).unwrap_or_default()
    }

    fn refused(&self, source: BrokerError) -> IngestError {
        IngestError::Broker { feed: self.context.feed.clone(), source }
    }
}

/// A request and those that wait behind it, up to what is published together.
fn gather(first: Request, requests: &mut mpsc::Receiver<Request>) -> Vec<Request> {
    let size = |request: &Request| -> usize {
        request.arrivals.iter().map(|arrival| arrival.publication.body.len()).sum()
    };
    let mut bytes = size(&first);
    let mut together = vec![first];
    while together.len() < REQUESTS && bytes < BYTES {
        let Ok(request) = requests.try_recv() else { break };
        bytes += size(&request);
        together.push(request);
    }
    together
}

/// What of the arrivals has not been accepted, once each, in their order.
fn news(context: &Context, place: &Place, arrivals: Vec<Arrival>) -> Result<News, StoreError> {
    let mut news = News { publications: Vec::new(), sightings: Vec::new(), repeats: 0 };
    let mut names = HashSet::new();
    let mut sightings = HashSet::new();
    for Arrival { sighting, has_control_id, mut publication } in arrivals {
        if context.ledger.is_seen(place, sighting)? || !sightings.insert(sighting) {
            news.repeats += 1;
            continue;
        }
        let is_reused = !names.insert(sighting.name) || context.ledger.is_name_seen(place, sighting.name)?;
        if is_reused && has_control_id {
            publication.envelope.findings.push(reused());
        }
        news.publications.push(publication);
        news.sightings.push(sighting);
    }
    Ok(news)
}

fn reused() -> Finding {
    Finding {
        code: "control-id-reused".into(),
        place: "MSH-10".to_owned(),
        text: "the sender gave this control id to another message before; both are taken".to_owned(),
    }
}
