//! `[alerts]` of `hub.toml`: when the hub raises an alarm, and whom it tells.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::civil::Time;
use reqwest::Url;

use super::node::{Node, Section};

/// Default of `remind`.
pub(super) const REMIND: &str = "4h";
/// Default of `backlog_age`.
pub(super) const BACKLOG_AGE: &str = "30m";
/// Default of `away`.
pub(super) const AWAY: &str = "10m";
/// Default of `silence_max`.
pub(super) const SILENCE_MAX: &str = "3d";
/// Default of `invalid_max`.
pub(super) const INVALID_MAX: u64 = 50;
/// Default of `disk_free_min`.
pub(super) const DISK_FREE_MIN: &str = "5GB";

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// Checked settings of the alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alerts {
    /// How often who was told of an open alert is reminded.
    pub remind: Duration,
    /// Age of the oldest message of a queue above which it is a backlog.
    pub backlog_age: Duration,
    /// How long a subscriber or the broker may be away.
    pub away: Duration,
    /// Silence of a feed after which it is told whatever its rhythm is.
    pub silence_max: Duration,
    /// Invalid messages of a feed within a quarter of an hour above which it is a surge.
    pub invalid_max: u64,
    /// Free bytes of the data folder's disk below which it is low.
    pub disk_free_min: u64,
    /// Who is told.
    pub receivers: Vec<Receiver>,
}

/// Somebody who is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receiver {
    /// Its name.
    pub name: String,
    /// The way to it.
    pub way: Way,
    /// The least severity that it is told of.
    pub least: Severity,
    /// Feeds that it is told of; all where none is named. What is about no feed is always told.
    pub feeds: Vec<String>,
    /// 10-digit codes of facilities, in the same way.
    pub facilities: Vec<String>,
    /// From when until when it is told of critical alerts only; the others are told after that.
    pub quiet: Option<(Time, Time)>,
    /// Whether texts are Japanese.
    pub japanese: bool,
}

/// The way to a receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// A POST of JSON.
    Webhook {
        /// Where to.
        url: Url,
        /// File whose first line is a bearer token.
        token_file: Option<PathBuf>,
        /// File whose first line is the key of the signature (HMAC-SHA256 of the body).
        secret_file: Option<PathBuf>,
    },
    /// A mail.
    Mail {
        /// Host of the server.
        host: String,
        /// Its port.
        port: u16,
        /// How the connection is encrypted.
        tls: MailTls,
        /// Who logs in, and the file whose first line is the password.
        login: Option<(String, PathBuf)>,
        /// Sender's address.
        from: String,
        /// Receivers' addresses.
        to: Vec<String>,
    },
}

/// How the connection to a mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailTls {
    /// By STARTTLS (RFC 3207); a server that has none is refused.
    StartTls,
    /// From the beginning (RFC 8314).
    Wrapped,
    /// Not at all.
    Off,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Somebody should know by day.
    Notice,
    /// Somebody should look today.
    Warning,
    /// Somebody should look now.
    Critical,
}

