//! How the bytes of a message became characters: what MSH-18 says, what was done, and which bytes are odd.

use std::collections::BTreeMap;

use hl7v2::Message;
use hl7v2::charset::{Odd, Reason, Role, Run, trace};
use serde::Serialize;

/// How bytes became characters.
#[derive(Debug, Serialize)]
pub struct CharsetDecision {
    /// MSH-18, each repetition.
    pub declared: Vec<String>,
    /// MSH-20.
    pub handling: String,
    /// The set that was used.
    pub used: String,
    /// Why.
    pub reason: String,
    /// What MSH-18 says against what was used, English and Japanese.
    pub comparison: [String; 2],
    /// Whether the two agree.
    pub agrees: bool,
    /// Runs of bytes: those that are not plain ASCII, or all where they were asked for.
    pub runs: Vec<ByteRun>,
    /// Runs that are not among them.
    pub runs_left_out: usize,
    /// Bytes that other systems read differently, or nobody: the first of each kind.
    pub odd: Vec<OddBytes>,
    /// How many there are of each kind.
    pub odd_counts: BTreeMap<&'static str, usize>,
    /// Characters one byte of which equals a usual delimiter: who splits before decoding breaks them.
    pub holding_delimiters: usize,
}

/// Bytes that are read with one set.
#[derive(Debug, Serialize)]
pub struct ByteRun {
    /// Offset in the file.
    pub at: usize,
    /// How many.
    pub length: usize,
    /// In hexadecimal, the first of them.
    pub bytes: String,
    /// `text`, `designation`, `eight-bit`, `undecodable`.
    pub role: &'static str,
    /// The set; of a designation the one that it names.
    pub set: &'static str,
    /// What they are read as.
    pub text: String,
    /// Field.
    pub place: Option<String>,
}

/// Bytes that are worth a second look.
#[derive(Debug, Serialize)]
pub struct OddBytes {
    /// A stable name.
    pub code: &'static str,
    /// Offset in the file.
    pub at: usize,
    /// In hexadecimal.
    pub bytes: String,
    /// How they were read.
    pub text: String,
    /// Field.
    pub place: Option<String>,
}

/// Runs that are given where not all were asked for.
const RUNS_SHOWN: usize = 200;
/// Runs that are given at most.
const RUNS_ALL: usize = 5_000;
/// Bytes of one run that are given.
const BYTES_SHOWN: usize = 64;
/// Bytes of one run that are given where all were asked for.
const BYTES_ALL: usize = 4096;

/// Describes how a message at that offset of a file was read.
pub(super) fn decision(message: &Message, bytes: &[u8], offset: usize, all: bool) -> CharsetDecision {
    let charset = message.charset();
    let traced = trace(bytes, charset.used);
    let is_shown = |run: &&Run| all || run.role != Role::Text || run.set != "ASCII";
    let most = if all { RUNS_ALL } else { RUNS_SHOWN };
    let wanted = traced.runs.iter().filter(is_shown).count();
    let shown = traced.runs.iter().filter(is_shown).take(most);
    let agrees = !message.findings().iter().any(|finding| finding.code.starts_with("charset-"));
    CharsetDecision {
        declared: charset.declared.clone(),
        handling: charset.handling.clone(),
        used: charset.used.to_string(),
        reason: charset.reason.to_string(),
        comparison: comparison(&charset.declared, &charset.used.to_string(), charset.reason, agrees),
        agrees,
        runs: shown.map(|run| byte_run(run, message, bytes, offset, all)).collect(),
        runs_left_out: wanted.saturating_sub(most) + traced.runs_left_out,
        odd: traced.odd.iter().map(|odd| odd_bytes(odd, message, bytes, offset)).collect(),
        odd_counts: traced.odd_counts.iter().map(|(oddity, count)| (oddity.as_str(), *count)).collect(),
        holding_delimiters: traced.holding_delimiters,
    }
}

