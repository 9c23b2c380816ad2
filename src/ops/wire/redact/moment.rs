//! Dates in HL7's form, moved by days.

use jiff::civil::Date;
use jiff::{Span, ToSpan};

/// A date of a year, a month or a day, with what stands behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment<'t> {
    date: Date,
    /// Digits of the date: 4, 6 or 8.
    digits: usize,
    /// The time of day, untouched.
    rest: &'t str,
}

/// Longest that may stand behind the day: `101530.1234+0900`.
const REST_MAX: usize = 16;

impl<'t> Moment<'t> {
    /// Reads `2026`, `202611`, `20261120` and `20261120101530.123+0900`; hours may be those of the day after.
    pub(super) fn of(text: &'t str) -> Option<Self> {
        let digits = match text.bytes().take_while(u8::is_ascii_digit).count() {
            4 => 4,
            6 => 6,
            8.. => 8,
            _ => return None,
        };
        let (day, rest) = text.split_at_checked(digits)?;
        let plain = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'+' | b'-');
        if rest.len() > REST_MAX || digits < 8 && !rest.is_empty() || !rest.bytes().all(plain) {
            return None;
        }
        let number = |from: usize, to: usize| day.get(from..to).and_then(|digits| digits.parse::<i16>().ok());
        let part = |from| number(from, from + 2).and_then(|number| i8::try_from(number).ok());
        let (month, day) = (part(4).unwrap_or(7), part(6).unwrap_or(15));
        let date = Date::new(number(0, 4)?, month, day).ok()?;
        (1890..=2110).contains(&date.year()).then_some(Self { date, digits, rest })
    }

    /// So many days later, in the same form.
    pub(super) fn moved(&self, days: i64) -> Option<String> {
        let span: Span = days.days();
        let date = self.date.checked_add(span).ok()?;
        let all = date.strftime("%Y%m%d").to_string();
        Some(format!("{}{}", all.get(..self.digits)?, self.rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_moves_and_its_form_stays() {
        for (text, moved) in [
            ("20261120", "20261110"),
            ("20261101101530.123+0900", "20261022101530.123+0900"),
            ("202607", "202607"),
            ("2026", "2026"),
            ("20240229240000", "20240219240000"),
        ] {
            assert_eq!(Moment::of(text).and_then(|moment| moment.moved(-10)).as_deref(), Some(moved));
        }
        for text in ["", "0800", "20261332", "2026/11/20", "幼少時", "20261120 山本", "2026112"] {
            assert_eq!(Moment::of(text), None, "{text}");
        }
    }
}
