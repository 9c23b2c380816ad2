//! Both configurations at work on one message.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::pair::{self, Difference, Read, Side};
use super::tally::{Example, Subject, Tally};
use super::{Category, Item, Options};
use crate::config::Config;
use crate::envelope::Identifying;
use crate::ops::rehearsal::{Input, Rehearsal};
use crate::pipeline::{INVALID, Processed};
use crate::registry::View;

/// How often a message is taken through again because it told the registry something.
const TELLINGS_MAX: usize = 4;

/// A message as each configuration would pick it up.
pub(super) struct Message {
    /// By the old one; nothing where it would not.
    pub(super) old: Option<Input>,
    /// By the new one.
    pub(super) new: NewInput,
    /// Where it lies.
    pub(super) file: Option<PathBuf>,
}

/// A message as the new configuration would pick it up.
pub(super) enum NewInput {
    /// Just as the old one.
    Same,
    /// With another envelope, or other bytes.
    Other(Box<Input>),
    /// Not at all.
    Nothing,
}

/// Two configurations with one registry.
pub(super) struct Both<'c> {
    old: Rehearsal<'c>,
    new: Rehearsal<'c>,
    /// The same, telling whole events.
    telling: [Rehearsal<'c>; 2],
    registry: View,
    /// Whether messages say the same by both.
    read_alike: bool,
}

impl<'c> Both<'c> {
    pub(super) fn new(old: &'c Config, new: &'c Config, registry: View) -> Self {
        let rehearsal = |config| Rehearsal::over(config, registry.clone());
        let read_alike =
            old.hub.timezone == new.hub.timezone && old.hub.registry_authority == new.hub.registry_authority;
        let telling = [rehearsal(old).telling_events(), rehearsal(new).telling_events()];
        Self { old: rehearsal(old), new: rehearsal(new), telling, registry, read_alike }
    }

    /// Takes a message through both, and counts what is not the same.
    pub(super) fn compare(&self, message: &Message, options: &Options<'_>, tally: &mut Tally) {
        let (input, differences) = match (&message.old, &message.new) {
            (Some(old), NewInput::Same) => (old, self.of_one(old)),
            (Some(old), NewInput::Other(new)) => (old, self.of_two([old, new])),
            (Some(old), NewInput::Nothing) => (old, self.only(old, &self.old, false)),
            (None, NewInput::Other(new)) => (&**new, self.only(new, &self.new, true)),
            (None, NewInput::Same | NewInput::Nothing) => return,
        };
        let (kind, differences) = differences;
        let subject = Subject { feed: &input.envelope.origin.feed, kind: &kind };
        tally.add(&subject, differences, options.examples, |subscribers, difference| {
            self.example(message, input, &kind, subscribers, difference, options)
        });
    }

    /// A message that both pick up alike.
    fn of_one(&self, input: &Input) -> (String, Vec<Difference>) {
        if !self.read_alike {
            return self.of_two([input, input]);
        }
        let [old, new] = self.told(|| Rehearsal::process_both(&self.old, &self.new, input));
        if pair::is_same(&Side::of(&old), &Side::of(&new)) {
            return (String::new(), Vec::new());
        }
        self.of_two([input, input])
    }

    fn of_two(&self, [old, new]: [&Input; 2]) -> (String, Vec<Difference>) {
        let [one, other] = &self.telling;
        let both = self.told(|| [one.process(old), other.process(new)]);
        let [read, read_anew] = [(old, &both[0]), (new, &both[1])].map(|(input, processed)| Read {
            envelope: &input.envelope,
            event: processed.archived.as_ref().map(|event| &event.body[..]),
        });
        let kind = pair::kind(&both[1]).or(pair::kind(&both[0])).unwrap_or(INVALID).to_owned();
        let [old, new] = &both;
        (kind, pair::differences(&Side::of(old), &Side::of(new), [read, read_anew]))
    }

    /// A message that only one of them picks up.
    fn only(&self, input: &Input, by: &Rehearsal<'_>, is_new: bool) -> (String, Vec<Difference>) {
        let [processed] = self.told(|| [by.process(input)]);
        let kind = pair::kind(&processed).unwrap_or(INVALID).to_owned();
        let feed = Some(input.envelope.origin.feed.as_str());
        let side = Side::of(&processed);
        let (old, new) = if is_new { (None, feed) } else { (feed, None) };
        let of = |subscriber: Option<&str>| Difference {
            category: Category::PickedUp,
            subscriber: subscriber.map(str::to_owned),
            items: BTreeSet::from([Item::word("feed", old, new, is_new && subscriber.is_some())]),
            values: Vec::new(),
        };
        let found: Vec<_> = side.recipients().map(|name| of(Some(name))).collect();
        (kind, if found.is_empty() { vec![of(None)] } else { found })
    }

    /// What comes of it once the registry knows what the message tells it, as at a router.
    fn told<const N: usize>(&self, take: impl Fn() -> [Processed; N]) -> [Processed; N] {
        let mut processed = take();
        for _ in 0..TELLINGS_MAX {
            let Some(telling) = processed.iter_mut().find(|one| !one.entries.is_empty()) else { break };
            self.registry.extend(std::mem::take(&mut telling.entries));
            processed = take();
        }
        processed
    }

    fn example(
        &self,
        message: &Message,
        input: &Input,
        kind: &str,
        subscribers: &BTreeSet<String>,
        difference: &Difference,
        options: &Options<'_>,
    ) -> Example {
        let envelope = &input.envelope;
        let file = message.file.as_ref().map(|file| Identifying(file.display().to_string()));
        let because = subscribers.first().and_then(|name| self.because(message, input, name, difference));
        Example {
            id: envelope.id.clone(),
            feed: envelope.origin.feed.clone(),
            kind: kind.to_owned(),
            file: file.unwrap_or_else(|| envelope.origin.file.clone()),
            offset: envelope.origin.offset,
            because,
            values: if options.values { difference.values.clone() } else { Vec::new() },
        }
    }

    /// The clause that keeps a subscriber from a copy that the other configuration makes.
    fn because(
        &self,
        message: &Message,
        input: &Input,
        subscriber: &str,
        difference: &Difference,
    ) -> Option<String> {
        let (route, how) = difference.items.iter().find_map(|item| match item {
            Item::Recipient { how, route } => Some((route, how)),
            Item::Field { .. } | Item::Word { .. } => None,
        })?;
        let seen = match (how, &message.new) {
            (super::How::Added, _) => self.old.run(input).seen,
            (_, NewInput::Other(new)) => self.new.run(new).seen,
            _ => self.new.run(input).seen,
        };
        let of_subscriber = || seen.recipients.iter().filter(|decision| decision.subscriber == subscriber);
        let decision =
            of_subscriber().find(|decision| decision.route == *route).or_else(|| of_subscriber().next());
        decision
            .and_then(|decision| decision.why.last().map(|clause| format!("{}: {clause}", decision.route)))
    }
}
