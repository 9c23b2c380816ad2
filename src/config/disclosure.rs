//! `[[disclosure]]`: the fields that may leave, and what becomes of some of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::condition::{self, Context};
use super::fault::Part;
use super::fields::{Lists, Scope, Shape};
use super::node::{Node, Section};
use super::rule::{self, Rule};
use super::said::Said;
use super::tables::Tables;
use crate::route::{Condition, Disclosure};

/// A disclosure as written, until it is known which kinds it is used for.
pub(super) struct Draft<'d> {
    pub(super) name: &'d str,
    fields: Vec<Node<'d>>,
    /// Fields that are changed, and how; the node is where that stands.
    changes: Vec<(&'d str, Rule, Node<'d>)>,
    node: Node<'d>,
    pub(super) disclosure: Arc<Disclosure>,
    /// Whether a route names it.
    pub(super) used: bool,
    /// Kinds of the routes that use it.
    pub(super) used_for: Vec<Scope<'d>>,
}

/// Reads one; `events` are the events of all kinds.
pub(super) fn read<'d>(mut section: Section<'d>, events: &[Scope<'_>], tables: &Tables) -> Option<Draft<'d>> {
    let name = section.require("name");
    let fields = section.require("fields").and_then(|node| node.full_list());
    let only = section.take("only").map(|node| only(&node, fields.as_deref(), events, tables));
    let changes = rule::read(&mut section);
    let node = name.clone().unwrap_or_else(|| section.node.clone());
    section.finish();
    let (name, fields, changes) = (name?.name()?, fields?, changes?);
    let texts = fields.iter().filter(|node| node.is_text()).filter_map(Node::text);
    let mut disclosure = Disclosure::new(name, texts);
    for (list, condition) in only.unwrap_or(Some(Vec::new()))? {
        disclosure = disclosure.only(list, condition);
    }
    for (field, rule, node) in &changes {
        disclosure = disclosure.changing(field, rule.transform(field, node, tables)?);
    }
    let disclosure = Arc::new(disclosure);
    Some(Draft { name, fields, changes, node, disclosure, used: false, used_for: Vec::new() })
}

/// `only = { results = { … } }`: a condition on the elements of a list, checked against every kind that has it.
fn only<'d>(
    node: &Node<'d>,
    fields: Option<&[Node<'_>]>,
    events: &[Scope<'_>],
    tables: &Tables,
) -> Option<Vec<(&'d str, Condition)>> {
    let conditions = node.section()?.entries().into_iter().map(|(list, node)| {
        let fields = fields?.iter().filter(|node| node.is_text()).filter_map(Node::text);
        if !fields.into_iter().any(|field| field.split('.').next() == Some(list)) {
            return node.refuse(format!("\"{list}\" is not among the fields that are disclosed"));
        }
        let found = events.iter().filter_map(|event| event.find(list, Lists::Stop).ok());
        let scopes: Vec<_> =
            found.filter(|field| field.shape == Shape::List).filter_map(|field| field.inner).collect();
        if scopes.is_empty() {
            return node.refuse(format!("no kind has a list \"{list}\""));
        }
        Some((
            list,
            condition::read(
                &node,
                &Context { all: scopes.clone(), scopes, tables, depth: 0, is_element: true, changes: None },
            )?,
        ))
    });
    conditions.collect::<Vec<_>>().into_iter().collect()
}

impl Draft<'_> {
    /// Reports fields that none of the kinds has, and a disclosure that no route uses.
    pub(super) fn check(&self, all: &[Scope<'_>]) {
        if !self.used {
            let said = Said::new(
                format!("no route uses disclosure \"{}\"", self.name),
                format!("disclosure「{}」を使う経路がありません", self.name),
            );
            self.node.warn(said.of(Part::Topology).help(
                format!("name it at a route: disclose = \"{}\", or take it out", self.name),
                format!("経路に disclose = \"{}\" と書くか、消してください", self.name),
            ));
        }
        let scopes = if self.used_for.is_empty() { all } else { &self.used_for };
        let mut seen = BTreeSet::new();
        for node in &self.fields {
            let Some(path) = node.text() else { continue };
            if !seen.insert(path) {
                node.error(format!("\"{path}\" stands twice"));
            }
            if let Some(message) = nowhere(path, scopes) {
                node.error(message);
            }
        }
        let mut changed = BTreeSet::new();
        for (path, rule, node) in &self.changes {
            if !changed.insert(path) {
                node.error(format!("\"{path}\" is changed twice"));
            }
            check_change(path, rule, node, &seen, scopes);
        }
    }
}

/// Why none of the kinds has that field.
fn nowhere(path: &str, scopes: &[Scope<'_>]) -> Option<Said> {
    let faults: Option<Vec<_>> = scopes.iter().map(|scope| scope.find(path, Lists::Through).err()).collect();
    faults.and_then(|faults| faults.into_iter().next())
}

/// Reports a change of a field that is not disclosed, or that the rule is not about.
fn check_change(path: &str, rule: &Rule, node: &Node<'_>, fields: &BTreeSet<&str>, scopes: &[Scope<'_>]) {
    if let Some(message) = nowhere(path, scopes) {
        return node.error(message);
    }
    let covers = |field: &&&str| {
        path.strip_prefix(**field).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    if !fields.iter().any(|field| covers(&field)) {
        let known: Vec<_> = fields.iter().copied().collect();
        let (en, ja) = (
            format!("\"{path}\" is not among the fields that are disclosed"),
            format!("「{path}」は開示する fields にありません"),
        );
        return node.error(Said::unknown(&en, &ja, path, &known));
    }
    let found = scopes.iter().filter_map(|scope| scope.find(path, Lists::Through).ok());
    let shapes = found.map(|field| field.element.unwrap_or(field.shape));
    if let Some(message) = shapes.filter_map(|shape| rule.misfit(path, &shape)).next() {
        node.error(message);
    }
}
