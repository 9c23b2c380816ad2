//! The `referral` and `referral-reply` kinds: 診療情報提供書 and 返書.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Coded, Document, PartialTime, Party, TestResult, Text};

/// The `referral` and the `referral-reply` kind.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Referral<'m> {
    /// The referral's id; of a message without RF1-6 its control id, with a finding.
    #[schemars(extend("x-hl7" = "RF1-6 (of the national number three components), else MSH-10; ClinicalDocument/id"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Text<'m>>,
    /// Control id of the message that this one answers.
    #[schemars(extend("x-hl7" = "MSA-2"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers: Option<Text<'m>>,
    /// The other side's id of it.
    #[schemars(extend("x-hl7" = "RF1-11"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<Text<'m>>,
    /// Where it stands (HL7 table 0283): `A` accepted, `P` pending, `R` rejected, `E` expired.
    #[schemars(extend("x-hl7" = "RF1-1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Text<'m>>,
    /// Priority (HL7 table 0280): `S` stat, `A` as soon as possible, `R` routine.
    #[schemars(extend("x-hl7" = "RF1-2"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Text<'m>>,
    /// Type (HL7 table 0281).
    #[schemars(extend("x-hl7" = "RF1-3"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referral_type: Option<Coded<'m>>,
    /// Why the patient is referred.
    #[schemars(extend("x-hl7" = "RF1-10; section 950"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text<'m>>,
    /// From when it holds.
    #[schemars(extend("x-hl7" = "RF1-7; ClinicalDocument/effectiveTime"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_at: Option<PartialTime>,
    /// Until when.
    #[schemars(extend("x-hl7" = "RF1-8"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<PartialTime>,
    /// Who refers.
    #[schemars(extend("x-hl7" = "PRD where PRD-1 is RP; ClinicalDocument/author, custodian"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Party<'m>>,
    /// To whom: a referral has exactly one addressee; more than one, or none, is for people to decide.
    #[schemars(extend("x-hl7" = "PRD where PRD-1 is RT; ClinicalDocument/informationRecipient, section 910"))]
    pub to: Vec<Party<'m>>,
    /// Others who are named; of a contact the role is of HL7 table 0131.
    #[schemars(extend("x-hl7" = "the other PRD; CTD"))]
    pub others: Vec<Party<'m>>,
    /// Diagnoses.
    #[schemars(extend("x-hl7" = "DG1-3, else DG1-4"))]
    pub diagnoses: Vec<Coded<'m>>,
    /// Procedures and operations.
    #[schemars(extend("x-hl7" = "PR1-3"))]
    pub procedures: Vec<Coded<'m>>,
    /// Results that were sent with it.
    #[schemars(extend("x-hl7" = "OBX"))]
    pub results: Vec<TestResult<'m>>,
    /// Remarks.
    #[schemars(extend("x-hl7" = "NTE-3"))]
    pub notes: Vec<Text<'m>>,
    /// The letter itself with its files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<Document<'m>>,
}
