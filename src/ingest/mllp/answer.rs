//! Writes what is answered to a frame.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hl7v2::ack::{self, AckCode, Acknowledgement, Condition, Initiating, Problem, Severity};
use hl7v2::mllp;

use super::frame::{Frame, Part};
use crate::clock::Clock;

const NOT_NOW: Problem = Problem {
    condition: Condition::ApplicationInternal,
    severity: Severity::Error,
    location: None,
    text: "the message can't be stored now; send it again later",
};

/// Gives answers their time and control id.
pub(super) struct Answerer {
    clock: Arc<dyn Clock>,
    /// Seconds since 1970 when it began, so that control ids differ after a restart.
    began: i64,
    answers: AtomicU64,
}

impl Answerer {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { began: clock.now().as_second(), clock, answers: AtomicU64::new(0) }
    }

    /// Adds the answers to a frame whose messages were taken or not; false if one of them was not taken and its
    /// sender does not want to be told.
    pub(super) fn write(&self, frame: &Frame, taken: bool, to: &mut Vec<u8>) -> bool {
        let mut all_told = true;
        let mut acknowledgements = Vec::new();
        for Part { initiating, rejected } in &frame.parts {
            let mode = initiating.mode();
            let (codes, problem) = match (rejected, taken) {
                (Some(problem), _) => (mode.rejection().into_iter().collect(), Some(*problem)),
                (None, true) => (mode.taken(), None),
                (None, false) => (mode.error().into_iter().collect(), Some(NOT_NOW)),
            };
            all_told &= problem.is_none() || !codes.is_empty();
            let answers = codes.into_iter().map(|code| self.acknowledgement(initiating, code, problem));
            acknowledgements.extend(answers);
        }
        match &frame.batch {
            // All senders of a batch that has messages want no answer.
            Some(_) if acknowledgements.is_empty() && !frame.parts.is_empty() => {}
            Some(batch) => {
                let bytes = ack::batch(batch, &acknowledgements, &self.control_id(), &self.time());
                to.extend(mllp::frame(&bytes));
            }
            None => acknowledgements.iter().for_each(|bytes| to.extend(mllp::frame(bytes))),
        }
        all_told
    }

    fn acknowledgement(&self, initiating: &Initiating, code: AckCode, problem: Option<Problem>) -> Vec<u8> {
        let (control_id, time) = (&self.control_id(), &self.time());
        Acknowledgement { code, control_id, time, problem }.to_bytes(initiating)
    }

    /// MSH-7, in UTC.
    fn time(&self) -> String {
        self.clock.now().strftime("%Y%m%d%H%M%S+0000").to_string()
    }

    /// 20 characters: as many as every version allows in MSH-10.
    fn control_id(&self) -> String {
        format!("{:08x}{:012x}", self.began, self.answers.fetch_add(1, Ordering::Relaxed))
    }
}
