//! How counts grow: when they last did, how much in the last minutes, how much today.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// How far back the last minutes reach.
const WINDOW: Duration = Duration::from_secs(300);
/// How finely they are kept.
const SLOT: Duration = Duration::from_secs(10);

/// How a count grows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Flow {
    /// When it last grew, RFC 3339; to the second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_at: Option<String>,
    /// By how much in the last minutes.
    #[serde(skip_serializing_if = "is_zero")]
    pub recent: u64,
    /// How many seconds these minutes are; fewer than 300 after a start.
    #[serde(skip_serializing_if = "is_zero")]
    pub recent_seconds: u64,
    /// By how much since midnight of the network's zone, as far as processes of this kind have been running.
    #[serde(skip_serializing_if = "is_zero")]
    pub today: u64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Flow {
    /// Growth a minute in the last minutes; nothing in the first seconds.
    pub fn per_minute(&self) -> Option<f64> {
        let seconds = u32::try_from(self.recent_seconds).ok().filter(|seconds| *seconds >= 5)?;
        let recent = u32::try_from(self.recent).unwrap_or(u32::MAX);
        Some(f64::from(recent) * 60.0 / f64::from(seconds))
    }
}

/// What is counted of whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Counted {
    Accepted,
    Invalid,
    Delivered,
    Dead,
    Withdrawn,
}

/// The counts of a process.
#[derive(Debug)]
pub(super) struct Pulses {
    zone: TimeZone,
    now: Timestamp,
    day: Date,
    pulses: BTreeMap<(Counted, String), Pulse>,
}

impl Pulses {
    /// Counts that begin at nothing now.
    pub(super) fn new(now: Timestamp, zone: TimeZone) -> Self {
        let day = now.to_zoned(zone.clone()).date();
        Self { zone, now, day, pulses: BTreeMap::new() }
    }

    /// Goes on from what an earlier process told at `written_at`.
    pub(super) fn resume(&mut self, counted: Counted, name: &str, flow: &Flow, written_at: &str) {
        let last_at = flow.last_at.as_deref().and_then(|at| at.parse().ok());
        let written: Option<Timestamp> = written_at.parse().ok();
        let is_today = written.is_some_and(|at| at.to_zoned(self.zone.clone()).date() == self.day);
        let today = if is_today { flow.today } else { 0 };
        let pulse = Pulse { last_at, today, ..Pulse::default() };
        self.pulses.insert((counted, name.to_owned()), pulse);
    }

    /// From now on it is that moment.
    pub(super) fn at(&mut self, now: Timestamp) {
        self.now = now;
        let day = now.to_zoned(self.zone.clone()).date();
        if self.day != day {
            self.day = day;
            self.pulses.values_mut().for_each(|pulse| pulse.today = 0);
        }
    }

    /// How a count grows that is `total` now.
    pub(super) fn beat(&mut self, counted: Counted, name: &str, total: u64) -> Flow {
        let pulse = self.pulses.entry((counted, name.to_owned())).or_default();
        pulse.beat(total, self.now)
    }
}

#[derive(Debug, Default)]
struct Pulse {
    total: u64,
    last_at: Option<Timestamp>,
    today: u64,
    /// Moments of the last minutes and the total then.
    slots: VecDeque<(Timestamp, u64)>,
}

impl Pulse {
    fn beat(&mut self, total: u64, now: Timestamp) -> Flow {
        let grown = total.saturating_sub(self.total);
        if grown > 0 {
            self.last_at = Some(now);
            self.today += grown;
        }
        let last = self.slots.back().map(|(at, _)| *at);
        if last.is_none_or(|last| since(last, now) >= SLOT) {
            self.slots.push_back((now, self.total));
        }
        self.total = total;
        while self.slots.len() > 1 && self.slots.front().is_some_and(|(at, _)| since(*at, now) > WINDOW) {
            self.slots.pop_front();
        }
        let (from, before) = self.slots.front().copied().unwrap_or((now, total));
        Flow {
            last_at: self.last_at.map(|at| at.to_string()),
            recent: total.saturating_sub(before),
            recent_seconds: since(from, now).as_secs(),
            today: self.today,
        }
    }
}

/// Nothing where the clock was set back.
fn since(from: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(from)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_count_tells_its_last_growth_the_last_minutes_and_today() {
        let zone = TimeZone::get("Asia/Tokyo").unwrap();
        let start = at("2026-11-22T14:50:00Z");
        let mut pulses = Pulses::new(start, zone.clone());
        let mut beat = |seconds: i64, total| {
            pulses.at(Timestamp::from_second(start.as_second() + seconds).unwrap());
            pulses.beat(Counted::Accepted, "one", total)
        };
        assert_eq!(beat(0, 0), Flow::default());
        assert_eq!(beat(30, 60).per_minute(), Some(120.0));
        assert_eq!(beat(60, 60).per_minute(), Some(60.0));
        // Five minutes later nothing of it is recent, and a day later nothing is of today.
        let later = beat(400, 60);
        assert_eq!(
            (later.recent, later.today, later.last_at.as_deref()),
            (0, 60, Some("2026-11-22T14:50:30Z"))
        );
        assert_eq!(beat(601, 63).today, 3, "midnight in Japan");
        // Another process goes on on the same day.
        let mut next = Pulses::new(at("2026-11-22T15:10:00Z"), zone);
        next.resume(Counted::Accepted, "one", &beat(602, 63), "2026-11-22T15:00:02Z");
        let resumed = next.beat(Counted::Accepted, "one", 2);
        assert_eq!((resumed.today, resumed.recent_seconds), (5, 0));
        let quiet = next.beat(Counted::Accepted, "one", 2);
        assert_eq!(quiet.last_at.as_deref(), Some("2026-11-22T15:10:00Z"));
    }
}
