//! What is wrong with a configuration file, shown as a compiler would.

use std::fmt;

/// Whether the configuration can be used all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It can't be used.
    Error,
    /// It can be used, but probably says something else than was meant.
    Warning,
}

/// One fault with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Whether it stops the hub.
    pub severity: Severity,
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
    /// The line as it stands in the file.
    pub excerpt: String,
    /// How many characters of it are meant.
    pub width: usize,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "",
            Severity::Warning => "warning: ",
        };
        write!(f, "{}:{}:{}: {severity}{}", self.file, self.line, self.column, self.message)?;
        if !self.key.is_empty() {
            write!(f, " (at {})", self.key)?;
        }
        if self.excerpt.trim().is_empty() {
            return Ok(());
        }
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        let mut characters = self.excerpt.chars();
        let before: String = characters.by_ref().take(self.column.saturating_sub(1)).map(blank).collect();
        let carets: String =
            characters.take(self.width.max(1)).map(|c| if is_wide(c) { "^^" } else { "^" }).collect();
        let carets = if carets.is_empty() { "^" } else { &carets };
        write!(f, "\n {number} | {}\n {margin} | {before}{carets}", self.excerpt)
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
        None if known.len() > LISTED_MAX => {
            let first: Vec<_> = known.iter().take(LISTED_MAX).copied().collect();
            format!("known: {}, … ({} in all)", first.join(", "), known.len())
        }
        None => format!("known: {}", known.join(", ")),
    }
}
