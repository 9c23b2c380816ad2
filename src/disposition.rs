//! The one question that every error of a stage answers: what shall the pipeline do now?

/// What the pipeline does about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Try again later: the cause may pass.
    Retry,
    /// Put the message where an integrator finds it: it makes no sense.
    Invalid,
    /// Put the message where an operator finds it: it can't be delivered.
    Dead,
    /// Stop: going on would break a promise.
    Stop,
}
