//! The page of `inspect`: one file that loads nothing. Whatever a message holds is shown as text.

use super::super::html::{escaped, table};
use super::super::paint::visible;
use super::recipients::{ground, is_of_kind, listed};
use super::text::{VALUE_MAX, names, pretty};
use crate::canonical::Finding;
use crate::envelope::Fault;
use crate::lang::Lang;
use crate::ops::denied;
use crate::ops::inspect::{ByteRun, CharsetDecision, InspectedMessage, Inspection, RecipientDecision};

/// Rows of trees on a page.
const ROWS_MAX: usize = 3_000;
/// Messages that are shown whole.
const FULL_MAX: usize = 20;
/// Lines of one event.
const LINES_MAX: usize = 3_000;
/// Rows of changes of the set.
const RUNS_MAX: usize = 300;

/// The page.
pub(super) fn page(seen: &Inspection, lang: Lang) -> String {
    let title = lang.pick("Inspection of a message", "メッセージの検査");
    let file = text(&seen.file);
    let mut page = Page { html: String::new(), lang, seen, rows_left: ROWS_MAX };
    page.html.push_str(&format!(
        "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<title>{title}: {file}</title>\n<style>\n{}{}</style>\n\
         </head>\n<body>\n<h1>{title}</h1>\n",
        lang.pick("en", "ja"),
        include_str!("../desk.css"),
        include_str!("page.css"),
    ));
    page.head();
    for (index, message) in seen.messages.iter().enumerate() {
        if index < FULL_MAX { page.message(index, message) } else { page.short(index, message) }
    }
    let left = seen.message_count - seen.messages.len();
    page.left_out(left, "more messages, not shown", "件のメッセージは表示を省略");
    page.html.push_str("</body>\n</html>\n");
    page.html
}

/// Text of a message or a name from outside, as HTML that shows it.
fn text(text: &str) -> String {
    escaped(&visible(text, VALUE_MAX))
}

struct Page<'p> {
    html: String,
    lang: Lang,
    seen: &'p Inspection,
    rows_left: usize,
}

