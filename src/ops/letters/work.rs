//! Work on letters: a pass through their queue, in which those that are meant are dealt with, at a pace.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;

use jiff::Timestamp;
use tokio::sync::watch;

use super::desk::Desk;
use super::edit::edited;
use super::pass::{Batch, Fate, Pass};
use super::{Deed, LettersError, Work};
use crate::broker::{Delivery, Publication, QueueName, topology};
use crate::config::Config;
use crate::envelope::{Envelope, Lane};
use crate::ops::replay::pace::Rate;
use crate::store::history::{Act, Step, What};

/// Folder of the locks in the data folder: one process works on a queue of letters, and on one thing at a time.
const LOCKS: &str = "letters";

/// What a part of a queue comes to.
#[derive(Default)]
struct Part {
    fates: Vec<Fate>,
    steps: Vec<Step>,
    dealt: Vec<String>,
    skipped: u64,
}

/// A letter that is dealt with: what goes where, and what the history says.
struct Dealt {
    follow: Vec<Publication>,
    steps: Vec<(String, What)>,
}

/// Goes through the queue once. False: told to stop before its end.
pub(super) async fn go(
    desk: &Desk,
    work: &Work,
    text: Option<&str>,
    stop: &watch::Receiver<bool>,
) -> Result<bool, LettersError> {
    let (control, mut stop) = (&desk.control, stop.clone());
    let config = control.config();
    let _lock = lock(&config, &work.selection.queue())?;
    let lanes = if work.selection.subscriber.is_some() { config.hub.broker.lanes() } else { 1 };
    let mut pass = Pass::begin(control, work.selection.queue(), lanes).await?;
    let (mut rate, mut room, is_paced) = (Rate::new(work.rate), 0, work.act == Deed::Retry);
    let mut missing: HashSet<String> = work.selection.ids.iter().cloned().collect();
    let has_ids = !missing.is_empty();
    if work.act == Deed::Retry {
        let target = work.selection.subscriber.as_deref().map_or_else(topology::ingest, topology::subscriber);
        control.broker().declare(&target).await?;
    }
    while !(has_ids && missing.is_empty() && pass.may_end()) {
        let batch = tokio::select! {
            biased;
            () = told(&mut stop) => return Ok(false),
            batch = pass.next() => batch?,
        };
        let Some(batch) = batch else { break };
        if is_paced && room == 0 && batch.letters.iter().any(|letter| work.selection.means(&letter.envelope))
        {
            tokio::select! {
                biased;
                () = told(&mut stop) => return Ok(false),
                more = rate.next() => room = more,
            }
        }
        let part = part(
            &config,
            work,
            text,
            &batch,
            if is_paced { room } else { usize::MAX },
            control.clock().now(),
        )?;
        room = room.saturating_sub(part.dealt.len());
        control.note(&part.steps)?;
        let looked = part.fates.len() as u64;
        pass.settle(&batch, part.fates).await?;
        for id in &part.dealt {
            missing.remove(id);
        }
        desk.change(&work.id, |work| {
            work.looked += looked;
            work.done += part.dealt.len() as u64;
            work.skipped += part.skipped;
            work.reason = None;
        });
    }
    Ok(true)
}

/// What becomes of the oldest letters of a batch: of all, or until so many are dealt with.
fn part(
    config: &Config,
    work: &Work,
    text: Option<&str>,
    batch: &Batch,
    room: usize,
    now: Timestamp,
) -> Result<Part, LettersError> {
    let mut part = Part::default();
    for letter in &batch.letters {
        let is_meant = work.selection.means(&letter.envelope);
        if is_meant && part.dealt.len() >= room {
            break;
        }
        let dealt = if is_meant { deal(config, work, text, letter, batch.lane, now)? } else { None };
        match dealt {
            Some(Dealt { follow, steps }) => {
                part.steps.extend(steps.into_iter().map(|(id, what)| Step { at: now, id, what }));
                part.dealt.push(letter.envelope.id.clone());
                part.fates.push(Fate::Leaves(follow));
            }
            None => {
                part.skipped += u64::from(is_meant);
                part.fates.push(Fate::Stays);
            }
        }
    }
    Ok(part)
}

