//! What of an event may leave: a list of allowed fields. Everything else is never written.

use std::collections::BTreeMap;

use serde::ser::{Serialize, Serializer};

use super::filter::{Filter, Node};

/// A named list of the fields that may leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disclosure {
    /// Name.
    pub name: String,
    tree: Node,
}

impl Disclosure {
    /// Allows these field paths (`patient.id`, `results.value`); a path to an object or list allows all below it.
    /// The `change` of an event and the places (`at`) of objects that are kept always stay.
    pub fn new<'p>(name: &str, fields: impl IntoIterator<Item = &'p str>) -> Self {
        let mut tree = Node::Fields(BTreeMap::from([("change".into(), Node::All)]));
        for field in fields {
            tree.allow(field.split('.'));
        }
        Self { name: name.into(), tree }
    }

    /// The disclosed part of a record, for a serialiser.
    pub fn of<'a, T: Serialize + ?Sized>(&'a self, record: &'a T) -> impl Serialize + use<'a, T> {
        Disclosed { record, node: &self.tree }
    }
}

impl Node {
    fn allow<'p>(&mut self, mut path: impl Iterator<Item = &'p str>) {
        match (path.next(), &mut *self) {
            (_, Self::All) => {}
            (None, _) => *self = Self::All,
            (Some(key), Self::Fields(fields)) => {
                fields.entry(key.into()).or_insert_with(|| Self::Fields(BTreeMap::new())).allow(path);
            }
        }
    }
}

/// A record, of which only the allowed fields are written.
pub(super) struct Disclosed<'a, T: ?Sized> {
    pub(super) record: &'a T,
    pub(super) node: &'a Node,
}

impl<T: Serialize + ?Sized> Serialize for Disclosed<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.node {
            Node::All => self.record.serialize(serializer),
            Node::Fields(fields) => self.record.serialize(Filter { inner: serializer, fields }),
        }
    }
}
