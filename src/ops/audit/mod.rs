//! Who looked at what and who did what: written into a chain of lines before it is answered, listed, verified, and
//! written for other systems.
//!
//! Nothing of a patient: ids of messages, codes of facilities, names of users.

pub mod dicom;
pub mod syslog;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::store::Chain;
pub use crate::store::ChainError;
pub use crate::store::chain::{Broken, Whole};

/// Folder of the audit of access, below the data folder.
const FOLDER: &str = "audit/access";

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Looked at a message's body.
    ViewBody,
    /// Searched messages or records.
    Search,
    /// Looked at a patient's records.
    ViewPatient,
    /// Took something out as a file.
    Export,
    /// Sent a message or a copy again.
    Retry,
    /// Took a message or a copy out for good.
    Discard,
    /// Sent an edited copy.
    Edit,
    /// Stopped a subscriber or a patient.
    Hold,
    /// Let a subscriber or a patient go on.
    Release,
    /// Let messages be made again from the archive.
    Replay,
    /// Entered something into the registry.
    Register,
    /// Acknowledged an alert.
    Acknowledge,
    /// Logged in.
    LogIn,
    /// Logged out.
    LogOut,
    /// Made, changed or disabled a user.
    ChangeUser,
    /// Changed his own password, second factor or recovery codes.
    ChangeSecret,
    /// Made or removed a token.
    ChangeToken,
    /// Looked at the audit.
    ViewAudit,
    /// Asked for something that he may not do.
    Refused,
}

impl Action {
    /// All.
    pub const ALL: [Self; 19] = [
        Self::ViewBody,
        Self::Search,
        Self::ViewPatient,
        Self::Export,
        Self::Retry,
        Self::Discard,
        Self::Edit,
        Self::Hold,
        Self::Release,
        Self::Replay,
        Self::Register,
        Self::Acknowledge,
        Self::LogIn,
        Self::LogOut,
        Self::ChangeUser,
        Self::ChangeSecret,
        Self::ChangeToken,
        Self::ViewAudit,
        Self::Refused,
    ];

    /// Its word in the audit.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ViewBody => "view-body",
            Self::Search => "search",
            Self::ViewPatient => "view-patient",
            Self::Export => "export",
            Self::Retry => "retry",
            Self::Discard => "discard",
            Self::Edit => "edit",
            Self::Hold => "hold",
            Self::Release => "release",
            Self::Replay => "replay",
            Self::Register => "register",
            Self::Acknowledge => "acknowledge",
            Self::LogIn => "log-in",
            Self::LogOut => "log-out",
            Self::ChangeUser => "change-user",
            Self::ChangeSecret => "change-secret",
            Self::ChangeToken => "change-token",
            Self::ViewAudit => "view-audit",
            Self::Refused => "refused",
        }
    }

    /// Its word for people, in English and Japanese.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::ViewBody => ("looked at a body", "本文の閲覧"),
            Self::Search => ("searched", "検索"),
            Self::ViewPatient => ("looked at a patient's records", "患者の登録の閲覧"),
            Self::Export => ("exported", "出力"),
            Self::Retry => ("retried", "再送"),
            Self::Discard => ("discarded", "破棄"),
            Self::Edit => ("edited", "修正"),
            Self::Hold => ("held", "停止"),
            Self::Release => ("released", "再開"),
            Self::Replay => ("replayed", "再配信"),
            Self::Register => ("entered into the registry", "台帳への登録"),
            Self::Acknowledge => ("acknowledged an alert", "警報の確認"),
            Self::LogIn => ("logged in", "ログイン"),
            Self::LogOut => ("logged out", "ログアウト"),
            Self::ChangeUser => ("changed a user", "利用者の変更"),
            Self::ChangeSecret => ("changed his password or second factor", "パスワード・二要素の変更"),
            Self::ChangeToken => ("changed a token", "トークンの変更"),
            Self::ViewAudit => ("looked at the audit", "監査記録の閲覧"),
            Self::Refused => ("was refused", "権限なし"),
        }
    }

    /// The action of a word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == word)
    }
}

