//! Reads one field out of anything that can be serialised, without building the rest.
//!
//! A condition therefore sees exactly what a subscriber is sent: the field names are those of the JSON, and there
//! is no second description of the events. Fields that the path does not name are not visited.

use std::fmt;

use serde::Serialize;
use serde::ser::{self, Serializer};

/// Keys from the outermost object to a field: `code.analyte` is `["code", "analyte"]`. No key names a list's
/// element: elements are reached through [`Visit::element`].
pub type Path = Box<[Box<str>]>;

/// A value that a condition can compare.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scalar<'v> {
    /// Text, a word of an enum, a date.
    Text(&'v str),
    /// Any number.
    Number(f64),
    /// True or false.
    Boolean(bool),
}

/// Values by their place in the message: what stands behind it is one key, with the dots of the place in it.
pub const UNMAPPED: &str = "unmapped";

/// The keys of a field path as it is written in `routes.toml`.
pub fn keys(path: &str) -> impl Iterator<Item = &str> {
    let (first, rest) = match path.split_once('.') {
        Some((UNMAPPED, place)) => (Some(UNMAPPED), place),
        _ => (None, path),
    };
    let pieces = if first.is_some() { 1 } else { usize::MAX };
    first.into_iter().chain(rest.splitn(pieces, '.'))
}

/// What is done with the field that was found. Nothing is called for a field that is absent or null.
pub trait Visit {
    /// The field is a single value.
    fn scalar(&mut self, _value: Scalar<'_>) {}
    /// The field is a list; called before its elements.
    fn list(&mut self) {}
    /// One element of the list.
    fn element<T: Serialize + ?Sized>(&mut self, _element: &T) {}
    /// The field is an object.
    fn object(&mut self) {}
}

/// Hands the field at that path to the visitor. A value that fails to serialise counts as absent.
pub fn probe<T: Serialize + ?Sized, V: Visit>(record: &T, path: &[Box<str>], visit: &mut V) {
    // The visitor has seen what there was to see before an error; what it has not seen is absent.
    record.serialize(Probe { path, visit }).unwrap_or(());
}

struct Probe<'p, V> {
    path: &'p [Box<str>],
    visit: &'p mut V,
}

impl<V: Visit> Probe<'_, V> {
    fn scalar(self, value: Scalar<'_>) -> Result<(), fmt::Error> {
        if self.path.is_empty() {
            self.visit.scalar(value);
        }
        Ok(())
    }

    fn enter_list(&mut self) {
        if self.path.is_empty() {
            self.visit.list();
        }
    }

    fn element<T: Serialize + ?Sized>(&mut self, element: &T) {
        if self.path.is_empty() {
            self.visit.element(element);
        }
    }

    fn enter_object(&mut self) {
        if self.path.is_empty() {
            self.visit.object();
        }
    }

    fn field<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), fmt::Error> {
        match self.path.split_first() {
            Some((first, rest)) if **first == *key => {
                value.serialize(Probe { path: rest, visit: &mut *self.visit })
            }
            _ => Ok(()),
        }
    }
}

/// Implements the `serialize_*` methods of numbers.
macro_rules! numbers {
    ($($method:ident: $type:ty),*) => {$(
        fn $method(self, value: $type) -> Result<(), fmt::Error> {
            self.scalar(Scalar::Number(value.into()))
        }
    )*};
}

impl<'p, V: Visit> Serializer for Probe<'p, V> {
    type Ok = ();
    type Error = fmt::Error;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = ser::Impossible<(), fmt::Error>;
    type SerializeMap = Entries<'p, V>;
    type SerializeStruct = Self;
    type SerializeStructVariant = ser::Impossible<(), fmt::Error>;

    numbers!(serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_u8: u8, serialize_u16: u16,
        serialize_u32: u32, serialize_f32: f32, serialize_f64: f64);

