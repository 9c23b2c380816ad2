//! What lies among the letters: found through the history, so that a hundred thousand of them are counted at once.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;

use super::{LettersError, Selection};
use crate::config::Config;
use crate::envelope::{Change, Envelope, Fault, Lane};
use crate::ops::messages;
use crate::ops::overview::{Whose, whose};
use crate::ops::search::{self, Digest, Found, Query, Row, SearchError, State};
use crate::pipeline::ControlBus;
use crate::store::history::{Decision, What};

/// Letters of each lane that are looked through for one.
const NEAR: usize = 500;
/// Later messages of a patient that are looked through for another version of the same record.
const LATER: usize = 50;

/// Letters that share one fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pile {
    /// How many, of what.
    #[serde(flatten)]
    pub digest: Digest,
    /// Of dead letters: who has to do something; nothing where nobody has, because consent was withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whose: Option<Whose>,
}

/// Whether the subscriber has got a later version of the same record since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "later", rename_all = "kebab-case")]
pub enum Later {
    /// It has; sent again, this one comes behind it, and says so by its version.
    Delivered {
        /// Id of that message.
        id: String,
    },
    /// It has not.
    None,
    /// The message is not kept any more.
    Unknown,
}

fn query(selection: &Selection, state: State, before: Option<String>) -> Query {
    Query {
        facility: selection.facility.clone(),
        facilities: selection.facilities.clone(),
        feed: selection.feed.clone(),
        subscriber: selection.subscriber.clone(),
        fault: selection.fault.clone(),
        state: Some(state),
        before,
        ..Query::default()
    }
}

/// Invalid messages by fault and feed, the most frequent first.
///
/// # Errors
/// If the history can't be searched.
pub fn invalid(config: &Config, selection: &Selection) -> Result<Vec<Pile>, SearchError> {
    let digests = search::digest(config, &query(selection, State::Invalid, None))?;
    let of_invalid = digests.into_iter().filter(|digest| digest.state == State::Invalid);
    Ok(of_invalid.map(|digest| Pile { digest, whose: None }).collect())
}

/// Dead letters by subscriber and fault, of one subscriber or of all, the most frequent first.
///
/// # Errors
/// If the history can't be searched.
pub fn dead(config: &Config, selection: &Selection) -> Result<Vec<Pile>, SearchError> {
    let mut piles = Vec::new();
    for state in [State::Dead, State::Withdrawn] {
        let digests = search::digest(config, &query(selection, state, None))?;
        let whose = |digest: &Digest| {
            (state == State::Dead).then(|| whose(digest.fault.as_deref().unwrap_or_default()))
        };
        let of_it = digests.into_iter().filter(|digest| digest.state == state);
        piles.extend(of_it.map(|digest| Pile { whose: whose(&digest), digest }));
    }
    piles.sort_by_key(|pile| std::cmp::Reverse(pile.digest.count));
    Ok(piles)
}

/// Letters one by one, of a state: invalid, dead or withdrawn.
///
/// # Errors
/// If the history can't be searched.
pub fn list(
    config: &Config,
    selection: &Selection,
    state: State,
    before: Option<String>,
) -> Result<Found, SearchError> {
    search::search(config, &query(selection, state, before))
}

/// How many letters are meant, as the history knows it.
///
/// # Errors
/// If the history can't be searched.
pub fn count(config: &Config, selection: &Selection) -> Result<u64, SearchError> {
    if !selection.ids.is_empty() {
        return Ok(selection.ids.len() as u64);
    }
    let piles = match selection.subscriber {
        Some(_) => dead(config, selection)?,
        None => invalid(config, selection)?,
    };
    Ok(piles.iter().map(|pile| pile.digest.count).sum())
}

