//! Field paths, checked against the very schema that subscribers get.

use serde_json::{Map, Value};

use super::said::Said;
use crate::canonical::{Kind, Place};
use crate::route::{self, Path};

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape<'s> {
    Text,
    /// One of these words.
    Word(Vec<&'s str>),
    Number,
    Boolean,
    /// Date or time of any precision.
    Time,
    Object,
    List,
}

impl Shape<'_> {
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Text => "a text".into(),
            Self::Word(words) => format!("one of {}", words.join(", ")),
            Self::Number => "a number".into(),
            Self::Boolean => "true or false".into(),
            Self::Time => "a date or time".into(),
            Self::Object => "an object".into(),
            Self::List => "a list".into(),
        }
    }
}

/// An object of a kind's schema, in which field paths start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'s> {
    pub(super) kind: Kind,
    root: &'s Value,
    object: &'s Value,
}

/// A field that was found.
pub(super) struct Field<'s> {
    pub(super) shape: Shape<'s>,
    /// Whether every event has it.
    pub(super) is_required: bool,
    /// The smallest number that it can be.
    pub(super) minimum: Option<f64>,
    /// Of a list: what its elements are.
    pub(super) element: Option<Shape<'s>>,
    /// Where paths go on: the object itself, or each element of a list of objects.
    pub(super) inner: Option<Scope<'s>>,
}

/// Whether a path may lead through a list.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lists {
    /// To each element: a disclosure.
    Through,
    /// A condition must say which elements it means.
    Stop,
}

impl<'s> Scope<'s> {
    /// The whole event.
    pub(super) fn event(kind: Kind, schema: &'s Value) -> Self {
        Self { kind, root: schema, object: schema }
    }

    /// The field at that path, or what is wrong with it.
    pub(super) fn find(self, path: &str, lists: Lists) -> Result<Field<'s>, Said> {
        let mut scope = self;
        let mut keys = route::keys(path).peekable();
        let mut walked = String::new();
        let mut is_required = true;
        while let Some(key) = keys.next() {
            let mut field = scope.property(key, &walked)?;
            is_required &= field.is_required;
            field.is_required = is_required;
            walked = if walked.is_empty() { key.into() } else { format!("{walked}.{key}") };
            if keys.peek().is_none() {
                return Ok(field);
            }
            if field.shape == Shape::List && lists == Lists::Stop {
                let rest: Vec<_> = keys.collect();
                let inner =
                    format!("{{ any = \"{walked}\", all = [{{ field = \"{}\", … }}] }}", rest.join("."));
                return Err(Said::new(
                    format!("\"{walked}\" is a list: say for which elements, as in {inner}"),
                    format!("「{walked}」はリストです。どの要素かを {inner} のように書いてください"),
                ));
            }
            let described = field.shape.describe();
            scope = field
                .inner
                .ok_or_else(|| Said::from(format!("\"{walked}\" is {described}, it has no fields")))?;
        }
        Err(Said::new("the field path is empty", "フィールドのパスが空です"))
    }

    /// One property of this object; `walked` leads to the object.
    fn property(self, key: &str, walked: &str) -> Result<Field<'s>, Said> {
        if let Some(value) = self.properties().and_then(|properties| properties.get(key)) {
            return Ok(Field { is_required: self.requires(key, value), ..self.field(value) });
        }
        if walked == route::UNMAPPED {
            let example =
                "is not a place like PV1-3.4 or OBX[2]-5 (the first segment of a name is not counted)";
            let values = self.object.get("additionalProperties").filter(|_| Place::parse(key).is_some());
            return values
                .map(|values| self.field(values))
                .ok_or_else(|| format!("\"{key}\" {example}").into());
        }
        let known: Vec<_> = self.properties().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        let kind = self.kind.as_str();
        let (en, ja) = match walked {
            "" => (
                format!("{kind} has no field \"{key}\" here"),
                format!("{kind} のここにフィールド「{key}」はありません"),
            ),
            _ => (
                format!("\"{walked}\" of {kind} has no field \"{key}\""),
                format!("{kind} の「{walked}」にフィールド「{key}」はありません"),
            ),
        };
        Err(Said::unknown(&en, &ja, key, &known))
    }

    fn properties(self) -> Option<&'s Map<String, Value>> {
        self.object.get("properties").and_then(Value::as_object)
    }

    /// Whether the object always has that property, and it is never null.
    fn requires(self, key: &str, value: &Value) -> bool {
        let named = self.object.get("required").and_then(Value::as_array);
        named.is_some_and(|keys| keys.iter().any(|named| named == key))
            && value.get("anyOf").is_none()
            && !matches!(value.get("type"), Some(Value::Array(_)))
    }

    fn field(self, value: &'s Value) -> Field<'s> {
        let (value, name) = resolve(self.root, value);
        let shape = shape(value, name);
        let items = value.get("items").filter(|_| shape == Shape::List);
        let items = items.map(|items| resolve(self.root, items));
        let object = if shape == Shape::Object { Some(value) } else { items.map(|(items, _)| items) };
        let has_fields = |object: &&Value| object.get("type") == Some(&"object".into());
        let inner = object.filter(has_fields).map(|object| Self { object, ..self });
        let minimum = value.get("minimum").and_then(Value::as_f64);
        Field {
            shape,
            is_required: false,
            minimum,
            element: items.map(|(items, name)| self::shape(items, name)),
            inner,
        }
    }
}

/// Follows references, and takes the other of "this or null". Also gives the name of the last reference.
fn resolve<'s>(root: &'s Value, mut value: &'s Value) -> (&'s Value, &'s str) {
    let mut name = "";
    loop {
        let reference =
            value.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix("#/$defs/"));
        let alternatives = value.get("anyOf").and_then(Value::as_array);
        let next = match (reference, alternatives) {
            (Some(target), _) => {
                name = target;
                root.get("$defs").and_then(|defs| defs.get(target))
            }
            (None, Some(list)) => list.iter().find(|option| option.get("type") != Some(&"null".into())),
            (None, None) => None,
        };
        match next {
            Some(next) => value = next,
            None => return (value, name),
        }
    }
}

fn shape<'s>(value: &'s Value, name: &str) -> Shape<'s> {
    if name == "PartialTime" {
        return Shape::Time;
    }
    let one_of = value.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    let listed = value.get("enum").and_then(Value::as_array).into_iter().flatten();
    let words: Vec<_> =
        one_of.filter_map(|option| option.get("const")).chain(listed).filter_map(Value::as_str).collect();
    if !words.is_empty() {
        return Shape::Word(words);
    }
    let is = |word: &str| match value.get("type") {
        Some(Value::String(found)) => found == word,
        Some(Value::Array(found)) => found.iter().any(|found| found == word),
        _ => false,
    };
    match () {
        () if is("array") => Shape::List,
        () if is("object") => Shape::Object,
        () if is("boolean") => Shape::Boolean,
        () if is("integer") || is("number") => Shape::Number,
        () => Shape::Text,
    }
}

/// The keys of a field path.
pub(super) fn keys(path: &str) -> Path {
    route::keys(path).map(Into::into).collect()
}
