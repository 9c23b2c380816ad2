//! Spans of messages' stages, for a collector of traces.
//!
//! Trace and span ids follow from the message's id, which every process knows: the spans of adapter, router and deliver
//! join in one trace though the envelope carries nothing more. Whether a message is traced follows from it too, so that
//! all processes trace the same ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use tokio::sync::mpsc;

/// Spans that wait for the collector; more are dropped and counted.
const WAITING: usize = 4_096;

/// A stage of a message's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It became durable.
    Accept,
    /// It was decoded, normalised and routed.
    Route,
    /// An attempt to deliver a copy.
    Deliver,
}

/// A stage that a message went through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    /// Which.
    pub(crate) stage: Stage,
    /// Id of the message.
    pub(crate) message: String,
    /// From when.
    pub(crate) begun: Timestamp,
    /// Until when.
    pub(crate) ended: Timestamp,
    /// Queue that the message was put into, or taken from.
    pub(crate) destination: String,
    /// Feed or subscriber.
    pub(crate) party: String,
    /// What came of an attempt, where it failed.
    pub(crate) failure: Option<&'static str>,
}

/// Where stages put their spans. It never waits.
#[derive(Debug, Clone)]
pub(crate) struct Tracer(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    sender: mpsc::Sender<Span>,
    /// Messages whose trace id begins below it are traced.
    below: u64,
    dropped: Arc<AtomicU64>,
}

/// The other end: what brings spans to the collector.
#[derive(Debug)]
#[cfg_attr(not(feature = "otlp"), expect(dead_code, reason = "only the exporter takes spans out"))]
pub(crate) struct Collector {
    /// Spans.
    pub(super) spans: mpsc::Receiver<Span>,
    /// Spans that did not reach it.
    pub(super) dropped: Arc<AtomicU64>,
}

impl Tracer {
    /// A tracer of the share of messages that `below` is of 2^64, and the other end.
    pub(crate) fn new(below: u64) -> (Self, Collector) {
        let (sender, spans) = mpsc::channel(WAITING);
        let dropped = Arc::<AtomicU64>::default();
        let collector = Collector { spans, dropped: dropped.clone() };
        (Self(Arc::new(Shared { sender, below, dropped })), collector)
    }

    /// Whether that message is traced.
    pub(crate) fn traces(&self, message: &str) -> bool {
        let [a, b, c, d, e, f, g, h, ..] = trace_id(message);
        u64::from_be_bytes([a, b, c, d, e, f, g, h]) <= self.0.below
    }

    /// Passes a span on, or drops it where the collector is behind.
    pub(crate) fn record(&self, span: Span) {
        if self.0.sender.try_send(span).is_err() {
            self.0.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Spans that were dropped.
    pub(crate) fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }
}

/// The trace of a message: its id where that is 32 hexadecimal digits, else a hash of it.
pub(crate) fn trace_id(message: &str) -> [u8; 16] {
    let own = (message.len() == 32).then(|| u128::from_str_radix(message, 16).ok()).flatten();
    match own.filter(|id| *id != 0) {
        Some(id) => id.to_be_bytes(),
        None => first(&blake3::hash(message.as_bytes())),
    }
}

/// The id of a span.
#[cfg_attr(not(feature = "otlp"), expect(dead_code, reason = "only the exporter needs it"))]
pub(super) fn span_id(span: &Span) -> [u8; 8] {
    match span.stage {
        // A message passes these once; should it do so twice after a crash, it is the same span.
        Stage::Accept | Stage::Route => stage_id(&span.message, span.stage),
        Stage::Deliver => {
            let mut hasher = blake3::Hasher::new();
            hasher.update(span.message.as_bytes()).update(span.party.as_bytes());
            hasher.update(&span.begun.as_nanosecond().to_be_bytes());
            first(&hasher.finalize())
        }
    }
}

/// The id of the span before it.
#[cfg_attr(not(feature = "otlp"), expect(dead_code, reason = "only the exporter needs it"))]
pub(super) fn parent_id(span: &Span) -> Option<[u8; 8]> {
    match span.stage {
        Stage::Accept => None,
        Stage::Route => Some(stage_id(&span.message, Stage::Accept)),
        Stage::Deliver => Some(stage_id(&span.message, Stage::Route)),
    }
}

fn stage_id(message: &str, stage: Stage) -> [u8; 8] {
    let word = if stage == Stage::Accept { "accept" } else { "route" };
    let mut hasher = blake3::Hasher::new();
    first(&hasher.update(message.as_bytes()).update(word.as_bytes()).finalize())
}

fn first<const N: usize>(hash: &blake3::Hash) -> [u8; N] {
    let mut bytes = hash.as_bytes().iter().copied();
    std::array::from_fn(|_| bytes.next().unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(message: &str, stage: Stage) -> Span {
        let at = Timestamp::from_second(1).unwrap();
        Span {
            stage,
            message: message.to_owned(),
            begun: at,
            ended: at,
            destination: String::new(),
            party: "a".to_owned(),
            failure: None,
        }
    }

    #[test]
    fn the_spans_of_a_message_join_in_one_trace_whoever_tells_them() {
        let id = "0123456789abcdef0123456789abcdef";
        assert_eq!(trace_id(id), 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef_u128.to_be_bytes());
        assert_ne!(trace_id("a"), trace_id("b"));
        assert_eq!(parent_id(&span(id, Stage::Accept)), None);
        assert_eq!(parent_id(&span(id, Stage::Route)), Some(span_id(&span(id, Stage::Accept))));
        assert_eq!(parent_id(&span(id, Stage::Deliver)), Some(span_id(&span(id, Stage::Route))));
    }

    #[test]
    fn the_share_of_traced_messages_is_the_one_asked_for() {
        let (tracer, _collector) = Tracer::new(u64::MAX / 4);
        let traced = (0..2_000).filter(|number| tracer.traces(&format!("message {number}"))).count();
        assert!((400..600).contains(&traced), "{traced}");
    }

    #[test]
    fn a_collector_that_is_behind_loses_spans_and_stops_nobody() {
        let (tracer, collector) = Tracer::new(u64::MAX);
        (0..WAITING + 7).for_each(|_| tracer.record(span("a", Stage::Route)));
        assert_eq!((tracer.dropped(), collector.spans.len()), (7, WAITING));
    }
}
