//! Which verdicts a condition can come to: one that never holds, or always does, is not what was meant.
//!
//! What follows from a verdict for the values of the fields is collected clause by clause. Where nothing is left of a
//! field, no event can bring that verdict about. What can't be told so is let pass: alternatives are not combined with
//! each other, and elements of lists not with anything.

use std::collections::BTreeMap;

use super::domain::{Texts, Values};
use super::effect::{self, Effect};
use super::fields::{Lists, Scope};
use crate::envelope::Change;
use crate::route::{Condition, Each, Lookup, Operator, Path, Pattern, Test};

/// What a condition is to come to. Undecided is neither true nor false.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    True,
    False,
    NotTrue,
    NotFalse,
}

impl Want {
    /// What the part of `not` is to come to.
    const fn of_negated(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::NotTrue => Self::NotFalse,
            Self::NotFalse => Self::NotTrue,
        }
    }

    /// Whether a field that is absent brings it about.
    const fn takes_undecided(self) -> bool {
        matches!(self, Self::NotTrue | Self::NotFalse)
    }
}

/// The object that a condition is about.
#[derive(Clone, Copy)]
pub(super) struct About<'c> {
    pub(super) scope: Scope<'c>,
    /// The changes that the route takes, where the object is the event.
    pub(super) changes: Option<&'c [Change]>,
}

/// Whether any event brings that about.
pub(super) fn is_possible(condition: &Condition, want: Want, about: About<'_>) -> bool {
    Facts { about, fields: BTreeMap::new() }.narrow(condition, want)
}

/// Whether any event brings that about for both at once.
pub(super) fn are_possible(conditions: [&Condition; 2], want: Want, about: About<'_>) -> bool {
    let mut facts = Facts { about, fields: BTreeMap::new() };
    conditions.into_iter().all(|condition| facts.narrow(condition, want))
}

/// What is known of the fields.
#[derive(Clone)]
struct Facts<'c> {
    about: About<'c>,
    fields: BTreeMap<&'c [Box<str>], State<'c>>,
}

/// What is known of one field.
#[derive(Clone)]
struct State<'c> {
    may_be_absent: bool,
    may_be_present: bool,
    values: Values<'c>,
}

impl State<'_> {
    fn is_possible(&self) -> bool {
        self.may_be_absent || (self.may_be_present && !self.values.is_empty())
    }
}

impl<'c> Facts<'c> {
    /// Takes in what follows from the verdict; false if it can't come about.
    fn narrow(&mut self, condition: &'c Condition, want: Want) -> bool {
        match condition {
            Condition::All(parts) => match want {
                Want::True | Want::NotFalse => self.every(parts, want),
                Want::False | Want::NotTrue => self.one(parts, want),
            },
            Condition::Any(parts) => match want {
                Want::True | Want::NotFalse => self.one(parts, want),
                Want::False | Want::NotTrue => self.every(parts, want),
            },
            Condition::Not(part) => self.narrow(part, want.of_negated()),
            Condition::Each(each) => self.each(each, want),
            Condition::Compare(clause) => self.compare(&clause.test, want),
            Condition::Lookup(clause) => self.look_up(&clause.test, want),
        }
    }

    /// Every part comes to it. What is certain comes first: alternatives are narrowed by it.
    fn every(&mut self, parts: &'c [Condition], want: Want) -> bool {
        let is_leaf = |part: &&Condition| matches!(part, Condition::Compare(_) | Condition::Lookup(_));
        let leaves = parts.iter().filter(is_leaf);
        leaves.chain(parts.iter().filter(|part| !is_leaf(part))).all(|part| self.narrow(part, want))
    }

    /// At least one part comes to it.
    fn one(&mut self, parts: &'c [Condition], want: Want) -> bool {
        let mut possible = parts.iter().filter_map(|part| {
            let mut facts = self.clone();
            facts.narrow(part, want).then_some(facts)
        });
        let first = possible.next();
        let is_only = possible.next().is_none();
        drop(possible);
        match first {
            None => false,
            Some(facts) => {
                if is_only {
                    *self = facts;
                }
                true
            }
        }
    }

