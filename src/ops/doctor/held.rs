//! Whether a folder holds what the feed says: its facility's files, nobody else's, and the newest.

use super::line::{Line, Words};
use crate::clock::Clock;
use crate::config::{Config, Feed};
use crate::ops::init::neighbours;
use crate::ops::survey::{CodePlace, Limits, Part, PartSeen, survey};

/// Whether the folder holds what the feed says it does.
pub(super) fn content(seen: &PartSeen, limits: Limits, clock: &dyn Clock, lines: &mut Vec<Line>) {
    let subject = seen.root.display().to_string();
    if seen.files > 0 && (seen.part.is_storage() || seen.part == Part::Index || seen.names.stray == 0) {
        let newest = seen.newest.as_deref().map(day).unwrap_or_default();
        let sample = if seen.whole { "" } else { " (a sample)" };
        let count = seen.files;
        let (mut en, mut ja) = (
            format!("{count} files or records{sample}"),
            format!("{count} 件{}", if seen.whole { "" } else { "（一部）" }),
        );
        if !newest.is_empty() {
            en.push_str(&format!(", the newest of {newest}"));
            ja.push_str(&format!("、最新 {newest}"));
        }
        return lines.push(Line::ok("content", subject, Words::new(en, ja)));
    }
    if seen.files > 0 {
        let (count, read) = (seen.names.stray, seen.content.files);
        return lines.push(Line::warning(
            "content",
            subject,
            Words::new(
                format!("{count} of the files that were read ({read} of its kind) are of another kind: each becomes an invalid message"),
                format!("読み取ったうち {count} 件は種類が異なり、不正になります（該当する種類は {read} 件）"),
            ),
            Words::new("let each kind be written into a folder of its own", "種類ごとにフォルダを分ける"),
        ));
    }
    // Perhaps the root lies elsewhere near.
    let near = survey(&seen.root, limits, clock, &|_| {});
    let parts = near.map(|near| near.parts).unwrap_or_default();
    let found: Vec<_> = parts
        .iter()
        .filter(|part| part.part == seen.part && part.root != seen.root)
        .map(|part| part.root.display().to_string())
        .collect();
    lines.push(match found.first() {
        Some(root) => Line::fault(
            "content",
            subject,
            Words::new(
                format!("this is not the root; {root} is"),
                format!("ルートではありません。ルートは {root} です"),
            ),
            Words::new(
                format!("write {root:?} in the feed's file"),
                format!("フィードのファイルに {root:?} と書く"),
            ),
        ),
        None => Line::warning(
            "content",
            subject,
            Words::new("holds nothing of its kind", "対象のファイルがありません"),
            Words::new(
                "is it the right folder, and has the system written there yet?",
                "フォルダが正しいか、出力が始まっているか確認する",
            ),
        ),
    });
}

pub(super) fn facility(seen: &PartSeen, feed: &Feed, config: &Config, lines: &mut Vec<Line>) {
    let (own, subject) = (&feed.settings.facility, seen.root.display().to_string());
    let others: Vec<_> = seen.facilities.iter().filter(|one| one.code != *own).collect();
    let Some(other) = others.first() else {
        let named = seen.facilities.first();
        let found = match named {
            Some(_) => {
                Words::new(format!("names the feed's facility {own}"), format!("施設コード {own} と一致"))
            }
            None => Words::new("names no facility", "施設コードの記載なし"),
        };
        return lines.push(Line::ok("facility", subject, found));
    };
    let (code, count) = (&other.code, other.count);
    let (en, ja) = place(other.place);
    let known = config.feeds.iter().find(|feed| feed.settings.facility == *code);
    let found = Words::new(
        format!("names facility {code} ({en}: {count}), the feed says {own}"),
        format!("施設コード {code}（{ja}: {count}）が、フィードの {own} と異なります"),
    );
    lines.push(match known {
        Some(known) => Line::fault(
            "facility",
            subject,
            Words::new(format!("{}; {code} is that of feed {}", found.en, known.settings.name), format!("{}。{code} はフィード {} の施設です", found.ja, known.settings.name)),
            Words::new("ask whose storage this is before anything of it is sent on: its patients would be taken for this facility's", "配信前に、どの施設のストレージか確認する（患者が誤った施設のものとして扱われます）"),
        ),
        None => Line::warning(
            "facility",
            subject,
            found,
            Words::new("the feed's code stands, whatever the storage names; ask the hospital which one is right", "ハブはフィードのコードを使用します。正しいコードを医療機関に確認する"),
        ),
    });
}

