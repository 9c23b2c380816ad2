//! The consumer of a lane of the ingest queue: takes the lane over, drops repeats, numbers what follows.
//!
//! Order of a settlement: copies confirmed -> token confirmed -> lane acknowledged. A crash after the first leaves
//! copies that the successor sends again under the same numbers; a crash after the second leaves messages in the lane
//! that the token knows as taken. Nothing is acknowledged that the token does not tell, and the token tells nothing
//! that is not confirmed.
//!
//! What a router answers depends on its registry, which changes while it has the lane. The token tells under which
//! *history* whatever is beyond it was answered, so that a successor knows whether it repeats that, number by number:
//! - No copy is sent before a token that tells the history under which it was answered is confirmed and in hand. Where
//!   the history changed between the taking of a batch and its settling, nobody can tell under which its messages were
//!   answered, and the token tells one that nobody else has.
//! - A history that is new to the lane leaves numbers out as long as the router before may have begun, under the old one,
//!   what comes next: for as many messages after taking over as a router can have open.
//!
//! So a number stands for two events only if two routers with one history answer one message differently.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt as _;
use jiff::Timestamp;
use tokio::time::{Instant, sleep, sleep_until};

use super::Shared;
use super::amqp::{Incoming, Number, Outgoing, Subscription};
use super::balance::{self, Held, Lanes};
use super::grip::{COMING_BACK, Grip, RENEW};
use super::history::History;
use super::message::{delivery, outgoing};
use super::token::{Seen, Token};
use crate::broker::topology::{self, Role};
use crate::broker::{BrokerError, Consumer, Delivery, Publication};
use crate::envelope::Lane;

/// How often a router looks whether it holds more than its share of the lanes.
const BALANCE: Duration = Duration::from_secs(3);
/// Pause before a router that gave a lane up waits for it again, so that another comes first.
const STAND_BACK: Duration = Duration::from_millis(300);

/// Consumer of a lane.
pub(super) struct LaneConsumer {
    shared: Arc<Shared>,
    lane: Lane,
    work: Option<Work>,
}

/// A lane at work.
struct Work {
    grip: Grip,
    messages: Box<dyn Subscription>,
    /// No message came yet: another router may still have the lane, and get further.
    is_fresh: bool,
    /// The next message, where it came already.
    next: Option<Incoming>,
    history: History,
    /// The history when the first of the open messages was handed out.
    handed: Option<String>,
    /// The token tells under which history the open messages were answered.
    told: bool,
    /// So many of the next messages the router before may have begun, under the history that it told.
    begun: usize,
    prefetch: u16,
    /// Received, not settled, in order.
    open: VecDeque<Open>,
    balanced: Instant,
    renewed: Instant,
    held: Held,
}

struct Open {
    tag: u64,
    number: Number,
    /// It came before: it is acknowledged, not handed out.
    repeat: bool,
    accepted_at: Option<Timestamp>,
}

impl LaneConsumer {
    pub(super) fn new(shared: Arc<Shared>, lane: Lane) -> Self {
        Self { shared, lane, work: None }
    }

    /// Waits until the lane is ours.
    async fn work(&mut self) -> Result<&mut Work, BrokerError> {
        while self.work.is_none() {
            let Some(work) = self.take_over().await? else {
                sleep(STAND_BACK).await;
                continue;
            };
            self.work = Some(work);
        }
        self.work.as_mut().ok_or(BrokerError::Closed)
    }

    /// Takes the lane over; `None` where this router has its share already.
    async fn take_over(&self) -> Result<Option<Work>, BrokerError> {
        let Shared { amqp, lanes, options, .. } = &*self.shared;
        let queue = topology::progress().on_rabbitmq(self.lane);
        let ingest = topology::ingest().on_rabbitmq(self.lane);
        amqp.declare(&ingest).await?;
        // Who waits for a lane is counted too: that is how the others hear that they hold more than their share.
        self.shared.routers().await?;
        let grip = Grip::take(amqp, &queue, lanes.known(self.lane)).await?;
        let routers = self.shared.routers().await?;
        let Some(held) = Lanes::hold(lanes, self.lane, balance::share(options.lanes, routers)) else {
            let clean = grip.token().clean;
            grip.release(clean).await;
            return Ok(None);
        };
        sleep(COMING_BACK).await;
        let messages = amqp.consume(&ingest, options.prefetch).await?;
        let now = Instant::now();
        Ok(Some(Work {
            grip,
            messages,
            is_fresh: true,
            next: None,
            history: options.history.clone(),
            handed: None,
            told: false,
            begun: 0,
            prefetch: options.prefetch,
            open: VecDeque::new(),
            balanced: now,
            renewed: now,
            held,
        }))
    }

