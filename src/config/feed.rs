//! `feeds/<feed>.toml`: one facility and what it sends.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::document::Document;
use super::need::Thing;
use super::node::{NAME_RULE, Node, Section, check_version, is_name};
use super::said::Said;
use crate::envelope::{NOT_A_FACILITY_CODE, is_facility_code};
use crate::ingest::settings::{
    BYTES_MAX, CONNECTIONS_MAX, IDLE_TIMEOUT, INCOMPLETE_LIMIT, POLL, REFUSE_AFTER, SETTLE,
};
use crate::ingest::{After, Extension, FeedSettings, ListenerSettings, Source};

/// One facility.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// Name for people.
    pub title: String,
    /// What the facility does in the network.
    pub roles: Vec<Role>,
    /// What is picked up.
    pub settings: FeedSettings,
}

/// What a facility does in the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It shows its records to others.
    Disclosing,
    /// It sees records of others.
    Participating,
}

const HOUR: Duration = Duration::from_secs(3600);

/// A `[[source]]`: a place with files, or an address for connections.
enum Intake {
    Files(Source),
    Listener(ListenerSettings),
}

/// The feeds read so far, and where each facility code stood.
#[derive(Default)]
pub(super) struct Feeds {
    pub(super) feeds: Vec<Feed>,
    /// Every feed name, also of files with faults, with its facility code where that could be read.
    pub(super) facilities: BTreeMap<String, Option<String>>,
    places: BTreeMap<String, String>,
    /// Where something listens already, and where that stood.
    addresses: Vec<(SocketAddr, String)>,
}

impl Feeds {
    pub(super) fn read(&mut self, document: &Document<'_>, dir: &Path) {
        let stem = document.file.trim_start_matches("feeds/").trim_end_matches(".toml");
        if !is_name(stem) {
            document.error(
                0..0,
                "",
                format!("the file's name \"{stem}\" becomes the feed's name: {NAME_RULE}"),
            );
        }
        self.facilities.insert(stem.into(), None);
        let tree = document.tree();
        let Some(mut section) = Node::root(document, &tree).section() else { return };
        check_version(&mut section);
        let facility = section.require("facility").and_then(|node| self.facility(&node, stem));
        let title = section.require("name").and_then(|node| node.text());
        let roles = section.require("roles").and_then(|node| roles(&node));
        let sources = section.require("source").and_then(|node| node.full_list()).map(|list| {
            list.iter()
                .map(|node| node.section().and_then(|section| self.intake(section, dir)))
                .collect::<Vec<_>>()
        });
        let documents = match section.take("documents") {
            Some(node) => node.section().and_then(documents),
            None => Some(BTreeMap::new()),
        };
        section.finish();
        let intakes: Option<Vec<_>> = sources.and_then(|sources| sources.into_iter().collect());
        if let (Some(facility), Some(title), Some(roles), Some(intakes), Some(documents)) =
            (facility, title, roles, intakes, documents)
        {
            let (mut sources, mut listeners) = (Vec::new(), Vec::new());
            for intake in intakes {
                match intake {
                    Intake::Files(source) => sources.push(source.with_documents(&documents)),
                    Intake::Listener(listener) => listeners.push(listener),
                }
            }
            let name = stem.into();
            let settings = FeedSettings { name, facility, sources, listeners, bytes_max: BYTES_MAX };
            self.feeds.push(Feed { title: title.into(), roles, settings });
        }
    }

    fn facility(&mut self, node: &Node<'_>, feed: &str) -> Option<String> {
        let code = node.text()?;
        if !is_facility_code(code) {
            return node.refuse(format!("\"{code}\" {NOT_A_FACILITY_CODE}"));
        }
        if let Some(place) = self.places.get(code) {
            return node.refuse(
                Said::new(
                    format!("facility {code} already has a feed: {place}"),
                    format!("施設 {code} のフィードはすでにあります: {place}"),
                )
                .help(
                    "another system of the same facility is a further [[source]] at the end of that file; another \
                     facility has a code of its own",
                    "同じ施設の別のシステムなら、そのファイルの末尾に [[source]] を加えます。別の施設なら、その施設のコードを \
                     書いてください",
                ),
            );
        }
        self.places.insert(code.into(), node.document.place(&node.span));
        self.facilities.insert(feed.into(), Some(code.into()));
        node.need(Thing::Facility(code.into()));
        Some(code.into())
    }

    fn intake(&mut self, mut section: Section<'_>, dir: &Path) -> Option<Intake> {
        let intake = match section.require("kind")?.kind(&["ssmix2", "hl7-files", "checkup", "mllp"], &[])? {
            "ssmix2" => ssmix2(&mut section, dir).map(Intake::Files),
            "hl7-files" => files(&mut section, dir).map(|(path, after, (settle, incomplete_limit, poll))| {
                Intake::Files(Source::Hl7Files { path, after, settle, incomplete_limit, poll })
            }),
            "checkup" => files(&mut section, dir).map(|(path, after, (settle, incomplete_limit, poll))| {
                Intake::Files(Source::Checkup { path, after, settle, incomplete_limit, poll })
            }),
            _ => self.mllp(&mut section).map(Intake::Listener),
        };
        section.finish();
        intake
    }

