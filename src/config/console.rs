//! `[console]` of `hub.toml`: where the console listens, and who is let in.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::need::Thing;
use super::node::Section;

/// Default of `session`.
pub(super) const SESSION: Duration = Duration::from_secs(12 * 3_600);
/// Default of `idle`.
pub(super) const IDLE: Duration = Duration::from_secs(3_600);
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
}

impl Default for Access {
    fn default() -> Self {
        Self { totp: SecondFactor::Required, session: SESSION, idle: IDLE, tls: None, behind_proxy: false }
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
    section.finish();
    let access = Access {
        totp: totp.unwrap_or(SecondFactor::Required),
        session: session.unwrap_or(SESSION),
        idle: idle.unwrap_or(IDLE),
        tls,
        behind_proxy: behind_proxy.unwrap_or(false),
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