    /// Gives the lane up at a moment when nothing is open.
    async fn release(&mut self) {
        if let Some(Work { grip, messages, open, is_fresh, .. }) = self.work.take() {
            messages.close().await;
            grip.release(open.is_empty() && !is_fresh).await;
        }
    }

    /// Looks, now and then, whether another router should have this lane. Nothing is open.
    async fn give_way(&mut self) -> Result<(), BrokerError> {
        let Some(work) = self.work.as_mut().filter(|work| work.balanced.elapsed() >= BALANCE) else {
            return Ok(());
        };
        work.balanced = Instant::now();
        let routers = self.shared.routers().await?;
        let Shared { lanes, options, .. } = &*self.shared;
        if lanes.exceeds(self.lane, balance::share(options.lanes, routers)) {
            self.release().await;
            sleep(STAND_BACK).await;
        }
        Ok(())
    }

    /// An error ends the work on the lane.
    fn ended(&mut self, error: BrokerError) -> BrokerError {
        self.work = None;
        error
    }

    async fn try_receive(&mut self, most: usize) -> Result<Vec<Delivery>, BrokerError> {
        loop {
            if self.work.as_ref().is_some_and(|work| work.handed_out() == 0) {
                self.give_way().await?;
            }
            let lane = self.lane;
            let work = self.work().await?;
            if let Some(deliveries) = work.receive(most, lane).await? {
                return Ok(deliveries);
            }
        }
    }

    /// Copies with their numbers, and the token that tells of them.
    fn numbered(&self, work: &Work, done: usize, follow: Vec<Publication>) -> (Vec<Outgoing>, Token) {
        let mut token = work.grip.token().clone();
        for open in work.open.iter().take(done) {
            token.take(open.number);
        }
        token.position += done as u64;
        let mut copies = Vec::with_capacity(follow.len());
        for Publication { to, envelope, body } in follow {
            for (queue, lane) in to {
                let number = match queue.role() {
                    Role::Subscriber => token.give(queue.as_str()),
                    _ => Number { series: 0, sequence: 0 },
                };
                copies.push(outgoing(&queue, lane, number, envelope.clone(), body.clone()));
            }
        }
        (copies, token)
    }

    async fn try_settle(&mut self, count: usize, follow: Vec<Publication>) -> Result<(), BrokerError> {
        let Some(work) = self.work.as_mut() else { return not_received(count, 0) };
        let Some(done) = work.reach(count) else { return not_received(count, work.handed_out()) };
        work.tell_history().await?;
        let Some(work) = self.work.as_ref() else { return Ok(()) };
        let (copies, token) = self.numbered(work, done, follow);
        self.shared.publish(copies).await?;
        let Some(work) = self.work.as_mut() else { return Ok(()) };
        work.grip.replace(token).await?;
        work.renewed = Instant::now();
        self.shared.lanes.know(self.lane, work.grip.token());
        work.settled(count);
        work.acknowledge(done).await
    }
}

impl Work {
    /// Makes sure that the token tells under which history the open messages were answered, before a copy of them is
    /// sent. They are answered by now; what is sent again after a refusal is the same.
    async fn tell_history(&mut self) -> Result<(), BrokerError> {
        if self.told {
            return Ok(());
        }
        let now = self.history.now();
        let is_one = self.handed.as_ref() == Some(&now);
        if !is_one || self.grip.token().history != now {
            let history = if is_one { now } else { format!("mixed {:032x}", rand::random::<u128>()) };
            let token = self.grip.token().clone().answering(&history, self.begun > 0);
            self.grip.replace(token).await?;
            // Whoever gets the lane after us finds it.
            self.grip.hold().await?;
            self.begun = 0;
        }
        self.told = true;
        Ok(())
    }

    /// So many messages are settled; others may be open, and not answered yet.
    fn settled(&mut self, count: usize) {
        self.begun = self.begun.saturating_sub(count);
        self.told = false;
    }

    /// How many are open that were handed out.
    fn handed_out(&self) -> usize {
        self.open.iter().filter(|open| !open.repeat).count()
    }

    /// How many of the open ones, repeats among them, `count` settled deliveries are. `None`: so many are not open.
    fn reach(&self, count: usize) -> Option<usize> {
        let mut left = count;
        let mut reach = 0;
        for open in &self.open {
            if left == 0 && !open.repeat {
                break;
            }
            left -= usize::from(!open.repeat);
            reach += 1;
        }
        (left == 0).then_some(reach)
    }

