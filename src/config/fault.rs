//! What is wrong with a configuration file, shown as a compiler would.

use std::fmt;

use serde::Serialize;

use super::said::{Said, Text};

/// Whether the configuration can be used all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It can't be used.
    Error,
    /// It can be used, but probably says something else than was meant.
    Warning,
}

/// What was looked at when a fault was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The files can be read, and are TOML or tables.
    Syntax,
    /// Every key is known, every value possible, every name leads somewhere.
    Types,
    /// The network as a whole: what never happens, what nobody uses.
    Topology,
    /// What the machine must have: folders, secrets, ports, the broker.
    Environment,
}

/// One fault with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Whether it stops the hub.
    pub severity: Severity,
    /// What was looked at.
    pub part: Part,
    /// File, relative to the configuration folder.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Path of the key, such as `route[2].where.all[1].field`; empty where there is none.
    pub key: String,
    /// What is wrong, and what is allowed.
    pub message: String,
    /// The same in Japanese, where it is told so.
    pub japanese: Option<String>,
    /// All words or names that are allowed there, where that is a closed set.
    pub allowed: Vec<String>,
    /// The one of them that was probably meant.
    pub nearest: Option<String>,
    /// What to do next.
    pub help: Option<Box<Text>>,
    /// The line as it stands in the file.
    pub excerpt: String,
    /// How many characters of it are meant.
    pub width: usize,
}

impl Fault {
    /// The same place with that to say of it.
    #[must_use]
    pub fn saying(&self, severity: Severity, said: Said) -> Self {
        let Said { part, message, japanese, allowed, nearest, help } = said;
        Self { severity, part, message, japanese, allowed, nearest, help, ..self.clone() }
    }

    /// `file:line:column`.
    pub fn place(&self) -> String {
        format!("{}:{}:{}", self.file, self.line, self.column)
    }

    /// The line of the file with carets below what is meant; empty where there is none.
    pub fn shown(&self) -> String {
        if self.excerpt.trim().is_empty() {
            return String::new();
        }
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        let mut characters = self.excerpt.chars();
        let before: String = characters.by_ref().take(self.column.saturating_sub(1)).map(blank).collect();
        let carets: String =
            characters.take(self.width.max(1)).map(|c| if is_wide(c) { "^^" } else { "^" }).collect();
        let carets = if carets.is_empty() { "^" } else { &carets };
        format!(" {number} | {}\n {margin} | {before}{carets}", self.excerpt)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "",
            Severity::Warning => "warning: ",
        };
        write!(f, "{}: {severity}{}", self.place(), self.message)?;
        if !self.key.is_empty() {
            write!(f, " (at {})", self.key)?;
        }
        let shown = self.shown();
        if shown.is_empty() { Ok(()) } else { write!(f, "\n{shown}") }
    }
}

/// White space as wide as the character.
fn blank(c: char) -> char {
    match c {
        '\t' => '\t',
        c if is_wide(c) => '\u{3000}',
        _ => ' ',
    }
}

/// Whether a terminal shows the character in two columns: kana, kanji, full-width forms.
fn is_wide(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}')
}

/// The name that was probably meant, if one is near enough.
pub fn nearest<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    // Only what a person would have typed: the distance costs the product of both lengths.
    if name.len() > 64 {
        return None;
    }
    let allowed = (name.chars().count() / 3).max(1);
    let distance = |word: &str| match word.starts_with(name) && name.len() > 2 {
        true => 1,
        false => strsim::damerau_levenshtein(name, word),
    };
    let scored = known.into_iter().map(|word| (distance(word), word));
    scored
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// How many known names a message lists.
const LISTED_MAX: usize = 20;

/// `did you mean "x"?`, or the list of what is allowed.
pub fn suggest(name: &str, known: &[&str]) -> String {
    match nearest(name, known.iter().copied()) {
        Some(word) => format!("did you mean \"{word}\"?"),
        None if known.is_empty() => "there is none".into(),
        None => format!("known: {}", listed(known, " in all")),
    }
}

/// The same in Japanese.
pub(super) fn suggest_ja(name: &str, known: &[&str]) -> String {
    match nearest(name, known.iter().copied()) {
        Some(word) => format!("「{word}」ではありませんか"),
        None if known.is_empty() => "ひとつもありません".into(),
        None => format!("使えるもの: {}", listed(known, " 件")),
    }
}

/// Names with commas between them, the first of them where they are many.
fn listed(known: &[&str], in_all: &str) -> String {
    if known.len() <= LISTED_MAX {
        return known.join(", ");
    }
    let first: Vec<_> = known.iter().take(LISTED_MAX).copied().collect();
    format!("{}, … ({}{in_all})", first.join(", "), known.len())
}
