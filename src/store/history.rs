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
    /// It was history already when it was found, and no route asks for history: it was not read.
    Filtered(Decision),
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
    /// Of a replay: what was granted when the copy was made again. A copy that leaves again is another provision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted: Option<Box<Granted>>,
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
    /// Stand-in of the path of its file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<Identifying>,
    /// Byte offset of the message in that file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// When the hub accepted it, RFC 3339.
    pub accepted_at: String,
    /// Stand-in of the patient; none where it is about nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<Identifying>,
    /// Stand-in of the patient's network id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Identifying>,
    /// Message control id (MSH-10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control_id: Option<String>,
    /// Order numbers: placer's, filler's, the storage's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub orders: Vec<String>,
    /// What was odd about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Odd>,
    /// Kind; `invalid`, or nothing where it was not read.
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

/// A finding, without its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Odd {
    /// A stable word for what is odd.
    pub code: String,
    /// Field path or byte offset.
    pub place: String,
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
    /// Why it was parked or given up: a word of the hub's, or the subscriber's answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Attempts until then, since this process took the copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
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
