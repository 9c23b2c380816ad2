//! What the registry is told: a closed set of facts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::basis::{Purpose, Sensitivity};
use super::period::Period;
use crate::envelope::Identifying;

/// A medical area of Shimane (二次医療圏), the unit of every table of the prefecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Area {
    /// 松江
    Matsue,
    /// 雲南
    Unnan,
    /// 出雲
    Izumo,
    /// 大田
    Oda,
    /// 浜田
    Hamada,
    /// 益田
    Masuda,
    /// 隠岐
    Oki,
}

impl Area {
    /// All of them, in the order of the prefecture's tables.
    pub const ALL: [Self; 7] =
        [Self::Matsue, Self::Unnan, Self::Izumo, Self::Oda, Self::Hamada, Self::Masuda, Self::Oki];

    /// The word in `facilities.csv`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Matsue => "matsue",
            Self::Unnan => "unnan",
            Self::Izumo => "izumo",
            Self::Oda => "oda",
            Self::Hamada => "hamada",
            Self::Masuda => "masuda",
            Self::Oki => "oki",
        }
    }

    /// Its name in Japanese.
    pub const fn name_ja(self) -> &'static str {
        match self {
            Self::Matsue => "松江",
            Self::Unnan => "雲南",
            Self::Izumo => "出雲",
            Self::Oda => "大田",
            Self::Hamada => "浜田",
            Self::Masuda => "益田",
            Self::Oki => "隠岐",
        }
    }
}

/// What a facility does in the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FacilityRole {
    /// It shows its records to others.
    Disclosing,
    /// It sees records of others.
    Participating,
}

impl FacilityRole {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Disclosing, Self::Participating];

    /// The word in `facilities.csv`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disclosing => "disclosing",
            Self::Participating => "participating",
        }
    }
}

/// What two facilities, or a facility and the network, have agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContractKind {
    /// `with` reads images for the facility.
    Reading,
    /// The facility takes part in services that show counts only.
    Participation,
    /// The facility entrusts the network with keeping copies of its records.
    Entrusted,
}

impl ContractKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Reading, Self::Participation, Self::Entrusted];

    /// The word in `contracts.csv`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Participation => "participation",
            Self::Entrusted => "entrusted",
        }
    }
}

/// A facility of the network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facility {
    /// 10-digit code (都道府県 2, 点数表 1, 7 more).
    pub code: String,
    /// Name in Japanese.
    pub name: String,
    /// Name in English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_en: Option<String>,
    /// Medical area.
    pub area: Area,
    /// What it does.
    pub roles: Vec<FacilityRole>,
    /// From when until when.
    #[serde(flatten)]
    pub period: Period,
}

/// A patient joined the network: signed, and got a card with a network id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Network id.
    pub network_id: Identifying,
    /// From when until when.
    #[serde(flatten)]
    pub period: Period,
}

/// A disclosing facility was shown the card: its local id is this network id. Made by hand, never from demographics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Facility.
    pub facility: String,
    /// The patient's id there.
    pub local_id: Identifying,
    /// Network id.
    pub network_id: Identifying,
    /// From when until when.
    #[serde(flatten)]
    pub period: Period,
}

/// A patient lets a facility view the record, for one purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewConsent {
    /// Network id.
    pub network_id: Identifying,
    /// The viewing facility.
    pub facility: String,
    /// What for.
    pub purpose: Purpose,
    /// From when until when.
    #[serde(flatten)]
    pub period: Period,
}

/// A patient lets a facility see what is withheld otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SensitiveConsent {
    /// Network id.
    pub network_id: Identifying,
    /// The viewing facility.
    pub facility: String,
    /// What is shown.
    pub category: Sensitivity,
    /// From when until when.
    #[serde(flatten)]
    pub period: Period,
}

/// An agreement of a facility.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract {
    /// What is agreed.
    pub kind: ContractKind,
    /// Whose agreement it is; of `reading`, the facility that asks for readings.
    pub facility: String,
    /// Of `reading`, the facility that reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<String>,
    /// Of several readers, the lowest number is asked.
    #[serde(default)]
    pub rank: u8,
    /// From when until when.
    #[serde(flatten)]
    pub period: Period,
}

/// A facility belongs to a patient's care team, or has a patient on its list of pregnancies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// Network id.
    pub network_id: Identifying,
    /// The facility.
    pub facility: String,
    /// Profession there (`nurse`, `care-manager` …), for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profession: Option<String>,
    /// From when until when.
    #[serde(flatten)]
    pub period: Period,
}

/// Somebody at a facility sees a record without consent, because of danger to life; audited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmergencyAccess {
    /// Network id.
    pub network_id: Identifying,
    /// The viewing facility.
    pub facility: String,
    /// From when until when.
    #[serde(flatten)]
    pub period: Period,
}

/// Two records of a facility became one (ADT^A40), or were found to be two after all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merge {
    /// Facility.
    pub facility: String,
    /// The id that is no more.
    pub former: Identifying,
    /// The id that stays.
    pub into: Identifying,
    /// When.
    pub at: Timestamp,
}

/// A facility's record of a patient is gone (ADT^A23, condition flag 0): its links end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// Facility.
    pub facility: String,
    /// The patient's id there.
    pub local_id: Identifying,
    /// When.
    pub at: Timestamp,
}

