//! `/holds`: what operators let wait, since when and why; hold and release.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Extension, Form, Router};
use maud::{Markup, html};
use serde::Deserialize;

use super::access::{Actor, Right};
use super::audit::Action;
use super::problem::Problem;
use super::view::View;
use super::{Console, frame};
use crate::envelope::Identifying;
use crate::ops::holds::{self, Held, HoldError, Request};
use crate::ops::registry::entries;

type Shared = State<Arc<Console>>;

pub(super) fn routes() -> Router<Arc<Console>> {
    Router::new().route("/holds", get(show).post(change))
}

/// What a form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Fields {
    act: String,
    subscriber: String,
    facility: String,
    patient: String,
    /// Of a release: the record.
    id: String,
    why: String,
}

impl Console {
    /// What waits, as far as somebody may see it.
    pub(in crate::console) async fn held(&self, actor: &Actor) -> Result<Vec<Held>, Problem> {
        if !actor.has(Right::View) {
            self.note(actor, Action::Refused, "holds", false).await?;
            return Err(Problem::forbidden());
        }
        let mut held = self.all_held();
        held.retain(|one| one.facility.is_none() || actor.may(Right::View, one.facility.as_deref()));
        Ok(held)
    }

    /// What waits.
    fn all_held(&self) -> Vec<Held> {
        let registry = self.control.register().view().read();
        holds::list(&registry, &self.control.routing().pseudonyms, self.control.clock().now())
    }

    /// Whether somebody may let wait what belongs to a facility, or to some facility where none is named.
    pub(in crate::console) async fn may_hold(
        &self,
        actor: &Actor,
        facility: Option<&str>,
    ) -> Result<(), Problem> {
        let may = match facility {
            Some(_) => actor.may(Right::Operate, facility),
            None => actor.has(Right::Operate),
        };
        if may {
            return Ok(());
        }
        self.note(actor, Action::Refused, "holds", false).await?;
        Err(Problem::forbidden())
    }

    /// Lets something wait or go on for somebody who may, and writes that down. What concerns all patients is not for who
    /// works for some facilities only.
    pub(in crate::console) async fn change_hold(
        &self,
        actor: &Actor,
        request: &Request,
        holds: bool,
    ) -> Result<(), Problem> {
        let facility = request.patient.as_ref().map(|(facility, _)| facility.as_str());
        self.may_hold(actor, facility).await?;
        if request.patient.is_none() && actor.facilities.is_some() {
            return Err(Problem::forbidden());
        }
        if request.why.trim().is_empty() {
            return Err(Problem::bad("say why"));
        }
        let (config, now) = (self.control.config(), self.control.clock().now());
        let fact = {
            let registry = self.control.register().view().read();
            match holds {
                true => holds::hold(&config, &registry, request, now),
                false => holds::release(&registry, request, now),
            }
        };
        let fact = fact.map_err(|error: HoldError| Problem::bad(error.to_string()))?;
        let stand_in = request.patient.as_ref().map(|(facility, id)| {
            format!(" {facility} {}", self.control.routing().pseudonyms.of(facility, id).0)
        });
        let object = format!("{}{}", request.subscriber, stand_in.unwrap_or_default());
        self.audit(actor, if holds { Action::Hold } else { Action::Release }, &object).await?;
        self.control.register().submit(entries([fact], &actor.name, &request.why, now)).await?;
        Ok(())
    }

    /// What a release of a record means.
    fn release_of(&self, id: &str, why: String) -> Option<Request> {
        let registry = self.control.register().view().read();
        let (_, hold) = registry.holds().find(|(known, _)| known.0 == id)?;
        let patient = hold.patient.clone().map(|patient| (patient.facility, patient.local_id));
        Some(Request { subscriber: hold.subscriber.clone(), patient, why })
    }
}

async fn show(State(console): Shared, view: View, Extension(actor): Extension<Actor>) -> Response {
    page(&console, &view, &actor, None).await
}

async fn page(console: &Console, view: &View, actor: &Actor, wrong: Option<&Problem>) -> Response {
    let held = match console.held(actor).await {
        Ok(held) => held,
        Err(problem) => return frame::refusal(view, problem.status(), problem.detail()),
    };
    let may_act = actor.has(Right::Operate);
    let body = html! {
        p.hint { (view.pick(
            "Copies of a held subscriber wait in its queue; those about a held patient are parked. Nobody else waits.",
            "停止中の配信先への分はキューで待ち、停止中の患者の分は保留になります。ほかの患者・配信先には影響しません。",
        )) }
        @if let Some(wrong) = wrong { p.alert role="alert" { (wrong.detail()) } }
        (table(console, view, &held, may_act))
        @if may_act { h2 { (view.pick("Hold", "停止する")) } (form(console, view)) }
    };
    let status = wrong.map_or(axum::http::StatusCode::OK, Problem::status);
    (status, frame::page(view, view.pick("Holds", "配信停止"), &body)).into_response()
}

