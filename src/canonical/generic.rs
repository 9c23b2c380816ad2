//! The `message` kind: a message that no other kind describes, carried whole.

use schemars::JsonSchema;
use serde::Serialize;

use super::Text;

/// The `message` kind. Its values are all in `unmapped`, where routes can name each by its place.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Generic<'m> {
    /// The names of the segments in their order; the places of `unmapped` count each name from 1.
    pub segments: Vec<Text<'m>>,
}
