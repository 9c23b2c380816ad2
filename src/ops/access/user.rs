//! Users and tokens, as they stand in the file of the data folder.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Right;

/// What somebody does here. One person may have several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Sees counts, states and ways.
    Viewer,
    /// Sees bodies too.
    BodyViewer,
    /// Sees counts, states and ways, and acts.
    Operator,
    /// Sees bodies, acts, and edits copies.
    Engineer,
    /// Sees counts, states and ways, and changes users.
    Admin,
}

impl Role {
    /// All.
    pub const ALL: [Self; 5] = [Self::Viewer, Self::BodyViewer, Self::Operator, Self::Engineer, Self::Admin];

    /// What it may do.
    pub const fn rights(self) -> &'static [Right] {
        use Right::{Administer, Engineer, Operate, View, ViewBodies};
        match self {
            Self::Viewer => &[View],
            Self::BodyViewer => &[View, ViewBodies],
            Self::Operator => &[View, Operate],
            Self::Engineer => &[View, ViewBodies, Operate, Engineer],
            Self::Admin => &[View, Administer],
        }
    }

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::BodyViewer => "body-viewer",
            Self::Operator => "operator",
            Self::Engineer => "engineer",
            Self::Admin => "admin",
        }
    }

    /// Its word for people, in English and Japanese.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Viewer => ("viewer: counts, states, ways", "閲覧: 件数・状態・経路"),
            Self::BodyViewer => ("body viewer: also what messages say", "本文閲覧: メッセージの内容も"),
            Self::Operator => {
                ("operator: retry, discard, hold, release, replay", "運用: 再送・破棄・停止・再開")
            }
            Self::Engineer => ("engineer: bodies, acts, edits", "技術: 本文・操作・修正"),
            Self::Admin => ("administrator: users and audit", "管理: 利用者・監査"),
        }
    }

    /// The role of a word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

/// A person who may log in.
#[derive(Clone, Serialize, Deserialize)]
pub struct User {
    /// Name, by which he logs in and which stands in the audit.
    pub name: String,
    /// What he does.
    pub roles: Vec<Role>,
    /// 10-digit codes of the facilities whose messages he may see; all where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facilities: Option<Vec<String>>,
    /// He may not log in.
    #[serde(default)]
    pub disabled: bool,
    /// argon2id, in the PHC form; none until he has come in by his link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) password: Option<String>,
    /// The secret of his second factor, base32.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) totp: Option<String>,
    /// The last time step whose code was used (RFC 6238 section 5.2: a code is taken once).
    #[serde(default)]
    pub(super) used_step: u64,
    /// BLAKE3 of the recovery codes that are left.
    #[serde(default)]
    pub(super) recovery: Vec<String>,
    /// The way in that is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) link: Option<Link>,
}

impl User {
    /// One who has not come in yet.
    pub(super) fn new(name: &str, roles: Vec<Role>, facilities: Option<Vec<String>>) -> Self {
        Self {
            name: name.to_owned(),
            roles,
            facilities,
            disabled: false,
            password: None,
            totp: None,
            used_step: 0,
            recovery: Vec::new(),
            link: None,
        }
    }

    /// Whether he has a second factor.
    pub const fn has_totp(&self) -> bool {
        self.totp.is_some()
    }

    /// Whether he has come in by his link and chosen a password.
    pub const fn has_password(&self) -> bool {
        self.password.is_some()
    }

    /// Recovery codes that are left.
    pub const fn recovery_codes(&self) -> usize {
        self.recovery.len()
    }

    /// Whether he can change users.
    pub(super) fn administers(&self) -> bool {
        !self.disabled && self.password.is_some() && self.roles.contains(&Role::Admin)
    }
}

/// A way in that is open once.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Link {
    /// BLAKE3 of its secret.
    pub(super) hash: String,
    /// Until then.
    pub(super) until: Timestamp,
}

/// What a program opens the API with.
#[derive(Clone, Serialize, Deserialize)]
pub struct Token {
    /// Name of the program.
    pub name: String,
    /// What it may do.
    pub roles: Vec<Role>,
    /// As of users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facilities: Option<Vec<String>>,
    /// Until then; for good where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// BLAKE3 of the token.
    pub(super) hash: String,
}
