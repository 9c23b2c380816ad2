//! The way in through an OpenID provider (OpenID Connect Core 1.0): authorization code with PKCE (RFC 7636).

mod id_token;

use std::collections::HashMap;
use std::fs;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use jiff::Timestamp;
use reqwest::Client;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::redirect::Policy;
use ring::digest::{SHA256, digest};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::gate::Who;
use super::secret;
use super::user::Role;
use crate::config::Oidc;

pub use id_token::IdTokenError;

/// Where a provider describes itself, below its issuer (OpenID Connect Discovery 1.0 section 4).
const DESCRIPTION: &str = "/.well-known/openid-configuration";
/// Where it sends a browser back to.
pub const CALLBACK: &str = "/login/oidc/callback";
/// How long a provider may take to answer.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long somebody may take to log in there, in seconds.
const PENDING: i64 = 10 * 60;
/// Logins that are on their way.
const PENDING_MOST: usize = 1_000;
/// Largest answer of a provider.
const ANSWER_MAX: usize = 1 << 20;

/// Why nobody came in through the provider.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// It does not answer.
    #[error("the provider does not answer")]
    Away(#[source] reqwest::Error),
    /// It answered something else.
    #[error("the provider's answer can't be used: {0}")]
    Answer(&'static str),
    /// This way in was not begun here, or long ago.
    #[error("this login was not begun here, or too long ago")]
    State,
    /// The ID token is not what it should be.
    #[error("the ID token is refused")]
    IdToken(#[from] IdTokenError),
    /// The secret can't be read.
    #[error("the client's secret can't be read")]
    Secret(#[source] std::io::Error),
    /// None of the roles that it names is one of here.
    #[error("the provider gives this person no role here")]
    NoRole,
}

/// A login that was begun.
struct Pending {
    nonce: String,
    verifier: String,
    since: Timestamp,
}

/// What a provider says of itself, as far as it is of use.
#[derive(Deserialize)]
struct Description {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
}

/// What it gives for a code.
#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

/// The logins that are on their way to a provider and back.
#[derive(Default)]
pub struct Journeys(Mutex<HashMap<String, Pending>>);

impl std::fmt::Debug for Journeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Journeys")
    }
}

impl Journeys {
    /// Begins one: where the browser goes, and the state that it keeps meanwhile.
    ///
    /// # Errors
    ///
    /// The provider does not answer.
    pub async fn begin(&self, oidc: &Oidc, now: Timestamp) -> Result<(String, String), OidcError> {
        let description = describe(oidc).await?;
        let [state, nonce, verifier] = [(), (), ()].map(|()| secret::random());
        let challenge = BASE64.encode(digest(&SHA256, verifier.as_bytes()));
        let callback = callback(oidc);
        let query = [
            ("response_type", "code"),
            ("scope", "openid profile email"),
            ("client_id", oidc.client_id.as_str()),
            ("redirect_uri", callback.as_str()),
            ("state", state.as_str()),
            ("nonce", nonce.as_str()),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ];
        let url = joined(&description.authorization_endpoint, &query)?;
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pending.retain(|_, one| !is_over(one, now));
        if pending.len() >= PENDING_MOST {
            return Err(OidcError::State);
        }
        pending.insert(state.clone(), Pending { nonce, verifier, since: now });
        Ok((url, state))
    }

    /// Ends one: who came back with that state and code. The state is the one that the browser kept, too.
    ///
    /// # Errors
    ///
    /// Nobody is let in.
    pub async fn end(
        &self,
        oidc: &Oidc,
        state: &str,
        kept: &str,
        code: &str,
        now: Timestamp,
    ) -> Result<Who, OidcError> {
        let pending = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(state);
        let pending = pending.filter(|pending| secret::same(state, kept) && !is_over(pending, now));
        let Pending { nonce, verifier, .. } = pending.ok_or(OidcError::State)?;
        let description = describe(oidc).await?;
        let callback = callback(oidc);
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", callback.as_str()),
            ("client_id", oidc.client_id.as_str()),
            ("code_verifier", verifier.as_str()),
        ];
        let form = serde_urlencoded::to_string(fields).map_err(|_| OidcError::Answer("its code"))?;
        let password = fs::read_to_string(&oidc.client_secret_file).map_err(OidcError::Secret)?;
        let request = client()?.post(&description.token_endpoint).body(form);
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = request.basic_auth(&oidc.client_id, Some(password.trim()));
        let tokens: Tokens = answer(request).await?;
        let keys: Value = answer(client()?.get(&description.jwks_uri)).await?;
        let expected =
            id_token::Expected { issuer: &oidc.issuer, client_id: &oidc.client_id, nonce: &nonce, now };
        let claims = id_token::verify(&tokens.id_token, &keys, &expected)?;
        who(oidc, &claims)
    }
}

fn is_over(pending: &Pending, now: Timestamp) -> bool {
    now.as_second() - pending.since.as_second() > PENDING
}

fn callback(oidc: &Oidc) -> String {
    format!("{}{CALLBACK}", oidc.public_url)
}

/// The provider's description, which must be its own.
async fn describe(oidc: &Oidc) -> Result<Description, OidcError> {
    let description: Description = answer(client()?.get(format!("{}{DESCRIPTION}", oidc.issuer))).await?;
    if description.issuer.trim_end_matches('/') == oidc.issuer {
        Ok(description)
    } else {
        Err(OidcError::Answer("it calls itself by another issuer"))
    }
}

fn client() -> Result<Client, OidcError> {
    // Whoever came first has chosen the same one.
    drop(rustls::crypto::ring::default_provider().install_default());
    Client::builder().redirect(Policy::none()).timeout(PATIENCE).build().map_err(away)
}

async fn answer<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<T, OidcError> {
    let mut response = request.header(ACCEPT, "application/json").send().await.map_err(away)?;
    if !response.status().is_success() {
        return Err(OidcError::Answer("it refuses"));
    }
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(away)? {
        body.extend_from_slice(&part);
        if body.len() > ANSWER_MAX {
            return Err(OidcError::Answer("it is too long"));
        }
    }
    serde_json::from_slice(&body).map_err(|_| OidcError::Answer("it is not the JSON that is expected"))
}

/// Without the address: it carries codes.
fn away(error: reqwest::Error) -> OidcError {
    OidcError::Away(error.without_url())
}

fn joined(url: &str, query: &[(&str, &str)]) -> Result<String, OidcError> {
    let query = serde_urlencoded::to_string(query).map_err(|_| OidcError::Answer("its address"))?;
    Ok(format!("{url}{}{query}", if url.contains('?') { '&' } else { '?' }))
}

/// Name and roles of what the provider says. Nobody's name is that of a user of here: it begins with `sso`.
fn who(oidc: &Oidc, claims: &Value) -> Result<Who, OidcError> {
    let name = ["preferred_username", "email", "sub"].into_iter().find_map(|claim| claims[claim].as_str());
    let name: String = name.unwrap_or_default().chars().filter(char::is_ascii_graphic).take(64).collect();
    if name.is_empty() {
        return Err(OidcError::Answer("it gives no name"));
    }
    let said = match &claims[&oidc.roles_claim] {
        Value::String(one) => vec![one.as_str()],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let roles: Vec<_> = said.iter().filter_map(|word| Role::of(oidc.roles.get(*word)?)).collect();
    if roles.is_empty() {
        return Err(OidcError::NoRole);
    }
    Ok(Who::new(format!("sso {name}"), &roles, None))
}
