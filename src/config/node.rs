//! A value of a configuration file with its place, and the checks that turn it into a setting.
//!
//! Every reader returns nothing when it has reported a fault, so that the caller goes on and finds the others.

use std::net::SocketAddr;
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::document::Document;
use super::need::Thing;
use super::said::Said;

/// A value with its place.
#[derive(Clone)]
pub(super) struct Node<'d> {
    pub(super) document: &'d Document<'d>,
    pub(super) value: &'d DeValue<'d>,
    pub(super) span: Range<usize>,
    /// Path of the key: `route[2].where`.
    pub(super) key: String,
}

impl<'d> Node<'d> {
    /// A whole file.
    pub(super) fn root(document: &'d Document<'d>, tree: &'d DeValue<'d>) -> Self {
        Self { document, value: tree, span: 0..0, key: String::new() }
    }

    pub(super) fn error(&self, said: impl Into<Said>) {
        self.document.error(self.span.clone(), &self.key, said);
    }

    pub(super) fn warn(&self, said: impl Into<Said>) {
        self.document.warn(self.span.clone(), &self.key, said);
    }

    /// Reports a fault and gives nothing.
    pub(super) fn refuse<T>(&self, said: impl Into<Said>) -> Option<T> {
        self.error(said);
        None
    }

    fn refuse_type<T>(&self, expected: (&str, &str)) -> Option<T> {
        let found = describe(self.value);
        self.refuse(Said::new(
            format!("expected {}, found {}", expected.0, found.0),
            format!("{}を書いてください。{}が書かれています", expected.1, found.1),
        ))
    }

    /// Remembers what must be there when the hub runs.
    pub(super) fn need(&self, thing: Thing) {
        self.document.need(thing, &self.span, &self.key);
    }

    pub(super) fn is_text(&self) -> bool {
        matches!(self.value, DeValue::String(_))
    }

