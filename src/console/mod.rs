//! The hub's own web server: an API for programs, and a page for people. It acts through `ops` and the hub's registry.
//!
//! It listens on this machine only, because it has neither encryption nor users yet. Everything but `/livez` needs the
//! token of the data folder: programs send it with each request, people once, into a cookie.

mod access;
mod api;
mod assets;
mod audit;
mod frame;
mod html;
mod live;
mod login;
mod problem;
mod registry;
mod view;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{Redirect, Response};
use axum::routing::{get, post};
use futures_util::StreamExt;
use jiff::tz::TimeZone;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tracing::{info, warn};

use crate::ops::audit::Audit;
use crate::ops::overview::Live;
use crate::pipeline::ControlBus;

/// Largest body: a batch of some 200,000 entries.
const BODY_MAX: usize = 64 << 20;
/// Wait before an address that is taken is tried again.
const TAKEN: Duration = Duration::from_secs(5);
/// Of everything that is answered. Only the program's own scripts, nothing from elsewhere, in nobody's frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What the console works with.
pub struct Console {
    /// The hub.
    pub control: ControlBus,
    /// What opens it.
    pub token: String,
    /// Where it is written down who looked and who acted.
    pub audit: Audit,
    /// Zone in which days begin and end.
    pub zone: TimeZone,
    /// How the hub is, looked at once a second for all who look.
    pub overview: Live,
}

impl Console {
    /// Whether that is the token. How long it takes says nothing of it.
    fn opens(&self, token: &str) -> bool {
        // Hashes are compared in constant time.
        blake3::hash(token.as_bytes()) == blake3::hash(self.token.as_bytes())
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
    let app = app.layer(from_fn_with_state(stop.clone(), ending));
    let told = async move {
        // Nobody left to say stop is as good as being told.
        drop(stop.wait_for(|&stop| stop).await);
    };
    if let Err(error) = axum::serve(listener, app).with_graceful_shutdown(told).await {
        warn!(%error, "the console has stopped");
    }
}

fn app(console: Arc<Console>) -> Router {
    let api = api::routes().layer(from_fn_with_state(console.clone(), access::bearer));
    let pages = Router::new()
        .route("/", get(async || Redirect::to("/registry")))
        .route("/registry", get(registry::show).post(registry::search))
        .layer(from_fn_with_state(console.clone(), access::session));
    Router::new()
        .nest("/api/v1", api)
        .merge(pages)
        .route("/login", get(login::form).post(login::enter))
        .route("/logout", post(login::leave))
        .route("/choose", post(view::choose))
        .route("/assets/{name}", get(assets::file))
        .route("/livez", get(async || "ok\n"))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(from_fn(guarded))
        .with_state(console)
}

/// Ends answers that would go on, such as server-sent events, when the console does: they hold the hub that they tell of.
async fn ending(State(mut stop): State<watch::Receiver<bool>>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let media_type = response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    if media_type.is_none_or(|media_type| !media_type.starts_with(b"text/event-stream")) {
        return response;
    }
    let stopped = Box::pin(async move {
        // Nobody left to say stop is as good as being told.
        drop(stop.wait_for(|&stop| stop).await);
    });
    response.map(|body| Body::from_stream(body.into_data_stream().take_until(stopped)))
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
