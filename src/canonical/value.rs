//! Values that several kinds share.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;

use super::{PartialTime, Place};

/// Text of the message, borrowed where no escape had to be resolved.
pub type Text<'m> = Cow<'m, str>;

/// A code beside the standard one. The sender's own means something only together with the facility that sent it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct OtherCode<'m> {
    /// Code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Text<'m>>,
    /// Its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text<'m>>,
    /// Coding system (`99…`, `L`), where one was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<Text<'m>>,
    /// 10-digit code of the facility whose own code it is; none for a code of a standard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facility: Option<Text<'m>>,
}

/// A coded value: standard code and local code, in whichever of the six layouts of SS-MIX2 they were sent.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Coded<'m> {
    /// Where it stood.
    pub at: Place,
    /// Code of a standard system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Text<'m>>,
    /// Text of the standard code, or of the local one where there is no standard code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text<'m>>,
    /// Standard coding system as sent, such as `JC10`, `HOT9`, `MDCDX2`, `I10`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<Text<'m>>,
    /// The sender's own code: its system starts with `99` or is `L`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local: Option<OtherCode<'m>>,
    /// A second standard code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alternate: Option<OtherCode<'m>>,
}

/// A doctor or other practitioner (XCN).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Practitioner<'m> {
    /// Where it stood.
    pub at: Place,
    /// The facility's own id of the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Text<'m>>,
    /// Family name, or the whole name where the sender did not split it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<Text<'m>>,
    /// Given name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given: Option<Text<'m>>,
}

/// What was observed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Observed<'m> {
    /// The value as sent; for a coded value its text.
    pub text: Text<'m>,
    /// The number in it, where there is just one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<f64>,
    /// `<`, `<=`, `>`, `>=` before the number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comparator: Option<&'static str>,
    /// The smaller number of a range (`1-5`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// The larger number of a range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// The dilution of a titre: 64 of `1:64` or `×64`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub titre: Option<f64>,
    /// A date or time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<PartialTime>,
    /// A person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<Box<Practitioner<'m>>>,
    /// A coded value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Coded<'m>>,
}

/// Priority of an order (HL7 table 0485).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// `S`
    Stat,
    /// `A`
    Asap,
    /// `R`
    Routine,
}
