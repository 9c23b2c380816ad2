//! What two configurations say otherwise, without any message: of routes, disclosures, tables, subscribers and feeds, as
//! far as it decides what leaves. What can't be shown to let nothing more out counts as widening.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::discriminant;

use serde::Serialize;

use super::fields::How;
use super::pair::asks_less;
use super::traffic::{absolute, is_same_source};
use super::{Category, Class, Item};
use crate::config::{Config, Feed};
use crate::deliver::{Kind, Subscriber};
use crate::route::{Condition, Disclosure, Route};

/// Something that a configuration says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// What it is about: `recipient`, `kinds`, `condition`, `field`, `basis`, `table`, `feed` …
    pub about: &'static str,
    /// The route, subscriber, table, feed or key that says it.
    pub name: String,
    /// Who may get more or less by it.
    pub subscribers: BTreeSet<String>,
    /// By the old configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// By the new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
    /// Whether something may leave that did not before.
    pub widens: bool,
    /// Whether messages showed it.
    pub seen: bool,
}

impl Rule {
    /// Whether a class of differences shows what this rule is about.
    pub(super) fn is_seen_in(&self, classes: &[Class]) -> bool {
        let concerns = |class: &&Class| class.widening && !self.subscribers.is_disjoint(&class.subscribers);
        let shows = |class: &Class| match self.about {
            "field" => self.new.as_ref().is_some_and(|path| class.items.iter().any(|item| is_at(item, path))),
            "basis" | "purpose" => class.category == Category::Basis,
            "recipient" => class.items.iter().any(|item| is_copy_by(item, &self.name)),
            "form" => class.items.iter().any(|item| matches!(item, Item::Word { name: "form", .. })),
            _ => false,
        };
        classes.iter().filter(concerns).any(shows)
    }
}

fn is_copy_by(item: &Item, name: &str) -> bool {
    matches!(item, Item::Recipient { how: How::Added, route } if route == name)
}

fn is_at(item: &Item, wanted: &str) -> bool {
    let wanted = wanted.trim_end_matches(".*").trim_end_matches("[]");
    let Item::Field { path, widens: true, .. } = item else { return false };
    path.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// All that two configurations say otherwise about what leaves, to whom and on what ground.
pub fn rules(old: &Config, new: &Config) -> Vec<Rule> {
    let mut found = Found::default();
    for route in new.routes.iter() {
        found.recipients(route_of(old, &route.name), route);
        if let Some(before) = route_of(old, &route.name) {
            found.route(before, route);
        }
    }
    for route in old.routes.iter() {
        found.lost(route, route_of(new, &route.name));
    }
    found.order(old, new);
    found.tables(old, new);
    found.subscribers(old, new);
    found.feeds(old, new);
    found.hub(old, new);
    found.0
}

fn route_of<'c>(config: &'c Config, name: &str) -> Option<&'c Route> {
    config.routes.iter().find(|route| route.name == name)
}

fn recipients(route: &Route) -> BTreeSet<String> {
    route.to.iter().chain(&route.otherwise).cloned().collect()
}

/// What was found so far.
#[derive(Default)]
struct Found(Vec<Rule>);

impl Found {
    fn push(
        &mut self,
        about: &'static str,
        name: &str,
        subscribers: BTreeSet<String>,
        [old, new]: [Option<String>; 2],
        widens: bool,
    ) {
        self.0.push(Rule { about, name: name.to_owned(), subscribers, old, new, widens, seen: false });
    }

    /// Who may get copies by a route that could not before.
    fn recipients(&mut self, old: Option<&Route>, new: &Route) {
        let before = old.map(recipients).unwrap_or_default();
        let come: BTreeSet<_> = recipients(new).difference(&before).cloned().collect();
        if !come.is_empty() {
            self.push("recipient", &new.name, come.clone(), [None, Some(list(come))], true);
        }
    }

    /// Who no longer does.
    fn lost(&mut self, old: &Route, new: Option<&Route>) {
        let after = new.map(recipients).unwrap_or_default();
        let gone: BTreeSet<_> = recipients(old).difference(&after).cloned().collect();
        if !gone.is_empty() {
            self.push("recipient", &old.name, gone.clone(), [Some(list(gone)), None], false);
        }
    }

