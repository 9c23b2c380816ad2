//! What it means for a field's value that a clause holds, or does not.

use super::domain::{Ranges, Texts, Values};
use super::fields::Shape;
use crate::route::{Bound, Expected, Lookup, Operator, Pattern, Relation};

/// The values with which a clause comes to a verdict.
pub(super) struct Effect<'c> {
    /// With which it is true; it is with no others.
    pub(super) holds: Values<'c>,
    /// With which it is false; it is with no others.
    pub(super) fails: Values<'c>,
    /// Whether every value is among the ones or the others.
    pub(super) is_decided: bool,
}

/// All values that a field of that shape can have.
pub(super) fn all<'c>(shape: &Shape<'c>, minimum: Option<f64>) -> Values<'c> {
    match shape {
        Shape::Text => Values::Texts(Texts::of(vec![Pattern::Prefix("")])),
        Shape::Word(words) => {
            Values::Texts(Texts::of(words.iter().map(|word| Pattern::Exact(word)).collect()))
        }
        Shape::Boolean => Values::Texts(Texts::of(["true", "false"].map(Pattern::Exact).into())),
        Shape::Number => Values::Numbers(minimum.map_or_else(Ranges::all, |low| Ranges::from(low, true))),
        Shape::Time => Values::Numbers(Ranges::all()),
        Shape::Object | Shape::List => Values::Any,
    }
}

impl<'c> Effect<'c> {
    /// Of texts that match one of these: the others fail.
    fn texts(patterns: Vec<Pattern<'c>>) -> Self {
        let others = Texts { within: vec![Pattern::Prefix("")], never: patterns.clone() };
        Self { holds: Values::Texts(Texts::of(patterns)), fails: Values::Texts(others), is_decided: true }
    }

    fn numbers(holds: Ranges, is_decided: bool) -> Self {
        let fails = Values::Numbers(holds.complement());
        Self { holds: Values::Numbers(holds), fails, is_decided }
    }

    fn unknown() -> Self {
        Self { holds: Values::Any, fails: Values::Any, is_decided: false }
    }

    fn negated(self) -> Self {
        Self { holds: self.fails, fails: self.holds, is_decided: self.is_decided }
    }

    /// Of a comparison; of presence nothing is said here.
    pub(super) fn of(operator: &'c Operator, shape: &Shape<'_>) -> Self {
        match operator {
            Operator::In { values, negated } => {
                let effect = equals(values);
                if *negated { effect.negated() } else { effect }
            }
            Operator::StartsWith(prefixes) if *shape == Shape::Time => begins(prefixes),
            Operator::StartsWith(prefixes) => {
                Self::texts(prefixes.iter().map(|prefix| Pattern::Prefix(prefix)).collect())
            }
            Operator::Order(relation, Bound::Number(bound)) => {
                Self::numbers(side(*relation, *bound, *bound), true)
            }
            // A date of which less is known than the bound says may be undecided. Nobody knows less than the year.
            Operator::Order(relation, Bound::Date(bound)) => match days(bound) {
                Some((first, last)) => Self::numbers(side(*relation, first, last), bound.len() == 4),
                None => Self::unknown(),
            },
            Operator::Present(_) => Self::unknown(),
        }
    }

    /// Of a look-up, for the field that it looks up.
    pub(super) fn of_lookup(lookup: &'c Lookup) -> Self {
        let patterns: Vec<_> = lookup.patterns().collect();
        if lookup.also().next().is_none() {
            return Self::texts(patterns);
        }
        Self { holds: Values::Texts(Texts::of(patterns)), ..Self::unknown() }
    }
}

fn equals(values: &[Expected]) -> Effect<'_> {
    let mut texts = Vec::new();
    let mut numbers = Vec::new();
    for value in values {
        match value {
            Expected::Text(text) => texts.push(Pattern::Exact(text)),
            Expected::Boolean(true) => texts.push(Pattern::Exact("true")),
            Expected::Boolean(false) => texts.push(Pattern::Exact("false")),
            Expected::Number(number) => numbers.push(*number),
        }
    }
    match (texts.is_empty(), numbers.is_empty()) {
        (false, true) => Effect::texts(texts),
        (true, false) => Effect::numbers(Ranges::points(numbers), true),
        _ => Effect::unknown(),
    }
}

/// What lies on that side of what a bound stands for.
fn side(relation: Relation, first: f64, last: f64) -> Ranges {
    match relation {
        Relation::AtLeast => Ranges::from(first, true),
        Relation::Above => Ranges::from(last, false),
        Relation::AtMost => Ranges::to(last, true),
        Relation::Below => Ranges::to(first, false),
    }
}

/// Dates that begin so. One of which less is known does not begin so, though its day may lie there.
fn begins(prefixes: &[Box<str>]) -> Effect<'_> {
    let days: Option<Vec<_>> = prefixes.iter().map(|prefix| days(prefix)).collect();
    let Some(days) = days else { return Effect::unknown() };
    let ranges =
        days.into_iter().flat_map(|(first, last)| Ranges::from(first, true).meet(&Ranges::to(last, true)).0);
    Effect { holds: Values::Numbers(Ranges(ranges.collect())), ..Effect::unknown() }
}

/// The first and last day of `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, as numbers `YYYYMMDD`; unknown parts are 00 and 99.
fn days(date: &str) -> Option<(f64, f64)> {
    let mut parts = date.split('-').map(|part| part.parse::<u32>().ok());
    let year = parts.next().flatten().filter(|_| date.len() >= 4)?;
    let mut part = || parts.next().map_or(Some((0, 99)), |part| part.map(|n| (n, n)));
    let (month, day) = (part()?, part()?);
    let number = |month: u32, day: u32| f64::from(year * 10_000 + month * 100 + day);
    parts.next().is_none().then(|| (number(month.0, day.0), number(month.1, day.1)))
}
