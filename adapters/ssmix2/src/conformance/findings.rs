//! What was found, in bounded memory whatever the message.

use std::collections::BTreeMap;

use super::place::Place;
use super::rule::Rule;

/// How many different findings of one file are kept.
const KEPT_MAX: usize = 500;

/// One finding of one file: a rule, a place, and how often it is broken there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// Where; without the number of the segment, so that the findings of many files add up.
    pub place: Place,
    /// Which of the segments of that id broke it first, from 1; 0 where the place is no segment.
    pub occurrence: usize,
    /// What was expected, or what of it was found, in the notation of HL7. Never a value of the message.
    pub detail: String,
    /// How often.
    pub count: u64,
}

/// Collects findings and counts those that are the same.
#[derive(Debug, Default)]
pub(super) struct Findings {
    at: BTreeMap<(&'static str, Place, String), usize>,
    list: Vec<Finding>,
}

impl Findings {
    /// Adds a finding of the file as a whole.
    pub(super) fn file(&mut self, rule: &'static Rule, detail: impl Into<String>) {
        self.add(rule, Place::default(), 0, detail.into());
    }

    /// Adds a finding at a place in the segment of that number.
    pub(super) fn add(&mut self, rule: &'static Rule, place: Place, occurrence: usize, detail: String) {
        let key = (rule.code, place, detail);
        if let Some(finding) = self.at.get(&key).and_then(|at| self.list.get_mut(*at)) {
            finding.count += 1;
            return;
        }
        if self.list.len() < KEPT_MAX {
            self.at.insert(key.clone(), self.list.len());
            self.list.push(Finding { rule, place, occurrence, detail: key.2, count: 1 });
        }
    }

    /// All of them in the order in which they were found.
    pub(super) fn finish(self) -> Vec<Finding> {
        self.list
    }
}