fn byte_run(run: &Run, message: &Message, bytes: &[u8], offset: usize, all: bool) -> ByteRun {
    let raw = bytes.get(run.bytes.clone()).unwrap_or_default();
    let most = if all { BYTES_ALL } else { BYTES_SHOWN };
    ByteRun {
        at: offset + run.bytes.start,
        length: run.bytes.len(),
        bytes: hex(raw, most),
        role: run.role.as_str(),
        set: run.set,
        text: run.text.chars().take(most).collect(),
        place: message.place(run.text_at),
    }
}

fn odd_bytes(odd: &Odd, message: &Message, bytes: &[u8], offset: usize) -> OddBytes {
    OddBytes {
        code: odd.oddity.as_str(),
        at: offset + odd.bytes.start,
        bytes: hex(bytes.get(odd.bytes.clone()).unwrap_or_default(), BYTES_SHOWN),
        text: odd.text.chars().take(BYTES_SHOWN).collect(),
        place: message.place(odd.text_at),
    }
}

/// `1B 24 42`, with an ellipsis where there are more.
fn hex(bytes: &[u8], most: usize) -> String {
    let pairs: Vec<_> = bytes.iter().take(most).map(|byte| format!("{byte:02X}")).collect();
    let more = if bytes.len() > most { " …" } else { "" };
    format!("{}{more}", pairs.join(" "))
}

fn comparison(declared: &[String], used: &str, reason: Reason, agrees: bool) -> [String; 2] {
    let named: Vec<_> = declared.iter().filter(|name| !name.trim().is_empty()).map(String::as_str).collect();
    let why = match reason {
        Reason::Declared => {
            ["the bytes are valid in the declared set", "宣言された文字セットとして正しいバイト列です"]
        }
        Reason::Default => ["only ASCII is there", "ASCII のみです"],
        Reason::ByteOrder => ["its byte order shows it", "バイト順から判断しました"],
        Reason::EscapeSequences => {
            ["its escape sequences name the sets", "エスケープシーケンスが文字セットを指定しています"]
        }
        Reason::ValidUtf8 => ["the bytes are valid UTF-8", "UTF-8 として正しいバイト列です"],
        Reason::Guessed => {
            ["it is the likeliest reading of the bytes", "バイト列から最も確からしいものを選びました"]
        }
    };
    if named.is_empty() {
        return [
            format!("MSH-18 declares nothing; read as {used}: {}", why[0]),
            format!("MSH-18 に宣言はありません。{used} として読みました（{}）", why[1]),
        ];
    }
    let (en, ja) = if agrees {
        ("and that agrees", "一致します")
    } else {
        ("AND THAT DIFFERS", "一致しません")
    };
    let named = named.join(", ");
    [
        format!("MSH-18 declares {named}; read as {used}, {en}: {}", why[0]),
        format!("MSH-18 の宣言 {named} と、読み取りに使った {used} は{ja}（{}）", why[1]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_cut_and_say_so() {
        assert_eq!(hex(b"\x1B$B", 4), "1B 24 42");
        assert_eq!(hex(b"abcd", 2), "61 62 …");
    }

    #[test]
    fn what_is_declared_is_compared_with_what_was_read() {
        let bytes = b"MSH|^~\\&|A|||||||||||||||~ISO IR87\rPID|1||\x1B$B;3\x1B(I1\x1B(B\r";
        let message = hl7v2::decode(bytes).unwrap();
        let seen = decision(&message, bytes, 100, false);
        assert!(seen.agrees, "{:?}", seen.comparison);
        let sets: Vec<_> = seen.runs.iter().map(|run| (run.at, run.set, run.bytes.as_str())).collect();
        assert_eq!(sets.first(), Some(&(142, "JIS X 0208", "1B 24 42")));
        assert_eq!(seen.runs[1].place.as_deref(), Some("PID[1]-3"));
        assert_eq!(seen.odd_counts, BTreeMap::from([("half-width-kana", 1)]));
        let all = decision(&message, bytes, 0, true);
        assert!(all.runs.len() > seen.runs.len());
        let silent = b"MSH|^~\\&|A\rPID|1||\x1B$B;3\x1B(B\r";
        let seen = decision(&hl7v2::decode(silent).unwrap(), silent, 0, false);
        assert!(!seen.agrees && seen.comparison[0].contains("declares nothing"));
    }
}
