//! `[[route.test]]`: a message, and what this route must make of it.

use std::path::{Path, PathBuf};

use super::fault::suggest;
use super::feed::Feeds;
use super::fields::{Lists, Scope};
use super::node::{Node, Section};
use crate::envelope::Change;
use crate::route::Send;

/// An example that a route must fulfil.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteTest {
    /// What it shows.
    pub name: String,
    /// Name of the route that it stands at.
    pub route: String,
    /// A message, a folder with a file `input`, or a content folder of an extension storage.
    pub input: PathBuf,
    /// Feed that the message comes from, where the test says it.
    pub feed: Option<String>,
    /// SS-MIX2 data type, where the test says it.
    pub data_type: Option<String>,
    /// What happened at the source, where the test says it.
    pub change: Option<Change>,
    /// What must come out.
    pub expect: Expectation,
}

/// What must come of a test's message. What is not given may be anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expectation {
    /// The subscribers that get it by this route, and no others of the route's.
    pub to: Vec<String>,
    /// Subscribers that get it by no route at all.
    pub not_to: Vec<String>,
    /// Topic of the copies.
    pub topic: Option<String>,
    /// Paths of exactly the values that leave, without `change` and `at`.
    pub disclosed: Option<Vec<String>>,
    /// Paths at and below which nothing leaves.
    pub withheld: Vec<String>,
    /// Texts that stand nowhere in the copies.
    pub without: Vec<String>,
    /// Codes of exactly the findings.
    pub findings: Option<Vec<String>>,
}

/// What a route's tests may refer to.
pub(super) struct Around<'a, 's> {
    /// Name of the route.
    pub(super) route: &'a str,
    /// The route's own subscribers; nothing where they have faults.
    pub(super) to: Option<&'a [String]>,
    /// All subscribers.
    pub(super) subscribers: &'a [&'a str],
    pub(super) scopes: &'a [Scope<'s>],
    pub(super) send: Option<Send>,
    pub(super) feeds: &'a Feeds,
    pub(super) changes: &'a [(&'a str, Change)],
    pub(super) dir: &'a Path,
}

/// Reads one.
pub(super) fn read(node: &Node<'_>, around: &Around<'_, '_>) -> Option<RouteTest> {
    let mut section = node.section()?;
    let name = section.require("name").and_then(|node| node.text());
    let input = section.require("input").and_then(|node| node.path(around.dir));
    let feed = section.take("feed").map(|node| feed(&node, around.feeds));
    let data_type = section.take("data_type").map(|node| data_type(&node));
    let change = section.take("change").map(|node| node.word(around.changes));
    let expect = section.require("expect").and_then(|node| expectation(node.section()?, around));
    section.finish();
    Some(RouteTest {
        name: name?.into(),
        route: around.route.into(),
        input: input?,
        feed: optional(feed)?,
        data_type: optional(data_type)?,
        change: optional(change)?,
        expect: expect?,
    })
}

fn expectation(mut section: Section<'_>, around: &Around<'_, '_>) -> Option<Expectation> {
    let to = section.require("to").and_then(|node| recipients(&node, around));
    let not_to = section.take("not_to").map(|node| known(&node, around.subscribers));
    let topic = section.take("topic").map(|node| node.text().map(str::to_owned));
    let disclosed = section.take("disclosed").map(|node| fields(&node, around));
    let withheld = section.take("withheld").map(|node| fields(&node, around));
    let without = section.take("without").map(|node| texts(&node.full_list()?));
    let findings = section.take("findings").map(|node| texts(&node.list()?));
    section.finish();
    Some(Expectation {
        to: to?,
        not_to: optional(not_to)?.unwrap_or_default(),
        topic: optional(topic)?,
        disclosed: optional(disclosed)?,
        withheld: optional(withheld)?.unwrap_or_default(),
        without: optional(without)?.unwrap_or_default(),
        findings: optional(findings)?,
    })
}

/// A key that need not be there, but must be sound where it is.
fn optional<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    read.map_or(Some(None), |value| value.map(Some))
}

fn texts(nodes: &[Node<'_>]) -> Option<Vec<String>> {
    let texts: Vec<_> = nodes.iter().map(|node| node.text().map(str::to_owned)).collect();
    texts.into_iter().collect()
}

fn feed(node: &Node<'_>, feeds: &Feeds) -> Option<String> {
    let name = node.text()?;
    if feeds.facilities.contains_key(name) {
        return Some(name.to_owned());
    }
    let known: Vec<_> = feeds.facilities.keys().map(String::as_str).collect();
    node.refuse(format!("there is no feed \"{name}\": {}", suggest(name, &known)))
}

fn data_type(node: &Node<'_>) -> Option<String> {
    let code = node.text()?;
    if ssmix2::DataType::find(code).is_some() || code.starts_with("L-") {
        return Some(code.to_owned());
    }
    let known: Vec<_> = ssmix2::data_type::ALL.iter().map(|known| known.code).collect();
    node.refuse(format!("\"{code}\" is no SS-MIX2 data type: {}", suggest(code, &known)))
}

/// Subscribers of the route.
fn recipients(node: &Node<'_>, around: &Around<'_, '_>) -> Option<Vec<String>> {
    let names = known(node, around.subscribers)?;
    let own = around.to?;
    match names.iter().find(|name| !own.contains(name)) {
        None => Some(names),
        Some(name) => node.refuse(format!(
            "route \"{}\" sends nothing to \"{name}\": its subscribers are {}",
            around.route,
            own.join(", ")
        )),
    }
}

/// Names of subscribers.
fn known(node: &Node<'_>, subscribers: &[&str]) -> Option<Vec<String>> {
    let names = node.list()?.into_iter().map(|node| {
        let name = node.text()?;
        if subscribers.contains(&name) {
            return Some(name.to_owned());
        }
        node.refuse(format!("there is no subscriber \"{name}\": {}", suggest(name, subscribers)))
    });
    names.collect::<Vec<_>>().into_iter().collect()
}

/// Field paths of the event, of at least one of the route's kinds.
fn fields(node: &Node<'_>, around: &Around<'_, '_>) -> Option<Vec<String>> {
    if around.send? != Send::Canonical {
        return node.refuse("this route does not send the event: its fields can't be told");
    }
    let paths = node.list()?.into_iter().map(|node| {
        let path = node.text()?;
        let mut faults = around.scopes.iter().map(|scope| scope.find(path, Lists::Through).err());
        match faults.clone().all(|fault| fault.is_some()) {
            true => node.refuse(faults.find_map(|fault| fault)?),
            false => Some(path.to_owned()),
        }
    });
    paths.collect::<Vec<_>>().into_iter().collect()
}
