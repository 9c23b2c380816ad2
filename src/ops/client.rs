//! The way of verbs to a hub that runs on this machine: its API, and the token that opens it.
//!
//! On the embedded broker a running hub holds the queues, so that whoever wants to look into them or to act on them asks
//! it. The token of the data folder opens it: who may read the folder may act.

mod events;
mod token;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::config::Config;

pub use events::{Event, Events};
pub use token::{token, token_file};

/// How long a request may take, for a batch of the registry is large; and how long a stream may say nothing, in which the
/// hub sends a sign of life every 15 s.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long the way there may take. It does not leave the machine.
const NEAR: Duration = Duration::from_secs(5);
/// Where the API begins.
const API: &str = "/api/v1";

/// Why a hub did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The token can't be read.
    #[error("the token in {} can't be used", path.display())]
    Token {
        /// File.
        path: PathBuf,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// No answer, or one that broke off.
    #[error("the hub at {address} does not answer")]
    Away {
        /// Where it listens.
        address: SocketAddr,
        /// Cause.
        #[source]
        source: reqwest::Error,
    },
    /// The token of this data folder opens nothing there: it is the hub of another one.
    #[error("what listens at {address} is not the hub of this data folder: it does not know its token")]
    Unauthorized {
        /// Where it listens.
        address: SocketAddr,
    },
    /// It answered, and not as hoped.
    #[error("{detail}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Its words.
        detail: String,
        /// What is wrong, row by row, where it says so.
        errors: Vec<Wrong>,
    },
    /// What was to be sent, or what came, is no JSON of the expected shape.
    #[error("the hub speaks another version of its API")]
    Json(#[from] serde_json::Error),
}

/// What is wrong with a row of what was sent.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct Wrong {
    /// From 1.
    pub row: usize,
    /// A stable word.
    #[serde(default)]
    pub code: String,
    /// For people.
    pub reason: String,
}

/// An answer that is no success (RFC 9457).
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Problem {
    detail: String,
    errors: Vec<Wrong>,
}

/// A hub that runs on this machine. It holds the token, so nothing prints it.
#[derive(Clone)]
pub struct Hub {
    address: SocketAddr,
    token: Result<String, TokenFault>,
}

/// Why there is no token, told when it is needed.
#[derive(Clone)]
struct TokenFault {
    path: PathBuf,
    kind: io::ErrorKind,
}

impl Hub {
    /// The hub of this configuration, where its console listens now; `None` where nothing does.
    pub fn of(config: &Config) -> Option<Self> {
        let address = near(config.hub.console?);
        TcpStream::connect_timeout(&address, NEAR).ok()?;
        let data_dir = &config.hub.data_dir;
        let token = token::known(data_dir);
        let token = token.map_err(|error| TokenFault { path: token_file(data_dir), kind: error.kind() });
        Some(Self { address, token })
    }

    /// What stands at a path below `/api/v1`, such as `/overview`.
    ///
    /// # Errors
    ///
    /// No answer, no success, or another shape.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.answer(self.request(Method::GET, path)?.timeout(PATIENCE)).await
    }

    /// Sends JSON to a path below `/api/v1`.
    ///
    /// # Errors
    ///
    /// As [`Self::get`].
    pub async fn post<B: Serialize + ?Sized, T: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<T, ClientError> {
        let request = self.request(Method::POST, path)?.timeout(PATIENCE);
        let request = request.header(CONTENT_TYPE, "application/json");
        self.answer(request.body(serde_json::to_vec(body)?)).await
    }

    /// Deletes what stands at a path below `/api/v1`.
    ///
    /// # Errors
    ///
    /// As [`Self::get`].
    pub async fn delete<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.answer(self.request(Method::DELETE, path)?.timeout(PATIENCE)).await
    }

    /// Follows the server-sent events of a path below `/api/v1`. Dropping them ends it, there too.
    ///
    /// # Errors
    ///
    /// No answer or no success.
    pub async fn stream(&self, path: &str) -> Result<Events, ClientError> {
        let response = self.send(self.request(Method::GET, path)?).await?;
        Ok(Events::new(response, self.address))
    }

    fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, ClientError> {
        let token = self
            .token
            .as_ref()
            .map_err(|fault| ClientError::Token { path: fault.path.clone(), source: fault.kind.into() })?;
        // Whoever came first has chosen the same one.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = Client::builder().redirect(Policy::none()).no_proxy();
        let client = client.connect_timeout(NEAR).read_timeout(PATIENCE).build();
        let client = client.map_err(|source| away(self.address, source))?;
        Ok(client.request(method, format!("http://{}{API}{path}", self.address)).bearer_auth(token))
    }

    async fn answer<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ClientError> {
        let response = self.send(request).await?;
        let body = response.bytes().await.map_err(|source| away(self.address, source))?;
        // An answer without a body is `()`.
        if body.is_empty() {
            return Ok(serde_json::from_value(Value::Null)?);
        }
        Ok(serde_json::from_slice(&body)?)
    }

    /// The answer, where it is a success.
    async fn send(&self, request: RequestBuilder) -> Result<Response, ClientError> {
        let response = request.send().await.map_err(|source| away(self.address, source))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        if status == StatusCode::UNAUTHORIZED {
            return Err(ClientError::Unauthorized { address: self.address });
        }
        let body = response.bytes().await.map_err(|source| away(self.address, source))?;
        let Ok(Problem { detail, errors }) = serde_json::from_slice(&body) else {
            let detail = format!("it answers {status}");
            return Err(ClientError::Refused { status: status.as_u16(), detail, errors: Vec::new() });
        };
        Err(ClientError::Refused { status: status.as_u16(), detail, errors })
    }
}

fn away(address: SocketAddr, source: reqwest::Error) -> ClientError {
    ClientError::Away { address, source: source.without_url() }
}

/// Where this machine reaches what listens on all of its addresses.
fn near(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, address.port())
}