fn place(place: CodePlace) -> (&'static str, &'static str) {
    match place {
        CodePlace::TransactionHeader => ("header lines", "ヘッダ"),
        CodePlace::Index => ("index database", "インデックスDB"),
        CodePlace::RootFolder => ("root folder", "ルートフォルダ名"),
        CodePlace::ArchiveSender => ("sender of the archives", "アーカイブの送付元"),
        CodePlace::Msh4 => ("MSH-4", "MSH-4"),
    }
}

pub(super) fn copies(seen: &PartSeen, feed: &Feed, config: &Config, lines: &mut Vec<Line>) {
    let others = config.feeds.iter().filter(|other| other.settings.name != feed.settings.name);
    for neighbour in others.flat_map(|other| neighbours(seen, other)) {
        let (other, root) = (neighbour.feed, neighbour.root.display());
        let (en, ja) = match neighbour.files {
            None => (
                format!("feed {other} reads the same place ({root})"),
                format!("フィード {other} も同じ場所（{root}）を読んでいます"),
            ),
            Some((looked_for, same)) => (
                format!(
                    "{same} of {looked_for} files are in {root} of feed {other} too, with the same bytes: a copy"
                ),
                format!(
                    "{looked_for} 件中 {same} 件がフィード {other} の {root} に同じ内容であります（複製）"
                ),
            ),
        };
        lines.push(Line::fault(
            "copy",
            seen.root.display().to_string(),
            Words::new(en, ja),
            Words::new(
                "the same patients appear under two facilities: stop this feed, and ask whose storage it is",
                "同じ患者が2施設に現れます。このフィードを止め、どの施設のストレージか確認する",
            ),
        ));
    }
}

/// Whether the transaction storage stands still while the storage goes on.
pub(super) fn lag(seen: &[PartSeen], lines: &mut Vec<Line>) {
    let of = |part: Part| seen.iter().find(|seen| seen.part == part);
    let (Some(standard), Some(transaction)) = (of(Part::Standard), of(Part::Transaction)) else { return };
    let newest = |seen: &PartSeen| seen.newest.as_deref().map(day).unwrap_or_default();
    let (storage_day, log_day) = (newest(standard), newest(transaction));
    let before = lines.len();
    let subject = transaction.root.display().to_string();
    lines.push(if log_day < storage_day {
        Line::warning(
            "newest",
            subject,
            Words::new(
                format!("its newest record is of {log_day}, but the standardised storage has versions of {storage_day}"),
                format!("最新のレコードは {log_day} ですが、標準化ストレージには {storage_day} の版があります"),
            ),
            Words::new(
                "is it still written? Nothing is lost: the standardised storage is scanned too, only deletions may come later",
                "出力が止まっていないか確認する（標準化ストレージも走査するため欠落はありません）",
            ),
        )
    } else {
        Line::ok("newest", subject, Words::new(format!("it goes on: newest record of {log_day}"), format!("更新されています（最新 {log_day}）")))
    });
    Line::about("transaction", before, lines);
}

/// `2026-11-20` of `20261120…`; nothing of what does not begin with a day.
fn day(time: &str) -> String {
    match (time.get(..4), time.get(4..6), time.get(6..8)) {
        (Some(year), Some(month), Some(day)) => format!("{year}-{month}-{day}"),
        _ => String::new(),
    }
}
