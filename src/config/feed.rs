//! `feeds/<feed>.toml`: one facility and what it sends.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::document::Document;
use super::node::{NAME_RULE, Node, Section, check_version, is_name};
use crate::ingest::settings::{BYTES_MAX, INCOMPLETE_LIMIT, POLL, SETTLE};
use crate::ingest::{After, FeedSettings, Source};

/// One facility.
#[derive(Debug, Clone)]
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

/// The feeds read so far, and where each facility code stood.
#[derive(Default)]
pub(super) struct Feeds {
    pub(super) feeds: Vec<Feed>,
    /// Every feed name, also of files with faults, with its facility code where that could be read.
    pub(super) facilities: BTreeMap<String, Option<String>>,
    places: BTreeMap<String, String>,
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
                .map(|node| node.section().and_then(|section| source(section, dir)))
                .collect::<Vec<_>>()
        });
        section.finish();
        let sources = sources.and_then(|sources| sources.into_iter().collect());
        if let (Some(facility), Some(title), Some(roles), Some(sources)) = (facility, title, roles, sources) {
            let settings = FeedSettings { name: stem.into(), facility, sources, bytes_max: BYTES_MAX };
            self.feeds.push(Feed { title: title.into(), roles, settings });
        }
    }

    fn facility(&mut self, node: &Node<'_>, feed: &str) -> Option<String> {
        let code = node.text()?;
        if !is_facility_code(code) {
            return node.refuse(format!(
                "\"{code}\" is not a facility code: 10 digits, first the prefecture (01 to 47), then 1 medical, \
                 3 dental, 4 pharmacy, 6 home nursing or 7, then 7 digits"
            ));
        }
        if let Some(place) = self.places.get(code) {
            return node.refuse(format!("facility {code} already has a feed: {place}"));
        }
        self.places.insert(code.into(), node.document.place(&node.span));
        self.facilities.insert(feed.into(), Some(code.into()));
        Some(code.into())
    }
}

/// 都道府県 2, 点数表 1, 7 more digits.
fn is_facility_code(code: &str) -> bool {
    let [tens, ones, table, rest @ ..] = code.as_bytes() else { return false };
    let digits = [tens, ones, table].into_iter().chain(rest).all(u8::is_ascii_digit);
    let prefecture = (tens.wrapping_sub(b'0')).wrapping_mul(10).wrapping_add(ones.wrapping_sub(b'0'));
    digits
        && rest.len() == 7
        && (1..=47).contains(&prefecture)
        && matches!(table, b'1' | b'3' | b'4' | b'6' | b'7')
}

fn roles(node: &Node<'_>) -> Option<Vec<Role>> {
    let words = [("disclosing", Role::Disclosing), ("participating", Role::Participating)];
    let roles: Vec<_> = node.full_list()?.iter().map(|node| node.word(&words)).collect();
    roles.into_iter().collect()
}

fn source(mut section: Section<'_>, dir: &Path) -> Option<Source> {
    let source = match section.require("kind")?.kind(&["ssmix2", "hl7-files"], &["mllp"])? {
        "ssmix2" => ssmix2(&mut section, dir),
        _ => hl7_files(&mut section, dir),
    };
    section.finish();
    source
}

fn ssmix2(section: &mut Section<'_>, dir: &Path) -> Option<Source> {
    let times = times(section);
    let standard = section.require("standard").and_then(|node| node.existing_path(dir));
    let transaction = section.take("transaction").and_then(|node| node.existing_path(dir));
    let extension = section.take("extension").and_then(|node| {
        node.warn("the extension storage is not read yet");
        node.path(dir)
    });
    let (settle, incomplete_limit, poll) = times?;
    Some(Source::Ssmix2 { standard: standard?, transaction, extension, settle, incomplete_limit, poll })
}

fn hl7_files(section: &mut Section<'_>, dir: &Path) -> Option<Source> {
    let times = times(section);
    let path = section.require("path").and_then(|node| node.existing_path(dir));
    let words = [("keep", After::Keep), ("move", After::Move), ("delete", After::Delete)];
    let after = section.take("after").map_or(Some(After::Keep), |node| node.word(&words));
    let (settle, incomplete_limit, poll) = times?;
    Some(Source::Hl7Files { path: path?, after: after?, settle, incomplete_limit, poll })
}

/// `settle`, `incomplete_limit` and `poll`.
fn times(section: &mut Section<'_>) -> Option<(Duration, Duration, Duration)> {
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
