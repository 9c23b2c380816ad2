//! What of an event may leave: a list of allowed fields. Everything else is never written.

use std::collections::BTreeMap;

use serde::ser::{Serialize, Serializer};

use super::condition::Condition;
use super::filter::{Filter, Node, Part};
use super::probe::keys;

/// A named list of the fields that may leave.
#[derive(Debug, Clone)]
pub struct Disclosure {
    /// Name.
    pub name: String,
    pub(super) part: Part,
}

impl Disclosure {
    /// Allows these field paths (`patient.id`, `results.value`); a path to an object or list allows all below it.
    /// The `change` of an event and the places (`at`) of objects that are kept always stay.
    pub fn new<'p>(name: &str, fields: impl IntoIterator<Item = &'p str>) -> Self {
        let mut part = Part { fields: Some(BTreeMap::new()), only: None };
        part.allow(keys("change"));
        for field in fields {
            part.allow(keys(field));
        }
        Self { name: name.into(), part }
    }

    /// Whether the patient's id at the facility may leave.
    pub fn allows_patient_id(&self) -> bool {
        let fields = self.part.fields.as_ref();
        match fields.and_then(|fields| fields.get("patient")) {
            Some(Node::All) => true,
            Some(Node::Part(part)) => part.fields.as_ref().is_none_or(|fields| fields.contains_key("id")),
            None => false,
        }
    }

    /// Of that list of the event, only elements that fulfil the condition leave. Does nothing for a list of which
    /// nothing is allowed.
    #[must_use]
    pub fn only(mut self, list: &str, condition: Condition) -> Self {
        match self.part.fields.as_mut().and_then(|fields| fields.get_mut(list)) {
            Some(Node::Part(part)) => part.only = Some(condition),
            Some(node) => *node = Node::Part(Part { fields: None, only: Some(condition) }),
            None => {}
        }
        self
    }

    /// The disclosed part of a record, for a serialiser.
    pub fn of<'a, T: Serialize + ?Sized>(&'a self, record: &'a T) -> impl Serialize + use<'a, T> {
        Disclosed { record, part: Some(&self.part) }
    }
}

impl Part {
    fn allow<'p>(&mut self, mut path: impl Iterator<Item = &'p str>) {
        // Without a list of fields all of them are allowed already.
        let (Some(key), Some(fields)) = (path.next(), &mut self.fields) else { return };
        let mut path = path.peekable();
        if path.peek().is_none() {
            fields.insert(key.into(), Node::All);
            return;
        }
        let part = Self { fields: Some(BTreeMap::new()), only: None };
        if let Node::Part(part) = fields.entry(key.into()).or_insert(Node::Part(part)) {
            part.allow(&mut path as &mut dyn Iterator<Item = &'p str>);
        }
    }
}

/// A record, of which only a part is written; without a part, all of it.
pub(super) struct Disclosed<'a, T: ?Sized> {
    pub(super) record: &'a T,
    pub(super) part: Option<&'a Part>,
}

impl<T: Serialize + ?Sized> Serialize for Disclosed<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.part {
            None => self.record.serialize(serializer),
            Some(part) => self.record.serialize(Filter { inner: serializer, part }),
        }
    }
}
