//! `routes.toml`: subscribers, disclosures and routes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::tz::TimeZone;
use toml::de::DeValue;

use super::condition::{self, Context};
use super::disclosure::{self, Draft};
use super::document::Document;
use super::fault::Part;
use super::feed::Feeds;
use super::fields::Scope;
use super::node::{NAME_RULE, Node, Section, check_version, is_name};
use super::route_test::{self, Around, RouteTest};
use super::said::Said;
use super::sensitive;
use super::shadow;
use super::subscriber;
use super::tables::Tables;
use super::unreachable;
use crate::canonical::{Kind, schema};
use crate::deliver::{self, Subscriber};
use crate::envelope::{Change, ReceiptTo};
use crate::fhir;
use crate::ingest::Source;
use crate::registry::Purpose;
use crate::route::{Address, Basis, Condition, Disclosure, Route, Routes, Send};

/// What routes may refer to.
pub(super) struct Known<'k> {
    pub(super) feeds: &'k Feeds,
    pub(super) tables: &'k Tables,
    pub(super) dir: &'k Path,
    pub(super) data_dir: PathBuf,
    pub(super) zone: TimeZone,
}

/// The checked parts of the file.
#[derive(Default)]
pub(super) struct RouteFile {
    pub(super) subscribers: Vec<Subscriber>,
    pub(super) routes: Routes,
    pub(super) tests: Vec<RouteTest>,
}

pub(super) fn read(document: &Document<'_>, known: &Known<'_>) -> RouteFile {
    let tree = document.tree();
    let Some(mut section) = Node::root(document, &tree).section() else { return RouteFile::default() };
    check_version(&mut section);
    let schemas: Vec<_> = Kind::ALL.into_iter().map(|kind| (kind, schema(kind))).collect();
    let (subscribers, names) = subscribers(&mut section, known);
    let events: Vec<_> = schemas.iter().map(|(kind, schema)| Scope::event(*kind, schema)).collect();
    let disclosures = named(&mut section, "disclosure");
    let disclosure_names = peek_names(&disclosures);
    let read = |section| disclosure::read(section, &events, known.tables);
    let disclosures = disclosures.into_iter().filter_map(read).collect();
    let nodes = named(&mut section, "route");
    section.finish();
    let mut reader = Reader {
        known,
        subscribers: &subscribers,
        events: &events,
        names,
        disclosure_names,
        disclosures,
        used: Vec::new(),
        tests: Vec::new(),
    };
    let mut routes = Vec::new();
    for section in nodes {
        let place = section.node.clone();
        let to = section.peek("to").and_then(|node| named_in(&node)).unwrap_or_default();
        if let Some(route) = reader.route(section) {
            shadow::check(&route, &routes, &place, &to);
            unreachable::check(&route, known.feeds, &place);
            routes.push(route);
        }
    }
    reader.report_unused();
    let tests = reader.tests;
    let facilities = subscribers.iter().filter_map(|one| Some((one.name.clone(), one.facility.clone()?)));
    let routes = Routes::new(routes).with_facilities(facilities.collect::<Vec<_>>());
    let routes = routes.with_sensitive(sensitive::read(known.tables));
    RouteFile { subscribers, routes, tests }
}

/// The tables of a list such as `[[route]]`, whose names must differ.
fn named<'d>(section: &mut Section<'d>, key: &'static str) -> Vec<Section<'d>> {
    let nodes = section.take(key).and_then(|node| node.list()).unwrap_or_default();
    let mut names = BTreeMap::new();
    let mut sections = Vec::new();
    for section in nodes.iter().filter_map(Node::section) {
        if let Some(node) = section.peek("name").filter(Node::is_text)
            && let Some(name) = node.text()
            && let Some(earlier) = names.insert(name, node.span.clone())
        {
            node.error(format!("there already is a {key} \"{name}\": {}", node.document.place(&earlier)));
        }
        sections.push(section);
    }
    sections
}

/// The subscribers, and the place of every name, also of those with faults.
fn subscribers<'d>(section: &mut Section<'d>, known: &Known<'_>) -> (Vec<Subscriber>, Vec<Node<'d>>) {
    let sections = named(section, "subscriber");
    let names = peek_names(&sections);
    let mut places = subscriber::Places {
        dir: known.dir,
        data_dir: &known.data_dir,
        stores: Vec::new(),
        sources: known
            .feeds
            .feeds
            .iter()
            .flat_map(|feed| &feed.settings.sources)
            .flat_map(Source::roots)
            .collect(),
    };
    let read = |section| subscriber::read(section, &mut places);
    (sections.into_iter().filter_map(read).collect(), names)
}

