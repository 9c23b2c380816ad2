//! `routes.toml`: subscribers, disclosures and routes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::de::DeValue;

use super::condition::{self, Context};
use super::dead;
use super::disclosure::{self, Draft};
use super::document::Document;
use super::fault::suggest;
use super::feed::Feeds;
use super::fields::Scope;
use super::node::{NAME_RULE, Node, Section, check_version, is_name};
use super::subscriber;
use super::tables::Tables;
use crate::canonical::{Kind, schema};
use crate::deliver::{self, Subscriber};
use crate::envelope::Change;
use crate::route::{Basis, Condition, Disclosure, Route, Routes, Send};

/// An example that the routing table must fulfil.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteTest {
    /// What it shows.
    pub name: String,
    /// Name of the route that it stands at.
    pub route: String,
    /// A message, or a folder with a file `input`.
    pub input: PathBuf,
    /// The subscribers that must get the message; no others.
    pub to: Vec<String>,
}

/// What routes may refer to.
pub(super) struct Known<'k> {
    pub(super) feeds: &'k Feeds,
    pub(super) tables: &'k Tables,
    pub(super) dir: &'k Path,
    pub(super) data_dir: PathBuf,
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
    let takes_hl7 = |subscriber: &&Subscriber| matches!(subscriber.deliver, deliver::Kind::Mllp(_));
    let mut reader = Reader {
        known,
        hl7: subscribers.iter().filter(takes_hl7).map(|subscriber| subscriber.name.clone()).collect(),
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
        if let Some(route) = reader.route(section) {
            dead::check(&route, &routes, &place);
            routes.push(route);
        }
    }
    reader.report_unused();
    RouteFile { subscribers, routes: Routes::new(routes), tests: reader.tests }
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
    let read = |section| subscriber::read(section, known.dir, &known.data_dir);
    (sections.into_iter().filter_map(read).collect(), names)
}

/// The names, also of those that have faults.
fn peek_names<'d>(sections: &[Section<'d>]) -> Vec<Node<'d>> {
    sections.iter().filter_map(|section| section.peek("name")).filter(Node::is_text).collect()
}

fn texts<'d>(nodes: &[Node<'d>]) -> Vec<&'d str> {
    nodes.iter().filter_map(Node::text).collect()
}

struct Reader<'r, 'd> {
    known: &'r Known<'r>,
    /// Subscribers that take HL7 messages only.
    hl7: Vec<String>,
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

const CHANGES: [(&str, Change); 3] =
    [("created", Change::Created), ("updated", Change::Updated), ("deleted", Change::Deleted)];

impl<'d, 'r: 'd> Reader<'r, 'd> {
    fn route(&mut self, mut section: Section<'d>) -> Option<Route> {
        let name = section.require("name").and_then(|node| node.name());
        let topic = section.require("topic").and_then(|node| topic(&node));
        let to = section.require("to").and_then(|node| self.recipients(&node.full_list()?));
        let kinds = section.require("kinds").and_then(|node| kinds(&node));
        let facilities = section.take("facilities").map(|node| self.facilities(&node));
        let changes = section.take("change").map(|node| words(&node, &CHANGES));
        let scopes = self.scopes(kinds.as_deref().unwrap_or_default());
        let condition = section.take("where").map(|node| self.condition(&node, &scopes));
        let disclosure = section.take("disclose").map(|node| self.disclosure(&node, &scopes));
        let bases = Basis::ALL.map(|basis| (basis.as_str(), basis));
        let basis = section.require("basis").and_then(|node| node.word(&bases));
        let send =
            section.take("send").map_or(Some(Send::Canonical), |node| send(&node, disclosure.is_some()));
        if send == Some(Send::Canonical) {
            self.refuse_hl7(&section);
        }
        for test in section.take("test").and_then(|node| node.list()).unwrap_or_default() {
            let test = self.test(&test, name.unwrap_or_default());
            self.tests.extend(test);
        }
        section.finish();
        Some(Route {
            name: name?.into(),
            topic: topic?.into(),
            to: to?,
            kinds: kinds?,
            changes: changes.unwrap_or_else(|| Some(CHANGES.map(|(_, change)| change).into()))?,
            facilities: facilities.map_or(Some(None), |codes| codes.map(Some))?,
            condition: condition.map_or(Some(None), |condition| condition.map(Some))?,
            disclosure: disclosure.map_or(Some(None), |disclosure| disclosure.map(Some))?,
            basis: basis?,
            send: send?,
        })
    }

    fn condition(&self, node: &Node<'_>, scopes: &[Scope<'r>]) -> Option<Condition> {
        // Without kinds, which is a fault of its own, there is no schema to check against.
        let context = Context { scopes: scopes.into(), tables: self.known.tables, depth: 0 };
        if scopes.is_empty() { None } else { condition::read(node, &context) }
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
                node.error(format!("there is no subscriber \"{name}\": {}", suggest(name, &known)));
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

    /// Refuses recipients to whom only original messages can be sent.
    fn refuse_hl7(&self, route: &Section<'_>) {
        let Some(DeValue::Array(_)) = route.peek("to").map(|node| node.value) else { return };
        for node in route.peek("to").and_then(|node| node.list()).unwrap_or_default() {
            if node.is_text() && node.text().is_some_and(|name| self.hl7.iter().any(|hl7| hl7 == name)) {
                node.error("it takes HL7 messages (kind \"mllp\"): this route needs send = \"original\"");
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
            node.refuse(format!(
                "\"{name}\" is no feed and no feed's facility code: {}",
                suggest(name, &known)
            ))
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
        node.refuse(format!("there is no disclosure \"{name}\": {}", suggest(name, &known)))
    }

    fn test(&mut self, node: &Node<'_>, route: &str) -> Option<RouteTest> {
        let mut section = node.section()?;
        let name = section.require("name").and_then(|node| node.text());
        let input = section.require("input").and_then(|node| node.existing_path(self.known.dir));
        let expect = section.require("expect").and_then(|node| node.section()).and_then(|mut expect| {
            let to = expect.require("to").and_then(|node| self.expected(&node.list()?));
            expect.finish();
            to
        });
        section.finish();
        Some(RouteTest { name: name?.into(), route: route.into(), input: input?, to: expect? })
    }

    /// Subscribers of a test: being expected does not make a subscriber used.
    fn expected(&mut self, nodes: &[Node<'_>]) -> Option<Vec<String>> {
        let used = self.used.len();
        let names = self.recipients(nodes);
        self.used.truncate(used);
        names
    }

    fn report_unused(&self) {
        for node in &self.names {
            if let Some(name) = node.text()
                && !self.used.iter().any(|used| used == name)
            {
                node.warn(format!("no route sends anything to subscriber \"{name}\""));
            }
        }
        for draft in &self.disclosures {
            draft.check(self.events);
        }
    }
}

fn send(node: &Node<'_>, limited: bool) -> Option<Send> {
    match node.word(&[("canonical", Send::Canonical), ("original", Send::Original)])? {
        Send::Original if limited => node
            .refuse("the original holds everything: it can't be sent where \"disclose\" limits the fields"),
        send => Some(send),
    }
}

fn kinds(node: &Node<'_>) -> Option<Vec<Kind>> {
    words(node, &Kind::ALL.map(|kind| (kind.as_str(), kind)))
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
