//! `[broker]`: what carries the messages.

use std::net::IpAddr;
use std::path::Path;

use super::hub::Broker;
use super::need::Thing;
use super::node::{Node, Section};
use crate::broker::rabbitmq::{PREFETCH, Settings, Tls};

/// Default of `lanes`.
pub(super) const LANES: u16 = 16;
/// Default of `window`.
pub(super) const WINDOW: u16 = 256;
/// Default of `outbox_bytes_max`.
const OUTBOX_BYTES_MAX: u64 = 20_000_000_000;
/// Least of it: the outbox grows in pieces of 64 MiB.
const OUTBOX_BYTES_MIN: u64 = 200_000_000;

pub(super) fn read(mut section: Section<'_>, dir: &Path) -> Option<Broker> {
    let kind = section.require("kind").and_then(|node| node.kind(&["embedded", "rabbitmq"], &[]))?;
    let lanes = number(&mut section, "lanes", LANES, 1024);
    let broker = match kind {
        "embedded" => lanes.map(|lanes| Broker::Embedded { lanes }),
        _ => {
            section.node.need(Thing::Broker);
            rabbitmq(&mut section, dir, lanes).map(Broker::RabbitMq)
        }
    };
    section.finish();
    broker
}

fn rabbitmq(section: &mut Section<'_>, dir: &Path, lanes: Option<u16>) -> Option<Settings> {
    let urls = urls(section);
    let vhost = match section.take("vhost") {
        Some(node) => node.text().map(str::to_owned),
        None => Some("/".to_owned()),
    };
    let user = section.require("user").and_then(|node| node.text());
    let password_file = section.require("password_file").and_then(|node| node.secret(dir));
    let window = number(section, "window", WINDOW, 65_535);
    let outbox_bytes_max = match section.take("outbox_bytes_max") {
        Some(node) => node.bytes(OUTBOX_BYTES_MIN..=u64::MAX),
        None => Some(OUTBOX_BYTES_MAX),
    };
    let archive = section.take("archive").map_or(Some(true), |node| node.boolean());
    let tls = match section.take("tls") {
        Some(node) => node.section().and_then(|section| tls(section, dir)).map(Some),
        None => Some(None),
    };
    let (urls, tls) = (urls?, tls?);
    let secured = urls.iter().any(|url| url.starts_with("amqps:"));
    match (secured, section.peek("tls")) {
        (true, None) => {
            return section
                .node
                .refuse("amqps needs the authority of the server's certificate: [broker.tls] ca = \"…\"");
        }
        (false, Some(node)) => {
            return node.refuse("no url begins with amqps://, so nothing would be encrypted");
        }
        _ => {}
    }
    Some(Settings {
        urls,
        vhost: vhost?,
        user: user?.to_owned(),
        password_file: password_file?,
        tls,
        lanes: lanes?,
        window: window?,
        prefetch: PREFETCH,
        outbox_bytes_max: outbox_bytes_max?,
        archive: archive?,
    })
}

fn number(section: &mut Section<'_>, key: &'static str, default: u16, most: u16) -> Option<u16> {
    let Some(node) = section.take(key) else { return Some(default) };
    node.integer(1..=most.into())?.try_into().ok()
}

/// `urls`, or `url` for a single one.
fn urls(section: &mut Section<'_>) -> Option<Vec<String>> {
    let nodes = match (section.take("url"), section.take("urls")) {
        (Some(_), Some(urls)) => urls.refuse("give either url or urls"),
        (Some(url), None) => Some(vec![url]),
        (None, Some(urls)) => urls.full_list(),
        (None, None) => section.node.refuse("missing key \"urls\""),
    }?;
    let urls: Vec<_> = nodes.iter().map(url).collect();
    urls.into_iter().collect()
}

/// `amqp://host:port` or `amqps://host:port`, and nothing else.
fn url(node: &Node<'_>) -> Option<String> {
    let text = node.text()?;
    let Some((scheme @ ("amqp" | "amqps"), rest)) = text.split_once("://") else {
        return node.refuse("a url begins with amqp:// or amqps://, as amqps://rabbitmq.example.jp:5671");
    };
    if rest.contains('@') {
        return node.refuse("a url holds no credentials: use user and password_file");
    }
    if rest.contains(['/', '?', '#']) {
        return node.refuse(
            "a url ends with host and port: the virtual host is vhost, everything else has a key of its own",
        );
    }
    let Some(host) = host(rest) else {
        return node.refuse(
            "a url names a host and, where it is not the usual one, a port: amqps://rabbitmq.example.jp:5671",
        );
    };
    if scheme == "amqp" && !is_loopback(host) {
        node.warn("patient data would cross the network unencrypted: use amqps with [broker.tls]");
    }
    Some(text.to_owned())
}

/// The host of `host`, `host:port`, `[v6]` or `[v6]:port`.
fn host(authority: &str) -> Option<&str> {
    let (host, rest) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (host, rest)
        }
        None => {
            let host = authority.split(':').next()?;
            (host, authority.strip_prefix(host)?)
        }
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':');
    let port = match rest.strip_prefix(':') {
        Some(port) => port.parse::<u16>().is_ok_and(|port| port > 0),
        None => rest.is_empty(),
    };
    (port && !host.is_empty() && host.chars().all(plain)).then_some(host)
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn tls(mut section: Section<'_>, dir: &Path) -> Option<Tls> {
    let ca = section.require("ca").and_then(|node| node.file(dir));
    let certificate = section.take("certificate").map(|node| node.file(dir));
    let key = section.take("key").map(|node| node.secret(dir));
    let client = match (certificate, key) {
        (Some(certificate), Some(key)) => Some(certificate.zip(key)?),
        (None, None) => None,
        _ => return section.node.refuse("certificate and key belong together: give both or neither"),
    };
    section.finish();
    Some(Tls { ca: ca?, client })
}
