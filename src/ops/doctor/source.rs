//! The folders of a source: can they be read, what do they lie on, and are they what the feed says.

use std::path::Path;
use std::time::Duration;

use super::line::{Line, Words};
use super::mount::{self, Mount};
use super::scan::{Scan, scan};
use super::way;
use crate::clock::Clock;
use crate::config::{Config, Feed};
use crate::ingest::{After, Extension, Source};
use crate::ops::init::neighbours;
use crate::ops::survey::budget::Budget;
use crate::ops::survey::{CodePlace, Found, Limits, Part, PartSeen, look as look_at, survey};

/// So long a pass may take before somebody should know.
const PASS_LONG: Duration = Duration::from_secs(300);

/// Looks at all folders of a source.
pub(super) fn look(
    source: &Source,
    feed: &Feed,
    config: &Config,
    limits: Limits,
    clock: &dyn Clock,
    progress: &dyn Fn(u64),
    lines: &mut Vec<Line>,
) {
    let (folders, writes) = folders(source);
    let mut newest: Vec<(Part, Option<String>)> = Vec::new();
    for (key, part, root) in folders {
        if !is_open(key, part, root, writes, lines) {
            continue;
        }
        let mut budget = Budget::new(limits, clock, progress);
        if part != Part::Index {
            mounted(key, root, lines);
            walked(key, root, &scan(root, &mut budget), lines);
        }
        let seen = look_at(&Found { part, root: root.to_owned() }, limits, clock, progress);
        content(key, &seen, limits, clock, lines);
        facility(key, &seen, feed, config, lines);
        copies(key, &seen, feed, config, lines);
        newest.push((part, seen.newest));
    }
    lag(&newest, lines);
}

