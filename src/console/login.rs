//! The way in for people: name, password and code; and the link by which somebody chooses them.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::access::Actor;
use super::audit::Action;
use super::view::{View, cookie};
use super::{Console, frame, second_factor};
use crate::ops::access::{AccessError, Client, Entered, LoginError};
use crate::ops::access::{secret, totp};

/// Bytes of a form of somebody whom nobody knows yet.
const FORM_MAX: usize = 16 << 10;

/// What the form sends.
#[derive(Deserialize)]
struct Given {
    name: String,
    password: String,
    #[serde(default)]
    code: String,
}

/// The form.
pub(super) async fn form(State(console): State<Arc<Console>>, view: View) -> Response {
    asking(&console, &view, StatusCode::OK, None)
}

/// Lets somebody in.
pub(super) async fn enter(State(console): State<Arc<Console>>, view: View, request: Request) -> Response {
    let Some((from, given)) = read::<Given>(&console, request).await else {
        return asking(&console, &view, StatusCode::BAD_REQUEST, None);
    };
    let name = given.name.trim().to_owned();
    let (gate, now) = (console.gate.clone(), console.control.clock().now());
    let address = from.clone();
    let entered = console
        .hash(move || {
            let client = Client { address: &address, now };
            gate.log_in(given.name.trim(), &given.password, &given.code, &client)
        })
        .await;
    let actor = Actor { name: known(&console, &name), from, rights: Vec::new(), facilities: None };
    let noted = console.note(&actor, Action::LogIn, "console", entered.is_ok()).await;
    match (entered, noted) {
        (_, Err(problem)) => problem.into_response(),
        (Ok(id), Ok(())) => set(&console, &id, "/"),
        (Err(LoginError::Wait(wait)), Ok(())) => {
            let seconds = wait.as_secs() + 1;
            let why = match view.lang {
                crate::lang::Lang::En => format!("Too many wrong logins. Try again in {seconds} s."),
                crate::lang::Lang::Ja => {
                    format!("ログインの失敗が続いたため、{seconds} 秒後にやり直してください。")
                }
            };
            asking(&console, &view, StatusCode::TOO_MANY_REQUESTS, Some(&why))
        }
        (Err(LoginError::Wrong), Ok(())) => {
            let wrong = view.pick(
                "Name, password or code are wrong. A code is taken once: wait for the next.",
                "名前・パスワード・認証コードのいずれかが違います。使ったコードは使えません。次を待ってください。",
            );
            asking(&console, &view, StatusCode::UNAUTHORIZED, Some(wrong))
        }
        (Err(LoginError::Users(error)), Ok(())) => {
            tracing::warn!(error = crate::telemetry::causes(&error), "nobody can log in");
            let why = view.pick("The users can't be read.", "利用者の情報を読めません。");
            asking(&console, &view, StatusCode::SERVICE_UNAVAILABLE, Some(why))
        }
    }
}

/// What was typed is written down only where somebody has that name: it may have been a password.
fn known(console: &Console, name: &str) -> String {
    let book = console.gate.users().read().ok();
    let is_known = book.is_some_and(|book| book.user(name).is_some());
    if is_known { name.to_owned() } else { "unknown".to_owned() }
}

/// Ends the session.
pub(super) async fn leave(State(console): State<Arc<Console>>, view: View, request: Request) -> Response {
    let id = cookie(request.headers(), console.cookie()).unwrap_or_default();
    if let Some(actor) = &view.actor {
        console.gate.log_out(id);
        if let Err(problem) = console.audit(actor, Action::LogOut, "console").await {
            return problem.into_response();
        }
    }
    set(&console, "", "/login")
}

