//! The `message` kind: a message that no other kind describes, carried whole.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::Text;

/// The `message` kind.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Generic<'m> {
    /// All segments but MSH, in their order.
    pub segments: Vec<GenericSegment<'m>>,
}

/// A segment with its fields as they were written (ER7, escapes not resolved).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct GenericSegment<'m> {
    /// Segment name.
    pub name: Text<'m>,
    /// Fields that hold something, by number.
    pub fields: BTreeMap<u16, Text<'m>>,
}
