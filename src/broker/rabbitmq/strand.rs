//! The consumers of a queue that is one queue on RabbitMQ: its messages name their lanes.
//!
//! All lanes of one process share one AMQP consumer. A task takes the messages apart; what a lane did not settle goes
//! back to the lane's own buffer when its consumer is dropped, in order. When the AMQP consumer is lost, all lanes are
//! told, and the next consumer of any lane registers anew.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{interval, sleep};

use super::Shared;
use super::amqp::{Header, Incoming, Number, Subscription};
use super::grip::{COMING_BACK, Grip, RENEW};
use super::message::{delivery, unnumbered};
use super::token::Token;
use crate::broker::topology::{self, Role};
use crate::broker::{BrokerError, Consumer, Delivery, Publication, QueueName};
use crate::envelope::Lane;

/// A queue's lanes in this process.
pub(super) struct Strands {
    state: Arc<Mutex<State>>,
    acknowledge: mpsc::UnboundedSender<Acknowledge>,
    /// Ends the task with the last lane.
    _task: JoinSet<()>,
}

/// Deliveries to be acknowledged, and who waits for it.
struct Acknowledge {
    tags: Vec<u64>,
    done: oneshot::Sender<()>,
}

/// Numbers, as first and last of each range. A lower one than others is no repeat for that: order is not for this place
/// to give, and what is acknowledged as a repeat must be one.
#[derive(Default)]
struct Numbers(BTreeMap<u64, u64>);

impl Numbers {
    /// Adds a number; `false`: it is there.
    fn insert(&mut self, number: u64) -> bool {
        let before = self.0.range(..=number).next_back().map(|(first, last)| (*first, *last));
        let first = match before {
            Some((_, last)) if last >= number => return false,
            Some((first, last)) if last + 1 == number => first,
            _ => number,
        };
        let last = self.0.remove(&(number + 1)).unwrap_or(number);
        self.0.insert(first, last);
        true
    }
}

#[derive(Default)]
struct State {
    lanes: BTreeMap<Lane, Strand>,
    /// What was seen, by series and lane.
    seen: BTreeMap<(u64, Lane), Numbers>,
    /// Why the AMQP consumer ended.
    lost: Option<String>,
    /// Handed to this process and not acknowledged, in the order of the queue: when each was accepted.
    in_hand: BTreeMap<u64, String>,
}

#[derive(Default)]
struct Strand {
    waiting: VecDeque<(u64, Delivery)>,
    arrived: Arc<Notify>,
    taken: bool,
}

