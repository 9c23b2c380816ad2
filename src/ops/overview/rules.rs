//! When something is a trouble.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::trouble::{Severity, Trouble, What};
use super::{FeedView, Overview, SubscriberView, Whose, seconds_since, whose};
use crate::config::Config;
use crate::ops::replay::{Replay, State as Replaying};
use crate::ops::status::{Concern, Overview as Seen, Process, State};
use crate::pipeline::{HeldStatus, Reach, ReloadOutcome};

/// A subscriber that is away for less is being tried.
const AWAY_SOON: u64 = 60;
/// One that is away for longer is an alarm.
const AWAY_LONG: u64 = 15 * 60;
/// What waits for longer has waited long.
const BEHIND: u64 = 15 * 60;
/// What waits longer to be routed has.
const ROUTING_BEHIND: u64 = 5 * 60;
/// A replay that failed longer ago is not told of any more: a week.
const FAILED: u64 = 7 * 24 * 3600;
/// A disk is nearly full with less than a twentieth free, or less than that.
const DISK_FREE: u64 = 2 << 30;

/// All of them, the worst first; of the same weight in the order of kinds and names.
pub(super) fn troubles(
    config: &Config,
    seen: &Seen,
    replays: &[Replay],
    overview: &Overview,
) -> Vec<Trouble> {
    let mut found = Vec::new();
    of_hub(seen, overview, &mut found);
    seen.processes.iter().for_each(|process| of_process(process, &mut found));
    let anything_runs = seen.processes.iter().any(|process| process.state != State::Gone);
    for feed in &overview.feeds {
        of_feed(feed, anything_runs, &mut found);
    }
    for one in &overview.subscribers {
        of_subscriber(one, anything_runs, overview.at, &mut found);
    }
    of_queues(overview, &mut found);
    replays.iter().for_each(|replay| of_replay(replay, overview.at, &mut found));
    if found.iter().all(|trouble| trouble.what != What::NothingRuns) && !anything_runs {
        found.push(Trouble::of(What::NothingRuns, config.hub.data_dir.display().to_string()));
    }
    found.sort_by(|one, other| {
        (one.severity, one.what, &one.name).cmp(&(other.severity, other.what, &other.name))
    });
    found
}

fn of_hub(seen: &Seen, overview: &Overview, found: &mut Vec<Trouble>) {
    for attention in &seen.attention {
        let what = match attention.what {
            Concern::NothingRuns => What::NothingRuns,
            Concern::Unreachable => What::QueuesUnknown,
            Concern::Unreadable => What::StatusUnreadable,
            // The others are looked at where they are.
            _ => continue,
        };
        found.push(Trouble::of(what, &attention.subject).because(attention.reason.clone()));
    }
    if let Some(disk) = overview.disk.filter(|disk| disk.free < DISK_FREE || disk.free < disk.total / 20) {
        let free = format!("{} MB free of {} MB", disk.free >> 20, disk.total >> 20);
        found.push(Trouble::of(What::DiskLow, "disk").because(Some(free)));
    }
    let running = seen.processes.iter().filter(|process| process.state == State::Running);
    let hashes: BTreeSet<_> = running.map(|process| process.status.configuration.hash.as_str()).collect();
    if hashes.len() > 1 {
        found.push(Trouble::of(What::ConfigurationsDiffer, "configuration"));
    }
}

fn of_process(process: &Process, found: &mut Vec<Trouble>) {
    let (title, status) = (process.title(), &process.status);
    match process.state {
        State::Gone => {
            return found.push(Trouble::of(What::ProcessGone, title).since(Some(&status.written_at)));
        }
        State::Silent => {
            found.push(Trouble::of(What::ProcessSilent, &title).since(Some(&status.written_at)));
        }
        State::Running => {}
    }
    let broker = match status.broker.link {
        Reach::Away => Some(What::BrokerAway),
        Reach::Blocked => Some(What::BrokerBlocked),
        Reach::Idle | Reach::Up => None,
    };
    if let Some(what) = broker {
        let trouble = Trouble::of(what, &title).since(Some(&status.broker.since));
        found.push(trouble.because(status.broker.reason.clone()));
    }
    for outbox in status.outboxes.iter().filter(|outbox| outbox.bytes >= outbox.bytes_max / 10 * 9) {
        found.push(Trouble::of(What::OutboxFull, outbox.feeds.join(" ")).counting(outbox.messages));
    }
    if let Some(last) = status.configuration.answers.last()
        && let ReloadOutcome::Refused { why } = &last.outcome
    {
        let trouble = Trouble::of(What::ReloadRefused, &title).since(Some(&last.at));
        found.push(trouble.because(why.first().cloned()));
    }
}

fn of_feed(feed: &FeedView, anything_runs: bool, found: &mut Vec<Trouble>) {
    if !feed.served {
        // Where nothing runs at all, that is said once.
        return found.extend(anything_runs.then(|| Trouble::of(What::FeedNotServed, &feed.feed)));
    }
    if let Some(why) = &feed.failing {
        return found.push(Trouble::of(What::FeedFailing, &feed.feed).because(Some(why.clone())));
    }
    if let Some(since) = &feed.silent_since {
        let usual = feed.usual_per_minute.map(|usual| format!("{usual:.1} / min"));
        found.push(Trouble::of(What::FeedSilent, &feed.feed).since(Some(since)).because(usual));
    }
}

