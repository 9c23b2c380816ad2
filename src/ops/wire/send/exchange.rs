//! Messages that go out together, and their answers.

use std::time::Duration;

use hl7v2::ack::{AnswerError, Mode};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::fault::{Fault, Step, steps};
use super::outgoing::Outgoing;
use super::reply::Reply;
use super::summary::{Sent, Verdict};
use crate::deliver::{Link, LinkError};
use crate::telemetry::causes;

/// How long a negative answer is awaited where a positive one is not asked for.
const SILENCE: Duration = Duration::from_millis(300);

/// Why there is no answer that could be used.
#[derive(Debug, thiserror::Error)]
enum NoAnswer {
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error("the answer can't be read")]
    Unreadable(#[from] AnswerError),
    #[error("the answer is to another message: its MSA-2 is not the control id")]
    Other,
    #[error("no answer in time")]
    Late,
    #[error("the sender closed the connection, as the fault says")]
    Torn,
}

/// Sends the messages and awaits what they are owed; the connection comes back if it is of use for more.
pub(super) async fn exchange(
    mut link: Link,
    messages: &[Outgoing],
    patience: Duration,
) -> (Vec<Sent>, Option<Link>) {
    let began = Instant::now();
    let until = began + patience;
    let fault = messages.iter().find_map(|message| message.fault);
    let bodies: Vec<_> = messages.iter().map(|message| &message.bytes[..]).collect();
    let written = timeout_at(until, write(&mut link, steps(&bodies, fault))).await;
    let mut written = written.unwrap_or(Err(NoAnswer::Late));
    let answers = if fault == Some(Fault::Duplicate) { 2 } else { 1 };
    let mut all = Vec::new();
    for message in messages {
        let mut sent = Sent::of(message);
        let mut outcome = Ok(());
        // What could not be written to its end may be answered all the same: it was too large, say.
        if !matches!(written, Err(NoAnswer::Torn)) {
            for _ in 0..answers {
                if outcome.is_ok() {
                    outcome = timeout_at(until, answered(&mut link, message, &mut sent))
                        .await
                        .unwrap_or(Err(NoAnswer::Late));
                }
            }
        }
        if let Err(why) = std::mem::replace(&mut written, Ok(())).and(outcome) {
            sent.verdict = if sent.verdict == Verdict::Rejected { sent.verdict } else { Verdict::Unanswered };
            sent.why = Some(causes(&why));
        }
        sent.milliseconds = (began.elapsed().as_secs_f64() * 1e6).round() / 1e3;
        all.push(sent);
    }
    let ended = matches!(fault, Some(Fault::HalfClose | Fault::NoEnd | Fault::Torn));
    let kept = !ended && all.iter().all(|sent| sent.why.is_none());
    (all, kept.then_some(link))
}

async fn write(link: &mut Link, steps: Vec<Step>) -> Result<(), NoAnswer> {
    for step in steps {
        match step {
            Step::Write(bytes) => link.write(&bytes).await?,
            Step::Pause(time) => sleep(time).await,
            Step::CloseWriting => link.close_writing().await?,
            Step::Close => {
                link.close_writing().await?;
                return Err(NoAnswer::Torn);
            }
        }
    }
    Ok(())
}

/// The answers to a message, until one says that there are no more to come.
async fn answered(link: &mut Link, message: &Outgoing, sent: &mut Sent) -> Result<(), NoAnswer> {
    let (mut commit, application) = match message.mode {
        Mode::Original => (false, true),
        Mode::Enhanced { accept, application } => (accept.applies(true), application.applies(true)),
    };
    while commit || application {
        let reply = answer(link, message, sent).await?;
        commit = false;
        if !reply.code.is_accept() || !reply.code.is_commit() || !application {
            return Ok(());
        }
    }
    match timeout(SILENCE, answer(link, message, sent)).await {
        Ok(answered) => answered.map(drop),
        Err(_) => Ok(()),
    }
}

async fn answer(link: &mut Link, message: &Outgoing, sent: &mut Sent) -> Result<Reply, NoAnswer> {
    let reply = Reply::read(&link.next().await?)?;
    if reply.control_id != message.control_id {
        return Err(NoAnswer::Other);
    }
    sent.codes.push(reply.code.as_str());
    sent.conditions.extend(&reply.conditions);
    if reply.text.is_some() {
        sent.text.clone_from(&reply.text);
    }
    if !reply.code.is_accept() {
        sent.verdict = Verdict::Rejected;
    }
    Ok(reply)
}

impl Sent {
    /// Accepted, until an answer says otherwise.
    fn of(message: &Outgoing) -> Self {
        Self {
            number: message.number,
            control_id: message.control_id.clone(),
            fault: message.fault.map(Fault::name),
            verdict: Verdict::Accepted,
            codes: Vec::new(),
            conditions: Vec::new(),
            text: None,
            why: None,
            milliseconds: 0.0,
        }
    }
}
