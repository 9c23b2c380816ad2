//! How fast a replay may be: it leaves the machine to the pipeline.

use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep};

/// After work of so long the same time is left to others.
const WORK: Duration = Duration::from_millis(20);
/// A second is divided into so many ticks.
const TICKS: u32 = 10;

/// Reads and judges with half of a processor at most.
pub(super) struct Breath(Instant);

impl Breath {
    pub(super) fn new() -> Self {
        Self(Instant::now())
    }

    /// Lets others work, where it is their turn.
    pub(super) async fn take(&mut self) {
        let worked = self.0.elapsed();
        if worked >= WORK {
            sleep(worked.min(WORK * 5)).await;
            self.0 = Instant::now();
        }
    }
}

/// Gives out how many copies may be made at a time.
pub(in crate::ops) struct Rate {
    ticks: Interval,
    each: usize,
}

impl Rate {
    /// So many a second.
    pub(in crate::ops) fn new(rate: u32) -> Self {
        let rate = rate.max(1);
        // Up to ten a second, one by one; above, about a tenth of a second's at a time.
        let each = (rate / TICKS).max(1);
        let mut ticks = interval(Duration::from_secs(1) * each / rate);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { ticks, each: usize::try_from(each).unwrap_or(1) }
    }

    /// Waits for the next time, and says how many.
    pub(in crate::ops) async fn next(&mut self) -> usize {
        self.ticks.tick().await;
        self.each
    }
}
