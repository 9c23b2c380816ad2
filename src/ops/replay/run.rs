//! A replay at work: its plan is gone through, at its pace.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::desk::Desk;
use super::pace::{Breath, Rate};
use super::plan::{Steps, not_sent, store};
use super::state::{Counts, Reason};
use super::{Replay, ReplayError};
use crate::broker::{Publication, topology};
use crate::canonical::Attached;
use crate::pipeline::{keep_attached, renew};
use crate::store::history::{Act, EmergencyUse, Step, What};
use crate::store::messages::{Message, Places};
use crate::telemetry::causes;

/// Messages gone through before the position is told, though none of them is sent.
const BATCH: u64 = 1_000;
/// Wait before something that failed is tried again, and before it is looked again how much waits for the subscriber.
const AGAIN: Duration = Duration::from_secs(1);
/// How often the position is made durable at most.
const KEEP: Duration = Duration::from_secs(1);
/// How long a broker may take with a batch once the replay is to stop.
const GRACE: Duration = Duration::from_secs(5);

/// What a part of the plan comes to.
#[derive(Default)]
struct Batch {
    through: u64,
    counts: Counts,
    copies: Vec<Publication>,
    attached: Vec<Attached>,
    steps: Vec<Step>,
    uses: Vec<EmergencyUse>,
}

struct Work<'w> {
    desk: &'w Desk,
    replay: &'w Replay,
    places: Places,
    stop: watch::Receiver<bool>,
}

/// Goes through the plan from the replay's position. False: told to stop before its end.
pub(super) async fn run(
    desk: &Desk,
    replay: &Replay,
    stop: &watch::Receiver<bool>,
) -> Result<bool, ReplayError> {
    let places = Places::new(store(&desk.control));
    let mut work = Work { desk, replay, places, stop: stop.clone() };
    let mut plan = Steps::open(&replay.plan_file(&desk.folder), replay.position)?;
    let (mut rate, mut breath, mut kept) = (Rate::new(replay.rate), Breath::new(), Instant::now());
    desk.control.broker().declare(&topology::subscriber(&replay.selection.to)).await?;
    while let Some(room) = work.room(&mut rate).await? {
        let mut batch = Batch::default();
        while batch.copies.len() < room && batch.through < BATCH {
            let Some(place) = plan.next()? else { break };
            let message = work.places.read(&place)?;
            if !work.add(&mut batch, message).await? {
                return Ok(false);
            }
            breath.take().await;
        }
        if batch.through == 0 {
            return Ok(true);
        }
        let (through, counts) = (batch.through, batch.counts.clone());
        if !work.send(batch).await? {
            return Ok(false);
        }
        desk.change(&replay.id, |replay| {
            replay.position += through;
            replay.done.add(&counts);
            replay.reason = None;
        });
        if kept.elapsed() >= KEEP {
            desk.keep(&replay.id)?;
            kept = Instant::now();
        }
    }
    Ok(false)
}

impl Work<'_> {
    /// How many copies may be made now: waits for the pace, and while too much waits for the subscriber. Nothing: told
    /// to stop.
    async fn room(&mut self, rate: &mut Rate) -> Result<Option<usize>, ReplayError> {
        let queue = topology::subscriber(&self.replay.selection.to);
        loop {
            let room = tokio::select! {
                biased;
                () = self.stopped() => return Ok(None),
                room = rate.next() => room,
            };
            let Some(most) = self.replay.depth_max else { return Ok(Some(room)) };
            let why = match self.desk.control.broker().depth(&queue).await {
                Ok(depth) if depth <= most => return Ok(Some(room)),
                Ok(depth) => format!("{depth} copies wait for the subscriber, more than {most}"),
                Err(error) if error.passes() => causes(&error),
                Err(error) => return Err(error.into()),
            };
            if self.waits(why).await {
                return Ok(None);
            }
        }
    }

    /// Judges a message as of now, and puts it to the others. False: told to stop.
    async fn add(&mut self, batch: &mut Batch, message: Option<Message>) -> Result<bool, ReplayError> {
        batch.through += 1;
        let Some(message) = message else {
            batch.counts.not(Reason::Gone, String::new());
            return Ok(true);
        };
        let Replay { id, selection, who, why, .. } = self.replay;
        let renewed = loop {
            match renew(&self.desk.control, &message, &selection.to, id).await {
                Ok(renewed) => break renewed,
                Err(error) if self.waits(causes(&error)).await => return Ok(false),
                Err(_) => {}
            }
        };
        if !selection.means_renewed(&renewed) {
            return Ok(true);
        }
        let again = match renewed.copy {
            Ok(again) => *again,
            Err(no_copy) => {
                not_sent(&mut batch.counts, no_copy);
                return Ok(true);
            }
        };
        let act = Act {
            subscriber: Some(selection.to.clone()),
            who: who.clone(),
            why: why.clone(),
            other: Some(id.clone()),
            granted: again.granted.map(Box::new),
        };
        let at = self.desk.control.clock().now();
        batch.counts.sent(again.publication.body.len() as u64);
        batch.steps.push(Step { at, id: message.envelope.id.clone(), what: What::Replayed(act) });
        batch.uses.extend(again.uses);
        batch.attached.extend(again.attached);
        batch.copies.push(again.publication);
        Ok(true)
    }

    /// Writes down what copies rest on, and then sends them. False: told to stop before that could be done.
    async fn send(&mut self, batch: Batch) -> Result<bool, ReplayError> {
        loop {
            match self.try_to_send(&batch).await {
                Ok(sent) => return Ok(sent),
                Err(error) if error.passes() => {
                    if self.waits(causes(&error)).await {
                        return Ok(false);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn try_to_send(&mut self, batch: &Batch) -> Result<bool, ReplayError> {
        if batch.copies.is_empty() {
            return Ok(true);
        }
        let control = self.desk.control.clone();
        keep_attached(&control.claims(), batch.attached.clone()).await?;
        control.note_copies(&batch.steps, &batch.uses)?;
        let sending = control.send_again(&self.replay.selection.to, batch.copies.clone());
        let too_late = async {
            self.stopped().await;
            sleep(GRACE).await;
        };
        tokio::select! {
            biased;
            sent = sending => sent?,
            // Whether they are there is not known: they are made again.
            () = too_late => return Ok(false),
        }
        Ok(true)
    }

    /// Waits until it is told to stop.
    async fn stopped(&mut self) {
        // Nobody left to say stop is as good as being told.
        drop(self.stop.wait_for(|&stop| stop).await);
    }

    /// Waits a little and says for what. True: told to stop meanwhile.
    async fn waits(&mut self, why: String) -> bool {
        self.desk.change(&self.replay.id, |replay| replay.reason = Some(why));
        tokio::select! {
            () = self.stopped() => true,
            () = sleep(AGAIN) => false,
        }
    }
}

impl Counts {
    /// The same and these.
    fn add(&mut self, other: &Self) {
        self.messages += other.messages;
        self.copies += other.copies;
        self.bytes += other.bytes;
        for (why, messages) in &other.not_sent {
            *self.not_sent.entry(why.clone()).or_default() += messages;
        }
    }
}
