//! The folders of a source: can they be read, what do they lie on, and are they what the feed says.

use std::path::Path;

use super::line::{Line, Words};
use super::mount::{self, Mount};
use super::scan::scan;
use super::{Around, held, pace, way};
use crate::config::Feed;
use crate::ingest::{After, Extension, Source};
use crate::ops::survey::budget::Budget;
use crate::ops::survey::{Found, Part, PartSeen, look as look_at};

/// Looks at all folders of a source.
pub(super) fn look(source: &Source, feed: &Feed, around: &Around<'_>, lines: &mut Vec<Line>) {
    let (folders, writes) = folders(source);
    let mut seen = Vec::new();
    for (key, part, root) in folders {
        let before = lines.len();
        if is_open(part, root, writes, lines) {
            seen.push(of_folder(part, root, feed, around, lines));
        }
        Line::about(key, before, lines);
    }
    held::lag(&seen, lines);
}

fn of_folder(part: Part, root: &Path, feed: &Feed, around: &Around<'_>, lines: &mut Vec<Line>) -> PartSeen {
    let Around { config, limits, clock, progress, .. } = *around;
    if part != Part::Index {
        mounted(root, lines);
        pace::walked(root, &scan(root, &mut Budget::new(limits, clock, progress)), lines);
    }
    let seen = look_at(&Found { part, root: root.to_owned() }, limits, clock, progress);
    held::content(&seen, limits, clock, lines);
    held::facility(&seen, feed, config, lines);
    held::copies(&seen, feed, config, lines);
    seen
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

fn is_open(part: Part, root: &Path, writes: bool, lines: &mut Vec<Line>) -> bool {
    if part != Part::Index {
        return way::look(root, writes, lines);
    }
    let subject = root.display().to_string();
    match std::fs::File::open(root) {
        Ok(_) => {
            lines.push(Line::ok("path", subject, Words::new("there", "存在します")));
            true
        }
        Err(error) => {
            lines.push(Line::fault(
                "path",
                subject,
                Words::new(format!("{error}"), format!("{error}")),
                Words::new(
                    "the whole storage is walked meanwhile; let the export be written again",
                    "その間は全体を走査します。出力を再開してもらう",
                ),
            ));
            false
        }
    }
}

fn mounted(root: &Path, lines: &mut Vec<Line>) {
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
                "{kind} share mounted at {at}{ro}: it is polled (no share tells of changes), its server's clock dates the files; settle of 10 s or more is best"
            ),
            format!(
                "{kind} 共有（{at}{ro}）。変更通知がないため巡回で確認します。時刻は共有サーバーの時計、settle は 10 秒以上を推奨"
            ),
        ),
        false => Words::new(format!("{kind} at {at}{ro}"), format!("{kind}（{at}{ro}）")),
    };
    lines.push(Line::ok("mount", subject, found));
}