/// Answers with the cookie.
pub(super) fn set(console: &Console, id: &str, then: &str) -> Response {
    let (name, secure) = (console.cookie(), if console.gate.is_encrypted() { "; Secure" } else { "" });
    let over = if id.is_empty() { "; Max-Age=0" } else { "" };
    let cookie = format!("{name}={id}; HttpOnly; SameSite=Strict; Path=/{secure}{over}");
    let mut response = Redirect::to(then).into_response();
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// A form, and from where it comes.
async fn read<T: serde::de::DeserializeOwned>(console: &Console, request: Request) -> Option<(String, T)> {
    let (parts, body) = request.into_parts();
    let from = console.address(&parts);
    let bytes = axum::body::to_bytes(body, FORM_MAX).await.ok()?;
    Some((from, serde_urlencoded::from_bytes(&bytes).ok()?))
}

fn asking(console: &Console, view: &View, status: StatusCode, wrong: Option<&str>) -> Response {
    let enter = view.pick("Log in", "ログイン");
    let body = html! {
        @if let Some(wrong) = wrong { p.alert role="alert" { (wrong) } }
        (frame::form(view, "/login", &html! {
            label for="name" { (view.pick("Name", "名前")) }
            input id="name" name="name" autocomplete="username" autofocus required;
            label for="password" { (view.pick("Password", "パスワード")) }
            input id="password" name="password" type="password" autocomplete="current-password" required;
            label for="code" { (view.pick("Code of the app, or a recovery code", "認証アプリのコード（または回復コード）")) }
            input id="code" name="code" autocomplete="one-time-code" required[console.gate.needs_totp()];
            button { (enter) }
        }))
        @if console.gate.has_provider() {
            p { a href="/login/oidc" { (view.pick("Log in through the organisation", "組織のアカウントでログイン")) } }
        }
        p.hint {
            (view.pick(
                "Nobody has a password yet? The first link stands in the file first-login of the data folder.",
                "初回は、データフォルダの first-login に書かれたリンクを開いてください。",
            ))
        }
    };
    (status, frame::narrow(view, enter, &body)).into_response()
}

/// What somebody chooses who comes by a link.
#[derive(Deserialize)]
pub(super) struct Chosen {
    #[serde(default)]
    name: String,
    password: String,
    again: String,
    totp: String,
    #[serde(default)]
    code: String,
}

/// The page behind a link.
pub(super) async fn invited(
    State(console): State<Arc<Console>>,
    Path(link): Path<String>,
    view: View,
) -> Response {
    choosing(&console, &view, &link, &totp::secret(), StatusCode::OK, None)
}

/// Takes what was chosen.
pub(super) async fn choose(
    State(console): State<Arc<Console>>,
    Path(link): Path<String>,
    view: View,
    Form(chosen): Form<Chosen>,
) -> Response {
    let refuse = |why: (&str, &str)| {
        let why = view.pick(why.0, why.1);
        choosing(&console, &view, &link, &chosen.totp, StatusCode::UNPROCESSABLE_ENTITY, Some(why))
    };
    if !secret::same(&chosen.password, &chosen.again) {
        return refuse(("The two passwords differ.", "パスワードが一致しません。"));
    }
    let (gate, now) = (console.gate.clone(), console.control.clock().now());
    let (link, name, password) = (link.clone(), chosen.name.clone(), chosen.password.clone());
    let (totp, code, needed) = (chosen.totp.clone(), chosen.code.clone(), console.gate.needs_totp());
    let entered = console
        .hash(move || {
            let totp = (needed || !code.trim().is_empty()).then_some((totp.as_str(), code.as_str()));
            let entered = Entered { link: &link, name: &name, password: &password, totp };
            gate.users().enter(&entered, needed, &Client { address: "", now })
        })
        .await;
    match entered {
        Ok((name, codes)) => {
            console.gate.end_all(&name);
            let actor = Actor { name, from: "link".into(), rights: Vec::new(), facilities: None };
            match console.audit(&actor, Action::ChangeSecret, &actor.name).await {
                Ok(()) => entered_page(&view, &actor.name, &codes),
                Err(problem) => problem.into_response(),
            }
        }
        Err(AccessError::Refused(en, ja)) => refuse((en, ja)),
        Err(error) => {
            tracing::warn!(error = crate::telemetry::causes(&error), "nobody can come in by a link");
            refuse(("The users can't be written.", "利用者の情報を書き込めません。"))
        }
    }
}

fn choosing(
    console: &Console,
    view: &View,
    link: &str,
    totp: &str,
    status: StatusCode,
    wrong: Option<&str>,
) -> Response {
    let title = view.pick("Come in for the first time", "初回の設定");
    let now = console.control.clock().now();
    let book = console.gate.users().read().unwrap_or_default();
    let Some(user) = book.link(link, now) else {
        let over = view.pick("This link was used, or is over.", "このリンクは使用済みか期限切れです。");
        return (StatusCode::GONE, frame::narrow(view, title, &html! { p.alert { (over) } })).into_response();
    };
    let name = user.map_or("", |user| &user.name);
    let body = html! {
        p { (view.pick("Choose a password and add the second factor to your app.", "パスワードを決め、認証アプリに二要素を登録してください。")) }
        @if let Some(wrong) = wrong { p.alert role="alert" { (wrong) } }
        (frame::form(view, &format!("/enter/{link}"), &html! {
            label for="name" { (view.pick("Name", "名前")) }
            @if user.is_some() { p { strong { (name) } } }
            @else { input id="name" name="name" autocomplete="username" autofocus required; }
            (passwords(view))
            (second_factor::shown(view, totp, name, &console.network()))
            button { (view.pick("Go on", "進む")) }
        }))
    };
    (status, frame::narrow(view, title, &body)).into_response()
}

/// The fields of a new password.
pub(super) fn passwords(view: &View) -> Markup {
    html! {
        label for="password" { (view.pick("New password (12 characters or more)", "新しいパスワード（12 文字以上）")) }
        input id="password" name="password" type="password" autocomplete="new-password" minlength="12" required;
        label for="again" { (view.pick("The same again", "もう一度")) }
        input id="again" name="again" type="password" autocomplete="new-password" minlength="12" required;
    }
}

fn entered_page(view: &View, name: &str, codes: &[String]) -> Response {
    let title = view.pick("Done", "設定しました");
    let body = html! {
        p { strong { (name) } }
        (second_factor::codes(view, codes))
        p { a href="/login" { (view.pick("Log in", "ログイン")) } }
    };
    frame::narrow(view, title, &body).into_response()
}