    /// A route that both have.
    fn route(&mut self, old: &Route, new: &Route) {
        self.taken(old, new);
        self.sent(old, new);
        let mut word = |about, one: Option<String>, other: Option<String>, widens| {
            if one != other {
                self.push(about, &new.name, recipients(new), [one, other], widens);
            }
        };
        let basis = |route: &Route| Some(route.basis.as_str().to_owned());
        let purpose = |route: &Route| route.purpose.map(|purpose| purpose.as_str().to_owned());
        let less = asks_less((old.basis, old.purpose), (new.basis, new.purpose));
        word("basis", basis(old), basis(new), less);
        word("purpose", purpose(old), purpose(new), less);
        let address = |route: &Route| route.address.map(|address| address.as_str().to_owned());
        word("address", address(old), address(new), old.address.is_some());
        word("topic", Some(old.topic.clone()), Some(new.topic.clone()), false);
        let receipt = |route: &Route| route.receipt.as_ref().map(|to| format!("{} {}", to.topic, to.to));
        word("receipt", receipt(old), receipt(new), new.receipt.is_some());
    }

    /// Which messages it takes.
    fn taken(&mut self, old: &Route, new: &Route) {
        let kinds = |route: &Route| route.kinds.iter().map(|kind| kind.as_str().to_owned()).collect();
        let changes = |route: &Route| route.changes.iter().map(|change| change.as_str().to_owned()).collect();
        let invalid = |route: &Route| route.invalid.then(|| "invalid".to_owned()).into_iter().collect();
        let hosts = |route: &Route| route.meeting_hosts.iter().cloned().collect();
        let sets: [(_, BTreeSet<String>, BTreeSet<String>); 4] = [
            ("kinds", kinds(old), kinds(new)),
            ("changes", changes(old), changes(new)),
            ("invalid", invalid(old), invalid(new)),
            ("meeting-hosts", hosts(old), hosts(new)),
        ];
        for (about, one, other) in sets.into_iter().filter(|(_, one, other)| one != other) {
            let widens = !other.is_subset(&one);
            self.push(about, &new.name, recipients(new), [Some(list(one)), Some(list(other))], widens);
        }
        let codes = |route: &Route| route.facilities.clone().map(BTreeSet::from_iter);
        let (one, other) = (codes(old), codes(new));
        if one != other {
            let widens =
                one.as_ref().is_some_and(|one| other.as_ref().is_none_or(|other| !other.is_subset(one)));
            self.push("facilities", &new.name, recipients(new), [one.map(list), other.map(list)], widens);
        }
        let widens = match (&old.condition, &new.condition) {
            (None, None) => return,
            (Some(one), Some(other)) if one.is_same(other) => return,
            (None, Some(_)) => false,
            (Some(_), None) => true,
            (Some(one), Some(other)) => !other.implies(one),
        };
        self.push("condition", &new.name, recipients(new), [None, None], widens);
    }

    /// What it sends.
    fn sent(&mut self, old: &Route, new: &Route) {
        if old.send != new.send {
            let form = |route: &Route| Some(format!("{:?}", route.send).to_lowercase());
            self.push("form", &new.name, recipients(new), [form(old), form(new)], true);
        }
        let (before, after) = (old.disclosure.as_deref(), new.disclosure.as_deref());
        let (come, gone) = (beyond(after, before), beyond(before, after));
        for path in gone.into_iter().filter(|path| !come.contains(path)) {
            self.push("field", &new.name, recipients(new), [Some(path), None], false);
        }
        for path in come {
            self.push("field", &new.name, recipients(new), [None, Some(path)], true);
        }
    }

    /// The first route that matches decides: what no longer does leaves a subscriber's copies to later ones.
    fn order(&mut self, old: &Config, new: &Config) {
        for subscriber in &new.subscribers {
            let of = |config: &Config| -> Vec<String> {
                let routes =
                    config.routes.iter().filter(|route| recipients(route).contains(&subscriber.name));
                routes.map(|route| route.name.clone()).collect()
            };
            let (before, after) = (of(old), of(new));
            let only = BTreeSet::from([subscriber.name.clone()]);
            let common = |one: &[String], other: &[String]| -> Vec<String> {
                one.iter().filter(|name| other.contains(name)).cloned().collect()
            };
            let (one, other) = (common(&before, &after), common(&after, &before));
            if one != other {
                self.push(
                    "order",
                    &subscriber.name,
                    only.clone(),
                    [Some(one.join(", ")), Some(other.join(", "))],
                    true,
                );
            }
            for first in before.iter().filter_map(|name| route_of(old, name)) {
                self.later(first, &before, &after, &only, new);
            }
        }
    }

