//! The pages: what lies there by fault, the letters of one fault, and the forms that do something.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Form, Router};
use maud::{Markup, html};

use super::super::access::{Actor, Right};
use super::super::problem::Problem;
use super::super::view::View;
use super::super::{Console, frame, live};
use super::asked::{self, Asked};
use super::parts::{self, Kind};
use crate::ops::letters::{Deed, Request};

type Shared = State<Arc<Console>>;
type Who = Extension<Actor>;
/// What a form sends; ids of letters may come several times.
type Fields = Form<Vec<(String, String)>>;

/// How often progress is looked at.
const LIVE: Duration = Duration::from_secs(1);

pub(in crate::console) fn routes() -> Router<Arc<Console>> {
    Router::new()
        .route("/invalid", get(invalid).post(act_on_invalid))
        .route("/invalid/all", get(all_invalid))
        .route("/invalid/{id}", post(text))
        .route("/dead", get(dead).post(act_on_dead))
        .route("/dead/all", get(all_dead))
        .route("/dead/{subscriber}/{id}", get(one_dead))
        .route("/letters/{id}/stop", post(stop))
        .route("/live/letters", get(works))
}

async fn invalid(
    State(console): Shared,
    view: View,
    Extension(actor): Who,
    Query(asked): Query<Asked>,
) -> Response {
    let asked = Asked { subscriber: String::new(), ..asked };
    told(&view, Kind::Invalid, lying(&console, &view, &actor, asked, Kind::Invalid, None).await)
}

async fn dead(
    State(console): Shared,
    view: View,
    Extension(actor): Who,
    Query(asked): Query<Asked>,
) -> Response {
    told(&view, Kind::Dead, lying(&console, &view, &actor, asked, Kind::Dead, None).await)
}

fn told(view: &View, kind: Kind, body: Result<Markup, Problem>) -> Response {
    match body {
        Ok(body) => frame::page(view, kind.title(view), &body).into_response(),
        Err(problem) => frame::refusal(view, problem.status(), problem.detail()),
    }
}

/// What lies there by fault; where a fault or a feed is chosen, its letters too.
async fn lying(
    console: &Arc<Console>,
    view: &View,
    actor: &Actor,
    asked: Asked,
    kind: Kind,
    wrong: Option<&str>,
) -> Result<Markup, Problem> {
    let piles = asked::piles(console, actor, asked.clone(), kind == Kind::Dead).await?;
    let is_chosen = !asked.fault.is_empty() || !asked.feed.is_empty() || !asked.subscriber.is_empty();
    let found = match is_chosen {
        true => Some(asked::list(console, actor, asked.clone(), kind == Kind::Dead).await?),
        false => None,
    };
    let time = |at: jiff::Timestamp| at.to_zoned(console.zone.clone()).strftime("%m-%d %H:%M").to_string();
    let may_act = actor.has(Right::Operate);
    Ok(html! {
        @if let Some(wrong) = wrong { p.alert role="alert" { (wrong) } }
        p.hint { (kind.hint(view)) }
        (parts::piles(view, kind, &piles, may_act, &time))
        @if let Some(found) = &found {
            h2 { (view.pick("One by one", "1 件ずつ")) }
            (parts::letters(view, kind, found, &asked, actor, &time))
        }
        h2 { (view.pick("What is being done", "実行中・最近の処理")) }
        section id="works" data-live="/live/letters" { (parts::works(view, &console.letters.list(), may_act)) }
    })
}

async fn works(State(console): Shared, view: View, Extension(actor): Who) -> Response {
    if let Err(problem) = console.require(&actor, Right::View, "letters").await {
        return frame::refusal(&view, problem.status(), problem.detail());
    }
    live::part(LIVE, move || {
        let made = parts::works(&view, &console.letters.list(), actor.has(Right::Operate));
        async move { made }
    })
    .into_response()
}

async fn all_invalid(
    State(console): Shared,
    view: View,
    Extension(actor): Who,
    Query(asked): Query<Asked>,
) -> Response {
    let asked = Asked { subscriber: String::new(), ..asked };
    told(&view, Kind::Invalid, all(&console, &view, &actor, &asked, Kind::Invalid).await)
}

async fn all_dead(
    State(console): Shared,
    view: View,
    Extension(actor): Who,
    Query(asked): Query<Asked>,
) -> Response {
    told(&view, Kind::Dead, all(&console, &view, &actor, &asked, Kind::Dead).await)
}

