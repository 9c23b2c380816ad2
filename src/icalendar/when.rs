//! Times, and the number by which calendars tell a later version from an earlier one.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::line::Lines;
use crate::canonical::AppointmentEvent;

/// 2026-01-01T00:00:00Z: sequences count from here, and fit into 31 bits until 2042.
const EPOCH: i64 = 1_767_225_600;
/// Versions of one second that can be told apart.
const RANKS: i64 = 4;

/// A moment in UTC: `20261125T010000Z`.
pub(super) fn stamp(at: &str) -> Option<String> {
    Some(utc(at.parse().ok()?))
}

fn utc(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Grows with every version that the hub accepts, and is the same whenever the same message is processed again: the
/// seconds until the message was accepted; within one second a change follows a booking, and a cancellation both.
pub(super) fn sequence(accepted_at: &str, event: AppointmentEvent) -> Option<i64> {
    let at: Timestamp = accepted_at.parse().ok()?;
    let rank = match event {
        AppointmentEvent::Booked => 0,
        AppointmentEvent::Rescheduled | AppointmentEvent::Modified => 1,
        AppointmentEvent::Cancelled
        | AppointmentEvent::Discontinued
        | AppointmentEvent::Deleted
        | AppointmentEvent::NoShow => 3,
    };
    Some(((at.as_second() - EPOCH) * RANKS + rank).clamp(0, i32::MAX.into()))
}

/// DTSTART, and DTEND or DURATION: an appointment that tells a day alone lasts that day.
pub(super) fn times(disclosed: &Value, lines: &mut Lines) {
    let text = |field: &str| disclosed[field].as_str();
    let Some(start) = text("starts_at") else { return };
    let Ok(start) = start.parse::<Timestamp>() else {
        if let Ok(day) = start.parse::<jiff::civil::Date>() {
            lines.value("DTSTART;VALUE=DATE", &day.strftime("%Y%m%d").to_string());
        }
        return;
    };
    lines.value("DTSTART", &utc(start));
    let end = text("ends_at").and_then(|end| end.parse::<Timestamp>().ok()).filter(|end| *end > start);
    if let Some(end) = end {
        lines.value("DTEND", &utc(end));
    } else if let Some(minutes) = text("duration").and_then(minutes) {
        lines.value("DURATION", &format!("PT{minutes}M"));
    }
}

/// Whole minutes of a duration as it was sent: `30 min`, `1 h`. Without a unit they are minutes, as SCH-9 has it.
fn minutes(text: &str) -> Option<i64> {
    let (number, unit) = text.split_once(' ').unwrap_or((text, "min"));
    let number: i64 = number.parse().ok()?;
    let unit = match unit.to_ascii_lowercase().as_str() {
        "min" | "m" | "minute" | "minutes" | "分" => 1,
        "h" | "hr" | "hour" | "hours" | "時間" => 60,
        _ => return None,
    };
    let minutes = number.checked_mul(unit)?;
    let most = SignedDuration::from_hours(31 * 24).as_mins();
    (1..=most).contains(&minutes).then_some(minutes)
}
