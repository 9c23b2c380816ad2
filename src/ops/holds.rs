//! Hold and release: an operator lets the copies of a subscriber wait in its queue, or parks those about one patient, until
//! he lets them go on. Nobody else waits. It is a record of the registry, so that it holds across restarts and in every
//! process.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::deliver::Kind;
use crate::envelope::Identifying;
use crate::pipeline::Pseudonyms;
use crate::registry::{Fact, HeldPatient, Hold, Period, Registry};

/// What is to be held, or released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Subscriber.
    pub subscriber: String,
    /// 10-digit code of the facility, and the patient's id there; everybody's copies where nobody is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<(String, Identifying)>,
    /// Why.
    pub why: String,
}

/// What waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Id of the record.
    pub id: String,
    /// Subscriber.
    pub subscriber: String,
    /// 10-digit code of the facility whose patient it is; none where all copies wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facility: Option<String>,
    /// Stand-in of the patient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<String>,
    /// Who lets it wait.
    pub who: String,
    /// Why.
    pub why: String,
    /// Since when.
    pub since: Timestamp,
}

/// Why nothing is held or released.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HoldError {
    /// No route names it.
    #[error("there is no subscriber {0}")]
    Unknown(String),
    /// The hub does not deliver to it.
    #[error("{0} reads its queue itself: nothing can be held")]
    Itself(String),
    /// Somebody did already.
    #[error("it is held already")]
    Already,
    /// Nobody did.
    #[error("it is not held")]
    NotHeld,
}

/// What waits now, the longest first.
pub fn list(registry: &Registry, pseudonyms: &Pseudonyms, now: Timestamp) -> Vec<Held> {
    let in_force = registry.holds().filter(|(_, hold)| hold.period.holds(now));
    let mut held: Vec<_> = in_force
        .map(|(id, hold)| {
            let entry = registry.record(id);
            let stand_in = |patient: &HeldPatient| pseudonyms.of(&patient.facility, &patient.local_id).0;
            Held {
                id: id.0.clone(),
                subscriber: hold.subscriber.clone(),
                facility: hold.patient.as_ref().map(|patient| patient.facility.clone()),
                patient: hold.patient.as_ref().map(stand_in),
                who: entry.map(|entry| entry.who.clone()).unwrap_or_default(),
                why: entry.map(|entry| entry.why.clone()).unwrap_or_default(),
                since: hold.period.from,
            }
        })
        .collect();
    held.sort_by_key(|held| held.since);
    held
}

fn found<'r>(registry: &'r Registry, request: &Request, now: Timestamp) -> Option<&'r Hold> {
    let wanted = patient(request);
    let mut holds = registry.holds().map(|(_, hold)| hold);
    holds.find(|hold| {
        hold.subscriber == request.subscriber && hold.patient == wanted && hold.period.holds(now)
    })
}

fn patient(request: &Request) -> Option<HeldPatient> {
    let (facility, local_id) = request.patient.clone()?;
    Some(HeldPatient { facility, local_id })
}

/// The fact that lets something wait from now on.
///
/// # Errors
/// It can't wait, or does already.
pub fn hold(
    config: &Config,
    registry: &Registry,
    request: &Request,
    now: Timestamp,
) -> Result<Fact, HoldError> {
    let name = &request.subscriber;
    let known = config.subscribers.iter().find(|subscriber| subscriber.name == *name);
    match known {
        None => return Err(HoldError::Unknown(name.clone())),
        Some(known) if matches!(known.deliver, Kind::Queue) => {
            return Err(HoldError::Itself(name.clone()));
        }
        Some(_) => {}
    }
    if found(registry, request, now).is_some() {
        return Err(HoldError::Already);
    }
    let period = Period::since(now);
    Ok(Fact::Hold(Hold { subscriber: name.clone(), patient: patient(request), period }))
}

/// The fact that lets it go on. That is possible for a subscriber that no route names any more, too.
///
/// # Errors
/// It does not wait.
pub fn release(registry: &Registry, request: &Request, now: Timestamp) -> Result<Fact, HoldError> {
    let hold = found(registry, request, now).ok_or(HoldError::NotHeld)?;
    let period = Period { until: Some(now), ..hold.period };
    Ok(Fact::Hold(Hold { period, ..hold.clone() }))
}
