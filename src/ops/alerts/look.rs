//! One look at the hub: from what the processes tell of themselves to the alarms that hold now.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::alarm::Alarm;
use super::book::Found;
use super::rhythms::Rhythms;
use crate::broker::topology;
use crate::config::Config;
use crate::ops::status::{Process, State};
use crate::pipeline::{Reach, ReloadOutcome, Signs};

/// Over how long invalid messages are counted.
const SURGE: SignedDuration = SignedDuration::from_mins(15);
/// How long it is told that something happened that is over at once.
const AFTERWARDS: SignedDuration = SignedDuration::from_mins(60);
/// So long before its end a certificate should be renewed.
const SOON: SignedDuration = SignedDuration::from_hours(24 * 30);
/// A clock that was moved by more than that.
const JUMP: SignedDuration = SignedDuration::from_secs(30);

/// What is looked at.
pub(super) struct Sight<'s> {
    pub(super) config: &'s Config,
    /// Processes on the data folder.
    pub(super) processes: &'s [Process],
    /// Dead letters by subscriber.
    pub(super) dead: &'s BTreeMap<String, u64>,
    /// Certificates and when they end.
    pub(super) certificates: &'s [(String, Timestamp)],
    pub(super) now: Timestamp,
    /// By how much the clock was set since the look before.
    pub(super) jumped: SignedDuration,
}

/// What looks remember from one to the next.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) rhythms: Rhythms,
    /// Counters as they were, by process and name.
    counters: BTreeMap<(String, String), u64>,
    /// Invalid messages of a feed, look by look.
    invalid: BTreeMap<String, VecDeque<(Timestamp, u64)>>,
    archive_lacked: Option<Timestamp>,
    clock_jumped: Option<Timestamp>,
}

impl Memory {
    /// Nothing is remembered but the rhythms.
    pub(super) fn with(rhythms: Rhythms) -> Self {
        Self { rhythms, ..Self::default() }
    }

    /// By how much a counter of a process has grown since the look before; 0 at the first.
    fn grown(&mut self, process: &Process, name: &str, to: u64) -> u64 {
        let key = (format!("{} {}", process.status.pid, process.status.since), name.to_owned());
        let before = self.counters.insert(key, to);
        before.map_or(0, |before| to.saturating_sub(before))
    }

    /// Forgets the counters of processes that are gone.
    fn tidy(&mut self, processes: &[Process]) {
        let known: Vec<_> =
            processes.iter().map(|one| format!("{} {}", one.status.pid, one.status.since)).collect();
        self.counters.retain(|(process, _), _| known.contains(process));
    }
}

