//! The way in through an OpenID provider, which is a small one of the test's own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use musubi::ops::audit::Action;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};

use super::browser::{Answer, Served};
use crate::support::process::ToItsEnd;

const SECRET: &str = "the-secret-of-musubi";

/// What the provider says, and what it heard.
struct Provider {
    key: RsaKeyPair,
    /// Claims of the next ID token.
    claims: Value,
    /// Heads and bodies of the requests for tokens.
    heard: Vec<(String, String)>,
}

fn key() -> RsaKeyPair {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "key.pem"];
    let output = Command::new("openssl").args(arguments).current_dir(&folder).to_its_end();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let key = PrivatePkcs8KeyDer::from_pem_file(folder.path().join("key.pem")).unwrap();
    RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).unwrap()
}

impl Provider {
    fn answer(&mut self, issuer: &str, path: &str, head: &str, body: &str) -> Value {
        match path {
            "/.well-known/openid-configuration" => json!({
                "issuer": issuer,
                "authorization_endpoint": format!("{issuer}/authorize?tenant=1"),
                "token_endpoint": format!("{issuer}/token"),
                "jwks_uri": format!("{issuer}/keys"),
            }),
            "/keys" => {
                let PublicKeyComponents::<Vec<u8>> { n, e } = self.key.public().into();
                json!({ "keys": [{ "kty": "RSA", "kid": "one", "n": BASE64.encode(n), "e": BASE64.encode(e) }] })
            }
            "/token" => {
                self.heard.push((head.to_owned(), body.to_owned()));
                let header = json!({"alg": "RS256", "kid": "one"});
                let signed = format!(
                    "{}.{}",
                    BASE64.encode(header.to_string()),
                    BASE64.encode(self.claims.to_string())
                );
                let mut signature = vec![0; self.key.public().modulus_len()];
                self.key
                    .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
                    .unwrap();
                json!({ "access_token": "x", "token_type": "Bearer", "id_token": format!("{signed}.{}", BASE64.encode(signature)) })
            }
            _ => json!({}),
        }
    }
}

/// Serves until the test's process ends.
fn start() -> (Arc<Mutex<Provider>>, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let provider = Arc::new(Mutex::new(Provider { key: key(), claims: json!({}), heard: Vec::new() }));
    let served = provider.clone();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            serve(stream, &served, &format!("http://{address}"));
        }
    });
    (provider, address)
}

fn serve(stream: TcpStream, provider: &Mutex<Provider>, issuer: &str) {
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
    }
    let head = head.to_lowercase();
    let length =
        head.split("content-length: ").nth(1).map_or(0, |rest| rest.lines().next().unwrap().parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    let path = head.split(' ').nth(1).unwrap();
    let answer =
        provider.lock().unwrap().answer(issuer, path, &head, &String::from_utf8(body).unwrap()).to_string();
    let text = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{answer}",
        answer.len()
    );
    stream.get_mut().write_all(text.as_bytes()).unwrap();
}

/// A parameter of an address.
fn parameter(url: &str, name: &str) -> String {
    let found = url.split(['?', '&']).find_map(|pair| pair.strip_prefix(&format!("{name}=")));
    found.unwrap_or_else(|| panic!("{name} in {url}")).to_owned()
}

/// A login that was begun: where the browser was sent, and its cookie.
struct Begun {
    url: String,
    cookie: String,
}

