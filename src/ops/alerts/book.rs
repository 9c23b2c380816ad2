//! The book of alerts: what is open, since when, who was told. It opens and closes them in pairs, and outlives the process.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::alarm::Alarm;

/// An alarm is over where it was not seen for so long: what comes and goes is one alert.
const CALM: SignedDuration = SignedDuration::from_mins(2);
/// So long it is tried to tell somebody that an alert has closed.
const TRIED: SignedDuration = SignedDuration::from_hours(24);

/// An alarm that holds now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) alarm: Alarm,
    /// Feed, subscriber, queue, process or file; empty where it is about the hub.
    pub(super) subject: String,
    /// 10-digit code of the facility that it is about, where it is about one.
    pub(super) facility: Option<String>,
    /// Figures and moments by their names; nothing of a message.
    pub(super) details: BTreeMap<String, String>,
}

/// An alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// The same from its opening to its close.
    pub id: String,
    /// What.
    pub alarm: Alarm,
    /// Feed, subscriber, queue, process or file; empty where it is about the hub.
    pub subject: String,
    /// 10-digit code of the facility that it is about, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facility: Option<String>,
    /// When it was opened.
    pub since: Timestamp,
    /// When it was closed; nothing while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// When it was seen last.
    pub seen: Timestamp,
    /// Figures and moments, as they were when it was seen last.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, String>,
    /// Who has taken note of it: reminders end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Acknowledged>,
    /// Who was told, by the name of the receiver.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub told: BTreeMap<String, Told>,
}

/// Who has taken note of an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledged {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: String,
    /// What he writes.
    pub note: String,
}

/// What a receiver was told of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// When it was told last that it is open.
    pub opened: Timestamp,
    /// When it was told that it is closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<Timestamp>,
}

/// What happened to an alert, as its log has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// It was opened.
    Opened,
    /// It is still open.
    Reminded,
    /// Somebody took note of it.
    Acknowledged,
    /// It is over.
    Closed,
    /// Nothing happened: somebody tries whether he is told.
    Test,
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
    /// To which alert, as it was then.
    #[serde(flatten)]
    pub alert: Alert,
}

/// All alerts that are open, and those whose close somebody has yet to be told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Book {
    pub(super) alerts: Vec<Alert>,
}

impl Book {
    /// Reads it; an empty one where there is none yet.
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        match fs::read(path) {
            Ok(text) => serde_json::from_slice(&text).map_err(io::Error::from),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// Writes it whole and durably.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        write_whole(path, &serde_json::to_vec_pretty(self)?)
    }

    /// Takes in what holds now. Returns what was opened and closed by it, for the log.
    pub(super) fn update(&mut self, found: Vec<Found>, now: Timestamp) -> Vec<Entry> {
        let mut entries = Vec::new();
        for Found { alarm, subject, facility, details } in found {
            let is_it = |alert: &&mut Alert| {
                alert.until.is_none() && alert.alarm == alarm && alert.subject == subject
            };
            if let Some(alert) = self.alerts.iter_mut().find(is_it) {
                (alert.seen, alert.details) = (now, details);
                continue;
            }
            let alert = Alert {
                id: id(alarm, &subject, now),
                alarm,
                subject,
                facility,
                since: now,
                until: None,
                seen: now,
                details,
                acknowledged: None,
                told: BTreeMap::new(),
            };
            entries.push(Entry { at: now, event: Event::Opened, alert: alert.clone() });
            self.alerts.push(alert);
        }
        for alert in self.alerts.iter_mut().filter(|alert| alert.until.is_none()) {
            if now.duration_since(alert.seen) >= CALM {
                alert.until = Some(now);
                entries.push(Entry { at: now, event: Event::Closed, alert: alert.clone() });
            }
        }
        self.forget(now);
        entries
    }