/// An operator lets copies wait: all of a subscriber's, or those about one patient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Subscriber.
    pub subscriber: String,
    /// Whose copies; everybody's where nobody is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<HeldPatient>,
    /// From when until when.
    #[serde(flatten)]
    pub period: Period,
}

/// A patient whose copies wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldPatient {
    /// Facility.
    pub facility: String,
    /// The patient's id there.
    pub local_id: Identifying,
}

/// One fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "kebab-case")]
pub enum Fact {
    /// A facility.
    Facility(Facility),
    /// A member.
    Member(Member),
    /// A link.
    Link(Link),
    /// Consent to view.
    ViewConsent(ViewConsent),
    /// Consent to view what is sensitive.
    SensitiveConsent(SensitiveConsent),
    /// An agreement.
    Contract(Contract),
    /// Member of a care team.
    CareTeam(Membership),
    /// On a list of pregnancies.
    Perinatal(Membership),
    /// Emergency access.
    Emergency(EmergencyAccess),
    /// Two records became one.
    Merge(Merge),
    /// They are two again.
    Unmerge(Merge),
    /// A record is gone.
    Removal(Removal),
    /// Copies wait.
    Hold(Hold),
}

impl Fact {
    /// The word in the log.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Facility(_) => "facility",
            Self::Member(_) => "member",
            Self::Link(_) => "link",
            Self::ViewConsent(_) => "view-consent",
            Self::SensitiveConsent(_) => "sensitive-consent",
            Self::Contract(_) => "contract",
            Self::CareTeam(_) => "care-team",
            Self::Perinatal(_) => "perinatal",
            Self::Emergency(_) => "emergency",
            Self::Merge(_) => "merge",
            Self::Unmerge(_) => "unmerge",
            Self::Removal(_) => "removal",
            Self::Hold(_) => "hold",
        }
    }

    /// From when until when it is in force; a merge and its like have an instant only.
    pub const fn period(&self) -> Period {
        match self {
            Self::Facility(fact) => fact.period,
            Self::Member(fact) => fact.period,
            Self::Link(fact) => fact.period,
            Self::ViewConsent(fact) => fact.period,
            Self::SensitiveConsent(fact) => fact.period,
            Self::Contract(fact) => fact.period,
            Self::CareTeam(fact) | Self::Perinatal(fact) => fact.period,
            Self::Emergency(fact) => fact.period,
            Self::Merge(fact) | Self::Unmerge(fact) => Period::since(fact.at),
            Self::Removal(fact) => Period::since(fact.at),
            Self::Hold(fact) => fact.period,
        }
    }

    /// The network id that it is about, where it is about one.
    pub const fn network_id(&self) -> Option<&Identifying> {
        match self {
            Self::Member(fact) => Some(&fact.network_id),
            Self::Link(fact) => Some(&fact.network_id),
            Self::ViewConsent(fact) => Some(&fact.network_id),
            Self::SensitiveConsent(fact) => Some(&fact.network_id),
            Self::CareTeam(fact) | Self::Perinatal(fact) => Some(&fact.network_id),
            Self::Emergency(fact) => Some(&fact.network_id),
            Self::Facility(_)
            | Self::Contract(_)
            | Self::Merge(_)
            | Self::Unmerge(_)
            | Self::Removal(_)
            | Self::Hold(_) => None,
        }
    }

    /// The facility that it is about, where it is about one.
    pub fn facility(&self) -> Option<&str> {
        Some(match self {
            Self::Facility(fact) => &fact.code,
            Self::Member(_) => return None,
            Self::Link(fact) => &fact.facility,
            Self::ViewConsent(fact) => &fact.facility,
            Self::SensitiveConsent(fact) => &fact.facility,
            Self::Contract(fact) => &fact.facility,
            Self::CareTeam(fact) | Self::Perinatal(fact) => &fact.facility,
            Self::Emergency(fact) => &fact.facility,
            Self::Merge(fact) | Self::Unmerge(fact) => &fact.facility,
            Self::Removal(fact) => &fact.facility,
            Self::Hold(fact) => &fact.patient.as_ref()?.facility,
        })
    }

    /// What identifies it, beside [`as_str`](Self::as_str) and the instant from which it is in force. Two facts with
    /// the same are versions of one record.
    pub(super) fn identity(&self) -> [&str; 4] {
        let also: [&str; 2] = match self {
            Self::Facility(_) | Self::Member(_) => ["", ""],
            Self::Link(fact) => [&fact.local_id.0, ""],
            Self::ViewConsent(fact) => [fact.purpose.as_str(), ""],
            Self::SensitiveConsent(fact) => [fact.category.as_str(), ""],
            Self::Contract(fact) => [fact.kind.as_str(), fact.with.as_deref().unwrap_or_default()],
            Self::CareTeam(_) | Self::Perinatal(_) | Self::Emergency(_) => ["", ""],
            Self::Merge(fact) | Self::Unmerge(fact) => [&fact.former.0, &fact.into.0],
            Self::Removal(fact) => [&fact.local_id.0, ""],
            Self::Hold(fact) => {
                [&fact.subscriber, fact.patient.as_ref().map_or("", |patient| &patient.local_id.0)]
            }
        };
        let [one, other] = also;
        [self.network_id().map_or("", |id| &id.0), self.facility().unwrap_or_default(), one, other]
    }
}
