//! What is said of a walk: its speed, what it could not read, and files from the future.

use std::path::Path;
use std::time::Duration;

use super::line::{Line, Words};
use super::scan::Scan;
use super::way;

/// So long a pass may take before somebody should know.
const PASS_LONG: Duration = Duration::from_secs(300);

pub(super) fn walked(root: &Path, scan: &Scan, lines: &mut Vec<Line>) {
    let subject = || root.display().to_string();
    let Scan { folders, files, took, .. } = scan;
    let rate = scan.rate().round();
    let counted = Words::new(
        format!("{folders} folders and {files} files in {:.1} s ({rate} a second)", took.as_secs_f64()),
        format!(
            "フォルダ {folders}、ファイル {files} を {:.1} 秒で確認（毎秒 {rate} 件）",
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
                format!("{count} folders or files below it can't be read"),
                format!("配下の {count} 件を読み取れません"),
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
                format!("{count} files are dated up to {seconds} s ahead of this machine's clock"),
                format!("{count} 件のファイルの時刻が、このマシンより最大 {seconds} 秒進んでいます"),
            ),
            Words::new(
                "the hub waits by its own clock, nothing is lost; synchronise both machines by NTP",
                "ハブは自身の時計で待つため欠落はありません。両方のマシンを NTP で同期する",
            ),
        ));
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