fn of_subscriber(one: &SubscriberView, anything_runs: bool, now: Timestamp, found: &mut Vec<Trouble>) {
    let name = &one.subscriber;
    let of = |what| Trouble::of(what, name);
    if !one.served && anything_runs {
        found.push(of(What::SubscriberNotServed));
    }
    let age = |at: &str| seconds_since(at, now).unwrap_or(0);
    let mut stuck = one.gone;
    if one.gone {
        found.push(of(What::SubscriberGone).counting(one.waiting.messages.unwrap_or(0)));
    } else if let Some(held) = one.held() {
        // Nobody tries: whatever waits is not the subscriber's fault.
        stuck = true;
        let trouble = of(What::Held).since(Some(&held.since)).because(Some(why(held)));
        found.push(Trouble { count: one.waiting.messages, ..trouble });
    } else if let Some(away) = one.away.as_ref().filter(|away| age(&away.since) >= AWAY_SOON) {
        stuck = true;
        let long = age(&away.since) >= AWAY_LONG;
        let trouble = of(What::SubscriberAway).since(Some(&away.since)).because(Some(away.why.clone()));
        found.push(Trouble {
            severity: if long { Severity::Alarm } else { Severity::Warning },
            whose: whose(&away.why),
            count: one.waiting.messages,
            ..trouble
        });
    }
    let oldest = one.waiting.oldest.as_deref().filter(|oldest| !stuck && age(oldest) >= BEHIND);
    if let Some(oldest) = oldest {
        let trouble = of(What::SubscriberBehind).since(Some(oldest));
        found.push(Trouble { count: one.waiting.messages, ..trouble });
    }
    of_parked(one, found);
    if let Some(dead) = one.dead.filter(|dead| *dead > 0) {
        found.push(of(What::Dead).counting(dead));
    }
}

/// Patients whom an operator lets wait, and those of whom the subscriber refused something.
fn of_parked(one: &SubscriberView, found: &mut Vec<Trouble>) {
    let of = |what| Trouble::of(what, &one.subscriber);
    if let Some(longest) = one.held_patients().next() {
        let patients = u64::try_from(one.held_patients().count()).unwrap_or(u64::MAX);
        let trouble = of(What::PatientsHeld).since(Some(&longest.since)).of_patients(patients);
        found.push(trouble.because(Some(why(longest))));
    }
    // Where nobody delivers, nobody knows whose they are.
    let refused = one.parked_patients.saturating_sub(one.parked_held);
    if one.parked > 0 && (refused > 0 || one.parked_held == 0) {
        let trouble = of(What::Parked).counting(one.parked).of_patients(refused);
        let whose = if one.held().is_some() { Whose::Ours } else { trouble.whose };
        found.push(Trouble { whose, ..trouble });
    }
}

fn why(held: &HeldStatus) -> String {
    format!("{}: {}", held.who, held.why)
}

fn of_replay(replay: &Replay, now: Timestamp, found: &mut Vec<Trouble>) {
    let Replay { id, who, why, state, started_at, ended_at, .. } = replay;
    let to = &replay.selection.to;
    let at = |at: &Option<Timestamp>| at.as_ref().map(Timestamp::to_string);
    let (what, since, reason) = match state {
        Replaying::Running => (What::ReplayRunning, at(started_at), format!("{to}; {who}: {why}")),
        Replaying::Failed => {
            let reason = replay.reason.as_deref().unwrap_or(why);
            (What::ReplayFailed, at(ended_at), format!("{to}; {reason}"))
        }
        _ => return,
    };
    let age = since.as_deref().and_then(|since| seconds_since(since, now));
    if what == What::ReplayFailed && age.is_some_and(|age| age > FAILED) {
        return;
    }
    let left = replay.planned.saturating_sub(replay.position);
    found.push(Trouble::of(what, id).since(since.as_deref()).counting(left).because(Some(reason)));
}

fn of_queues(overview: &Overview, found: &mut Vec<Trouble>) {
    if let Some(invalid) = overview.invalid.messages.filter(|count| *count > 0) {
        found.push(Trouble::of(What::Invalid, "invalid").counting(invalid));
    }
    if let Some(lost) = overview.unroutable.messages.filter(|count| *count > 0) {
        found.push(Trouble::of(What::Unroutable, "unroutable").counting(lost));
    }
    let oldest = overview.ingest.oldest.as_deref();
    let late = |oldest: &&str| seconds_since(oldest, overview.at).unwrap_or(0) >= ROUTING_BEHIND;
    if let Some(oldest) = oldest.filter(late) {
        let trouble = Trouble::of(What::RoutingBehind, "ingest").since(Some(oldest));
        found.push(Trouble { count: overview.ingest.messages, ..trouble });
    }
}
