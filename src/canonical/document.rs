//! The `document` kind: a document of the extension storage, of MDM, or of a data type that the hub does not know.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Attachment, PartialTime, TestResult, Text};

/// The `document` kind: what a document is, who wrote it, and the files it is made of.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Document<'m> {
    /// The document's id at its facility.
    #[schemars(extend("x-hl7" = "TXA-12; ClinicalDocument/id; 特定キー of the content folder"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Text<'m>>,
    /// The id that all versions of the document share.
    #[schemars(extend("x-hl7" = "ClinicalDocument/setId"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_id: Option<Text<'m>>,
    /// Version number within that.
    #[schemars(extend("x-hl7" = "ClinicalDocument/versionNumber"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Text<'m>>,
    /// What kind of document it is, by LOINC (`18842-5` discharge summary) where that is known.
    #[schemars(extend("x-hl7" = "TXA-2; ClinicalDocument/code; data type folder"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<DocumentCode<'m>>,
    /// Title.
    #[schemars(extend("x-hl7" = "TXA-16, OBR-4; ClinicalDocument/title"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Text<'m>>,
    /// Completion status (HL7 table 0271).
    #[schemars(extend("x-hl7" = "TXA-17"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Text<'m>>,
    /// Confidentiality: `N` normal, `R` restricted, `V` very restricted.
    #[schemars(extend("x-hl7" = "TXA-18; ClinicalDocument/confidentialityCode"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidentiality: Option<Text<'m>>,
    /// When it was made.
    #[schemars(extend("x-hl7" = "TXA-6, TXA-4; ClinicalDocument/effectiveTime"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<PartialTime>,
    /// Who wrote it.
    #[schemars(extend("x-hl7" = "TXA-9; ClinicalDocument/author"))]
    pub authors: Vec<Party<'m>>,
    /// Who signed it.
    #[schemars(extend("x-hl7" = "TXA-22, else TXA-10; ClinicalDocument/legalAuthenticator"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<Party<'m>>,
    /// To whom it is addressed.
    #[schemars(extend("x-hl7" = "TXA-23; ClinicalDocument/informationRecipient"))]
    pub recipients: Vec<Party<'m>>,
    /// Documents that it replaces, appends or transforms.
    #[schemars(extend("x-hl7" = "TXA-13; ClinicalDocument/relatedDocument"))]
    pub relates_to: Vec<RelatedDocument<'m>>,
    /// Its sections with their text, where its format has them.
    #[schemars(extend("x-hl7" = "OBX-5 (TX, FT); ClinicalDocument//section"))]
    pub sections: Vec<Section<'m>>,
    /// Values in it, such as vital signs.
    #[schemars(extend("x-hl7" = "OBX"))]
    pub observations: Vec<TestResult<'m>>,
    /// Files that came within the message.
    #[schemars(extend("x-hl7" = "OBX-5 (ED)"))]
    pub attachments: Vec<Attachment<'m>>,
    /// The files of its folder in the extension storage.
    pub files: Vec<DocumentFile<'m>>,
}

/// A document's type, in the standard's code and the facility's own.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DocumentCode<'m> {
    /// Standard code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Text<'m>>,
    /// Its coding system: `LN` is LOINC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<Text<'m>>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text<'m>>,
    /// The facility's own code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local: Option<super::OtherCode<'m>>,
}

/// A person, an organisation, or a person of an organisation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Party<'m> {
    /// Role: `RP` referring, `RT` referred to, `PP` primary, `CP` consulting (HL7 table 0286).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Text<'m>>,
    /// The person's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Text<'m>>,
    /// The person's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Text<'m>>,
    /// 10-digit code of the facility, where one can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facility: Option<Text<'m>>,
    /// The facility's or organisation's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<Text<'m>>,
    /// Department.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<Text<'m>>,
}

/// Another document that this one refers to.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RelatedDocument<'m> {
    /// `RPLC` replaces it, `APND` appends to it, `XFRM` is made from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relation: Option<Text<'m>>,
    /// Its id.
    pub id: Text<'m>,
}

/// A section of a document.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Section<'m> {
    /// Its code (LOINC, or the numbers of the Japanese referral: 340 chief complaint, 950 purpose …).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Text<'m>>,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Text<'m>>,
    /// Its text, without markup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text<'m>>,
}

/// A file of a document's folder. Its bytes are fetched by the hash (claim check).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DocumentFile<'m> {
    /// Path within the folder, with `/` between its parts.
    pub path: Text<'m>,
    /// Media type.
    pub media_type: Text<'m>,
    /// Length.
    pub bytes: u64,
    /// BLAKE3 of its bytes, hexadecimal.
    pub hash: Text<'m>,
    /// Whether it is the document itself, and the others belong to it.
    pub main: bool,
}