    fn mllp(&mut self, section: &mut Section<'_>) -> Option<ListenerSettings> {
        let listen = section.require("listen").and_then(|node| self.address(&node));
        let connections_max = section.take("connections_max").map_or(Some(CONNECTIONS_MAX), |node| {
            node.integer(1..=10_000).and_then(|number| usize::try_from(number).ok())
        });
        let mut time = |key, default, longest| {
            section.take(key).map_or(Some(default), |node| node.duration(Duration::from_secs(1)..=longest))
        };
        let idle_timeout = time("idle_timeout", IDLE_TIMEOUT, 24 * HOUR);
        let refuse_after = time("refuse_after", REFUSE_AFTER, HOUR);
        Some(ListenerSettings {
            listen: listen?,
            connections_max: connections_max?,
            idle_timeout: idle_timeout?,
            refuse_after: refuse_after?,
        })
    }

    /// An address at which no other source listens.
    fn address(&mut self, node: &Node<'_>) -> Option<SocketAddr> {
        let address = node.listen()?;
        if address.port() == 0 {
            return node.refuse("port 0 stands for any port: senders need one to connect to");
        }
        if let Some((_, place)) = self.addresses.iter().find(|(other, _)| is_same(address, *other)) {
            return node.refuse(format!("another source listens there already: {place}"));
        }
        self.addresses.push((address, node.document.place(&node.span)));
        node.need(Thing::Listen(address));
        Some(address)
    }
}

fn roles(node: &Node<'_>) -> Option<Vec<Role>> {
    let words = [("disclosing", Role::Disclosing), ("participating", Role::Participating)];
    let roles: Vec<_> = node.full_list()?.iter().map(|node| node.word(&words)).collect();
    roles.into_iter().collect()
}

/// Whether two sockets can't listen at both; an unspecified IP stands for all of the machine.
fn is_same(one: SocketAddr, other: SocketAddr) -> bool {
    let any = one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() == other.port() && (any || one.ip() == other.ip())
}

fn ssmix2(section: &mut Section<'_>, dir: &Path) -> Option<Source> {
    let times = times(section);
    let standard = section.require("standard").and_then(|node| node.folder(dir, false));
    let transaction = section.take("transaction").and_then(|node| node.folder(dir, false));
    let extension = extension(section, dir);
    let index = section.take("index").and_then(|node| node.file(dir));
    let (settle, incomplete_limit, poll) = times?;
    Some(Source::Ssmix2 {
        standard: standard?,
        transaction,
        index,
        extension: extension?,
        settle,
        incomplete_limit,
        poll,
    })
}

/// `extension` and `extension_transaction`.
fn extension(section: &mut Section<'_>, dir: &Path) -> Option<Option<Extension>> {
    let root = section.take("extension");
    let transaction = section.take("extension_transaction");
    let Some(root) = root else {
        return match transaction {
            Some(node) => node.refuse("there is no \"extension\" whose transaction storage it would be"),
            None => Some(None),
        };
    };
    let root = root.folder(dir, false)?;
    let transaction = transaction.map(|node| node.folder(dir, false));
    Some(Some(Extension { root, transaction: transaction.flatten(), documents: BTreeMap::new() }))
}

/// `[documents]`: standard codes by the facility's own.
fn documents(section: Section<'_>) -> Option<BTreeMap<String, String>> {
    let codes = section.entries().into_iter().map(|(code, node)| {
        let standard = node.text()?;
        if standard.is_empty() {
            return node.refuse("write the standard's code, such as \"11506-3\"");
        }
        Some((code.to_owned(), standard.to_owned()))
    });
    codes.collect()
}

/// A drop folder: `path`, `after` and the times.
fn files(section: &mut Section<'_>, dir: &Path) -> Option<(PathBuf, After, Times)> {
    let times = times(section);
    let path = section.require("path");
    let words = [("keep", After::Keep), ("move", After::Move), ("delete", After::Delete)];
    let after = section.take("after").map_or(Some(After::Keep), |node| node.word(&words));
    let written = after.is_some_and(|after| after != After::Keep);
    let path = path.and_then(|node| node.folder(dir, written));
    Some((path?, after?, times?))
}

/// `settle`, `incomplete_limit` and `poll`.
type Times = (Duration, Duration, Duration);

/// Reads them.
fn times(section: &mut Section<'_>) -> Option<Times> {
    let mut time = |key, default, shortest| match section.take(key) {
        Some(node) => node.duration(shortest..=HOUR).map(|duration| (duration, Some(node))),
        None => Some((default, None)),
    };
    let settle = time("settle", SETTLE, Duration::ZERO);
    let limit = time("incomplete_limit", INCOMPLETE_LIMIT, Duration::ZERO);
    let poll = time("poll", POLL, Duration::from_millis(10));
    let ((settle, settle_node), (limit, limit_node), (poll, _)) = (settle?, limit?, poll?);
    if let Some(node) = limit_node.or(settle_node).filter(|_| limit < settle) {
        return node.refuse(format!("incomplete_limit ({limit:?}) is shorter than settle ({settle:?})"));
    }
    Some((settle, limit, poll))
}
