//! What was decided about a message when the hub took it, and what became of the subscriber's copy.

use jiff::Timestamp;
use serde::Serialize;

use super::super::trace::{CopyFate, Decision, Denied, Granted, Step, Way, What};
use super::Now;

/// What was decided then.
#[derive(Debug, Serialize)]
pub struct Past {
    /// When.
    pub at: Timestamp,
    /// Feed.
    pub feed: String,
    /// BLAKE3 of the source's bytes.
    pub hash: String,
    /// Kind, or `invalid`.
    pub kind: String,
    /// What happened at the source.
    pub change: String,
    /// Why it made no sense.
    pub fault: Option<String>,
    /// Whether the subscriber was to get a copy.
    pub gets: bool,
    /// By which route, on what basis and records.
    pub granted: Option<Granted>,
    /// Routes that matched and were denied.
    pub denials: Vec<Denied>,
    /// What became of the copy.
    pub copies: Vec<PastCopy>,
}

/// A step of the subscriber's copy.
#[derive(Debug, Serialize)]
pub struct PastCopy {
    /// When.
    pub at: Timestamp,
    /// `delivered`, `parked`, `dead`, `withdrawn`.
    pub step: &'static str,
    /// Why.
    pub code: Option<String>,
}

/// What is not as it was.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// `gets`, `kind`, `route`, `basis`, `grounds`, `disclosure`, `withheld`, `table NAME`.
    pub what: String,
    /// Then.
    pub then: String,
    /// Now.
    pub now: String,
}

/// The last decision of a message, for one subscriber.
pub(super) fn past(way: &Way, subscriber: &str) -> Option<Past> {
    let decided = way.steps.iter().rev().find_map(|step| match &step.what {
        What::Decided(decision) => Some((step.at, decision)),
        _ => None,
    });
    let (at, Decision { feed, hash, kind, change, fault, recipients, denials, .. }) = decided?;
    let granted = recipients.iter().find(|granted| granted.subscriber == subscriber).cloned();
    let denials = denials.iter().filter(|denied| denied.subscriber == subscriber).cloned();
    Some(Past {
        at,
        feed: feed.clone(),
        hash: hash.clone(),
        kind: kind.clone(),
        change: change.clone(),
        fault: fault.clone(),
        gets: granted.is_some(),
        granted,
        denials: denials.collect(),
        copies: way.steps.iter().filter_map(|step| copy(step, subscriber)).collect(),
    })
}

fn copy(Step { at, what, .. }: &Step, subscriber: &str) -> Option<PastCopy> {
    let (step, CopyFate { subscriber: whose, code, .. }) = match what {
        What::Decided(_)
        | What::Filtered(_)
        | What::Retried(_)
        | What::Discarded(_)
        | What::Edited(_)
        | What::Replayed(_) => return None,
        What::Delivered(copy) => ("delivered", copy),
        What::Parked(copy) => ("parked", copy),
        What::Dead(copy) => ("dead", copy),
        What::Withdrawn(copy) => ("withdrawn", copy),
    };
    (whose == subscriber).then(|| PastCopy { at: *at, step, code: code.clone() })
}

/// What differs between the decision of then and the one of now.
pub(super) fn differences(past: &Past, now: &Now) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut compare = |what: &str, then: String, now: String| {
        if then != now {
            found.push(Difference { what: what.to_owned(), then, now });
        }
    };
    let word = |gets: bool| if gets { "yes" } else { "no" }.to_owned();
    let granted = now.granted();
    compare("gets", word(past.gets), word(granted.is_some()));
    let kind =
        now.event_type.as_deref().and_then(|word| word.rsplit_once(".v")).map(|(word, _)| word.to_owned());
    compare("kind", format!("{}.{}", past.kind, past.change), kind.unwrap_or_else(|| "invalid".to_owned()));
    let (Some(then), Some(now)) = (&past.granted, granted) else { return found };
    compare("route", then.route.clone(), now.route.clone());
    compare("basis", then.basis.clone(), now.basis.to_owned());
    let grounds: Vec<_> = now.grounds.iter().map(|ground| ground.record.as_str()).collect();
    compare("grounds", then.grounds.join(" "), grounds.join(" "));
    let disclosure = |name: &Option<String>| name.clone().unwrap_or_default();
    compare("disclosure", disclosure(&then.disclosure), disclosure(&now.disclosure));
    compare("withheld", then.withheld.join(" "), now.withheld.join(" "));
    for table in then.tables.keys().chain(now.tables.keys()).collect::<std::collections::BTreeSet<_>>() {
        let version = |tables: &std::collections::BTreeMap<String, String>| {
            tables.get(table).cloned().unwrap_or_default()
        };
        compare(&format!("table {table}"), version(&then.tables), version(&now.tables));
    }
    found
}
