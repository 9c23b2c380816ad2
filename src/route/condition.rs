//! Conditions: a typed match table, compiled when the configuration is read.
//!
//! A condition is decided in three values. A comparison with a field that is absent, or of another type than
//! expected, is [`Verdict::Undecided`]; so is its negation. Only [`Verdict::True`] lets an event out: what can't
//! be decided stays in.

use serde::Serialize;

use super::compare::{Operator, Test};
use super::lookup::Lookup;
use super::probe::{Path, Visit, probe};
use super::table::Table;
use super::watch::{Step, Watch};

/// What a condition comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// A field that it needs is absent or of another type.
    Undecided,
}

impl Verdict {
    /// True or false.
    pub const fn of(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }

    /// The word for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::True => "true",
            Self::False => "false",
            Self::Undecided => "undecided",
        }
    }

    const fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Undecided => Self::Undecided,
        }
    }
}

/// One condition of a route.
#[derive(Debug, Clone)]
pub enum Condition {
    /// Every one holds.
    All(Vec<Condition>),
    /// At least one holds.
    Any(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
    /// Holds for elements of a list.
    Each(Each),
    /// Compares one field.
    Compare(Clause<Test>),
    /// Finds a row of a table.
    Lookup(Clause<Lookup>),
}

/// A condition without parts, with the text that an explanation shows.
#[derive(Debug, Clone)]
pub struct Clause<T> {
    /// The clause in words: `code.analyte is 5F399`. Holds expected values only, never a patient's.
    pub text: String,
    /// What is tested.
    pub test: T,
}

/// A condition on the elements of a list. Its fields are those of an element.
#[derive(Debug, Clone)]
pub struct Each {
    /// As the configuration names it, `results`.
    pub name: String,
    /// The list.
    pub list: Path,
    /// Whether it must hold for every element, and there must be one; otherwise one element is enough.
    pub every: bool,
    /// What must hold.
    pub condition: Box<Condition>,
}

impl Condition {
    /// The tables that it looks into, also by way of its parts.
    pub(super) fn each_table<'c>(&'c self, found: &mut dyn FnMut(&'c Table)) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.each_table(found)),
            Self::Not(part) => part.each_table(found),
            Self::Each(each) => each.condition.each_table(found),
            Self::Compare(_) => {}
            Self::Lookup(clause) => found(clause.test.table()),
        }
    }

    /// Tests a record. What was tested goes to `watch`, in order, up to the clause that decided.
    pub(super) fn test<T: Serialize + ?Sized, W: Watch>(&self, record: &T, watch: &mut W) -> Verdict {
        match self {
            Self::All(parts) => Self::fold(parts, Step::All, Verdict::False, record, watch),
            Self::Any(parts) => Self::fold(parts, Step::Any, Verdict::True, record, watch),
            Self::Not(part) => watch.within(Step::Not, |watch| part.test(record, watch)).not(),
            Self::Each(each) => each.test(record, watch),
            Self::Compare(clause) => watch.leaf(&clause.text, clause.test.test(record)),
            Self::Lookup(clause) => watch.leaf(&clause.text, clause.test.test(record)),
        }
    }

    /// `decisive` is the verdict that ends it: false for all, true for any.
    fn fold<T: Serialize + ?Sized, W: Watch>(
        parts: &[Self],
        step: fn(usize) -> Step<'static>,
        decisive: Verdict,
        record: &T,
        watch: &mut W,
    ) -> Verdict {
        let mut result = decisive.not();
        for (index, part) in parts.iter().enumerate() {
            let verdict = watch.within(step(index + 1), |watch| part.test(record, watch));
            if verdict == decisive {
                return verdict;
            }
            if verdict == Verdict::Undecided {
                result = verdict;
            }
        }
        result
    }
}

impl Each {
    /// The step to that element, from 1.
    fn step(&self, number: usize) -> Step<'_> {
        if self.every { Step::Every(&self.name, number) } else { Step::AnyOf(&self.name, number) }
    }

    /// Whether it asks for nothing but an element: `{ any = "results", all = [{ field = "at", present = true }] }`.
    pub(super) fn is_presence(&self) -> bool {
        let Condition::All(parts) = &*self.condition else { return false };
        let [Condition::Compare(clause)] = parts.as_slice() else { return false };
        clause.test.operator == Operator::Present(true)
            && clause.test.field.iter().map(|key| &**key).eq(["at"])
    }

    fn test<T: Serialize + ?Sized, W: Watch>(&self, record: &T, watch: &mut W) -> Verdict {
        let mut elements = Elements { each: self, watch, count: 0, verdict: Verdict::Undecided };
        probe(record, &self.list, &mut elements);
        let Elements { count, verdict, .. } = elements;
        if count == 0 { watch.no_element(self.step(1), verdict) } else { verdict }
    }
}

/// Tests the elements one by one until one decides.
struct Elements<'e, W> {
    each: &'e Each,
    watch: &'e mut W,
    count: usize,
    verdict: Verdict,
}

impl<W: Watch> Visit for Elements<'_, W> {
    fn list(&mut self) {
        self.verdict = Verdict::False;
    }

    fn element<T: Serialize + ?Sized>(&mut self, element: &T) {
        let Each { every, condition, .. } = self.each;
        let decisive = Verdict::of(!every);
        self.count += 1;
        if self.count == 1 {
            self.verdict = decisive.not();
        }
        if self.verdict == decisive {
            return;
        }
        let step = self.each.step(self.count);
        let verdict = self.watch.within(step, |watch| condition.test(element, watch));
        if verdict != decisive.not() {
            self.verdict = verdict;
        }
    }
}
