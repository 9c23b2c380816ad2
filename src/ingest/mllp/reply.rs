//! What would be answered to a message, without taking it.

use std::fmt;

use hl7v2::ack::{AckCode, Condition, Initiating, Mode};

use super::frame::{TOO_LARGE, unreadable};

/// The answers to one message that can be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// In their order; none where the sender wants none.
    pub codes: Vec<AckCode>,
    /// Why it is rejected (table 0357).
    pub condition: Option<Condition>,
}

impl fmt::Display for Reply {
    /// `AA`, `CA AA`, `AR 100`, or `none`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let codes: Vec<_> = self.codes.iter().map(|code| code.as_str()).collect();
        match (codes.is_empty(), self.condition) {
            (true, _) => f.write_str("none"),
            (false, None) => f.write_str(&codes.join(" ")),
            (false, Some(condition)) => write!(f, "{} {}", codes.join(" "), condition.number()),
        }
    }
}

/// The answer to a message of at most `bytes_max` bytes, as a listener gives it.
pub fn reply(message: &[u8], bytes_max: u64) -> Reply {
    let read = Initiating::read(message);
    let rejected = |mode: Mode, condition| Reply {
        codes: mode.rejection().into_iter().collect(),
        condition: Some(condition),
    };
    if u64::try_from(message.len()).unwrap_or(u64::MAX) > bytes_max {
        return rejected(read.unwrap_or_default().mode(), TOO_LARGE.condition);
    }
    match read {
        Ok(initiating) if initiating.is_acknowledgement() => Reply { codes: Vec::new(), condition: None },
        Ok(initiating) => Reply { codes: initiating.mode().taken(), condition: None },
        Err(_) if message.trim_ascii().is_empty() => Reply { codes: Vec::new(), condition: None },
        Err(error) => rejected(Mode::Original, unreadable(&error).condition),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_answered_as_its_header_asks() {
        let message = |accept: &str, application: &str| {
            format!("MSH|^~\\&|a|b|c|d|20261122||ADT^A08|1|P|2.5|||{accept}|{application}\r")
        };
        for (message, bytes_max, answer) in [
            (message("", ""), 999, "AA"),
            (message("AL", "AL"), 999, "CA AA"),
            (message("NE", "NE"), 999, "none"),
            (message("", ""), 10, "AR 207"),
            (message("AL", "NE"), 10, "CR 207"),
            (message("", "").replace("ADT^A08", "ACK^A08"), 999, "none"),
            ("PID|1\r".to_owned(), 999, "AR 100"),
            ("MSH|^^^^\r".to_owned(), 999, "AR 102"),
            ("\r\n".to_owned(), 999, "none"),
        ] {
            assert_eq!(reply(message.as_bytes(), bytes_max).to_string(), answer, "{message}");
        }
    }
}