    /// A list may be empty, which is false; an element's fields are its own.
    fn each(&mut self, each: &'c Each, want: Want) -> bool {
        if want.takes_undecided() {
            return true;
        }
        let inner = || {
            let path = each.list.join(".");
            let scope = self.about.scope.find(&path, Lists::Stop).ok()?.inner?;
            Some(is_possible(&each.condition, Want::True, About { scope, changes: None }))
        };
        (want == Want::False || inner().unwrap_or(true)) && self.is_there(&each.list)
    }

    fn compare(&mut self, test: &'c Test, want: Want) -> bool {
        if let Operator::Present(wanted) = test.operator {
            let is_present = wanted == matches!(want, Want::True | Want::NotFalse);
            return if is_present { self.is_there(&test.field) } else { self.is_absent(&test.field) };
        }
        let shape = self.about.scope.find(&test.field.join("."), Lists::Stop);
        let Ok(field) = shape else { return true };
        self.apply(&test.field, &Effect::of(&test.operator, &field.shape), want)
    }

    fn look_up(&mut self, lookup: &'c Lookup, want: Want) -> bool {
        let (field, effect) = (lookup.field(), Effect::of_lookup(lookup));
        // A row matches only where it matches every field.
        let mut also = lookup.also();
        let also = want != Want::True
            || also.all(|(field, cells)| {
                let effect = Effect { holds: Values::Texts(Texts::of(cells)), ..Effect::of_lookup(lookup) };
                self.apply(field, &effect, want)
            });
        also && self.apply(field, &effect, want)
    }

    /// Takes in what a clause on a field says of its value.
    fn apply(&mut self, field: &'c Path, effect: &Effect<'c>, want: Want) -> bool {
        let values = match want {
            Want::True => &effect.holds,
            Want::False => &effect.fails,
            Want::NotTrue if effect.is_decided => &effect.fails,
            Want::NotFalse if effect.is_decided => &effect.holds,
            Want::NotTrue | Want::NotFalse => &Values::Any,
        };
        if !want.takes_undecided() && !self.is_there(field) {
            return false;
        }
        let state = self.state(field);
        match (&mut state.values, values) {
            (Values::Texts(texts), Values::Texts(other)) => texts.keep(other),
            (Values::Numbers(ranges), Values::Numbers(other)) => *ranges = ranges.meet(other),
            _ => {}
        }
        state.is_possible()
    }

    /// The field is there, and so is every object around it.
    fn is_there(&mut self, field: &'c [Box<str>]) -> bool {
        (1..=field.len()).all(|end| {
            let Some(path) = field.get(..end) else { return true };
            let state = self.state(path);
            state.may_be_absent = false;
            state.is_possible()
        })
    }

    fn is_absent(&mut self, field: &'c [Box<str>]) -> bool {
        let state = self.state(field);
        state.may_be_present = false;
        state.is_possible()
    }

    /// What is known of a field: at first what its schema says.
    fn state(&mut self, field: &'c [Box<str>]) -> &mut State<'c> {
        let About { scope, changes } = self.about;
        self.fields.entry(field).or_insert_with(|| by_schema(field, scope, changes))
    }
}

fn by_schema<'c>(field: &[Box<str>], scope: Scope<'c>, changes: Option<&[Change]>) -> State<'c> {
    let path = field.join(".");
    let Ok(found) = scope.find(&path, Lists::Stop) else {
        return State { may_be_absent: true, may_be_present: true, values: Values::Any };
    };
    let mut values = effect::all(&found.shape, found.minimum);
    if let (Values::Texts(texts), Some(changes), "change") = (&mut values, changes, path.as_str()) {
        let taken = changes.iter().map(|change| Pattern::Exact(change.as_str()));
        texts.keep(&Texts::of(taken.collect()));
    }
    State { may_be_absent: !found.is_required, may_be_present: true, values }
}