impl Strands {
    /// Registers at a queue. At a subscriber's, waits until it is this process' turn: whoever has it may also take what
    /// is parked.
    pub(super) async fn open(shared: &Shared, queue: &QueueName) -> Result<Self, BrokerError> {
        let turn = match topology::turn(queue) {
            Some(turn) => Some(Grip::take(&shared.amqp, &turn.on_rabbitmq(Lane(0)), Token::default()).await?),
            None => None,
        };
        if turn.is_some() {
            sleep(COMING_BACK).await;
        }
        let name = queue.on_rabbitmq(Lane(0));
        shared.amqp.declare(&name).await?;
        // Parked copies are held for as long as they are parked, by all lanes together.
        let held = queue.role() == Role::Parked;
        let prefetch = if held { u16::MAX } else { shared.options.prefetch };
        let subscription = shared.amqp.consume(&name, prefetch).await?;
        let state = Arc::new(Mutex::new(State::default()));
        let (acknowledge, orders) = mpsc::unbounded_channel();
        let mut task = JoinSet::new();
        task.spawn(serve(turn, subscription, Arc::clone(&state), orders));
        Ok(Self { state, acknowledge, _task: task })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Whether the AMQP consumer has ended.
    pub(super) fn is_lost(&self) -> bool {
        self.state().lost.is_some()
    }

    /// Messages that this process has and did not acknowledge.
    pub(super) fn outstanding(&self) -> u64 {
        self.state().in_hand.len() as u64
    }

    /// When the oldest of them was accepted.
    pub(super) fn oldest(&self) -> Option<String> {
        self.state().in_hand.values().find(|accepted_at| !accepted_at.is_empty()).cloned()
    }

    /// Becomes the consumer of a lane.
    pub(super) fn consume(
        this: Arc<Self>,
        shared: Arc<Shared>,
        queue: QueueName,
        lane: Lane,
    ) -> Result<StrandConsumer, BrokerError> {
        let arrived = {
            let mut state = this.state();
            let strand = state.lanes.entry(lane).or_default();
            if std::mem::replace(&mut strand.taken, true) {
                return Err(BrokerError::LaneTaken { queue, lane });
            }
            Arc::clone(&strand.arrived)
        };
        Ok(StrandConsumer { strands: this, shared, queue, lane, arrived, open: VecDeque::new() })
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes messages in and acknowledgements out until either end is gone.
async fn serve(
    mut turn: Option<Grip>,
    mut subscription: Box<dyn Subscription>,
    state: Arc<Mutex<State>>,
    mut orders: mpsc::UnboundedReceiver<Acknowledge>,
) {
    let mut renewal = interval(RENEW);
    let lost = loop {
        let done = tokio::select! {
            biased;
            error = lost(&mut turn) => Err(error),
            _ = renewal.tick() => match &mut turn {
                Some(turn) => turn.renew().await,
                None => Ok(()),
            },
            order = orders.recv() => match order {
                Some(order) => acknowledge(&mut *subscription, &state, order).await,
                None => return subscription.close().await,
            },
            next = subscription.next() => match next {
                Ok(incoming) => {
                    let again = lock(&state).sort_in(incoming);
                    match again {
                        Some(tag) => subscription.acknowledge(tag, false).await,
                        None => Ok(()),
                    }
                }
                Err(error) => Err(error),
            },
        };
        if let Err(error) = done {
            break error;
        }
    };
    let mut state = lock(&state);
    state.lost = Some(lost.to_string());
    state.in_hand.clear();
    state.lanes.values().for_each(|strand| strand.arrived.notify_one());
}

/// Waits until it is no longer our turn.
async fn lost(turn: &mut Option<Grip>) -> BrokerError {
    match turn {
        Some(turn) => turn.lost().await,
        None => std::future::pending().await,
    }
}

async fn acknowledge(
    subscription: &mut dyn Subscription,
    state: &Mutex<State>,
    Acknowledge { tags, done }: Acknowledge,
) -> Result<(), BrokerError> {
    // A quorum queue loses what it was told in more than a few pieces, should the channel end then (3.10.8): where nothing
    // else is open up to the last of them, it is told once.
    match tags.iter().max() {
        Some(last) if lock(state).is_all_up_to(*last, tags.len()) => {
            subscription.acknowledge(*last, true).await?;
        }
        _ => {
            for tag in &tags {
                subscription.acknowledge(*tag, false).await?;
            }
        }
    }
    tags.iter().for_each(|tag| {
        lock(state).in_hand.remove(tag);
    });
    // A lane that no longer waits for it has nothing to do about it.
    let _gone = done.send(()).is_err();
    Ok(())
}

impl State {
    /// Whether so many deliveries are all that is open up to one of them.
    fn is_all_up_to(&self, last: u64, count: usize) -> bool {
        self.in_hand.range(..=last).take(count + 1).count() == count
    }

    /// Puts a message into its lane; gives the tag of one that this process has had already.
    fn sort_in(&mut self, incoming: Incoming) -> Option<u64> {
        let tag = incoming.tag;
        let lane = incoming.header.as_ref().map_or(Lane(0), |Header { lane, .. }| *lane);
        let (Number { series, sequence }, delivery) = delivery(incoming);
        if sequence > 0 && !self.seen.entry((series, lane)).or_default().insert(sequence) {
            return Some(tag);
        }
        self.in_hand.insert(tag, delivery.envelope.accepted_at.clone());
        let strand = self.lanes.entry(lane).or_default();
        strand.waiting.push_back((tag, delivery));
        strand.arrived.notify_one();
        None
    }
}

/// Consumer of one lane of a shared queue.
pub(super) struct StrandConsumer {
    strands: Arc<Strands>,
    shared: Arc<Shared>,
    queue: QueueName,
    lane: Lane,
    arrived: Arc<Notify>,
    /// Handed out, not settled.
    open: VecDeque<(u64, Delivery)>,
}

impl StrandConsumer {
    fn take(&mut self, most: usize) -> Result<Vec<Delivery>, BrokerError> {
        let mut state = self.strands.state();
        if let Some(what) = &state.lost {
            return Err(BrokerError::Away { what: what.clone() });
        }
        let Some(strand) = state.lanes.get_mut(&self.lane) else { return Ok(Vec::new()) };
        let count = strand.waiting.len().min(most.max(1));
        let taken: Vec<_> = strand.waiting.drain(..count).collect();
        let deliveries = taken.iter().map(|(_, delivery)| delivery.clone()).collect();
        self.open.extend(taken);
        Ok(deliveries)
    }
}

#[async_trait]
impl Consumer for StrandConsumer {
    async fn receive(&mut self, most: usize) -> Result<Vec<Delivery>, BrokerError> {
        loop {
            let deliveries = self.take(most)?;
            if !deliveries.is_empty() {
                return Ok(deliveries);
            }
            self.arrived.notified().await;
        }
    }

    async fn settle(&mut self, count: usize, follow: Vec<Publication>) -> Result<(), BrokerError> {
        let open = self.open.len();
        if count > open {
            return Err(BrokerError::NotReceived { queue: self.queue.clone(), asked: count, open });
        }
        self.shared.publish(unnumbered(follow)).await?;
        let (done, acknowledged) = oneshot::channel();
        let tags = self.open.drain(..count).map(|(tag, _)| tag).collect();
        let lost = || BrokerError::Away { what: "the consumer has ended".to_owned() };
        self.strands.acknowledge.send(Acknowledge { tags, done }).map_err(|_| lost())?;
        acknowledged.await.map_err(|_| lost())
    }
}

impl Drop for StrandConsumer {
    fn drop(&mut self) {
        let mut state = self.strands.state();
        let Some(strand) = state.lanes.get_mut(&self.lane) else { return };
        strand.taken = false;
        for (tag, mut delivery) in self.open.drain(..).rev() {
            delivery.redelivered = true;
            strand.waiting.push_front((tag, delivery));
        }
        strand.arrived.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_came_late_is_no_repeat() {
        let mut numbers = Numbers::default();
        let new: Vec<_> = [5, 6, 6, 2, 4, 3, 5, 3, 7, 1].map(|number| numbers.insert(number)).into();
        assert_eq!(new, [true, true, false, true, true, true, false, false, true, true]);
        assert_eq!(numbers.0.into_iter().collect::<Vec<_>>(), [(1, 7)]);
    }
}
