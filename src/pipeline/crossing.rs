//! Where lanes are joined, a lane's router waits until lower lanes are past what belongs before.
//!
//! A facility says that patients are one (ADT^A40). The message lies in the highest lane of theirs, as does all that
//! comes after it; what came before lies in their own lanes. The router that meets it puts a question behind that in
//! each lower lane, and goes on when all are answered: whatever lay before is then in the subscribers' queues.
//!
//! - A lane waits for lower ones only, so that no lanes wait for each other.
//! - A question is this router's own. Whoever has the lane after it asks anew, and answers to others mean nothing: so
//!   nothing has to be remembered, and an answer that is lost is asked for again.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tracing::{info, warn};

use crate::broker::{Broker, BrokerError, Delivery, Publication, topology};
use crate::envelope::{Envelope, Join, JoinRole, Lane};

/// Answers received at a time.
const BATCH: usize = 64;
/// Wait before a question is asked again.
const AGAIN: Duration = Duration::from_secs(5);
/// Longest such wait.
const AGAIN_MAX: Duration = Duration::from_secs(60);
/// Longest wait of one router: RabbitMQ ends a consumer that holds a message for 30 minutes.
const WAIT_MAX: Duration = Duration::from_secs(20 * 60);

/// Questions that this process put into lanes and took out of them: they are no messages of a facility.
#[derive(Debug, Default)]
pub(super) struct Questions {
    pub(super) asked: AtomicU64,
    pub(super) taken: AtomicU64,
}

/// The lanes that must be past what belongs before this message; none where there is nothing to wait for.
pub(super) fn before(delivery: &Delivery) -> &[Lane] {
    match &delivery.envelope.join {
        Some(Join { role: JoinRole::Begins, others, .. }) => others,
        _ => &[],
    }
}

/// The lane whose router asks, where it is a question.
pub(super) fn asks(delivery: &Delivery) -> Option<Lane> {
    let join = delivery.envelope.join.as_ref().filter(|join| join.role == JoinRole::Asks)?;
    Some(join.lane)
}

/// Answers a question: all that lay before it is settled.
pub(super) async fn answer(broker: &dyn Broker, question: &Delivery, to: Lane) -> Result<(), BrokerError> {
    let queue = topology::answers(to);
    broker.declare(&queue).await?;
    let envelope = question.envelope.clone();
    broker.publish(vec![Publication { to: vec![(queue, Lane(0))], envelope, body: Bytes::new() }]).await
}

/// How the wait ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Crossed {
    /// All lower lanes are past what belongs before.
    Over,
    /// Told to stop.
    Stopped,
    /// It lasts: the lane should be taken anew.
    Lasts,
}

/// Asks lower lanes, and waits for all of them.
pub(super) async fn cross(
    broker: &dyn Broker,
    questions: &Questions,
    lane: Lane,
    lower: &[Lane],
    stop: &mut watch::Receiver<bool>,
) -> Result<Crossed, BrokerError> {
    info!(
        lane = lane.0,
        lower = lower.len(),
        "lanes are joined; waiting for what lies before in the lower ones"
    );
    let waited = async {
        tokio::select! {
            biased;
            crossed = ask(broker, questions, lane, lower) => crossed.map(|()| Crossed::Over),
            () = sleep(WAIT_MAX) => Ok(Crossed::Lasts),
        }
    };
    tokio::select! {
        biased;
        _ = stop.wait_for(|&stop| stop) => Ok(Crossed::Stopped),
        crossed = waited => crossed,
    }
}

async fn ask(
    broker: &dyn Broker,
    questions: &Questions,
    lane: Lane,
    lower: &[Lane],
) -> Result<(), BrokerError> {
    let queue = topology::answers(lane);
    broker.declare(&queue).await?;
    let mut answers = broker.consume(&queue, Lane(0)).await?;
    let mut open: BTreeSet<Lane> = lower.iter().copied().collect();
    let nonce = format!("{:032x}", rand::random::<u128>());
    let mut again = AGAIN;
    loop {
        let asked = open.iter().map(|lower| question(lane, *lower, &nonce)).collect();
        questions.asked.fetch_add(open.len() as u64, Ordering::Relaxed);
        broker.publish(asked).await?;
        let until = Instant::now() + again;
        while let Ok(received) = timeout_at(until, answers.receive(BATCH)).await {
            let received = received?;
            open.retain(|lower| !received.iter().any(|answer| answer.envelope.id == id(*lower, &nonce)));
            answers.settle(received.len(), Vec::new()).await?;
            if open.is_empty() {
                return Ok(());
            }
        }
        sleep_until(until).await;
        again = (again * 2).min(AGAIN_MAX);
        warn!(lane = lane.0, lanes = ?open, "joined lanes still wait for lower ones");
    }
}

fn id(lower: Lane, nonce: &str) -> String {
    format!("question-{:02}-{nonce}", lower.0)
}

fn question(lane: Lane, lower: Lane, nonce: &str) -> Publication {
    let join = Join { role: JoinRole::Asks, lane, others: Vec::new(), patients: Vec::new() };
    let envelope = Envelope { join: Some(join), ..Envelope::of_hub(id(lower, nonce)) };
    Publication { to: vec![(topology::ingest(), lower)], envelope, body: Bytes::new() }
}
