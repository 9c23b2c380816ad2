//! A clinical document as it was read. Values are as they were written, without the space around them.

use std::fmt;

/// An instance identifier (II).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Id {
    /// OID of whoever gave it.
    pub root: String,
    /// What it is within that; empty where the OID alone is the identifier.
    pub extension: String,
}

/// A coded value (CD).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Code {
    /// Code.
    pub code: String,
    /// OID of its system; `2.16.840.1.113883.6.1` is LOINC.
    pub system: String,
    /// Name.
    pub name: Option<String>,
}

/// A name of a person (PN).
#[derive(Clone, PartialEq, Eq, Default)]
pub struct PersonName {
    /// `IDE` ideographic, `SYL` syllabic, `ABC` alphabetic, and others.
    pub uses: String,
    /// Family name.
    pub family: Option<String>,
    /// Given name.
    pub given: Option<String>,
    /// The whole, where it has no parts.
    pub text: Option<String>,
}

/// Whom the document is about (recordTarget).
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Patient {
    /// Ids.
    pub ids: Vec<Id>,
    /// Names.
    pub names: Vec<PersonName>,
    /// Date of birth, `YYYYMMDD`.
    pub birth: Option<String>,
    /// `M`, `F`, `UN`.
    pub sex: Option<String>,
}

/// A person, an organisation, or a person of an organisation.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Party {
    /// Ids of the person.
    pub ids: Vec<Id>,
    /// Name of the person.
    pub name: Option<String>,
    /// Ids of the organisation.
    pub organisation_ids: Vec<Id>,
    /// Name of the organisation.
    pub organisation: Option<String>,
}

impl Party {
    /// Root of the 10-digit codes of facilities (医療機関コード).
    const FACILITY: &'static str = "1.2.392.100495.20.3.23";

    /// The facility's 10-digit code: the extension of the codes' OID, or its last part behind a 1.
    pub fn facility(&self) -> Option<&str> {
        let codes = self.organisation_ids.iter().chain(&self.ids).filter_map(|id| {
            let below = id.root.strip_prefix(Self::FACILITY)?;
            match below.strip_prefix('.') {
                None if below.is_empty() => Some(id.extension.as_str()),
                Some(below) => below.strip_prefix('1'),
                None => None,
            }
        });
        let is_code = |code: &&str| code.len() == 10 && code.bytes().all(|byte| byte.is_ascii_digit());
        codes.into_iter().find(is_code)
    }

    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Another document that this one refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// `RPLC`, `APND`, `XFRM`.
    pub relation: String,
    /// Its id.
    pub id: Id,
}

/// A section of the body.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Section {
    /// What it is about.
    pub code: Option<Code>,
    /// Title.
    pub title: Option<String>,
    /// Its narrative without markup; lines end where blocks do.
    pub text: String,
    /// Organisations that its entries name.
    pub organisations: Vec<Party>,
}

/// A file that the document refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// As it stands in the document; never followed.
    pub reference: String,
    /// Media type, where the document says it.
    pub media_type: Option<String>,
}

/// Something odd that did not stop the reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    /// A stable word.
    pub code: &'static str,
    /// For people; never a value of the document.
    pub text: &'static str,
}

/// A clinical document.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ClinicalDocument {
    /// Its id.
    pub id: Option<Id>,
    /// What kind of document it is.
    pub code: Option<Code>,
    /// Title.
    pub title: Option<String>,
    /// When it was made, as an HL7 time.
    pub effective_time: Option<String>,
    /// `N`, `R`, `V`.
    pub confidentiality: Option<String>,
    /// The id that all its versions share.
    pub set_id: Option<Id>,
    /// Version within that.
    pub version: Option<String>,
    /// Documents that it replaces, appends or transforms.
    pub related: Vec<Related>,
    /// Whom it is about.
    pub patient: Option<Patient>,
    /// Who wrote it.
    pub authors: Vec<Party>,
    /// Who keeps it.
    pub custodian: Option<Party>,
    /// To whom it is addressed: informationRecipient, and of a referral the organisations of section 910 (紹介先).
    pub recipients: Vec<Party>,
    /// Who signed it.
    pub signed_by: Option<Party>,
    /// Sections in the order of the document, those within others after them.
    pub sections: Vec<Section>,
    /// Files that it refers to.
    pub attachments: Vec<Attachment>,
    /// What was odd.
    pub findings: Vec<Finding>,
}

/// Patients' names and texts are not printed.
macro_rules! silent {
    ($($name:ident),*) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        })*
    };
}

silent!(PersonName, Patient, Party, Section, ClinicalDocument);
