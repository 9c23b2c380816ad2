//! Evidence: what one event tells of one patient and one disease.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::disease::DiseaseId;

/// What the evidence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Sort {
    /// A positive test.
    Lab,
    /// A diagnosis.
    Diagnosis,
    /// A drug that is given for it.
    Drug,
}

/// Evidence of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Evidence {
    pub(super) disease: DiseaseId,
    pub(super) sort: Sort,
    /// Whether it makes the case a confirmed one.
    pub(super) confirms: bool,
    /// When the illness began.
    pub(super) onset: Option<Date>,
    /// When the specimen was taken, the diagnosis made, the drug ordered.
    pub(super) date: Date,
    /// Which of the facilities tells it.
    pub(super) facility: usize,
}

/// A keyed hash: it stands for what identifies somebody or something, and can't be led back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Key(u128);

/// Makes keys. The secret lives as long as the process: nothing that is written holds a key.
#[derive(Clone)]
pub(super) struct Keys(pub(super) [u8; 32]);

impl Keys {
    pub(super) fn of(&self, parts: &[&str]) -> Key {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
        }
        let mut first = [0; 16];
        hasher.finalize_xof().fill(&mut first);
        Key(u128::from_le_bytes(first))
    }
}

/// Days of times, in the zone of the region.
pub(super) struct Calendar {
    pub(super) zone: TimeZone,
    /// When the message was sent.
    pub(super) sent: Date,
}

impl Calendar {
    /// The day of an ISO 8601 date or time. `None` where it is not as exact as a day, or lies after the message was
    /// sent: a slip of the pen.
    pub(super) fn day(&self, text: Option<&String>) -> Option<Date> {
        day(text?, &self.zone).filter(|day| *day <= self.sent.tomorrow().unwrap_or(self.sent))
    }

    /// Whether that day is no more than so many days before the message was sent.
    pub(super) fn is_within(&self, days: i32, day: Date) -> bool {
        days_between(day, self.sent) <= days
    }
}

/// The day of an ISO 8601 date, or of a time with its offset.
pub(super) fn day(text: &str, zone: &TimeZone) -> Option<Date> {
    if text.contains('T') {
        return text.parse::<Timestamp>().ok().map(|time| time.to_zoned(zone.clone()).date());
    }
    text.parse().ok()
}

/// How many days lie between two days; negative where the second is the earlier one.
pub(super) fn days_between(from: Date, to: Date) -> i32 {
    to.since(from).map_or(i32::MAX, |span| span.get_days())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn days_are_those_of_the_region() {
        let zone = TimeZone::get("Asia/Tokyo").unwrap();
        assert_eq!(day("2019-01-06T23:59:00+09:00", &zone), Some(date(2019, 1, 6)));
        assert_eq!(day("2019-01-06T15:00:00Z", &zone), Some(date(2019, 1, 7)));
        assert_eq!(day("2019-01-06T23:59+09:00", &zone), Some(date(2019, 1, 6)));
        assert_eq!((day("2019-01-06", &zone), day("2019-01", &zone)), (Some(date(2019, 1, 6)), None));
        let calendar = Calendar { zone, sent: date(2019, 1, 6) };
        let told = |text: &str| calendar.day(Some(&text.to_owned()));
        assert_eq!((told("2019-01-07"), told("2019-01-08")), (Some(date(2019, 1, 7)), None));
        assert!(calendar.is_within(28, date(2018, 12, 9)) && !calendar.is_within(28, date(2018, 12, 8)));
    }

    #[test]
    fn a_key_belongs_to_its_secret_and_to_its_parts() {
        let keys = Keys([1; 32]);
        assert_eq!(keys.of(&["a", "b"]), keys.of(&["a", "b"]));
        assert_ne!(keys.of(&["a", "b"]), keys.of(&["ab", ""]));
        assert_ne!(keys.of(&["a", "b"]), Keys([2; 32]).of(&["a", "b"]));
    }
}