impl Sight<'_> {
    /// The alarms that hold now.
    pub(super) fn found(&self, memory: &mut Memory) -> Vec<Found> {
        let mut found = Vec::new();
        memory.tidy(self.processes);
        for process in self.processes {
            self.process(process, &mut found);
        }
        for process in self.there() {
            self.feeds(process, memory, &mut found);
            self.subscribers(process, &mut found);
            self.queues(process, &mut found);
            self.machine(process, memory, &mut found);
        }
        self.silent(memory, &mut found);
        self.surges(memory, &mut found);
        for (subscriber, count) in self.dead.iter().filter(|(_, count)| **count > 0) {
            found.push(about(Alarm::DeadLetters, subscriber, [("messages", count.to_string())]));
        }
        self.lasting(memory, &mut found);
        found
    }

    /// Processes that told of themselves lately.
    fn there(&self) -> impl Iterator<Item = &Process> {
        self.processes.iter().filter(|process| process.state == State::Running)
    }

    fn process(&self, process: &Process, found: &mut Vec<Found>) {
        let status = &process.status;
        if process.state != State::Running {
            found.push(about(Alarm::ProcessGone, &process.title(), [("last", status.written_at.clone())]));
            return;
        }
        if let Some(answer) = status.configuration.answers.last()
            && matches!(answer.outcome, ReloadOutcome::Refused { .. })
        {
            found.push(about(Alarm::ConfigurationRefused, &process.title(), [("at", answer.at.clone())]));
        }
        let alarm = match status.broker.link {
            Reach::Away if self.lasts(&status.broker.since) => Alarm::BrokerAway,
            Reach::Blocked => Alarm::BrokerBlocked,
            _ => return,
        };
        found.push(about(alarm, &process.title(), [("since", status.broker.since.clone())]));
    }

    fn feeds(&self, process: &Process, memory: &mut Memory, found: &mut Vec<Found>) {
        for feed in &process.status.feeds {
            let name = &feed.feed;
            if feed.failing.is_some() {
                found.push(self.of_feed(Alarm::FeedFailing, name, []));
            }
            let count = memory.grown(process, &format!("accepted {name}"), feed.accepted);
            let last = feed.flow.last_at.as_deref().and_then(|last| last.parse().ok());
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            memory.rhythms.note(name, count, last, self.now, &self.config.hub.timezone);
        }
        for (feed, codes) in &process.status.signs.invalid {
            let grown = memory.grown(process, &format!("invalid {feed}"), codes.values().sum());
            if grown > 0 {
                memory.invalid.entry(feed.clone()).or_default().push_back((self.now, grown));
            }
        }
    }

    fn silent(&self, memory: &Memory, found: &mut Vec<Found>) {
        let zone = &self.config.hub.timezone;
        let longest =
            SignedDuration::try_from(self.config.hub.alerts.silence_max).unwrap_or(SignedDuration::MAX);
        let is_failing =
            |name: &str| found.iter().any(|one| one.alarm == Alarm::FeedFailing && one.subject == name);
        let picked: Vec<&String> =
            self.there().flat_map(|process| process.status.feeds.iter().map(|feed| &feed.feed)).collect();
        let mut silent = Vec::new();
        for name in picked.into_iter().filter(|name| !is_failing(name)) {
            let Some(silence) = memory.rhythms.silence(name, self.now, longest, zone) else { continue };
            if !silence.is_told {
                continue;
            }
            let mut details = vec![("expected", format!("{:.0}", silence.expected))];
            details.extend(memory.rhythms.last(name).map(|last| ("last", last.to_string())));
            silent.push(self.of_feed(Alarm::FeedSilent, name, details));
        }
        found.extend(silent);
    }

    fn surges(&self, memory: &mut Memory, found: &mut Vec<Found>) {
        for (feed, counts) in &mut memory.invalid {
            while counts.front().is_some_and(|(at, _)| self.now.duration_since(*at) > SURGE) {
                counts.pop_front();
            }
            let sum: u64 = counts.iter().map(|(_, count)| count).sum();
            if sum > self.config.hub.alerts.invalid_max {
                found.push(self.of_feed(Alarm::InvalidSurge, feed, [("messages", sum.to_string())]));
            }
        }
    }

    fn subscribers(&self, process: &Process, found: &mut Vec<Found>) {
        let status = &process.status;
        for one in &status.subscribers {
            let name = &one.subscriber;
            match &one.away {
                _ if one.gone => found.push(about(Alarm::SubscriberGone, name, [])),
                // Nobody tries to reach one that an operator lets wait.
                Some(away) if !one.is_held() && self.lasts(&away.since) => {
                    found.push(about(Alarm::SubscriberAway, name, [("since", away.since.clone())]));
                }
                Some(_) | None => {}
            }
            if one.refused_patients() > 0 && !one.is_held() {
                let [patients, copies] = [one.refused_patients(), one.parked].map(|count| count.to_string());
                found.push(about(
                    Alarm::PatientsParked,
                    name,
                    [("patients", patients), ("messages", copies)],
                ));
            }
        }
    }

    fn queues(&self, process: &Process, found: &mut Vec<Found>) {
        let most =
            SignedDuration::try_from(self.config.hub.alerts.backlog_age).unwrap_or(SignedDuration::MAX);
        let ingest = topology::ingest().to_string();
        let mine = self.config.subscribers.iter().map(|one| topology::subscriber(&one.name).to_string());
        let mine: Vec<_> = mine.chain([ingest]).collect();
        let waiting = process.status.queues.iter().chain(&process.status.in_hand);
        for queue in waiting.filter(|queue| mine.contains(&queue.queue)) {
            if let Some(oldest) =
                queue.oldest.as_ref().filter(|at| self.age(at).is_some_and(|age| age > most))
            {
                found.push(about(Alarm::Backlog, &queue.queue, [("oldest", oldest.clone())]));
            }
        }
        for outbox in process.status.outboxes.iter().filter(|one| one.bytes >= one.bytes_max / 10 * 9) {
            found.push(about(
                Alarm::OutboxFull,
                &outbox.feeds.join(" "),
                [("messages", outbox.messages.to_string())],
            ));
        }
    }

    fn machine(&self, process: &Process, memory: &mut Memory, found: &mut Vec<Found>) {
        let Signs { archive_missing, .. } = &process.status.signs;
        if let Some(disk) =
            process.status.disk.filter(|disk| disk.free < self.config.hub.alerts.disk_free_min)
        {
            let [free, size] = [disk.free, disk.total].map(|bytes| format!("{} MB", bytes / 1_000_000));
            found.push(about(Alarm::DiskLow, &process.status.host, [("free", free), ("size", size)]));
        }
        if memory.grown(process, "archive", *archive_missing) > 0 {
            memory.archive_lacked = Some(self.now);
        }
    }

    /// What is told for a while after it happened, and what is told long before.
    fn lasting(&self, memory: &mut Memory, found: &mut Vec<Found>) {
        if self.jumped.abs() > JUMP {
            memory.clock_jumped = Some(self.now);
        }
        let recent =
            |at: Option<Timestamp>| at.is_some_and(|at| self.now.duration_since(at).abs() < AFTERWARDS);
        if recent(memory.clock_jumped) {
            found.push(about(Alarm::ClockOff, "", []));
        }
        if recent(memory.archive_lacked) {
            found.push(about(Alarm::ArchiveIncomplete, "", []));
        }
        for (file, ends) in self.certificates.iter().filter(|(_, ends)| ends.duration_since(self.now) < SOON)
        {
            found.push(about(Alarm::CertificateExpiring, file, [("until", ends.to_string())]));
        }
    }

    fn of_feed(
        &self,
        alarm: Alarm,
        feed: &str,
        details: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Found {
        let known = self.config.feeds.iter().find(|known| known.settings.name == feed);
        Found { facility: known.map(|known| known.settings.facility.clone()), ..about(alarm, feed, details) }
    }

    /// Whether something that began then has lasted longer than a subscriber or the broker may be away.
    fn lasts(&self, since: &str) -> bool {
        let away = SignedDuration::try_from(self.config.hub.alerts.away).unwrap_or(SignedDuration::MAX);
        self.age(since).is_some_and(|age| age > away)
    }

    fn age(&self, since: &str) -> Option<SignedDuration> {
        Some(self.now.duration_since(since.parse().ok()?))
    }
}

