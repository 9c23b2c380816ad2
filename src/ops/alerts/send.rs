//! Tells receivers: which of them has to be told what, and the ways to them.

mod mail;
mod webhook;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::book::{Alert, Event, Told};
use super::notice::Notice;
use crate::config::{AlertSeverity as Severity, Hub, Receiver, Way};

/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A receiver could not be told. No text of the receiver's, no address.
#[derive(Debug, thiserror::Error)]
#[error("{receiver} could not be told: {why}")]
pub struct SendError {
    pub(super) receiver: String,
    pub(super) why: String,
}

/// What this receiver has to be told of that alert now.
pub(super) fn due(receiver: &Receiver, alert: &Alert, hub: &Hub, now: Timestamp) -> Option<Event> {
    let is_chosen = |chosen: &[String], name: Option<&str>| {
        chosen.is_empty() || name.is_none_or(|name| chosen.iter().any(|one| one == name))
    };
    let severity = alert.alarm.about().severity;
    let feed = alert.facility.is_some().then_some(alert.subject.as_str());
    let chosen = severity >= receiver.least
        && is_chosen(&receiver.feeds, feed)
        && is_chosen(&receiver.facilities, alert.facility.as_deref());
    if !chosen || severity < Severity::Critical && is_quiet(receiver, hub, now) {
        return None;
    }
    match (alert.told.get(&receiver.name), alert.until) {
        (None, None) => Some(Event::Opened),
        // Who was never told that it was open is not told that it is over.
        (None, Some(_)) => None,
        (Some(Told { closed: None, .. }), Some(_)) => Some(Event::Closed),
        (Some(Told { closed: Some(_), .. }), Some(_)) => None,
        (Some(told), None) => {
            let remind = SignedDuration::try_from(hub.alerts.remind).unwrap_or(SignedDuration::MAX);
            let is_due = alert.acknowledged.is_none() && now.duration_since(told.opened) >= remind;
            is_due.then_some(Event::Reminded)
        }
    }
}

/// Notes in the alert that the receiver was told.
pub(super) fn note(alert: &mut Alert, receiver: &str, event: Event, now: Timestamp) {
    let told = alert.told.entry(receiver.to_owned()).or_insert(Told { opened: now, closed: None });
    match event {
        Event::Closed => told.closed = Some(now),
        _ => told.opened = now,
    }
}

fn is_quiet(receiver: &Receiver, hub: &Hub, now: Timestamp) -> bool {
    let Some((from, until)) = receiver.quiet else { return false };
    let time = now.to_zoned(hub.timezone.clone()).time();
    if from <= until { (from..until).contains(&time) } else { time >= from || time < until }
}

/// Tells a receiver.
pub(super) async fn send(receiver: &Receiver, notice: &Notice) -> Result<(), SendError> {
    let failed = |why: String| SendError { receiver: receiver.name.clone(), why };
    let sent = async {
        match &receiver.way {
            Way::Webhook { .. } => webhook::post(&receiver.way, notice).await,
            Way::Mail { .. } => mail::send(&receiver.way, notice).await,
        }
    };
    match tokio::time::timeout(PATIENCE, sent).await {
        Ok(sent) => sent.map_err(failed),
        Err(_) => Err(failed("no answer".to_owned())),
    }
}

/// The first line of a file.
async fn first_line(path: &std::path::Path) -> Result<String, String> {
    match tokio::fs::read_to_string(path).await {
        Ok(text) => Ok(text.lines().next().unwrap_or_default().trim().to_owned()),
        Err(error) => Err(format!("{} can't be read: {error}", path.display())),
    }
}
