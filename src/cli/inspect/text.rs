//! What `inspect` prints for people.

use super::super::paint::{Paint, visible};
use super::super::text::cells;
use super::{characters, recipients};
use crate::canonical::Finding;
use crate::envelope::Fault;
use crate::lang::Lang;
use crate::ops::inspect::{FileSource, InspectedMessage, Inspection, TreeSegment, TreeValue};

/// Rows of one message's tree that are printed.
const ROWS_MAX: usize = 3_000;
/// Lines of one event that are printed.
const LINES_MAX: usize = 3_000;
/// Characters of one value that are printed.
pub(super) const VALUE_MAX: usize = 400;
/// Messages after which only one line is printed for each.
const FULL_MAX: usize = 20;

/// A page of text that grows.
pub(super) struct Sheet {
    pub(super) out: String,
    pub(super) lang: Lang,
    pub(super) paint: Paint,
}

impl Sheet {
    pub(super) const fn word(&self, en: &'static str, ja: &'static str) -> &'static str {
        self.lang.pick(en, ja)
    }

    /// `title: text`
    pub(super) fn line(&mut self, title: &str, text: &str) {
        self.out.push_str(&format!("{} {text}\n", self.paint.title(&format!("{title}:"))));
    }

    /// `title:`, above rows.
    pub(super) fn heading(&mut self, title: &str) {
        self.out.push_str(&format!("{}\n", self.paint.title(&format!("{title}:"))));
    }

    /// A row below a heading.
    pub(super) fn row(&mut self, text: &str) {
        self.out.push_str(&format!("  {text}\n"));
    }

    /// Says how much is not shown.
    pub(super) fn left_out(&mut self, count: usize, en: &'static str, ja: &'static str) {
        if count > 0 {
            let text = format!("… {count} {}", self.word(en, ja));
            let text = self.paint.quiet(&text);
            self.row(&text);
        }
    }
}

/// All of it.
pub(super) fn text(seen: &Inspection, lang: Lang, paint: Paint, bytes: bool, configured: bool) -> String {
    let mut sheet = Sheet { out: String::new(), lang, paint };
    let size =
        format!("{} ({} {})", visible(&seen.file, VALUE_MAX), seen.bytes, sheet.word("bytes", "バイト"));
    sheet.line(sheet.word("file", "ファイル"), &size);
    source(&mut sheet, &seen.source);
    if let Some(fault) = &seen.refused {
        refused(&mut sheet, fault, seen);
    }
    findings(&mut sheet, &seen.findings, seen);
    for (index, message) in seen.messages.iter().enumerate().take(FULL_MAX) {
        let (at, length) = (message.offset, message.bytes);
        let at = match lang {
            Lang::En => format!("{} — byte {at}, {length} bytes", index + 1),
            Lang::Ja => format!("{} — 位置 {at}、{length} バイト", index + 1),
        };
        sheet.out.push('\n');
        sheet.line(sheet.word("message", "メッセージ"), &at);
        self::message(&mut sheet, message, seen, bytes);
    }
    others(&mut sheet, seen);
    next(&mut sheet, configured);
    sheet.out
}

/// A line for each of the messages that are not shown whole, and how many there are beyond.
fn others(sheet: &mut Sheet, seen: &Inspection) {
    for (index, message) in seen.messages.iter().enumerate().skip(FULL_MAX) {
        let made = message.event_type.as_deref().unwrap_or("—");
        let fault = message.refused.as_ref().map(|fault| format!(" {}", fault.code)).unwrap_or_default();
        let receivers = message.recipients.iter().filter(|decision| decision.receives);
        let names: Vec<_> = receivers.map(|decision| decision.subscriber.as_str()).collect();
        let text = format!("{} @{} {made}{fault} → {}", index + 1, message.offset, names.join(", "));
        sheet.line(sheet.word("message", "メッセージ"), &text);
    }
    let left = seen.message_count - seen.messages.len();
    if left > 0 {
        sheet
            .out
            .push_str(&format!("\n{left} {}\n", sheet.word("more messages, not shown", "件は表示を省略")));
    }
}

fn next(sheet: &mut Sheet, configured: bool) {
    let text = match (configured, sheet.lang) {
        (true, Lang::En) => "musubi explain FILE --to SUBSCRIBER says why one gets it or not; musubi test",
        (true, Lang::Ja) => {
            "musubi explain ファイル --to 配信先 で配信される・されない理由を表示。musubi test"
        }
        (false, Lang::En) => "musubi init writes a configuration; with one, inspect shows who would get this",
        (false, Lang::Ja) => "musubi init で設定を作成すると、配信先も表示します",
    };
    sheet.out.push('\n');
    sheet.line(sheet.word("next", "次"), text);
}

fn source(sheet: &mut Sheet, source: &FileSource) {
    if let Some(data_type) = &source.data_type {
        let known = source.data_type_name;
        let name = known
            .map_or(sheet.word("not in the specification", "仕様外"), |[en, ja]| sheet.lang.pick(en, ja));
        let text = format!("{} {name}", visible(data_type, VALUE_MAX));
        sheet.line(sheet.word("data type", "データ種別"), &text);
    }
    if let Some(name) = &source.ssmix2 {
        let flag = match name.flag.as_str() {
            "1" => sheet.word("1 current", "1 有効"),
            "2" => sheet.word("2 superseded", "2 旧版"),
            _ => sheet.word("0 deleted", "0 削除"),
        };
        let text =
            format!("{} {}; {flag}", sheet.word("order", "オーダ番号"), visible(&name.order, VALUE_MAX));
        sheet.line(sheet.word("record", "レコード"), &text);
    }
    if let (Some(feed), Some(facility)) = (&source.feed, &source.facility) {
        sheet.line(sheet.word("feed", "フィード"), &format!("{feed} ({facility})"));
    }
}

