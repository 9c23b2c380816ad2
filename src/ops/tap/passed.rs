//! A step as a tap shows it: with what is known of its message from the decision about it.

use std::collections::{HashMap, VecDeque};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Filter;
use crate::store::history::{Act, CopyFate, Decision, Denied, Granted, Step, What};
use crate::store::messages::Kept;

/// Messages that a tap remembers, to tell of a copy what it is a copy of.
const KNOWN: usize = 20_000;

/// A step that passed. Nothing of a patient.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Passed {
    /// When.
    pub at: Timestamp,
    /// Id of the message.
    pub id: String,
    /// `routed`, `filtered`, `invalid`; of a copy `delivered`, `parked`, `dead`, `withdrawn`; of an operator `retried`,
    /// `discarded`, `edited`, `replayed`.
    pub step: String,
    /// Feed. Of a copy: where the decision passed after the tap began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feed: Option<String>,
    /// 10-digit code of the sending facility; as [`Self::feed`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facility: Option<String>,
    /// Kind; as [`Self::feed`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What happened at the source; as [`Self::feed`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
    /// When the hub accepted the message, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted_at: Option<String>,
    /// Who gets it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<Addressed>,
    /// Who does not, though a route matched.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_to: Vec<Refused>,
    /// Subscriber of the copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscriber: Option<String>,
    /// Its topic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Why it is invalid, was parked or given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Who acted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// Where the message is kept.
    #[serde(skip)]
    pub kept: Option<Kept>,
}

/// A copy on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addressed {
    /// Subscriber.
    pub subscriber: String,
    /// Topic.
    pub topic: String,
}

/// A copy that was not made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Subscriber.
    pub subscriber: String,
    /// The clause that decided.
    pub clause: String,
}

/// Makes of lines of the history what passed.
pub(super) struct Reader {
    filter: Filter,
    known: HashMap<String, Known>,
    /// The oldest first.
    order: VecDeque<String>,
}

/// What is known of a message from the decision about it.
struct Known {
    feed: String,
    facility: String,
    kind: String,
    change: String,
    to: Vec<Addressed>,
}

impl Reader {
    pub(super) fn new(filter: Filter) -> Self {
        Self { filter, known: HashMap::new(), order: VecDeque::new() }
    }

    /// Whether the filter may mean a line: it names everything that is wanted, or a message that was wanted. Takes much
    /// less than reading it.
    pub(super) fn may_mean(&self, line: &[u8]) -> bool {
        let Filter { feed, facility, kind, subscriber, topic } = &self.filter;
        let mut words = [feed, facility, kind, subscriber, topic].into_iter().flatten();
        let Ok(line) = std::str::from_utf8(line) else { return false };
        let id = || line.split_once(r#""id":""#).and_then(|(_, rest)| rest.split('"').next());
        words.all(|word| line.contains(word)) || id().is_some_and(|id| self.known.contains_key(id))
    }

    /// What a line tells, where it is to be shown. A torn line tells nothing.
    pub(super) fn read(&mut self, line: &[u8]) -> Option<Passed> {
        let step: Step = serde_json::from_slice(line).ok()?;
        let passed = self.passed(step);
        self.filter.takes(&passed).then_some(passed)
    }

    fn passed(&mut self, Step { at, id, what }: Step) -> Passed {
        let passed = Passed { at, id, ..Passed::default() };
        match what {
            What::Decided(decision) | What::Filtered(decision) => self.decided(passed, decision),
            What::Delivered(fate) => self.copy(passed, "delivered", fate),
            What::Parked(fate) => self.copy(passed, "parked", fate),
            What::Dead(fate) => self.copy(passed, "dead", fate),
            What::Withdrawn(fate) => self.copy(passed, "withdrawn", fate),
            What::Retried(act) => self.act(passed, "retried", act),
            What::Discarded(act) => self.act(passed, "discarded", act),
            What::Edited(act) => self.act(passed, "edited", act),
            What::Replayed(act) => self.act(passed, "replayed", act),
        }
    }

    fn decided(&mut self, passed: Passed, decision: Decision) -> Passed {
        let Decision { feed, facility, kind, change, recipients, denials, .. } = decision;
        let to: Vec<_> = recipients
            .into_iter()
            .map(|Granted { subscriber, topic, .. }| Addressed { subscriber, topic })
            .collect();
        let not_to = denials.into_iter();
        let not_to = not_to.map(|Denied { subscriber, clause, .. }| Refused { subscriber, clause });
        let step = match (&decision.fault, to.is_empty()) {
            (Some(_), _) => "invalid",
            (None, true) => "filtered",
            (None, false) => "routed",
        };
        let known = Known { feed, facility, kind, change, to: to.clone() };
        let passed = Passed {
            step: step.to_owned(),
            accepted_at: Some(decision.accepted_at),
            to,
            not_to: not_to.collect(),
            code: decision.fault,
            kept: decision.kept,
            ..known.told(passed)
        };
        self.remember(passed.id.clone(), known);
        passed
    }

    fn copy(&self, passed: Passed, step: &str, fate: CopyFate) -> Passed {
        let code = fate.code;
        Passed { code, ..self.of_subscriber(passed, step, Some(fate.subscriber)) }
    }

    fn act(&self, passed: Passed, step: &str, act: Act) -> Passed {
        Passed { who: Some(act.who), ..self.of_subscriber(passed, step, act.subscriber) }
    }

    fn of_subscriber(&self, passed: Passed, step: &str, subscriber: Option<String>) -> Passed {
        let known = self.known.get(&passed.id);
        let to = known.zip(subscriber.as_ref());
        let to = to.and_then(|(known, name)| known.to.iter().find(|one| one.subscriber == *name));
        let topic = to.map(|one| one.topic.clone());
        let passed = known.map(|known| known.told(passed.clone())).unwrap_or(passed);
        Passed { step: step.to_owned(), subscriber, topic, ..passed }
    }

    fn remember(&mut self, id: String, known: Known) {
        if self.known.insert(id.clone(), known).is_none() {
            self.order.push_back(id);
        }
        while self.order.len() > KNOWN {
            if let Some(oldest) = self.order.pop_front() {
                self.known.remove(&oldest);
            }
        }
    }
}

impl Known {
    fn told(&self, passed: Passed) -> Passed {
        Passed {
            feed: Some(self.feed.clone()),
            facility: Some(self.facility.clone()),
            kind: Some(self.kind.clone()),
            change: Some(self.change.clone()),
            ..passed
        }
    }
}

impl Filter {
    fn takes(&self, passed: &Passed) -> bool {
        let is = |wanted: &Option<String>, known: &Option<String>| wanted.is_none() || wanted == known;
        let mut copies = passed.to.iter().map(|one| (one.subscriber.as_str(), Some(one.topic.as_str())));
        let own = passed.subscriber.as_deref().map(|name| (name, passed.topic.as_deref()));
        is(&self.feed, &passed.feed)
            && is(&self.facility, &passed.facility)
            && is(&self.kind, &passed.kind)
            && (self.is_about_all()
                || copies.any(|copy| self.is_about(copy))
                || own.is_some_and(|own| self.is_about(own)))
    }