/// Asks before something is done with all letters of a fault: how many they are.
async fn all(
    console: &Arc<Console>,
    view: &View,
    actor: &Actor,
    asked: &Asked,
    kind: Kind,
) -> Result<Markup, Problem> {
    console.require(actor, Right::Operate, "letters").await?;
    let count = asked::count(console, actor, asked.selection()).await?;
    Ok(parts::confirmation(view, kind, asked, count))
}

async fn act_on_invalid(state: Shared, view: View, actor: Who, fields: Fields) -> Response {
    act(state, view, actor, fields, Kind::Invalid).await
}

async fn act_on_dead(state: Shared, view: View, actor: Who, fields: Fields) -> Response {
    act(state, view, actor, fields, Kind::Dead).await
}

async fn act(
    State(console): Shared,
    view: View,
    Extension(actor): Who,
    Form(fields): Fields,
    kind: Kind,
) -> Response {
    if let Err(problem) = console.require(&actor, Right::Operate, "letters").await {
        return frame::refusal(&view, problem.status(), problem.detail());
    }
    let done = match request(&view, &fields, kind) {
        Ok(request) => console.act_on_letters(&actor, request).await.map(|_| ()),
        Err(why) => Err(Problem::bad(why)),
    };
    match done {
        Ok(()) => Redirect::to(kind.path()).into_response(),
        Err(problem) => {
            let page = lying(&console, &view, &actor, Asked::default(), kind, Some(problem.detail())).await;
            (problem.status(), told(&view, kind, page)).into_response()
        }
    }
}

/// What a form asks for.
fn request(view: &View, fields: &[(String, String)], kind: Kind) -> Result<Request, &'static str> {
    let all = |name: &'static str| fields.iter().filter(move |(is, _)| is == name).map(|(_, value)| value);
    let one = |name: &'static str| all(name).next().cloned().unwrap_or_default();
    let act = match one("act").as_str() {
        "retry" => Deed::Retry,
        "discard" => Deed::Discard,
        "edit" => Deed::Edit,
        _ => return Err(view.pick("nothing is to be done", "処理が選ばれていません")),
    };
    let asked = Asked {
        subscriber: one("subscriber"),
        fault: one("fault"),
        feed: one("feed"),
        facility: one("facility"),
        ..Asked::default()
    };
    let mut selection = asked.selection();
    selection.ids = all("id").cloned().collect();
    if (kind == Kind::Dead) != selection.subscriber.is_some() {
        return Err(view.pick("choose a subscriber", "配信先を選んでください"));
    }
    if one("of") == "chosen" && selection.ids.is_empty() {
        return Err(view.pick("no message is chosen", "メッセージが選ばれていません"));
    }
    let rate = Some(one("rate")).filter(|rate| !rate.is_empty());
    let rate = rate.map(|rate| rate.parse().map_err(|_| view.pick("the rate is a number", "件数は数字です")));
    let text = (act == Deed::Edit).then(|| one("text"));
    Ok(Request { act, selection, why: one("why"), rate: rate.transpose()?, text })
}

/// An invalid message to be edited; a form asks for it, because each look is written down.
async fn text(State(console): Shared, view: View, Extension(actor): Who, Path(id): Path<String>) -> Response {
    if let Err(problem) = console.require(&actor, Right::Engineer, "letters").await {
        return frame::refusal(&view, problem.status(), problem.detail());
    }
    match asked::text(&console, &actor, &id).await {
        Ok(editable) => {
            let editor = parts::editor(&view, &id, &editable);
            frame::verbatim(&view, Kind::Invalid.title(&view), &editor).into_response()
        }
        Err(problem) => frame::refusal(&view, problem.status(), problem.detail()),
    }
}

/// A dead letter, with what is to be known before it is sent again.
async fn one_dead(
    State(console): Shared,
    view: View,
    Extension(actor): Who,
    Path((subscriber, id)): Path<(String, String)>,
) -> Response {
    let letter = asked::letter(&console, &actor, &subscriber, &id).await;
    let may_act = actor.has(Right::Operate);
    told(&view, Kind::Dead, letter.map(|letter| parts::letter(&view, &subscriber, &letter, may_act)))
}

async fn stop(State(console): Shared, view: View, Extension(actor): Who, Path(id): Path<String>) -> Response {
    match console.stop_letters(&actor, &id).await {
        Ok(work) if work.selection.subscriber.is_some() => Redirect::to("/dead").into_response(),
        Ok(_) => Redirect::to("/invalid").into_response(),
        Err(problem) => frame::refusal(&view, problem.status(), problem.detail()),
    }
}
