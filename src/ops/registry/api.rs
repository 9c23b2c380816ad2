//! The way to a hub that runs on this machine: its API, and the token that opens it.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use serde::Deserialize;

use super::super::near;
use super::Submitted;
use crate::config::Hub;
use crate::registry::{Entry, Refusal};

/// How long a batch may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// File of the token in the data folder.
const TOKEN: &str = "api.token";

/// Why a hub did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The token can't be read or made.
    #[error("the token in {} can't be used", path.display())]
    Token {
        /// File.
        path: PathBuf,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// The certificate by which the hub is known.
    #[error("the console's certificate can't be read")]
    Certificate(#[source] io::Error),
    /// No answer.
    #[error("the hub at {address} does not answer")]
    Away {
        /// Where it should listen.
        address: SocketAddr,
        /// Cause.
        #[source]
        source: reqwest::Error,
    },
    /// The batch can't be written.
    #[error("the entries can't be written")]
    Json(#[from] serde_json::Error),
    /// The registry refuses the batch.
    #[error("{} of the entries can't be taken", .0.len())]
    Rows(Vec<Refusal>),
    /// It answered, and not as hoped.
    #[error("{detail}")]
    Refused {
        /// Its words.
        detail: String,
    },
}

/// An answer that is no success (RFC 9457).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Problem {
    detail: String,
    errors: Vec<Wrong>,
}

#[derive(Debug, Deserialize)]
struct Wrong {
    row: usize,
    #[serde(default)]
    code: String,
    reason: String,
}

/// Posts a batch to the hub that listens there.
pub(super) async fn submit(
    address: SocketAddr,
    config: &Hub,
    batch: &[Entry],
) -> Result<Submitted, ApiError> {
    let data_dir = &config.data_dir;
    let away = |source: reqwest::Error| ApiError::Away { address, source: source.without_url() };
    let no_token = |source| ApiError::Token { path: token_file(data_dir), source };
    let token = token(data_dir).map_err(no_token)?;
    // Whoever came first has chosen the same one.
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = Client::builder().redirect(Policy::none()).no_proxy().timeout(PATIENCE);
    let (scheme, client) = near::reach(&config.access, client).map_err(ApiError::Certificate)?;
    let request = client.build().map_err(away)?.post(format!("{scheme}://{address}/api/v1/registry/entries"));
    let request = request.bearer_auth(token).header(CONTENT_TYPE, "application/json");
    let response = request.body(serde_json::to_vec(batch)?).send().await.map_err(away)?;
    let status = response.status();
    let body = response.bytes().await.map_err(away)?;
    if status.is_success() {
        return Ok(serde_json::from_slice(&body)?);
    }
    Err(told(status, &body))
}

/// What an answer says that is no success.
fn told(status: StatusCode, body: &[u8]) -> ApiError {
    let Ok(Problem { detail, errors }) = serde_json::from_slice(body) else {
        return ApiError::Refused { detail: format!("it answers {status}") };
    };
    if errors.is_empty() {
        return ApiError::Refused { detail };
    }
    let refusals = errors.into_iter().map(|Wrong { row, code, reason }| Refusal {
        index: row.saturating_sub(1),
        code: code.into(),
        reason: reason.into(),
        other: None,
    });
    ApiError::Rows(refusals.collect())
}

/// Where the token of a data folder lies.
pub fn token_file(data_dir: &Path) -> PathBuf {
    data_dir.join(TOKEN)
}

/// The token of this data folder; made where there is none: 256 random bits that only the hub's user can read.
///
/// # Errors
///
/// The file can't be read or written, or holds no token.
pub fn token(data_dir: &Path) -> io::Result<String> {
    let path = &token_file(data_dir);
    match fs::read_to_string(path) {
        Ok(token) if token.trim().len() >= 32 => return Ok(token.trim().to_owned()),
        Ok(_) => return Err(io::Error::new(ErrorKind::InvalidData, "it is too short: remove the file")),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    fs::create_dir_all(data_dir)?;
    let new = data_dir.join(format!("{TOKEN}.{}", std::process::id()));
    let bytes: [u8; 32] = rand::random();
    let token = blake3::Hash::from_bytes(bytes).to_hex().to_string();
    let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(format!("{token}\n").as_bytes())?;
    file.sync_all()?;
    // Of two processes that begin at once the first one's counts.
    let linked = fs::hard_link(&new, path);
    fs::remove_file(&new)?;
    match linked {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Ok(fs::read_to_string(path)?.trim().to_owned())
        }
        linked => linked.map(|()| token),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_token_is_made_once_and_is_nobody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let made = token(folder.path()).unwrap();
        assert_eq!((made.len(), token(folder.path()).unwrap()), (64, made));
        let mode = fs::metadata(folder.path().join(TOKEN)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_empty_token_opens_nothing() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(TOKEN), "\n").unwrap();
        assert_eq!(token(folder.path()).unwrap_err().kind(), ErrorKind::InvalidData);
    }
}
