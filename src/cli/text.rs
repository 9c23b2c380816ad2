//! What people read of a run, in their language.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::lang::Lang;
use crate::ops::doctor::shell;
use crate::pipeline::{MessageReport, Report, ServiceCell, SubscriberReport};

/// The program on that configuration folder, as the next command begins.
pub(super) fn musubi(folder: &Path) -> String {
    if folder == Path::new(".") { "musubi".to_owned() } else { format!("musubi --config {}", shell(folder)) }
}

/// The tables of a run and the conservation line.
pub(super) fn report(report: &Report, lang: Lang) -> String {
    let mut text = String::new();
    feeds(&mut text, report, lang);
    subscribers(&mut text, report, lang);
    matrix(&mut text, report, lang);
    if report.shared {
        part(&mut text, report, lang);
    } else {
        conservation(&mut text, report, lang);
    }
    for (feed, failure) in report.failed() {
        text.push_str(&format!("{}: {feed}: {failure}\n", lang.pick("not finished", "未完了")));
    }
    if let Some(why) = &report.broken_off {
        text.push_str(&format!("{}: {why}\n", lang.pick("broken off", "中断")));
    }
    text
}

fn feeds(text: &mut String, report: &Report, lang: Lang) {
    if report.feeds.is_empty() && report.shared {
        return;
    }
    let mut header = match lang {
        Lang::En => vec!["feed", "files", "accepted", "unchanged", "invalid"],
        Lang::Ja => vec!["フィード", "ファイル", "受理", "変更なし", "不正"],
    };
    if report.feeds.iter().any(|feed| feed.invalid.is_none()) {
        header.pop();
    }
    let rows = report.feeds.iter().map(|feed| {
        let counts = [feed.files, feed.accepted, feed.unchanged].into_iter().chain(feed.invalid);
        (feed.feed.clone(), counts.collect())
    });
    table(text, &header, rows);
    text.push('\n');
}

fn subscribers(text: &mut String, report: &Report, lang: Lang) {
    if report.subscribers.is_empty() && report.shared {
        return;
    }
    let header = match lang {
        Lang::En => ["subscriber", "delivered", "parked", "dead"].as_slice(),
        Lang::Ja => ["配信先", "配信済", "保留", "不達"].as_slice(),
    };
    let rows = report.subscribers.iter();
    table(text, header, rows.map(|one| (one.subscriber.clone(), vec![one.delivered, one.parked, one.dead])));
    text.push('\n');
}

/// Facilities and services, with how many copies went from one to the other.
fn matrix(text: &mut String, report: &Report, lang: Lang) {
    if report.matrix.is_empty() {
        return;
    }
    let services: BTreeSet<_> = report.matrix.iter().map(|cell| cell.service.as_str()).collect();
    let mut header = vec![lang.pick("facility", "施設")];
    header.extend(&services);
    let mut facilities: BTreeMap<&str, (String, BTreeMap<&str, u64>)> = BTreeMap::new();
    for ServiceCell { facility, name, service, copies } in &report.matrix {
        let shown = || name.as_ref().map_or_else(|| facility.clone(), |name| format!("{facility} {name}"));
        let row = facilities.entry(facility).or_insert_with(|| (shown(), BTreeMap::new()));
        row.1.insert(service, *copies);
    }
    let count = |row: &BTreeMap<&str, u64>| {
        services.iter().map(|service| row.get(service).copied().unwrap_or(0)).collect()
    };
    table(text, &header, facilities.values().map(|(name, row)| (name.clone(), count(row))));
    text.push('\n');
}

/// What a process on RabbitMQ can say: its own part, others may have done theirs.
fn part(text: &mut String, report: &Report, lang: Lang) {
    let word = |en, ja| lang.pick(en, ja);
    let MessageReport { accepted, carried, routed, filtered, invalid, waiting, taken, .. } = report.messages;
    text.push_str(word(
        "this process (others may work on the same queues):\n",
        "このプロセスの分（他のプロセスも同じキューを処理することがあります）:\n",
    ));
    if !report.feeds.is_empty() {
        let words = [
            word("accepted", "受理"),
            word("left in the outbox before", "送信待ちの繰越"),
            word("left in the outbox", "送信待ち"),
        ];
        let [accepted_word, carried_word, waiting_word] = words;
        text.push_str(&format!(
            "  {accepted_word} {accepted}, {carried_word} {carried}, {waiting_word} {waiting}\n"
        ));
    }
    if let Some(taken) =
        taken.filter(|taken| *taken > 0 || report.feeds.is_empty() && report.subscribers.is_empty())
    {
        let right = [
            (word("routed", "配分"), routed),
            (word("filtered", "対象外"), filtered),
            (word("invalid", "不正"), invalid),
        ];
        text.push_str("  ");
        equation(text, &[(word("taken", "取出"), taken)], &right, report.messages.conserved());
        text.push('\n');
    }
}

