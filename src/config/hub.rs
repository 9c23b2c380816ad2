//! `hub.toml`: this hub.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::tz::TimeZone;

use super::alerts::{self, Alerts};
use super::broker;
use super::console::{self, Access};
use super::document::Document;
use super::need::Thing;
use super::node::{Node, Section, check_version};
use super::watching::{self, Traces};
use crate::broker::rabbitmq;

/// Default of `data_dir`, relative to the configuration folder.
pub(super) const DATA_DIR: &str = "var";

/// Default of `[claims] path`, below `data_dir`.
const CLAIMS: &str = "claims";

/// Checked settings of the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hub {
    /// Name of the network.
    pub network: String,
    /// Where the hub keeps its queues and ledgers.
    pub data_dir: PathBuf,
    /// Zone of the times that messages give without one.
    pub timezone: TimeZone,
    /// What carries the messages.
    pub broker: Broker,
    /// File of the secret behind the stand-ins; the same for all routers of a network.
    pub pseudonym_key: PathBuf,
    /// Folder of what is too large for the broker; the same for all machines of a network.
    pub claims: PathBuf,
    /// Folder of CSV files that is imported into the registry at every start.
    pub registry_import: Option<PathBuf>,
    /// Assigning authority (PID-3.4) of the network's ids: where a facility sends one of them, the card was shown there.
    pub registry_authority: Option<String>,
    /// Where the console listens.
    pub console: Option<SocketAddr>,
    /// Who is let into it, and how.
    pub access: Access,
    /// How long, and on how much of the disk, the history and the accepted messages are kept.
    pub history: Retention,
    /// Where metrics and health are served without a password.
    pub metrics: Option<SocketAddr>,
    /// Where traces go.
    pub traces: Option<Traces>,
    /// When an alarm is raised, and who is told.
    pub alerts: Alerts,
}

/// How long what is kept by days is kept, and on how much of the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// A day is deleted when it is over for that long.
    pub keep: Duration,
    /// Bytes of all days; above it the oldest are deleted.
    pub bytes_max: u64,
}

/// Default of `[history] keep` in days: three years, for which records of provision to third parties are kept
/// (個人情報保護法施行規則21条).
pub(super) const HISTORY_DAYS: u64 = 3 * 366;
/// Default of `[history] bytes_max`.
const HISTORY_BYTES: u64 = 100_000_000_000;

impl Default for Retention {
    fn default() -> Self {
        Self { keep: days(HISTORY_DAYS), bytes_max: HISTORY_BYTES }
    }
}

const fn days(count: u64) -> Duration {
    Duration::from_secs(count * 86_400)
}

/// What carries the messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broker {
    /// Durable queues on the local disk.
    Embedded {
        /// Parallel strands of each queue; fixed once the queues exist.
        lanes: u16,
    },
    /// A RabbitMQ server, with a durable outbox on the local disk before it.
    RabbitMq(rabbitmq::Settings),
}

impl Broker {
    /// Parallel strands of each queue.
    pub const fn lanes(&self) -> u16 {
        match self {
            Self::Embedded { lanes } => *lanes,
            Self::RabbitMq(settings) => settings.lanes,
        }
    }
}

pub(super) fn read(document: &Document<'_>, dir: &Path) -> Option<Hub> {
    let tree = document.tree();
    let mut section = Node::root(document, &tree).section()?;
    check_version(&mut section);
    let network = section.require("network").and_then(|node| node.name());
    let data_dir = match section.take("data_dir") {
        Some(node) => node.made(dir),
        None => {
            section.node.need(Thing::Made(dir.join(DATA_DIR)));
            Some(dir.join(DATA_DIR))
        }
    };
    let timezone = section.require("timezone").and_then(|node| timezone(&node));
    let broker = match section.take("broker") {
        Some(node) => node.section().and_then(|section| broker::read(section, dir)),
        None => Some(Broker::Embedded { lanes: broker::LANES }),
    };
    let pseudonym_key = match (section.take("pseudonym_key"), &broker) {
        (Some(node), Some(Broker::RabbitMq(_))) => node.secret(dir),
        (Some(node), _) => node.path(dir),
        (None, Some(Broker::RabbitMq(_))) => section.node.refuse(
            "missing key \"pseudonym_key\": routers on several machines must give a patient the same stand-in, so say \
             which file holds the secret (32 bytes), and give every machine a copy of it",
        ),
        (None, _) => data_dir.as_ref().map(|dir| dir.join("pseudonym.key")),
    };
    let claims = match section.take("claims") {
        Some(node) => node.section().and_then(|section| claims(section, dir)),
        None => data_dir.as_ref().map(|dir| dir.join(CLAIMS)),
    };
    let registry =
        section.take("registry").and_then(|node| node.section()).map(|section| registry(section, dir));
    let console =
        section.take("console").and_then(|node| node.section()).map(|section| console::read(section, dir));
    let metrics = section.take("metrics").and_then(|node| node.section()).and_then(watching::metrics);
    let traces = section.take("telemetry").and_then(|node| node.section()).and_then(watching::traces);
    let alerts = match section.take("alerts") {
        Some(node) => node.section().and_then(|section| alerts::read(section, dir)),
        None => Some(Alerts::default()),
    };
    let history = match section.take("history") {
        Some(node) => node.section().and_then(history),
        None => Some(Retention::default()),
    };
    section.finish();
    Some(Hub {
        network: network?.into(),
        data_dir: data_dir?,
        timezone: timezone?,
        broker: broker?,
        pseudonym_key: pseudonym_key?,
        claims: claims?,
        registry_import: registry.as_ref().and_then(|registry| registry.0.clone()),
        registry_authority: registry.and_then(|registry| registry.1),
        console: console.as_ref().and_then(|(listen, _)| *listen),
        access: console.map(|(_, access)| access).unwrap_or_default(),
        history: history?,
        metrics,
        traces,
        alerts: alerts?,
    })
}

fn history(mut section: Section<'_>) -> Option<Retention> {
    let keep = section.take("keep").map(|node| node.duration(days(1)..=days(100 * 366)));
    let bytes_max = section.take("bytes_max").map(|node| node.bytes(100_000_000..=u64::MAX));
    section.finish();
    let default = Retention::default();
    Some(Retention {
        keep: keep.unwrap_or(Some(default.keep))?,
        bytes_max: bytes_max.unwrap_or(Some(default.bytes_max))?,
    })
}

fn timezone(node: &Node<'_>) -> Option<TimeZone> {
    let name = node.text()?;
    TimeZone::get(name).ok().or_else(|| {
        node.refuse(format!("\"{name}\" is not a time zone of the IANA database: write one like Asia/Tokyo"))
    })
}

fn claims(mut section: Section<'_>, dir: &Path) -> Option<PathBuf> {
    let path = section.require("path").and_then(|node| node.folder(dir, true));
    section.finish();
    path
}

/// Folder of files to import, and the authority of network ids.
fn registry(mut section: Section<'_>, dir: &Path) -> (Option<PathBuf>, Option<String>) {
    let import = section.take("import").and_then(|node| node.folder(dir, false));
    let authority = section.take("authority").and_then(|node| match node.text()?.trim() {
        "" => node.refuse("an assigning authority has a name: what facilities write into PID-3.4"),
        authority => Some(authority.to_owned()),
    });
    section.finish();
    (import, authority)
}