/// The folders with their keys, and whether the hub writes to them.
fn folders(source: &Source) -> (Vec<(&'static str, Part, &Path)>, bool) {
    match source {
        Source::Ssmix2 { standard, transaction, extension, index, .. } => {
            let mut folders = vec![("standard", Part::Standard, standard.as_path())];
            folders.extend(transaction.as_deref().map(|root| ("transaction", Part::Transaction, root)));
            if let Some(Extension { root, transaction, .. }) = extension {
                folders.push(("extension", Part::Extension, root));
                let log = transaction.as_deref();
                folders.extend(log.map(|root| ("extension_transaction", Part::ExtensionTransaction, root)));
            }
            folders.extend(index.as_deref().map(|file| ("index", Part::Index, file)));
            (folders, false)
        }
        Source::Hl7Files { path, after, .. } => (vec![("path", Part::Hl7Files, path)], *after != After::Keep),
        Source::Checkup { path, after, .. } => (vec![("path", Part::Checkup, path)], *after != After::Keep),
    }
}

fn is_open(key: &'static str, part: Part, root: &Path, writes: bool, lines: &mut Vec<Line>) -> bool {
    if part != Part::Index {
        return way::look(key, root, writes, lines);
    }
    let subject = root.display().to_string();
    match std::fs::File::open(root) {
        Ok(_) => {
            lines.push(Line::ok(
                "path",
                subject,
                Words::new(format!("{key}: there"), format!("{key}: 存在します")),
            ));
            true
        }
        Err(error) => {
            lines.push(Line::fault(
                "path",
                subject,
                Words::new(format!("{key}: {error}"), format!("{key}: {error}")),
                Words::new(
                    "the whole storage is walked meanwhile; let the export be written again",
                    "その間は全体を走査します。出力を再開してもらう",
                ),
            ));
            false
        }
    }
}

fn mounted(key: &'static str, root: &Path, lines: &mut Vec<Line>) {
    let subject = root.display().to_string();
    let Some(on) = mount::of(root) else {
        return lines.push(Line::unknown(
            "mount",
            subject,
            Words::new("the system does not tell what it lies on", "マウントの種類を取得できません"),
        ));
    };
    let Mount { at, kind, read_only } = &on;
    let at = at.display();
    let ro = if *read_only { ", read-only" } else { "" };
    let found = match on.is_remote() {
        true => Words::new(
            format!(
                "{key}: {kind} share mounted at {at}{ro}: it is polled (no share tells of changes), its server's clock dates the files; settle of 10 s or more is best"
            ),
            format!(
                "{key}: {kind} 共有（{at}{ro}）。変更通知がないため巡回で確認します。時刻は共有サーバーの時計、settle は 10 秒以上を推奨"
            ),
        ),
        false => Words::new(format!("{key}: {kind} at {at}{ro}"), format!("{key}: {kind}（{at}{ro}）")),
    };
    lines.push(Line::ok("mount", subject, found));
}

fn walked(key: &'static str, root: &Path, scan: &Scan, lines: &mut Vec<Line>) {
    let subject = || root.display().to_string();
    let Scan { folders, files, took, .. } = scan;
    let rate = scan.rate().round();
    let counted = Words::new(
        format!(
            "{key}: {folders} folders and {files} files in {:.1} s ({rate} a second)",
            took.as_secs_f64()
        ),
        format!(
            "{key}: フォルダ {folders}、ファイル {files} を {:.1} 秒で確認（毎秒 {rate} 件）",
            took.as_secs_f64()
        ),
    );
    let (en, ja, pass) = match scan.pass() {
        Some(pass) => (
            format!("a pass takes about {}", shown(pass)),
            format!("全体の巡回は約 {}", shown_ja(pass)),
            pass,
        ),
        None => (
            "a pass takes longer than that".to_owned(),
            "全体の巡回はそれ以上かかります".to_owned(),
            Duration::ZERO,
        ),
    };
    let told = Words::new(format!("{}; {en}", counted.en), format!("{}。{ja}", counted.ja));
    lines.push(match pass > PASS_LONG {
        false => Line::ok("scan", subject(), told),
        true => Line::warning(
            "scan",
            subject(),
            told,
            Words::new(
                "a change is seen after a pass at the latest. Ask for the transaction storage or the index database, which tell at once; or divide the storage into several sources",
                "変更の検知は最大で1巡回後になります。トランザクションストレージかインデックスDBの提供を依頼する、または source を分割する",
            ),
        ),
    });
    if scan.unreadable > 0 {
        let count = scan.unreadable;
        lines.push(Line::fault(
            "rights",
            subject(),
            Words::new(
                format!("{key}: {count} folders or files below it can't be read"),
                format!("{key}: 配下の {count} 件を読み取れません"),
            ),
            Words::new(
                format!(
                    "find {0} ! -readable; let {1} read all of it: setfacl -R -m u:{1}:rX {0}",
                    way::shell(root),
                    way::user()
                ),
                format!(
                    "find {0} ! -readable で確認し、{1} に読取を許可する: setfacl -R -m u:{1}:rX {0}",
                    way::shell(root),
                    way::user()
                ),
            ),
        ));
    }
    if scan.ahead > 0 {
        let (count, seconds) = (scan.ahead, scan.ahead_seconds);
        lines.push(Line::warning(
            "clock",
            subject(),
            Words::new(
                format!("{key}: {count} files are dated up to {seconds} s ahead of this machine's clock"),
                format!("{key}: {count} 件のファイルの時刻が、このマシンより最大 {seconds} 秒進んでいます"),
            ),
            Words::new(
                "the hub waits by its own clock, nothing is lost; synchronise both machines by NTP",
                "ハブは自身の時計で待つため欠落はありません。両方のマシンを NTP で同期する",
            ),
        ));
    }
}

/// Whether the folder holds what the feed says it does.
fn content(key: &'static str, seen: &PartSeen, limits: Limits, clock: &dyn Clock, lines: &mut Vec<Line>) {
    let subject = seen.root.display().to_string();
    if seen.files > 0 && (seen.part.is_storage() || seen.part == Part::Index || seen.names.stray == 0) {
        let newest = seen.newest.as_deref().map(day).unwrap_or_default();
        let sample = if seen.whole { "" } else { " (a sample)" };
        let count = seen.files;
        let (mut en, mut ja) = (
            format!("{key}: {count} files or records{sample}"),
            format!("{key}: {count} 件{}", if seen.whole { "" } else { "（一部）" }),
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
                format!("{key}: {count} of the files that were read ({read} of its kind) are of another kind: each becomes an invalid message"),
                format!("{key}: 読み取ったうち {count} 件は種類が異なり、不正になります（該当する種類は {read} 件）"),
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
                format!("{key}: this is not the root; {root} is"),
                format!("{key}: ルートではありません。ルートは {root} です"),
            ),
            Words::new(
                format!("{key} = {root:?} in the feed's file"),
                format!("フィードのファイルで {key} = {root:?} とする"),
            ),
        ),
        None => Line::warning(
            "content",
            subject,
            Words::new(
                format!("{key}: holds nothing of its kind"),
                format!("{key}: 対象のファイルがありません"),
            ),
            Words::new(
                "is it the right folder, and has the system written there yet?",
                "フォルダが正しいか、出力が始まっているか確認する",
            ),
        ),
    });
}

