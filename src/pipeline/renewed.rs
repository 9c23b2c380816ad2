//! A message that was kept, taken through the stages once more, as of now: what one subscriber would get of it.
//!
//! Nothing is entered into the registry, nobody else gets anything, and nothing goes to the invalid queue.

use bytes::Bytes;

use super::control::ControlBus;
use super::original::{self, Original};
use super::process::{INVALID, Processed, Routing, invalid, process};
use crate::broker::{Delivery, Publication, topology};
use crate::canonical::Attached;
use crate::envelope::Change;
use crate::store::history::{Decision, EmergencyUse, Granted, What};
use crate::store::messages::Message;
use crate::store::{ClaimError, Claims};

/// What becomes of a kept message now.
#[derive(Debug)]
pub struct Renewed {
    /// Kind of the event; [`INVALID`] where the message makes no sense.
    pub kind: String,
    /// The copy, or why there is none.
    pub copy: Result<Box<Again>, NoCopy>,
}

/// A copy that is to be made again.
#[derive(Debug)]
pub struct Again {
    /// It, for the one subscriber, marked with the replay.
    pub publication: Publication,
    /// Files of the event, to be kept before the copy is published.
    pub attached: Vec<Attached>,
    /// What it rests on.
    pub granted: Option<Granted>,
    /// What the audit says of it.
    pub uses: Vec<EmergencyUse>,
}

/// Why there is no copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoCopy {
    /// No route names the subscriber for it.
    NoRoute,
    /// A version that was history already when it was found, which no route takes.
    Superseded,
    /// A route does, and what it needs is not there: consent, contract, address.
    Denied {
        /// The clause that decided.
        clause: String,
        /// Topics of the routes.
        topics: Vec<String>,
    },
    /// It makes no sense now.
    Invalid {
        /// Code of the fault.
        code: String,
    },
}

/// Takes a kept message through the stages, as of now.
///
/// # Errors
/// What it claims can't be read at present.
pub async fn renew(
    control: &ControlBus,
    message: &Message,
    subscriber: &str,
    replay: &str,
) -> Result<Renewed, ClaimError> {
    let (routing, now) = (control.routing(), control.clock().now());
    let claims = control.claims();
    let takes_history = routing.routes.take_change(Change::Superseded);
    let delivery = Delivery {
        sequence: message.sequence,
        redelivered: false,
        envelope: message.envelope.clone(),
        body: message.body.clone(),
    };
    let done = match Original::load(&claims, &delivery, takes_history).await? {
        Ok(original) => process(&message.envelope, &original, message.lane, &routing, now),
        Err(fault) => invalid(&message.envelope, &message.body, message.lane, &routing, now, fault),
    };
    Ok(of(done, subscriber, replay, &routing))
}

/// Keeps the files of events, durably: the copies tell their hashes.
///
/// # Errors
/// The folder of claims can't be written.
pub async fn keep_attached(claims: &Claims, attached: Vec<Attached>) -> Result<(), ClaimError> {
    for Attached { content, .. } in attached {
        original::keep(claims, Bytes::from(content)).await?;
    }
    Ok(())
}

/// The one subscriber's part of what was decided.
fn of(done: Processed, subscriber: &str, replay: &str, routing: &Routing) -> Renewed {
    let Some(What::Decided(decision)) = done.decision.map(|step| step.what) else {
        return Renewed { kind: INVALID.to_owned(), copy: Err(NoCopy::Superseded) };
    };
    let queue = topology::subscriber(subscriber);
    let mine = done.follow.into_iter().find_map(|mut publication| {
        publication.to.retain(|(to, _)| *to == queue);
        publication.envelope.event.as_mut()?.replay = Some(replay.to_owned());
        (!publication.to.is_empty()).then_some(publication)
    });
    let kind = decision.kind.clone();
    let copy = match mine {
        Some(publication) => {
            let granted = decision.recipients.into_iter().find(|granted| granted.subscriber == subscriber);
            let uses = done.emergencies.into_iter().filter(|one| one.subscriber == subscriber).collect();
            Ok(Box::new(Again { publication, attached: done.attached, granted, uses }))
        }
        None => Err(no_copy(decision, subscriber, routing)),
    };
    Renewed { kind, copy }
}

fn no_copy(decision: Decision, subscriber: &str, routing: &Routing) -> NoCopy {
    if let Some(fault) = decision.fault {
        return NoCopy::Invalid { code: fault };
    }
    let mine: Vec<_> =
        decision.denials.into_iter().filter(|denied| denied.subscriber == subscriber).collect();
    let topic =
        |name: &str| routing.routes.iter().find(|route| route.name == name).map(|route| route.topic.clone());
    let topics = mine.iter().filter_map(|denied| topic(&denied.route)).collect();
    match mine.into_iter().next() {
        Some(first) => NoCopy::Denied { clause: first.clause, topics },
        None => NoCopy::NoRoute,
    }
}
