//! The hub's own web server: an API for programs, and a page for people. It acts through `ops` and the hub's registry.
//!
//! Programs send a token with each request; people log in (`login.rs`) and have a session, in a cookie. `access.rs` says
//! who asks and what he may do; what changes something comes from a page of this server (`csrf.rs`).

mod access;
mod account;
mod alerts;
mod api;
mod assets;
mod audit;
mod chart;
mod flows;
mod audit_page;
mod csrf;
mod facilities;
mod frame;
mod gone;
mod holds;
mod html;
mod letters;
mod live;
mod login;
mod messages;
pub mod monitor;
mod overview;
mod parked;
mod problem;
mod queues;
mod reconciliation;
mod registry;
mod replay;
mod second_factor;
mod sso;
mod surveillance;
mod tls;
mod topics;
mod users;
mod view;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use futures_util::StreamExt;
use jiff::tz::TimeZone;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tracing::{error, info, warn};

use tls::{Pair, Peer, TlsListener};

use crate::ops::access::{AccessError, Gate, secret};
use crate::ops::audit::Audit;
use crate::ops::overview::Live;
use crate::ops::replay::Desk;
use crate::ops::series::Series;
use crate::ops::surveillance::Surveillance;
use crate::pipeline::{ControlBus, Monitor};

/// Largest body: a batch of some 200,000 entries.
const BODY_MAX: usize = 64 << 20;
/// Largest form of a page: an edited message of a megabyte, each of its bytes written as three.
const FORM_MAX: usize = 4 << 20;
/// Largest form of somebody who has not logged in.
const OPEN_FORM_MAX: usize = 64 << 10;
/// Wait before an address that is taken is tried again.
const TAKEN: Duration = Duration::from_secs(5);
/// Of everything that is answered. Only the program's own scripts, nothing from elsewhere, in nobody's frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Nobody else learns from which page somebody comes. With `no-referrer` browsers would hide the origin of this console's own
/// forms too (Fetch, "append a request Origin header"), and `csrf::own` refuse them.
const REFERRER: &str = "same-origin";
/// What pages may ask a device for: nothing.
const PERMISSIONS: &str = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
/// A browser that came by https once comes by nothing else, for a year (RFC 6797).
const STRICT: &str = "max-age=31536000";
/// Passwords that are hashed at once: each takes 19 MiB.
static HASHES: Semaphore = Semaphore::const_new(2);

/// What the console works with.
pub struct Console {
    /// The hub.
    pub control: ControlBus,
    /// Its metrics and its health.
    pub monitor: Monitor,
    /// What opens it.
    pub token: String,
    /// Where it is written down who looked and who acted.
    pub audit: Audit,
    /// Where replays are asked for.
    pub replays: Arc<Desk>,
    /// Where work on invalid and dead messages is asked for.
    pub letters: Arc<crate::ops::letters::Desk>,
    /// Users, sessions and tokens.
    pub gate: Arc<Gate>,
    /// Cases that are counted.
    pub surveillance: Arc<Surveillance>,
    /// Zone in which days begin and end.
    pub zone: TimeZone,
    /// Depths and rates of late.
    pub series: Arc<Series>,
    /// How the hub is, looked at once a second for all who look.
    pub overview: Live,
}

impl Console {
    /// The console of a hub: `token` opens it to the verbs of this machine, `gate` to everybody else.
    pub fn new(control: ControlBus, monitor: Monitor, token: String, gate: Arc<Gate>) -> Self {
        let config = control.config();
        Self {
            audit: Audit::of(&config),
            replays: Desk::of_hub(control.clone()),
            letters: crate::ops::letters::Desk::new(control.clone()),
            surveillance: Arc::default(),
            series: Arc::new(Series::new(&config)),
            overview: Live::default(),
            zone: config.hub.timezone.clone(),
            control,
            monitor,
            token,
            gate,
        }
    }

    /// Whether that is the token of the data folder. How long it takes says nothing of it.
    fn opens(&self, token: &str) -> bool {
        secret::same(token, &self.token)
    }

    /// Name of the network.
    fn network(&self) -> String {
        self.control.config().hub.network.clone()
    }

    /// Does what hashes passwords: it takes time and memory, so not too many at once.
    async fn hash<T, E>(&self, work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<AccessError> + Send + 'static,
    {
        // Never closed; without a permit there are only more at once.
        let permit = HASHES.acquire().await.ok();
        let done = tokio::task::spawn_blocking(work).await;
        drop(permit);
        done.unwrap_or_else(|_| Err(AccessError::Memory.into()))
    }
}

/// The address of a link, as whoever asks reaches this server.
fn link_to(console: &Console, headers: &HeaderMap, secret: &str) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let scheme = if console.gate.is_encrypted() { "https" } else { "http" };
    format!("{scheme}://{host}/enter/{secret}")
}

