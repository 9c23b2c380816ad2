//! What became of messages that were sent.

use std::time::Duration;

use serde::Serialize;

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Answered positively, or no answer was asked for and none came.
    Accepted,
    /// Answered with AE, AR, CE or CR.
    Rejected,
    /// No answer that could be used.
    Unanswered,
}

/// A message that was sent, without anything of the patient.
#[derive(Debug, Clone, Serialize)]
pub struct Sent {
    /// Which message, from 1.
    pub number: u64,
    /// MSH-10.
    pub control_id: String,
    /// The fault with which it was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<&'static str>,
    /// What became of it.
    pub verdict: Verdict,
    /// MSA-1 of its answers, in their order.
    pub codes: Vec<&'static str>,
    /// Conditions of ERR (table 0357).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<u32>,
    /// The answer's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Why there is no answer that could be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// From the first byte to the last answer.
    pub milliseconds: f64,
}

/// What became of all of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Messages that went out.
    pub sent: u64,
    /// Of those, accepted.
    pub accepted: u64,
    /// Of those, rejected.
    pub rejected: u64,
    /// Of those, without an answer.
    pub unanswered: u64,
    /// Why there is no connection; what is left was not sent then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_connection: Option<String>,
    /// Inputs that can't be read or hold no message.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<String>,
    /// How long it took.
    pub seconds: f64,
    /// Of the messages that were answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
}

/// Milliseconds to the last answer: half of the messages, nine of ten and so on took no longer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Latency {
    /// Half.
    pub p50: f64,
    /// Nine of ten.
    pub p90: f64,
    /// Ninety-nine of a hundred.
    pub p99: f64,
    /// All.
    pub max: f64,
}

/// Adds up.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) summary: Summary,
    milliseconds: Vec<f64>,
}

impl Tally {
    pub(super) fn add(&mut self, sent: &Sent) {
        self.summary.sent += 1;
        match sent.verdict {
            Verdict::Accepted => self.summary.accepted += 1,
            Verdict::Rejected => self.summary.rejected += 1,
            Verdict::Unanswered => self.summary.unanswered += 1,
        }
        if sent.verdict != Verdict::Unanswered {
            self.milliseconds.push(sent.milliseconds);
        }
    }

    pub(super) fn finish(mut self, took: Duration) -> Summary {
        self.milliseconds.sort_by(f64::total_cmp);
        let times = &self.milliseconds;
        let of = |part: usize| times.get((times.len() * part).div_ceil(100).saturating_sub(1)).copied();
        self.summary.latency = match (of(50), of(90), of(99), of(100)) {
            (Some(p50), Some(p90), Some(p99), Some(max)) => Some(Latency { p50, p90, p99, max }),
            _ => None,
        };
        self.summary.seconds = took.as_secs_f64();
        self.summary
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_what_was_answered() {
        let mut tally = Tally { milliseconds: (1..=200).rev().map(f64::from).collect(), ..Tally::default() };
        let none = Sent {
            number: 1,
            control_id: String::new(),
            fault: None,
            verdict: Verdict::Unanswered,
            codes: Vec::new(),
            conditions: Vec::new(),
            text: None,
            why: None,
            milliseconds: 30_000.0,
        };
        tally.add(&none);
        let summary = tally.finish(Duration::from_secs(1));
        assert_eq!(summary.latency, Some(Latency { p50: 100.0, p90: 180.0, p99: 198.0, max: 200.0 }));
        assert_eq!((summary.sent, summary.unanswered), (1, 1));
        assert_eq!(Tally::default().finish(Duration::ZERO).latency, None);
    }
}
