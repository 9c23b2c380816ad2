//! A serialiser that passes on only the allowed fields of objects, and of lists only the admitted elements; some fields
//! are changed on the way.
//!
//! A single value where the list of allowed fields expected an object is written as null: nothing leaves that the
//! list does not name. A value that does not fit how it is to be changed is left out.

use std::collections::BTreeMap;
use std::fmt;

use serde::ser::{self, Error, Serialize, Serializer};

use super::condition::{Condition, Verdict};
use super::disclose::{Disclose, Disclosed};
use super::probe::{Scalar, Visit, probe};
use super::transform::Transform;
use super::watch::Blind;

/// What may leave of a value.
#[derive(Debug, Clone)]
pub(super) enum Node {
    /// All of it.
    All,
    /// A part of it.
    Part(Part),
    /// What becomes of it.
    Changed(Transform),
}

/// What may leave of an object, or of a list of objects.
#[derive(Debug, Clone, Default)]
pub(super) struct Part {
    /// Fields of the object, or of every object in the list.
    pub(super) fields: BTreeMap<Box<str>, Node>,
    /// Whether the fields that are not named leave too.
    pub(super) rest: bool,
    /// Of a list: only the elements that fulfil this.
    pub(super) only: Option<Condition>,
}

/// All of it.
const ALL: &Node = &Node::All;

impl Part {
    /// What may leave of that field of an object. The place of an object always may.
    pub(super) fn allowed(&self, key: &str) -> Option<&Node> {
        self.fields.get(key).or((self.rest || key == "at").then_some(ALL))
    }

    /// Whether of an object less than all of it leaves as it is.
    pub(super) fn is_narrow(&self) -> bool {
        !self.rest || !self.fields.is_empty()
    }

    /// Whether that element of a list may leave.
    fn admits<T: Serialize + ?Sized>(&self, element: &T) -> bool {
        self.only.as_ref().is_none_or(|condition| condition.test(element, &mut Blind) == Verdict::True)
    }
}

/// Passes on that part of what is serialised.
pub(super) struct Filter<'f, S> {
    pub(super) inner: S,
    pub(super) part: &'f Part,
    pub(super) context: &'f Disclose<'f>,
}

impl<'f, S> Filter<'f, S> {
    /// The same part of what goes to another serialiser.
    fn into<O>(self, make: impl FnOnce(S) -> Result<O, S::Error>) -> Result<Filter<'f, O>, S::Error>
    where
        S: Serializer,
    {
        Ok(Filter { inner: make(self.inner)?, part: self.part, context: self.context })
    }
}

/// Implements the `serialize_*` methods of single values: none of them may leave.
macro_rules! withheld {
    ($($method:ident: $type:ty),*) => {$(
        fn $method(self, _: $type) -> Result<S::Ok, S::Error> {
            self.inner.serialize_unit()
        }
    )*};
}