    /// Later routes that may send now what an earlier one sent otherwise.
    fn later(
        &mut self,
        first: &Route,
        before: &[String],
        after: &[String],
        only: &BTreeSet<String>,
        new: &Config,
    ) {
        let same = route_of(new, &first.name).filter(|_| after.contains(&first.name));
        if same.is_some_and(|same| takes_as_much(same, first)) {
            return;
        }
        let place = |names: &[String], name: &str| names.iter().position(|known| known == name);
        for route in after.iter().filter(|name| **name != first.name).filter_map(|name| route_of(new, name)) {
            let came_after = place(before, &route.name) > place(before, &first.name);
            let shares = route.kinds.iter().any(|kind| first.kinds.contains(kind));
            if came_after && shares && gives_more(route, first) {
                let (one, other) = (Some(first.name.clone()), Some(route.name.clone()));
                self.push("falls-to", &first.name, only.clone(), [one, other], true);
            }
        }
    }

    fn tables(&mut self, old: &Config, new: &Config) {
        let (before, after) = (tables(old), tables(new));
        for (name, rows) in &after {
            let Some(known) = before.get(name).filter(|known| *known != rows) else { continue };
            let uses = |route: &&Route| new.routes.tables(route).contains_key(name);
            let subscribers: BTreeSet<_> = new.routes.iter().filter(uses).flat_map(recipients).collect();
            if subscribers.is_empty() {
                continue;
            }
            let (come, gone) = (rows.difference(known).count(), known.difference(rows).count());
            // A row may also keep something in: of what is sensitive, and under `not`.
            let negated =
                new.routes.iter().filter(uses).any(|route| route.condition.as_ref().is_some_and(negates));
            let widens = come > 0 || *name == "sensitive" || negated;
            let told = |sign: char, rows: usize| (rows > 0).then(|| format!("{sign}{rows}"));
            self.push("table", name, subscribers, [told('-', gone), told('+', come)], widens);
        }
    }

    fn subscribers(&mut self, old: &Config, new: &Config) {
        for after in &new.subscribers {
            let Some(before) = old.subscribers.iter().find(|before| before.name == after.name) else {
                continue;
            };
            let only = || BTreeSet::from([after.name.clone()]);
            if before.facility != after.facility {
                let facilities = [before.facility.clone(), after.facility.clone()];
                self.push("subscriber-facility", &after.name, only(), facilities, true);
            }
            let targets = [target(before), target(after)];
            if !goes_alike(&before.deliver, &after.deliver) {
                self.push("deliver", &after.name, only(), targets.map(Some), true);
            }
        }
    }

    fn feeds(&mut self, old: &Config, new: &Config) {
        let known = |config: &Config, name: &str| -> Option<Feed> {
            config.feeds.iter().find(|feed| feed.settings.name == name).cloned()
        };
        for feed in &new.feeds {
            let name = &feed.settings.name;
            let reached = || reached(new, &feed.settings.facility);
            let Some(before) = known(old, name) else {
                self.push("feed", name, reached(), [None, Some(feed.settings.facility.clone())], true);
                continue;
            };
            let (one, other) = (&before.settings, &feed.settings);
            if one.facility != other.facility {
                let codes = [Some(one.facility.clone()), Some(other.facility.clone())];
                self.push("feed-facility", name, reached(), codes, true);
            }
            let news = |one: &[_], other: &[_]| {
                other.iter().filter(|source| !one.iter().any(|known| is_same_source(known, source))).count()
            };
            let (come, gone) = (news(&one.sources, &other.sources), news(&other.sources, &one.sources));
            let listeners = other.listeners.len().saturating_sub(one.listeners.len());
            if come + gone + listeners > 0 {
                let told = [Some(format!("-{gone}")), Some(format!("+{}", come + listeners))];
                self.push("sources", name, reached(), told, come + listeners > 0);
            }
        }
        for feed in old.feeds.iter().filter(|feed| known(new, &feed.settings.name).is_none()) {
            let code = Some(feed.settings.facility.clone());
            self.push(
                "feed",
                &feed.settings.name,
                reached(old, &feed.settings.facility),
                [code, None],
                false,
            );
        }
    }

