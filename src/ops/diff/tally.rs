//! Counts differences, and puts those of one kind together: a configuration's edit makes thousands of the same.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::fields::Values;
use super::pair::Difference;
use super::{Category, Item};
use crate::envelope::Identifying;

/// Different classes that are kept apart.
const CLASSES_MAX: usize = 5_000;

/// How many messages differ in some way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Messages.
    pub messages: u64,
    /// Those by which something leaves that did not before.
    pub widening: u64,
}

/// How many messages of a feed and kind differ for a subscriber.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// Feed.
    pub feed: String,
    /// Kind, or `invalid`.
    pub kind: String,
    /// Subscriber; nobody where it is about the message itself.
    pub subscriber: Option<String>,
    /// What differs.
    pub category: Category,
    /// How many.
    #[serde(flatten)]
    pub counts: Counts,
}

/// Differences that are alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Class {
    /// What differs.
    pub category: Category,
    /// For whom; nobody where it is about the message itself.
    pub subscribers: BTreeSet<String>,
    /// In what.
    pub items: BTreeSet<Item>,
    /// Whether something leaves that did not before.
    pub widening: bool,
    /// Messages.
    pub messages: u64,
    /// The first of them.
    pub examples: Vec<Example>,
}

/// A message that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Example {
    /// Id, as the hub gives or gave it.
    pub id: String,
    /// Feed.
    pub feed: String,
    /// Kind, or `invalid`.
    pub kind: String,
    /// Where it lies. Names of files in a storage hold the patient's id.
    pub file: Identifying,
    /// Byte at which it begins there.
    pub offset: u64,
    /// The clause that keeps the copy back, by the configuration that makes none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// What leaves, where it was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Values>,
}

/// A message as its differences are counted.
pub(super) struct Subject<'m> {
    pub(super) feed: &'m str,
    pub(super) kind: &'m str,
}

type CellKey = (String, String, Option<String>, Category);
type ClassKey = (Category, BTreeSet<String>, BTreeSet<Item>);

/// What was counted so far.
#[derive(Default)]
pub(super) struct Tally {
    categories: BTreeMap<Category, Counts>,
    cells: BTreeMap<CellKey, Counts>,
    classes: BTreeMap<ClassKey, (u64, Vec<Example>)>,
    /// Differences of classes that are not kept apart any more.
    pub(super) unclassed: u64,
    pub(super) differing: Counts,
}

impl Tally {
    /// Counts a message. `example` makes an example of a difference, where one more is wanted.
    pub(super) fn add(
        &mut self,
        subject: &Subject<'_>,
        differences: Vec<Difference>,
        examples_max: usize,
        mut example: impl FnMut(&BTreeSet<String>, &Difference) -> Example,
    ) {
        if differences.is_empty() {
            return;
        }
        self.differing.add(differences.iter().any(Difference::widens));
        let mut by_category: BTreeMap<Category, bool> = BTreeMap::new();
        for difference in &differences {
            *by_category.entry(difference.category).or_default() |= difference.widens();
            let subscriber = difference.subscriber.clone();
            let key = (subject.feed.to_owned(), subject.kind.to_owned(), subscriber, difference.category);
            self.cells.entry(key).or_default().add(difference.widens());
        }
        for (category, widens) in by_category {
            self.categories.entry(category).or_default().add(widens);
        }
        for (subscribers, difference) in alike(differences) {
            let key = (difference.category, subscribers.clone(), difference.items.clone());
            if self.classes.len() >= CLASSES_MAX && !self.classes.contains_key(&key) {
                self.unclassed += 1;
                continue;
            }
            let (messages, examples) = self.classes.entry(key).or_default();
            *messages += 1;
            if examples.len() < examples_max {
                examples.push(example(&subscribers, &difference));
            }
        }
    }

    pub(super) fn categories(&self) -> Vec<(Category, Counts)> {
        self.categories.iter().map(|(category, counts)| (*category, *counts)).collect()
    }

    pub(super) fn cells(&self) -> Vec<Cell> {
        let cell = |((feed, kind, subscriber, category), counts): (&CellKey, &Counts)| Cell {
            feed: feed.clone(),
            kind: kind.clone(),
            subscriber: subscriber.clone(),
            category: *category,
            counts: *counts,
        };
        self.cells.iter().map(cell).collect()
    }

    /// What widens first, then what is most frequent.
    pub(super) fn into_classes(self) -> Vec<Class> {
        let class =
            |((category, subscribers, items), (messages, examples)): (ClassKey, (u64, Vec<Example>))| Class {
                widening: items.iter().any(Item::widens),
                category,
                subscribers,
                items,
                messages,
                examples,
            };
        let mut classes: Vec<_> = self.classes.into_iter().map(class).collect();
        classes.sort_by_key(|class| (!class.widening, u64::MAX - class.messages));
        classes
    }
}

impl Counts {
    fn add(&mut self, widens: bool) {
        self.messages += 1;
        self.widening += u64::from(widens);
    }
}

/// Differences of one message that are the same for several subscribers, once.
fn alike(differences: Vec<Difference>) -> Vec<(BTreeSet<String>, Difference)> {
    let mut alike: Vec<(BTreeSet<String>, Difference)> = Vec::new();
    for difference in differences {
        let same = |other: &&mut (BTreeSet<String>, Difference)| {
            other.1.category == difference.category && other.1.items == difference.items
        };
        match alike.iter_mut().find(same) {
            Some((subscribers, _)) => subscribers.extend(difference.subscriber),
            None => alike.push((difference.subscriber.iter().cloned().collect(), difference)),
        }
    }
    alike
}
