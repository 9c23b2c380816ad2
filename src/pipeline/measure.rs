//! What a process tells of itself, as metrics: set anew from its status, so that the stages count once only.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::connection::Reach;
use super::signs::Signs;
use super::status::{ConfigurationStatus, DiskStatus, ProcessStatus, ReloadOutcome};
use crate::telemetry::{Meter, names};

/// States of the connection and their words.
const LINKS: [(Reach, &str); 4] =
    [(Reach::Idle, "idle"), (Reach::Up, "up"), (Reach::Blocked, "blocked"), (Reach::Away, "away")];

/// Queues of which metrics tell also while they are empty.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// On this disk.
    pub(super) waiting: BTreeSet<String>,
    /// On RabbitMQ, of which this process had something in hand.
    pub(super) in_hand: BTreeSet<String>,
}

/// Sets all metrics that follow from a status. Queues that were told of once go on being told of, as empty.
pub(super) fn measure(meter: &Meter, status: &ProcessStatus, known: &mut Known, now: Timestamp) {
    meter.set(&names::BUILD, &[env!("CARGO_PKG_VERSION"), &status.role], 1.0);
    meter.set(&names::STARTED, &[], moment(&status.since));
    for (link, word) in LINKS {
        meter.set(&names::LINK, &[word], flag(status.broker.link == link));
    }
    if let Some(lanes) = &status.lanes {
        meter.set(&names::LANES, &[], amount(lanes.len() as u64));
    }
    configuration(meter, &status.configuration);
    for feed in &status.feeds {
        meter.count(&names::ACCEPTED, &[&feed.feed], feed.accepted);
        meter.set(&names::FEED_FAILING, &[&feed.feed], flag(feed.failing.is_some()));
        if let Some(last) = &feed.flow.last_at {
            meter.set(&names::FEED_LAST, &[&feed.feed], moment(last));
        }
    }
    for one in &status.subscribers {
        meter.count(&names::DELIVERED, &[&one.subscriber], one.delivered);
        meter.count(&names::DEAD, &[&one.subscriber], one.dead);
        meter.set(&names::SUBSCRIBER_UP, &[&one.subscriber], flag(!one.gone && one.away.is_none()));
        meter.set(&names::PARKED_COPIES, &[&one.subscriber], amount(one.parked));
        meter.set(&names::PARKED_PATIENTS, &[&one.subscriber], amount(one.parked_patients));
    }
    if let Some(DiskStatus { free, total }) = status.disk {
        meter.set(&names::DISK_FREE, &[], amount(free));
        meter.set(&names::DISK_SIZE, &[], amount(total));
    }
    waiting(meter, status, known, now);
    signs(meter, &status.signs);
}

fn waiting(meter: &Meter, status: &ProcessStatus, known: &mut Known, now: Timestamp) {
    let Known { waiting, in_hand } = known;
    for (known, told) in [(&mut *waiting, &status.queues), (in_hand, &status.in_hand)] {
        known.extend(told.iter().map(|queue| queue.queue.clone()));
        for queue in known.iter() {
            let found = told.iter().find(|told| told.queue == *queue);
            let oldest = found.and_then(|found| found.oldest.as_deref());
            let age = oldest.map_or(0.0, |oldest| now.as_duration().as_secs_f64() - moment(oldest));
            meter.set(&names::QUEUE_OLDEST, &[queue], age.max(0.0));
        }
    }
    for queue in waiting.iter() {
        let found = status.queues.iter().find(|told| told.queue == *queue);
        meter.set(&names::QUEUE_MESSAGES, &[queue], amount(found.map_or(0, |found| found.messages)));
    }
    let outboxes = status.outboxes.iter().map(|outbox| outbox.messages).sum();
    if !status.outboxes.is_empty() {
        meter.set(&names::QUEUE_MESSAGES, &["outbox"], amount(outboxes));
    }
}

fn configuration(meter: &Meter, configuration: &ConfigurationStatus) {
    let first = configuration.hash.get(..12).and_then(|digits| u64::from_str_radix(digits, 16).ok());
    meter.set(&names::CONFIG_HASH, &[], amount(first.unwrap_or_default()));
    let last = configuration.answers.last();
    let refused = last.is_some_and(|last| matches!(last.outcome, ReloadOutcome::Refused { .. }));
    meter.set(&names::CONFIG_OK, &[], flag(!refused));
    if let Some(last) = last {
        meter.set(&names::CONFIG_AT, &[], moment(&last.at));
    }
}

fn signs(meter: &Meter, signs: &Signs) {
    for (feed, of) in &signs.feeds {
        meter.count(&names::FILES, &[feed], of.files);
        meter.count(&names::FILES_UNCHANGED, &[feed], of.unchanged);
    }
    for (feed, codes) in &signs.invalid {
        codes.iter().for_each(|(code, count)| meter.count(&names::INVALID, &[feed, code], *count));
    }
    if let Some(routed) = &signs.routed {
        meter.count(&names::ROUTED, &[], routed.routed);
        meter.count(&names::FILTERED, &[], routed.filtered);
        routed.copies.iter().for_each(|(to, count)| meter.count(&names::COPIES, &[to], *count));
        meter.count(&names::ARCHIVE_MISSING, &[], signs.archive_missing);
    }
    for (subscriber, of) in &signs.subscribers {
        let name = [subscriber.as_str()];
        meter.count(&names::PARKED, &name, of.parkings);
        meter.count(&names::WITHDRAWN, &name, of.withdrawn);
        of.attempts
            .iter()
            .for_each(|(word, count)| meter.count(&names::ATTEMPTS, &[subscriber, word], *count));
    }
    meter.set(&names::JOURNAL_BYTES, &[], amount(signs.journal_bytes));
    meter.count(&names::SPANS_DROPPED, &[], signs.spans_dropped);
}

/// Seconds since 1970 of a moment in RFC 3339.
fn moment(text: &str) -> f64 {
    text.parse::<Timestamp>().map_or(0.0, |at| at.as_duration().as_secs_f64())
}

const fn flag(is: bool) -> f64 {
    if is { 1.0 } else { 0.0 }
}

/// Exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "metrics are floating-point numbers")]
const fn amount(count: u64) -> f64 {
    count as f64
}