/// Columns of numbers after a column of names. Kanji and kana take two cells of a terminal.
pub(super) fn table(text: &mut String, header: &[&str], rows: impl Iterator<Item = (String, Vec<u64>)>) {
    let rows: Vec<_> = rows.collect();
    let names = rows.iter().map(|(name, _)| cells(name)).chain(header.first().map(|name| cells(name)));
    let width = names.max().unwrap_or(0);
    for (column, title) in header.iter().enumerate() {
        let gap = " ".repeat(if column == 0 {
            width.saturating_sub(cells(title))
        } else {
            column_width(title) - cells(title)
        });
        text.push_str(&if column == 0 { format!("{title}{gap}") } else { format!("{gap}{title}") });
    }
    text.push('\n');
    for (name, numbers) in rows {
        text.push_str(&name);
        text.push_str(&" ".repeat(width - cells(&name)));
        for (number, title) in numbers.iter().zip(header.iter().skip(1)) {
            text.push_str(&format!("{number:>width$}", width = column_width(title)));
        }
        text.push('\n');
    }
}

/// Cells of a column of numbers with that title.
fn column_width(title: &str) -> usize {
    11.max(cells(title) + 1)
}

/// Cells of a terminal that a text takes.
pub(super) fn cells(text: &str) -> usize {
    text.chars().map(|c| if c >= '\u{1100}' { 2 } else { 1 }).sum()
}

fn conservation(text: &mut String, report: &Report, lang: Lang) {
    let word = |en, ja| lang.pick(en, ja);
    let MessageReport { accepted, carried, retried, routed, filtered, invalid, waiting, .. } =
        report.messages;
    let mut left = vec![(word("accepted", "受理"), accepted)];
    let mut right = vec![(word("routed", "配分"), routed), (word("filtered", "対象外"), filtered)];
    right.push((word("invalid", "不正"), invalid));
    if carried > 0 {
        left.push((word("carried over", "繰越"), carried));
    }
    if retried > 0 {
        left.push((word("sent again", "再送"), retried));
    }
    if waiting > 0 {
        right.push((word("waiting", "処理待ち"), waiting));
    }
    text.push_str(word("conservation: ", "収支: "));
    equation(text, &left, &right, report.messages.conserved());
    for subscriber in &report.subscribers {
        let SubscriberReport {
            subscriber: name,
            routed,
            carried,
            replayed,
            delivered,
            parked,
            waiting,
            dead,
        } = subscriber;
        let mut left = vec![(word("routed", "配分"), *routed)];
        if *carried > 0 {
            left.push((word("carried over", "繰越"), *carried));
        }
        if *replayed > 0 {
            left.push((word("replayed", "再配信"), *replayed));
        }
        let mut right = vec![(word("delivered", "配信済"), *delivered), (word("parked", "保留"), *parked)];
        right.push((word("dead", "不達"), *dead));
        if *waiting > 0 {
            right.push((word("waiting", "処理待ち"), *waiting));
        }
        text.push_str(&format!("\n  {name}: "));
        equation(text, &left, &right, subscriber.conserved());
    }
    text.push_str(match (report.conserved, lang) {
        (true, Lang::En) => "\nit adds up\n",
        (true, Lang::Ja) => "\n一致しました\n",
        (false, Lang::En) => "\nIT DOES NOT ADD UP\n",
        (false, Lang::Ja) => "\n一致しません\n",
    });
}

fn equation(text: &mut String, left: &[(&str, u64)], right: &[(&str, u64)], holds: bool) {
    let side = |terms: &[(&str, u64)]| {
        let terms: Vec<_> = terms.iter().map(|(word, number)| format!("{word} {number}")).collect();
        terms.join(" + ")
    };
    text.push_str(&format!("{} {} {}", side(left), if holds { "=" } else { "≠" }, side(right)));
}
