//! How people write days and instants: in files and on the command line.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// What is allowed.
pub const RULE: &str =
    "neither a day, like 2026-04-01 or 2026/4/1, nor an instant, like 2026-04-01T09:00:00+09:00";

/// An instant, or the first one of a day.
pub fn start(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    match day(text) {
        Some(day) => Some(day.to_zoned(zone.clone()).ok()?.timestamp()),
        None => text.parse().ok(),
    }
}

/// An instant, or the one at which a day is over.
pub fn end(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    match day(text) {
        Some(day) => Some(day.tomorrow().ok()?.to_zoned(zone.clone()).ok()?.timestamp()),
        None => text.parse().ok(),
    }
}

/// `2026-04-01`, or `2026/4/1` as spreadsheets rewrite it.
fn day(text: &str) -> Option<Date> {
    let separator = if text.contains('/') { '/' } else { '-' };
    let mut parts = text.split(separator);
    let [year, month, day] = [parts.next()?, parts.next()?, parts.next()?];
    let digits = [year, month, day].into_iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    if parts.next().is_some() || !digits || year.len() != 4 {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}