    /// New messages, or `None` after a while without any.
    async fn receive(&mut self, most: usize, lane: Lane) -> Result<Option<Vec<Delivery>>, BrokerError> {
        let mut expected = self.expected();
        let wait = if self.handed_out() == 0 { BALANCE } else { RENEW };
        if self.next.is_none() {
            tokio::select! {
                biased;
                next = self.messages.next() => self.next = Some(next?),
                () = sleep_until(Instant::now() + wait) => {
                    self.renew().await?;
                    return Ok(None);
                }
            }
        }
        if self.is_fresh {
            self.take_over().await?;
            expected = self.expected();
        }
        let mut deliveries = Vec::new();
        if let Some(first) = self.next.take() {
            self.sort_in(first, &mut expected, lane, &mut deliveries);
        }
        while deliveries.len() < most {
            match self.messages.next().now_or_never() {
                Some(Ok(next)) => self.sort_in(next, &mut expected, lane, &mut deliveries),
                // What came before an error is handed out; the error comes again.
                Some(Err(error)) if deliveries.is_empty() => return Err(error),
                _ => break,
            }
        }
        if self.handed_out() == 0 {
            let repeats = self.open.len();
            self.acknowledge(repeats).await?;
        }
        if !deliveries.is_empty() {
            self.hand_out(deliveries.len());
        }
        Ok((!deliveries.is_empty()).then_some(deliveries))
    }

    /// The lane itself is ours now, with its first message: nobody else can acknowledge there any more. Whoever could
    /// published a token first, so the furthest token is in the token's queue now. Only now a new generation begins.
    async fn take_over(&mut self) -> Result<(), BrokerError> {
        self.grip.collect().await?;
        let history = self.history.now();
        let before = self.grip.token();
        // Where it answered otherwise, its numbers are left out already.
        let repeats = before.may_be_begun() && before.history == history;
        self.begun = if repeats { usize::from(self.prefetch) } else { 0 };
        let token = before.clone().taken_over(&history);
        self.grip.replace(token).await?;
        // Before the first copy: so no two routers ever work in one generation.
        self.grip.hold().await?;
        self.is_fresh = false;
        Ok(())
    }

    /// Notes what the answers to new messages will rest on, and that nothing tells it yet.
    fn hand_out(&mut self, new: usize) {
        if self.handed_out() == new {
            self.handed = Some(self.history.now());
        }
        self.told = false;
    }

    /// The token as it will be once everything open is settled.
    fn expected(&self) -> Token {
        let mut token = self.grip.token().clone();
        for open in &self.open {
            token.take(open.number);
        }
        token
    }

    fn sort_in(&mut self, incoming: Incoming, expected: &mut Token, lane: Lane, new: &mut Vec<Delivery>) {
        let tag = incoming.tag;
        let (number, delivery) = delivery(incoming);
        let seen = expected.take(number);
        if let Seen::Gap { missing } = seen {
            tracing::error!(
                lane = lane.0,
                missing,
                "messages before this one did not come: they may be lost"
            );
        }
        let repeat = seen == Seen::Repeat;
        let accepted_at = delivery.envelope.accepted_at.parse().ok();
        self.open.push_back(Open { tag, number, repeat, accepted_at });
        self.note_open();
        if !repeat {
            new.push(delivery);
        }
    }

    fn note_open(&self) {
        self.held.note_open(self.open.len(), self.open.front().and_then(|open| open.accepted_at));
    }

    /// Acknowledges the oldest `done` open ones.
    async fn acknowledge(&mut self, done: usize) -> Result<(), BrokerError> {
        let last = self.open.drain(..done).next_back();
        self.note_open();
        let Some(last) = last else { return Ok(()) };
        self.messages.acknowledge(last.tag, true).await
    }

    async fn renew(&mut self) -> Result<(), BrokerError> {
        if self.renewed.elapsed() >= RENEW {
            match self.is_fresh {
                true => self.grip.collect().await?,
                false => self.grip.renew().await?,
            }
            self.renewed = Instant::now();
        }
        Ok(())
    }
}

#[async_trait]
impl Consumer for LaneConsumer {
    async fn receive(&mut self, most: usize) -> Result<Vec<Delivery>, BrokerError> {
        self.try_receive(most.max(1)).await.map_err(|error| self.ended(error))
    }

    async fn settle(&mut self, count: usize, follow: Vec<Publication>) -> Result<(), BrokerError> {
        match self.try_settle(count, follow).await {
            // The lane is still ours, and the same numbers will be given when it is tried again.
            Err(error @ (BrokerError::Refused { .. } | BrokerError::NotReceived { .. })) => Err(error),
            other => other.map_err(|error| self.ended(error)),
        }
    }

    async fn close(mut self: Box<Self>) {
        self.release().await;
    }
}

fn not_received(asked: usize, open: usize) -> Result<(), BrokerError> {
    Err(BrokerError::NotReceived { queue: topology::ingest(), asked, open })
}
