//! The token once, into a cookie that no script sees and no other site sends.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::Console;
use super::html::{escape, page};
use super::words::Words;

/// Name of the cookie.
const COOKIE: &str = "musubi-token";
/// A working day, in seconds.
const DAY: u32 = 10 * 3_600;

/// `?lang=ja`
#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    pub(super) lang: Option<String>,
}

/// What the form sends.
#[derive(Debug, Deserialize)]
pub(super) struct Given {
    token: String,
    #[serde(default)]
    lang: Option<String>,
}

/// Lets only who has the token through, others to the form.
pub(super) async fn cookie(State(console): State<Arc<Console>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    if console.is_opened_by_bearer(headers) || given(headers).is_some_and(|token| console.opens(token)) {
        next.run(request).await
    } else {
        Redirect::to("/login").into_response()
    }
}

fn given(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs =
        cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value)
}

/// The form.
pub(super) async fn form(Query(asked): Query<Asked>, headers: HeaderMap) -> Response {
    asking(&Words::of(asked.lang.as_deref(), &headers), StatusCode::OK, "")
}

/// Takes the token.
pub(super) async fn enter(
    State(console): State<Arc<Console>>,
    headers: HeaderMap,
    Form(given): Form<Given>,
) -> Response {
    let words = Words::of(given.lang.as_deref(), &headers);
    if !console.opens(given.token.trim()) {
        return asking(&words, StatusCode::UNAUTHORIZED, words.wrong_token);
    }
    set(&console.token, DAY, &format!("/registry?lang={}", words.lang))
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

fn asking(words: &Words, status: StatusCode, wrong: &str) -> Response {
    let alert =
        if wrong.is_empty() { String::new() } else { format!("<p class=\"alert\">{}</p>", escape(wrong)) };
    let body = format!(
        "<main class=\"narrow\"><h1>musubi</h1>{alert}<form method=\"post\" action=\"/login\">\
         <input type=\"hidden\" name=\"lang\" value=\"{}\"><label for=\"token\">{}</label>\
         <input id=\"token\" name=\"token\" type=\"password\" autocomplete=\"off\" autofocus required>\
         <button>{}</button></form><p class=\"hint\">{}</p></main>",
        words.lang, words.token, words.enter, words.token_hint
    );
    (status, page(words, words.enter, &body)).into_response()
}
