//! One thing that was looked at: what was found, and what to do.

use serde::Serialize;

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Words {
    /// English
    pub en: String,
    /// 日本語
    pub ja: String,
}

impl Words {
    pub(super) fn new(en: impl Into<String>, ja: impl Into<String>) -> Self {
        Self { en: en.into(), ja: ja.into() }
    }
}

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// As it should be.
    Ok,
    /// It works, and somebody should look at it.
    Warning,
    /// It stands in the way.
    Fault,
    /// It can't be told from here.
    Unknown,
}

/// One thing that was looked at. Names paths above those of patients, counts and codes; never a patient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// How it is.
    pub state: State,
    /// What was looked at, such as `path`, `rights`, `mount`, `clock`, `scan`, `facility`, `copy`, `port`.
    pub check: &'static str,
    /// The key of the feed's file that names the folder, such as `standard`; empty where it is about none.
    pub key: &'static str,
    /// Which folder, file or address; empty where there is none.
    pub subject: String,
    /// What was found.
    pub found: Words,
    /// What to do.
    pub todo: Option<Words>,
}

impl Line {
    /// Says which key the lines from there on are about.
    pub(super) fn about(key: &'static str, from: usize, lines: &mut [Self]) {
        lines.iter_mut().skip(from).for_each(|line| line.key = key);
    }

    pub(super) fn ok(check: &'static str, subject: impl Into<String>, found: Words) -> Self {
        Self { state: State::Ok, check, key: "", subject: subject.into(), found, todo: None }
    }

    pub(super) fn warning(
        check: &'static str,
        subject: impl Into<String>,
        found: Words,
        todo: Words,
    ) -> Self {
        Self { state: State::Warning, check, key: "", subject: subject.into(), found, todo: Some(todo) }
    }

    pub(super) fn fault(check: &'static str, subject: impl Into<String>, found: Words, todo: Words) -> Self {
        Self { state: State::Fault, check, key: "", subject: subject.into(), found, todo: Some(todo) }
    }

    pub(super) fn unknown(check: &'static str, subject: impl Into<String>, found: Words) -> Self {
        Self { state: State::Unknown, check, key: "", subject: subject.into(), found, todo: None }
    }
}