    const fn is_about_all(&self) -> bool {
        self.subscriber.is_none() && self.topic.is_none()
    }

    fn is_about(&self, (subscriber, topic): (&str, Option<&str>)) -> bool {
        let begins = |wanted: &str| {
            let rest = topic.and_then(|topic| topic.strip_prefix(wanted));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.subscriber.as_deref().is_none_or(|wanted| wanted == subscriber)
            && self.topic.as_deref().is_none_or(begins)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DECIDED: &str = r#"{"at":"2026-11-23T00:00:00Z","id":"m1","step":"decided","feed":"izumo-chuo",
        "facility":"3210100018","hash":"h","accepted_at":"2026-11-22T23:59:59Z","patient":"stand-in","kind":"lab",
        "change":"created","recipients":[{"subscriber":"kita","route":"r","topic":"lab.result.flu","basis":"consent"}],
        "denials":[{"subscriber":"oki","route":"r","clause":"consent"}]}"#;
    const DELIVERED: &str =
        r#"{"at":"2026-11-23T00:00:01Z","id":"m1","step":"delivered","subscriber":"kita","route":"r"}"#;

    fn steps(filter: &Filter) -> Vec<String> {
        let mut reader = Reader::new(filter.clone());
        let lines = [DELIVERED, "{torn", DECIDED, DELIVERED].map(str::as_bytes);
        let step = |line: &&[u8]| {
            let may_mean = reader.may_mean(line);
            let passed = reader.read(line);
            // What is not read is nothing that would have been shown.
            assert!(may_mean || passed.is_none());
            Some(passed?.step)
        };
        lines.iter().filter_map(step).collect()
    }

    #[test]
    fn a_line_that_names_nothing_of_the_filter_is_not_read() {
        let filter = Filter { feed: Some("izumo-kita".into()), ..Filter::default() };
        let mut reader = Reader::new(filter);
        assert!(!reader.may_mean(DECIDED.as_bytes()) && !reader.may_mean(DELIVERED.as_bytes()));
        let other = DECIDED.replace("izumo-chuo", "izumo-kita");
        assert!(reader.may_mean(other.as_bytes()));
        reader.read(other.as_bytes()).unwrap();
        assert!(reader.may_mean(DELIVERED.as_bytes()), "a copy of a message that is meant");
    }

    #[test]
    fn a_copy_is_told_with_what_is_known_of_its_message() {
        let mut reader = Reader::new(Filter::default());
        let routed = reader.read(DECIDED.as_bytes()).unwrap();
        assert_eq!((routed.step.as_str(), routed.to.len(), routed.not_to.len()), ("routed", 1, 1));
        assert!(!serde_json::to_string(&routed).unwrap().contains("stand-in"));
        let copy = reader.read(DELIVERED.as_bytes()).unwrap();
        assert_eq!(
            (copy.feed.as_deref(), copy.topic.as_deref()),
            (Some("izumo-chuo"), Some("lab.result.flu"))
        );
    }

    #[test]
    fn a_filter_takes_what_fits_all_that_it_names() {
        let of = |set: fn(&mut Filter)| {
            let mut filter = Filter::default();
            set(&mut filter);
            steps(&filter)
        };
        assert_eq!(of(|_| {}), ["delivered", "routed", "delivered"]);
        assert_eq!(of(|filter| filter.feed = Some("izumo-chuo".into())), ["routed", "delivered"]);
        assert_eq!(of(|filter| filter.topic = Some("lab.result".into())), ["routed", "delivered"]);
        assert_eq!(of(|filter| filter.topic = Some("lab.res".into())), [""; 0]);
        assert_eq!(
            of(|filter| filter.subscriber = Some("kita".into())),
            ["delivered", "routed", "delivered"]
        );
        assert_eq!(of(|filter| filter.subscriber = Some("oki".into())), [""; 0]);
        assert_eq!(of(|filter| (filter.kind, filter.feed) = (Some("lab".into()), Some("x".into()))), [""; 0]);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut reader = Reader::new(Filter::default());
        for number in 0..KNOWN + 10 {
            reader.read(DECIDED.replace("m1", &format!("m{number}")).as_bytes()).unwrap();
        }
        assert_eq!((reader.known.len(), reader.order.len()), (KNOWN, KNOWN));
    }
}
