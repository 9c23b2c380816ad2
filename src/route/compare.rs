//! Comparisons of one field with expected values.

use std::cmp::Ordering;

use serde::Serialize;

use super::condition::Verdict;
use super::probe::{Path, Scalar, Visit, probe};

/// A value that the configuration expects.
#[derive(Debug, Clone, PartialEq)]
pub enum Expected {
    /// Text, or a word of an enum.
    Text(Box<str>),
    /// A number.
    Number(f64),
    /// True or false.
    Boolean(bool),
}

impl Expected {
    /// Nothing when the two are of different types.
    fn equals(&self, value: Scalar<'_>) -> Option<bool> {
        match (self, value) {
            (Self::Text(expected), Scalar::Text(text)) => Some(**expected == *text),
            (Self::Number(expected), Scalar::Number(number)) => Some(*expected == number),
            (Self::Boolean(expected), Scalar::Boolean(boolean)) => Some(*expected == boolean),
            _ => None,
        }
    }
}

/// What a number or date is held against.
#[derive(Debug, Clone, PartialEq)]
pub enum Bound {
    /// A number.
    Number(f64),
    /// `2026`, `2026-01` or `2026-01-31`: compared with the calendar date as the sender wrote it.
    Date(Box<str>),
}

/// On which side of the bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// `at_least`
    AtLeast,
    /// `at_most`
    AtMost,
    /// `above`
    Above,
    /// `below`
    Below,
}

/// How a field is compared.
#[derive(Debug, Clone, PartialEq)]
pub enum Operator {
    /// Equals one of these; negated, none of them.
    In {
        /// The values.
        values: Vec<Expected>,
        /// `is_not`, `not_in`.
        negated: bool,
    },
    /// Starts with one of these.
    StartsWith(Vec<Box<str>>),
    /// Lies on that side of the bound.
    Order(Relation, Bound),
    /// Is there, or is not.
    Present(bool),
}

/// A field and how it is compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// The field.
    pub field: Path,
    /// The comparison.
    pub operator: Operator,
}

impl Test {
    pub(super) fn test<T: Serialize + ?Sized>(&self, record: &T) -> Verdict {
        let absent = match self.operator {
            Operator::Present(wanted) => Verdict::of(!wanted),
            _ => Verdict::Undecided,
        };
        let mut decision = Decision { operator: &self.operator, verdict: absent };
        probe(record, &self.field, &mut decision);
        decision.verdict
    }
}

struct Decision<'t> {
    operator: &'t Operator,
    verdict: Verdict,
}

impl Decision<'_> {
    fn present(&mut self) {
        if let Operator::Present(wanted) = self.operator {
            self.verdict = Verdict::of(*wanted);
        }
    }
}

impl Visit for Decision<'_> {
    fn scalar(&mut self, value: Scalar<'_>) {
        self.verdict = self.operator.compare(value).map_or(Verdict::Undecided, Verdict::of);
    }

    fn list(&mut self) {
        self.present();
    }

    fn object(&mut self) {
        self.present();
    }
}

impl Operator {
    /// Nothing when it can't be decided.
    fn compare(&self, value: Scalar<'_>) -> Option<bool> {
        match self {
            Self::In { values, negated } => {
                let mut found = false;
                for expected in values {
                    found |= expected.equals(value)?;
                }
                Some(found != *negated)
            }
            Self::StartsWith(prefixes) => match value {
                Scalar::Text(text) => Some(prefixes.iter().any(|prefix| text.starts_with(&**prefix))),
                _ => None,
            },
            Self::Order(relation, bound) => {
                let order = match (bound, value) {
                    (Bound::Number(bound), Scalar::Number(number)) => number.partial_cmp(bound)?,
                    (Bound::Date(bound), Scalar::Text(date)) => compare_dates(date, bound)?,
                    _ => return None,
                };
                Some(match relation {
                    Relation::AtLeast => order != Ordering::Less,
                    Relation::AtMost => order != Ordering::Greater,
                    Relation::Above => order == Ordering::Greater,
                    Relation::Below => order == Ordering::Less,
                })
            }
            Self::Present(wanted) => Some(*wanted),
        }
    }
}

/// Compares an ISO 8601 date or time with a date, as precisely as the bound was written. Nothing when the value
/// is less precise and agrees as far as it goes: 2026-01 is neither before nor after 2026-01-15.
fn compare_dates(value: &str, bound: &str) -> Option<Ordering> {
    let common = value.len().min(bound.len());
    let order = value.get(..common)?.cmp(bound.get(..common)?);
    (order != Ordering::Equal || value.len() >= bound.len()).then_some(order)
}
