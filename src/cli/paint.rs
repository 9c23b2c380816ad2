//! Colour on a terminal, and text that can do nothing to it.

use std::env;
use std::io::{self, IsTerminal};

use anstyle::{AnsiColor, Style};

use crate::ops::shown::{controls, symbol, turns};

/// Paints, or leaves texts as they are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint {
    on: bool,
}

impl Paint {
    /// Colour where stdout is a terminal and `NO_COLOR` is not set.
    pub(super) fn of_stdout() -> Self {
        let unwanted = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { on: io::stdout().is_terminal() && !unwanted }
    }

    /// No colour.
    #[cfg(test)]
    pub(super) const fn off() -> Self {
        Self { on: false }
    }

    /// A title.
    pub(super) fn title(self, text: &str) -> String {
        self.with(Style::new().bold(), text)
    }

    /// What is good.
    pub(super) fn good(self, text: &str) -> String {
        self.with(AnsiColor::Green.on_default().bold(), text)
    }

    /// What is bad.
    pub(super) fn bad(self, text: &str) -> String {
        self.with(AnsiColor::Red.on_default().bold(), text)
    }

    /// What is odd.
    pub(super) fn odd(self, text: &str) -> String {
        self.with(AnsiColor::Yellow.on_default(), text)
    }

    /// What stands beside.
    pub(super) fn quiet(self, text: &str) -> String {
        self.with(Style::new().dimmed(), text)
    }

    fn with(self, style: Style, text: &str) -> String {
        if self.on && !text.is_empty() { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

/// A text of a message with its control characters made visible: nothing in it moves the cursor, changes a colour or
/// the direction of the text. Of a long one the beginning, and how long it is.
pub(super) fn visible(text: &str, most: usize) -> String {
    let mut shown: String = text.chars().take(most).flat_map(picture).collect();
    let length = text.chars().count();
    if length > most {
        shown.push_str(&format!("… ({length})"));
    }
    shown
}

fn picture(character: char) -> impl Iterator<Item = char> {
    let shown = match character {
        '\r' | '\n' => "⏎".to_owned(),
        '\u{80}'.. if controls(character) || turns(character) => character.escape_unicode().to_string(),
        other => symbol(other).to_string(),
    };
    shown.chars().collect::<Vec<_>>().into_iter()
}

/// A whole text that can do nothing to a terminal: line ends and tabs stay. JSON stays the same JSON, as nothing of what is
/// replaced stands outside of its strings.
pub(super) fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' => shown.push(character),
            '\u{7f}'.. if controls(character) || turns(character) => shown.push_str(&escaped(character)),
            character => shown.push(symbol(character)),
        }
    }
    shown
}

/// As JSON writes it; all of these have four digits.
fn escaped(character: char) -> String {
    format!("\\u{:04x}", u32::from(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_a_message_can_do_nothing_to_a_terminal() {
        assert_eq!(visible("山\u{1B}[31m田\r\u{7F}", 40), "山␛[31m田⏎␡");
        assert_eq!(visible("a\u{9B}b\u{202E}c", 40), "a\\u{9b}b\\u{202e}c");
        assert_eq!(visible("山田太郎", 2), "山田… (4)");
    }

    #[test]
    fn without_a_terminal_nothing_is_painted() {
        assert_eq!(Paint::off().bad("x"), "x");
        assert_eq!(Paint { on: true }.bad(""), "");
        assert!(Paint { on: true }.bad("x").starts_with('\u{1B}'));
    }
}
