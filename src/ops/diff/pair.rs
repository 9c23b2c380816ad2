//! One message by two configurations.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::fields::{self, FieldChange, How, Leaves, Values, Whole};
use super::{Category, Item};
use crate::broker::topology;
use crate::envelope::{Envelope, Routed};
use crate::pipeline::{Outcome, Processed};
use crate::registry::{Basis, Purpose};
use crate::store::history::{Decision, Granted, Step, What};

/// What is not the same, for one subscriber or for all.
#[derive(Debug)]
pub(super) struct Difference {
    pub(super) category: Category,
    /// Nobody where it is about the message itself.
    pub(super) subscriber: Option<String>,
    pub(super) items: BTreeSet<Item>,
    pub(super) values: Vec<Values>,
}

/// A copy that a subscriber gets.
struct Copy<'p> {
    envelope: &'p Envelope,
    routed: &'p Routed,
    body: &'p [u8],
    granted: Option<&'p Granted>,
}

/// What one configuration makes of a message.
pub(super) struct Side<'p> {
    copies: BTreeMap<&'p str, Copy<'p>>,
    fault: Option<&'p str>,
}

impl<'p> Side<'p> {
    /// Takes apart what a router would publish to these subscribers.
    pub(super) fn of(processed: &'p Processed) -> Self {
        let decision = decision(processed);
        let granted =
            |name: &str| decision.and_then(|one| one.recipients.iter().find(|one| one.subscriber == name));
        let mut copies = BTreeMap::new();
        for name in processed.outcome.recipients() {
            let queue = topology::subscriber(name);
            let copy = processed.follow.iter().find(|copy| copy.to.iter().any(|(to, _)| *to == queue));
            if let Some((copy, routed)) = copy.and_then(|copy| Some((copy, copy.envelope.event.as_ref()?))) {
                let granted = granted(name);
                copies.insert(
                    name.as_str(),
                    Copy { envelope: &copy.envelope, routed, body: &copy.body, granted },
                );
            }
        }
        let fault = decision.and_then(|decision| decision.fault.as_deref());
        let fault = fault.or(matches!(processed.outcome, Outcome::Invalid(_)).then_some("invalid"));
        Self { copies, fault }
    }

    /// Who gets a copy.
    pub(super) fn recipients(&self) -> impl Iterator<Item = &str> {
        self.copies.keys().copied()
    }
}

fn decision(processed: &Processed) -> Option<&Decision> {
    match &processed.decision {
        Some(Step { what: What::Decided(decision), .. }) => Some(decision),
        _ => None,
    }
}

/// Kind of a message's event, or `invalid`; nothing of history that nobody asked for.
pub(super) fn kind(processed: &Processed) -> Option<&str> {
    decision(processed).map(|decision| decision.kind.as_str())
}

/// Whether two outcomes are the same to the last byte of every copy.
pub(super) fn is_same(old: &Side<'_>, new: &Side<'_>) -> bool {
    let same = |one: &Copy<'_>, other: &Copy<'_>| {
        one.body == other.body
            && one.envelope == other.envelope
            && one.granted.map(without_tables) == other.granted.map(without_tables)
    };
    old.fault == new.fault
        && old.copies.len() == new.copies.len()
        && old.copies.iter().all(|(name, one)| new.copies.get(name).is_some_and(|other| same(one, other)))
}

/// Another edition of a table is no difference, as long as nothing comes of it.
fn without_tables(granted: &Granted) -> (&Option<String>, &[String], &str) {
    (&granted.purpose, &granted.withheld, &granted.basis)
}

/// A message before anything was decided: its envelope, and the whole event where it has one.
#[derive(Clone, Copy)]
pub(super) struct Read<'p> {
    pub(super) envelope: &'p Envelope,
    pub(super) event: Option<&'p [u8]>,
}

