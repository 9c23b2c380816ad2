//! What of an event may leave: a list of allowed fields, some of them changed. Everything else is never written.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use serde::ser::{Serialize, Serializer};

use super::condition::Condition;
use super::filter::{Filter, Node, Part};
use super::probe::keys;
use super::table::{Table, Versions};
use super::transform::Transform;

/// A named list of the fields that may leave.
#[derive(Debug, Clone)]
pub struct Disclosure {
    /// Name.
    pub name: String,
    pub(super) part: Part,
}

/// What a disclosure needs to know beside the event.
#[derive(Clone, Copy)]
pub struct Disclose<'a> {
    /// The day as of which ages are told: that of the event.
    pub on: Option<Date>,
    /// The stand-in of a field's value: field path, value. The same value of a facility always has the same one.
    pub stand_in: &'a dyn Fn(&str, &str) -> String,
}

impl fmt::Debug for Disclose<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disclose").field("on", &self.on).finish_non_exhaustive()
    }
}

impl Disclosure {
    /// Allows these field paths (`patient.id`, `results.value`); a path to an object or list allows all below it.
    /// The `change` of an event and the places (`at`) of objects that are kept always stay.
    pub fn new<'p>(name: &str, fields: impl IntoIterator<Item = &'p str>) -> Self {
        let mut part = Part::default();
        part.set(keys("change"), Node::All);
        for field in fields {
            part.set(keys(field), Node::All);
        }
        Self { name: name.into(), part }
    }

    /// That field does not leave as it is. Does nothing for a field that is not allowed.
    #[must_use]
    pub fn changing(mut self, field: &str, transform: Transform) -> Self {
        self.part.change(keys(field), transform);
        self
    }

    /// Whether the patient's id at the facility may leave.
    pub fn allows_patient_id(&self) -> bool {
        match self.part.allowed("patient") {
            Some(Node::All) => true,
            Some(Node::Part(part)) => matches!(part.allowed("id"), Some(Node::All)),
            Some(Node::Changed(_)) | None => false,
        }
    }

    /// Of that list of the event, only elements that fulfil the condition leave. Does nothing for a list of which
    /// nothing is allowed.
    #[must_use]
    pub fn only(mut self, list: &str, condition: Condition) -> Self {
        match self.part.fields.get_mut(list) {
            Some(Node::Part(part)) => part.only = Some(condition),
            Some(node) => *node = Node::Part(Part { rest: true, only: Some(condition), ..Part::default() }),
            None => {}
        }
        self
    }

    /// The tables that decide what leaves, with their versions.
    pub fn tables(&self) -> Versions<'_> {
        let mut tables = Versions::new();
        self.part.tables(&mut |table| table.note(&mut tables));
        tables
    }

    /// The disclosed part of a record, for a serialiser.
    pub fn of<'a, T: Serialize + ?Sized>(
        &'a self,
        record: &'a T,
        context: &'a Disclose<'a>,
    ) -> impl Serialize + use<'a, T> {
        Disclosed { record, part: Some(&self.part), context }
    }
}

impl Part {
    /// Sets what may leave of the field at that path.
    fn set<'p>(&mut self, mut path: impl Iterator<Item = &'p str>, node: Node) {
        // Where all may leave there is nothing to add.
        let (Some(key), false) = (path.next(), self.rest) else { return };
        let mut path = path.peekable();
        if path.peek().is_none() {
            self.fields.insert(key.into(), node);
        } else if let Node::Part(part) = self.fields.entry(key.into()).or_insert(Node::Part(Self::default()))
        {
            part.set(&mut path as &mut dyn Iterator<Item = &'p str>, node);
        }
    }

    /// Changes the field at that path, where it is allowed.
    fn change<'p>(&mut self, mut path: impl Iterator<Item = &'p str>, transform: Transform) {
        let Some(key) = path.next() else { return };
        if !self.rest && !self.fields.contains_key(key) {
            return;
        }
        let node = self.fields.entry(key.into()).or_insert(Node::All);
        let mut path = path.peekable();
        if path.peek().is_none() {
            *node = Node::Changed(transform);
            return;
        }
        if let Node::All = node {
            *node = Node::Part(Self { rest: true, ..Self::default() });
        }
        if let Node::Part(part) = node {
            part.change(&mut path as &mut dyn Iterator<Item = &'p str>, transform);
        }
    }

    fn tables<'p>(&'p self, found: &mut dyn FnMut(&'p Table)) {
        if let Some(condition) = &self.only {
            condition.each_table(found);
        }
        for node in self.fields.values() {
            match node {
                Node::All => {}
                Node::Part(part) => part.tables(found),
                Node::Changed(transform) => transform.table().into_iter().for_each(&mut *found),
            }
        }
    }
}

/// A record, of which only a part is written; without a part, all of it.
pub(super) struct Disclosed<'a, T: ?Sized> {
    pub(super) record: &'a T,
    pub(super) part: Option<&'a Part>,
    pub(super) context: &'a Disclose<'a>,
}

impl<'a, T: ?Sized> Disclosed<'a, T> {
    /// All of a record or a part of it; what is changed is not written here.
    pub(super) fn new(record: &'a T, node: &'a Node, context: &'a Disclose<'a>) -> Self {
        const NOTHING: &Part = &Part { fields: BTreeMap::new(), rest: false, only: None };
        let part = match node {
            Node::All => None,
            Node::Part(part) => Some(part),
            Node::Changed(_) => Some(NOTHING),
        };
        Self { record, part, context }
    }
}

impl<T: Serialize + ?Sized> Serialize for Disclosed<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.part {
            None => self.record.serialize(serializer),
            Some(part) => self.record.serialize(Filter { inner: serializer, part, context: self.context }),
        }
    }
}