fn begin(served: &Served) -> Begun {
    let answer = served.get("/login/oidc");
    assert_eq!(answer.status, 303, "{answer:?}");
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.contains("HttpOnly; SameSite=Lax"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    Begun { url: answer.header("location").unwrap().to_owned(), cookie }
}

fn back(served: &Served, begun: &Begun, cookie: &str) -> Answer {
    let request = format!("GET /login/oidc/callback?code=c-1&state={}", parameter(&begun.url, "state"));
    served.send(&request, &format!("cookie: {cookie}\r\n"), "")
}

fn served(issuer: SocketAddr) -> Served {
    let served = Served::new(&format!(
        "[console.oidc]\nissuer = \"http://{issuer}\"\nclient_id = \"musubi\"\nclient_secret_file = \"oidc.secret\"\n\
         public_url = \"http://127.0.0.1:1\"\nroles_claim = \"groups\"\nroles = {{ \"network ops\" = \"operator\" }}"
    ));
    served.hub.write("oidc.secret", format!("{SECRET}\n"));
    assert!(served.get("/login?lang=en").body.contains("/login/oidc"));
    served
}

fn claims(served: &Served, issuer: SocketAddr, begun: &Begun) -> Value {
    let now = served.now().as_second();
    json!({
        "iss": format!("http://{issuer}"), "aud": "musubi", "exp": now + 60, "iat": now, "sub": "7",
        "nonce": parameter(&begun.url, "nonce"), "preferred_username": "yamada", "groups": ["staff", "network ops"],
    })
}

#[test]
fn who_comes_back_from_the_provider_with_a_role_is_in() {
    let (provider, issuer) = start();
    let served = served(issuer);
    let begun = begin(&served);
    assert!(
        begun.url.starts_with(&format!("http://{issuer}/authorize?tenant=1&response_type=code&")),
        "{}",
        begun.url
    );
    assert_eq!(parameter(&begun.url, "code_challenge_method"), "S256");
    provider.lock().unwrap().claims = claims(&served, issuer, &begun);
    let answer = back(&served, &begun, &begun.cookie);
    assert_eq!(answer.status, 200, "{answer:?}");
    let session =
        answer.head.lines().find_map(|line| line.strip_prefix("set-cookie: musubi-session=")).unwrap();
    let session = format!("cookie: musubi-session={}\r\n", session.split(';').next().unwrap());
    assert_eq!(served.send("GET /registry", &session, "").status, 200);
    assert_eq!(served.send("GET /users", &session, "").status, 403, "an operator does not administer");
    assert!(served.send("GET /account", &session, "").body.contains("sso yamada"));
    assert_eq!(back(&served, &begun, &begun.cookie).status, 401, "a state is good once");

    let provider = provider.lock().unwrap();
    let (head, body) = &provider.heard[0];
    let verifier = parameter(&format!("?{body}"), "code_verifier");
    assert_eq!(BASE64.encode(digest(&SHA256, verifier.as_bytes())), parameter(&begun.url, "code_challenge"));
    assert!(head.contains("authorization: basic ") && body.contains("code=c-1"), "{head} {body}");
    assert_eq!(provider.heard.len(), 1, "the code went there once");
    let logins: Vec<_> = served.acts().into_iter().filter(|act| act.action == Action::LogIn).collect();
    assert_eq!((logins[0].who.as_str(), logins[0].done, logins[1].done), ("sso yamada", true, false));
}

#[test]
fn nobody_else_is() {
    let (provider, issuer) = start();
    let served = served(issuer);
    let tried = |change: &dyn Fn(&mut Value), cookie: Option<&str>| {
        let begun = begin(&served);
        let mut claims = claims(&served, issuer, &begun);
        change(&mut claims);
        provider.lock().unwrap().claims = claims;
        back(&served, &begun, cookie.unwrap_or(&begun.cookie)).status
    };
    assert_eq!(tried(&|_| {}, None), 200);
    assert_eq!(tried(&|_| {}, Some("a=b")), 401, "another browser");
    assert_eq!(tried(&|claims| claims["nonce"] = "x".into(), None), 401);
    assert_eq!(tried(&|claims| claims["aud"] = "another".into(), None), 401);
    assert_eq!(tried(&|claims| claims["groups"] = json!(["staff"]), None), 401, "without a role");
    assert_eq!(tried(&|claims| claims["exp"] = json!(1), None), 401);
}