/// All that is not the same.
pub(super) fn differences(old: &Side<'_>, new: &Side<'_>, read: [Read<'_>; 2]) -> Vec<Difference> {
    let mut found = Vec::new();
    let [before, after] =
        read.map(|read| read.event.map(|event| fields::leaves(event, "")).unwrap_or_default());
    let mut whole = Whole { old: before, new: after };
    parsed(old, new, &whole, &mut found);
    mapped(old, new, &whole, &mut found);
    let [before, after] = read.map(|read| header(read.envelope));
    whole.old.extend(before);
    whole.new.extend(after);
    let names: BTreeSet<&str> = old.copies.keys().chain(new.copies.keys()).copied().collect();
    for name in names {
        match (old.copies.get(name), new.copies.get(name)) {
            (Some(one), Some(other)) => of_copies(name, one, other, &whole, &mut found),
            (None, Some(copy)) => found.push(recipient(name, How::Added, copy)),
            (Some(copy), None) => found.push(recipient(name, How::Removed, copy)),
            (None, None) => {}
        }
    }
    found
}

fn recipient(name: &str, how: How, copy: &Copy<'_>) -> Difference {
    let item = Item::Recipient { how, route: copy.routed.route.clone() };
    Difference::new(Category::Routed, Some(name), [item])
}

/// Refused or not, and what is odd about the message.
fn parsed(old: &Side<'_>, new: &Side<'_>, whole: &Whole, found: &mut Vec<Difference>) {
    let mut items = BTreeSet::new();
    if old.fault != new.fault {
        items.insert(Item::word("refused", old.fault, new.fault, false));
    }
    let codes = |leaves: &Leaves| leaves.get("findings.code").cloned().unwrap_or_default();
    let (before, after): (BTreeSet<_>, BTreeSet<_>) =
        (codes(&whole.old).into_iter().collect(), codes(&whole.new).into_iter().collect());
    for code in before.symmetric_difference(&after) {
        let of = |codes: &BTreeSet<String>| codes.get(code).map(String::as_str).map(str::to_owned);
        items.insert(Item::Word { name: "finding", old: of(&before), new: of(&after), widens: false });
    }
    if !items.is_empty() {
        found.push(Difference { category: Category::Parsed, subscriber: None, items, values: Vec::new() });
    }
}

/// The event as a whole.
fn mapped(old: &Side<'_>, new: &Side<'_>, whole: &Whole, found: &mut Vec<Difference>) {
    let mut changes = Vec::new();
    if old.fault.is_none() && new.fault.is_none() {
        changes = fields::changes(&whole.old, &whole.new, whole);
        changes.retain(|change| !change.path.starts_with("findings"));
    }
    let mut difference = Difference::new(Category::Mapped, None, []);
    // Nothing leaves by that alone.
    difference.fields(changes.iter().map(|change| FieldChange { widens: false, ..change.clone() }));
    if !difference.items.is_empty() {
        found.push(difference);
    }
}

fn of_copies(name: &str, old: &Copy<'_>, new: &Copy<'_>, whole: &Whole, found: &mut Vec<Difference>) {
    let differences = [
        Difference::new(Category::Routed, Some(name), routed(old.routed, new.routed)),
        Difference::new(Category::Basis, Some(name), basis(old, new)),
        disclosed(name, old, new, whole),
    ];
    let before = found.len();
    found.extend(differences.into_iter().filter(|difference| !difference.items.is_empty()));
    let is_same = old.body == new.body && old.envelope == new.envelope;
    if found.len() == before && !is_same {
        let item = Item::word("bytes", None, None, false);
        found.push(Difference::new(Category::Disclosed, Some(name), [item]));
    }
}

fn routed(old: &Routed, new: &Routed) -> Vec<Item> {
    let receipt = |routed: &Routed| routed.receipt.as_ref().map(|to| format!("{} {}", to.topic, to.to));
    let (told_before, told_now) = (receipt(old), receipt(new));
    let told_anew =
        told_now.is_some() && old.receipt.as_ref().map(|to| &to.to) != new.receipt.as_ref().map(|to| &to.to);
    let mut items: Vec<_> = [
        ("route", &old.route, &new.route),
        ("topic", &old.topic, &new.topic),
        ("type", &old.event_type, &new.event_type),
    ]
    .into_iter()
    .filter(|(_, old, new)| old != new)
    .map(|(name, old, new)| Item::word(name, Some(old), Some(new), false))
    .collect();
    if told_before != told_now {
        items.push(Item::word("receipt", told_before.as_deref(), told_now.as_deref(), told_anew));
    }
    items
}

/// On what ground a copy leaves.
fn basis(old: &Copy<'_>, new: &Copy<'_>) -> Vec<Item> {
    let mut items = Vec::new();
    let (before, after) = (&old.routed.basis, &new.routed.basis);
    if before != after {
        items.push(Item::word("basis", Some(before), Some(after), !is_consent(after)));
    }
    let purpose = |copy: &Copy<'_>| copy.granted.and_then(|granted| granted.purpose.clone());
    let (asked_before, asked_now) = (purpose(old), purpose(new));
    if asked_before != asked_now {
        let widens = is_consent(after) && is_consent(before);
        items.push(Item::word("purpose", asked_before.as_deref(), asked_now.as_deref(), widens));
    }
    if old.routed.grounds != new.routed.grounds && before == after && asked_before == asked_now {
        items.push(Item::word("grounds", None, None, false));
    }
    items
}

/// Consent asks more than any other basis: membership, a card shown, a period, and what is sensitive is withheld.
fn is_consent(basis: &str) -> bool {
    basis == Basis::ViewConsent.as_str()
}

/// Whether the basis that a route asks for has become one that asks less, or something else.
pub(super) fn asks_less(old: (Basis, Option<Purpose>), new: (Basis, Option<Purpose>)) -> bool {
    old != new && !(new.0 == Basis::ViewConsent && old.0 != Basis::ViewConsent)
}

/// What of the message leaves.
fn disclosed(name: &str, old: &Copy<'_>, new: &Copy<'_>, whole: &Whole) -> Difference {
    let mut difference = Difference::new(Category::Disclosed, Some(name), []);
    let (before, after) = (&old.routed.disclosure, &new.routed.disclosure);
    if before != after {
        difference.items.insert(Item::word("disclosure", before.as_deref(), after.as_deref(), false));
    }
    let (form_before, form_after) = (&old.routed.media_type, &new.routed.media_type);
    if form_before == form_after {
        let is_whole = old.body == new.body;
        if !is_whole {
            let (one, other) = (fields::leaves(old.body, ""), fields::leaves(new.body, ""));
            difference.fields(fields::changes(&one, &other, whole).into_iter());
        }
    } else {
        difference.items.insert(Item::word("form", Some(form_before), Some(form_after), true));
    }
    let (one, other) = (header(old.envelope), header(new.envelope));
    difference.fields(fields::changes(&one, &other, whole).into_iter());
    let withheld = |copy: &Copy<'_>| -> BTreeSet<String> {
        copy.granted.iter().flat_map(|granted| granted.withheld.iter().cloned()).collect()
    };
    let (one, other) = (withheld(old), withheld(new));
    for category in one.symmetric_difference(&other) {
        let of = |withheld: &BTreeSet<String>| withheld.get(category).cloned();
        let widens = !other.contains(category);
        difference.items.insert(Item::Word { name: "withheld", old: of(&one), new: of(&other), widens });
    }
    difference
}

/// What the envelope of a copy says of the message; what routing says is compared on its own.
fn header(envelope: &Envelope) -> Leaves {
    let mut leaves = Leaves::new();
    if let Ok(Value::Object(mut fields)) = serde_json::to_value(envelope) {
        fields.remove("event");
        fields.remove("fault");
        fields::walk(&Value::Object(fields), "envelope", &mut leaves);
    }
    leaves
}

impl Difference {
    fn new(category: Category, subscriber: Option<&str>, items: impl IntoIterator<Item = Item>) -> Self {
        let subscriber = subscriber.map(str::to_owned);
        Self { category, subscriber, items: items.into_iter().collect(), values: Vec::new() }
    }

    fn fields(&mut self, changes: impl Iterator<Item = FieldChange>) {
        for change in changes {
            self.values.push(Values::from(&change));
            self.items.insert(Item::Field { path: change.path, how: change.how, widens: change.widens });
        }
    }

    /// Whether something leaves that did not before.
    pub(super) fn widens(&self) -> bool {
        self.items.iter().any(Item::widens)
    }
}
