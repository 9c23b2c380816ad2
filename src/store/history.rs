//! What became of messages: the steps of each, kept in day files. The decisions among them are the record of provision
//! to third parties (個人情報保護法29条): on what, to whom, about whom, which items.
//!
//! No names, and no patient's id: a stand-in that only who holds the hub's secret can make.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::messages::Kept;
use crate::envelope::Identifying;

/// Folder of the history in the data folder.
pub const HISTORY: &str = "history";
/// Folder of the audit of emergency access in the data folder.
pub const AUDIT: &str = "audit";

/// One step of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// Id of the message and of all its copies.
    pub id: String,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

/// What happened to a message or to a copy of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum What {
    /// It was decided who gets it.
    Decided(Decision),
    /// The subscriber has it durably.
    Delivered(CopyFate),
    /// It is parked.
    Parked(CopyFate),
    /// It went to the dead letters.
    Dead(CopyFate),
    /// It went to the dead letters, because its permission had ended.
    Withdrawn(CopyFate),
    /// An operator sent it again: a dead copy to its subscriber, an invalid message to the routers.
    Retried(Act),
    /// An operator took it out of the dead letters or the invalid messages for good.
    Discarded(Act),
    /// An engineer sent an edited copy of an invalid message instead of it.
    Edited(Act),
    /// A copy was made of it again, from the archive.
    Replayed(Act),
}

/// What somebody did with a message or with a copy of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// Subscriber of the copy; none for an invalid message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscriber: Option<String>,
    /// Who.
    pub who: String,
    /// Why.
    pub why: String,
    /// Id of the edited copy, or of the replay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<String>,
}

/// Who gets a message and who does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Feed.
    pub feed: String,
    /// 10-digit code of the sending facility.
    pub facility: String,
    /// BLAKE3 of the source's bytes.
    pub hash: String,
    /// When the hub accepted it, RFC 3339.
    pub accepted_at: String,
    /// Stand-in of the patient; none where it is about nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<Identifying>,
    /// Kind, or `invalid`.
    pub kind: String,
    /// What happened at the source.
    pub change: String,
    /// Why it makes no sense.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// Copies.
    pub recipients: Vec<Granted>,
    /// Copies that were not made, though a route matched.
    pub denials: Vec<Denied>,
    /// Where the message is kept, where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<Kept>,
}

/// A copy that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// Subscriber.
    pub subscriber: String,
    /// 10-digit code of the facility whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facility: Option<String>,
    /// Route.
    pub route: String,
    /// Topic.
    pub topic: String,
    /// Basis.
    pub basis: String,
    /// What consent was given for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// Records that the permission rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grounds: Vec<String>,
    /// Disclosure, where only a part left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disclosure: Option<String>,
    /// Sensitive categories that were left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<String>,
    /// Versions of the tables that were read, by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tables: BTreeMap<String, String>,
}

/// A copy that was not made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denied {
    /// Subscriber.
    pub subscriber: String,
    /// Route.
    pub route: String,
    /// The clause that decided.
    pub clause: String,
}

/// What became of one copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyFate {
    /// Subscriber.
    pub subscriber: String,
    /// Route.
    pub route: String,
    /// Why it was parked or given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// A copy that left because of an emergency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmergencyUse {
    /// When it was decided.
    pub at: Timestamp,
    /// Id of the message.
    pub id: String,
    /// 10-digit code of the facility that sent it.
    pub facility: String,
    /// Stand-in of the patient.
    pub patient: Option<Identifying>,
    /// Who receives it.
    pub subscriber: String,
    /// 10-digit code of the facility that sees it.
    pub viewer: String,
    /// The record of the access.
    pub access: String,
    /// Who opened it.
    pub who: String,
    /// Why.
    pub why: String,
    /// From when until when.
    pub from: Timestamp,
    /// Nothing where no end is known.
    pub until: Option<Timestamp>,
}
