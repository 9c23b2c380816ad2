//! A feed's weekly rhythm, learned from itself, and what silence means in it.
//!
//! For each hour of the week the last eight such hours are remembered: how many messages came, and the longest wait
//! for one. Holidays count as Sundays. Means leave out the highest and the lowest quarter, so that a day of outage, or of
//! catching up, changes little. What a facility does at a time of the year that is no holiday (Obon) is known from the
//! same days of the year before.

use std::collections::{BTreeMap, VecDeque};

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Unit};
use serde::{Deserialize, Serialize};

use super::calendar::is_closed;

/// Weeks that are remembered.
const WEEKS: usize = 8;
/// Weeks without which a rhythm is not known.
const KNOWN: usize = 2;
/// Days of which the sum is remembered.
const DAYS: usize = 400;
/// Of a rate, the share that is counted on: days differ.
const SAFETY: f64 = 0.5;
/// A silence is told where messages at the counted rate would leave such a gap once in 10,000 times: e^-9.21.
const EXPECTED: f64 = 9.21;
/// No shorter silence is told.
const FLOOR: SignedDuration = SignedDuration::from_mins(15);
/// Messages that must have been expected where a silence is told for its length alone.
const EXPECTED_LONG: f64 = 5.0;
/// How much of a day's usual messages must have come for the day to be a usual one.
const USUAL: f64 = 0.5;
/// A day with fewer messages says nothing of the year.
const TELLING: f64 = 20.0;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// An hour that was watched from its beginning to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Hour {
    /// Messages.
    count: u32,
    /// The longest wait for a message that ended in it, or lasted over its end, in seconds: a night at its end, a few
    /// minutes in a busy hour.
    gap: u32,
}

/// The hour that is being watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Present {
    begun: DateTime,
    hour: Hour,
    /// It was watched from its beginning.
    whole: bool,
}

/// The rhythm of one feed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rhythm {
    /// By hour of the week: 24 times the day (Monday is 0), and the hour.
    slots: BTreeMap<u8, VecDeque<Hour>>,
    /// Messages of a day, where all of it was watched.
    days: BTreeMap<Date, u32>,
    present: Option<Present>,
    /// Hours of the present day that were watched, and their messages.
    today: (u32, u32),
    /// When the last message came.
    pub(super) last: Option<Timestamp>,
}

/// What silence means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Silence {
    /// Messages that should have come at the counted rate.
    pub(super) expected: f64,
    /// Whether somebody should be told.
    pub(super) is_told: bool,
}

impl Rhythm {
    /// So many messages came between the look before and now. Hours that lie between are as watched as the looks are
    /// close together: who was not there for longer calls [`Self::interrupted`] first.
    pub(super) fn note(&mut self, count: u32, last: Option<Timestamp>, now: Timestamp, zone: &TimeZone) {
        let local = now.to_zoned(zone.clone()).datetime();
        self.advance(local);
        let before = self.last.map(|last| last.to_zoned(zone.clone()).datetime());
        let Some(present) = &mut self.present else { return };
        let gap = before.map_or(HOUR, |before| local.duration_since(before));
        let gap = u32::try_from(gap.as_secs()).unwrap_or_default();
        present.hour.gap = present.hour.gap.max(gap);
        if count > 0 {
            present.hour.count = present.hour.count.saturating_add(count);
            self.last = Some(last.unwrap_or(now).max(self.last.unwrap_or(Timestamp::MIN)));
        }
    }

    /// Nobody looked for a while: the hour and the day are not known.
    pub(super) fn interrupted(&mut self) {
        self.present = None;
        self.today = (0, 0);
    }

    /// Begins the hour of this moment, after what is over was remembered.
    fn advance(&mut self, now: DateTime) {
        let hour = beginning(now);
        let Some(present) = self.present else {
            let hour_seen = Hour { count: 0, gap: 0 };
            self.present = Some(Present { begun: hour, hour: hour_seen, whole: now == hour });
            return;
        };
        let mut present = present;
        let mut steps = 0;
        while present.begun < hour && steps < 48 {
            self.remember(present);
            let begun = present.begun.saturating_add(HOUR);
            present = Present { begun, hour: Hour { count: 0, gap: 0 }, whole: true };
            steps += 1;
        }
        // A clock that was set, by whatever much.
        if present.begun != hour {
            self.interrupted();
            present = Present { begun: hour, hour: Hour { count: 0, gap: 0 }, whole: false };
        }
        self.present = Some(present);
    }

    fn remember(&mut self, over: Present) {
        if over.whole {
            let slot = self.slots.entry(slot(over.begun)).or_default();
            slot.push_back(over.hour);
            if slot.len() > WEEKS {
                slot.pop_front();
            }
            self.today = (self.today.0 + 1, self.today.1.saturating_add(over.hour.count));
        }
        if over.begun.hour() == 23 {
            if self.today.0 == 24 {
                self.days.insert(over.begun.date(), self.today.1);
            }
            while self.days.len() > DAYS {
                self.days.pop_first();
            }
            self.today = (0, 0);
        }
    }

