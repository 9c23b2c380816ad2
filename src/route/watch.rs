//! Who looks on while conditions are tested: nobody when a message is routed, a report when it is explained.

use std::fmt;

use super::condition::Verdict;

/// A step into a condition. Counted from 1, as HL7 counts.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step<'n> {
    /// That part of `all`.
    All(usize),
    /// That part of `any`.
    Any(usize),
    /// The part of `not`.
    Not,
    /// That element of a list of which one is enough.
    AnyOf(&'n str, usize),
    /// That element of a list of which every one must hold.
    Every(&'n str, usize),
}

impl fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(number) => write!(f, ".all[{number}]"),
            Self::Any(number) => write!(f, ".any[{number}]"),
            Self::Not => f.write_str(".not"),
            Self::AnyOf(list, number) => write!(f, ".any({list})[{number}]"),
            Self::Every(list, number) => write!(f, ".every({list})[{number}]"),
        }
    }
}

/// Looks on.
pub(super) trait Watch {
    /// Everything that the closure tests lies within that step.
    fn within(&mut self, step: Step<'_>, test: impl FnOnce(&mut Self) -> Verdict) -> Verdict;
    /// A clause came to that verdict, which is handed back.
    fn leaf(&mut self, text: &dyn fmt::Display, verdict: Verdict) -> Verdict;
    /// A list that `any` or `every` is about has no element, which came to that verdict.
    fn no_element(&mut self, list: Step<'_>, verdict: Verdict) -> Verdict {
        let (Step::AnyOf(name, _) | Step::Every(name, _)) = list else { return verdict };
        self.leaf(&format_args!("{name} has no element"), verdict)
    }
}

/// Sees nothing and costs nothing.
#[derive(Debug)]
pub(super) struct Blind;

impl Watch for Blind {
    fn within(&mut self, _: Step<'_>, test: impl FnOnce(&mut Self) -> Verdict) -> Verdict {
        test(self)
    }

    fn leaf(&mut self, _: &dyn fmt::Display, verdict: Verdict) -> Verdict {
        verdict
    }
}

/// One tested clause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tested {
    /// Where in the route: `where.any(results)[3].all[1]`.
    pub place: String,
    /// The clause, with the expected value: `code.analyte is 5F399`.
    pub clause: String,
    /// What it came to.
    pub verdict: Verdict,
}

impl fmt::Display for Tested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} -> {}", self.place, self.clause, self.verdict.as_str())
    }
}

/// Clauses that are written down: a list of very many elements is not told whole.
const TESTED_MAX: usize = 1_000;

/// Writes down the clauses in the order in which they were tested: the first ones and the last, which decided.
#[derive(Debug, Default)]
pub(super) struct Report {
    place: String,
    /// What was tested.
    pub(super) tested: Vec<Tested>,
    /// How many clauses before the last one are not there.
    pub(super) left_out: usize,
}

impl Report {
    /// A clause at a place of its own.
    pub(super) fn note(&mut self, place: &str, clause: &dyn fmt::Display, verdict: Verdict) -> Verdict {
        self.write(Tested { place: place.into(), clause: clause.to_string(), verdict });
        verdict
    }

    fn write(&mut self, tested: Tested) {
        let full = self.tested.len() > TESTED_MAX;
        match self.tested.last_mut().filter(|_| full) {
            Some(last) => {
                *last = tested;
                self.left_out += 1;
            }
            None => self.tested.push(tested),
        }
    }

    /// Starts at that place.
    pub(super) fn at(&mut self, place: &str) -> &mut Self {
        self.place = place.into();
        self
    }
}

impl Watch for Report {
    fn within(&mut self, step: Step<'_>, test: impl FnOnce(&mut Self) -> Verdict) -> Verdict {
        let length = self.place.len();
        self.place.push_str(&step.to_string());
        let verdict = test(self);
        self.place.truncate(length);
        verdict
    }

    fn leaf(&mut self, text: &dyn fmt::Display, verdict: Verdict) -> Verdict {
        self.write(Tested { place: self.place.clone(), clause: text.to_string(), verdict });
        verdict
    }
}
