//! `[[disclosure]]`: the fields that may leave.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::condition::{self, Context};
use super::fields::{Lists, Scope, Shape};
use super::node::{Node, Section};
use super::tables::Tables;
use crate::route::{Condition, Disclosure};

/// A disclosure as written, until it is known which kinds it is used for.
pub(super) struct Draft<'d> {
    pub(super) name: &'d str,
    fields: Vec<Node<'d>>,
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
    let node = name.clone().unwrap_or_else(|| section.node.clone());
    section.finish();
    let (name, fields) = (name?.name()?, fields?);
    let texts = fields.iter().filter(|node| node.is_text()).filter_map(Node::text);
    let mut disclosure = Disclosure::new(name, texts);
    for (list, condition) in only.unwrap_or(Some(Vec::new()))? {
        disclosure = disclosure.only(list, condition);
    }
    Some(Draft { name, fields, node, disclosure: Arc::new(disclosure), used: false, used_for: Vec::new() })
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
        Some((list, condition::read(&node, &Context { scopes, tables, depth: 0 })?))
    });
    conditions.collect::<Vec<_>>().into_iter().collect()
}

impl Draft<'_> {
    /// Reports fields that none of the kinds has, and a disclosure that no route uses.
    pub(super) fn check(&self, all: &[Scope<'_>]) {
        if !self.used {
            self.node.warn(format!("no route uses disclosure \"{}\"", self.name));
        }
        let scopes = if self.used_for.is_empty() { all } else { &self.used_for };
        let mut seen = BTreeSet::new();
        for node in &self.fields {
            let Some(path) = node.text() else { continue };
            if !seen.insert(path) {
                node.error(format!("\"{path}\" stands twice"));
            }
            let mut faults = Vec::new();
            for scope in scopes {
                match scope.find(path, Lists::Through) {
                    Ok(_) => {
                        faults.clear();
                        break;
                    }
                    Err(message) => faults.push(message),
                }
            }
            if let Some(message) = faults.first() {
                node.error(message.clone());
            }
        }
    }
}
