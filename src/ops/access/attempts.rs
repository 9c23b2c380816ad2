//! Failed logins are slowed down: for a name, for an address, and most for both together.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// Failures of a name from an address that cost nothing.
const FREE: u32 = 4;
/// Failures of a name from anywhere, or of an address with any name, that cost nothing.
const FREE_APART: u32 = 20;
/// Longest wait.
const WAIT_MOST: u64 = 15 * 60;
/// After so many seconds without an attempt a failure is forgotten.
const FORGOTTEN: i64 = 60 * 60;
/// Names and addresses that are remembered.
const MOST: usize = 20_000;

/// What was tried, and with which end.
#[derive(Debug, Default)]
pub(super) struct Attempts(Mutex<HashMap<String, Failed>>);

#[derive(Debug, Clone, Copy)]
struct Failed {
    times: u32,
    last: Timestamp,
}

impl Attempts {
    /// Counts an attempt as failed until it succeeds; or says how long to wait before there may be one.
    pub(super) fn begin(&self, name: &str, address: &str, now: Timestamp) -> Result<(), Duration> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let wait =
            keys(name, address).iter().filter_map(|(key, free)| known.get(key)?.wait(*free, now)).max();
        if let Some(wait) = wait {
            return Err(wait);
        }
        if known.len() >= MOST {
            known.retain(|_, failed| !failed.is_forgotten(now));
        }
        if known.len() >= MOST {
            // Somebody tries with ever new names: what he is kept from by his address goes on being so.
            known.retain(|key, _| key.starts_with("address "));
        }
        for (key, _) in keys(name, address) {
            let failed = known.entry(key).or_insert(Failed { times: 0, last: now });
            if failed.is_forgotten(now) {
                failed.times = 0;
            }
            *failed = Failed { times: failed.times.saturating_add(1), last: now };
        }
        Ok(())
    }

    /// The attempt succeeded.
    pub(super) fn succeed(&self, name: &str, address: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, _) in keys(name, address) {
            known.remove(&key);
        }
    }
}

impl Failed {
    /// One second after the last free failure, then twice as long each time.
    fn wait(&self, free: u32, now: Timestamp) -> Option<Duration> {
        let over = self.times.checked_sub(free)?;
        let wait = 1_u64.checked_shl(over).unwrap_or(WAIT_MOST).min(WAIT_MOST);
        let until = self.last.saturating_add(Duration::from_secs(wait)).unwrap_or(now);
        Duration::try_from(until.duration_since(now)).ok().filter(|left| !left.is_zero())
    }

    fn is_forgotten(&self, now: Timestamp) -> bool {
        now.duration_since(self.last) > SignedDuration::from_secs(FORGOTTEN)
    }
}

/// What an attempt is counted under, and from how many failures on it costs.
fn keys(name: &str, address: &str) -> [(String, u32); 3] {
    // Whatever is typed, it is remembered by its hash.
    let name = blake3::hash(name.as_bytes()).to_hex();
    [
        (format!("both {name} {address}"), FREE),
        (format!("name {name}"), FREE_APART),
        (format!("address {address}"), FREE_APART),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_cost_ever_more_and_a_success_forgives_them() {
        let attempts = Attempts::default();
        let mut now = Timestamp::UNIX_EPOCH;
        let mut waits = Vec::new();
        for _ in 0..8 {
            match attempts.begin("a", "1", now) {
                Ok(()) => waits.push(0),
                Err(wait) => {
                    waits.push(wait.as_secs());
                    now = now.saturating_add(wait).unwrap();
                    attempts.begin("a", "1", now).unwrap();
                }
            }
        }
        assert_eq!(waits, [0, 0, 0, 0, 1, 2, 4, 8]);
        assert!(attempts.begin("a", "2", now).is_ok(), "from elsewhere he is let in");
        attempts.succeed("a", "1");
        assert!(attempts.begin("a", "1", now).is_ok());
        for name in 0..FREE_APART {
            assert!(attempts.begin(&format!("n{name}"), "3", now).is_ok());
        }
        assert!(attempts.begin("other", "3", now).is_err(), "an address that tries many names");
        let later = now.saturating_add(Duration::from_secs(2 * FORGOTTEN.unsigned_abs())).unwrap();
        assert!(attempts.begin("other", "3", later).is_ok());
    }
}
