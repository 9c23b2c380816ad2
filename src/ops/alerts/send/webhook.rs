//! A webhook: a POST of JSON, signed where a key is given.

use std::fmt::Write as _;

use hmac::{Hmac, Mac};
use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use sha2::Sha256;

use super::{PATIENCE, first_line};
use crate::config::Way;
use crate::ops::alerts::notice::Notice;
use crate::telemetry::causes;

/// Header of the signature: `sha256=` and the HMAC-SHA256 of the body, hexadecimal.
const SIGNATURE: &str = "musubi-signature";

pub(super) async fn post(way: &Way, notice: &Notice) -> Result<(), String> {
    let Way::Webhook { url, token_file, secret_file } = way else { return Ok(()) };
    let body = notice.json().map_err(|error| error.to_string())?;
    // Whoever came first has chosen the same one.
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = Client::builder().redirect(Policy::none()).no_proxy().timeout(PATIENCE).build();
    let client = client.map_err(|error| causes(&error))?;
    let mut request = client.post(url.clone()).header(CONTENT_TYPE, "application/json");
    if let Some(path) = token_file {
        request = request.bearer_auth(first_line(path).await?);
    }
    if let Some(path) = secret_file {
        request = request.header(SIGNATURE, signature(first_line(path).await?.as_bytes(), &body)?);
    }
    let answer = request.body(body).send().await.map_err(|error| causes(&error.without_url()))?;
    let status = answer.status();
    if status.is_success() { Ok(()) } else { Err(format!("status {}", status.as_u16())) }
}

fn signature(key: &[u8], body: &[u8]) -> Result<String, String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|error| error.to_string())?;
    mac.update(body);
    let mut text = "sha256=".to_owned();
    for byte in mac.finalize().into_bytes() {
        write!(text, "{byte:02x}").map_err(|error| error.to_string())?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2.
    #[test]
    fn the_signature_is_hmac_sha256() {
        let signed = signature(b"Jefe", b"what do ya want for nothing?").unwrap();
        assert_eq!(signed, "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