    #[expect(clippy::cast_precision_loss, reason = "thresholds are written by people, far below 2^53")]
    fn serialize_i64(self, value: i64) -> Result<(), fmt::Error> {
        self.scalar(Scalar::Number(value as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "thresholds are written by people, far below 2^53")]
    fn serialize_u64(self, value: u64) -> Result<(), fmt::Error> {
        self.scalar(Scalar::Number(value as f64))
    }

    fn serialize_bool(self, value: bool) -> Result<(), fmt::Error> {
        self.scalar(Scalar::Boolean(value))
    }

    fn serialize_char(self, value: char) -> Result<(), fmt::Error> {
        self.scalar(Scalar::Text(value.encode_utf8(&mut [0; 4])))
    }

    fn serialize_str(self, value: &str) -> Result<(), fmt::Error> {
        self.scalar(Scalar::Text(value))
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<(), fmt::Error> {
        if self.path.is_empty() { self.scalar(Scalar::Text(&value.to_string())) } else { Ok(()) }
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), fmt::Error> {
        Ok(())
    }

    fn serialize_none(self) -> Result<(), fmt::Error> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), fmt::Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), fmt::Error> {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), fmt::Error> {
        Ok(())
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), fmt::Error> {
        self.scalar(Scalar::Text(variant))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), fmt::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        mut self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), fmt::Error> {
        self.enter_object();
        self.field(variant, value)
    }

    fn serialize_seq(mut self, _: Option<usize>) -> Result<Self, fmt::Error> {
        self.enter_list();
        Ok(self)
    }

    fn serialize_tuple(mut self, _: usize) -> Result<Self, fmt::Error> {
        self.enter_list();
        Ok(self)
    }

    fn serialize_tuple_struct(mut self, _: &'static str, _: usize) -> Result<Self, fmt::Error> {
        self.enter_list();
        Ok(self)
    }

    fn serialize_map(mut self, _: Option<usize>) -> Result<Entries<'p, V>, fmt::Error> {
        self.enter_object();
        Ok(Entries { probe: self, wanted: false })
    }

    fn serialize_struct(mut self, _: &'static str, _: usize) -> Result<Self, fmt::Error> {
        self.enter_object();
        Ok(self)
    }

    // No canonical type has an enum variant with several fields; a condition on one is never true.
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, fmt::Error> {
        Err(fmt::Error)
    }
}

/// Implements the three traits of lists and tuples.
macro_rules! lists {
    ($($trait:ident $method:ident),*) => {$(
        impl<V: Visit> ser::$trait for Probe<'_, V> {
            type Ok = ();
            type Error = fmt::Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), fmt::Error> {
                self.element(value);
                Ok(())
            }

            fn end(self) -> Result<(), fmt::Error> {
                Ok(())
            }
        }
    )*};
}
lists!(SerializeSeq serialize_element, SerializeTuple serialize_element, SerializeTupleStruct serialize_field);

impl<V: Visit> ser::SerializeStruct for Probe<'_, V> {
    type Ok = ();
    type Error = fmt::Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), fmt::Error> {
        self.field(key, value)
    }

    fn end(self) -> Result<(), fmt::Error> {
        Ok(())
    }
}

/// The entries of a map, or of a struct with flattened fields.
struct Entries<'p, V> {
    probe: Probe<'p, V>,
    wanted: bool,
}

impl<V: Visit> ser::SerializeMap for Entries<'_, V> {
    type Ok = ();
    type Error = fmt::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), fmt::Error> {
        let Some(first) = self.probe.path.first() else { return Ok(()) };
        let mut found = IsKey { wanted: first, equal: false };
        probe(key, &[], &mut found);
        self.wanted = found.equal;
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), fmt::Error> {
        match self.probe.path.split_first() {
            Some((_, rest)) if self.wanted => {
                value.serialize(Probe { path: rest, visit: &mut *self.probe.visit })
            }
            _ => Ok(()),
        }
    }

    fn end(self) -> Result<(), fmt::Error> {
        Ok(())
    }
}

/// Compares a map's key, text or number, with the wanted one.
struct IsKey<'w> {
    wanted: &'w str,
    equal: bool,
}

impl Visit for IsKey<'_> {
    fn scalar(&mut self, value: Scalar<'_>) {
        self.equal = match value {
            Scalar::Text(text) => text == self.wanted,
            Scalar::Number(number) => self.wanted.parse() == Ok(number),
            Scalar::Boolean(_) => false,
        };
    }
}