/// The names, also of those that have faults.
fn peek_names<'d>(sections: &[Section<'d>]) -> Vec<Node<'d>> {
    sections.iter().filter_map(|section| section.peek("name")).filter(Node::is_text).collect()
}

fn texts<'d>(nodes: &[Node<'d>]) -> Vec<&'d str> {
    nodes.iter().filter_map(Node::text).collect()
}

/// The places of a list of names, where it is one.
fn named_in<'d>(node: &Node<'d>) -> Option<Vec<Node<'d>>> {
    let is_list = matches!(node.value, DeValue::Array(_));
    let names = is_list.then(|| node.list()).flatten()?;
    Some(names.into_iter().filter(Node::is_text).collect())
}

struct Reader<'r, 'd> {
    known: &'r Known<'r>,
    /// Those without faults.
    subscribers: &'r [Subscriber],
    /// The event of every kind.
    events: &'r [Scope<'r>],
    /// Where each subscriber's name stands.
    names: Vec<Node<'d>>,
    /// Where each disclosure's name stands.
    disclosure_names: Vec<Node<'d>>,
    disclosures: Vec<Draft<'d>>,
    /// Subscribers that a route names.
    used: Vec<String>,
    tests: Vec<RouteTest>,
}

/// The words of `change`.
pub(super) const CHANGES: [(&str, Change); 4] = [
    ("created", Change::Created),
    ("updated", Change::Updated),
    ("deleted", Change::Deleted),
    ("superseded", Change::Superseded),
];
/// Stands for all kinds.
pub(super) const ANY: &str = "any";
/// What a route takes that does not say.
const ANNOUNCED: [Change; 3] = [Change::Created, Change::Updated, Change::Deleted];

