//! The hub's own web server: an API for programs, and a page for people. It acts through `ops` and the hub's registry.
//!
//! It listens on this machine only, because it has neither encryption nor users yet. Everything but `/livez` needs the
//! token of the data folder: programs send it with each request, people once, into a cookie. The page runs no script.

mod api;
mod html;
mod login;
mod page;
mod problem;
mod words;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::tz::TimeZone;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tracing::{info, warn};

use crate::clock::Clock;
use crate::pipeline::Register;
use problem::Problem;

/// Largest body: a batch of some 200,000 entries.
const BODY_MAX: usize = 64 << 20;
/// Wait before an address that is taken is tried again.
const TAKEN: Duration = Duration::from_secs(5);
/// Of everything that is answered. No script, nothing from elsewhere, in nobody's frame.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What the console works with.
pub struct Console {
    /// The hub's registry.
    pub register: Arc<Register>,
    /// What opens it.
    pub token: String,
    /// Zone in which days begin and end.
    pub zone: TimeZone,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Console {
    /// Whether that is the token. How long it takes says nothing of it.
    fn opens(&self, token: &str) -> bool {
        // Hashes are compared in constant time.
        blake3::hash(token.as_bytes()) == blake3::hash(self.token.as_bytes())
    }

    /// Whether a request carries the token as a bearer (RFC 6750).
    fn is_opened_by_bearer(&self, headers: &HeaderMap) -> bool {
        let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = value
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        token.is_some_and(|(_, token)| self.opens(token.trim()))
    }
}

/// Serves until told to stop. An address that is taken is waited for: on RabbitMQ several processes of a machine may
/// have the same configuration, and one of them serves.
pub async fn serve(console: Console, address: SocketAddr, mut stop: watch::Receiver<bool>) {
    let app = app(Arc::new(console));
    let mut complained = false;
    let listener = loop {
        match TcpListener::bind(address).await {
            Ok(listener) => break listener,
            Err(error) if !complained => {
                warn!(%address, %error, "the console can't listen; trying again");
                complained = true;
            }
            Err(_) => {}
        }
        tokio::select! {
            _ = stop.wait_for(|&stop| stop) => return,
            () = tokio::time::sleep(TAKEN) => {}
        }
    };
    info!(%address, "the console listens");
    let told = async move {
        // Nobody left to say stop is as good as being told.
        drop(stop.wait_for(|&stop| stop).await);
    };
    if let Err(error) = axum::serve(listener, app).with_graceful_shutdown(told).await {
        warn!(%error, "the console has stopped");
    }
}

fn app(console: Arc<Console>) -> Router {
    let api = Router::new()
        .route("/registry/entries", post(api::enter))
        .route("/registry/patients/{network_id}", get(api::patient))
        .route("/registry/facilities", get(api::facilities))
        .route("/registry/facilities/{code}", get(api::facility))
        .route("/registry/history/{id}", get(api::history))
        .fallback(async || Problem::not_found())
        .layer(from_fn_with_state(console.clone(), bearer));
    let pages = Router::new()
        .route("/registry", get(page::show).post(page::search))
        .layer(from_fn_with_state(console.clone(), login::cookie));
    Router::new()
        .nest("/api/v1", api)
        .merge(pages)
        .route("/login", get(login::form).post(login::enter))
        .route("/logout", post(login::leave))
        .route("/style.css", get(html::style))
        .route("/livez", get(async || "ok\n"))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(from_fn(guarded))
        .with_state(console)
}

/// Lets only who has the token through.
async fn bearer(State(console): State<Arc<Console>>, request: Request, next: Next) -> Response {
    if console.is_opened_by_bearer(request.headers()) {
        next.run(request).await
    } else {
        Problem::unauthorized().into_response()
    }
}

/// What every answer tells a browser.
async fn guarded(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
