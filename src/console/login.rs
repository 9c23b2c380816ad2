//! The token once, into a cookie that no script sees and no other site sends.

use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;
use serde::Deserialize;

use super::Console;
use super::frame;
use super::view::View;

/// Name of the cookie.
pub(super) const COOKIE: &str = "musubi-token";
/// A working day, in seconds.
const DAY: u32 = 10 * 3_600;

/// What the form sends.
#[derive(Debug, Deserialize)]
pub(super) struct Given {
    token: String,
}

/// The form.
pub(super) async fn form(view: View) -> Response {
    asking(&view, StatusCode::OK, None)
}

/// Takes the token.
pub(super) async fn enter(
    State(console): State<Arc<Console>>,
    view: View,
    Form(given): Form<Given>,
) -> Response {
    if !console.opens(given.token.trim()) {
        let wrong = view.pick("This is not the token.", "トークンが違います。");
        return asking(&view, StatusCode::UNAUTHORIZED, Some(wrong));
    }
    set(&console.token, DAY, "/")
}

/// Forgets the token.
pub(super) async fn leave() -> Response {
    set("", 0, "/login")
}

fn set(token: &str, seconds: u32, then: &str) -> Response {
    let cookie = format!("{COOKIE}={token}; HttpOnly; SameSite=Strict; Path=/; Max-Age={seconds}");
    let mut response = Redirect::to(then).into_response();
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

fn asking(view: &View, status: StatusCode, wrong: Option<&str>) -> Response {
    let enter = view.pick("Log in", "ログイン");
    let body = html! {
        @if let Some(wrong) = wrong { p.notice.bad role="alert" { (wrong) } }
        form method="post" action="/login" {
            label for="token" { (view.pick("Token", "トークン")) }
            input id="token" name="token" type="password" autocomplete="off" autofocus required;
            button { (enter) }
        }
        p.hint {
            (view.pick(
                "It is in the file api.token of the data folder.",
                "データフォルダの api.token に書かれています。",
            ))
        }
    };
    (status, frame::narrow(view, enter, &body)).into_response()
}
