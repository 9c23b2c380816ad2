//! What the history tells of the messages that were accepted on some days.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{SheetError, Wanted};
use crate::config::Config;
use crate::store::day_log::day_files;
use crate::store::history::{Act, CopyFate, Decision, HISTORY, Step, What};

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Filtered,
    Invalid,
    Routed,
}

/// What became of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Nothing is told.
    None,
    Delivered,
    Parked,
    Dead,
    Withdrawn,
    Discarded,
}

/// A message of one of the days.
pub(super) struct Message {
    pub(super) facility: Box<str>,
    pub(super) day: Date,
    pub(super) state: State,
    /// When it was decided last.
    pub(super) at: Timestamp,
    /// By subscriber: what became of it last, and when.
    pub(super) copies: BTreeMap<Box<str>, (Fate, Timestamp)>,
}

/// A step of a copy whose decision was not met: it may stand in another file.
pub(super) struct Loose {
    pub(super) at: Timestamp,
    pub(super) id: String,
    pub(super) subscriber: Box<str>,
    fate: Fate,
}

/// What was read.
#[derive(Default)]
pub(super) struct Flow {
    pub(super) messages: HashMap<String, Message>,
    /// Hashes of all contents that were decided on.
    pub(super) hashes: HashSet<String>,
    /// Ends of copies that were not decided in what was read.
    pub(super) loose: Vec<Loose>,
    /// Lines that can't be read, by the day of their file.
    pub(super) torn: BTreeMap<Date, u64>,
    /// Ids of messages of other days.
    others: HashSet<String>,
}

impl Flow {
    /// Reads the day files from the first day on.
    pub(super) fn read(config: &Config, wanted: &Wanted) -> Result<Self, SheetError> {
        let mut flow = Self::default();
        let zone = &config.hub.timezone;
        for (day, path) in files(config)?.into_iter().filter(|(day, _)| *day >= wanted.from) {
            let torn = each(&path, |step| flow.take(step, wanted, zone))?;
            if torn > 0 {
                *flow.torn.entry(day).or_default() += torn;
            }
        }
        flow.join();
        Ok(flow)
    }

    fn take(&mut self, step: Step, wanted: &Wanted, zone: &TimeZone) {
        let Step { at, id, what } = step;
        match what {
            What::Decided(decision) | What::Filtered(decision) => {
                self.decided(at, id, &decision, wanted, zone)
            }
            What::Delivered(fate) => self.ended(at, id, fate, Fate::Delivered),
            What::Parked(fate) => self.ended(at, id, fate, Fate::Parked),
            What::Dead(fate) => self.ended(at, id, fate, Fate::Dead),
            What::Withdrawn(fate) => self.ended(at, id, fate, Fate::Withdrawn),
            What::Discarded(act) => self.acted(at, id, act, Fate::Discarded),
            What::Retried(act) | What::Replayed(act) => self.acted(at, id, act, Fate::None),
            What::Edited(_) => {}
        }
    }

    fn decided(&mut self, at: Timestamp, id: String, decision: &Decision, wanted: &Wanted, zone: &TimeZone) {
        if !self.hashes.contains(&decision.hash) {
            self.hashes.insert(decision.hash.clone());
        }
        let accepted: Option<Timestamp> = decision.accepted_at.parse().ok();
        let day = accepted.map(|accepted| accepted.to_zoned(zone.clone()).date());
        let is_wanted = |code: &str| wanted.facility.as_deref().is_none_or(|facility| facility == code);
        let day = day.filter(|day| (wanted.from..=wanted.until).contains(day));
        let Some(day) = day.filter(|_| is_wanted(&decision.facility)) else {
            self.others.insert(id);
            return;
        };
        let state = match (&decision.fault, decision.recipients.is_empty()) {
            (Some(_), _) => State::Invalid,
            (None, true) => State::Filtered,
            (None, false) => State::Routed,
        };
        let subscribers = decision.recipients.iter().map(|granted| granted.subscriber.as_str());
        let message = self.messages.entry(id).or_insert_with(|| Message {
            facility: decision.facility.as_str().into(),
            day,
            state,
            at,
            copies: BTreeMap::new(),
        });
        // A message that a crash left half-way, or that was sent again, is decided again.
        if message.at <= at {
            (message.state, message.at) = (state, at);
        }
        for subscriber in subscribers {
            message.copies.entry(subscriber.into()).or_insert((Fate::None, Timestamp::MIN));
        }
    }

    fn ended(&mut self, at: Timestamp, id: String, copy: CopyFate, fate: Fate) {
        self.end(Loose { at, id, subscriber: copy.subscriber.into(), fate });
    }

    fn acted(&mut self, at: Timestamp, id: String, act: Act, fate: Fate) {
        // An invalid message stays one, whatever is done with it.
        if let Some(subscriber) = act.subscriber {
            self.end(Loose { at, id, subscriber: subscriber.into(), fate });
        }
    }

    fn end(&mut self, loose: Loose) {
        let Some(message) = self.messages.get_mut(&loose.id) else {
            self.loose.push(loose);
            return;
        };
        // A copy that was made again for somebody else stands in the history by what was done.
        let copy = message.copies.entry(loose.subscriber).or_insert((Fate::None, Timestamp::MIN));
        if copy.1 <= loose.at {
            *copy = (loose.fate, loose.at);
        }
    }

    /// Files of several processes tell ends before decisions.
    fn join(&mut self) {
        for loose in std::mem::take(&mut self.loose) {
            if !self.others.contains(&loose.id) {
                self.end(loose);
            }
        }
    }
}

/// Day files with their days, the oldest first.
pub(super) fn files(config: &Config) -> Result<Vec<(Date, PathBuf)>, SheetError> {
    let dir = config.hub.data_dir.join(HISTORY);
    let files = day_files(&dir).map_err(|source| SheetError::History { path: dir, source })?;
    let day = |path: &Path| -> Option<Date> { path.file_name()?.to_str()?.get(..10)?.parse().ok() };
    Ok(files.into_iter().filter_map(|path| Some((day(&path)?, path))).collect())
}

/// Hands every step of a file to `take`; says how many whole lines are none.
pub(super) fn each(path: &Path, mut take: impl FnMut(Step)) -> Result<u64, SheetError> {
    let failed = |source| SheetError::History { path: path.to_owned(), source };
    let mut reader = BufReader::with_capacity(1 << 16, File::open(path).map_err(failed)?);
    let (mut line, mut torn) = (Vec::new(), 0);
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line).map_err(failed)? == 0 {
            return Ok(torn);
        }
        // The last one may be being written.
        let is_whole = line.last() == Some(&b'\n');
        match serde_json::from_slice(&line) {
            Ok(step) => take(step),
            Err(_) if is_whole && !line.trim_ascii().is_empty() => torn += 1,
            Err(_) => {}
        }
    }
}
