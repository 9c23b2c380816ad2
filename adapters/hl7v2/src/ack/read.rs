//! Reads an acknowledgement.

use super::table::AckCode;
use crate::message::{DecodeError, Message, decode};
use crate::segment::Segment;

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// MSA-1.
    pub code: AckCode,
    /// MSA-2: the control id of the message that is answered.
    pub control_id: String,
    /// Numbers of table 0357 or of the answerer's own, in the order of their ERR segments; without doubles.
    pub conditions: Vec<u32>,
}

/// Why bytes are no acknowledgement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// They can't be read.
    #[error("the answer can't be read")]
    Decode(#[from] DecodeError),
    /// The message has no MSA segment.
    #[error("the answer has no MSA segment")]
    NoMsa,
    /// MSA-1 is not of table 0008.
    #[error("the acknowledgement code in MSA-1 is not one of HL7 table 0008")]
    UnknownCode,
}

/// Most conditions that are kept of one answer.
const CONDITIONS_MAX: usize = 16;

/// Reads what was answered; the bytes are those of one frame.
pub fn read(bytes: &[u8]) -> Result<Answer, AnswerError> {
    let message = decode(bytes)?;
    let msa = message.segment("MSA").ok_or(AnswerError::NoMsa)?;
    let code = AckCode::of(msa.field(1).value().trim()).ok_or(AnswerError::UnknownCode)?;
    let control_id = msa.field(2).value().trim().to_owned();
    Ok(Answer { code, control_id, conditions: conditions(&message, &msa) })
}

/// Of MSA-6 (until 2.4), ERR-1 (until 2.4: fourth component) and ERR-3 (since 2.5).
fn conditions(message: &Message, msa: &Segment<'_>) -> Vec<u32> {
    let mut numbers = Vec::new();
    let mut add = |text: &str| {
        let number = text.trim().parse::<u32>().ok();
        if let Some(number) =
            number.filter(|number| !numbers.contains(number) && numbers.len() < CONDITIONS_MAX)
        {
            numbers.push(number);
        }
    };
    add(&msa.field(6).component(1).value());
    for err in message.segments().filter(|segment| segment.is("ERR")) {
        for repetition in err.field(1).repetitions() {
            add(&repetition.component(4).subcomponent(1));
        }
        add(&err.field(3).component(1).value());
    }
    numbers
}
