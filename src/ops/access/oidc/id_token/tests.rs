use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;

use super::*;

struct Provider {
    key: EcdsaKeyPair,
    random: SystemRandom,
}

impl Provider {
    fn new() -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let key =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
        Self { key, random }
    }

    fn keys(&self) -> Value {
        let point = self.key.public_key().as_ref();
        let (x, y) = (BASE64.encode(&point[1..33]), BASE64.encode(&point[33..]));
        json!({ "keys": [{ "kty": "EC", "crv": "P-256", "kid": "one", "use": "sig", "x": x, "y": y }] })
    }

    fn token(&self, header: &Value, claims: &Value) -> String {
        let signed = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
        let signature = self.key.sign(&self.random, signed.as_bytes()).unwrap();
        format!("{signed}.{}", BASE64.encode(signature.as_ref()))
    }
}

const NOW: i64 = 1_800_000_000;

fn expected() -> Expected<'static> {
    let now = Timestamp::from_second(NOW).unwrap();
    Expected { issuer: "https://sso.example", client_id: "musubi", nonce: "n-1", now }
}

fn claims() -> Value {
    json!({"iss": "https://sso.example", "aud": "musubi", "exp": NOW + 300, "iat": NOW, "nonce": "n-1", "sub": "架空"})
}

#[test]
fn only_what_the_provider_signed_for_us_now_is_taken() {
    let provider = Provider::new();
    let (keys, header) = (provider.keys(), json!({"alg": "ES256", "kid": "one"}));
    let verified = |claims: &Value| verify(&provider.token(&header, claims), &keys, &expected());
    assert_eq!(verified(&claims()).unwrap()["sub"], "架空");
    let with = |name: &str, value: Value| {
        let mut claims = claims();
        claims[name] = value;
        verified(&claims).err()
    };
    let wrong = |name| Some(IdTokenError::Claim(name));
    assert_eq!(with("iss", json!("https://other.example")), wrong("iss"));
    assert_eq!(with("aud", json!("other")), wrong("aud"));
    assert_eq!(with("aud", json!(["musubi"])), None);
    assert_eq!(with("aud", json!(["musubi", "other"])), wrong("aud"), "without azp");
    assert_eq!(with("exp", json!(NOW - 61)), wrong("exp"));
    assert_eq!(with("exp", json!("tomorrow")), wrong("exp"));
    assert_eq!(with("exp", Value::Null), wrong("exp"));
    assert_eq!(with("iat", json!(NOW + 61)), wrong("iat"));
    assert_eq!(with("nonce", json!("n-2")), wrong("nonce"));
    assert_eq!(with("nonce", Value::Null), wrong("nonce"));
}

#[test]
fn another_key_another_algorithm_and_changed_bytes_are_refused() {
    let (provider, other) = (Provider::new(), Provider::new());
    let keys = provider.keys();
    let token = |header: Value| provider.token(&header, &claims());
    let refused = |token: &str| verify(token, &keys, &expected()).unwrap_err();
    let good = json!({"alg": "ES256", "kid": "one"});
    assert_eq!(refused(&other.token(&good, &claims())), IdTokenError::Signature);
    assert_eq!(refused(&token(json!({"alg": "ES256", "kid": "two"}))), IdTokenError::Key);
    for algorithm in ["none", "HS256", "RS256", "es256"] {
        assert_eq!(
            refused(&token(json!({"alg": algorithm, "kid": "one"}))),
            IdTokenError::Key,
            "{algorithm}"
        );
    }
    let good = token(good);
    let (signed, _) = good.rsplit_once('.').unwrap();
    assert_eq!(refused(&format!("{signed}.")), IdTokenError::Signature);
    assert_eq!(refused("a.b"), IdTokenError::Form);
    let [header, _, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!() };
    let mut changed = claims();
    changed["sub"] = "other".into();
    let changed = format!("{header}.{}.{signature}", BASE64.encode(changed.to_string()));
    assert_eq!(refused(&changed), IdTokenError::Signature);
}
