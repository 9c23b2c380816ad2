//! How far a lane has come: the one message of the lane's progress queue.
//!
//! Whoever holds it, received and not acknowledged, may work on the lane. It is replaced by publishing the next one
//! and acknowledging the one held, so it is never absent; a crash in between leaves both, and the further one counts.
//!
//! Why a further token may always be believed: it is published only after all that it speaks of is confirmed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::amqp::Number;

/// Ranges of missing numbers remembered per series; the oldest is forgotten beyond.
const MISSING_MAX: usize = 100;
/// How far numbers move on when it can't be known which were given: more than any batch.
const LEAP: u64 = 1 << 17;

/// State of a lane.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Token {
    /// How often the lane was taken over. With `position` and `edition` it tells the further of two tokens.
    pub(super) generation: u64,
    /// Messages of the lane that are done, repeats included.
    pub(super) position: u64,
    /// Tells this token from a copy of it.
    pub(super) nonce: u64,
    /// How often `history` changed in this generation.
    #[serde(default)]
    pub(super) edition: u64,
    /// What makes the answers that may have been begun beyond this token; others may answer otherwise.
    pub(super) history: String,
    /// Nothing beyond it was begun.
    pub(super) clean: bool,
    /// Numbers taken, by series (hexadecimal).
    taken: BTreeMap<String, Taken>,
    /// Last number given, by queue.
    given: BTreeMap<String, u64>,
    /// Last number that may have been given to a queue that is not among them.
    #[serde(default)]
    floor: u64,
}

/// What was taken of one series.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Taken {
    /// The highest number.
    last: u64,
    /// Numbers below it that never came, as first and last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    missing: Vec<(u64, u64)>,
}

/// What a number says about a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// It is next.
    Next,
    /// It came before.
    Repeat,
    /// It is new, but these before it did not come: they may be lost.
    Gap {
        /// How many.
        missing: u64,
    },
    /// It was missing until now.
    Late,
}

impl Token {
    /// Whether this token tells of more than another.
    pub(super) fn is_further_than(&self, other: &Self) -> bool {
        let place = |token: &Self| (token.generation, token.position, token.edition, token.clean);
        place(self) > place(other)
    }

    /// The token of a router that takes the lane over.
    ///
    /// A router with the same `history` repeats what the one before may have begun, number by number. One with
    /// another can't: its numbers leap, so that no number ever stands for two events. Subscribers see a gap then.
    #[must_use]
    pub(super) fn taken_over(mut self, history: &str) -> Self {
        if self.may_be_begun() && self.history != history {
            self.leap();
        }
        self.generation += 1;
        self.edition = 0;
        history.clone_into(&mut self.history);
        self.clean = false;
        self
    }

    /// Whether the router that wrote it may have begun something beyond it.
    pub(super) const fn may_be_begun(&self) -> bool {
        !self.clean && self.generation > 0
    }

    /// The token of a router whose answers change while it has the lane. `begun`: the one before may have begun what
    /// comes next, with other answers.
    #[must_use]
    pub(super) fn answering(mut self, history: &str, begun: bool) -> Self {
        if begun {
            self.leap();
        }
        self.edition += 1;
        history.clone_into(&mut self.history);
        self.clean = false;
        self
    }

    /// Leaves out more numbers than can have been given.
    fn leap(&mut self) {
        self.given.values_mut().for_each(|last| *last += LEAP);
        self.floor += LEAP;
    }

    /// A copy that can be told from this one.
    #[must_use]
    pub(super) fn copied(&self, clean: bool) -> Self {
        Self { nonce: rand::random(), clean, ..self.clone() }
    }

    /// Notes that a message was taken; tells whether it was before. A message without a number is always new.
    pub(super) fn take(&mut self, number: Number) -> Seen {
        let Number { series, sequence } = number;
        if sequence == 0 {
            return Seen::Next;
        }
        let Some(taken) = self.taken.get_mut(&format!("{series:016x}")) else {
            self.taken.insert(format!("{series:016x}"), Taken { last: sequence, missing: Vec::new() });
            return Seen::Next;
        };
        if sequence > taken.last {
            let first = taken.last + 1;
            taken.last = sequence;
            if first == sequence {
                return Seen::Next;
            }
            taken.missing.push((first, sequence - 1));
            if taken.missing.len() > MISSING_MAX {
                taken.missing.remove(0);
            }
            return Seen::Gap { missing: sequence - first };
        }
        let at = taken.missing.iter().position(|&(first, last)| (first..=last).contains(&sequence));
        let Some(at) = at else { return Seen::Repeat };
        let (first, last) = taken.missing.remove(at);
        let rest = [(first, sequence - 1), (sequence + 1, last)];
        taken.missing.extend(rest.into_iter().filter(|(first, last)| first <= last));
        Seen::Late
    }

    /// The next number of a queue.
    pub(super) fn give(&mut self, queue: &str) -> Number {
        let last = self.given.entry(queue.to_owned()).or_insert(self.floor);
        *last += 1;
        Number { series: 0, sequence: *last }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(sequence: u64) -> Number {
        Number { series: 7, sequence }
    }

    #[test]
    fn a_number_is_taken_once() {
        let mut token = Token::default();
        let seen: Vec<_> = [1, 2, 2, 1, 3].map(|n| token.take(number(n))).into();
        assert_eq!(seen, [Seen::Next, Seen::Next, Seen::Repeat, Seen::Repeat, Seen::Next]);
        assert_eq!(
            token.take(Number { series: 8, sequence: 41 }),
            Seen::Next,
            "an unknown series begins anywhere"
        );
    }

    #[test]
    fn what_was_missing_is_taken_when_it_comes() {
        let mut token = Token::default();
        token.take(number(1));
        assert_eq!(token.take(number(5)), Seen::Gap { missing: 3 });
        let seen: Vec<_> = [3, 3, 2, 4, 4, 6].map(|n| token.take(number(n))).into();
        assert_eq!(seen, [Seen::Late, Seen::Repeat, Seen::Late, Seen::Late, Seen::Repeat, Seen::Next]);
    }

    #[test]
    fn answers_that_change_are_told_by_a_further_token_and_leap_over_what_another_may_have_begun() {
        let mut token = Token::default().taken_over("a");
        token.give("to.x");
        let changed = token.clone().answering("b", false);
        assert!(changed.is_further_than(&token) && !token.is_further_than(&changed));
        assert_eq!(changed.clone().give("to.x").sequence, 2, "nothing was begun under the old answers");
        assert_eq!(changed.clone().taken_over("b").give("to.x").sequence, 2);
        assert_eq!(changed.clone().taken_over("a").give("to.x").sequence, LEAP + 2);
        assert_eq!(token.clone().answering("b", true).give("to.x").sequence, LEAP + 2);
        assert!(token.taken_over("a").is_further_than(&changed), "who has the lane now counts");
    }

    #[test]
    fn numbers_leap_only_where_another_history_may_have_given_them() {
        let mut token = Token::default().taken_over("a");
        assert_eq!(token.give("to.x").sequence, 1);
        assert_eq!(token.clone().taken_over("a").give("to.x").sequence, 2);
        assert_eq!(token.clone().taken_over("b").give("to.x").sequence, LEAP + 2);
        assert_eq!(
            token.clone().taken_over("b").give("to.y").sequence,
            LEAP + 1,
            "another may have begun it"
        );
        token.clean = true;
        assert_eq!(token.taken_over("b").give("to.x").sequence, 2);
    }
}
