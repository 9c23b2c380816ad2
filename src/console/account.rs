//! `/account`: one's own password, second factor and sessions.

use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::access::{Actor, Right};
use super::audit::Action;
use super::login::passwords;
use super::view::View;
use super::{Console, frame, second_factor};
use crate::ops::access::{AccessError, Client, LoginError};
use crate::ops::access::{secret, totp};

/// What the forms send; which one, says `act`.
#[derive(Deserialize)]
pub(super) struct Given {
    act: String,
    /// The password of now.
    #[serde(default)]
    current: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    again: String,
    #[serde(default)]
    totp: String,
    #[serde(default)]
    code: String,
}

/// What was done.
enum Done {
    Nothing,
    Said(&'static str, &'static str),
    Refused(&'static str, &'static str),
    Codes(Vec<String>),
}

/// The page.
pub(super) async fn show(State(console): State<Arc<Console>>, view: View) -> Response {
    render(&console, &view, &totp::secret(), &Done::Nothing)
}

/// Does what a form of the page asks for.
pub(super) async fn change(
    State(console): State<Arc<Console>>,
    view: View,
    Form(given): Form<Given>,
) -> Response {
    let (Some(actor), Some(login)) = (&view.actor, &view.login) else {
        return render(&console, &view, &totp::secret(), &Done::Nothing);
    };
    if let Err(problem) = console.audit(actor, Action::ChangeSecret, &actor.name).await {
        return problem.into_response();
    }
    let secret = given.totp.clone();
    let done = match given.act.as_str() {
        "others" => {
            console.gate.end_others(&actor.name, &login.id);
            Done::Said("Your other logins have ended.", "ほかのログインを終了しました。")
        }
        _ => act(&console, actor, &login.id, given).await,
    };
    let secret = if matches!(done, Done::Codes(_)) || secret.is_empty() { totp::secret() } else { secret };
    render(&console, &view, &secret, &done)
}

/// What needs the password of now.
async fn act(console: &Console, actor: &Actor, id: &str, given: Given) -> Done {
    if given.act == "password" && !secret::same(&given.password, &given.again) {
        return Done::Refused("The two passwords differ.", "パスワードが一致しません。");
    }
    let (gate, now) = (console.gate.clone(), console.control.clock().now());
    let (name, from, id) = (actor.name.clone(), actor.from.clone(), id.to_owned());
    let done = console.hash(move || {
        gate.confirms(&name, &given.current, &Client { address: &from, now })?;
        if given.act == "password" {
            gate.users().set_password(&name, &given.password)?;
            gate.end_others(&name, &id);
            return Ok(Done::Said("The password was changed.", "パスワードを変更しました。"));
        }
        Ok(Done::Codes(gate.users().set_totp(&name, (&given.totp, &given.code), now)?))
    });
    match done.await {
        Ok(done) => done,
        Err(LoginError::Wrong | LoginError::Wait(_)) => {
            Done::Refused("That is not your present password.", "現在のパスワードが違います。")
        }
        Err(LoginError::Users(AccessError::Refused(en, ja))) => Done::Refused(en, ja),
        Err(error) => {
            tracing::warn!(error = crate::telemetry::causes(&error), "a user can't be changed");
            Done::Refused("The users can't be written.", "利用者の情報を書き込めません。")
        }
    }
}

fn render(console: &Console, view: &View, secret: &str, done: &Done) -> Response {
    let title = view.pick("Account", "アカウント");
    let own = console.gate.users().read().ok().zip(view.actor.as_ref());
    let is_user = own.is_some_and(|(book, actor)| book.user(&actor.name).is_some());
    let (Some(actor), Some(_), true) = (&view.actor, &view.login, is_user) else {
        let no_user =
            view.pick("Your account is kept elsewhere.", "このアカウントの情報はここにはありません。");
        return frame::page(view, title, &html! { p { (no_user) } }).into_response();
    };
    let body = html! {
        @match done {
            Done::Nothing => {}
            Done::Said(en, ja) => p role="status" { (view.pick(en, ja)) },
            Done::Refused(en, ja) => p.alert role="alert" { (view.pick(en, ja)) },
            Done::Codes(codes) => div.once role="status" { (second_factor::codes(view, codes)) },
        }
        p { strong { (actor.name) } " " (rights(view, actor)) }
        h2 { (view.pick("Password", "パスワード")) }
        (frame::form(view, "/account", &html! {
            (current(view, "current-password"))
            (passwords(view))
            button name="act" value="password" { (view.pick("Change", "変更")) }
        }))
        h2 { (view.pick("New second factor and recovery codes", "二要素と回復コードの再登録")) }
        (frame::form(view, "/account", &html! {
            (current(view, "current-totp"))
            (second_factor::shown(view, secret, &actor.name, &console.network()))
            button name="act" value="totp" { (view.pick("Change", "変更")) }
        }))
        h2 { (view.pick("Logins", "ログイン中")) }
        (sessions(console, view, actor))
        (frame::form(view, "/account", &html! {
            button name="act" value="others" { (view.pick("End all others", "ほかをすべて終了")) }
        }))
    };
    frame::page(view, title, &body).into_response()
}

fn current(view: &View, id: &str) -> Markup {
    html! {
        label for=(id) { (view.pick("Present password", "現在のパスワード")) }
        input id=(id) name="current" type="password" autocomplete="current-password" required;
    }
}

fn sessions(console: &Console, view: &View, actor: &Actor) -> Markup {
    let time = |at: jiff::Timestamp| at.to_zoned(console.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
    html! {
        div.wide { table {
            thead { tr {
                th { (view.pick("Since", "開始")) } th { (view.pick("Last request", "最後の操作")) } th { (view.pick("From", "接続元")) }
            } }
            tbody { @for session in console.gate.sessions_of(&actor.name) { tr {
                td { (time(session.since)) } td { (time(session.seen)) } td { (session.from) }
            } } }
        } }
    }
}

fn rights(view: &View, actor: &Actor) -> String {
    let word = |right: &Right| match right {
        Right::View => view.pick("sees states", "状態の閲覧"),
        Right::ViewBodies => view.pick("sees bodies", "本文の閲覧"),
        Right::Operate => view.pick("acts", "操作"),
        Right::Engineer => view.pick("edits", "修正"),
        Right::Administer => view.pick("administers", "管理"),
    };
    let words: Vec<_> = actor.rights.iter().map(word).collect();
    let facilities = actor.facilities.as_ref().map(|codes| format!(" ({})", codes.join(" ")));
    format!("{}{}", words.join(view.pick(", ", "・")), facilities.unwrap_or_default())
}