fn refused(sheet: &mut Sheet, fault: &Fault, seen: &Inspection) {
    let told = format!("{}: {} (at {})", fault.code, fault.reason, fault.place);
    let told = sheet.paint.bad(&told);
    sheet.line(sheet.word("refused", "受付不可"), &told);
    advise(sheet, &fault.code, seen);
}

/// What to do about a code.
pub(super) fn advise(sheet: &mut Sheet, code: &str, seen: &Inspection) {
    if let Some([en, ja]) = seen.hints.get(code) {
        let text = format!("  → {}", sheet.lang.pick(en, ja));
        sheet.row(&text);
    }
}

fn message(sheet: &mut Sheet, message: &InspectedMessage, seen: &Inspection, bytes: bool) {
    if let Some(charset) = &message.charset {
        characters::decision(sheet, charset, seen, bytes);
    }
    if let Some(delimiters) = &message.encoding_characters {
        sheet.line(sheet.word("delimiters", "区切り文字"), &visible(delimiters, VALUE_MAX));
    }
    tree(sheet, message);
    if let Some(fault) = &message.refused {
        refused(sheet, fault, seen);
    }
    event(sheet, message);
    findings(sheet, &message.findings, seen);
    recipients::recipients(sheet, message);
}

fn tree(sheet: &mut Sheet, message: &InspectedMessage) {
    if message.tree.is_empty() {
        return;
    }
    sheet.heading(sheet.word("tree", "構造"));
    let (mut rows, mut left_out) = (0, message.values_left_out);
    for segment in &message.tree {
        if rows < ROWS_MAX {
            head(sheet, segment);
        }
        for value in &segment.values {
            rows += 1;
            if rows > ROWS_MAX {
                left_out += 1;
                continue;
            }
            let text = row(sheet, value);
            sheet.row(&text);
        }
    }
    sheet.left_out(
        left_out,
        "more values: --json gives up to 50,000",
        "件の値は表示を省略（--json は 50,000 件まで）",
    );
}

/// A segment's id and name.
fn head(sheet: &mut Sheet, segment: &TreeSegment) {
    let Some([en, ja]) = segment.name else { return };
    let name = sheet.lang.pick(en, ja);
    let text = sheet.paint.title(&format!("{} {name}", segment.at));
    sheet.row(&text);
}

/// Path, value, names.
fn row(sheet: &Sheet, value: &TreeValue) -> String {
    let shown = visible(&value.value, VALUE_MAX);
    let names = names(value, sheet.lang);
    if names.is_empty() {
        return format!("{:<16} {shown}", value.path);
    }
    let gap = " ".repeat(28_usize.saturating_sub(cells(&shown)).max(2));
    format!("{:<16} {shown}{gap}{}", value.path, sheet.paint.quiet(&names))
}

/// `Patient Name / Family Name`, and what is to be said of it.
pub(super) fn names(value: &TreeValue, lang: Lang) -> String {
    let names: Vec<_> = value.names.iter().map(|[en, ja]| lang.pick(en, ja)).collect();
    let note = value.note.map(|note| match (note, lang) {
        ("deprecated", Lang::En) => "deprecated",
        ("deprecated", Lang::Ja) => "後方互換のみ",
        ("withdrawn", Lang::En) => "withdrawn",
        ("withdrawn", Lang::Ja) => "廃止",
        ("later", Lang::En) => "after v2.5",
        ("later", Lang::Ja) => "v2.5 より後",
        ("local", Lang::En) => "local",
        ("local", Lang::Ja) => "ローカル",
        (_, Lang::En) => "not in the standard",
        (_, Lang::Ja) => "規格にないフィールド",
    });
    let note = note.map(|note| format!(" ({note})")).unwrap_or_default();
    format!("{}{note}", names.join(" / ")).trim().to_owned()
}

fn event(sheet: &mut Sheet, message: &InspectedMessage) {
    let (Some(event_type), Some(event)) = (&message.event_type, &message.event) else { return };
    sheet.line(sheet.word("event", "イベント"), event_type);
    json(sheet, event.get());
}

/// JSON with a line for each value; of a text its lines.
pub(super) fn json(sheet: &mut Sheet, json: &str) {
    let pretty = pretty(json);
    for row in pretty.lines().take(LINES_MAX) {
        sheet.row(&visible(row, VALUE_MAX));
    }
    let left = pretty.lines().count().saturating_sub(LINES_MAX);
    sheet.left_out(left, "more lines: --json gives all", "行は表示を省略（--json で全体）");
}

/// JSON with a line for each value; of a text its lines, which in HL7 end with CR.
pub(super) fn pretty(json: &str) -> String {
    match serde_json::from_str(json) {
        Ok(serde_json::Value::String(text)) => text.replace("\r\n", "\n").replace('\r', "\n"),
        Ok(value) => format!("{value:#}"),
        Err(_) => String::new(),
    }
}

fn findings(sheet: &mut Sheet, findings: &[Finding], seen: &Inspection) {
    if findings.is_empty() {
        return;
    }
    sheet.heading(sheet.word("findings", "所見"));
    for (index, Finding { code, place, text }) in findings.iter().enumerate() {
        let shown = format!("{place:<16} {}: {text}", sheet.paint.odd(code));
        sheet.row(&shown);
        let last = findings.get(index + 1).is_none_or(|next| next.code != *code);
        if last {
            advise(sheet, code, seen);
        }
    }
}