impl<'f, S: Serializer> Serializer for Filter<'f, S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Filter<'f, S::SerializeSeq>;
    type SerializeTuple = Filter<'f, S::SerializeTuple>;
    type SerializeTupleStruct = Filter<'f, S::SerializeTupleStruct>;
    type SerializeTupleVariant = ser::Impossible<S::Ok, S::Error>;
    type SerializeMap = Entries<'f, S::SerializeMap>;
    type SerializeStruct = Filter<'f, S::SerializeStruct>;
    type SerializeStructVariant = ser::Impossible<S::Ok, S::Error>;

    withheld!(serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_f32: f32,
        serialize_f64: f64, serialize_char: char, serialize_str: &str, serialize_bytes: &[u8],
        serialize_unit_struct: &'static str);

    fn collect_str<T: fmt::Display + ?Sized>(self, _: &T) -> Result<S::Ok, S::Error> {
        self.inner.serialize_unit()
    }

    fn serialize_none(self) -> Result<S::Ok, S::Error> {
        self.inner.serialize_none()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<S::Ok, S::Error> {
        self.inner.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<S::Ok, S::Error> {
        self.inner.serialize_unit()
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<S::Ok, S::Error> {
        self.inner.serialize_unit()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        self.into(|inner| inner.serialize_seq(None))
    }

    fn serialize_tuple(self, length: usize) -> Result<Self::SerializeTuple, S::Error> {
        self.into(|inner| inner.serialize_tuple(length))
    }

    fn serialize_tuple_struct(
        self,
        name: &'static str,
        length: usize,
    ) -> Result<Self::SerializeTupleStruct, S::Error> {
        self.into(|inner| inner.serialize_tuple_struct(name, length))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        Ok(Entries { filter: self.into(|inner| inner.serialize_map(None))?, next: Next::default() })
    }

    fn serialize_struct(self, name: &'static str, length: usize) -> Result<Self::SerializeStruct, S::Error> {
        self.into(|inner| inner.serialize_struct(name, length))
    }

    // No canonical type has an enum variant with several fields.
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        Err(S::Error::custom("a variant with several fields can't be disclosed in part"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        Err(S::Error::custom("a variant with several fields can't be disclosed in part"))
    }
}

/// Implements the three traits of lists and tuples.
macro_rules! lists {
    ($($trait:ident $method:ident),*) => {$(
        impl<S: ser::$trait> ser::$trait for Filter<'_, S> {
            type Ok = S::Ok;
            type Error = S::Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
                if self.part.admits(value) {
                    let part = self.part.is_narrow().then_some(self.part);
                    self.inner.$method(&Disclosed { record: value, part, context: self.context })?;
                }
                Ok(())
            }

            fn end(self) -> Result<S::Ok, S::Error> {
                self.inner.end()
            }
        }
    )*};
}
lists!(SerializeSeq serialize_element, SerializeTuple serialize_element, SerializeTupleStruct serialize_field);

impl<S: ser::SerializeStruct> ser::SerializeStruct for Filter<'_, S> {
    type Ok = S::Ok;
    type Error = S::Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        record: &T,
    ) -> Result<(), S::Error> {
        match self.part.allowed(key) {
            None => self.inner.skip_field(key),
            Some(Node::Changed(transform)) => match transform.of(record, self.context) {
                Some(changed) => self.inner.serialize_field(key, &changed),
                None => self.inner.skip_field(key),
            },
            Some(node) => self.inner.serialize_field(key, &Disclosed::new(record, node, self.context)),
        }
    }

    fn end(self) -> Result<S::Ok, S::Error> {
        self.inner.end()
    }
}

/// The entries of a map, or of a struct with flattened fields.
pub(super) struct Entries<'f, S> {
    filter: Filter<'f, S>,
    next: Next<'f>,
}

/// What becomes of the value whose key was told.
#[derive(Default)]
enum Next<'f> {
    /// It stays.
    #[default]
    Kept,
    /// It leaves, or a part of it; the key is written.
    Leaves(&'f Node),
    /// It is changed. The key is not written yet: the value may not fit.
    Changed(String, &'f Transform),
}

impl<S: ser::SerializeMap> ser::SerializeMap for Entries<'_, S> {
    type Ok = S::Ok;
    type Error = S::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), S::Error> {
        let mut search = KeySearch { part: self.filter.part, next: Next::Kept };
        probe(key, &[], &mut search);
        self.next = search.next;
        if matches!(self.next, Next::Leaves(_)) { self.filter.inner.serialize_key(key) } else { Ok(()) }
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, record: &T) -> Result<(), S::Error> {
        let Filter { inner, context, .. } = &mut self.filter;
        match std::mem::take(&mut self.next) {
            Next::Kept => Ok(()),
            Next::Leaves(node) => inner.serialize_value(&Disclosed::new(record, node, context)),
            Next::Changed(key, transform) => match transform.of(record, context) {
                Some(changed) => inner.serialize_entry(&key, &changed),
                None => Ok(()),
            },
        }
    }

    fn end(self) -> Result<S::Ok, S::Error> {
        self.filter.inner.end()
    }
}

/// Finds what may leave of a map's entry by its key.
struct KeySearch<'f> {
    part: &'f Part,
    next: Next<'f>,
}

impl KeySearch<'_> {
    fn find(&mut self, key: &str) {
        self.next = match self.part.allowed(key) {
            None => Next::Kept,
            Some(Node::Changed(transform)) => Next::Changed(key.to_owned(), transform),
            Some(node) => Next::Leaves(node),
        };
    }
}

impl Visit for KeySearch<'_> {
    fn scalar(&mut self, value: Scalar<'_>) {
        match value {
            Scalar::Text(key) => self.find(key),
            Scalar::Number(key) => self.find(&key.to_string()),
            Scalar::Boolean(_) => {}
        }
    }
}
