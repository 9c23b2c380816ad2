//! How long to wait, and how often to try.

use std::time::Duration;

use rand::Rng as _;

/// Times and bounds of delivering. The defaults are meant for the field; tests hand in shorter ones.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Wait after the first attempt that found the subscriber away; it doubles.
    pub away: Duration,
    /// Longest such wait.
    pub away_max: Duration,
    /// Wait before a parked patient is tried for the first time; it doubles.
    pub parked: Duration,
    /// Longest such wait.
    pub parked_max: Duration,
    /// How long a parked copy may lie with this consumer. RabbitMQ closes a channel after 30 minutes.
    pub held_max: Duration,
    /// How long to wait for a marker in the lane of parked copies before another is sent.
    pub marker: Duration,
    /// Wait before a broker that failed is asked again.
    pub reopen: Duration,
    /// Attempts at one message after which it is parked, if the subscriber answers others meanwhile.
    pub stuck_after: u32,
    /// Parked copies in memory, over all lanes, each of which has the same share; beyond it the lane waits. RabbitMQ
    /// hands out no more than 65,535 that are not acknowledged.
    pub parked_copies: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            away: Duration::from_millis(100),
            away_max: Duration::from_secs(30),
            parked: Duration::from_secs(30),
            parked_max: Duration::from_secs(600),
            held_max: Duration::from_secs(600),
            marker: Duration::from_secs(5),
            reopen: Duration::from_secs(1),
            stuck_after: 3,
            parked_copies: 32_768,
        }
    }
}

impl Pace {
    /// The wait after so many failures in a row to find the subscriber.
    pub(super) fn after_away(&self, failures: u32) -> Duration {
        jittered(doubled(self.away, self.away_max, failures))
    }

    /// The wait after so many failures of a parked patient.
    pub(super) fn after_parked(&self, failures: u32) -> Duration {
        jittered(doubled(self.parked, self.parked_max, failures))
    }
}

/// `first` for one failure, twice as long for each further one.
fn doubled(first: Duration, longest: Duration, failures: u32) -> Duration {
    let times = 1u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    first.saturating_mul(times).min(longest)
}

/// Between half and all of it, so that lanes and hubs do not come back at the same moment.
fn jittered(wait: Duration) -> Duration {
    wait.mul_f64(rand::rng().random_range(0.5..=1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_vary() {
        let pace = Pace::default();
        for (failures, longest) in [(1, 100), (2, 200), (5, 1600), (9, 25_600), (10, 30_000), (4000, 30_000)]
        {
            let longest = Duration::from_millis(longest);
            let wait = pace.after_away(failures);
            assert!(wait >= longest / 2 && wait <= longest, "{failures}: {wait:?}");
        }
        assert!(pace.after_parked(99) >= pace.parked_max / 2);
        let waits: std::collections::HashSet<_> = (0..20).map(|_| pace.after_away(5)).collect();
        assert!(waits.len() > 1);
    }
}
