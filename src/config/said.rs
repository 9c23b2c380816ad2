//! What is said of a place in a configuration file.

use serde::Serialize;

use super::fault::{Part, nearest, suggest, suggest_ja};

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Text {
    /// English.
    pub en: String,
    /// Japanese.
    pub ja: String,
}

/// What is wrong, what is allowed, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub(super) part: Part,
    pub(super) message: String,
    pub(super) japanese: Option<String>,
    pub(super) allowed: Vec<String>,
    pub(super) nearest: Option<String>,
    pub(super) help: Option<Box<Text>>,
}

impl From<String> for Said {
    fn from(message: String) -> Self {
        Self { part: Part::Types, message, japanese: None, allowed: Vec::new(), nearest: None, help: None }
    }
}

impl From<&str> for Said {
    fn from(message: &str) -> Self {
        message.to_owned().into()
    }
}

impl Said {
    /// The fault in both languages.
    pub fn new(en: impl Into<String>, ja: impl Into<String>) -> Self {
        Self { japanese: Some(ja.into()), ..en.into().into() }
    }

    /// A name that is none of those that are known: the nearest, or all of them.
    pub fn unknown(en: &str, ja: &str, name: &str, known: &[&str]) -> Self {
        let said = Self::new(
            format!("{en}: {}", suggest(name, known)),
            format!("{ja}: {}", suggest_ja(name, known)),
        );
        Self {
            allowed: known.iter().map(|&name| name.to_owned()).collect(),
            nearest: nearest(name, known.iter().copied()).map(str::to_owned),
            ..said
        }
    }

    /// The same with what to do next.
    #[must_use]
    pub fn help(self, en: impl Into<String>, ja: impl Into<String>) -> Self {
        Self { help: Some(Box::new(Text { en: en.into(), ja: ja.into() })), ..self }
    }

    /// The same, found when that was looked at.
    #[must_use]
    pub fn of(self, part: Part) -> Self {
        Self { part, ..self }
    }

    /// The same with an end.
    #[must_use]
    pub(super) fn and(mut self, en: &str, ja: &str) -> Self {
        self.message.push_str(en);
        if let Some(japanese) = &mut self.japanese {
            japanese.push_str(ja);
        }
        self
    }
}
