//! Counts and depths of the last days, a line of JSON a minute, so that charts outlive a restart. Nothing rests on them: what
//! is lost or torn leaves a gap in a chart.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, ErrorKind};
use std::path::PathBuf;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::day_log::{DayLog, DayLogError};

/// Folder of the series in the data folder.
pub const SERIES: &str = "series";

/// What was counted in one minute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Minute {
    /// When it began, in seconds since 1970.
    pub at: i64,
    /// What is not 0, by name.
    pub values: BTreeMap<String, f64>,
}

/// The files.
#[derive(Debug)]
pub struct SeriesFiles {
    dir: PathBuf,
    log: DayLog,
}

impl SeriesFiles {
    /// The files `<day>.ndjson` of a folder, which is made with the first line.
    pub fn new(dir: PathBuf, zone: TimeZone) -> Self {
        Self { log: DayLog::new(dir.clone(), None, zone), dir }
    }

    /// Appends a minute.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn append(&self, minute: &Minute) -> Result<(), DayLogError> {
        let at = Timestamp::from_second(minute.at).unwrap_or(Timestamp::UNIX_EPOCH);
        self.log.append(at, std::slice::from_ref(minute))
    }

    /// Hands every minute to `each`, oldest first. Lines that are torn are passed over.
    ///
    /// # Errors
    /// If a file can't be read.
    pub fn read(&self, mut each: impl FnMut(Minute)) -> io::Result<()> {
        for (_, path) in self.days()? {
            for line in BufReader::new(File::open(path)?).split(b'\n') {
                if let Ok(minute) = serde_json::from_slice(&line?) {
                    each(minute);
                }
            }
        }
        Ok(())
    }

    /// Removes the files of the days before.
    ///
    /// # Errors
    /// If the folder can't be read or a file not be removed.
    pub fn prune(&self, before: Date) -> io::Result<()> {
        for (day, path) in self.days()? {
            if day < before {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    fn days(&self) -> io::Result<BTreeMap<Date, PathBuf>> {
        let entries = match fs::read_dir(&self.dir) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
            entries => entries?,
        };
        let mut days = BTreeMap::new();
        for entry in entries {
            let path = entry?.path();
            let day = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
            if let Some(day) = day {
                days.insert(day, path);
            }
        }
        Ok(days)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_come_back_in_order_without_torn_lines_and_old_days_go() {
        let folder = tempfile::tempdir().unwrap();
        let files = SeriesFiles::new(folder.path().join("series"), TimeZone::UTC);
        let minute = |at| Minute { at, values: BTreeMap::from([("a".to_owned(), 2.5)]) };
        files.read(|_| panic!("there is nothing yet")).unwrap();
        for at in [86_340, 86_400] {
            files.append(&minute(at)).unwrap();
        }
        fs::write(folder.path().join("series/1970-01-03.ndjson"), "{\"at\": 172800, \"val").unwrap();
        let mut seen = Vec::new();
        files.read(|minute| seen.push(minute)).unwrap();
        assert_eq!(seen, [minute(86_340), minute(86_400)]);
        files.prune("1970-01-02".parse().unwrap()).unwrap();
        seen.clear();
        files.read(|minute| seen.push(minute)).unwrap();
        assert_eq!(seen, [minute(86_400)]);
    }
}
