//! The hub's own folders: free disk, rights, and what they lie on.

use std::path::Path;

use rustix::fs::{Access, AtFlags, CWD, accessat, statvfs};

use super::line::{Line, Words};
use super::mount::{self, Mount};
use super::way::{shell, user};
use crate::config::{Broker, Config};

const GIB: u64 = 1 << 30;
/// Below this the hub may stop at any moment: it reserves 64 MiB at a time.
const FREE_MIN: u64 = GIB;
/// Below this somebody should look.
const FREE_FEW: u64 = 10 * GIB;

/// Looks at the data folder and the folder of claims.
pub(super) fn look(config: &Config, lines: &mut Vec<Line>) {
    let hub = &config.hub;
    folder(&hub.data_dir, lines);
    share(&hub.data_dir, matches!(hub.broker, Broker::Embedded { .. }), lines);
    Line::about("data_dir", 0, lines);
    if !hub.claims.starts_with(&hub.data_dir) {
        let before = lines.len();
        folder(&hub.claims, lines);
        Line::about("claims", before, lines);
    }
}

/// What is accepted must be durable on the disk of the data folder.
fn share(data_dir: &Path, embedded: bool, lines: &mut Vec<Line>) {
    let Some(Mount { kind, .. }) = mount::of(data_dir).filter(Mount::is_remote) else { return };
    let which = if embedded { "queues" } else { "outbox" };
    lines.push(Line::warning(
        "mount",
        data_dir.display().to_string(),
        Words::new(
            format!(
                "it lies on {kind}: {which} and ledger need a disk that keeps what it was told to, and locks that hold"
            ),
            format!("{kind} 上にあります（キューと台帳には、書込の確定とロックが確実なディスクが必要です）"),
        ),
        Words::new("put data_dir on a disk of this machine", "data_dir をこのマシンのローカルディスクに置く"),
    ));
}

fn folder(folder: &Path, lines: &mut Vec<Line>) {
    let subject = folder.display().to_string();
    // It is made at the first start, in the nearest folder that is there.
    let Some(there) = folder.ancestors().find(|part| part.as_os_str().is_empty() || part.exists()) else {
        return;
    };
    let there = if there.as_os_str().is_empty() { Path::new(".") } else { there };
    let user = user();
    if accessat(CWD, there, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS).is_err() {
        lines.push(Line::fault(
            "rights",
            subject,
            Words::new(
                format!("{user} may not write to {}", there.display()),
                format!("{user} は {} に書き込めません", there.display()),
            ),
            Words::new(
                format!("run the hub as the user that owns it, or: chown {user} {}", shell(there)),
                format!("所有ユーザーで実行する、または chown {user} {}", shell(there)),
            ),
        ));
        return;
    }
    let Ok(disk) = statvfs(there) else {
        return lines.push(Line::unknown(
            "disk",
            subject,
            Words::new("the system does not tell how much is free", "空き容量を取得できません"),
        ));
    };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let told = Words::new(format!("{} free", gigabytes(free)), format!("空き {}", gigabytes(free)));
    let todo = Words::new(
        format!(
            "free or add disk: du -sh {0}/*; the hub stops taking messages when it is full, and loses none",
            shell(folder)
        ),
        format!(
            "容量を確保する: du -sh {0}/*（満杯になると受け取りを止めます。失われるメッセージはありません）",
            shell(folder)
        ),
    );
    lines.push(match free {
        free if free < FREE_MIN => Line::fault("disk", subject, told, todo),
        free if free < FREE_FEW => Line::warning("disk", subject, told, todo),
        _ => Line::ok("disk", subject, told),
    });
}

/// `12.3 GB`
fn gigabytes(bytes: u64) -> String {
    let tenths = bytes / 100_000_000;
    format!("{}.{} GB", tenths / 10, tenths % 10)
}