/// Serves until told to stop. An address that is taken is waited for: on RabbitMQ several processes of a machine may
/// have the same configuration, and one of them serves.
pub async fn serve(console: Console, address: SocketAddr, mut stop: watch::Receiver<bool>) {
    let pair = match console.gate.tls().map(|tls| Pair::load(tls.certificate, tls.key)).transpose() {
        Ok(pair) => pair,
        Err(error) => {
            error!(error = crate::telemetry::causes(&error), "the console does not listen");
            return;
        }
    };
    let (series, control) = (console.series.clone(), console.control.clone());
    let app = app(Arc::new(console));
    let mut complained = false;
    let listener = loop {
        match TcpListener::bind(address).await {
            Ok(listener) => break gone::Ending(listener),
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
    let sampling = series.run(control, stop.clone());
    let app = app.layer(from_fn_with_state(stop.clone(), ending));
    let told = async move {
        // Nobody left to say stop is as good as being told.
        drop(stop.wait_for(|&stop| stop).await);
    };
    let serving = async {
        match pair {
            None => {
                info!(%address, "the console listens");
                let app = app.into_make_service_with_connect_info::<Peer>();
                axum::serve(listener, app).with_graceful_shutdown(told).await
            }
            Some(pair) => {
                info!(%address, "the console listens, encrypted");
                let app = app.into_make_service_with_connect_info::<Peer>();
                axum::serve(TlsListener::new(listener, pair), app).with_graceful_shutdown(told).await
            }
        }
    };
    if let (Err(error), ()) = tokio::join!(serving, sampling) {
        warn!(%error, "the console has stopped");
    }
}

fn app(console: Arc<Console>) -> Router {
    let api = api::routes().layer(from_fn_with_state(console.clone(), access::bearer));
    let metrics =
        monitor::metrics(console.monitor.clone()).layer(from_fn_with_state(console.clone(), access::bearer));
    let pages = Router::new()
        .route("/messages", get(messages::list::show).post(messages::list::search))
        .route("/messages/{id}", get(messages::way::show).post(messages::way::bodies))
        .route("/", get(overview::show))
        .route("/live/overview", get(overview::live))
        .route("/flows", get(flows::show))
        .route("/live/flows", get(flows::live))
        .route("/queues", get(queues::show))
        .route("/live/queues", get(queues::live))
        .route("/queues/{name}", get(queues::one))
        .route("/topics", get(topics::show))
        .route("/topics/{name}", get(topics::one))
        .route("/topics/files/{name}", get(topics::file))
        .route("/charts", get(chart::data))
        .route("/registry", get(registry::show).post(registry::search))
        .route("/registry/facilities", get(facilities::show))
        .route("/reconciliation", get(reconciliation::calendar).post(reconciliation::now))
        .route("/reconciliation/{day}", get(reconciliation::show))
        .route("/reconciliation/{day}/csv", get(reconciliation::table))
        .route("/surveillance", get(surveillance::show))
        .merge(alerts::routes())
        .merge(replay::routes())
        .merge(letters::routes())
        .merge(holds::routes())
        .merge(parked::routes())
        .route("/users", get(users::show).post(users::change))
        .route("/audit", get(audit_page::show).post(audit_page::search))
        .route("/account", get(account::show).post(account::change))
        .route("/logout", post(login::leave))
        .layer(DefaultBodyLimit::max(FORM_MAX))
        .layer(from_fn_with_state(console.clone(), csrf::token))
        .layer(from_fn_with_state(console.clone(), access::session));
    let open = Router::new()
        .route("/login", get(login::form).post(login::enter))
        .route("/login/oidc", get(sso::go))
        .route("/login/oidc/callback", get(sso::back))
        .route("/enter/{link}", get(login::invited).post(login::choose))
        .route("/choose", post(view::choose))
        .layer(DefaultBodyLimit::max(OPEN_FORM_MAX));
    let own = Router::new().merge(pages).merge(metrics).merge(open).layer(from_fn(csrf::own));
    Router::new()
        .nest("/api/v1", api)
        .merge(own)
        .route("/assets/{name}", get(assets::file))
        .merge(monitor::health(console.monitor.clone()))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(from_fn_with_state(console.clone(), guarded))
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
async fn guarded(State(console): State<Arc<Console>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, REFERRER),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), PERMISSIONS),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if console.gate.is_encrypted() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(STRICT));
    }
    response
}