    pub(super) fn text(&self) -> Option<&'d str> {
        match self.value {
            DeValue::String(text) => Some(text),
            _ => self.refuse_type(("a text", "文字列")),
        }
    }

    pub(super) fn boolean(&self) -> Option<bool> {
        match self.value {
            DeValue::Boolean(boolean) => Some(*boolean),
            _ => self.refuse_type(("true or false", "true か false")),
        }
    }

    pub(super) fn integer(&self, allowed: RangeInclusive<u64>) -> Option<u64> {
        let DeValue::Integer(digits) = self.value else {
            return self.refuse_type(("a whole number", "整数"));
        };
        match i128::from_str_radix(digits.as_str(), digits.radix()).ok().and_then(|n| u64::try_from(n).ok()) {
            Some(number) if allowed.contains(&number) => Some(number),
            _ => self.refuse(Said::new(
                format!("{digits} is out of range: {} to {}", allowed.start(), allowed.end()),
                format!("{digits} は範囲外です: {} から {} まで", allowed.start(), allowed.end()),
            )),
        }
    }

    pub(super) fn number(&self) -> Option<f64> {
        let number = match self.value {
            DeValue::Integer(digits) if digits.radix() == 10 => digits.as_str().parse().ok(),
            DeValue::Float(digits) => digits.as_str().parse().ok(),
            _ => None,
        };
        match number {
            Some(number) if f64::is_finite(number) => Some(number),
            _ => self.refuse_type(("a decimal number", "数")),
        }
    }

    /// A word of a closed set.
    pub(super) fn word<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        let text = self.text()?;
        if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*meaning);
        }
        let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        let (en, ja) = (format!("\"{text}\" is not known here"), format!("「{text}」は使えません"));
        self.refuse(Said::unknown(&en, &ja, text, &known))
    }

    /// A `kind`: one that is known, and not one of those that this version can't do yet. Gives the word.
    pub(super) fn kind<'k>(&self, known: &[&'k str], planned: &[&str]) -> Option<&'k str> {
        let text = self.text()?;
        if planned.contains(&text) {
            return self.refuse(format!("kind \"{text}\" is not available yet: use {}", known.join(" or ")));
        }
        let found = known.iter().find(|kind| **kind == text).copied();
        let (en, ja) = (format!("kind \"{text}\" is not known here"), format!("kind「{text}」は使えません"));
        found.or_else(|| self.refuse(Said::unknown(&en, &ja, text, known)))
    }

    /// A path, relative to the configuration folder.
    pub(super) fn path(&self, dir: &Path) -> Option<PathBuf> {
        let text = self.text()?;
        if text.is_empty() || text.contains('\0') {
            self.refuse(Said::new("the path is empty", "パスが空です"))
        } else {
            Some(dir.join(text))
        }
    }

    /// A folder whose files are read, and moved or written where that is said.
    pub(super) fn folder(&self, dir: &Path, written: bool) -> Option<PathBuf> {
        self.needed(dir, |path| Thing::Folder { path, written })
    }

    /// A file that is read.
    pub(super) fn file(&self, dir: &Path) -> Option<PathBuf> {
        self.needed(dir, Thing::File)
    }

    /// A file that holds a secret.
    pub(super) fn secret(&self, dir: &Path) -> Option<PathBuf> {
        self.needed(dir, Thing::Secret)
    }

    /// A folder that is made where it is not there.
    pub(super) fn made(&self, dir: &Path) -> Option<PathBuf> {
        self.needed(dir, Thing::Made)
    }

    fn needed(&self, dir: &Path, thing: impl FnOnce(PathBuf) -> Thing) -> Option<PathBuf> {
        let path = self.path(dir)?;
        self.need(thing(path.clone()));
        Some(path)
    }

    /// An address and port.
    pub(super) fn listen(&self) -> Option<SocketAddr> {
        let text = self.text()?;
        let Ok(address) = text.parse() else {
            return self.refuse(Said::new(
                format!("\"{text}\" is not an address with a port, like 127.0.0.1:7575"),
                format!("「{text}」はアドレスとポートではありません。127.0.0.1:7575 のように書いてください"),
            ));
        };
        Some(address)
    }

    /// A name that becomes part of queue names and topics.
    pub(super) fn name(&self) -> Option<&'d str> {
        let text = self.text()?;
        if is_name(text) {
            return Some(text);
        }
        self.refuse(Said::new(
            format!("\"{text}\" is not a name: {NAME_RULE}"),
            format!(
                "「{text}」は名前として使えません: 英小文字・数字・ハイフン、先頭は英小文字か数字、64 字まで"
            ),
        ))
    }

    /// A length of time: `500ms`, `3s`, `2m`, `1h`, `3d`.
    pub(super) fn duration(&self, allowed: RangeInclusive<Duration>) -> Option<Duration> {
        let text = self.text()?;
        match parse_duration(text) {
            None => self.refuse(Said::new(
                format!("\"{text}\" is not a length of time: write 500ms, 3s, 2m, 1h or 3d"),
                format!("「{text}」は時間の長さではありません。500ms、3s、2m、1h、3d のように書いてください"),
            )),
            Some(duration) if allowed.contains(&duration) => Some(duration),
            Some(_) => self.refuse(Said::new(
                format!("\"{text}\" is out of range: {:?} to {:?}", allowed.start(), allowed.end()),
                format!("「{text}」は範囲外です: {:?} から {:?} まで", allowed.start(), allowed.end()),
            )),
        }
    }

    /// A number of bytes: `500MB`, `20GB`, `64GiB`.
    pub(super) fn bytes(&self, allowed: RangeInclusive<u64>) -> Option<u64> {
        let text = self.text()?;
        match parse_bytes(text) {
            None => {
                self.refuse(format!("\"{text}\" is not a number of bytes: write 500MB, 20GB, 1TB or 64GiB"))
            }
            Some(bytes) if allowed.contains(&bytes) => Some(bytes),
            Some(_) => self.refuse(format!("\"{text}\" is out of range: {} bytes at least", allowed.start())),
        }
    }

    /// The elements of a list.
    pub(super) fn list(&self) -> Option<Vec<Node<'d>>> {
        let DeValue::Array(elements) = self.value else { return self.refuse_type(("a list", "リスト")) };
        let node = |(index, element): (usize, &'d Spanned<DeValue<'d>>)| Node {
            document: self.document,
            value: element.get_ref(),
            span: element.span(),
            key: format!("{}[{}]", self.key, index + 1),
        };
        Some(elements.iter().enumerate().map(node).collect())
    }

    /// The elements of a list that must have some.
    pub(super) fn full_list(&self) -> Option<Vec<Node<'d>>> {
        let list = self.list()?;
        if list.is_empty() {
            self.refuse(Said::new("the list is empty", "リストが空です"))
        } else {
            Some(list)
        }
    }

    /// A list, or a single value that stands for a list of one.
    pub(super) fn one_or_more(&self) -> Option<Vec<Node<'d>>> {
        if matches!(self.value, DeValue::Array(_)) { self.full_list() } else { Some(vec![self.clone()]) }
    }

    pub(super) fn section(&self) -> Option<Section<'d>> {
        let DeValue::Table(table) = self.value else {
            return self.refuse_type(("a table { … }", "表 { … }"));
        };
        Some(Section { node: self.clone(), table, known: Vec::new() })
    }
}

