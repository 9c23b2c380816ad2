//! Whom an event is about, and the `patient` kind.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Coded, PartialTime, Place, TestResult, Text};

/// The patient as the message identifies them.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Patient<'m> {
    /// Where it stood: `PID`.
    pub at: Place,
    /// Id at the facility; leading zeros count.
    #[schemars(extend("x-hl7" = "PID-3.1"))]
    pub id: Text<'m>,
    /// Id in the network: there is one where the patient's card was shown at the facility.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_id: Option<Text<'m>>,
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
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct PatientUpdate<'m> {
    /// Addresses.
    #[schemars(extend("x-hl7" = "PID-11"))]
    pub addresses: Vec<Address<'m>>,
    /// Telephone numbers.
    #[schemars(extend("x-hl7" = "PID-13.12, else PID-13.1; PID-14"))]
    pub telephones: Vec<Text<'m>>,
    /// When the record was last updated at the facility.
    #[schemars(extend("x-hl7" = "PID-33"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<PartialTime>,
    /// Whether the patient is known to have died.
    #[schemars(extend("x-hl7" = "PID-30"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deceased: Option<bool>,
    /// When the event was recorded.
    #[schemars(extend("x-hl7" = "EVN-2"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded_at: Option<PartialTime>,
    /// Relatives and others to be told.
    #[schemars(extend("x-hl7" = "NK1"))]
    pub contacts: Vec<Contact<'m>>,
    /// Insurances.
    #[schemars(extend("x-hl7" = "IN1"))]
    pub insurances: Vec<Insurance<'m>>,
    /// Disabilities.
    #[schemars(extend("x-hl7" = "DB1"))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub disabilities: Vec<Disability<'m>>,
    /// Body height, blood group and the like.
    #[schemars(extend("x-hl7" = "OBX"))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<TestResult<'m>>,
}

/// Somebody close to the patient (NK1); the patient's own second address too, where the relationship says so.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Contact<'m> {
    /// Where it stood: `NK1[n]`.
    pub at: Place,
    /// Names.
    #[schemars(extend("x-hl7" = "NK1-2"))]
    pub names: Vec<PersonName<'m>>,
    /// Relationship (HL7 table 0063): `SEL` the patient, `SPO` spouse …
    #[schemars(extend("x-hl7" = "NK1-3"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relationship: Option<Coded<'m>>,
    /// Addresses.
    #[schemars(extend("x-hl7" = "NK1-4"))]
    pub addresses: Vec<Address<'m>>,
    /// Telephone numbers.
    #[schemars(extend("x-hl7" = "NK1-5, NK1-6"))]
    pub telephones: Vec<Text<'m>>,
    /// Employer or other organisation.
    #[schemars(extend("x-hl7" = "NK1-13.1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<Text<'m>>,
}

/// Who pays (IN1, and ZI1 of a diagnosis, which has the same fields).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Insurance<'m> {
    /// Where it stood: `IN1[n]`.
    pub at: Place,
    /// Kind of insurance (`JHSD0001`).
    #[schemars(extend("x-hl7" = "IN1-2"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Coded<'m>>,
    /// Number of the insurer (保険者番号).
    #[schemars(extend("x-hl7" = "IN1-3.1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub insurer_number: Option<Text<'m>>,
    /// Name of the insurer.
    #[schemars(extend("x-hl7" = "IN1-4.1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub insurer_name: Option<Text<'m>>,
    /// Symbol, number and branch number of the insured (記号, 番号, 枝番), as far as they were sent.
    #[schemars(extend("x-hl7" = "IN1-10.1"))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub insured_numbers: Vec<Text<'m>>,
    /// Employer or other group of the insured.
    #[schemars(extend("x-hl7" = "IN1-11.1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_name: Option<Text<'m>>,
    /// First day.
    #[schemars(extend("x-hl7" = "IN1-12"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<PartialTime>,
    /// Last day.
    #[schemars(extend("x-hl7" = "IN1-13"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<PartialTime>,
    /// Type of the plan.
    #[schemars(extend("x-hl7" = "IN1-15"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan_type: Option<Text<'m>>,
    /// What the insured is to the patient (HL7 table 0063).
    #[schemars(extend("x-hl7" = "IN1-17"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relationship: Option<Coded<'m>>,
}

/// A disability (DB1).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Disability<'m> {
    /// Where it stood: `DB1[n]`.
    pub at: Place,
    /// Whose disability it is (HL7 table 0334): `PT` the patient's.
    #[schemars(extend("x-hl7" = "DB1-2"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<Text<'m>>,
    /// Whether there is one.
    #[schemars(extend("x-hl7" = "DB1-4"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_disabled: Option<bool>,
}
