//! `expect` of a `[[route.test]]`: what must come of its message.

use std::collections::BTreeMap;
use std::path::PathBuf;

use toml::de::DeValue;

use super::fields::{Lists, Scope};
use super::node::{Node, Section};
use super::route_test::{Around, optional};
use super::said::Said;
use crate::route::{self, Send};

/// What must come of a test's message. What is not given may be anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expectation {
    /// The subscribers that get it by this route, and no others of the route's.
    pub to: Vec<String>,
    /// Subscribers that get it by no route at all.
    pub not_to: Vec<String>,
    /// Topic of the copies.
    pub topic: Option<String>,
    /// What decided.
    pub why: Option<Why>,
    /// Paths of exactly the values that leave, without `change` and `at`.
    pub disclosed: Option<Vec<String>>,
    /// Paths at and below which nothing leaves.
    pub withheld: Vec<String>,
    /// Texts that stand nowhere in the copies.
    pub without: Vec<String>,
    /// Values that leave, by their path: `results.0.value.number`.
    pub fields: BTreeMap<String, String>,
    /// A file with all that leaves.
    pub body: Option<PathBuf>,
    /// Codes of exactly the findings.
    pub findings: Option<Vec<String>>,
    /// What a sender would be answered over a connection: `AA`, `CA AA`, `AR 100`, `none`.
    pub ack: Option<String>,
    /// Code of the fault of a message that makes no sense.
    pub fault: Option<String>,
}

/// What decided about a message: the text of a clause or denial, its place in the route, or both (`place: text`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// About all subscribers of the route that do not get it; where all get it, about all.
    Together(String),
    /// About each of these subscribers.
    Each(BTreeMap<String, String>),
}

/// Reads one. An empty one says nothing yet.
pub(super) fn read(node: &Node<'_>, around: &Around<'_, '_>) -> Option<Option<Expectation>> {
    let mut section = node.section()?;
    if section.entries().is_empty() {
        return Some(None);
    }
    let to = section.require("to").and_then(|node| recipients(&node, around));
    let not_to = section.take("not_to").map(|node| known(&node, around.subscribers));
    let topic = text(&mut section, "topic");
    let why = section.take("why").map(|node| why(&node, around));
    let disclosed = section.take("disclosed").map(|node| fields(&node, around));
    let withheld = section.take("withheld").map(|node| fields(&node, around));
    let without = section.take("without").map(|node| texts(&node.full_list()?));
    let values = section.take("fields").map(|node| values(&node, around));
    let body = section.take("body").map(|node| node.path(around.dir));
    let findings = section.take("findings").map(|node| texts(&node.list()?));
    let ack = text(&mut section, "ack");
    let fault = text(&mut section, "fault");
    section.finish();
    Some(Some(Expectation {
        to: to?,
        not_to: optional(not_to)?.unwrap_or_default(),
        topic: optional(topic)?,
        why: optional(why)?,
        disclosed: optional(disclosed)?,
        withheld: optional(withheld)?.unwrap_or_default(),
        without: optional(without)?.unwrap_or_default(),
        fields: optional(values)?.unwrap_or_default(),
        body: optional(body)?,
        findings: optional(findings)?,
        ack: optional(ack)?,
        fault: optional(fault)?,
    }))
}

fn text(section: &mut Section<'_>, key: &'static str) -> Option<Option<String>> {
    section.take(key).map(|node| node.text().map(str::to_owned))
}

fn texts(nodes: &[Node<'_>]) -> Option<Vec<String>> {
    let texts: Vec<_> = nodes.iter().map(|node| node.text().map(str::to_owned)).collect();
    texts.into_iter().collect()
}

/// Subscribers of the route.
fn recipients(node: &Node<'_>, around: &Around<'_, '_>) -> Option<Vec<String>> {
    let names = known(node, around.subscribers)?;
    let own = around.to?;
    match names.iter().find(|name| !own.contains(name)) {
        None => Some(names),
        Some(name) => refuse_other(node, name, around),
    }
}

fn refuse_other<T>(node: &Node<'_>, name: &str, around: &Around<'_, '_>) -> Option<T> {
    let own = around.to?.join(", ");
    node.refuse(format!("route \"{}\" sends nothing to \"{name}\": its subscribers are {own}", around.route))
}

/// Names of subscribers.
fn known(node: &Node<'_>, subscribers: &[&str]) -> Option<Vec<String>> {
    let names = node.list()?.into_iter().map(|node| {
        let name = node.text()?;
        if subscribers.contains(&name) {
            return Some(name.to_owned());
        }
        let (en, ja) =
            (format!("there is no subscriber \"{name}\""), format!("配信先「{name}」はありません"));
        node.refuse(Said::unknown(&en, &ja, name, subscribers))
    });
    names.collect::<Vec<_>>().into_iter().collect()
}

/// A text, or one for each of some subscribers of the route.
fn why(node: &Node<'_>, around: &Around<'_, '_>) -> Option<Why> {
    if node.is_text() {
        return node.text().map(|text| Why::Together(text.to_owned()));
    }
    let own = around.to?;
    let each = node.section()?.entries().into_iter().map(|(name, node)| {
        if own.iter().any(|own| own == name) {
            return Some((name.to_owned(), node.text()?.to_owned()));
        }
        refuse_other(&node, name, around)
    });
    each.collect::<Vec<_>>().into_iter().collect::<Option<_>>().map(Why::Each)
}

/// Field paths of the event, of at least one of the route's kinds.
fn fields(node: &Node<'_>, around: &Around<'_, '_>) -> Option<Vec<String>> {
    if around.send? != Send::Canonical {
        return node.refuse("this route does not send the event: its fields can't be told");
    }
    let paths = node.list()?.into_iter().map(|node| {
        let path = node.text()?;
        in_some_kind(path, around.scopes, &node)?;
        Some(path.to_owned())
    });
    paths.collect::<Vec<_>>().into_iter().collect()
}

/// Values by path. An element of a list is told by its number, from 0: `results.0.value.number`.
fn values(node: &Node<'_>, around: &Around<'_, '_>) -> Option<BTreeMap<String, String>> {
    let send = around.send?;
    if !matches!(send, Send::Canonical | Send::Fhir) {
        return node.refuse("what this route sends is not JSON: use \"body\" or \"without\"");
    }
    let values = node.section()?.entries().into_iter().map(|(path, node)| {
        if send == Send::Canonical {
            let is_number = |key: &&str| key.bytes().all(|byte| byte.is_ascii_digit());
            let keys: Vec<_> = route::keys(path).filter(|key| !is_number(key)).collect();
            in_some_kind(&keys.join("."), around.scopes, &node)?;
        }
        Some((path.to_owned(), value(&node)?))
    });
    values.collect::<Vec<_>>().into_iter().collect()
}

/// A text, number or truth as the text that stands for it in JSON.
fn value(node: &Node<'_>) -> Option<String> {
    match node.value {
        DeValue::Boolean(truth) => Some(truth.to_string()),
        DeValue::Integer(digits) => Some(digits.to_string()),
        DeValue::Float(digits) => Some(digits.to_string()),
        _ => node.text().map(str::to_owned),
    }
}

fn in_some_kind(path: &str, scopes: &[Scope<'_>], node: &Node<'_>) -> Option<()> {
    let mut faults = scopes.iter().map(|scope| scope.find(path, Lists::Through).err());
    match faults.clone().all(|fault| fault.is_some()) {
        true => node.refuse(faults.find_map(|fault| fault)?),
        false => Some(()),
    }
}
