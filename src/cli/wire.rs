//! What the verbs about messages by hand share.

use std::fs::File;
use std::future::Future;
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{complain, exit, fail};

/// How long what still runs at the end may take.
const END: Duration = Duration::from_secs(1);

/// One of a closed set, by its name.
pub(super) fn choice<T: Copy + Send + Sync + 'static>(
    all: &'static [T],
    name: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    let names = PossibleValuesParser::new(all.iter().map(|one| name(*one)));
    names
        .try_map(move |chosen| all.iter().find(|one| name(**one) == chosen).copied().ok_or("not one of them"))
}

/// A time as `500ms`, `30s` or `2m`; a number alone is in seconds.
pub(super) fn time(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let wrong = || "a time is a number with ms, s or m, such as 500ms, 30s or 2m".to_owned();
    let number: u64 = number.parse().map_err(|_| wrong())?;
    match unit {
        "ms" => Ok(Duration::from_millis(number)),
        "" | "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(number.saturating_mul(60))),
        _ => Err(wrong()),
    }
}

/// A pace as `20` or `20/s`.
pub(super) fn rate(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix("/s").unwrap_or(text).parse::<f64>();
    number
        .ok()
        .filter(|rate| rate.is_finite() && *rate >= 0.001)
        .ok_or_else(|| "a pace is a number of messages a second, such as 20/s".to_owned())
}

/// SIGTERM and SIGINT, caught from here on.
pub(super) struct Signals([Signal; 2]);

impl Signals {
    fn catch() -> io::Result<Self> {
        Ok(Self([signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?]))
    }

    /// Completes when one of them comes.
    pub(super) async fn received(mut self) {
        let [terminate, interrupt] = &mut self.0;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}

/// Runs what a verb does over the network, with the signals caught.
pub(super) fn run<F: Future<Output = u8>>(work: impl FnOnce(Signals) -> F) -> u8 {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error, exit::TRY_LATER),
    };
    let code = runtime.block_on(async {
        match Signals::catch() {
            Ok(signals) => work(signals).await,
            Err(error) => fail(&error, exit::SOFTWARE),
        }
    });
    // A read of standard input may never end.
    runtime.shutdown_timeout(END);
    code
}

/// Writes what a verb made to a new file, or to standard output. A file that is there is never overwritten.
pub(super) fn put(output: Option<&Path>, bytes: &[u8]) -> Result<(), u8> {
    let (made, name) = match output {
        None => (io::stdout().lock().write_all(bytes), "standard output".into()),
        Some(path) => {
            let made = File::create_new(path).and_then(|mut file| file.write_all(bytes));
            (made, path.to_string_lossy())
        }
    };
    match made {
        // A reader that went away (`| head`) is no fault.
        Err(error) if output.is_some() || error.kind() != ErrorKind::BrokenPipe => {
            complain(&format!("musubi: {name} can't be written: {error}; name a file that is not there yet"));
            Err(exit::CANT_CREATE)
        }
        _ => Ok(()),
    }
}

/// An error with its causes on one line.
pub(super) fn causes(error: &dyn std::error::Error) -> String {
    crate::telemetry::causes(error)
}

/// A text for a terminal: nothing in it steers one.
pub(super) fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '␣' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_paces_are_read_as_people_write_them() {
        assert_eq!(time("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(time("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(time("30"), Ok(Duration::from_secs(30)));
        assert_eq!(time("2m"), Ok(Duration::from_secs(120)));
        for wrong in ["", "s", "1h", "-1s", "1 s", "１s"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
        assert_eq!(rate("20/s"), Ok(20.0));
        assert_eq!(rate("0.5"), Ok(0.5));
        for wrong in ["", "/s", "0", "-1", "inf", "NaN", "1e-300"] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
    }
}
