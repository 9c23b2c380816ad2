//! Another character set and other terminators for a file.

use hl7v2::charset::{Charset, Repertoire, encode_within};
use serde::Serialize;

use super::spelling::{spelling, voiced};
use super::terminator::Terminator;
use super::written::{Line, Part, Written};

/// A character set to convert to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// The set.
    pub charset: Charset,
    /// For ISO-2022-JP: what it may switch to.
    pub repertoire: Repertoire,
}

impl Target {
    /// The set of a name: `ss-mix2` is ISO-2022-JP with JIS X 0208 only, `iso-2022-jp` has half-width kana too. UTF-16
    /// is none: no frame can carry it.
    pub fn of_name(name: &str) -> Option<Self> {
        let (charset, repertoire) = match name.to_ascii_lowercase().as_str() {
            "ss-mix2" | "ssmix2" => (Charset::Iso2022Jp, Repertoire::Kanji),
            _ => (Charset::of_name(name)?, Repertoire::Kana),
        };
        let framed = !matches!(charset, Charset::Utf16Be | Charset::Utf16Le);
        framed.then_some(Self { charset, repertoire })
    }

    fn holds(self, character: char) -> bool {
        let text = String::from(character);
        character.is_ascii() || encode_within(&text, self.charset, self.repertoire).is_ok()
    }
}

/// A character that the target lacks: where, and what was done. The character itself is not told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lack {
    /// Which message or part around one, from 1.
    pub part: usize,
    /// Segment and field, such as `PID-5`.
    pub place: String,
    /// Its Unicode block or kind: `half-width kana`, `kanji`, `other`.
    pub kind: &'static str,
    /// Whether it is replaced by another spelling of the same, and not by a mark.
    pub spelled: bool,
}

/// Characters for which there is nothing: `■` where the set has it, as SS-MIX2 writes 外字, else `?`.
const MARKS: [char; 2] = ['■', '?'];

/// Gives every part another character set, and the headers what declares it. With `replace`, characters that it lacks
/// are spelled otherwise or marked; without, nothing is changed if there is one. What it lacks is told.
pub fn recode(written: &mut Written, target: Target, replace: bool) -> Vec<Lack> {
    let mut lacks = Vec::new();
    for (at, part) in written.parts.iter().enumerate() {
        for (position, character) in part.text().chars().enumerate() {
            if !target.holds(character) && character != BOM {
                let spelled = spelling(character).is_some_and(|text| text.chars().all(|c| target.holds(c)));
                let place = part.place(position);
                lacks.push(Lack { part: at + 1, place, kind: kind(character), spelled });
            }
        }
    }
    if lacks.is_empty() || replace {
        written.parts.iter_mut().for_each(|part| convert(part, target));
    }
    lacks
}

const BOM: char = '\u{FEFF}';

fn kind(character: char) -> &'static str {
    match character {
        '\u{FF61}'..='\u{FF9F}' => "half-width kana",
        '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}' => "kanji",
        char::REPLACEMENT_CHARACTER => "undecodable",
        _ => "other",
    }
}

fn convert(part: &mut Part, target: Target) {
    let from = part.charset;
    let spelled = |text: &str| respelled(text, target);
    part.head = spelled(&part.head);
    for line in &mut part.lines {
        line.raw = spelled(&hexadecimal(&line.raw, part.delimiters.escape, from, target));
        line.end = spelled(&line.end);
    }
    part.charset = target.charset;
    let kana = part.text().chars().any(|c| matches!(c, '\u{FF61}'..='\u{FF9F}'));
    let (names, handling) = target.charset.declaration(kana);
    let names = names.join(char::from(part.delimiters.repetition).encode_utf8(&mut [0; 4]));
    let separator = char::from(part.delimiters.field);
    for line in part.lines.iter_mut().filter(|line| line.id() == "MSH") {
        set(line, separator, 18, &names);
        set(line, separator, 20, handling);
    }
}

fn respelled(text: &str, target: Target) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character == BOM {
            // Only UTF-8 has one, and needs none.
            out.extend((target.charset == Charset::Utf8).then_some(BOM));
        } else if target.holds(character) {
            out.push(character);
        } else {
            let voiced = characters.peek().and_then(|mark| voiced(character, *mark));
            if voiced.is_some() {
                characters.next();
            }
            let spelled = voiced.map(String::from).or_else(|| spelling(character));
            let spelled = spelled.filter(|text| text.chars().all(|c| target.holds(c)));
            let mark = || MARKS.into_iter().find(|mark| target.holds(*mark)).map(String::from);
            out.push_str(&spelled.or_else(mark).unwrap_or_default());
        }
    }
    out
}

/// Sets MSH-n; a field that is not there is made only for a value.
fn set(line: &mut Line, separator: char, n: usize, value: &str) {
    let mut fields: Vec<&str> = line.raw.split(separator).collect();
    while fields.len() < n && !value.is_empty() {
        fields.push("");
    }
    if let Some(field) = fields.get_mut(n - 1) {
        *field = value;
        line.raw = fields.join(separator.encode_utf8(&mut [0; 4]));
    }
}

/// Bytes in `\X..\` are those of the message's set: they become those of the new one.
fn hexadecimal(raw: &str, escape: u8, from: Charset, target: Target) -> String {
    let mark = char::from(escape);
    let pieces: Vec<&str> = raw.split(mark).collect();
    let recoded = |piece: &str| {
        let digits = piece.strip_prefix('X')?;
        let digits: Vec<u32> = digits.chars().map(|c| c.to_digit(16)).collect::<Option<_>>()?;
        let bytes: Vec<u8> =
            digits.chunks_exact(2).filter_map(|pair| u8::try_from(pair[0] << 4 | pair[1]).ok()).collect();
        let text = from.decode(&bytes).filter(|text| !text.is_ascii() && digits.len().is_multiple_of(2))?;
        let bytes = encode_within(&respelled(&text, target), target.charset, target.repertoire).ok()?;
        Some(format!("X{}", bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>()))
    };
    let pieces = pieces.iter().enumerate().map(|(at, piece)| match at % 2 {
        1 => recoded(piece).unwrap_or_else(|| (*piece).to_owned()),
        _ => (*piece).to_owned(),
    });
    pieces.collect::<Vec<_>>().join(mark.encode_utf8(&mut [0; 4]))
}

/// Gives every segment this terminator.
pub fn terminate(written: &mut Written, terminator: Terminator) {
    for part in &mut written.parts {
        for line in &mut part.lines {
            line.end = terminator.in_place_of(&line.end);
        }
    }
}
