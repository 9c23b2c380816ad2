//! Who may do what.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use super::Console;
use super::login::COOKIE;
use super::problem::Problem;
use super::view::cookie;

/// Something that not everybody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Right {
    /// See names, counts, states and the ways of messages, without their bodies.
    View,
    /// See bodies.
    ViewBodies,
    /// Act: retry, discard, hold, release, replay.
    Operate,
    /// Edit a copy of a message.
    Engineer,
    /// Change users, read the audit.
    Administer,
}

/// Who does something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Actor {
    /// Name, as it stands in the audit.
    pub(super) name: String,
    /// From where: an address.
    pub(super) from: String,
    /// What he may do.
    pub(super) rights: Vec<Right>,
    /// 10-digit codes of the facilities whose messages he may see; all where nothing is said.
    pub(super) facilities: Option<Vec<String>>,
}

impl Actor {
    /// Who has the token of the data folder.
    fn of_token() -> Self {
        use Right::{Administer, Engineer, Operate, View, ViewBodies};
        Self {
            name: "local".to_owned(),
            from: "local".to_owned(),
            rights: vec![View, ViewBodies, Operate, Engineer, Administer],
            facilities: None,
        }
    }

    /// Whether he may do that to what belongs to a facility, or to the network where none is named.
    pub(super) fn may(&self, right: Right, facility: Option<&str>) -> bool {
        let everywhere = self
            .facilities
            .as_ref()
            .is_none_or(|codes| facility.is_some_and(|facility| codes.iter().any(|code| code == facility)));
        everywhere && self.rights.contains(&right)
    }
}

/// Lets only programs with a token through.
pub(super) async fn bearer(
    State(console): State<Arc<Console>>,
    mut request: Request,
    next: Next,
) -> Response {
    if !is_opened_by_bearer(&console, request.headers()) {
        return Problem::unauthorized().into_response();
    }
    request.extensions_mut().insert(Actor::of_token());
    next.run(request).await
}

/// Lets only people who have logged in through, others to the form.
pub(super) async fn session(
    State(console): State<Arc<Console>>,
    mut request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    let opened = is_opened_by_bearer(&console, headers)
        || cookie(headers, COOKIE).is_some_and(|token| console.opens(token));
    if !opened {
        return Redirect::to("/login").into_response();
    }
    request.extensions_mut().insert(Actor::of_token());
    next.run(request).await
}

/// Whether a request carries the token as a bearer (RFC 6750).
fn is_opened_by_bearer(console: &Console, headers: &HeaderMap) -> bool {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = value
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    token.is_some_and(|(_, token)| console.opens(token.trim()))
}