    /// Somebody took note of an alert that is open.
    pub(super) fn acknowledge(&mut self, id: &str, by: Acknowledged) -> Option<Entry> {
        let alert = self.alerts.iter_mut().find(|alert| alert.id == id && alert.until.is_none())?;
        let at = by.at;
        alert.acknowledged = Some(by);
        Some(Entry { at, event: Event::Acknowledged, alert: alert.clone() })
    }

    /// Forgets what is closed and told to all that were told of it, or was tried for long enough.
    fn forget(&mut self, now: Timestamp) {
        self.alerts.retain(|alert| {
            let Some(until) = alert.until else { return true };
            let is_told = alert.told.values().all(|told| told.closed.is_some());
            !is_told && now.duration_since(until) < TRIED
        });
    }

    /// Alerts that are open.
    pub(super) fn open(&self) -> impl Iterator<Item = &Alert> {
        self.alerts.iter().filter(|alert| alert.until.is_none())
    }
}

fn id(alarm: Alarm, subject: &str, since: Timestamp) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(alarm.code().as_bytes()).update(&[0]).update(subject.as_bytes());
    hasher.update(&since.as_nanosecond().to_be_bytes());
    hasher.finalize().to_hex().chars().take(12).collect()
}

/// Writes a file so that it is there whole or as it was before, whatever happens.
pub(super) fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().map(PathBuf::from).unwrap_or_default();
    fs::create_dir_all(&folder)?;
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(subject: &str) -> Found {
        Found {
            alarm: Alarm::FeedSilent,
            subject: subject.to_owned(),
            facility: None,
            details: BTreeMap::new(),
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + second).unwrap()
    }

    fn events(entries: &[Entry]) -> Vec<(Event, &str)> {
        entries.iter().map(|entry| (entry.event, entry.alert.subject.as_str())).collect()
    }

    #[test]
    fn an_alert_is_opened_once_and_closed_once_whatever_flickers_between() {
        let mut book = Book::default();
        assert_eq!(events(&book.update(vec![found("oki")], at(0))), [(Event::Opened, "oki")]);
        let id = book.alerts[0].id.clone();
        for second in [15, 60, 170, 280] {
            assert_eq!(book.update(vec![found("oki")], at(second)), []);
            assert_eq!(book.update(Vec::new(), at(second + 1)), []);
        }
        let closed = book.update(Vec::new(), at(400));
        assert_eq!(events(&closed), [(Event::Closed, "oki")]);
        assert_eq!((&closed[0].alert.id, closed[0].alert.since), (&id, at(0)));
        // Nobody was told: it is forgotten, and what comes later is another one.
        assert_eq!(book.alerts, []);
        assert_eq!(events(&book.update(vec![found("oki")], at(401))), [(Event::Opened, "oki")]);
        assert_ne!(book.alerts[0].id, id);
    }

    #[test]
    fn it_goes_on_after_a_restart_and_waits_until_the_close_was_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alerts/open.json");
        assert_eq!(Book::read(&path).unwrap(), Book::default());
        let mut book = Book::default();
        book.update(vec![found("oki")], at(0));
        book.alerts[0].told.insert("desk".to_owned(), Told { opened: at(1), closed: None });
        book.write(&path).unwrap();
        let mut again = Book::read(&path).unwrap();
        assert_eq!(again, book);
        let id = again.alerts[0].id.clone();
        let by = Acknowledged { at: at(3), who: "sato".to_owned(), note: "closed today".to_owned() };
        assert!(again.acknowledge("another", by.clone()).is_none());
        assert_eq!(again.acknowledge(&id, by).unwrap().event, Event::Acknowledged);
        assert_eq!(events(&again.update(Vec::new(), at(300))), [(Event::Closed, "oki")]);
        assert_eq!((again.open().count(), again.alerts.len()), (0, 1));
        again.alerts[0].told.get_mut("desk").unwrap().closed = Some(at(301));
        again.update(Vec::new(), at(302));
        assert_eq!(again.alerts, []);
    }
}
