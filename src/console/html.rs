//! Pieces of pages.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::view::View;

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

    /// The class of a row of a table or a card, where it stands out.
    pub(super) fn row(self) -> Option<&'static str> {
        (self >= Self::Warn).then_some(self.class())
    }
}

/// A state: a sign and a word.
pub(super) fn state(tone: Tone, word: &str) -> Markup {
    html! { span class={ "state " (tone.class()) } { (word) } }
}

/// A text as a part of an address (RFC 3986: everything but unreserved characters is written as its bytes).
pub(super) fn segment(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
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

/// So many a minute: whole where there are many.
pub(super) fn rate(view: &View, rate: Option<f64>) -> String {
    match rate {
        None => "–".to_owned(),
        Some(0.0) => "0".to_owned(),
        Some(rate) if rate < 10.0 => format!("{rate:.1}{}", view.pick("/min", "/分")),
        Some(rate) => format!("{rate:.0}{}", view.pick("/min", "/分")),
    }
}

/// How long ago, with the moment for who points at it.
pub(super) fn ago(view: &View, zone: &TimeZone, now: Timestamp, at: Timestamp) -> Markup {
    let seconds = now.duration_since(at).as_secs().max(0);
    let moment = at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
    html! { time datetime=(at) title=(moment) { (long_ago(view, seconds)) } }
}

fn long_ago(view: &View, seconds: i64) -> String {
    let (count, en, ja) = match seconds {
        0..60 => (seconds, "s ago", "秒前"),
        60..3_600 => (seconds / 60, "min ago", "分前"),
        3_600..172_800 => (seconds / 3_600, "h ago", "時間前"),
        _ => (seconds / 86_400, "days ago", "日前"),
    };
    format!("{count}{}", view.pick(&format!(" {en}"), ja))
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
