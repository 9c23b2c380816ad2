//! `[[route.test]]`: a message, and what this route must make of it.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::expectation::{self, Expectation};
use super::feed::Feeds;
use super::fields::Scope;
use super::node::Node;
use super::said::Said;
use crate::envelope::Change;
use crate::registry::when;
use crate::route::Send;

/// An example that a route must fulfil.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteTest {
    /// What it shows.
    pub name: String,
    /// Name of the route that it stands at.
    pub route: String,
    /// Where its name stands: `routes.toml:12`.
    pub place: String,
    /// A message, a folder with a file `input`, or a content folder of an extension storage.
    pub input: PathBuf,
    /// Feed that the message comes from, where the test says it.
    pub feed: Option<String>,
    /// SS-MIX2 data type, where the test says it.
    pub data_type: Option<String>,
    /// What happened at the source, where the test says it.
    pub change: Option<Change>,
    /// When it is decided, where the test says it.
    pub at: Option<Timestamp>,
    /// Facilities, patients and consents of this test alone.
    pub registry: Option<TestRegistry>,
    /// What must come out; nothing where nobody has said it yet.
    pub expect: Option<Expectation>,
}

/// The registry that a test is asked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestRegistry {
    /// A CSV file of the registry, or a folder of them.
    pub files: PathBuf,
    /// Whether they stand instead of those of `[registry] import`; else they are entered after them.
    pub alone: bool,
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
    /// Zone in which a day begins.
    pub(super) zone: &'a TimeZone,
}

/// Reads one.
pub(super) fn read(node: &Node<'_>, around: &Around<'_, '_>) -> Option<RouteTest> {
    let mut section = node.section()?;
    let name = section.require("name").and_then(|node| node.text());
    let input = section.require("input").and_then(|node| node.path(around.dir));
    let feed = section.take("feed").map(|node| feed(&node, around.feeds));
    let data_type = section.take("data_type").map(|node| data_type(&node));
    let change = section.take("change").map(|node| node.word(around.changes));
    let at = section.take("at").map(|node| instant(&node, around.zone));
    let registry = section.take("registry").map(|node| registry(&node, around.dir));
    let expect = section.take("expect").map(|node| expectation::read(&node, around));
    let place = section.peek("name").map(|node| node.document.place(&node.span));
    section.finish();
    Some(RouteTest {
        name: name?.into(),
        route: around.route.into(),
        place: place?,
        input: input?,
        feed: optional(feed)?,
        data_type: optional(data_type)?,
        change: optional(change)?,
        at: optional(at)?,
        registry: optional(registry)?,
        expect: optional(expect)?.flatten(),
    })
}

/// A day, which stands for its first instant, or an instant.
fn instant(node: &Node<'_>, zone: &TimeZone) -> Option<Timestamp> {
    let text = node.text()?;
    when::start(text, zone).or_else(|| node.refuse(format!("\"{text}\" is {}", when::RULE)))
}

/// A path, or `{ only = path }`.
fn registry(node: &Node<'_>, dir: &Path) -> Option<TestRegistry> {
    if node.is_text() {
        return Some(TestRegistry { files: node.path(dir)?, alone: false });
    }
    let mut section = node.section()?;
    let files = section.require("only").and_then(|node| node.path(dir));
    section.finish();
    Some(TestRegistry { files: files?, alone: true })
}

/// A key that need not be there, but must be sound where it is.
pub(super) fn optional<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    read.map_or(Some(None), |value| value.map(Some))
}

fn feed(node: &Node<'_>, feeds: &Feeds) -> Option<String> {
    let name = node.text()?;
    if feeds.facilities.contains_key(name) {
        return Some(name.to_owned());
    }
    let known: Vec<_> = feeds.facilities.keys().map(String::as_str).collect();
    let (en, ja) = (format!("there is no feed \"{name}\""), format!("フィード「{name}」はありません"));
    node.refuse(Said::unknown(&en, &ja, name, &known))
}

fn data_type(node: &Node<'_>) -> Option<String> {
    let code = node.text()?;
    if ssmix2::DataType::find(code).is_some() || code.starts_with("L-") {
        return Some(code.to_owned());
    }
    let known: Vec<_> = ssmix2::data_type::ALL.iter().map(|known| known.code).collect();
    let (en, ja) = (
        format!("\"{code}\" is no SS-MIX2 data type"),
        format!("「{code}」は SS-MIX2 のデータ種別ではありません"),
    );
    node.refuse(Said::unknown(&en, &ja, code, &known))
}
