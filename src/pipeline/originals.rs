//! What was accepted, as it was accepted: kept before a lane is acknowledged, so a crash leaves no gap.
//!
//! No promise rests on it, and nobody's care waits for it: where the disk does not take a batch, the lanes go on without
//! for a while, and the log says how many messages are missing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tracing::{error, warn};

use crate::broker::Delivery;
use crate::envelope::Lane;
use crate::store::messages::{Kept, Message, Messages, MessagesError};
use crate::telemetry::causes;

/// How long the lanes go on without it after a failure.
const PAUSE: Duration = Duration::from_secs(30);

/// The message store, as routers write it.
pub(super) struct Originals {
    messages: Messages,
    /// When it failed.
    failed: Mutex<Option<Timestamp>>,
    /// Messages that it lacks.
    missing: AtomicU64,
}

impl Originals {
    pub(super) fn new(messages: Messages) -> Self {
        Self { messages, failed: Mutex::new(None), missing: AtomicU64::new(0) }
    }

    /// Keeps messages of a lane and says where each is, or goes on without them and says nothing.
    pub(super) fn keep<'d>(
        &self,
        now: Timestamp,
        lane: Lane,
        deliveries: impl Iterator<Item = &'d Delivery>,
    ) -> Vec<Kept> {
        let messages: Vec<_> = deliveries.map(|delivery| message(lane, delivery)).collect();
        if self.is_paused(now) {
            self.missing.fetch_add(messages.len() as u64, Ordering::Relaxed);
            return Vec::new();
        }
        match self.messages.keep(now, &messages) {
            Ok(places) => {
                self.go_on();
                places
            }
            Err(failed) => {
                self.missing.fetch_add(messages.len() as u64, Ordering::Relaxed);
                self.pause(now, &failed);
                Vec::new()
            }
        }
    }

    /// A clock that was turned back ends the pause.
    fn is_paused(&self, now: Timestamp) -> bool {
        let failed = *self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.is_some_and(|failed| {
            Duration::try_from(now.duration_since(failed)).is_ok_and(|since| since < PAUSE)
        })
    }

    fn pause(&self, now: Timestamp, error: &MessagesError) {
        if self.failed.lock().unwrap_or_else(PoisonError::into_inner).replace(now).is_none() {
            error!(
                error = causes(error),
                "the message store takes nothing: what is accepted now can't be replayed"
            );
        }
    }

    fn go_on(&self) {
        if self.failed.lock().unwrap_or_else(PoisonError::into_inner).take().is_some() {
            let missing = self.missing.swap(0, Ordering::Relaxed);
            warn!(missing, "the message store takes messages again; so many are missing in it");
        }
    }
}

fn message(lane: Lane, delivery: &Delivery) -> Message {
    let Delivery { sequence, envelope, body, .. } = delivery;
    Message { lane, sequence: *sequence, envelope: envelope.clone(), body: body.clone() }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::envelope::Envelope;

    #[test]
    fn a_disk_that_takes_nothing_is_left_alone_for_a_while_and_then_asked_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("messages");
        std::fs::write(&path, "a file in its place").unwrap();
        let originals = Originals::new(Messages::new(path.clone(), TimeZone::UTC));
        let delivery = Delivery {
            sequence: 1,
            redelivered: false,
            envelope: Envelope::of_hub("1".to_owned()),
            body: "b".into(),
        };
        let keep = |second| {
            let now = Timestamp::from_second(second).unwrap();
            originals.keep(now, Lane(3), [&delivery].into_iter()).len()
        };
        assert_eq!(keep(0), 0);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(keep(29), 0, "the lanes don't wait for it");
        assert_eq!(keep(30), 1);
        assert_eq!(keep(31), 1);
        assert_eq!(originals.missing.load(Ordering::Relaxed), 0, "told and forgotten");
    }
}