impl Page<'_> {
    const fn word(&self, en: &'static str, ja: &'static str) -> &'static str {
        self.lang.pick(en, ja)
    }

    fn left_out(&mut self, count: usize, en: &'static str, ja: &'static str) {
        if count > 0 {
            self.html.push_str(&format!("<p>… {count} {}</p>\n", self.word(en, ja)));
        }
    }

    fn heading(&mut self, en: &'static str, ja: &'static str) {
        self.html.push_str(&format!("<h3>{}</h3>\n", self.word(en, ja)));
    }

    fn hint(&self, code: &str) -> String {
        let hint = self.seen.hints.get(code).map(|[en, ja]| self.lang.pick(en, ja));
        hint.map(|hint| format!("<div class=\"hint\">→ {}</div>", escaped(hint))).unwrap_or_default()
    }

    fn pairs(&mut self, pairs: &[(&str, String)]) {
        let pairs = pairs.iter().filter(|(_, what)| !what.is_empty());
        let rows: String = pairs.map(|(name, what)| format!("<dt>{name}</dt><dd>{what}</dd>\n")).collect();
        self.html.push_str(&format!("<dl>\n{rows}</dl>\n"));
    }

    fn head(&mut self) {
        let source = &self.seen.source;
        let data_type = source.data_type.as_ref().map(|code| {
            let name = source.data_type_name.map(|[en, ja]| self.lang.pick(en, ja));
            format!("{} {}", text(code), name.unwrap_or(self.word("not in the specification", "仕様外")))
        });
        let feed = source.feed.as_ref().zip(source.facility.as_ref());
        let record = source.ssmix2.as_ref().map(|name| {
            format!(
                "{} {} · {} {}",
                self.word("order", "オーダ番号"),
                text(&name.order),
                self.word("flag", "フラグ"),
                text(&name.flag)
            )
        });
        let size =
            format!("{} · {} {}", text(&self.seen.file), self.seen.bytes, self.word("bytes", "バイト"));
        let refused = self.seen.refused.as_ref().map(|fault| self.fault(fault));
        self.pairs(&[
            (self.word("File", "ファイル"), size),
            (self.word("Data type", "データ種別"), data_type.unwrap_or_default()),
            (self.word("Record", "レコード"), record.unwrap_or_default()),
            (
                self.word("Feed", "フィード"),
                feed.map(|(feed, code)| format!("{} ({})", text(feed), text(code))).unwrap_or_default(),
            ),
            (self.word("Messages", "メッセージ数"), self.seen.message_count.to_string()),
            (self.word("Refused", "受付不可"), refused.unwrap_or_default()),
        ]);
        self.findings(&self.seen.findings);
    }

    fn fault(&self, fault: &Fault) -> String {
        let Fault { code, reason, place } = fault;
        format!(
            "<span class=\"alarm\">{}: {} ({})</span>{}",
            text(code),
            text(reason),
            text(place),
            self.hint(code)
        )
    }

    fn message(&mut self, index: usize, message: &InspectedMessage) {
        let title = self.word("Message", "メッセージ");
        let event = message.event_type.as_deref().unwrap_or("—");
        self.html.push_str(&format!("<h2>{title} {} · {}</h2>\n", index + 1, text(event)));
        let place = format!("{} · {} {}", message.offset, message.bytes, self.word("bytes", "バイト"));
        let refused = message.refused.as_ref().map(|fault| self.fault(fault));
        let delimiters = message.encoding_characters.as_deref().map(text);
        self.pairs(&[
            (self.word("At byte", "位置"), place),
            (self.word("Delimiters", "区切り文字"), delimiters.unwrap_or_default()),
            (self.word("Refused", "受付不可"), refused.unwrap_or_default()),
        ]);
        self.recipients(message);
        self.findings(&message.findings);
        if let Some(charset) = &message.charset {
            self.charset(charset);
        }
        self.tree(message);
        if let Some(event) = &message.event {
            self.heading("Event", "イベント");
            self.json(event.get());
        }
    }

    /// A message beyond those that are shown whole.
    fn short(&mut self, index: usize, message: &InspectedMessage) {
        let event = message.event_type.as_deref().unwrap_or("—");
        let title = self.word("Message", "メッセージ");
        let receivers = message.recipients.iter().filter(|decision| decision.receives);
        let names: Vec<_> = receivers.map(|decision| decision.subscriber.as_str()).collect();
        let line = format!("<p>{title} {} · {} → {}</p>\n", index + 1, text(event), text(&names.join(", ")));
        self.html.push_str(&line);
    }

    fn findings(&mut self, findings: &[Finding]) {
        if findings.is_empty() {
            return;
        }
        self.heading("Findings", "所見");
        let titles = [self.word("Place", "位置"), self.word("Finding", "所見")];
        let row = |Finding { code, place, text: told }: &Finding| {
            let what = format!("<span class=\"odd\">{}</span> {}{}", text(code), text(told), self.hint(code));
            ("", vec![format!("<span class=\"path\">{}</span>", text(place)), what])
        };
        let html = table(&titles, findings.iter().map(row));
        self.html.push_str(&html);
    }

    fn charset(&mut self, charset: &CharsetDecision) {
        self.heading("Character set", "文字コード");
        let [en, ja] = &charset.comparison;
        let class = if charset.agrees { "done" } else { "odd" };
        let declared = format!("{} · MSH-20 {}", text(&charset.declared.join("~")), text(&charset.handling));
        let used = format!(
            "<span class=\"{class}\">{}</span> {}",
            text(&charset.used),
            text(self.lang.pick(en, ja))
        );
        self.pairs(&[(self.word("Used", "使用"), used), ("MSH-18", declared)]);
        self.odd(charset);
        if charset.runs.is_empty() {
            return;
        }
        let titles = [
            self.word("Byte", "位置"),
            self.word("Field", "フィールド"),
            self.word("Set", "文字セット"),
            self.word("Bytes", "バイト列"),
            self.word("Text", "文字"),
        ];
        let row = |run: &ByteRun| {
            let arrow = if run.role == "designation" { "→ " } else { "" };
            let class = if run.role == "undecodable" { "late" } else { "" };
            let cells = vec![
                run.at.to_string(),
                text(run.place.as_deref().unwrap_or_default()),
                format!("{arrow}{}", text(run.set)),
                format!("<code>{}</code>", text(&run.bytes)),
                text(&run.text),
            ];
            (class, cells)
        };
        let html = table(&titles, charset.runs.iter().take(RUNS_MAX).map(row));
        self.html.push_str(&html);
        let left = charset.runs.len().saturating_sub(RUNS_MAX) + charset.runs_left_out;
        self.left_out(left, "more runs of bytes", "件のバイト列は表示を省略");
    }

    fn odd(&mut self, charset: &CharsetDecision) {
        if charset.odd.is_empty() {
            return;
        }
        let titles = [self.word("Odd bytes", "注意すべきバイト"), self.word("Where", "位置")];
        let row = |(code, count): (&&str, &usize)| {
            let places = charset.odd.iter().filter(|odd| odd.code == *code).map(|odd| {
                let place = odd.place.as_deref().unwrap_or_default();
                format!("@{} {} <code>{}</code> {}", odd.at, text(place), text(&odd.bytes), text(&odd.text))
            });
            let places: Vec<_> = places.collect();
            let what = format!("<span class=\"odd\">{}</span> ×{count}{}", text(code), self.hint(code));
            ("", vec![what, places.join("<br>")])
        };
        let html = table(&titles, charset.odd_counts.iter().map(row));
        self.html.push_str(&html);
    }

    fn tree(&mut self, message: &InspectedMessage) {
        if message.tree.is_empty() {
            return;
        }
        self.heading("Tree", "構造");
        let (mut rows, mut left_out) = (Vec::new(), message.values_left_out);
        for segment in message.tree.iter().filter(|segment| !segment.values.is_empty()) {
            if self.rows_left == 0 {
                left_out += segment.values.len();
                continue;
            }
            let name = segment.name.map(|[en, ja]| self.lang.pick(en, ja));
            let head = vec![text(&segment.at), name.unwrap_or_default().to_owned(), String::new()];
            rows.push(("segment", head));
            let shown = segment.values.len().min(self.rows_left);
            self.rows_left -= shown;
            left_out += segment.values.len() - shown;
            rows.extend(segment.values.iter().take(shown).map(|value| {
                let path = format!("<span class=\"path\">{}</span>", text(&value.path));
                let names = format!("<span class=\"small\">{}</span>", text(&names(value, self.lang)));
                ("", vec![path, text(&value.value), names])
            }));
        }
        let titles = [self.word("Place", "位置"), self.word("Value", "値"), self.word("Name", "名称")];
        self.html.push_str(&table(&titles, rows));
        self.left_out(left_out, "more values", "件の値は表示を省略");
    }

    fn json(&mut self, json: &str) {
        let pretty = pretty(json);
        let lines: Vec<_> = pretty.lines().take(LINES_MAX).map(text).collect();
        self.html.push_str(&format!("<pre>{}</pre>\n", lines.join("\n")));
        let left = pretty.lines().count().saturating_sub(LINES_MAX);
        self.left_out(left, "more lines", "行は表示を省略");
    }

    fn recipients(&mut self, message: &InspectedMessage) {
        let (kinds, others): (Vec<_>, Vec<_>) = message.recipients.iter().partition(|one| is_of_kind(one));
        if others.is_empty() {
            return;
        }
        self.heading("Recipients", "配信先");
        let titles = [
            self.word("Subscriber", "配信先"),
            self.word("Gets it", "配信"),
            self.word("Route", "経路"),
            self.word("Why", "理由"),
        ];
        let (yes, no): (Vec<_>, Vec<_>) = others.into_iter().partition(|decision| decision.receives);
        let rows: Vec<_> = yes.into_iter().chain(no).map(|decision| self.recipient(decision)).collect();
        self.html.push_str(&table(&titles, rows));
        let routes: std::collections::BTreeSet<_> = kinds.iter().map(|one| one.route.as_str()).collect();
        self.left_out(routes.len(), "routes are about other kinds or changes", "経路は他の種別・変更が対象");
        let shown = message.recipients.iter().filter_map(|one| one.copy.as_ref()?.body.as_ref());
        for body in shown {
            self.heading("Copy", "写し");
            self.json(body.get());
        }
    }

    fn recipient(&self, decision: &RecipientDecision) -> (&'static str, Vec<String>) {
        let answer = match decision.receives {
            true => format!("<span class=\"done answer\">{}</span>", self.word("yes", "する")),
            false => format!("<span class=\"small answer\">{}</span>", self.word("no", "しない")),
        };
        let line = decision.line.map(|line| format!("<br><span class=\"small\">routes.toml:{line}</span>"));
        let line = line.unwrap_or_default();
        let subscriber = format!("<span class=\"answer\">{}</span>", text(&decision.subscriber));
        let route = format!("<span class=\"answer\">{}{line}</span>", text(&decision.route));
        let why = if decision.receives { self.granted(decision) } else { self.refused(decision) };
        let class = if decision.receives { "yes" } else { "" };
        (class, vec![subscriber, answer, route, why])
    }

    fn refused(&self, decision: &RecipientDecision) -> String {
        match (&decision.reason, decision.why.last()) {
            (Some(reason), _) => text(&denied::told(reason, self.lang)),
            (None, last) => format!("<code>{}</code>", last.map(|why| text(why)).unwrap_or_default()),
        }
    }

    fn granted(&self, decision: &RecipientDecision) -> String {
        let clauses = decision.clauses.iter().map(|clause| {
            let told = format!("{}: {} -> {}", clause.place, clause.clause, clause.verdict);
            format!("<li><code>{}</code></li>", text(&told))
        });
        let purpose = decision.purpose.map(|purpose| format!(" / {purpose}")).unwrap_or_default();
        let grounds =
            decision.grounds.iter().map(|one| format!("<li>{}</li>", text(&ground(one, self.lang))));
        let copy = decision.copy.as_ref().map(|copy| {
            let whole = self.word("the whole event", "全体");
            let fields =
                if decision.disclosure.is_some() { escaped(&listed(&copy.fields)) } else { whole.to_owned() };
            let kept = escaped(&listed(&copy.kept_back));
            let kept = if kept.is_empty() {
                kept
            } else {
                format!("<br>{}: {kept}", self.word("kept back", "送出しない"))
            };
            format!("<div class=\"small\">{}: {fields}{kept}</div>", self.word("leaves", "送出"))
        });
        format!(
            "<ol class=\"clauses\">{}</ol>{}: {}{purpose}<ul class=\"plain\">{}</ul>{}",
            clauses.collect::<String>(),
            self.word("basis", "根拠"),
            text(decision.basis),
            grounds.collect::<String>(),
            copy.unwrap_or_default(),
        )
    }
}
