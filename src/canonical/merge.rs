//! The `merge` kind: two patient records of a facility become one, or an id is changed.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Place, Text};

/// The `merge` kind. `patient` of the event is the record that stays.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Merge<'m> {
    /// Records that are no more, or ids that were changed.
    pub merged: Vec<MergedRecord<'m>>,
}

/// A record that went into another (MRG).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct MergedRecord<'m> {
    /// Where it stood: `MRG[n]`.
    pub at: Place,
    /// The former id of the patient.
    #[schemars(extend("x-hl7" = "MRG-1.1, else MRG-4.1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub former_id: Option<Text<'m>>,
    /// The id of the record that stays, where the message merges several at once.
    #[schemars(extend("x-hl7" = "PID-3.1 of the PID before"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub into: Option<Text<'m>>,
    /// The former account number, where only an account was moved.
    #[schemars(extend("x-hl7" = "MRG-3.1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub former_account: Option<Text<'m>>,
    /// The former visit number, where only a visit was moved.
    #[schemars(extend("x-hl7" = "MRG-5.1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub former_visit: Option<Text<'m>>,
}