    /// Messages an hour at that time of a week, by the days that were remembered; none where too few were.
    fn rate(&self, at: DateTime) -> Option<f64> {
        let hours = self.slots.get(&slot(at)).filter(|hours| hours.len() >= KNOWN)?;
        let mut counts: Vec<_> = hours.iter().map(|hour| hour.count).collect();
        counts.sort_unstable();
        let cut = counts.len() / 4;
        let middle = counts.get(cut..counts.len() - cut)?;
        Some(
            middle.iter().map(|count| f64::from(*count)).sum::<f64>()
                / f64::from(u32::try_from(middle.len()).ok()?),
        )
    }

    /// The longest wait that is usual at that time of a week.
    fn usual_gap(&self, at: DateTime) -> SignedDuration {
        let Some(hours) = self.slots.get(&slot(at)) else { return SignedDuration::ZERO };
        let mut gaps: Vec<_> = hours.iter().map(|hour| hour.gap).collect();
        gaps.sort_unstable();
        let upper = gaps.get(gaps.len().saturating_sub(1 + gaps.len() / 4)).copied().unwrap_or_default();
        SignedDuration::from_secs(i64::from(upper))
    }

    /// Messages an hour that are counted on just now, for people.
    pub(super) fn usual(&self, now: Timestamp, zone: &TimeZone) -> Option<f64> {
        let at = now.to_zoned(zone.clone()).datetime();
        Some(self.rate(at)? * self.of_year(at.date()))
    }

    /// How much of the usual came on these days of the year before: 1 unless that was clearly less.
    fn of_year(&self, day: Date) -> f64 {
        let Ok(before) = day.checked_sub(1.year()) else { return 1.0 };
        let around = [before.saturating_sub(1.day()), before, before.saturating_add(1.day())];
        let shares = around.into_iter().filter_map(|day| {
            let came = f64::from(*self.days.get(&day)?);
            let usual: f64 = (0..24).filter_map(|hour| self.rate(day.at(hour, 0, 0, 0))).sum();
            (usual >= TELLING).then_some(came / usual)
        });
        let least = shares.fold(1.0, f64::min);
        if least < USUAL { least } else { 1.0 }
    }

    /// Judges the time since the last message, or since `watched` where that is later. `longest`: told whatever the rhythm
    /// is.
    pub(super) fn silence(
        &self,
        watched: Timestamp,
        now: Timestamp,
        longest: SignedDuration,
        zone: &TimeZone,
    ) -> Option<Silence> {
        let since = self.last?.max(watched);
        let gap = now.duration_since(since);
        let (from, until) = (since.to_zoned(zone.clone()).datetime(), now.to_zoned(zone.clone()).datetime());
        let at_most = self.expected(from, until, false);
        // Nearly always: the year need not be asked.
        if gap < FLOOR || at_most < EXPECTED_LONG {
            let is_told = gap >= longest && self.rate(until).is_none();
            return Some(Silence { expected: at_most, is_told });
        }
        let expected = self.expected(from, until, true);
        let is_known = self.rate(until).is_some();
        let patience = FLOOR.max(self.usual_gap(until) * 2);
        let by_rhythm = is_known && expected >= EXPECTED && gap >= patience;
        let by_length = gap >= longest && (expected >= EXPECTED_LONG || !is_known);
        Some(Silence { expected, is_told: by_rhythm || by_length })
    }

    /// Messages to be counted on between two moments; `by_year`: as far as the year before had them at that time.
    fn expected(&self, from: DateTime, until: DateTime, by_year: bool) -> f64 {
        let share = |day| if by_year { self.of_year(day) } else { 1.0 };
        // After so long everything has been expected.
        let mut at = from.max(until.saturating_sub(HOUR * (24 * 14)));
        let mut sum = 0.0;
        let mut of_day = (at.date(), share(at.date()));
        while at < until {
            let next = beginning(at).saturating_add(HOUR).min(until);
            if of_day.0 != at.date() {
                of_day = (at.date(), share(at.date()));
            }
            let rate = self.rate(at).unwrap_or_default() * of_day.1;
            sum += SAFETY * rate * next.duration_since(at).as_secs_f64() / HOUR.as_secs_f64();
            at = next;
        }
        sum
    }
}

fn beginning(at: DateTime) -> DateTime {
    at.round(jiff::civil::DateTimeRound::new().smallest(Unit::Hour).mode(jiff::RoundMode::Trunc))
        .unwrap_or(at)
}

/// The hour of the week; of a holiday, that of a Sunday.
fn slot(at: DateTime) -> u8 {
    let weekday = if is_closed(at.date()) { 6 } else { at.date().weekday().to_monday_zero_offset() };
    (24 * weekday.unsigned_abs()) + at.hour().unsigned_abs()
}

#[cfg(test)]
mod tests;
