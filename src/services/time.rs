//! Times of the canonical model, which are as precise as they were given, as moments.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// The moment at which a time, day, month or year begins; none where the text is none of them.
pub fn start_of(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    match text.parse() {
        Ok(at) => Some(at),
        Err(_) => moment(first_day(text)?.0, zone),
    }
}

/// The moment at which a day, month or year is over; of a time with its hour that time itself.
pub fn end_of(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    match text.parse() {
        Ok(at) => Some(at),
        Err(_) => {
            let (first, span) = first_day(text)?;
            moment(first.checked_add(span).ok()?, zone)
        }
    }
}

fn moment(day: Date, zone: &TimeZone) -> Option<Timestamp> {
    Some(day.to_zoned(zone.clone()).ok()?.timestamp())
}

/// The first day of `2026-12-20`, `2026-12` or `2026`, and how long that lasts.
fn first_day(text: &str) -> Option<(Date, jiff::Span)> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?.parse().ok()?, parts.next(), parts.next());
    if parts.next().is_some() {
        return None;
    }
    let number = |part: Option<&str>| part.map_or(Some(1), |part| part.parse::<i8>().ok());
    let span = match (month, day) {
        (_, Some(_)) => 1.day(),
        (Some(_), None) => 1.month(),
        (None, None) => 1.year(),
    };
    Some((Date::new(year, number(month)?, number(day)?).ok()?, span))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_lasts_until_the_next_one_begins() {
        let tokyo = TimeZone::get("Asia/Tokyo").unwrap();
        let told = |at: Option<Timestamp>| at.map(|at| at.to_string());
        let both = |text: &str| (told(start_of(text, &tokyo)), told(end_of(text, &tokyo)));
        let pair = |start: &str, end: &str| (Some(start.to_owned()), Some(end.to_owned()));
        assert_eq!(both("2026-12-20"), pair("2026-12-19T15:00:00Z", "2026-12-20T15:00:00Z"));
        assert_eq!(both("2026-12"), pair("2026-11-30T15:00:00Z", "2026-12-31T15:00:00Z"));
        assert_eq!(both("2026"), pair("2025-12-31T15:00:00Z", "2026-12-31T15:00:00Z"));
        assert_eq!(both("2026-12-20T10:30+09:00"), pair("2026-12-20T01:30:00Z", "2026-12-20T01:30:00Z"));
        for text in ["", "12月", "2026-13", "2026-02-30", "2026-01-01-01"] {
            assert_eq!(both(text), (None, None), "{text}");
        }
    }
}
