//! `[console]` of `hub.toml`: where the console listens, and who is let in.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::need::Thing;
use super::node::{Node, Section};

/// Default of `session`.
pub(super) const SESSION: Duration = Duration::from_secs(12 * 3_600);
/// Default of `idle`.
pub(super) const IDLE: Duration = Duration::from_secs(3_600);
/// Default of `roles_claim`.
pub(super) const ROLES_CLAIM: &str = "roles";
/// Shortest `session` and `idle`.
const LEAST: Duration = Duration::from_secs(60);
/// Longest `session` and `idle`: a week.
const MOST: Duration = Duration::from_secs(7 * 86_400);

/// Who is let into the console, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Whether users need a second factor.
    pub totp: SecondFactor,
    /// How long a session lasts at most.
    pub session: Duration,
    /// How long it lasts without a request.
    pub idle: Duration,
    /// Certificate and key; nothing where it is not encrypted.
    pub tls: Option<Tls>,
    /// A proxy on this machine encrypts for it.
    pub behind_proxy: bool,
    /// Who else lets people in.
    pub oidc: Option<Oidc>,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            totp: SecondFactor::Required,
            session: SESSION,
            idle: IDLE,
            tls: None,
            behind_proxy: false,
            oidc: None,
        }
    }
}

/// Whether users need a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondFactor {
    /// Everybody has one.
    Required,
    /// Who wants has one.
    Optional,
}

/// What the console encrypts with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// PEM: the chain, its own certificate first.
    pub certificate: PathBuf,
    /// PEM: the key.
    pub key: PathBuf,
}

/// An OpenID provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oidc {
    /// Its issuer: a URL without a slash at its end.
    pub issuer: String,
    /// Name of the hub there.
    pub client_id: String,
    /// File whose content is the hub's secret there.
    pub client_secret_file: PathBuf,
    /// How browsers reach the console: a URL without a slash at its end.
    pub public_url: String,
    /// Claim of the ID token that names roles.
    pub roles_claim: String,
    /// What these names mean here: words of roles.
    pub roles: BTreeMap<String, &'static str>,
}

/// Where it listens, and the rest.
pub(super) fn read(mut section: Section<'_>, dir: &Path) -> (Option<SocketAddr>, Access) {
    let tls = tls(&mut section, dir);
    let listen = section.require("listen").and_then(|node| match node.listen()? {
        address if tls.is_some() || address.ip().is_loopback() => {
            node.need(Thing::Listen(address));
            Some(address)
        }
        _ => node.refuse(
            "without certificate and key passwords would cross the network as they are, so it listens on this machine \
             only: 127.0.0.1:7575 or [::1]:7575",
        ),
    });
    let words = [("required", SecondFactor::Required), ("optional", SecondFactor::Optional)];
    let totp = section.take("totp").and_then(|node| node.word(&words));
    let session = section.take("session").and_then(|node| node.duration(LEAST..=MOST));
    let idle = section.take("idle").and_then(|node| node.duration(LEAST..=MOST));
    let behind_proxy = section.take("behind_proxy").and_then(|node| node.boolean());
    let oidc = section.take("oidc").and_then(|node| node.section()).and_then(|section| oidc(section, dir));
    section.finish();
    let access = Access {
        totp: totp.unwrap_or(SecondFactor::Required),
        session: session.unwrap_or(SESSION),
        idle: idle.unwrap_or(IDLE),
        tls,
        behind_proxy: behind_proxy.unwrap_or(false),
        oidc,
    };
    (listen, access)
}

fn tls(section: &mut Section<'_>, dir: &Path) -> Option<Tls> {
    let (certificate, key) = (section.take("certificate"), section.take("key"));
    match (certificate, key) {
        (Some(certificate), Some(key)) => {
            let (certificate, key) = (certificate.file(dir), key.secret(dir));
            Some(Tls { certificate: certificate?, key: key? })
        }
        (Some(one), None) | (None, Some(one)) => {
            one.refuse("certificate and key belong together: give both or none")
        }
        (None, None) => None,
    }
}

/// Roles of users.
const ROLES: [(&str, &str); 5] = [
    ("viewer", "viewer"),
    ("body-viewer", "body-viewer"),
    ("operator", "operator"),
    ("engineer", "engineer"),
    ("admin", "admin"),
];

fn oidc(mut section: Section<'_>, dir: &Path) -> Option<Oidc> {
    let issuer = section.require("issuer").and_then(|node| url(&node));
    let client_id = section.require("client_id").and_then(|node| node.text().map(str::to_owned));
    let client_secret_file = section.require("client_secret_file").and_then(|node| node.secret(dir));
    let public_url = section.require("public_url").and_then(|node| url(&node));
    let roles_claim = match section.take("roles_claim") {
        Some(node) => node.text().map(str::to_owned),
        None => Some(ROLES_CLAIM.to_owned()),
    };
    let roles = section.require("roles").and_then(|node| node.section()).map(|section| {
        let roles = section.entries().into_iter();
        roles.filter_map(|(name, node)| Some((name.to_owned(), node.word(&ROLES)?))).collect()
    });
    section.finish();
    Some(Oidc {
        issuer: issuer?,
        client_id: client_id?,
        client_secret_file: client_secret_file?,
        public_url: public_url?,
        roles_claim: roles_claim?,
        roles: roles?,
    })
}

/// A URL that is encrypted, or of this machine.
fn url(node: &Node<'_>) -> Option<String> {
    let text = node.text()?.trim_end_matches('/');
    let is_near = ["http://127.0.0.1", "http://[::1]", "http://localhost"].iter().any(|near| {
        text.strip_prefix(near).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
    });
    if text.starts_with("https://") || is_near {
        return Some(text.to_owned());
    }
    node.refuse(format!("\"{text}\" is not an address that begins with https://"))
}