/// What is done with one letter; nothing where nothing can be.
fn deal(
    config: &Config,
    work: &Work,
    text: Option<&str>,
    letter: &Delivery,
    lane: Lane,
    now: Timestamp,
) -> Result<Option<Dealt>, LettersError> {
    let id = letter.envelope.id.clone();
    let act = Act {
        subscriber: work.selection.subscriber.clone(),
        who: work.who.clone(),
        why: work.why.clone(),
        other: None,
        granted: None,
    };
    Ok(match (work.act, text) {
        (Deed::Discard, _) => Some(Dealt { follow: Vec::new(), steps: vec![(id, What::Discarded(act))] }),
        (Deed::Retry, _) => {
            let again = match &act.subscriber {
                Some(subscriber) => copy_again(subscriber, letter, lane),
                None => message_again(config, letter),
            };
            again.map(|again| Dealt { follow: vec![again], steps: vec![(id, What::Retried(act))] })
        }
        (Deed::Edit, text) => {
            let text = text.unwrap_or_default();
            let (copy, body) = edited(&letter.envelope, &letter.body, text, now)?;
            let of_copy = Act { other: Some(id.clone()), ..act.clone() };
            let of_original = Act { other: Some(copy.id.clone()), ..act };
            let steps = vec![(copy.id.clone(), What::Retried(of_copy)), (id, What::Edited(of_original))];
            let follow = vec![Publication { to: vec![ingest(config, &copy)], envelope: copy, body }];
            Some(Dealt { follow, steps })
        }
    })
}

/// An invalid message on its way to the routers; nothing where its bytes never came, or where it is no feed's.
fn message_again(config: &Config, letter: &Delivery) -> Option<Publication> {
    let Delivery { envelope, body, .. } = letter;
    let fault = envelope.fault.as_ref();
    let is_claimed = envelope.claim.is_some();
    if envelope.origin.feed.is_empty() || fault.is_some_and(|fault| fault.is_without_bytes() && !is_claimed) {
        return None;
    }
    // Its neighbours in other lanes have passed long ago: it waits for none of them.
    let envelope = Envelope { fault: None, join: None, ..envelope.clone() };
    Some(Publication { to: vec![ingest(config, &envelope)], envelope, body: body.clone() })
}

fn ingest(config: &Config, envelope: &Envelope) -> (QueueName, Lane) {
    let lane = Lane::of(&envelope.facility, &envelope.patient.0, config.hub.broker.lanes());
    (topology::ingest(), lane)
}

/// A dead copy on its way to its subscriber, behind what waits there: with a place of its own.
fn copy_again(subscriber: &str, letter: &Delivery, lane: Lane) -> Option<Publication> {
    let mut envelope = Envelope { fault: None, ..letter.envelope.clone() };
    envelope.event.as_mut()?.place = None;
    Some(Publication {
        to: vec![(topology::subscriber(subscriber), lane)],
        envelope,
        body: letter.body.clone(),
    })
}

async fn told(stop: &mut watch::Receiver<bool>) {
    // Nobody left to say stop is as good as being told.
    drop(stop.wait_for(|&stop| stop).await);
}

/// Holds a queue for as long as the file is open.
fn lock(config: &Config, queue: &QueueName) -> Result<File, LettersError> {
    let folder = config.hub.data_dir.join(LOCKS);
    fs::create_dir_all(&folder).map_err(LettersError::Lock)?;
    let path = folder.join(format!("{queue}.lock"));
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
    let file = file.map_err(LettersError::Lock)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LettersError::Elsewhere),
        Err(TryLockError::Error(error)) => Err(LettersError::Lock(error)),
    }
}
