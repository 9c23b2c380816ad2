//! Pieces of pages.

use maud::{Markup, html};

/// How something is: each has a sign and a colour of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tone {
    /// As it should be.
    Ok,
    /// Nothing happens, and nothing is wrong.
    Idle,
    /// To be known.
    Info,
    /// Somebody should look.
    Warn,
    /// Somebody must act.
    Bad,
}

impl Tone {
    /// Its class.
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Idle => "idle",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }
}

/// A state: a sign and a word.
pub(super) fn state(tone: Tone, word: &str) -> Markup {
    html! { span class={ "state " (tone.class()) } { (word) } }
}

/// There is nothing to show.
pub(super) fn empty(text: &str) -> Markup {
    html! { p.empty { (text) } }
}

/// A number with its thousands apart.
pub(super) fn number(count: u64) -> String {
    let digits = count.to_string();
    let before = digits.len() % 3;
    let mut apart = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && at % 3 == before {
            apart.push(',');
        }
        apart.push(digit);
    }
    apart
}

/// A table of texts.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> Markup {
    html! {
        div.wide {
            table {
                thead { tr { @for cell in head { th scope="col" { (cell) } } } }
                tbody { @for row in rows { tr { @for cell in row { td { (cell) } } } } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_comes_from_elsewhere_becomes_markup() {
        let table = table(&["a"], &[vec!["<script>\"&".to_owned()]]).into_string();
        assert!(table.contains("&lt;script&gt;&quot;&amp;") && !table.contains("<script"), "{table}");
    }

    #[test]
    fn thousands_stand_apart() {
        let written = [0, 999, 1_000, 12_345, 1_234_567].map(number);
        assert_eq!(written, ["0", "999", "1,000", "12,345", "1,234,567"]);
    }
}
