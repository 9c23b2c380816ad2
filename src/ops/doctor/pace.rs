//! What is said of a walk: its speed, what it could not read, and files from the future.

use std::path::Path;
use std::time::Duration;

use super::line::{Line, Words};
use super::scan::Scan;
use super::way;

/// So long a pass may take before somebody should know.
const PASS_LONG: Duration = Duration::from_secs(300);

/// Speed, what could not be read, and files of the future.
pub(super) fn walked(root: &Path, scan: &Scan, lines: &mut Vec<Line>) {
    lines.push(speed(root, scan));
    if scan.unreadable > 0 {
        lines.push(unreadable(root, scan.unreadable));
    }
    if scan.ahead > 0 {
        lines.push(ahead(root, scan.ahead, scan.ahead_seconds));
    }
}

fn speed(root: &Path, scan: &Scan) -> Line {
    let Scan { folders, files, took, .. } = scan;
    let (rate, seconds) = (scan.rate().round(), took.as_secs_f64());
    let pass = scan.pass();
    let (en, ja) = match pass {
        Some(pass) => {
            (format!("a pass takes about {}", shown(pass)), format!("全体の巡回は約 {}", shown_ja(pass)))
        }
        None => ("a pass takes longer than that".to_owned(), "全体の巡回はそれ以上かかります".to_owned()),
    };
    let told = Words::new(
        format!("{folders} folders and {files} files in {seconds:.1} s ({rate} a second); {en}"),
        format!("フォルダ {folders}、ファイル {files} を {seconds:.1} 秒で確認（毎秒 {rate} 件）。{ja}"),
    );
    let subject = root.display().to_string();
    if pass.is_none_or(|pass| pass <= PASS_LONG) {
        return Line::ok("scan", subject, told);
    }
    let todo = Words::new(
        "a change is seen after a pass at the latest. Ask for the transaction storage or the index database, which \
         tell at once; or divide the storage into several sources",
        "変更の検知は最大で1巡回後になります。トランザクションストレージかインデックスDBの提供を依頼する、または source を分割する",
    );
    Line::warning("scan", subject, told, todo)
}

fn unreadable(root: &Path, count: u64) -> Line {
    let (at, user) = (way::shell(root), way::user());
    Line::fault(
        "rights",
        root.display().to_string(),
        Words::new(
            format!("{count} folders or files below it can't be read"),
            format!("配下の {count} 件を読み取れません"),
        ),
        Words::new(
            format!("find {at} ! -readable; let {user} read all of it: setfacl -R -m u:{user}:rX {at}"),
            format!(
                "find {at} ! -readable で確認し、{user} に読取を許可する: setfacl -R -m u:{user}:rX {at}"
            ),
        ),
    )
}

fn ahead(root: &Path, count: u64, seconds: u64) -> Line {
    Line::warning(
        "clock",
        root.display().to_string(),
        Words::new(
            format!("{count} files are dated up to {seconds} s ahead of this machine's clock"),
            format!("{count} 件のファイルの時刻が、このマシンより最大 {seconds} 秒進んでいます"),
        ),
        Words::new(
            "the hub waits by its own clock, nothing is lost; synchronise both machines by NTP",
            "ハブは自身の時計で待つため欠落はありません。両方のマシンを NTP で同期する",
        ),
    )
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