impl<'d, 'r: 'd> Reader<'r, 'd> {
    fn route(&mut self, mut section: Section<'d>) -> Option<Route> {
        let name = section.require("name").and_then(|node| node.name());
        let topic = section.require("topic").and_then(|node| topic(&node));
        let to = section.require("to").and_then(|node| self.recipients(&node.full_list()?));
        let kinds = section.require("kinds").and_then(|node| kinds(&node));
        let facilities = section.take("facilities").map(|node| self.facilities(&node));
        let changes = section.take("change").map(|node| words(&node, &CHANGES));
        let scopes = self.scopes(kinds.as_deref().unwrap_or_default());
        let taken = changes.clone().unwrap_or_else(|| Some(ANNOUNCED.into()));
        let condition = section.take("where").map(|node| self.condition(&node, &scopes, taken.as_deref()));
        let disclosure = section.take("disclose").map(|node| self.disclosure(&node, &scopes));
        let bases = Basis::ALL.map(|basis| (basis.as_str(), basis));
        let basis = section.require("basis").and_then(|node| node.word(&bases));
        let purpose = purpose(&mut section, basis);
        let address =
            section.take("address").map(|node| node.word(&Address::ALL.map(|word| (word.as_str(), word))));
        let otherwise = section.take("otherwise").map(|node| self.otherwise(&node, address.flatten()));
        let send = section.take("send").map_or(Some(Send::Canonical), |node| {
            send(&node, disclosure.is_some(), kinds.as_deref().unwrap_or_default())
        });
        let meeting_hosts = meeting_hosts(&mut section, send);
        let receipt = self.receipt(&mut section);
        let invalid = section.take("invalid");
        let is_narrow = condition.is_some() || disclosure.is_some();
        let invalid = invalid.map_or(Some(false), |node| takes_invalid(&node, send?, is_narrow));
        self.check_forms(&section, send, invalid == Some(true));
        self.check_facilities(&section, basis, address.flatten());
        if let Some(tests) = section.take("test").and_then(|node| node.list()) {
            let office = otherwise.iter().flatten().cloned();
            let to = to.iter().flatten().cloned().chain(office).collect::<Vec<_>>();
            self.read_tests(&tests, name.unwrap_or_default(), (!to.is_empty()).then_some(&to), &scopes, send);
        }
        section.finish();
        Some(Route {
            name: name?.into(),
            topic: topic?.into(),
            to: to?,
            kinds: kinds?,
            changes: taken?,
            facilities: facilities.map_or(Some(None), |codes| codes.map(Some))?,
            invalid: invalid?,
            condition: condition.map_or(Some(None), |condition| condition.map(Some))?,
            disclosure: disclosure.map_or(Some(None), |disclosure| disclosure.map(Some))?,
            address: address.map_or(Some(None), |address| address.map(Some))?,
            otherwise: otherwise.map_or(Some(None), |name| name.map(Some))?,
            basis: basis?,
            purpose: purpose?,
            receipt: receipt?,
            send: send?,
            meeting_hosts: meeting_hosts?,
        })
    }

    fn condition(
        &self,
        node: &Node<'_>,
        scopes: &[Scope<'r>],
        changes: Option<&[Change]>,
    ) -> Option<Condition> {
        // Without kinds, which is a fault of its own, there is no schema to check against.
        let context = Context {
            scopes: scopes.into(),
            all: self.events.into(),
            tables: self.known.tables,
            depth: 0,
            is_element: false,
            changes,
        };
        if scopes.is_empty() { None } else { condition::read(node, &context) }
    }

    /// The subscriber that gets what has not exactly one addressee.
    fn otherwise(&mut self, node: &Node<'_>, address: Option<Address>) -> Option<String> {
        if !address.is_some_and(Address::is_single) {
            return node.refuse("it is for routes whose \"address\" means exactly one facility");
        }
        self.recipients(std::slice::from_ref(node))?.pop()
    }

    /// `receipt`, a topic, and `receipt_to`, a subscriber: the one needs the other.
    fn receipt(&mut self, section: &mut Section<'_>) -> Option<Option<ReceiptTo>> {
        let Some(node) = section.take("receipt") else {
            return match section.take("receipt_to") {
                Some(node) => node.refuse("it is for routes with a \"receipt\""),
                None => Some(None),
            };
        };
        let topic = topic(&node);
        let to = section
            .require("receipt_to")
            .and_then(|node| self.recipients(std::slice::from_ref(&node))?.pop());
        Some(Some(ReceiptTo { topic: topic?.to_owned(), to: to? }))
    }

    fn scopes(&self, kinds: &[Kind]) -> Vec<Scope<'r>> {
        self.events.iter().filter(|event| kinds.contains(&event.kind)).copied().collect()
    }

    /// Names of subscribers.
    fn recipients(&mut self, nodes: &[Node<'_>]) -> Option<Vec<String>> {
        let known = texts(&self.names);
        let mut names = Vec::new();
        let mut sound = true;
        for node in nodes {
            let name = node.text()?;
            if !known.contains(&name) {
                let (en, ja) =
                    (format!("there is no subscriber \"{name}\""), format!("配信先「{name}」はありません"));
                node.error(Said::unknown(&en, &ja, name, &known));
                sound = false;
            }
            if names.iter().any(|earlier| earlier == name) {
                node.error(format!("\"{name}\" stands twice"));
            }
            names.push(name.to_owned());
        }
        self.used.extend(names.iter().cloned());
        sound.then_some(names)
    }

    /// Refuses recipients that can't take what the route sends.
    fn check_forms(&self, route: &Section<'_>, send: Option<Send>, invalid: bool) {
        let Some(DeValue::Array(_)) = route.peek("to").map(|node| node.value) else { return };
        for node in route.peek("to").and_then(|node| node.list()).unwrap_or_default() {
            let named = |subscriber: &&Subscriber| node.is_text() && node.text() == Some(&*subscriber.name);
            let Some(subscriber) = self.subscribers.iter().find(named) else { continue };
            let needs = match subscriber.deliver {
                deliver::Kind::Mllp(_) if invalid => {
                    node.error(
                        "it takes HL7 messages (kind \"mllp\"): what makes no sense can't be sent to it",
                    );
                    continue;
                }
                deliver::Kind::Mllp(_) => "it takes HL7 messages (kind \"mllp\")",
                deliver::Kind::Ssmix2 { .. } => "it keeps the files of a storage (kind \"ssmix2\")",
                deliver::Kind::Queue | deliver::Kind::Folder { .. } | deliver::Kind::Http(_) => continue,
            };
            if send.is_some_and(|send| send != Send::Original) {
                node.error(format!("{needs}: this route needs send = \"original\""));
            }
        }
    }

    /// Points to recipients that can never get a copy, because nobody knows whose they are.
    fn check_facilities(&self, route: &Section<'_>, basis: Option<Basis>, address: Option<Address>) {
        let Some(DeValue::Array(_)) = route.peek("to").map(|node| node.value) else { return };
        let asks = basis.filter(|basis| matches!(basis, Basis::ViewConsent | Basis::Emergency));
        for node in route.peek("to").and_then(|node| node.list()).unwrap_or_default() {
            let named = |subscriber: &&Subscriber| node.is_text() && node.text() == Some(&*subscriber.name);
            let Some(subscriber) = self.subscribers.iter().find(named) else { continue };
            if subscriber.facility.is_some() {
                continue;
            }
            if let Some(address) = address {
                let word = address.as_str();
                node.error(format!("it has no \"facility\": with address = \"{word}\" it is never meant"));
            } else if let Some(basis) = asks {
                let word = basis.as_str();
                let said = Said::new(
                    format!("it has no \"facility\": with basis = \"{word}\" nothing is ever sent to it"),
                    format!("facility がないので、basis = \"{word}\" では何も送られません"),
                );
                node.warn(said.of(Part::Topology).help(
                    "say at the [[subscriber]] whose it is: facility = \"…\"",
                    "[[subscriber]] に facility = \"…\" を書いてください",
                ));
            }
        }
    }

    /// Facility codes, given as such or as names of feeds.
    fn facilities(&self, node: &Node<'_>) -> Option<Vec<String>> {
        let feeds = &self.known.feeds.facilities;
        let codes = node.full_list()?.into_iter().map(|node| {
            let name = node.text()?;
            if let Some(code) = feeds.get(name) {
                return code.clone();
            }
            if feeds.values().flatten().any(|code| code == name) {
                return Some(name.to_owned());
            }
            let known: Vec<_> = feeds.keys().map(String::as_str).collect();
            let (en, ja) = (
                format!("\"{name}\" is no feed and no feed's facility code"),
                format!("「{name}」はフィードの名前でも、その施設コードでもありません"),
            );
            node.refuse(Said::unknown(&en, &ja, name, &known))
        });
        codes.collect::<Vec<_>>().into_iter().collect()
    }

    fn disclosure(&mut self, node: &Node<'_>, scopes: &[Scope<'r>]) -> Option<Arc<Disclosure>> {
        let name = node.text()?;
        if let Some(draft) = self.disclosures.iter_mut().find(|draft| draft.name == name) {
            draft.used = true;
            draft.used_for.extend(scopes);
            return Some(draft.disclosure.clone());
        }
        let known = texts(&self.disclosure_names);
        if known.contains(&name) {
            // It is there, but has faults of its own.
            return None;
        }
        let (en, ja) =
            (format!("there is no disclosure \"{name}\""), format!("disclosure「{name}」はありません"));
        node.refuse(Said::unknown(&en, &ja, name, &known))
    }

    fn read_tests(
        &mut self,
        tests: &[Node<'_>],
        route: &str,
        to: Option<&[String]>,
        scopes: &[Scope<'_>],
        send: Option<Send>,
    ) {
        let around = Around {
            route,
            to,
            subscribers: &texts(&self.names),
            scopes,
            send,
            feeds: self.known.feeds,
            changes: &CHANGES,
            dir: self.known.dir,
            zone: &self.known.zone,
        };
        self.tests.extend(tests.iter().filter_map(|test| route_test::read(test, &around)));
    }

    fn report_unused(&self) {
        for node in &self.names {
            if let Some(name) = node.text()
                && !self.used.iter().any(|used| used == name)
            {
                let said = Said::new(
                    format!("no route sends anything to subscriber \"{name}\""),
                    format!("配信先「{name}」に送る経路がありません"),
                );
                node.warn(said.of(Part::Topology).help(
                    "name it in the \"to\" of a route, or take the subscriber out",
                    "経路の to に書くか、配信先を消してください",
                ));
            }
        }
        for draft in &self.disclosures {
            draft.check(self.events);
        }
    }
}

/// What consent is asked for. The basis `view-consent` has a purpose, the shared record where none is said; with others
/// it means nothing.
fn purpose(section: &mut Section<'_>, basis: Option<Basis>) -> Option<Option<Purpose>> {
    let words = Purpose::ALL.map(|purpose| (purpose.as_str(), purpose));
    let asked = basis.is_none_or(|basis| basis == Basis::ViewConsent);
    match section.take("purpose") {
        Some(node) if asked => node.word(&words).map(Some),
        Some(node) => node.refuse("a purpose is asked for with basis = \"view-consent\" only"),
        None => Some(asked.then_some(Purpose::SharedRecord)),
    }
}

/// The words of `send`.
pub(super) const SENDS: [(&str, Send); 4] = [
    ("canonical", Send::Canonical),
    ("original", Send::Original),
    ("fhir", Send::Fhir),
    ("icalendar", Send::ICalendar),
];

fn send(node: &Node<'_>, limited: bool, kinds: &[Kind]) -> Option<Send> {
    match node.word(&SENDS)? {
        Send::Original if limited => node
            .refuse("the original holds everything: it can't be sent where \"disclose\" limits the fields"),
        Send::Fhir if limited => node.refuse(
            "a FHIR body is made from the whole event: it can't be sent where \"disclose\" limits the fields",
        ),
        Send::Fhir => {
            let without = kinds.iter().filter(|kind| !fhir::offers(**kind)).map(|kind| kind.as_str());
            let without = without.collect::<Vec<_>>().join(", ");
            if without.is_empty() {
                return Some(Send::Fhir);
            }
            node.refuse(format!("no FHIR body is made of {without}: send it by a route of its own"))
        }
        Send::ICalendar if kinds.iter().any(|kind| *kind != Kind::Appointment) => node.refuse(
            "an invitation is made of the kind \"appointment\" only: send others by a route of their own",
        ),
        send => Some(send),
    }
}

/// Hosts whose links an invitation may hold: names, or `*.` before a name for all below it.
fn meeting_hosts(section: &mut Section<'_>, send: Option<Send>) -> Option<Vec<String>> {
    if send != Some(Send::ICalendar) {
        // A form that is refused was told already.
        return match section.take("meeting_hosts").filter(|_| send.is_some()) {
            Some(node) => node.refuse("it is for routes with send = \"icalendar\""),
            None => Some(Vec::new()),
        };
    }
    let is_host = |text: &str| {
        let name = text.strip_prefix("*.").unwrap_or(text);
        name.split('.').count() > 1
            && name.split('.').all(|label| {
                !label.is_empty()
                    && label
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            })
    };
    let hosts = section.require("meeting_hosts")?.full_list()?.into_iter().map(|node| match node.text()? {
        host if is_host(host) => Some(host.to_owned()),
        other => node.refuse(format!(
            "\"{other}\" is not a host like meet.example.jp or *.example.jp, in small letters"
        )),
    });
    hosts.collect::<Vec<_>>().into_iter().collect()
}

/// Whether a route takes what makes no sense. Such a message can't be tested, nor can a part of it be taken.
fn takes_invalid(node: &Node<'_>, send: Send, is_narrow: bool) -> Option<bool> {
    match node.boolean()? {
        true if send != Send::Original => {
            node.refuse("of a message that makes no sense there are only its bytes: send = \"original\" is needed")
        }
        true if is_narrow => node.refuse(
            "a message that makes no sense can't be tested, and no part of it taken: leave \"where\" and \"disclose\" out",
        ),
        takes => Some(takes),
    }
}

/// Kinds by name, or `any`: all there are, and will be.
fn kinds(node: &Node<'_>) -> Option<Vec<Kind>> {
    let named = Kind::ALL.map(|kind| (kind.as_str(), Some(kind)));
    let known: Vec<_> = named.into_iter().chain([(ANY, None)]).collect();
    let kinds = words(node, &known)?;
    match kinds.as_slice() {
        [None] => Some(Kind::ALL.into()),
        kinds if kinds.contains(&None) => {
            node.refuse(format!("\"{ANY}\" stands for all kinds: leave the others out"))
        }
        kinds => Some(kinds.iter().copied().flatten().collect()),
    }
}

/// A list of words of a closed set.
fn words<T: Copy>(node: &Node<'_>, known: &[(&str, T)]) -> Option<Vec<T>> {
    let words: Vec<_> = node.full_list()?.iter().map(|node| node.word(known)).collect();
    words.into_iter().collect()
}

/// Names with dots between them.
fn topic<'d>(node: &Node<'d>) -> Option<&'d str> {
    let text = node.text()?;
    if text.split('.').all(is_name) {
        return Some(text);
    }
    node.refuse(format!("\"{text}\" is not a topic: names with dots between them; {NAME_RULE}"))
}
