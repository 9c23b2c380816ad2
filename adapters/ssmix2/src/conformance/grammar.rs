//! Segments and their order: the message's grammar as a deterministic automaton that takes one segment id after
//! another, so that the first segment that can't stand where it does is known, and what could.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use hl7v2::{Message, Segment};
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::util::primitives::StateID;
use regex_automata::util::{start, syntax};
use regex_automata::{Anchored, MatchKind};

use super::catalogue;
use super::findings::Findings;
use super::place::Place;
use super::rule;
use super::{Expected, header};

/// Segments named as possible, at most.
const NAMED_MAX: usize = 8;

struct Grammar {
    automaton: dense::DFA<Vec<u32>>,
    start: StateID,
    /// Every segment of the grammar.
    alphabet: BTreeSet<&'static str>,
}

/// The grammars in use, made when first asked for.
static GRAMMARS: LazyLock<HashMap<String, Grammar>> = LazyLock::new(|| {
    let codes = crate::data_type::ALL.iter().flat_map(|entry| {
        let events = [Some(entry.message.1), entry.cancel].into_iter().flatten();
        events.map(|event| format!("{}^{event}", entry.message.0))
    });
    codes
        .filter_map(|code| {
            let grammar = Grammar::of(catalogue::message(&code)?.segments)?;
            Some((code, grammar))
        })
        .collect()
});

impl Grammar {
    /// `None` if the pattern is none, which a test rules out for those of the table.
    fn of(pattern: &'static str) -> Option<Self> {
        let config = dense::Config::new().start_kind(StartKind::Anchored).match_kind(MatchKind::All);
        let syntax = syntax::Config::new().unicode(false).utf8(false);
        let automaton =
            dense::Builder::new().configure(config).syntax(syntax).build(&format!(r"(?:{pattern})\z"));
        let automaton = automaton.ok()?;
        let start = automaton.start_state(&start::Config::new().anchored(Anchored::Yes)).ok()?;
        let ids = pattern.split(|c: char| !c.is_ascii_alphanumeric()).filter(|id| id.len() == 3);
        Some(Self { automaton, start, alphabet: ids.collect() })
    }

    /// The state behind a segment; `None` if it can't stand there.
    fn step(&self, state: StateID, id: &str) -> Option<StateID> {
        let next = id.bytes().fold(state, |state, byte| self.automaton.next_state(state, byte));
        (!self.automaton.is_dead_state(next)).then_some(next)
    }

    fn may_end(&self, state: StateID) -> bool {
        self.automaton.is_match_state(self.automaton.next_eoi_state(state))
    }

    /// The segments that can stand at a place, as `ORC|TQ1`.
    fn possible(&self, state: StateID) -> String {
        let mut ids: Vec<_> =
            self.alphabet.iter().filter(|id| self.step(state, id).is_some()).copied().collect();
        if ids.len() > NAMED_MAX {
            ids.truncate(NAMED_MAX);
            ids.push("…");
        }
        ids.join("|")
    }
}

pub(super) fn check(message: &Message, expected: &Expected<'_>, findings: &mut Findings) {
    // A message of another type is told as such, and measured by its own grammar.
    let own = header::code(message);
    let of_type = expected.entry.map(|entry| format!("{}^{}", entry.message.0, expected.event));
    let Some(grammar) = GRAMMARS.get(&own).or_else(|| GRAMMARS.get(&of_type?)) else { return };
    let mut state = grammar.start;
    for segment in message.segments() {
        if is_local(&segment, grammar) {
            findings.add(&rule::SEGMENT_LOCAL, Place::segment(&segment), segment.occurrence(), String::new());
            continue;
        }
        let Some(next) = grammar.step(state, segment.name()) else {
            let possible = grammar.possible(state);
            findings.add(&rule::SEGMENT_UNEXPECTED, Place::segment(&segment), segment.occurrence(), possible);
            return;
        };
        state = next;
    }
    if !grammar.may_end(state) {
        findings.file(&rule::SEGMENT_MISSING, grammar.possible(state));
    }
}

fn is_local(segment: &Segment<'_>, grammar: &Grammar) -> bool {
    segment.name().starts_with('Z') && !grammar.alphabet.contains(segment.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_of_the_table_has_a_grammar() {
        for (code, entry) in catalogue::messages() {
            assert!(Grammar::of(entry.segments).is_some(), "{code}");
        }
    }
}