/// A letter's message as it was accepted, or, where that is not kept, as it lies near the front of its queue.
///
/// # Errors
/// It is nowhere, or what holds it can't be read.
pub async fn original(
    control: &ControlBus,
    subscriber: Option<&str>,
    id: &str,
) -> Result<(Envelope, Bytes), LettersError> {
    let (config, wanted) = (control.config(), id.to_owned());
    let kept = spawn_blocking(move || {
        let Some((row, steps)) = search::message(&config, &wanted)? else { return Ok(None) };
        Ok::<_, LettersError>(messages::of_steps(&config, &steps, &wanted, row.at)?)
    });
    let unknown = || LettersError::Unknown(format!("letter {id}"));
    if let Some(kept) = kept.await.map_err(|_| unknown())?? {
        return Ok(kept);
    }
    let selection = Selection { subscriber: subscriber.map(str::to_owned), ..Selection::default() };
    near(control, &selection, id).await?.ok_or_else(unknown)
}

/// A letter with its whole body, where it is near the front of its queue.
async fn near(
    control: &ControlBus,
    selection: &Selection,
    id: &str,
) -> Result<Option<(Envelope, Bytes)>, LettersError> {
    let (broker, queue, config) = (control.broker(), selection.queue(), control.config());
    broker.declare(&queue).await?;
    let lanes = if selection.subscriber.is_some() { config.hub.broker.lanes() } else { 1 };
    for lane in (0..lanes).map(Lane) {
        let seen = broker.peek(&queue, lane, NEAR).await?;
        let Some(letter) = seen.into_iter().find(|letter| letter.envelope.id == id) else { continue };
        let Some(claim) = letter.envelope.claim.clone() else {
            return Ok(Some((letter.envelope, letter.body)));
        };
        let claims = control.claims();
        let read = spawn_blocking(move || claims.read(&claim, crate::envelope::BODY_BYTES_MAX)).await;
        return Ok(read.ok().and_then(Result::ok).map(|body| (letter.envelope, body.into())));
    }
    Ok(None)
}

/// Why a letter is one, with the place in it, where it is near the front of its queue.
///
/// # Errors
/// The queue can't be read.
pub async fn fault(
    control: &ControlBus,
    subscriber: Option<&str>,
    id: &str,
) -> Result<Option<Fault>, LettersError> {
    let selection = Selection { subscriber: subscriber.map(str::to_owned), ..Selection::default() };
    Ok(near(control, &selection, id).await?.and_then(|(envelope, _)| envelope.fault))
}

/// Whether a subscriber has got a later version of a record since one of it died.
///
/// # Errors
/// If the history or the message store can't be read.
pub fn later_version(config: &Config, id: &str, subscriber: &str) -> Result<Later, LettersError> {
    let Some((row, own)) = accepted(config, id)? else { return Ok(Later::Unknown) };
    let query = Query {
        patient: (!own.patient.0.is_empty()).then(|| (row.facility.clone(), own.patient.clone())),
        feed: Some(row.feed.clone()),
        subscriber: Some(subscriber.to_owned()),
        state: Some(State::Delivered),
        from: Some(row.at),
        most: Some(LATER),
        ..Query::default()
    };
    for other in search::patiently(config, &query)?.rows {
        let Some((_, envelope)) = accepted(config, &other.id)? else { continue };
        let is_same = envelope.key == own.key && envelope.change != Change::Superseded;
        if is_same && other.id != id && envelope.version >= own.version {
            return Ok(Later::Delivered { id: other.id });
        }
    }
    Ok(Later::None)
}

/// A message's header as it was accepted, where it is kept.
fn accepted(config: &Config, id: &str) -> Result<Option<(Row, Envelope)>, LettersError> {
    let Some((row, steps)) = search::message(config, id)? else { return Ok(None) };
    let kept = steps.into_iter().find_map(|step| match step.what {
        What::Decided(Decision { kept, .. }) => kept,
        _ => None,
    });
    let Some(kept) = kept else { return Ok(None) };
    Ok(messages::read(config, &kept)?.map(|(envelope, _)| (row, envelope)))
}
