//! The way in through an OpenID provider: there, and back.

use std::sync::Arc;

use axum::extract::{Query, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{DOCTYPE, html};
use serde::Deserialize;

use super::access::Actor;
use super::audit::Action;
use super::view::{View, cookie};
use super::{Console, frame, login};
use crate::telemetry::causes;

/// Cookie of the state, while the browser is at the provider. It comes back from another site, so it is not a strict one.
const STATE: &str = "musubi-sso";
/// How long, in seconds.
const WHILE: u32 = 600;

/// What a provider sends back.
#[derive(Deserialize)]
pub(super) struct Back {
    #[serde(default)]
    state: String,
    #[serde(default)]
    code: String,
}

/// Sends the browser to the provider.
pub(super) async fn go(State(console): State<Arc<Console>>, view: View) -> Response {
    match console.gate.go_to_provider(console.control.clock().now()).await {
        Ok((url, state)) => {
            let mut response = Redirect::to(&url).into_response();
            remember(&console, &mut response, &state, WHILE);
            response
        }
        Err(error) => {
            tracing::warn!(error = causes(&error), "nobody can log in through the OpenID provider");
            refused(&view)
        }
    }
}

/// Takes who comes back from it.
pub(super) async fn back(
    State(console): State<Arc<Console>>,
    view: View,
    Query(back): Query<Back>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let (from, now) = (console.address(&parts), console.control.clock().now());
    let kept = cookie(&parts.headers, STATE).unwrap_or_default();
    let came = console.gate.back_from_provider(&back.state, kept, &back.code, &from, now).await;
    let name = came.as_ref().map_or("unknown", |(_, name)| name).to_owned();
    let actor = Actor { name, from, rights: Vec::new(), facilities: None };
    if let Err(problem) = console.note(&actor, Action::LogIn, "OpenID provider", came.is_ok()).await {
        return problem.into_response();
    }
    match came {
        Ok((id, _)) => {
            let mut response = on(&console, &id);
            remember(&console, &mut response, "", 0);
            response
        }
        Err(error) => {
            tracing::warn!(error = causes(&error), "nobody came in through the OpenID provider");
            refused(&view)
        }
    }
}

/// Leads on from a page of this server: a browser that was sent here by another one would keep the cookie back.
fn on(console: &Console, id: &str) -> Response {
    let set = login::set(console, id, "/");
    let page =
        html! { (DOCTYPE) html { head { meta http-equiv="refresh" content="0;url=/"; title { "musubi" } } } };
    let mut response = page.into_response();
    if let Some(cookie) = set.headers().get(header::SET_COOKIE) {
        response.headers_mut().append(header::SET_COOKIE, cookie.clone());
    }
    response
}

fn remember(console: &Console, response: &mut Response, state: &str, seconds: u32) {
    let secure = if console.gate.is_encrypted() { "; Secure" } else { "" };
    let cookie = format!("{STATE}={state}; HttpOnly; SameSite=Lax; Path=/login; Max-Age={seconds}{secure}");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

fn refused(view: &View) -> Response {
    let title = view.pick("Log in", "ログイン");
    let why = view.pick(
        "The way in through the organisation's login did not work. The hub's log says why.",
        "組織のログインを利用できませんでした。理由はハブのログにあります。",
    );
    let body = html! { p.alert { (why) } p { a href="/login" { (title) } } };
    (StatusCode::UNAUTHORIZED, frame::narrow(view, title, &body)).into_response()
}
