//! ISO 2022 with the Japanese sets, read run by run.
//!
//! Tolerant of what is met in practice: empty and doubled designations, a shift left open at the
//! end of a segment, 8-bit bytes among the escape sequences, and HL7's own `\M2442\` and
//! `\C2842\` in place of the escape sequences (HL7 2.9, 2.7.2).

use super::likely;
use super::plane::{KANJI, Plane, SUPPLEMENT};
use crate::finding::{Findings, Place};
use crate::scan;

const ESC: u8 = 0x1B;
const SHIFT_OUT: u8 = 0x0E;
const SHIFT_IN: u8 = 0x0F;

/// What 7-bit bytes mean at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Set {
    /// ISO IR6, and IR14, whose `\` and `~` stay what HL7 needs them to be.
    Ascii,
    /// ISO IR13, half-width kana.
    Kana,
    /// ISO IR87.
    Kanji,
    /// ISO IR159.
    Supplement,
    /// A two-byte set that is not Japanese.
    Foreign,
}

/// What an escape sequence asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Designation {
    Of(Set),
    /// Half-width kana for 8-bit bytes and for shift out.
    KanaRight,
    /// Announces a revision of a set; changes nothing.
    Announcement,
}

/// A piece of the bytes, and what was made of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    /// Where it starts in the bytes, and in the text.
    pub(super) from: (usize, usize),
    /// Where it ends there.
    pub(super) to: (usize, usize),
    /// The set that was in force.
    pub(super) set: Set,
    /// The one that is in force after it.
    pub(super) after: Set,
    /// Whether all of it has its plain meaning in the set.
    pub(super) plain: bool,
}

/// Decodes a whole message.
pub(super) fn decode(
    bytes: &[u8],
    escape: Option<u8>,
    kana_declared: bool,
    findings: &mut Findings,
) -> String {
    watched(bytes, escape, kana_declared, findings, |_| {})
}

/// Decodes a whole message, with how many bytes each run of characters takes and how many bytes of text it makes.
pub(super) fn runs(bytes: &[u8], escape: Option<u8>, kana_declared: bool) -> (String, Vec<(usize, usize)>) {
    let mut runs = Vec::new();
    let show = |piece: Piece| runs.push((piece.to.0 - piece.from.0, piece.to.1 - piece.from.1));
    let text = watched(bytes, escape, kana_declared, &mut Findings::default(), show);
    (text, runs)
}

/// Decodes, and shows every piece in its order.
pub(super) fn watched(
    bytes: &[u8],
    escape: Option<u8>,
    kana_declared: bool,
    findings: &mut Findings,
    mut show: impl FnMut(Piece),
) -> String {
    let hl7 = escape.unwrap_or(ESC);
    // As signed numbers, bytes above 0x7F are below the control characters.
    let special = |b: u8| (b.cast_signed() < 0x20) | (b == hl7);
    let mut reader = Reader {
        bytes,
        specials: scan::Marks::new(bytes, special),
        special: 0,
        text: std::str::from_utf8(bytes).unwrap_or_default(),
        at: 0,
        escape,
        kana_right: kana_declared,
        findings,
        out: String::with_capacity(bytes.len() + bytes.len() / 2),
    };
    let mut set = Set::Ascii;
    while reader.at < bytes.len() {
        let start = reader.here();
        reader.run(set);
        let turn = reader.here();
        show(Piece { from: start, to: turn, set, after: set, plain: true });
        let after = reader.turn(set);
        show(Piece { from: turn, to: reader.here(), set, after, plain: false });
        set = after;
    }
    if set != Set::Ascii {
        reader.report("shift-open-at-segment-end", OPEN);
    }
    reader.out
}

/// Decodes bytes that stand apart; `None` if anything has no meaning.
pub(super) fn decode_exactly(bytes: &[u8]) -> Option<String> {
    let mut findings = Findings::default();
    let text = decode(bytes, None, true, &mut findings);
    let faulty = ["undecodable", "unknown-designation"].iter().any(|code| findings.has(code));
    (!faulty).then_some(text)
}

/// Whether the last line of a message ends while a multi-byte set is still designated.
pub(crate) fn ends_shifted(bytes: &[u8]) -> bool {
    let start = bytes.iter().rposition(|b| matches!(b, b'\r' | b'\n')).map_or(0, |at| at + 1);
    let mut findings = Findings::default();
    decode(&bytes[start..], None, true, &mut findings);
    findings.has("shift-open-at-segment-end")
}

/// Whether the bytes end with the first ones of an escape sequence.
pub(crate) fn ends_in_escape_sequence(bytes: &[u8]) -> bool {
    let torn: [&[u8]; 7] = [b"", b"$", b"(", b")", b"&", b"$(", b"$)"];
    torn.iter().any(|torn| bytes.strip_suffix(*torn).is_some_and(|before| before.ends_with(&[ESC])))
}

