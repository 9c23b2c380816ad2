//! The grounds on which a copy may leave, and what a patient's consent is given for.

use serde::{Deserialize, Serialize};

/// On what ground a copy may leave (closed set; it goes into the provision record).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The patient consented that this facility views their record.
    ViewConsent,
    /// The patient agreed to this one act: a referral, a reading.
    Addressed,
    /// The facility agreed to take part; no patient can be told from what is sent on.
    ParticipationAgreement,
    /// Danger to life; audited.
    Emergency,
    /// A duty under the law, such as notification of an infectious disease.
    PublicDuty,
    /// The facility entrusts the network with keeping a copy of its records (委託); nobody else reads it.
    Entrusted,
}

impl Basis {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::ViewConsent,
        Self::Addressed,
        Self::ParticipationAgreement,
        Self::Emergency,
        Self::PublicDuty,
        Self::Entrusted,
    ];

    /// The word in `routes.toml` and on the envelope.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ViewConsent => "view-consent",
            Self::Addressed => "addressed",
            Self::ParticipationAgreement => "participation-agreement",
            Self::Emergency => "emergency",
            Self::PublicDuty => "public-duty",
            Self::Entrusted => "entrusted",
        }
    }
}

/// What a patient's record may be viewed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Shared record (連携カルテ).
    SharedRecord,
    /// Dispensing information at a pharmacy (調剤情報連携).
    Pharmacy,
    /// Care at home and in care offices (在宅・介護).
    HomeCare,
    /// Care around a birth (周産期).
    Perinatal,
    /// The patient's own record (PHR).
    Phr,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::SharedRecord, Self::Pharmacy, Self::HomeCare, Self::Perinatal, Self::Phr];

    /// The word in `routes.toml` and in `consents.csv`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SharedRecord => "shared-record",
            Self::Pharmacy => "pharmacy",
            Self::HomeCare => "home-care",
            Self::Perinatal => "perinatal",
            Self::Phr => "phr",
        }
    }
}

/// What of a record is withheld unless the patient's consent says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sensitivity {
    /// HIV.
    Hiv,
    /// Other sexually transmitted infections.
    Sti,
    /// Mental illness and addiction.
    Psychiatric,
    /// Genetic findings.
    Genetic,
    /// Termination of a pregnancy, violence and abuse.
    Intimate,
    /// What the patient has not been told (未告知).
    Undisclosed,
    /// What the sender restricts: PRB-25 `V` or `R`, confidentiality `V` or `R` of a document.
    Restricted,
}

impl Sensitivity {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Hiv,
        Self::Sti,
        Self::Psychiatric,
        Self::Genetic,
        Self::Intimate,
        Self::Undisclosed,
        Self::Restricted,
    ];

    /// The word in `consents.csv` and in `tables/sensitive.tsv`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hiv => "hiv",
            Self::Sti => "sti",
            Self::Psychiatric => "psychiatric",
            Self::Genetic => "genetic",
            Self::Intimate => "intimate",
            Self::Undisclosed => "undisclosed",
            Self::Restricted => "restricted",
        }
    }
}
