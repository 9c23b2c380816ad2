//! Who asks, and what he may do: by a session, by a program's token, or by the token of the data folder.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use futures_util::StreamExt;

use super::audit::Action;
use super::problem::Problem;
use super::tls::Peer;
use super::view::{View, cookie};
use super::{Console, frame};
pub(super) use crate::ops::access::Right;
use crate::ops::access::Who;

/// Who has the token of the data folder: the hub's user on this machine.
const LOCAL: &str = "local";
/// Header by which a verb tells the account that calls it.
const ACCOUNT: &str = "musubi-account";
/// Longest account that is written down.
const ACCOUNT_MOST: usize = 64;
/// How often it is looked whether a session is over while something is sent to it.
const LOOK: std::time::Duration = std::time::Duration::from_secs(5);

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

/// The session by which somebody asks.
#[derive(Debug, Clone)]
pub(super) struct Login {
    /// What the browser has.
    pub(super) id: String,
    /// What every form of it carries.
    pub(super) csrf: String,
}

impl Actor {
    fn local(headers: &HeaderMap, from: String) -> Self {
        use Right::{Administer, Engineer, Operate, View, ViewBodies};
        let account = headers.get(ACCOUNT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let account: String = account.chars().filter(char::is_ascii_graphic).take(ACCOUNT_MOST).collect();
        let name = if account.is_empty() { LOCAL.to_owned() } else { format!("{LOCAL} {account}") };
        let rights = vec![View, ViewBodies, Operate, Engineer, Administer];
        Self { name, from, rights, facilities: None }
    }

    fn of(who: Who, from: String) -> Self {
        Self { name: who.name, from, rights: who.rights, facilities: who.facilities }
    }

    /// Whether he may do that to what belongs to a facility, or to the network where none is named.
    pub(super) fn may(&self, right: Right, facility: Option<&str>) -> bool {
        let everywhere = self
            .facilities
            .as_ref()
            .is_none_or(|codes| facility.is_some_and(|facility| codes.iter().any(|code| code == facility)));
        everywhere && self.has(right)
    }

    /// Whether he may do that somewhere.
    pub(super) fn has(&self, right: Right) -> bool {
        self.rights.contains(&right)
    }
}

impl Console {
    /// Lets somebody do something or not, to what belongs to a facility, or to the network where none is named. What he
    /// is refused is written down; `object` says what it was.
    ///
    /// # Errors
    ///
    /// He may not.
    pub(super) async fn allow(
        &self,
        actor: &Actor,
        right: Right,
        facility: Option<&str>,
        object: &str,
    ) -> Result<(), Problem> {
        if actor.may(right, facility) {
            return Ok(());
        }
        self.note(actor, Action::Refused, object, false).await?;
        Err(Problem::forbidden())
    }

    /// Lets somebody go on who may do that somewhere; what he sees and acts on is then narrowed to his facilities. What he
    /// is refused is written down.
    ///
    /// # Errors
    ///
    /// He may not.
    pub(super) async fn require(&self, actor: &Actor, right: Right, object: &str) -> Result<(), Problem> {
        if actor.has(right) {
            return Ok(());
        }
        self.note(actor, Action::Refused, object, false).await?;
        Err(Problem::forbidden())
    }