/// Whether any designation of a Japanese set is there, as an escape sequence or in HL7's form.
///
/// HL7's form tells nothing about bytes that are 8-bit anyhow.
pub(super) fn is_designated(bytes: &[u8], escape: Option<u8>) -> bool {
    let designates = |after: &[u8]| matches!(after, [ESC, b'$' | b'(' | b')', ..]);
    let switches = |after: &[u8]| matches!(after, [_, b'M', b'2', b'4', ..] | [_, b'C', b'2', b'8', ..]);
    if any_at(bytes, ESC, designates) {
        return true;
    }
    // In MSH-2 the escape character stands for itself.
    let body = bytes.get(7..).unwrap_or_default();
    escape.is_some_and(|escape| any_at(body, escape, switches) && bytes.is_ascii())
}

/// Whether `holds` for the rest of the bytes from any place where `byte` is.
fn any_at(bytes: &[u8], byte: u8, holds: impl Fn(&[u8]) -> bool) -> bool {
    scan::contains(bytes, |b| b == byte)
        && scan::Marks::new(bytes, |b| b == byte).any(|at| holds(&bytes[at..]))
}

/// The designation that follows an escape byte, with the number of bytes it takes.
#[inline]
fn designation(after: &[u8]) -> Option<(Designation, usize)> {
    use Designation::{Announcement, KanaRight, Of};
    Some(match after {
        [b'(', b'B' | b'J' | b'H', ..] => (Of(Set::Ascii), 2),
        [b'(', b'I', ..] => (Of(Set::Kana), 2),
        [b')', b'I', ..] => (KanaRight, 2),
        [b')', b'B' | b'J', ..] => (Announcement, 2),
        [b'&', b'@', ..] => (Announcement, 2),
        [b'$', b'@' | b'B', ..] => (Of(Set::Kanji), 2),
        [b'$', b'(', b'@' | b'B' | b'O' | b'Q', ..] => (Of(Set::Kanji), 3),
        [b'$', b'(', b'D', ..] => (Of(Set::Supplement), 3),
        [b'$', b'(' | b')', 0x40..=0x7E, ..] => (Of(Set::Foreign), 3),
        [b'$', b'A', ..] => (Of(Set::Foreign), 2),
        _ => return None,
    })
}

/// HL7's form of a designation, such as `\M2442\`, with the number of bytes it takes.
fn hl7_designation(bytes: &[u8], escape: u8) -> Option<(Designation, usize)> {
    let [first, b'C' | b'M', rest @ ..] = bytes else { return None };
    let end = rest.iter().take(7).position(|b| *b == escape)?;
    let mut codes = [0; 3];
    if *first != escape || !matches!(end, 4 | 6) {
        return None;
    }
    for (code, digits) in codes.iter_mut().zip(rest[..end].chunks_exact(2)) {
        *code = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    let (found, taken) = designation(&codes[..end / 2])?;
    (taken == end / 2 && found != Designation::Of(Set::Foreign)).then_some((found, end + 3))
}

const OPEN: &str = "the segment ends without a return to ASCII; the next one is read from ASCII";

struct Reader<'a, F> {
    bytes: &'a [u8],
    /// What does not have its plain meaning among single bytes.
    specials: scan::Marks<'a, F>,
    /// The last of those that was looked at; at first the first byte, which `turn` takes.
    special: usize,
    /// The bytes as text, empty if they are not UTF-8: checked once, not for every run.
    text: &'a str,
    at: usize,
    escape: Option<u8>,
    kana_right: bool,
    findings: &'a mut Findings,
    out: String,
}