/// A line of the audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// When.
    pub at: Timestamp,
    /// Who: a user, `token NAME` for a program, `local` for who has the token of the data folder.
    pub who: String,
    /// From where: an address, or `terminal`.
    pub from: String,
    /// What.
    pub action: Action,
    /// On what: an id of a message, a subscriber, a path, a user.
    pub object: String,
    /// Whether it was allowed, or succeeded.
    pub done: bool,
}

/// Which lines are wanted.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// From then on.
    pub from: Option<Timestamp>,
    /// Until before then.
    pub until: Option<Timestamp>,
    /// Who, word for word.
    pub who: Option<String>,
    /// What.
    pub action: Option<Action>,
}

impl Wanted {
    fn takes(&self, act: &Act) -> bool {
        self.from.is_none_or(|from| act.at >= from)
            && self.until.is_none_or(|until| act.at < until)
            && self.who.as_ref().is_none_or(|who| act.who == *who)
            && self.action.is_none_or(|action| act.action == action)
    }
}

/// The audit of a data folder.
#[derive(Debug, Clone)]
pub struct Audit(Chain);

impl Audit {
    /// That of the data folder of a configuration.
    pub fn of(config: &Config) -> Self {
        Self(Chain::new(config.hub.data_dir.join(FOLDER), config.hub.timezone.clone()))
    }

    /// Writes a line. It is on the disk when this returns.
    ///
    /// # Errors
    ///
    /// It can't be written: then it was not noted, and must be neither done nor shown.
    pub fn note(&self, act: &Act) -> Result<(), ChainError> {
        self.0.append(act.at, act)
    }

    /// Looks whether all lines are as they were written.
    ///
    /// # Errors
    ///
    /// If the audit can't be read.
    pub fn verify(&self) -> Result<Result<Whole, Broken>, ChainError> {
        self.0.verify()
    }

    /// Hands the lines that are wanted to `show`, the oldest first. A line that can't be read is passed over: `verify`
    /// names it.
    ///
    /// # Errors
    ///
    /// If the audit can't be read.
    pub fn each(&self, wanted: &Wanted, mut show: impl FnMut(Act) -> bool) -> Result<(), ChainError> {
        self.0.read(|line| match serde_json::from_slice::<Act>(line) {
            Ok(act) if wanted.takes(&act) => show(act),
            _ => true,
        })
    }

    /// The last lines that are wanted, the youngest first.
    ///
    /// # Errors
    ///
    /// If the audit can't be read.
    pub fn last(&self, wanted: &Wanted, most: usize) -> Result<Vec<Act>, ChainError> {
        let mut last = std::collections::VecDeque::new();
        self.each(wanted, |act| {
            if last.len() == most {
                last.pop_back();
            }
            last.push_front(act);
            true
        })?;
        Ok(last.into())
    }
}

/// A form in which the audit leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// The lines, without the chain.
    Ndjson,
    /// Lines of syslog.
    Rfc5424,
    /// Audit messages of DICOM PS3.15 A.5, one XML document each line.
    Dicom,
}

impl Format {
    /// A line of it, with its line end.
    pub fn line(self, act: &Act, host: &str) -> String {
        let line = match self {
            Self::Ndjson => serde_json::to_string(act).unwrap_or_default(),
            Self::Rfc5424 => syslog::line(act, host),
            Self::Dicom => dicom::message(act, host),
        };
        line + "\n"
    }

    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Ndjson => "application/x-ndjson",
            Self::Rfc5424 => "text/plain; charset=utf-8",
            Self::Dicom => "application/xml; charset=utf-8",
        }
    }
}

/// The lines that are wanted, in that form. `host` is who tells.
///
/// # Errors
///
/// If the audit can't be read.
pub fn export(
    audit: &Audit,
    wanted: &Wanted,
    format: Format,
    host: &str,
    mut write: impl FnMut(&str) -> bool,
) -> Result<(), ChainError> {
    audit.each(wanted, |act| write(&format.line(&act, host)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_of_an_action_is_the_one_it_is_written_with() {
        for action in Action::ALL {
            assert_eq!(serde_json::to_value(action).unwrap(), action.as_str());
            assert_eq!(Action::of(action.as_str()), Some(action));
        }
    }
}
