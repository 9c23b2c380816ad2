//! One way through a queue of letters, from its oldest to what was its newest when it began.
//!
//! - **Where it ends.** A lane gives its messages in the order of publication, so that the letters that were there at the
//!   beginning are the first that come, and are counted. On RabbitMQ, where all lanes are one queue, they are counted
//!   together, and a lane is held where the first letter comes again that was published behind the others: what is left
//!   to come lies in other lanes, or, once all are held and some are left, was there twice (a crash leaves such). There a
//!   letter may be missing from the count that came a moment before, and stays.
//! - **What stays** is published again behind the others, in the step that settles it. So the queue has its old order when
//!   the pass is through; one that is broken off leaves it turned.
//! - All lanes are read at a time: on RabbitMQ, what is not taken out of the one would hold up the others.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::broker::{BrokerError, Consumer, Delivery, Publication, QueueName};
use crate::envelope::Lane;
use crate::pipeline::ControlBus;

/// Letters received at a time.
const BATCH: usize = 64;
/// How long nothing may come before the rest is taken for gone: a repeat is counted, and not handed out.
const GONE: Duration = Duration::from_secs(10);
/// Wait where nothing is there now.
const LOOK: Duration = Duration::from_millis(10);

/// The way.
pub(super) struct Pass {
    control: ControlBus,
    queue: QueueName,
    lanes: Vec<OneLane>,
    /// Letters that are still to come, where the lanes are one queue.
    left: Option<u64>,
    /// Something was published again: the queue has its order only at the end.
    turned: bool,
    heard: Instant,
}

struct OneLane {
    lane: Lane,
    consumer: Box<dyn Consumer>,
    /// Letters that are still to come, where the lanes are kept apart.
    left: Option<u64>,
    /// Received, and not settled.
    open: Vec<Delivery>,
    /// Id of the first letter that was published again.
    turned: Option<String>,
    /// What came from that letter on.
    held: Vec<Delivery>,
}

impl OneLane {
    fn new(lane: Lane, consumer: Box<dyn Consumer>, left: Option<u64>) -> Self {
        Self { lane, consumer, left, open: Vec::new(), turned: None, held: Vec::new() }
    }

    /// The next letters, where nothing is open.
    async fn receive(&mut self, most: usize) -> Result<(), BrokerError> {
        if !self.open.is_empty() || !self.held.is_empty() || most == 0 {
            return Ok(());
        }
        self.open = self.consumer.receive_ready(most.min(BATCH)).await?;
        let again = self.open.iter().position(|letter| Some(&letter.envelope.id) == self.turned.as_ref());
        self.held = again.map(|again| self.open.split_off(again)).unwrap_or_default();
        Ok(())
    }

    /// What is held are letters as others.
    fn resume(&mut self) {
        self.open.append(&mut self.held);
        self.turned = None;
    }
}

/// Some letters of a lane, the oldest that are not settled.
pub(super) struct Batch {
    at: usize,
    /// The letters.
    pub(super) letters: Vec<Delivery>,
    /// Their lane.
    pub(super) lane: Lane,
}

/// What becomes of a letter.
pub(super) enum Fate {
    /// It stays.
    Stays,
    /// It is taken out, and this goes where it is to go.
    Leaves(Vec<Publication>),
}

impl Pass {
    /// Begins at the oldest letter of so many lanes.
    pub(super) async fn begin(
        control: &ControlBus,
        queue: QueueName,
        lanes: u16,
    ) -> Result<Self, BrokerError> {
        let broker = control.broker();
        broker.declare(&queue).await?;
        let total = broker.depth(&queue).await?;
        let (mut open, mut apart) = (Vec::new(), true);
        for lane in (0..lanes).map(Lane) {
            let left = broker.lane_depth(&queue, lane).await?;
            apart &= left.is_some();
            if left != Some(0) {
                let consumer = broker.consume(&queue, lane).await?;
                open.push(OneLane::new(lane, consumer, left));
            }
        }
        let left = (!apart).then_some(total);
        Ok(Self { control: control.clone(), queue, lanes: open, left, turned: false, heard: Instant::now() })
    }

    /// Whether it may end before its end: the queue has its order, and no letter lies there twice.
    pub(super) const fn may_end(&self) -> bool {
        !self.turned && self.left.is_none()
    }

    /// The next letters; nothing where all have come. Cancel-safe.
    pub(super) async fn next(&mut self) -> Result<Option<Batch>, BrokerError> {
        while !self.is_through() && self.heard.elapsed() < GONE {
            for (at, one) in self.lanes.iter_mut().enumerate() {
                let most = one.left.or(self.left).map_or(0, |left| usize::try_from(left).unwrap_or(BATCH));
                one.receive(most).await?;
                if !one.open.is_empty() {
                    self.heard = Instant::now();
                    return Ok(Some(Batch { at, letters: one.open.clone(), lane: one.lane }));
                }
            }
            // Whatever was there before them has come: a queue is first in, first out.
            let resumed =
                self.lanes.iter_mut().filter(|one| !one.held.is_empty()).map(OneLane::resume).count();
            if resumed == 0 {
                sleep(LOOK).await;
            }
        }
        Ok(None)
    }

    fn is_through(&self) -> bool {
        match self.left {
            Some(left) => left == 0,
            None => self.lanes.iter().all(|one| one.left == Some(0)),
        }
    }

    /// Settles the oldest letters of a batch: what stays goes to the end of the queue, what leaves where it is to go, all
    /// in one step.
    pub(super) async fn settle(&mut self, batch: &Batch, fates: Vec<Fate>) -> Result<(), BrokerError> {
        let Some(one) = self.lanes.get_mut(batch.at) else { return Ok(()) };
        let (count, mut turned, mut follow) = (fates.len(), false, Vec::new());
        for (letter, fate) in one.open.iter().zip(fates) {
            match fate {
                Fate::Stays => {
                    turned = true;
                    one.turned.get_or_insert_with(|| letter.envelope.id.clone());
                    let to = vec![(self.queue.clone(), one.lane)];
                    let (envelope, body) = (letter.envelope.clone(), letter.body.clone());
                    follow.push(Publication { to, envelope, body });
                }
                Fate::Leaves(publications) => follow.extend(publications),
            }
        }
        self.control.settle_again(one.consumer.as_mut(), count, follow).await?;
        self.turned |= turned;
        one.open.drain(..count);
        for left in [&mut one.left, &mut self.left].into_iter().flatten() {
            *left = left.saturating_sub(count as u64);
        }
        Ok(())
    }
}