/// What a name may look like.
pub(super) const NAME_RULE: &str =
    "use lower-case letters, digits and hyphens, a letter or digit first, 64 at most";

/// Whether the text is a name.
pub(super) fn is_name(text: &str) -> bool {
    let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    bytes.first().is_some_and(plain)
        && bytes.len() <= 64
        && bytes.iter().all(|byte| plain(byte) || *byte == b'-')
}

fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().ok()?;
    match text.strip_prefix(digits)? {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_secs(number.checked_mul(60)?)),
        "h" => Some(Duration::from_secs(number.checked_mul(3600)?)),
        "d" => Some(Duration::from_secs(number.checked_mul(24 * 3600)?)),
        _ => None,
    }
}

fn parse_bytes(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let number: u64 = digits.parse().ok()?;
    let unit: u64 = match text.strip_prefix(digits)?.trim_start() {
        "B" => 1,
        "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return None,
    };
    number.checked_mul(unit)
}

/// What a value is, in English and Japanese.
fn describe(value: &DeValue<'_>) -> (&'static str, &'static str) {
    match value {
        DeValue::String(_) => ("a text", "文字列"),
        DeValue::Integer(_) | DeValue::Float(_) => ("a number", "数"),
        DeValue::Boolean(_) => ("true or false", "true か false"),
        DeValue::Datetime(_) => ("a date or time", "日付か時刻"),
        DeValue::Array(_) => ("a list", "リスト"),
        DeValue::Table(_) => ("a table", "表"),
    }
}

/// A table, of which the keys that are asked for become known. [`Section::finish`] refuses the others.
pub(super) struct Section<'d> {
    pub(super) node: Node<'d>,
    table: &'d DeTable<'d>,
    known: Vec<&'static str>,
}

impl<'d> Section<'d> {
    /// The value of a key that need not be there.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Node<'d>> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.peek(key)
    }

    /// The value of a key that must be there.
    pub(super) fn require(&mut self, key: &'static str) -> Option<Node<'d>> {
        let node = self.take(key);
        if node.is_none() {
            self.node
                .error(Said::new(format!("missing key \"{key}\""), format!("キー「{key}」がありません")));
        }
        node
    }

    /// Whether the key is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// The value of a key that some other reader asks for.
    pub(super) fn peek(&self, key: &str) -> Option<Node<'d>> {
        self.table.get_key_value(key).map(|(name, value)| self.child(name.get_ref(), value))
    }

    /// All entries, for a table whose keys are free.
    pub(super) fn entries(&self) -> Vec<(&'d str, Node<'d>)> {
        self.table.iter().map(|(key, value)| (&**key.get_ref(), self.child(key.get_ref(), value))).collect()
    }

    /// Refuses every key that was not asked for.
    pub(super) fn finish(self) {
        for (key, _) in self.table.iter().filter(|(key, _)| !self.known.contains(&&**key.get_ref())) {
            let name = key.get_ref();
            let (en, ja) = (format!("unknown key \"{name}\""), format!("キー「{name}」はありません"));
            self.node.document.error(key.span(), &self.node.key, Said::unknown(&en, &ja, name, &self.known));
        }
    }

    fn child(&self, name: &str, value: &'d Spanned<DeValue<'d>>) -> Node<'d> {
        let dot = if self.node.key.is_empty() { "" } else { "." };
        Node {
            document: self.node.document,
            value: value.get_ref(),
            span: value.span(),
            key: format!("{}{dot}{name}", self.node.key),
        }
    }
}

/// Checks the `version` that every file starts with.
pub(super) fn check_version(section: &mut Section<'_>) {
    if let Some(node) = section.require("version")
        && let Some(version) = node.integer(0..=u64::MAX)
        && version != 1
    {
        node.error(format!("version {version} is not known to this program: it reads version 1"));
    }
}