impl Severity {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// Severities by their words.
pub(super) const SEVERITIES: [(&str, Severity); 3] =
    [("notice", Severity::Notice), ("warning", Severity::Warning), ("critical", Severity::Critical)];
/// Kinds of encryption by their words.
pub(super) const TLS: [(&str, MailTls); 3] =
    [("starttls", MailTls::StartTls), ("tls", MailTls::Wrapped), ("none", MailTls::Off)];
const LANGUAGES: [(&str, bool); 2] = [("ja", true), ("en", false)];

impl Default for Alerts {
    fn default() -> Self {
        Self {
            remind: 240 * MINUTE,
            backlog_age: 30 * MINUTE,
            away: 10 * MINUTE,
            silence_max: 3 * DAY,
            invalid_max: INVALID_MAX,
            disk_free_min: 5_000_000_000,
            receivers: Vec::new(),
        }
    }
}

pub(super) fn read(mut section: Section<'_>, dir: &Path) -> Option<Alerts> {
    let default = Alerts::default();
    let mut time = |key, least, otherwise| match section.take(key) {
        Some(node) => node.duration(least..=30 * DAY),
        None => Some(otherwise),
    };
    let remind = time("remind", 5 * MINUTE, default.remind);
    let backlog_age = time("backlog_age", MINUTE, default.backlog_age);
    let away = time("away", MINUTE, default.away);
    let silence_max = time("silence_max", 60 * MINUTE, default.silence_max);
    let invalid_max = match section.take("invalid_max") {
        Some(node) => node.integer(1..=1_000_000),
        None => Some(INVALID_MAX),
    };
    let disk_free_min = match section.take("disk_free_min") {
        Some(node) => node.bytes(1..=u64::MAX),
        None => Some(default.disk_free_min),
    };
    let receivers = match section.take("to") {
        Some(node) => node.list().and_then(|list| {
            let receivers: Vec<_> = list.iter().map(|node| receiver(node.section()?, dir)).collect();
            receivers.into_iter().collect()
        }),
        None => Some(Vec::new()),
    };
    section.finish();
    Some(Alerts {
        remind: remind?,
        backlog_age: backlog_age?,
        away: away?,
        silence_max: silence_max?,
        invalid_max: invalid_max?,
        disk_free_min: disk_free_min?,
        receivers: receivers?,
    })
}

fn receiver(mut section: Section<'_>, dir: &Path) -> Option<Receiver> {
    let kind = section.require("kind").and_then(|node| node.kind(&["webhook", "mail"], &[]))?;
    let name = section.require("name").and_then(|node| node.name());
    let way = if kind == "mail" { mail(&mut section, dir) } else { webhook(&mut section, dir) };
    let least = section.take("least").map_or(Some(Severity::Notice), |node| node.word(&SEVERITIES));
    let feeds = names(&mut section, "feeds");
    let facilities = names(&mut section, "facilities");
    let quiet = section.take("quiet").map_or(Some(None), |node| quiet(&node).map(Some));
    let japanese = section.take("lang").map_or(Some(true), |node| node.word(&LANGUAGES));
    section.finish();
    Some(Receiver {
        name: name?.to_owned(),
        way: way?,
        least: least?,
        feeds: feeds?,
        facilities: facilities?,
        quiet: quiet?,
        japanese: japanese?,
    })
}

fn names(section: &mut Section<'_>, key: &'static str) -> Option<Vec<String>> {
    let Some(node) = section.take(key) else { return Some(Vec::new()) };
    texts(node.full_list()?)
}

fn texts(nodes: Vec<Node<'_>>) -> Option<Vec<String>> {
    nodes.iter().map(|node| node.text().map(str::to_owned)).collect()
}

/// `22:00-07:00`
fn quiet(node: &Node<'_>) -> Option<(Time, Time)> {
    let time = |text: &str| text.trim().parse::<Time>().ok();
    let both = node.text()?.split_once('-').and_then(|(from, until)| Some((time(from)?, time(until)?)));
    both.or_else(|| node.refuse("quiet hours are two times of the day, as \"22:00-07:00\""))
}

fn webhook(section: &mut Section<'_>, dir: &Path) -> Option<Way> {
    let url = section.require("url").and_then(|node| super::subscriber::url(&node));
    let token_file = section.take("token_file").map_or(Some(None), |node| node.secret(dir).map(Some));
    let secret_file = section.take("secret_file").map_or(Some(None), |node| node.secret(dir).map(Some));
    Some(Way::Webhook { url: url?, token_file: token_file?, secret_file: secret_file? })
}

fn mail(section: &mut Section<'_>, dir: &Path) -> Option<Way> {
    let smtp = section.require("smtp").and_then(|node| server(&node));
    let tls = section.take("tls").map_or(Some(MailTls::StartTls), |node| node.word(&TLS));
    let user = section.take("user").map_or(Some(None), |node| node.text().map(|text| Some(text.to_owned())));
    let password = section.take("password_file").map_or(Some(None), |node| node.secret(dir).map(Some));
    let from = section.require("from").and_then(|node| address(&node));
    let to = section.require("to").and_then(|node| {
        let all: Vec<_> = node.one_or_more()?.iter().map(address).collect();
        all.into_iter().collect::<Option<Vec<_>>>()
    });
    let login = match (user?, password?) {
        (Some(user), Some(password)) => Some((user, password)),
        (None, None) => None,
        _ => return section.node.refuse("user and password_file are given together"),
    };
    let ((host, port), tls) = (smtp?, tls?);
    Some(Way::Mail { host, port, tls, login, from: from?, to: to? })
}

/// `host:port`
fn server(node: &Node<'_>) -> Option<(String, u16)> {
    let parts =
        node.text()?.rsplit_once(':').and_then(|(host, port)| Some((host.to_owned(), port.parse().ok()?)));
    let known = parts.filter(|(host, _): &(String, u16)| !host.is_empty() && !host.contains('/'));
    known.or_else(|| node.refuse("a mail server is host:port, as smtp.example.jp:587"))
}

/// What a mail can be sent to or from. Whether it exists only its server knows.
fn address(node: &Node<'_>) -> Option<String> {
    let text = node.text()?;
    match text.parse::<lettre::Address>() {
        Ok(_) => Some(text.to_owned()),
        Err(_) => node.refuse("a mail address is name@host, as operators@example.jp"),
    }
}
