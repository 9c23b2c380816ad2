//! What was counted of late: how deep the queues were and how fast messages went, for charts and rates.
//!
//! The process that serves the console takes a sample every ten seconds, from the status of all processes and from the
//! broker. What it keeps is bounded, and may be lost.

mod sample;
mod tier;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;
use tokio::sync::watch;
use tracing::warn;

use crate::config::Config;
use crate::pipeline::ControlBus;
use crate::store::series::{Minute, SERIES, SeriesFiles};
use sample::{Counters, Sample};
use tier::{Tier, Values, is_level};

/// How often a sample is taken.
pub const EVERY: Duration = Duration::from_secs(10);
/// Over how many seconds the present rate is measured.
const PRESENT: i64 = 60;
/// Days that the files hold; the longest chart is of seven.
const DAYS: i64 = 8;

/// What a chart spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Span {
    /// 60 minutes, a point each.
    Hour,
    /// 24 hours, a point each five minutes.
    Day,
    /// 7 days, a point each hour.
    Week,
}

impl Span {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Hour, Self::Day, Self::Week];

    /// `hour`, `day`, `week`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
        }
    }

    /// The span of a word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|span| span.as_str() == word)
    }
}

/// A chart: lines over the same points in time.
#[derive(Debug, PartialEq, Serialize)]
pub struct Chart {
    /// What it spans.
    pub span: Span,
    /// Seconds between two points.
    pub step: i64,
    /// When each point began, in seconds since 1970.
    pub times: Vec<i64>,
    /// The lines.
    pub lines: Vec<Line>,
}

/// A line of a chart.
#[derive(Debug, PartialEq, Serialize)]
pub struct Line {
    /// Name of the series.
    pub name: String,
    /// `messages` for a depth, the highest of each point; `messages/min` for a rate.
    pub unit: &'static str,
    /// Values; none where nothing was counted.
    pub values: Vec<Option<f64>>,
}

/// How a queue is now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Level {
    /// Messages that wait.
    pub depth: u64,
    /// When the oldest of them was accepted, where the broker can say so without reading all.
    pub oldest: Option<Timestamp>,
}

/// The series.
pub struct Series {
    kept: Mutex<Kept>,
    files: SeriesFiles,
    zone: TimeZone,
}

struct Kept {
    tiers: [Tier; 3],
    /// Samples of the last minute, with the time of each.
    recent: VecDeque<(i64, Values)>,
    counters: Counters,
    levels: BTreeMap<String, Level>,
    /// The minute that is being counted, to be written when it is over.
    minute: Option<Minute>,
}

impl Series {
    /// The series of a data folder, empty until [`Series::recall`].
    pub fn new(config: &Config) -> Self {
        let zone = config.hub.timezone.clone();
        let kept = Kept {
            tiers: [Tier::new(60, 60), Tier::new(300, 288), Tier::new(3_600, 168)],
            recent: VecDeque::new(),
            counters: Counters::default(),
            levels: BTreeMap::new(),
            minute: None,
        };
        let files = SeriesFiles::new(config.hub.data_dir.join(SERIES), zone.clone());
        Self { kept: Mutex::new(kept), files, zone }
    }

    /// Takes samples until told to stop.
    pub async fn run(self: Arc<Self>, control: ControlBus, mut stop: watch::Receiver<bool>) {
        let this = self.clone();
        if let Err(error) = tokio::task::spawn_blocking(move || this.recall()).await {
            warn!(%error, "the charts begin anew");
        }
        loop {
            let sample = Sample::take(&control).await;
            self.add(control.clock().now(), sample);
            tokio::select! {
                _ = stop.wait_for(|&stop| stop) => return,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    /// Reads what was counted before this process began.
    fn recall(&self) {
        let read = self.files.read(|minute| {
            let values = minute.values.into_iter().map(|(name, value)| (Arc::from(name), value));
            self.kept().fill_tiers(minute.at, &values.collect());
        });
        if let Err(error) = read {
            warn!(%error, "the charts begin anew: what was counted before can't be read");
        }
    }

    fn add(&self, now: Timestamp, sample: Sample) {
        let at = now.as_second();
        let mut kept = self.kept();
        let values = kept.counters.values(&sample);
        kept.fill_tiers(at, &values);
        kept.levels = sample.levels;
        let over = kept.count(at, &values);
        kept.recent.push_back((at, values));
        while kept.recent.front().is_some_and(|(known, _)| *known < at - PRESENT) {
            kept.recent.pop_front();
        }
        drop(kept);
        if let Some(minute) = over {
            self.write(now, &minute);
        }
    }

    fn write(&self, now: Timestamp, minute: &Minute) {
        if let Err(error) = self.files.append(minute) {
            warn!(error = %crate::telemetry::causes(&error), "what was counted can't be kept for charts");
        }
        if minute.at % 3_600 == 0 {
            let first = now.to_zoned(self.zone.clone()).date().saturating_sub(DAYS.days());
            if let Err(error) = self.files.prune(first) {
                warn!(%error, "old charts can't be removed");
            }
        }
    }

    /// A chart of these series.
    pub fn chart(&self, names: &[String], span: Span, now: Timestamp) -> Chart {
        let kept = self.kept();
        let [minutes, fives, hours] = &kept.tiers;
        let tier = match span {
            Span::Hour => minutes,
            Span::Day => fives,
            Span::Week => hours,
        };
        let at = now.as_second();
        let line = |name: &String| Line {
            name: name.clone(),
            unit: if is_level(name) { "messages" } else { "messages/min" },
            values: tier.values(name, at),
        };
        Chart { span, step: tier.step(), times: tier.times(at), lines: names.iter().map(line).collect() }
    }

    /// How many a minute, of late; none before there are two samples.
    pub fn rate(&self, name: &str) -> Option<f64> {
        let kept = self.kept();
        let (first, last) = (kept.recent.front()?.0, kept.recent.back()?.0);
        if last <= first {
            return None;
        }
        let counted: f64 = kept.recent.iter().skip(1).filter_map(|(_, values)| values.get(name)).sum();
        #[expect(clippy::cast_precision_loss, reason = "a minute")]
        Some(counted * 60.0 / (last - first) as f64)
    }

    /// How the queues are, by their names: those that there are.
    pub fn levels(&self) -> BTreeMap<String, Level> {
        self.kept().levels.clone()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn fill_tiers(&mut self, at: i64, values: &Values) {
        self.tiers.iter_mut().for_each(|tier| tier.add(at, values));
    }

    /// Counts into the present minute; gives the one before where that is over.
    fn count(&mut self, at: i64, values: &Values) -> Option<Minute> {
        let begin = at - at.rem_euclid(60);
        let over = self.minute.take_if(|minute| minute.at != begin);
        let minute = self.minute.get_or_insert_with(|| Minute { at: begin, values: BTreeMap::new() });
        for (name, value) in values {
            let known = minute.values.entry(name.to_string()).or_default();
            *known = if is_level(name) { known.max(*value) } else { *known + value };
        }
        over
    }
}

#[cfg(test)]
mod tests;
