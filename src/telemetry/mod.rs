//! What a process tells of its work: log lines, metrics, traces. Never a value of a message: identifying fields sit in
//! types whose `Debug` prints nothing, and no label, attribute or line is made of them.

mod meter;
pub(crate) mod names;
#[cfg(feature = "otlp")]
mod otlp;
mod probe;
mod trace;

use std::error::Error;

pub(crate) use meter::Meter;
pub(crate) use probe::Probe;
pub(crate) use trace::{Collector, Span, Stage, Tracer};

/// An error with its causes on one line.
pub(crate) fn causes(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| (**cause).source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
