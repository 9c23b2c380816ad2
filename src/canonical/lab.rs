//! The `lab-result` kind.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Attachment, Coded, Observed, OrderDetails, PartialTime, Place, Practitioner, Text};

/// The `lab-result` kind: specimens, the orders on them and the results, each result pointing to both.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LabResult<'m> {
    /// Specimens.
    pub specimens: Vec<Specimen<'m>>,
    /// Orders (panels).
    pub orders: Vec<LabOrder<'m>>,
    /// Results.
    pub results: Vec<TestResult<'m>>,
}

/// A specimen (SPM).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Specimen<'m> {
    /// Where it stood.
    pub at: Place,
    /// Specimen id.
    #[schemars(extend("x-hl7" = "SPM-2"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Text<'m>>,
    /// Material (JLAC10, 3 digits).
    #[schemars(extend("x-hl7" = "SPM-4"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub material: Option<Coded<'m>>,
    /// Body site.
    #[schemars(extend("x-hl7" = "SPM-8"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<Coded<'m>>,
    /// When it was collected: the event date of a case.
    #[schemars(extend("x-hl7" = "SPM-17.1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collected_at: Option<PartialTime>,
}

/// An order with its panel (OBR, ORC).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LabOrder<'m> {
    /// Where it stood.
    pub at: Place,
    /// Placer order number.
    #[schemars(extend("x-hl7" = "ORC-2, else OBR-2"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<Text<'m>>,
    /// What was ordered.
    #[schemars(extend("x-hl7" = "OBR-4"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub panel: Option<Coded<'m>>,
    /// Order control (HL7 table 0119): `SC` status changed …
    #[schemars(extend("x-hl7" = "ORC-1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control: Option<Text<'m>>,
    /// When the specimen was collected, or the examination made.
    #[schemars(extend("x-hl7" = "OBR-7"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_at: Option<PartialTime>,
    /// Until when.
    #[schemars(extend("x-hl7" = "OBR-8"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<PartialTime>,
    /// When the results were reported.
    #[schemars(extend("x-hl7" = "OBR-22"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reported_at: Option<PartialTime>,
    /// When it was ordered, or its status changed.
    #[schemars(extend("x-hl7" = "ORC-9"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ordered_at: Option<PartialTime>,
    /// Who ordered it.
    #[schemars(extend("x-hl7" = "ORC-12, else OBR-16"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ordered_by: Option<Practitioner<'m>>,
    /// Notes on it.
    #[schemars(extend("x-hl7" = "NTE-3 after OBR or ORC"))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Text<'m>>,
    /// The rest of the order's head.
    #[serde(flatten)]
    pub details: OrderDetails<'m>,
}

/// A test code with the parts of JLAC10 read out of it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LabCode<'m> {
    /// The code itself.
    #[serde(flatten)]
    pub coded: Coded<'m>,
    /// JLAC10 characters 1 to 5: the analyte.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub analyte: Option<Text<'m>>,
    /// JLAC10 characters 6 to 9: identification (antigen, antibody class …).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identification: Option<Text<'m>>,
    /// JLAC10 characters 10 to 12: material.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub material: Option<Text<'m>>,
    /// JLAC10 characters 13 to 15: method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<Text<'m>>,
    /// JLAC10 characters 16 and 17: result identification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result_id: Option<Text<'m>>,
}

/// Where a result stands (HL7 table 0085).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ResultStatus {
    /// `F`, `U`
    Final,
    /// `C`
    Corrected,
    /// `P`, `R`, `S`, `I`, `B`
    Preliminary,
    /// `D`
    Deleted,
    /// `X`
    Cancelled,
    /// `W`: sent as final, but wrong.
    Wrong,
    /// `N`, `O`: asked for, without a value.
    NotAsked,
}

/// What a qualitative value says (rules of NHO; see `docs/integrate`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Interpretation {
    /// `+`, `(+)`, `1+` … `4+`, `陽性`, `POS`; also when one half of a split kit is positive.
    Positive,
    /// `-`, `(-)`, `陰性`, `NEG`.
    Negative,
    /// `±`, `+-`, `判定保留`, `再検`, `検体不良`: neither.
    Indeterminate,
}

/// One result (OBX).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct TestResult<'m> {
    /// Where it stood: `OBX[n]`.
    pub at: Place,
    /// Which of `specimens`, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub specimen: Option<usize>,
    /// Which of `orders`, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<usize>,
    /// What was tested.
    #[schemars(extend("x-hl7" = "OBX-3"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<LabCode<'m>>,
    /// What ties results together: a micro-organism and what it resists, repeated measurements.
    #[schemars(extend("x-hl7" = "OBX-4"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_id: Option<Text<'m>>,
    /// What was found.
    #[schemars(extend("x-hl7" = "OBX-5"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Observed<'m>>,
    /// Unit.
    #[schemars(extend("x-hl7" = "OBX-6"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<Coded<'m>>,
    /// Reference range as sent.
    #[schemars(extend("x-hl7" = "OBX-7"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_range: Option<Text<'m>>,
    /// Abnormal flag (HL7 table 0078).
    #[schemars(extend("x-hl7" = "OBX-8"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abnormal_flag: Option<Text<'m>>,
    /// Positive, negative or neither, where the value is qualitative.
    #[schemars(extend("x-hl7" = "OBX-5, else OBX-8"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interpretation: Option<Interpretation>,
    /// Whether a drug works on a micro-organism.
    #[schemars(extend("x-hl7" = "OBX-8, else OBX-5 of a JLAC10 code 6C"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub susceptibility: Option<Susceptibility>,
    /// Final, corrected …
    #[schemars(extend("x-hl7" = "OBX-11"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<ResultStatus>,
    /// When it was observed.
    #[schemars(extend("x-hl7" = "OBX-14"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_at: Option<PartialTime>,
    /// Notes on it.
    #[schemars(extend("x-hl7" = "NTE-3 after OBX"))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Text<'m>>,
    /// A file instead of a value.
    #[schemars(extend("x-hl7" = "OBX-5 (ED)"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attachment: Option<Attachment<'m>>,
}

/// Whether a drug works on a micro-organism (HL7 table 0078).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Susceptibility {
    /// `S`, `VS`
    Susceptible,
    /// `I`, `MS`
    Intermediate,
    /// `R`
    Resistant,
}