fn facility(key: &'static str, seen: &PartSeen, feed: &Feed, config: &Config, lines: &mut Vec<Line>) {
    let (own, subject) = (&feed.settings.facility, seen.root.display().to_string());
    let others: Vec<_> = seen.facilities.iter().filter(|one| one.code != *own).collect();
    let Some(other) = others.first() else {
        let named = seen.facilities.first();
        let found = match named {
            Some(_) => Words::new(
                format!("{key}: names the feed's facility {own}"),
                format!("{key}: 施設コード {own} と一致"),
            ),
            None => Words::new(format!("{key}: names no facility"), format!("{key}: 施設コードの記載なし")),
        };
        return lines.push(Line::ok("facility", subject, found));
    };
    let (code, count) = (&other.code, other.count);
    let (en, ja) = place(other.place);
    let known = config.feeds.iter().find(|feed| feed.settings.facility == *code);
    let found = Words::new(
        format!("{key}: names facility {code} ({en}: {count}), the feed says {own}"),
        format!("{key}: 施設コード {code}（{ja}: {count}）が、フィードの {own} と異なります"),
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

fn copies(key: &'static str, seen: &PartSeen, feed: &Feed, config: &Config, lines: &mut Vec<Line>) {
    let others = config.feeds.iter().filter(|other| other.settings.name != feed.settings.name);
    for neighbour in others.flat_map(|other| neighbours(seen, other)) {
        let (other, root) = (neighbour.feed, neighbour.root.display());
        let (en, ja) = match neighbour.files {
            None => (
                format!("{key}: feed {other} reads the same place ({root})"),
                format!("{key}: フィード {other} も同じ場所（{root}）を読んでいます"),
            ),
            Some((looked_for, same)) => (
                format!(
                    "{key}: {same} of {looked_for} files are in {root} of feed {other} too, with the same bytes: a copy"
                ),
                format!(
                    "{key}: {looked_for} 件中 {same} 件がフィード {other} の {root} に同じ内容であります（複製）"
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
fn lag(newest: &[(Part, Option<String>)], lines: &mut Vec<Line>) {
    let of =
        |part: Part| newest.iter().find(|(known, _)| *known == part).and_then(|(_, time)| time.as_deref());
    let (Some(standard), Some(transaction)) = (of(Part::Standard), of(Part::Transaction)) else { return };
    let (storage_day, log_day) = (day(standard), day(transaction));
    if log_day < storage_day {
        lines.push(Line::warning(
            "transaction",
            "",
            Words::new(
                format!("the newest record of the transaction storage is of {log_day}, but the standardised storage has versions of {storage_day}"),
                format!("トランザクションストレージの最新は {log_day} ですが、標準化ストレージには {storage_day} の版があります"),
            ),
            Words::new(
                "is it still written? Nothing is lost: the standardised storage is scanned too, only deletions may come later",
                "出力が止まっていないか確認する（標準化ストレージも走査するため欠落はありません）",
            ),
        ));
    } else {
        lines.push(Line::ok(
            "transaction",
            "",
            Words::new(
                format!("the transaction storage goes on: newest record of {log_day}"),
                format!("トランザクションストレージは更新されています（最新 {log_day}）"),
            ),
        ));
    }
}

/// `2026-11-20` of `20261120…`; nothing of what does not begin with a day.
fn day(time: &str) -> String {
    match (time.get(..4), time.get(4..6), time.get(6..8)) {
        (Some(year), Some(month), Some(day)) => format!("{year}-{month}-{day}"),
        _ => String::new(),
    }
}

fn shown(time: Duration) -> String {
    match time.as_secs() {
        0..=1 => "a second".to_owned(),
        seconds @ 2..=119 => format!("{seconds} s"),
        seconds @ 120..=7_199 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3_600),
    }
}

fn shown_ja(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..=119 => format!("{} 秒", seconds.max(1)),
        seconds @ 120..=7_199 => format!("{} 分", seconds / 60),
        seconds => format!("{} 時間", seconds / 3_600),
    }
}
