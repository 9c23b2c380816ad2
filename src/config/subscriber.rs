//! `[[subscriber]]`: who gets events, and how.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::Url;

use super::need::Thing;
use super::node::{Node, Section};
use crate::deliver::{GIVE_UP_AFTER, Http, Kind, Mllp, Subscriber};
use crate::envelope::{NOT_A_FACILITY_CODE, is_facility_code};

/// Default of `connections`.
pub(super) const CONNECTIONS: u16 = 4;
/// Default of `timeout`.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Where things lie that a subscriber's paths are read against.
pub(super) struct Places<'p> {
    pub(super) dir: &'p Path,
    pub(super) data_dir: &'p Path,
    /// What feeds read.
    pub(super) sources: Vec<&'p Path>,
    /// Where the subscribers before keep copies of storages.
    pub(super) stores: Vec<PathBuf>,
}

pub(super) fn read(mut section: Section<'_>, places: &mut Places<'_>) -> Option<Subscriber> {
    let name = section.require("name").and_then(|node| node.name());
    let deliver = section.require("deliver").and_then(|node| deliver(&node, places, name));
    let facility = section.take("facility").map(|node| facility(&node));
    section.finish();
    let (deliver, give_up_after) = deliver?;
    let facility = optional(facility)?;
    Some(Subscriber { name: name?.into(), facility, deliver, give_up_after })
}

fn deliver(node: &Node<'_>, places: &mut Places<'_>, name: Option<&str>) -> Option<(Kind, Option<Duration>)> {
    let mut section = node.section()?;
    let kind = section.require("kind")?.kind(&["queue", "folder", "http", "mllp", "ssmix2"], &[])?;
    let deliver = match kind {
        "queue" => Some((Kind::Queue, None)),
        "http" => http(&mut section, places.dir),
        "mllp" => mllp(&mut section),
        "ssmix2" => ssmix2(&mut section, places),
        _ => {
            let path = match section.take("path") {
                Some(node) => node.made(places.dir),
                None => name.map(|name| places.data_dir.join("deliveries").join(name)),
            };
            path.map(|path| (Kind::Folder { path }, None))
        }
    };
    section.finish();
    deliver
}

/// Whose subscriber it is.
fn facility(node: &Node<'_>) -> Option<String> {
    let code = node.text()?;
    if is_facility_code(code) {
        node.need(Thing::Facility(code.into()));
        Some(code.into())
    } else {
        node.refuse(format!("\"{code}\" {NOT_A_FACILITY_CODE}"))
    }
}

/// A copy of storages. It is kept for good: nothing is given up unless that is asked for.
fn ssmix2(section: &mut Section<'_>, places: &mut Places<'_>) -> Option<(Kind, Option<Duration>)> {
    let path = section.require("path").and_then(|node| {
        let path = node.folder(places.dir, true)?;
        let overlaps = |other: &Path| other.starts_with(&path) || path.starts_with(other);
        if places.sources.iter().any(|source| overlaps(source)) {
            return node.refuse("a feed reads from there: a copy of storages needs a folder of its own");
        }
        if places.stores.iter().any(|store| overlaps(store)) {
            return node.refuse("another subscriber keeps its copies there: each needs a folder of its own");
        }
        places.stores.push(path.clone());
        Some(path)
    });
    let give_up_after = match section.take("give_up_after") {
        Some(_) => give_up_after(section),
        None => Some(None),
    };
    Some((Kind::Ssmix2 { path: path? }, give_up_after?))
}

fn http(section: &mut Section<'_>, dir: &Path) -> Option<(Kind, Option<Duration>)> {
    let address = section.require("url");
    let url = address.as_ref().and_then(url);
    let ca_file = section.take("ca_file");
    if let (Some(url), Some(node)) = (&url, &ca_file)
        && url.scheme() == "http"
    {
        node.error("an http address has no certificate: write https, or leave the file out");
    }
    let ca_file = ca_file.map(|node| node.file(dir));
    let token_file = section.take("token_file").map(|node| node.secret(dir));
    let (timeout, give_up_after) = (timeout(section), give_up_after(section));
    let (ca_file, token_file) = (optional(ca_file)?, optional(token_file)?);
    Some((Kind::Http(Http { url: url?, ca_file, token_file, timeout: timeout? }), give_up_after?))
}

fn mllp(section: &mut Section<'_>) -> Option<(Kind, Option<Duration>)> {
    let connect = section.require("connect").and_then(|node| address(&node));
    let connections = match section.take("connections") {
        Some(node) => node.integer(1..=64).and_then(|number| u16::try_from(number).ok()),
        None => Some(CONNECTIONS),
    };
    let (timeout, give_up_after) = (timeout(section), give_up_after(section));
    let settings = Mllp { connect: connect?, timeout: timeout?, connections: connections? };
    Some((Kind::Mllp(settings), give_up_after?))
}

/// `host:port`.
fn address(node: &Node<'_>) -> Option<String> {
    let text = node.text()?;
    let parts = text.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok_and(|port| port > 0));
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '[' | ']' | ':');
    let Some((host, _)) = parts.filter(|(host, _)| !host.is_empty() && host.chars().all(plain)) else {
        return node.refuse(format!("\"{text}\" is not a host with a port, like receiver.example.jp:2575"));
    };
    if !is_loopback(host) {
        node.warn(
            "mllp sends patients' data readable for everyone on the way: use a tunnel or a closed network",
        );
    }
    Some(text.to_owned())
}

/// Whether what is sent to the host never leaves this machine.
fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// `None` if the key was there and what it says can't be used.
fn optional<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    read.map_or(Some(None), |value| value.map(Some))
}

pub(super) fn url(node: &Node<'_>) -> Option<Url> {
    let text = node.text()?;
    let url = match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => url,
        _ => return node.refuse("expected an address like https://host/path"),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return node.refuse("no name or password may stand in the address: use token_file");
    }
    if url.scheme() == "http" && !is_loopback(url.host_str().unwrap_or_default()) {
        node.warn("http sends patients' data readable for everyone on the way: use https");
    }
    Some(url)
}

fn timeout(section: &mut Section<'_>) -> Option<Duration> {
    let allowed = Duration::from_millis(100)..=Duration::from_secs(300);
    section.take("timeout").map_or(Some(TIMEOUT), |node| node.duration(allowed))
}

/// A length of time or `never`.
fn give_up_after(section: &mut Section<'_>) -> Option<Option<Duration>> {
    let Some(node) = section.take("give_up_after") else { return Some(Some(GIVE_UP_AFTER)) };
    if node.is_text() && node.text() == Some("never") {
        return Some(None);
    }
    node.duration(Duration::from_secs(60)..=365 * DAY).map(Some)
}
