//! From when until when a record is in force.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A span of time: from an instant on, and until another one, which does not belong to it any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Period {
    /// First instant.
    pub from: Timestamp,
    /// The instant at which it is over; nothing while no end is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl Period {
    /// From an instant on, without an end.
    pub const fn since(from: Timestamp) -> Self {
        Self { from, until: None }
    }

    /// Whether that instant lies in it.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }

    /// Whether some instant lies in both.
    pub fn meets(&self, other: &Self) -> bool {
        let begins_before_end_of =
            |one: &Self, other: &Self| other.until.is_none_or(|until| one.from < until);
        begins_before_end_of(self, other) && begins_before_end_of(other, self)
    }

    /// Whether no instant lies in it.
    pub fn is_empty(&self) -> bool {
        self.until.is_some_and(|until| until <= self.from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(from: i64, until: Option<i64>) -> Period {
        let instant = |second| Timestamp::from_second(second).unwrap();
        Period { from: instant(from), until: until.map(instant) }
    }

    #[test]
    fn the_end_does_not_belong_to_it() {
        let holds = |second| period(10, Some(20)).holds(Timestamp::from_second(second).unwrap());
        assert_eq!([9, 10, 19, 20].map(holds), [false, true, true, false]);
    }

    #[test]
    fn periods_that_only_touch_do_not_meet() {
        assert!(!period(0, Some(10)).meets(&period(10, None)));
        assert!(period(0, Some(11)).meets(&period(10, None)));
        assert!(period(0, None).meets(&period(-5, None)));
    }
}
