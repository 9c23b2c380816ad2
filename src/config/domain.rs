//! Sets of values, as far as conditions tell them apart: texts by patterns, numbers and days by ranges.
//!
//! Every set may be larger than what it stands for, and never smaller: where one is empty, no value is left.

use crate::route::Pattern;

/// Pairs of patterns that are compared at most: two large tables on one field are not.
const PAIRS_MAX: usize = 1_000_000;

/// What a field can hold.
#[derive(Debug, Clone)]
pub(super) enum Values<'c> {
    Texts(Texts<'c>),
    Numbers(Ranges),
    /// Nothing is known of it.
    Any,
}

/// Texts that match one of some patterns, and none of some others.
#[derive(Debug, Clone)]
pub(super) struct Texts<'c> {
    pub(super) within: Vec<Pattern<'c>>,
    pub(super) never: Vec<Pattern<'c>>,
}

/// Ranges of numbers, one beside the other.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ranges(pub(super) Vec<Range>);

/// Numbers between two ends, each of which belongs to it or not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Range {
    pub(super) low: (f64, bool),
    pub(super) high: (f64, bool),
}

impl Values<'_> {
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Texts(texts) => {
                texts.within.iter().all(|pattern| texts.never.iter().any(|other| other.covers(*pattern)))
            }
            Self::Numbers(ranges) => ranges.0.is_empty(),
            Self::Any => false,
        }
    }
}

impl<'c> Texts<'c> {
    /// Texts that match one of these.
    pub(super) fn of(within: Vec<Pattern<'c>>) -> Self {
        Self { within, never: Vec::new() }
    }

    /// Leaves those that are in the other set too.
    pub(super) fn keep(&mut self, other: &Self) {
        self.never.extend(&other.never);
        if self.within.len().saturating_mul(other.within.len()) > PAIRS_MAX {
            return;
        }
        let pairs = self.within.iter().flat_map(|one| other.within.iter().map(move |other| (one, other)));
        let mut both: Vec<_> = pairs.filter_map(|(one, other)| one.meet(*other)).collect();
        both.sort_unstable();
        both.dedup();
        self.within = both;
    }
}

impl Ranges {
    /// All numbers.
    pub(super) fn all() -> Self {
        Self(vec![Range { low: (f64::NEG_INFINITY, true), high: (f64::INFINITY, true) }])
    }

    /// Numbers from there on.
    pub(super) fn from(low: f64, inclusive: bool) -> Self {
        Self(vec![Range { low: (low, inclusive), high: (f64::INFINITY, true) }])
    }

    /// Numbers up to there.
    pub(super) fn to(high: f64, inclusive: bool) -> Self {
        Self(vec![Range { low: (f64::NEG_INFINITY, true), high: (high, inclusive) }])
    }

    /// These numbers.
    pub(super) fn points(numbers: impl IntoIterator<Item = f64>) -> Self {
        Self(numbers.into_iter().map(|n| Range { low: (n, true), high: (n, true) }).collect())
    }

    /// Those that are in the other set too.
    pub(super) fn meet(&self, other: &Self) -> Self {
        let pairs = self.0.iter().flat_map(|one| other.0.iter().map(move |other| (one, other)));
        Self(pairs.filter_map(|(one, other)| one.meet(*other)).collect())
    }

    /// All others.
    pub(super) fn complement(&self) -> Self {
        self.0.iter().fold(Self::all(), |rest, range| {
            let below = Range { low: (f64::NEG_INFINITY, true), high: (range.low.0, !range.low.1) };
            let above = Range { low: (range.high.0, !range.high.1), high: (f64::INFINITY, true) };
            rest.meet(&Self(vec![below, above]))
        })
    }
}

impl Range {
    fn meet(self, other: Self) -> Option<Self> {
        let low = if self.low.0 > other.low.0 || (self.low.0 == other.low.0 && !self.low.1) {
            self.low
        } else {
            other.low
        };
        let high = if self.high.0 < other.high.0 || (self.high.0 == other.high.0 && !self.high.1) {
            self.high
        } else {
            other.high
        };
        let is_there = low.0 < high.0 || (low.0 == high.0 && low.1 && high.1);
        is_there.then_some(Self { low, high })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Pattern::{Exact, Prefix};

    fn is_empty(ranges: &Ranges) -> bool {
        Values::Numbers(ranges.clone()).is_empty()
    }

    #[test]
    fn ranges_meet_and_have_a_rest() {
        assert!(is_empty(&Ranges::from(5.0, true).meet(&Ranges::to(3.0, true))));
        assert!(is_empty(&Ranges::from(5.0, true).meet(&Ranges::to(5.0, false))));
        assert!(!is_empty(&Ranges::from(5.0, true).meet(&Ranges::to(5.0, true))));
        let rest = Ranges::points([1.0, 2.0]).complement();
        assert!(is_empty(&rest.meet(&Ranges::points([1.0, 2.0]))));
        assert!(!is_empty(&rest.meet(&Ranges::points([1.5]))));
        assert!(is_empty(&Ranges::all().complement()));
    }

    #[test]
    fn texts_are_left_as_long_as_one_may_match() {
        let left = |within: &[Pattern<'static>], never: &[Pattern<'static>]| {
            let mut texts = Texts::of(vec![Prefix("")]);
            texts.keep(&Texts { within: within.to_vec(), never: never.to_vec() });
            !Values::Texts(texts).is_empty()
        };
        assert!(left(&[Exact("a"), Exact("b")], &[Exact("a")]));
        assert!(!left(&[Exact("a"), Exact("b")], &[Exact("a"), Prefix("b")]));
        assert!(left(&[Prefix("a")], &[Exact("a"), Prefix("ab")]));
        assert!(!left(&[Prefix("ab")], &[Prefix("a")]));
        assert!(!left(&[Prefix("")], &[Prefix("")]));
    }
}