    fn hub(&mut self, old: &Config, new: &Config) {
        let all = || new.subscribers.iter().map(|subscriber| subscriber.name.clone()).collect();
        let zone = |config: &Config| config.hub.timezone.iana_name().map(str::to_owned);
        if old.hub.timezone != new.hub.timezone {
            self.push("timezone", "hub.toml", all(), [zone(old), zone(new)], false);
        }
        let authority = |config: &Config| config.hub.registry_authority.clone();
        if authority(old) != authority(new) {
            // Links that it makes may bring consents into force.
            self.push(
                "authority",
                "hub.toml",
                all(),
                [authority(old), authority(new)],
                authority(new).is_some(),
            );
        }
    }
}

/// Whether a route takes all that the other one took, from its subscribers' view.
fn takes_as_much(new: &Route, old: &Route) -> bool {
    let condition = match (&new.condition, &old.condition) {
        (None, _) => true,
        (Some(new), Some(old)) => old.implies(new),
        (Some(_), None) => false,
    };
    let facilities = match (&new.facilities, &old.facilities) {
        (None, _) => true,
        (Some(new), Some(old)) => old.iter().all(|code| new.contains(code)),
        (Some(_), None) => false,
    };
    condition
        && facilities
        && old.kinds.iter().all(|kind| new.kinds.contains(kind))
        && old.changes.iter().all(|change| new.changes.contains(change))
        && (new.address, new.basis, new.purpose) == (old.address, old.basis, old.purpose)
}

/// Whether a copy by that route tells more than one by the other, or asks less.
fn gives_more(route: &Route, other: &Route) -> bool {
    route.send != other.send
        || !beyond(route.disclosure.as_deref(), other.disclosure.as_deref()).is_empty()
        || asks_less((other.basis, other.purpose), (route.basis, route.purpose))
}

/// What leaves by one disclosure and not by the other; without one everything does.
fn beyond(one: Option<&Disclosure>, other: Option<&Disclosure>) -> Vec<String> {
    match (one, other) {
        (_, None) => Vec::new(),
        (None, Some(_)) => vec!["*".to_owned()],
        (Some(one), Some(other)) => one.beyond(other),
    }
}

/// Whether a condition looks for what is not there.
fn negates(condition: &Condition) -> bool {
    match condition {
        Condition::Not(_) => true,
        Condition::All(parts) | Condition::Any(parts) => parts.iter().any(negates),
        Condition::Each(each) => negates(&each.condition),
        Condition::Compare(_) | Condition::Lookup(_) => false,
    }
}

/// The rows of each table, without comments.
fn tables(config: &Config) -> BTreeMap<&str, BTreeSet<&str>> {
    let tables = config.files.iter().filter_map(|(file, text)| {
        let name = file.strip_prefix("tables/")?.strip_suffix(".tsv")?;
        Some((name, text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()).collect()))
    });
    tables.collect()
}

/// Who may get something from a facility.
fn reached(config: &Config, facility: &str) -> BTreeSet<String> {
    let takes = |route: &&Route| {
        route.facilities.as_ref().is_none_or(|codes| codes.iter().any(|code| code == facility))
    };
    config.routes.iter().filter(takes).flat_map(recipients).collect()
}

/// Whether copies are delivered to the same place in the same way.
fn goes_alike(one: &Kind, other: &Kind) -> bool {
    match (one, other) {
        (Kind::Folder { path: one }, Kind::Folder { path: other })
        | (Kind::Ssmix2 { path: one }, Kind::Ssmix2 { path: other }) => absolute(one) == absolute(other),
        (Kind::Http(one), Kind::Http(other)) => one.url == other.url,
        (Kind::Mllp(one), Kind::Mllp(other)) => one.connect == other.connect,
        (one, other) => discriminant(one) == discriminant(other),
    }
}

/// Where copies go, for people.
fn target(subscriber: &Subscriber) -> String {
    match &subscriber.deliver {
        Kind::Queue => "queue".to_owned(),
        Kind::Folder { path } => format!("folder {}", path.display()),
        Kind::Ssmix2 { path } => format!("ssmix2 {}", path.display()),
        Kind::Http(http) => format!("http {}", http.url.host_str().unwrap_or_default()),
        Kind::Mllp(mllp) => format!("mllp {}", mllp.connect),
    }
}

fn list(names: BTreeSet<String>) -> String {
    names.into_iter().collect::<Vec<_>>().join(", ")
}