fn about(alarm: Alarm, subject: &str, details: impl IntoIterator<Item = (&'static str, String)>) -> Found {
    let details = details.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Found { alarm, subject: subject.to_owned(), facility: None, details }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::{Value, json};

    use super::*;

    /// What is found of a subscriber that is away for an hour and has parked patients.
    fn found(more: &Value) -> Vec<Alarm> {
        found_with(more, &json!({}))
    }

    fn found_with(more: &Value, of_process: &Value) -> Vec<Alarm> {
        let (config, faults) = Config::load(Path::new(env!("CARGO_MANIFEST_DIR")));
        let config = config.unwrap_or_else(|| panic!("{faults:#?}"));
        let mut subscriber = json!({
            "subscriber": "kita-record", "delivered": 0, "dead": 0, "gone": false, "parked": 3, "parked_patients": 2,
            "away": { "since": "2026-11-23T00:00:00Z", "why": "Connection refused" },
        });
        subscriber.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let mut status = json!({
            "role": "run", "names": [], "pid": 7, "host": "hub1", "since": "2026-11-22T00:00:00Z",
            "written_at": "2026-11-23T00:59:59Z", "outboxes": [], "feeds": [], "queues": [],
            "broker": { "kind": "embedded", "link": "up", "since": "2026-11-22T00:00:00Z" },
            "subscribers": [subscriber],
        });
        status.as_object_mut().unwrap().extend(of_process.as_object().unwrap().clone());
        let processes = [Process { state: State::Running, status: serde_json::from_value(status).unwrap() }];
        let sight = Sight {
            config: &config,
            processes: &processes,
            dead: &BTreeMap::new(),
            certificates: &[],
            now: "2026-11-23T01:00:00Z".parse().unwrap(),
            jumped: SignedDuration::ZERO,
        };
        sight.found(&mut Memory::default()).into_iter().map(|found| found.alarm).collect()
    }

    #[test]
    fn what_waits_too_long_is_a_backlog_also_in_the_hands_of_a_process() {
        let held = json!({ "parked_patients": 0, "held": [{ "since": "2026-11-23T00:00:00Z", "who": "a", "why": "b" }] });
        let waiting = |at: &str| json!([{ "queue": "to.kita-record", "messages": 3, "oldest": at }]);
        for place in ["queues", "in_hand"] {
            assert_eq!(
                found_with(&held, &json!({ place: waiting("2026-11-23T00:29:00Z") })),
                [Alarm::Backlog]
            );
            assert_eq!(found_with(&held, &json!({ place: waiting("2026-11-23T00:31:00Z") })), []);
        }
    }

    #[test]
    fn what_an_operator_lets_wait_is_no_alarm_of_the_subscriber() {
        assert_eq!(found(&json!({})), [Alarm::SubscriberAway, Alarm::PatientsParked]);
        let held = json!({ "since": "2026-11-23T00:00:00Z", "who": "yakin", "why": "upgrade" });
        assert_eq!(found(&json!({ "held": [held] })), []);
        assert_eq!(found(&json!({ "parked_held": 2 })), [Alarm::SubscriberAway]);
        assert_eq!(found(&json!({ "parked_held": 1 })), [Alarm::SubscriberAway, Alarm::PatientsParked]);
    }
}