/// What waits, for the overview too: nothing where nothing does.
pub(super) fn section(console: &Console, view: &View) -> Markup {
    let mut held = console.all_held();
    let may = |one: &Held| {
        let actor = view.actor.as_ref();
        actor.is_some_and(|actor| one.facility.is_none() || actor.may(Right::View, one.facility.as_deref()))
    };
    held.retain(may);
    html! { @if !held.is_empty() {
        section id="holds" {
            h2 { a href="/holds" { (view.pick("Held by an operator", "担当者が停止中")) } }
            (table(console, view, &held, false))
        }
    } }
}

fn table(console: &Console, view: &View, held: &[Held], may_act: bool) -> Markup {
    let time = |held: &Held| held.since.to_zoned(console.zone.clone()).strftime("%m-%d %H:%M").to_string();
    if held.is_empty() {
        return html! { p { (view.pick("Nothing is held.", "停止中のものはありません。")) } };
    }
    html! { div.wide { table {
        thead { tr {
            th { (view.pick("To", "配信先")) } th { (view.pick("Patient", "患者")) } th { (view.pick("Since", "開始")) }
            th { (view.pick("By", "実行者")) } th { (view.pick("Why", "理由")) }
            @if may_act { th { (view.pick("Release", "再開")) } }
        } }
        tbody { @for one in held { tr {
            td { (one.subscriber) }
            td { @match (&one.facility, &one.patient) {
                (Some(facility), Some(patient)) => { (facility) " " code { (patient) } },
                _ => (view.pick("all", "全員")),
            } }
            td { (time(one)) } td { (one.who) } td { (one.why) }
            @if may_act { td { (frame::form(view, "/holds", &html! {
                input type="hidden" name="act" value="release";
                input type="hidden" name="id" value=(one.id);
                input name="why" required autocomplete="off" aria-label=(view.pick("Why", "理由"))
                    placeholder=(view.pick("why", "理由"));
                button { (view.pick("Release", "再開")) }
            })) } }
        } } }
    } } }
}

fn form(console: &Console, view: &View) -> Markup {
    let config = console.control.config();
    frame::form(
        view,
        "/holds",
        &html! {
            input type="hidden" name="act" value="hold";
            div.filters {
                div {
                    label for="subscriber" { (view.pick("Subscriber", "配信先")) }
                    select id="subscriber" name="subscriber" {
                        @for subscriber in &config.subscribers { option value=(subscriber.name) { (subscriber.name) } }
                    }
                }
                div {
                    label for="facility" { (view.pick("Patient: facility (empty: all patients)", "患者: 施設コード（空欄は全員）")) }
                    input id="facility" name="facility" autocomplete="off";
                }
                div {
                    label for="patient" { (view.pick("Patient: id there", "患者: 患者ID")) }
                    input id="patient" name="patient" autocomplete="off";
                }
                div {
                    label for="why" { (view.pick("Why", "理由")) }
                    input id="why" name="why" required autocomplete="off";
                }
            }
            button { (view.pick("Hold", "停止")) }
        },
    )
}

async fn change(
    State(console): Shared,
    view: View,
    Extension(actor): Extension<Actor>,
    Form(fields): Form<Fields>,
) -> Response {
    if let Err(problem) = console.may_hold(&actor, None).await {
        return frame::refusal(&view, problem.status(), problem.detail());
    }
    let holds = fields.act == "hold";
    let Fields { subscriber, facility, patient, id, why, .. } = fields;
    let request = match holds {
        true if facility.is_empty() != patient.is_empty() => None,
        true => {
            let patient = (!patient.is_empty()).then_some((facility, Identifying(patient)));
            Some(Request { subscriber, patient, why })
        }
        false => console.release_of(&id, why),
    };
    let done = match &request {
        Some(request) => console.change_hold(&actor, request, holds).await,
        None => Err(Problem::bad(view.pick(
            "a patient is a facility and an id there",
            "患者は施設コードと患者IDの両方を指定してください",
        ))),
    };
    match done {
        Ok(()) => Redirect::to("/holds").into_response(),
        Err(problem) => page(&console, &view, &actor, Some(&problem)).await,
    }
}
