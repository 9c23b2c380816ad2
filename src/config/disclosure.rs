//! `[[disclosure]]`: the fields that may leave.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::fields::{Lists, Scope};
use super::node::{Node, Section};
use crate::route::Disclosure;

/// A disclosure as written, until it is known which kinds it is used for.
pub(super) struct Draft<'d> {
    pub(super) name: &'d str,
    fields: Vec<Node<'d>>,
    node: Node<'d>,
    /// Kinds of the routes that use it.
    pub(super) used_for: Vec<Scope<'d>>,
}

pub(super) fn read<'d>(mut section: Section<'d>) -> Option<Draft<'d>> {
    let name = section.require("name");
    let fields = section.require("fields").and_then(|node| node.full_list());
    let node = name.clone().unwrap_or_else(|| section.node.clone());
    section.finish();
    Some(Draft { name: name?.name()?, fields: fields?, node, used_for: Vec::new() })
}

impl Draft<'_> {
    /// The disclosure; faults in its fields do not matter to it, they stop the configuration.
    pub(super) fn compile(&self) -> Arc<Disclosure> {
        let texts = self.fields.iter().filter_map(|node| if node.is_text() { node.text() } else { None });
        Arc::new(Disclosure::new(self.name, texts))
    }

    /// Reports fields that none of the kinds has, and a disclosure that no route uses.
    pub(super) fn check(&self, all: &[Scope<'_>]) {
        if self.used_for.is_empty() {
            self.node.warn(format!("no route uses disclosure \"{}\"", self.name));
        }
        let scopes = if self.used_for.is_empty() { all } else { &self.used_for };
        let mut seen = BTreeMap::new();
        for node in &self.fields {
            let Some(path) = node.text() else { continue };
            if seen.insert(path, ()).is_some() {
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
