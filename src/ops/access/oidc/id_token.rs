//! An ID token: a JSON Web Token (RFC 7519) signed by the provider (RFC 7515, 7518), and what OpenID Connect Core 1.0
//! section 3.1.3.7 asks of it.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use jiff::Timestamp;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;
use serde_json::Value;

use super::super::secret;

/// How far two clocks may be apart, in seconds.
const SKEW: i64 = 60;

/// What is wrong with an ID token.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum IdTokenError {
    /// It has not the form of one.
    #[error("it can't be read")]
    Form,
    /// It is signed in a way that is not taken, or with none of the provider's keys.
    #[error("no key of the provider fits it: RS256 and ES256 are taken")]
    Key,
    /// The signature is wrong.
    #[error("its signature is wrong")]
    Signature,
    /// A claim is not as it should be.
    #[error("its claim {0} is wrong")]
    Claim(&'static str),
}

/// What it should be.
pub(super) struct Expected<'e> {
    pub(super) issuer: &'e str,
    pub(super) client_id: &'e str,
    pub(super) nonce: &'e str,
    pub(super) now: Timestamp,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
}

/// The claims of a token that is signed by one of the keys (a JWK set, RFC 7517), and is for us, now.
pub(super) fn verify(token: &str, keys: &Value, expected: &Expected<'_>) -> Result<Value, IdTokenError> {
    let (signed, signature) = token.rsplit_once('.').ok_or(IdTokenError::Form)?;
    let (header, claims) = signed.split_once('.').ok_or(IdTokenError::Form)?;
    let decode = |part: &str| BASE64.decode(part).map_err(|_| IdTokenError::Form);
    let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| IdTokenError::Form)?;
    check_signature(&header, keys, signed.as_bytes(), &decode(signature)?)?;
    let claims: Value = serde_json::from_slice(&decode(claims)?).map_err(|_| IdTokenError::Form)?;
    check_claims(&claims, expected)?;
    Ok(claims)
}

/// What it is signed with is one of two, whatever its header says: never `none`, and never a secret that both know.
fn check_signature(
    header: &Header,
    keys: &Value,
    signed: &[u8],
    signature: &[u8],
) -> Result<(), IdTokenError> {
    let kind = match header.alg.as_str() {
        "RS256" => "RSA",
        "ES256" => "EC",
        _ => return Err(IdTokenError::Key),
    };
    let fits = |key: &&Value| {
        let is_named = header.kid.as_ref().is_none_or(|kid| key["kid"] == **kid);
        is_named && key["kty"] == kind && key["use"].as_str().is_none_or(|for_what| for_what == "sig")
    };
    let key = keys["keys"].as_array().into_iter().flatten().find(fits).ok_or(IdTokenError::Key)?;
    let part = |name: &str| {
        let bytes = key[name].as_str().and_then(|text| BASE64.decode(text).ok());
        bytes.ok_or(IdTokenError::Key)
    };
    let verified = if kind == "RSA" {
        let key = RsaPublicKeyComponents { n: part("n")?, e: part("e")? };
        key.verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature)
    } else {
        if key["crv"] != "P-256" {
            return Err(IdTokenError::Key);
        }
        // An uncompressed point (SEC 1 section 2.3.3).
        let point = [vec![4], part("x")?, part("y")?].concat();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed, signature)
    };
    verified.map_err(|_| IdTokenError::Signature)
}

fn check_claims(claims: &Value, expected: &Expected<'_>) -> Result<(), IdTokenError> {
    let now = expected.now.as_second();
    let issuer = claims["iss"].as_str().unwrap_or_default();
    if issuer.trim_end_matches('/') != expected.issuer {
        return Err(IdTokenError::Claim("iss"));
    }
    let is_for_us = match &claims["aud"] {
        Value::String(one) => one == expected.client_id,
        // For several it must say that we asked for it.
        Value::Array(several) => {
            several.iter().any(|one| one == expected.client_id)
                && (several.len() == 1 || claims["azp"] == expected.client_id)
        }
        _ => false,
    };
    if !is_for_us {
        return Err(IdTokenError::Claim("aud"));
    }
    if claims["exp"].as_f64().is_none_or(|over| over + SKEW as f64 <= now as f64) {
        return Err(IdTokenError::Claim("exp"));
    }
    if claims["iat"].as_f64().is_none_or(|made| made > (now + SKEW) as f64) {
        return Err(IdTokenError::Claim("iat"));
    }
    if !secret::same(claims["nonce"].as_str().unwrap_or_default(), expected.nonce) {
        return Err(IdTokenError::Claim("nonce"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
