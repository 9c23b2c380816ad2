//! What is asked of letters and what may be answered to whom; acts are written down before they begin.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::Console;
use super::super::access::{Actor, Right};
use super::super::audit::Action;
use super::super::messages::asked as messages;
use super::super::problem::Problem;
use crate::envelope::Fault;
use crate::ops::letters::look::{self, Later, Pile};
use crate::ops::letters::{Deed, Editable, Request, Selection, Work, editable};
use crate::ops::search::{Found, Row, State};

/// Ids of letters that the audit names one by one.
const NAMED: usize = 10;

/// What a form or an address sends: texts, empty where nothing is said.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(in crate::console) struct Asked {
    pub(in crate::console) subscriber: String,
    pub(in crate::console) fault: String,
    pub(in crate::console) feed: String,
    pub(in crate::console) facility: String,
    pub(in crate::console) withdrawn: bool,
    pub(in crate::console) before: String,
}

impl Asked {
    /// The letters that it means.
    pub(in crate::console) fn selection(&self) -> Selection {
        let said = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        Selection {
            subscriber: said(&self.subscriber),
            ids: Vec::new(),
            fault: said(&self.fault),
            feed: said(&self.feed),
            facility: said(&self.facility),
            facilities: None,
        }
    }
}

/// A dead letter.
#[derive(Debug, Serialize)]
pub(in crate::console) struct Letter {
    #[serde(flatten)]
    pub(in crate::console) row: Row,
    /// Why, where the letter is near the front of its queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::console) letter_fault: Option<Fault>,
    /// What the subscriber got since.
    pub(in crate::console) since: Later,
}

/// A page of letters of the facilities that somebody may see.
pub(in crate::console) async fn list(
    console: &Arc<Console>,
    actor: &Actor,
    asked: Asked,
    of_dead: bool,
) -> Result<Found, Problem> {
    console.require(actor, Right::View, "letters").await?;
    let selection = Selection { facilities: actor.facilities.clone(), ..asked.selection() };
    let state = match (of_dead, asked.withdrawn) {
        (false, _) => State::Invalid,
        (true, false) => State::Dead,
        (true, true) => State::Withdrawn,
    };
    let before = Some(asked.before).filter(|before| !before.is_empty());
    let config = console.control.config();
    messages::ask(move || look::list(&config, &selection, state, before)).await
}

/// Letters by fault.
pub(in crate::console) async fn piles(
    console: &Arc<Console>,
    actor: &Actor,
    asked: Asked,
    of_dead: bool,
) -> Result<Vec<Pile>, Problem> {
    console.require(actor, Right::View, "letters").await?;
    let selection = Selection { facilities: actor.facilities.clone(), ..asked.selection() };
    let config = console.control.config();
    messages::ask(move || match of_dead {
        true => look::dead(&config, &selection),
        false => look::invalid(&config, &selection),
    })
    .await
}

/// How many letters somebody's selection means.
pub(in crate::console) async fn count(
    console: &Arc<Console>,
    actor: &Actor,
    selection: Selection,
) -> Result<u64, Problem> {
    let selection = Selection { facilities: actor.facilities.clone(), ..selection };
    let config = console.control.config();
    messages::ask(move || look::count(&config, &selection)).await
}

/// An invalid message as a text to be edited, once it is written down that somebody looks.
pub(in crate::console) async fn text(
    console: &Arc<Console>,
    actor: &Actor,
    id: &str,
) -> Result<Editable, Problem> {
    console.require(actor, Right::ViewBodies, "letters").await?;
    let (row, _) = messages::message(console, actor, Right::ViewBodies, id).await?;
    console.audit(actor, Action::ViewBody, &row.id).await?;
    let (envelope, body) = look::original(&console.control, None, id).await?;
    Ok(editable(&envelope, &body)?)
}

/// A dead letter, and what its subscriber got since.
pub(in crate::console) async fn letter(
    console: &Arc<Console>,
    actor: &Actor,
    subscriber: &str,
    id: &str,
) -> Result<Letter, Problem> {
    console.require(actor, Right::View, "letters").await?;
    let (row, _) = messages::message(console, actor, Right::View, id).await?;
    let config = console.control.config();
    if !config.subscribers.iter().any(|known| known.name == subscriber) {
        return Err(Problem::not_found());
    }
    let letter_fault = look::fault(&console.control, Some(subscriber), id).await?;
    let (wanted, name) = (id.to_owned(), subscriber.to_owned());
    let since = messages::blocking(move || Ok(look::later_version(&config, &wanted, &name)?)).await?;
    Ok(Letter { row, letter_fault, since })
}

impl Console {
    /// Lets something be done with letters for somebody who may, and writes that down.
    pub(in crate::console) async fn act_on_letters(
        &self,
        actor: &Actor,
        request: Request,
    ) -> Result<Work, Problem> {
        let (right, action) = match request.act {
            Deed::Retry => (Right::Operate, Action::Retry),
            Deed::Discard => (Right::Operate, Action::Discard),
            Deed::Edit => (Right::Engineer, Action::Edit),
        };
        let object = object(&request.selection);
        self.require(actor, right, &object).await?;
        self.audit(actor, action, &object).await?;
        let selection = Selection { facilities: actor.facilities.clone(), ..request.selection };
        Ok(self.letters.ask(Request { selection, ..request }, &actor.name).await?)
    }

    /// Stops work on letters for somebody who may, and writes that down.
    pub(in crate::console) async fn stop_letters(&self, actor: &Actor, id: &str) -> Result<Work, Problem> {
        self.require(actor, Right::Operate, "letters").await?;
        let work = self.letters.get(id)?;
        let action = match work.act {
            Deed::Retry => Action::Retry,
            Deed::Discard => Action::Discard,
            Deed::Edit => Action::Edit,
        };
        self.audit(actor, action, &format!("stop {id}")).await?;
        Ok(self.letters.stop(id)?)
    }
}

/// What stands in the audit for letters.
fn object(selection: &Selection) -> String {
    let Selection { ids, fault, feed, facility, .. } = selection;
    let queue = selection.queue();
    let which = match ids.len() {
        0 => "all".to_owned(),
        1..=NAMED => ids.join(" "),
        many => format!("{many} of them"),
    };
    let narrowed = [("fault", fault), ("feed", feed), ("facility", facility)];
    let narrowed = narrowed.iter().filter_map(|(word, is)| Some(format!(" {word} {}", is.as_deref()?)));
    format!("{queue}: {which}{}", narrowed.collect::<String>())
}
