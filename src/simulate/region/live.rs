//! A region that goes on: its facilities write as their hours come, faster than in life if asked for.
//!
//! What is written follows from the seed alone, when it is written from the speed. A file `simulation.position` tells how far it
//! is, so that the next run goes on there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};

use super::sink::{Numbered, Sinks};
use super::{Days, RegionError, RegionSettings, SIMULATION};
use crate::clock::Clock;
use crate::simulate::archive::Put;

const POSITION: &str = "simulation.position";
/// When the first day begins: at night little is to be seen.
const MORNING: i8 = 8;
/// How long a stop may go unnoticed.
const NAP: Duration = Duration::from_millis(20);
/// How often the position is noted.
const NOTE: SignedDuration = SignedDuration::from_secs(1);

/// How to go on.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveSettings {
    /// The region's folder.
    pub root: PathBuf,
    /// Seconds of the region in a second.
    pub speed: f64,
    /// Days after which it ends; without end where there is none.
    pub days: Option<u16>,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LiveProgress {
    /// The region's time.
    pub now: DateTime,
    /// Messages of this run.
    pub messages: u64,
    /// Of them, how many wait because nobody listens.
    pub waiting: usize,
    /// Messages a second of this run.
    pub rate: f64,
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct LiveSummary {
    /// Messages, documents and archives.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Seconds that it took.
    pub seconds: f64,
    /// Where the region's time stands.
    pub now: DateTime,
}

/// Days that are done, since the region's first, and messages of the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Position {
    days: u16,
    messages: usize,
}

/// Goes on until `stop` or the end.
///
/// # Errors
/// When there is no region, or something can't be written.
pub fn live(
    live: &LiveSettings,
    clock: &dyn Clock,
    stop: &dyn Fn() -> bool,
    mut progress: impl FnMut(LiveProgress),
) -> Result<LiveSummary, RegionError> {
    let settings = read(&live.root)?;
    let start = position(&live.root, settings.days)?;
    let mut days = Days::new(&settings)?;
    let mut sinks = Sinks::new(&live.root, &days.world, &settings, Put::Renamed)?;
    for _ in 0..start.days {
        for (site, leaving) in days.next_day().into_iter().enumerate() {
            sinks.skip(site, leaving.len());
        }
    }
    let mut run = Run {
        live,
        clock,
        stop,
        began: clock.now(),
        noted: clock.now(),
        origin: None,
        now: days.date.at(MORNING, 0, 0, 0),
    };
    let mut at = start;
    while !stop() && live.days.is_none_or(|days| at.days < start.days.saturating_add(days)) {
        let day = merged(&mut days, &mut sinks);
        let skipped = at.messages;
        for numbered in day.into_iter().skip(skipped) {
            if !run.wait(numbered.due, &mut sinks) {
                break;
            }
            sinks.write(&days.world, numbered)?;
            at.messages += 1;
            run.note(at)?;
            progress(run.progress(&sinks));
        }
        if stop() {
            break;
        }
        at = Position { days: at.days.saturating_add(1), messages: 0 };
    }
    sinks.finish()?;
    note(&live.root, at)?;
    let seconds = run.seconds();
    Ok(LiveSummary { messages: sinks.summary.messages, bytes: sinks.summary.bytes, seconds, now: run.now })
}

/// What leaves all facilities on the next day, in order.
fn merged(days: &mut Days, sinks: &mut Sinks) -> Vec<Numbered> {
    let leaving = days.next_day().into_iter().enumerate();
    let mut day: Vec<Numbered> = leaving.flat_map(|(site, leaving)| sinks.arrange(site, leaving)).collect();
    // What is out of order within a facility waits for what should have come later.
    let mut latest = vec![DateTime::MIN; days.world.sites.len()];
    for numbered in &mut day {
        if let Some(latest) = latest.get_mut(numbered.site) {
            *latest = numbered.outgoing.at.max(*latest);
            numbered.due = *latest;
        }
    }
    day.sort_by_key(|numbered| (numbered.due, numbered.site));
    day
}

/// A run of it.
struct Run<'r> {
    live: &'r LiveSettings,
    clock: &'r dyn Clock,
    stop: &'r dyn Fn() -> bool,
    began: Timestamp,
    noted: Timestamp,
    /// Which moment of the region was when.
    origin: Option<(DateTime, Timestamp)>,
    now: DateTime,
}

impl Run<'_> {
    /// Waits until the region's time has come to `due`. False if it is to stop.
    fn wait(&mut self, due: DateTime, sinks: &mut Sinks) -> bool {
        let (origin, began) = *self.origin.get_or_insert((self.now.min(due), self.clock.now()));
        let passed = origin.duration_until(due).as_secs_f64() / self.live.speed;
        let passed = SignedDuration::try_from_secs_f64(passed).unwrap_or(SignedDuration::MAX);
        let when = began.saturating_add(passed).unwrap_or(Timestamp::MAX);
        while !(self.stop)() {
            let left = self.clock.now().duration_until(when);
            if left <= SignedDuration::ZERO {
                self.now = self.now.max(due);
                return true;
            }
            sinks.attend();
            std::thread::sleep(left.try_into().unwrap_or(NAP).min(NAP));
        }
        false
    }

    fn note(&mut self, at: Position) -> Result<(), RegionError> {
        let now = self.clock.now();
        if self.noted.duration_until(now) >= NOTE {
            self.noted = now;
            note(&self.live.root, at)?;
        }
        Ok(())
    }

    fn seconds(&self) -> f64 {
        self.began.duration_until(self.clock.now()).as_secs_f64()
    }

    fn progress(&self, sinks: &Sinks) -> LiveProgress {
        let messages = sinks.summary.messages;
        let rate = messages as f64 / self.seconds().max(0.001);
        LiveProgress { now: self.now, messages, waiting: sinks.waiting(), rate }
    }
}

fn read(root: &Path) -> Result<RegionSettings, RegionError> {
    let refuse = |reason: String| RegionError::NoRegion { folder: root.to_owned(), reason };
    let text = fs::read_to_string(root.join(SIMULATION)).map_err(|error| refuse(error.to_string()))?;
    toml::from_str(&text).map_err(|error| refuse(error.message().to_owned()))
}

/// Where the last run ended: at first, after the region's days.
fn position(root: &Path, days: u16) -> Result<Position, RegionError> {
    let path = root.join(POSITION);
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Position { days, messages: 0 }),
        read => read.map_err(RegionError::write(path.display()))?,
    };
    let read = || {
        let (days, messages) = text.trim().split_once(' ')?;
        Some(Position { days: days.parse().ok()?, messages: messages.parse().ok()? })
    };
    read().ok_or_else(|| {
        RegionError::Settings(format!(
            "{} holds no position: delete it to begin after the first days",
            path.display()
        ))
    })
}

fn note(root: &Path, at: Position) -> Result<(), RegionError> {
    let path = root.join(POSITION);
    let text = format!("{} {}\n", at.days, at.messages);
    Put::Renamed.write(&path, text.as_bytes()).map_err(RegionError::write(path.display()))
}
