//! Delivery kind `http`: a webhook. Each copy is a POST of one CloudEvent (structured mode, CloudEvents HTTP binding
//! 3.2), answered by a status code; what else the subscriber answers is not looked at.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Response, StatusCode, Url};

use super::outcome::Outcome;
use super::{CloudEvent, SenderError};
use crate::broker::Delivery;
use crate::envelope::Lane;
use crate::telemetry::causes;

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Http {
    /// Where to post.
    pub url: Url,
    /// PEM file of the authorities that sign the subscriber's certificate; the system's without it.
    pub ca_file: Option<PathBuf>,
    /// File whose first line is a bearer token; read at every attempt, so that it can be changed.
    pub token_file: Option<PathBuf>,
    /// From the connection to the end of the answer.
    pub timeout: Duration,
}

const MEDIA_TYPE: &str = "application/cloudevents+json";
/// Of an answer's body, read to be able to use the connection again.
const ANSWER_BYTES_MAX: usize = 64 << 10;
/// Longest wait that a subscriber can ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);

/// Posts copies.
pub(super) struct HttpSender {
    settings: Http,
    client: Client,
}

impl HttpSender {
    pub(super) fn open(settings: &Http) -> Result<Self, SenderError> {
        // Whoever came first has chosen the same one.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut client = Client::builder().redirect(Policy::none()).no_proxy().timeout(settings.timeout);
        if let Some(path) = &settings.ca_file {
            let unreadable = |source| SenderError::File { path: path.clone(), source };
            let pem = std::fs::read(path).map_err(unreadable)?;
            let authorities = Certificate::from_pem_bundle(&pem)?;
            if authorities.is_empty() {
                return Err(SenderError::NoCertificate { path: path.clone() });
            }
            client = client.tls_certs_only(authorities);
        }
        Ok(Self { settings: settings.clone(), client: client.build()? })
    }

    pub(super) async fn attempt(&self, lane: Lane, copy: &Delivery) -> Outcome {
        let Some(event) = CloudEvent::of(copy, lane) else { return Outcome::refused("no-event") };
        let Ok(body) = serde_json::to_vec(&event) else { return Outcome::refused("no-json") };
        let request = self.client.post(self.settings.url.clone());
        let mut request = request
            .header(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE))
            .header("idempotency-key", event.id)
            .header("musubi-lane", event.lane.0)
            .header("musubi-sequence", event.sequence)
            .body(body);
        if let Some(path) = &self.settings.token_file {
            match tokio::fs::read_to_string(path).await {
                Ok(token) => request = request.bearer_auth(token.lines().next().unwrap_or_default().trim()),
                Err(error) => return Outcome::away(format!("the token file can't be read: {error}")),
            }
        }
        match request.send().await {
            Ok(response) => {
                let outcome = outcome(&response);
                drain(response).await;
                outcome
            }
            Err(error) => Outcome::away(causes(&error.without_url())),
        }
    }
}

/// What the status says. A subscriber that has moved, or does not know the hub, says so of any message: it is away.
fn outcome(response: &Response) -> Outcome {
    let status = response.status();
    let away =
        || Outcome::Away { why: format!("status {}", status.as_u16()), retry_after: retry_after(response) };
    match status {
        StatusCode::GONE => Outcome::Gone,
        StatusCode::UNAUTHORIZED
        | StatusCode::FORBIDDEN
        | StatusCode::NOT_FOUND
        | StatusCode::METHOD_NOT_ALLOWED
        | StatusCode::PROXY_AUTHENTICATION_REQUIRED
        | StatusCode::REQUEST_TIMEOUT
        | StatusCode::MISDIRECTED_REQUEST
        | StatusCode::TOO_EARLY
        | StatusCode::UPGRADE_REQUIRED
        | StatusCode::TOO_MANY_REQUESTS => away(),
        status if status.is_success() => Outcome::Delivered,
        status if status.is_client_error() => Outcome::refused(format!("http-{}", status.as_u16())),
        _ => away(),
    }
}

/// Seconds of `Retry-After`. A date would need the subscriber's clock to agree with the hub's: passed over.
fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(RETRY_AFTER_MAX))
}

/// Reads a short answer to its end, so that the connection can be used again.
async fn drain(mut response: Response) {
    let mut left = ANSWER_BYTES_MAX;
    // The status was the answer: an error after it changes nothing.
    while let Ok(Some(chunk)) = response.chunk().await {
        match left.checked_sub(chunk.len()) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}
