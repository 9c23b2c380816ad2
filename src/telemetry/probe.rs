//! Where a stage tells how long something took. It tells nobody before the process that runs the stage has fitted it, so
//! that a stage works the same without.

use std::sync::OnceLock;

use jiff::Timestamp;
use metrics::Histogram;

use super::trace::Tracer;

/// A place for a histogram and a tracer.
#[derive(Default)]
pub(crate) struct Probe(OnceLock<Fitted>);

struct Fitted {
    seconds: Histogram,
    tracer: Option<Tracer>,
}

impl Probe {
    /// From now on it tells these. Who fits it first stays.
    pub(crate) fn fit(&self, seconds: Histogram, tracer: Option<Tracer>) {
        drop(self.0.set(Fitted { seconds, tracer }));
    }

    /// Something began and ended.
    pub(crate) fn took(&self, begun: Timestamp, ended: Timestamp) {
        if let Some(fitted) = self.0.get() {
            fitted.seconds.record(ended.duration_since(begun).as_secs_f64().max(0.0));
        }
    }

    /// Where spans go, if anywhere.
    pub(crate) fn tracer(&self) -> Option<&Tracer> {
        self.0.get()?.tracer.as_ref()
    }
}

impl std::fmt::Debug for Probe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Probe")
    }
}
