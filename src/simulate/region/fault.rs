//! Faults on request: what is wrong with a message, how often, and what the hub should find.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use hl7v2::charset::{Charset, encode};
use serde::{Deserialize, Serialize};

use crate::simulate::archive::half;
use crate::simulate::random::Random;

/// Of a million messages.
const MILLION: u64 = 1_000_000;
/// A huge message carries a note of so many characters.
const HUGE_CHARS: usize = 3 << 20;
/// A code that no facility of a region has.
pub(super) const OTHER_FACILITY: &str = "3219900019";

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// The file ends within the name of its last segment, and is never completed.
    Torn,
    /// The file ends within kanji.
    HalfWritten,
    /// The file is there, with nothing in it.
    Empty,
    /// Segments end with LF instead of CR.
    LfTerminators,
    /// Shift_JIS, and MSH-18 says nothing.
    UndeclaredCharset,
    /// The record of the transaction storage names another facility.
    WrongFacility,
    /// PID-7 is no date.
    BadDate,
    /// The message is sent twice.
    Duplicate,
    /// The message leaves after the patient's next one.
    OutOfOrder,
    /// Control characters stand in the last field.
    ControlCharacters,
    /// A note of 3 million characters.
    Huge,
}

/// What the hub makes of a faulty message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expectation {
    /// It is kept out of the network, with the reason.
    Invalid,
    /// It is taken, with a finding of this code.
    Finding,
    /// It is taken as any other.
    Accepted,
}

impl FaultKind {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Torn,
        Self::HalfWritten,
        Self::Empty,
        Self::LfTerminators,
        Self::UndeclaredCharset,
        Self::WrongFacility,
        Self::BadDate,
        Self::Duplicate,
        Self::OutOfOrder,
        Self::ControlCharacters,
        Self::Huge,
    ];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Torn => "torn",
            Self::HalfWritten => "half-written",
            Self::Empty => "empty",
            Self::LfTerminators => "lf-terminators",
            Self::UndeclaredCharset => "undeclared-charset",
            Self::WrongFacility => "wrong-facility",
            Self::BadDate => "bad-date",
            Self::Duplicate => "duplicate",
            Self::OutOfOrder => "out-of-order",
            Self::ControlCharacters => "control-characters",
            Self::Huge => "huge",
        }
    }

    /// What the hub makes of it, with the code of the finding or of the refusal.
    pub const fn expected(self) -> (Expectation, Option<&'static str>) {
        match self {
            Self::Torn => (Expectation::Invalid, Some("torn-segment")),
            Self::HalfWritten => (Expectation::Invalid, Some("torn-character")),
            Self::Empty => (Expectation::Invalid, Some("empty")),
            Self::UndeclaredCharset => (Expectation::Finding, Some("charset-undeclared")),
            Self::BadDate => (Expectation::Finding, Some("time-unreadable")),
            Self::LfTerminators
            | Self::WrongFacility
            | Self::Duplicate
            | Self::OutOfOrder
            | Self::ControlCharacters
            | Self::Huge => (Expectation::Accepted, None),
        }
    }

    /// Whether the file lacks its end, so that it can only be made where the hub reads files themselves.
    pub(super) const fn is_incomplete(self) -> bool {
        matches!(self, Self::Torn | Self::HalfWritten | Self::Empty)
    }

    /// The text of a message with the fault in it.
    pub(super) fn in_text(self, text: String) -> String {
        match self {
            Self::BadDate => with_field(&text, "PID", 7, "19991399"),
            Self::UndeclaredCharset => with_field(&with_field(&text, "MSH", 18, ""), "MSH", 20, ""),
            Self::ControlCharacters => format!("{}\u{1}\u{1a}\u{7f}\r", text.trim_end_matches('\r')),
            Self::Huge => format!("{text}NTE|99||{}\r", "a".repeat(HUGE_CHARS)),
            Self::LfTerminators => text.replace('\r', "\n"),
            _ => text,
        }
    }

    /// The bytes of a message with the fault in it.
    pub(super) fn in_bytes(self, text: &str, charset: Charset) -> std::io::Result<Vec<u8>> {
        let charset = if self == Self::UndeclaredCharset { Charset::Cp932 } else { charset };
        let bytes = encode(text, charset).map_err(std::io::Error::other)?;
        Ok(match self {
            Self::Torn => torn(&bytes).to_vec(),
            Self::HalfWritten if charset == Charset::Iso2022Jp => half(&bytes).to_vec(),
            Self::HalfWritten => half_utf8(&bytes).to_vec(),
            Self::Empty => Vec::new(),
            _ => bytes,
        })
    }
}

