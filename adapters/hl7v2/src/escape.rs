//! HL7 escape sequences (HL7 2.9, 2.7).

use std::borrow::Cow;

use crate::charset::Charset;
use crate::delimiters::Delimiters;

/// `\.sp100000\` must not become a hundred thousand lines.
const REPEAT_MAX: usize = 64;

/// Replaces escape sequences by what they stand for; borrowed where there is none.
///
/// `\.br\` becomes a line feed, highlighting and indentation go, `\X..\` is decoded with the
/// message's character set. What is unknown, unterminated or local (`\Z..\`) stays as it is.
pub(crate) fn unescape<'a>(raw: &'a str, delimiters: &Delimiters, charset: Charset) -> Cow<'a, str> {
    if !raw.bytes().any(|byte| byte == delimiters.escape) {
        return Cow::Borrowed(raw);
    }
    let escape = char::from(delimiters.escape);
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once(escape) {
        out.push_str(before);
        rest = after;
        let Some((body, behind)) = after.split_once(escape) else {
            out.push(escape);
            break;
        };
        match meaning(body, delimiters, charset) {
            Some(text) => {
                out.push_str(&text);
                rest = behind;
            }
            None if is_foreign(body) => {
                out.push(escape);
                out.push_str(body);
                out.push(escape);
                rest = behind;
            }
            // A lone escape character: the next one may open a sequence.
            None => out.push(escape),
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Writes a text so that [`unescape`] gives it back: delimiters as `\\F\\` and so on, line ends as `\\.br\\` and `\\X0D\\`.
pub(crate) fn escape<'a>(text: &'a str, delimiters: &Delimiters) -> Cow<'a, str> {
    let body = |byte: u8| match byte {
        b'\n' => Some(".br"),
        b'\r' => Some("X0D"),
        _ if byte == delimiters.field => Some("F"),
        _ if byte == delimiters.component => Some("S"),
        _ if byte == delimiters.subcomponent => Some("T"),
        _ if byte == delimiters.repetition => Some("R"),
        _ if byte == delimiters.escape => Some("E"),
        _ if Some(byte) == delimiters.truncation => Some("P"),
        _ => None,
    };
    if !text.bytes().any(|byte| body(byte).is_some()) {
        return Cow::Borrowed(text);
    }
    let mark = char::from(delimiters.escape);
    let mut out = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match u8::try_from(character).ok().filter(u8::is_ascii).and_then(body) {
            Some(body) => out.extend([mark].into_iter().chain(body.chars()).chain([mark])),
            None => out.push(character),
        }
    }
    Cow::Owned(out)
}

/// Sequences that end where they should but mean nothing here: local ones and set switches.
fn is_foreign(body: &str) -> bool {
    let mut characters = body.chars();
    match characters.next() {
        Some('Z') => true,
        Some('C' | 'M') => body.len() > 1 && characters.all(|c| c.is_ascii_hexdigit()),
        _ => false,
    }
}

fn meaning(body: &str, delimiters: &Delimiters, charset: Charset) -> Option<Cow<'static, str>> {
    let one = |byte: u8| Some(Cow::Owned(char::from(byte).to_string()));
    match body {
        "F" => one(delimiters.field),
        "S" => one(delimiters.component),
        "T" => one(delimiters.subcomponent),
        "R" => one(delimiters.repetition),
        "E" => one(delimiters.escape),
        "P" => delimiters.truncation.and_then(one),
        "H" | "N" => Some(Cow::Borrowed("")),
        _ => match body.split_at_checked(1)? {
            ("X", digits) => hexadecimal(digits, charset).map(Cow::Owned),
            (".", command) => formatting(command).map(Cow::Owned),
            _ => None,
        },
    }
}

fn hexadecimal(digits: &str, charset: Charset) -> Option<String> {
    let digits = digits.as_bytes();
    if digits.is_empty() || !digits.len().is_multiple_of(2) {
        return None;
    }
    let nibble = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let byte = |pair: &[u8]| Some(nibble(pair[0])? << 4 | nibble(pair[1])?);
    let bytes: Option<Vec<u8>> = digits.chunks_exact(2).map(byte).collect();
    charset.decode(&bytes?)
}

/// Formatted text commands; the number is a count where one is meant.
fn formatting(command: &str) -> Option<String> {
    let (name, number) = command.split_at_checked(2)?;
    let number = number.trim().trim_start_matches('+');
    let count = || number.parse::<usize>().map_or(1, |count| count.min(REPEAT_MAX));
    match name {
        "br" | "ce" => Some("\n".to_owned()),
        "sp" => Some("\n".repeat(count())),
        "sk" => Some(" ".repeat(count())),
        "in" | "ti" | "fi" | "nf" => Some(String::new()),
        _ => None,
    }
}
