//! Whom an event is about, and the `patient` kind.

use schemars::JsonSchema;
use serde::Serialize;

use super::{PartialTime, Place, Text};

/// The patient as the message identifies them.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Patient<'m> {
    /// Where it stood: `PID`.
    pub at: Place,
    /// Id at the facility; leading zeros count.
    #[schemars(extend("x-hl7" = "PID-3.1"))]
    pub id: Text<'m>,
    /// Names, ideographic first.
    #[schemars(extend("x-hl7" = "PID-5"))]
    pub names: Vec<PersonName<'m>>,
    /// Date of birth.
    #[schemars(extend("x-hl7" = "PID-7"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<PartialTime>,
    /// Administrative sex.
    #[schemars(extend("x-hl7" = "PID-8"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sex: Option<Sex>,
}

/// In what script a name is written (XPN-8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Script {
    /// `I`: kanji.
    Ideographic,
    /// `P`: kana.
    Phonetic,
    /// `A`: Latin letters.
    Alphabetic,
}

/// A name of a person (XPN). For people to read: characters get lost on the way, so it is never a key.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PersonName<'m> {
    /// Where it stood.
    pub at: Place,
    /// Family name.
    #[schemars(extend("x-hl7" = "XPN.1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<Text<'m>>,
    /// Given name.
    #[schemars(extend("x-hl7" = "XPN.2"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given: Option<Text<'m>>,
    /// Script, where the sender said it.
    #[schemars(extend("x-hl7" = "XPN.8"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub script: Option<Script>,
}

/// Administrative sex (HL7 table 0001).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sex {
    /// `M`
    Male,
    /// `F`
    Female,
    /// `O`, `A` (ambiguous), `N` (not applicable)
    Other,
    /// `U`
    Unknown,
}

/// An address (XAD).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Address<'m> {
    /// Where it stood.
    pub at: Place,
    /// Postal code.
    #[schemars(extend("x-hl7" = "XAD.5"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<Text<'m>>,
    /// The address as one text: Japanese addresses stand unstructured in XAD.8.
    #[schemars(extend("x-hl7" = "XAD.8, else XAD.1 to XAD.4"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text<'m>>,
    /// Address type (HL7 table 0190): `H` home, `B` business …
    #[schemars(extend("x-hl7" = "XAD.7"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_code: Option<Text<'m>>,
}

/// The `patient` kind: demographics changed, or the patient's record was deleted.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PatientUpdate<'m> {
    /// Addresses.
    #[schemars(extend("x-hl7" = "PID-11"))]
    pub addresses: Vec<Address<'m>>,
    /// Telephone numbers.
    #[schemars(extend("x-hl7" = "PID-13.12, PID-13.1; PID-14"))]
    pub telephones: Vec<Text<'m>>,
    /// When the record was last updated at the facility.
    #[schemars(extend("x-hl7" = "PID-33"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<PartialTime>,
    /// Whether the patient is known to have died.
    #[schemars(extend("x-hl7" = "PID-30"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deceased: Option<bool>,
}
