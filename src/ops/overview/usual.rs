//! What feeds usually give in this hour of the week: from the history of the four weeks before.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::config::Config;
use crate::store::{day_log::day_files, history::HISTORY};

/// Weeks that are looked back.
const WEEKS: i64 = 4;
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);
const HOUR: i64 = 3600;
/// Of an hour that is larger, only the beginning is read; the rate is that of the beginning.
const BYTES_MAX: u64 = 16 << 20;
/// Less of an hour than that says nothing.
const SECONDS_MIN: i64 = 60;

/// Messages of an hour of the week, by feed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Usual(BTreeMap<String, f64>);

impl Usual {
    /// Messages a minute of a feed; nothing while too little is known.
    pub fn per_minute(&self, feed: &str) -> Option<f64> {
        self.0.get(feed).copied()
    }

    /// What is usual is that.
    pub fn new(per_minute: impl IntoIterator<Item = (String, f64)>) -> Self {
        Self(per_minute.into_iter().collect())
    }
}

/// The part of a step that counts.
#[derive(Deserialize)]
struct Line {
    at: Timestamp,
    #[serde(default)]
    feed: Option<String>,
}

/// What feeds usually give in the hour of the week in which `now` lies. Weeks of which the history tells nothing do not
/// count; a feed that gave nothing in a week that counts gave 0. Of an even number of weeks the lower of the two in the
/// middle is taken, so that a feed is rather not missed than missed for nothing.
///
/// # Errors
///
/// The history can't be read.
pub fn usual(config: &Config, now: Timestamp) -> io::Result<Usual> {
    let files = day_files(&config.hub.data_dir.join(HISTORY))?;
    let hour = now.as_second() - now.as_second().rem_euclid(HOUR);
    let mut weeks = Vec::new();
    for week in 1..=WEEKS {
        let from = Timestamp::from_second(hour)
            .unwrap_or(now)
            .saturating_sub(WEEK * i32::try_from(week).unwrap_or(1));
        let Ok(from) = from else { continue };
        let day = from.to_zoned(config.hub.timezone.clone()).date().to_string();
        let of_day = |path: &&std::path::PathBuf| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&day))
        };
        let mut counts = BTreeMap::new();
        for path in files.iter().filter(of_day) {
            count(path, from, &mut counts)?;
        }
        if !counts.is_empty() {
            weeks.push(counts);
        }
    }
    let feeds: Vec<_> = config.feeds.iter().map(|feed| feed.settings.name.as_str()).collect();
    Ok(Usual(feeds.into_iter().filter_map(|feed| Some((feed.to_owned(), middle(&weeks, feed)?))).collect()))
}

fn middle(weeks: &[BTreeMap<String, f64>], feed: &str) -> Option<f64> {
    let mut rates: Vec<_> = weeks.iter().map(|week| week.get(feed).copied().unwrap_or(0.0)).collect();
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len().checked_sub(1)? / 2).copied()
}

/// Adds what feeds gave a minute in the hour from then on, as one file tells.
fn count(path: &Path, from: Timestamp, rates: &mut BTreeMap<String, f64>) -> io::Result<()> {
    let mut file = File::open(path)?;
    let start = beginning(&mut file, from)?;
    file.seek(SeekFrom::Start(start))?;
    let (mut counts, mut read, mut covered) = (BTreeMap::<String, u32>::new(), 0, HOUR);
    for line in BufReader::new(file).split(b'\n') {
        let line = line?;
        read += line.len() as u64;
        // A line that a power cut tore says nothing.
        let Ok(step) = serde_json::from_slice::<Line>(&line) else { continue };
        let seconds = step.at.duration_since(from).as_secs();
        if seconds >= HOUR {
            break;
        }
        if read > BYTES_MAX {
            covered = seconds;
            break;
        }
        if let Some(feed) = step.feed.filter(|_| seconds >= 0) {
            *counts.entry(feed).or_default() += 1;
        }
    }
    if let Some(seconds) = u32::try_from(covered).ok().filter(|_| covered >= SECONDS_MIN) {
        for (feed, count) in counts {
            *rates.entry(feed).or_default() += f64::from(count) * 60.0 / f64::from(seconds);
        }
    }
    Ok(())
}

/// Where the lines from a moment on begin, or a little before: lines are in the order of time but for moments.
fn beginning(file: &mut File, from: Timestamp) -> io::Result<u64> {
    let (mut low, mut high) = (0, file.metadata()?.len());
    while high - low > 1 << 16 {
        let middle = low + (high - low) / 2;
        match first_from(file, middle)? {
            Some((at, start)) if at < from && start < high => low = start,
            _ => high = middle,
        }
    }
    Ok(low)
}

/// The first whole line that begins after that byte: its moment and where it begins.
fn first_from(file: &mut File, byte: u64) -> io::Result<Option<(Timestamp, u64)>> {
    file.seek(SeekFrom::Start(byte))?;
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    let mut start = byte + reader.read_until(b'\n', &mut line)? as u64;
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(None);
        }
        if let Ok(step) = serde_json::from_slice::<Line>(&line) {
            return Ok(Some((step.at, start)));
        }
        start += read as u64;
    }
}