/// Field `number` of the first segment of that name becomes `value`.
fn with_field(text: &str, name: &str, number: usize, value: &str) -> String {
    let number = if name == "MSH" { number - 1 } else { number };
    let mut is_done = false;
    let segments = text.split('\r').map(|segment| {
        let mut fields: Vec<&str> = segment.split('|').collect();
        if !is_done && fields.first() == Some(&name) && fields.len() > number {
            fields[number] = value;
            is_done = true;
        }
        fields.join("|")
    });
    segments.collect::<Vec<_>>().join("\r")
}

/// Cut within the name of its last segment, where everything is ASCII.
fn torn(bytes: &[u8]) -> &[u8] {
    let body = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    let last = body.iter().rposition(|byte| *byte == b'\r').map_or(0, |at| at + 1);
    bytes.get(..last + 2).unwrap_or(bytes)
}

/// Cut within a character past the middle.
fn half_utf8(bytes: &[u8]) -> &[u8] {
    let is_lead = |byte: &u8| *byte >= 0xE0;
    let middle = bytes.len() / 2;
    let at = bytes.iter().skip(middle).position(is_lead).map(|at| at + middle);
    let at = at.or_else(|| bytes.iter().rposition(is_lead));
    at.and_then(|at| bytes.get(..at + 1)).unwrap_or_else(|| torn(bytes))
}

/// How often each fault is made, of a million messages.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FaultRates(BTreeMap<FaultKind, u64>);

/// A word that names no fault, or a rate that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnknownFault(String);

impl FaultRates {
    /// Whether there are none.
    pub fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// The fault of message `number`; most have none.
    pub(super) fn draw(&self, seed: u64, number: u64) -> Option<FaultKind> {
        if self.is_none() {
            return None;
        }
        let mut rest = Random::new(seed ^ 0x4641_554C_5400, number).below(MILLION);
        for (kind, rate) in &self.0 {
            if rest < *rate {
                return Some(*kind);
            }
            rest -= rate;
        }
        None
    }
}

/// `torn=0.01,bad-date`: a rate between 0 and 1 each, 0.01 where none is named.
impl FromStr for FaultRates {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        let mut rates = BTreeMap::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (word, rate) = part.split_once('=').unwrap_or((part, "0.01"));
            let words = FaultKind::ALL.map(FaultKind::as_str);
            let kind = FaultKind::ALL.into_iter().find(|kind| kind.as_str() == word).ok_or_else(|| {
                UnknownFault(format!("\"{word}\" is no fault; there are {}", words.join(", ")))
            })?;
            let share: Option<f64> = rate.parse().ok().filter(|rate| (0.0..=1.0).contains(rate));
            let share = share.ok_or_else(|| {
                UnknownFault(format!("\"{rate}\" is no rate: a number from 0 to 1, such as {word}=0.01"))
            })?;
            rates.insert(kind, (share * MILLION as f64).round() as u64);
        }
        match rates.values().sum::<u64>() {
            sum if sum > MILLION => Err(UnknownFault("the rates add up to more than 1".to_owned())),
            _ => Ok(Self(rates)),
        }
    }
}

impl TryFrom<String> for FaultRates {
    type Error = UnknownFault;

    fn try_from(text: String) -> Result<Self, UnknownFault> {
        text.parse()
    }
}

impl From<FaultRates> for String {
    fn from(rates: FaultRates) -> Self {
        rates.to_string()
    }
}

impl fmt::Display for FaultRates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (kind, rate)) in self.0.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            write!(f, "{comma}{}={}", kind.as_str(), *rate as f64 / MILLION as f64)?;
        }
        Ok(())
    }
}

/// A line of `faults.ndjson`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultRecord {
    /// The feed.
    pub feed: String,
    /// The file, below the region's folder, as it was named when it was written: a later version of the same record
    /// turns its last character into another. None of what went over a connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// MSH-10.
    pub control_id: String,
    /// What is wrong.
    pub fault: FaultKind,
    /// What the hub makes of it.
    pub expect: Expectation,
    /// The code of its finding or refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}