impl<F: Fn(u8) -> bool> Reader<'_, F> {
    fn report(&mut self, code: &'static str, text: &'static str) {
        self.findings.push(code, Place::Text(self.out.len()), text);
    }

    /// The place in the bytes and in the text.
    fn here(&self) -> (usize, usize) {
        (self.at, self.out.len())
    }

    /// Copies what has its plain meaning in the set.
    fn run(&mut self, set: Set) {
        match set {
            Set::Ascii => self.ascii(),
            Set::Kana => self.kana(),
            Set::Kanji => self.pairs(&KANJI),
            Set::Supplement => self.pairs(&SUPPLEMENT),
            Set::Foreign => {
                while matches!(self.bytes[self.at..], [0x21..=0x7E, 0x21..=0x7E, ..]) {
                    self.out.push(char::REPLACEMENT_CHARACTER);
                    self.at += 2;
                }
            }
        }
    }

    fn ascii(&mut self) {
        while self.special < self.at || matches!(self.bytes.get(self.special), Some(b'\r' | b'\n')) {
            self.special = self.specials.next().unwrap_or(self.bytes.len());
        }
        let run = self.at..self.special;
        match self.text.get(run.clone()) {
            Some(text) => self.out.push_str(text),
            None => self.out.extend(self.bytes[run].iter().copied().map(char::from)),
        }
        self.at = self.special;
    }

    fn kana(&mut self) {
        while let Some(byte @ 0x21..=0x5F) = self.bytes.get(self.at).copied() {
            if self.hl7_escape_here() {
                return;
            }
            self.out.push(half_width(byte));
            self.at += 1;
        }
    }

    fn pairs(&mut self, plane: &Plane) {
        let escape = self.escape.unwrap_or(ESC);
        let codes = self.bytes[self.at..].as_chunks::<2>().0;
        for [lead, trail] in codes {
            if *lead == ESC
                || *lead == escape && self.hl7_escape_here()
                || !plane.push(*lead, *trail, &mut self.out)
            {
                return;
            }
            self.at += 2;
        }
    }

    fn hl7_escape_here(&self) -> bool {
        self.escape.is_some_and(|escape| hl7_designation(&self.bytes[self.at..], escape).is_some())
    }

    /// Takes one thing that is not plain in the set and says which set holds after it.
    fn turn(&mut self, set: Set) -> Set {
        let bytes = self.bytes;
        let Some(byte) = bytes.get(self.at).copied() else { return set };
        if byte == ESC {
            return self.escape_sequence(set);
        }
        if let Some((found, len)) = self.escape.and_then(|escape| hl7_designation(&bytes[self.at..], escape))
        {
            self.at += len;
            return self.designate(found, set);
        }
        match byte {
            b'\r' | b'\n' if set != Set::Ascii => {
                self.report("shift-open-at-segment-end", OPEN);
                self.keep(byte);
                Set::Ascii
            }
            SHIFT_OUT if self.kana_right => {
                self.at += 1;
                Set::Kana
            }
            SHIFT_IN if self.kana_right => {
                self.at += 1;
                Set::Ascii
            }
            0x80.. => {
                self.eight_bit();
                set
            }
            0x21..=0x7E if set != Set::Ascii => {
                self.undecodable();
                // An unassigned code is two bytes; anything else is one.
                let paired = matches!(bytes.get(self.at + 1), Some(0x21..=0x7E)) && set != Set::Kana;
                self.at += if paired { 2 } else { 1 };
                set
            }
            _ => {
                self.keep(byte);
                set
            }
        }
    }

    fn keep(&mut self, byte: u8) {
        self.out.push(char::from(byte));
        self.at += 1;
    }

    fn escape_sequence(&mut self, set: Set) -> Set {
        if let Some((found, len)) = designation(&self.bytes[self.at + 1..]) {
            self.at += 1;
            if found == Designation::Of(Set::Foreign) {
                self.report(
                    "unknown-designation",
                    "a designated two-byte set is not Japanese; its characters are replaced",
                );
                self.out.push('␛');
                self.out.extend(self.bytes[self.at..self.at + len].iter().copied().map(char::from));
            }
            self.at += len;
            return self.designate(found, set);
        }
        self.report(
            "unknown-designation",
            "an escape sequence has no known meaning; it is kept, its escape byte as U+241B",
        );
        self.out.push('␛');
        self.at += 1;
        Set::Ascii
    }

    fn designate(&mut self, found: Designation, set: Set) -> Set {
        match found {
            Designation::Of(new) => new,
            Designation::KanaRight => {
                self.kana_right = true;
                set
            }
            Designation::Announcement => set,
        }
    }

    /// A run of 8-bit bytes: UTF-8 if it can be nothing else, else CP932 as far as that is valid.
    fn eight_bit(&mut self) {
        let rest = &self.bytes[self.at..];
        if let Some(text) = utf8_run(rest) {
            self.report(
                "eight-bit-in-iso-2022",
                "bytes above 0x7F in an ISO 2022 text; they are read as UTF-8",
            );
            self.out.push_str(text);
            self.at += text.len();
            return;
        }
        let first = rest[0];
        if self.kana_right && matches!(first, 0xA1..=0xDF) {
            self.out.push(half_width(first & 0x7F));
            self.at += 1;
            return;
        }
        let len = likely::cp932_run(rest);
        match encoding_rs::SHIFT_JIS.decode_without_bom_handling_and_without_replacement(&rest[..len]) {
            Some(text) if len > 0 => {
                self.report(
                    "eight-bit-in-iso-2022",
                    "bytes above 0x7F in an ISO 2022 text; they are read as CP932",
                );
                self.out.push_str(&text);
                self.at += len;
            }
            _ => {
                self.undecodable();
                self.at += 1;
            }
        }
    }

    fn undecodable(&mut self) {
        self.report("undecodable", "bytes that are no character of the set in force; replaced by U+FFFD");
        self.out.push(char::REPLACEMENT_CHARACTER);
    }
}

/// U+FF61 to U+FF9F for the codes 0x21 to 0x5F.
fn half_width(code: u8) -> char {
    char::from_u32(0xFF40 + u32::from(code)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The 8-bit characters at the start if they are UTF-8 of three or four bytes; a part of a long
/// run, so that the cost stays linear.
fn utf8_run(bytes: &[u8]) -> Option<&str> {
    const LOOK_AHEAD: usize = 64;
    let window = &bytes[..bytes.len().min(LOOK_AHEAD)];
    let run = &window[..window.iter().position(u8::is_ascii).unwrap_or(window.len())];
    let text = match std::str::from_utf8(run) {
        Ok(text) => text,
        Err(cut) if cut.error_len().is_none() && run.len() == LOOK_AHEAD => {
            std::str::from_utf8(&run[..cut.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    text.bytes().any(|b| b >= 0xE0).then_some(text)
}