    /// The same for pages: gives who looks, or a page that says that he may not.
    pub(super) async fn admit<'v>(&self, view: &'v View, right: Right) -> Result<&'v Actor, Response> {
        let Some(actor) = &view.actor else { return Err(Redirect::to("/login").into_response()) };
        match self.allow(actor, right, None, &view.path).await {
            Ok(()) => Ok(actor),
            Err(_) => {
                let why = view.pick("You may not do that", "この操作の権限がありません");
                Err(frame::refusal(view, StatusCode::FORBIDDEN, why))
            }
        }
    }

    /// From where a request comes. A proxy on this machine tells it last in `X-Forwarded-For`.
    pub(super) fn address(&self, request: &axum::http::request::Parts) -> String {
        let peer =
            request.extensions.get::<ConnectInfo<Peer>>().map(|ConnectInfo(peer)| peer.0.ip().to_string());
        let forwarded = request.headers.get_all("x-forwarded-for").into_iter().next_back();
        let forwarded = forwarded.and_then(|value| value.to_str().ok()?.rsplit(',').next());
        let told = forwarded.map(str::trim).filter(|_| self.gate.is_behind_proxy());
        told.and_then(|told| told.parse::<std::net::IpAddr>().ok().map(|address| address.to_string()))
            .or(peer)
            .unwrap_or_else(|| "-".to_owned())
    }

    /// Name of the cookie: browsers take one of the first kind from an encrypted page of this very host only.
    pub(super) fn cookie(&self) -> &'static str {
        if self.gate.is_encrypted() { "__Host-musubi" } else { "musubi-session" }
    }

    /// Who has the bearer token (RFC 6750) of a request, if it has one.
    fn bearer(&self, headers: &HeaderMap, from: &str) -> Option<Actor> {
        let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let (scheme, token) = value.split_once(' ')?;
        let token = Some(token.trim()).filter(|_| scheme.eq_ignore_ascii_case("bearer"))?;
        if self.opens(token) {
            return Some(Actor::local(headers, from.to_owned()));
        }
        match self.gate.token(token, self.control.clock().now()) {
            Ok(who) => who.map(|who| Actor::of(who, from.to_owned())),
            Err(error) => {
                tracing::warn!(error = crate::telemetry::causes(&error), "no token opens the API");
                None
            }
        }
    }

    /// Who has the session of a request.
    fn session(&self, headers: &HeaderMap, from: &str) -> Option<(Actor, Login)> {
        let id = cookie(headers, self.cookie())?;
        match self.gate.session(id, self.control.clock().now(), true) {
            Ok(Some((session, who))) => {
                let login = Login { id: id.to_owned(), csrf: session.csrf };
                Some((Actor::of(who, from.to_owned()), login))
            }
            Ok(None) => None,
            Err(error) => {
                tracing::warn!(error = crate::telemetry::causes(&error), "nobody can work in the console");
                None
            }
        }
    }
}

/// Lets only programs with a token through.
pub(super) async fn bearer(State(console): State<Arc<Console>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let from = console.address(&parts);
    let Some(actor) = console.bearer(&parts.headers, &from) else {
        return Problem::unauthorized().into_response();
    };
    parts.extensions.insert(actor);
    next.run(Request::from_parts(parts, body)).await
}

/// Lets only people who have logged in through, others to the form.
pub(super) async fn session(State(console): State<Arc<Console>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let from = console.address(&parts);
    if let Some(actor) = console.bearer(&parts.headers, &from) {
        parts.extensions.insert(actor);
        return next.run(Request::from_parts(parts, body)).await;
    }
    let Some((actor, login)) = console.session(&parts.headers, &from) else {
        return Redirect::to("/login").into_response();
    };
    parts.extensions.insert(actor);
    parts.extensions.insert(login.clone());
    let response = next.run(Request::from_parts(parts, body)).await;
    let is_stream =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
    if is_stream { ends_with_session(console, login.id, response) } else { response }
}

/// What is sent for as long as somebody looks ends with his session.
fn ends_with_session(console: Arc<Console>, id: String, response: Response) -> Response {
    let over = async move {
        loop {
            tokio::time::sleep(LOOK).await;
            let now = console.control.clock().now();
            if !matches!(console.gate.session(&id, now, false), Ok(Some(_))) {
                return;
            }
        }
    };
    response.map(|body| Body::from_stream(body.into_data_stream().take_until(Box::pin(over))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_limited_to_facilities_may_do_nothing_to_others_or_to_the_network() {
        let actor = Actor {
            name: "a".into(),
            from: "-".into(),
            rights: vec![Right::View],
            facilities: Some(vec!["3210100018".into()]),
        };
        assert!(actor.may(Right::View, Some("3210100018")));
        assert!(!actor.may(Right::View, Some("3210200024")) && !actor.may(Right::View, None));
        assert!(!actor.may(Right::Operate, Some("3210100018")));
        let everywhere = Actor { facilities: None, ..actor };
        assert!(everywhere.may(Right::View, None) && everywhere.may(Right::View, Some("3210200024")));
    }
}
