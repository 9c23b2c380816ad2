//! What a message says of lanes that were joined, because patients of a facility became one.

use serde::{Deserialize, Serialize};

use super::{Identifying, Lane};

/// What the message is to the join.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JoinRole {
    /// It makes the patients one (ADT^A40). Whatever came before about any of them comes before it.
    Begins,
    /// It came afterwards, about one of them.
    Follows,
    /// It is no message of a source: the router of [`Join::lane`] asks that of a lower lane to answer once it has
    /// routed all that lies before the question.
    Asks,
}

/// Lanes that were joined. Only messages about patients of whom that was said lately carry it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Join {
    /// What the message is to the join.
    pub role: JoinRole,
    /// The lane of them all from now on: the highest of theirs.
    pub lane: Lane,
    /// The other lanes, all lower, in which earlier messages about them may lie. Not empty but where it asks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Lane>,
    /// The local ids of them all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patients: Vec<Identifying>,
}
