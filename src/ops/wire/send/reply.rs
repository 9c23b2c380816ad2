//! An answer as its sender sees it.

use hl7v2::ack::{self, AckCode, AnswerError};
use hl7v2::{Message, decode};

/// What an answer says, with its words.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) code: AckCode,
    pub(super) control_id: String,
    pub(super) conditions: Vec<u32>,
    /// MSA-3, or of the ERR segments the place and the text.
    pub(super) text: Option<String>,
}

impl Reply {
    pub(super) fn read(frame: &[u8]) -> Result<Self, AnswerError> {
        let ack::Answer { code, control_id, conditions } = ack::read(frame)?;
        Ok(Self { code, control_id, conditions, text: words(&decode(frame)?) })
    }
}

/// Longest text that is told, in characters.
const TEXT_MAX: usize = 300;

/// MSA-3 (until 2.4), ERR-2 (place), ERR-3.2, ERR-7 and ERR-8 (since 2.5) on one line.
fn words(message: &Message) -> Option<String> {
    let mut words = Vec::new();
    let mut add = |text: &str| {
        let text = text.trim();
        if !text.is_empty() && !words.iter().any(|known| known == text) {
            words.push(text.to_owned());
        }
    };
    if let Some(msa) = message.segment("MSA") {
        add(&msa.field(3).value());
    }
    for err in message.segments().filter(|segment| segment.name() == "ERR") {
        let place: Vec<_> = (1..=3).map(|n| err.field(2).component(n).value().into_owned()).collect();
        add(place.join(" ").trim());
        add(&err.field(3).component(2).value());
        add(&err.field(7).value());
        add(&err.field(8).value());
    }
    let line = words.join("; ").replace(char::is_control, " ");
    (!line.is_empty()).then(|| line.chars().take(TEXT_MAX).collect())
}
