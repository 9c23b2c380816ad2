//! Whether a path can be gone: as which user, and which part of it stops.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, accessat};

use super::line::{Line, Words};

/// Where it stopped.
pub(super) struct Stop {
    /// The part of the path.
    pub(super) at: PathBuf,
    pub(super) error: io::Error,
}

/// Goes a path folder by folder, and lists its last one.
pub(super) fn gone(path: &Path) -> Result<(), Stop> {
    let mut parts: Vec<_> = path.ancestors().filter(|part| !part.as_os_str().is_empty()).collect();
    parts.reverse();
    for part in parts {
        fs::metadata(part).map_err(|error| Stop { at: part.to_owned(), error })?;
    }
    let listed = fs::read_dir(path).and_then(|mut entries| entries.next().transpose());
    listed.map(|_| ()).map_err(|error| Stop { at: path.to_owned(), error })
}

/// What is said of it; whether it can be gone on with.
pub(super) fn look(path: &Path, writes: bool, lines: &mut Vec<Line>) -> bool {
    let subject = path.display().to_string();
    if let Err(stop) = gone(path) {
        lines.push(stopped(path, &stop));
        return false;
    }
    let user = user();
    if writes && accessat(CWD, path, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS).is_err() {
        let held = holder(path);
        lines.push(Line::fault(
            "rights",
            subject,
            Words::new(
                format!("{user} may read it and not write to it ({held}), but taken files are to be moved or deleted"),
                format!("{user} に書込権限がありません（{held}）。取込後の移動・削除ができません"),
            ),
            Words::new(
                format!("let {user} write there (setfacl -m u:{user}:rwx {0}), or set after = \"keep\"", shell(path)),
                format!("書込を許可する (setfacl -m u:{user}:rwx {0})、または after = \"keep\" にする", shell(path)),
            ),
        ));
        return true;
    }
    lines.push(Line::ok(
        "path",
        subject,
        Words::new(format!("there, and {user} may list it"), format!("存在し、{user} が一覧を取得できます")),
    ));
    true
}

fn stopped(path: &Path, stop: &Stop) -> Line {
    let subject = path.display().to_string();
    let (at, user) = (stop.at.display(), user());
    let above = stop.at.parent().unwrap_or(Path::new("/"));
    match stop.error.kind() {
        ErrorKind::NotFound => Line::fault(
            "path",
            subject,
            Words::new(
                format!("{at} is not there; {} is", above.display()),
                format!("{at} がありません（{} は存在）", above.display()),
            ),
            Words::new(
                format!(
                    "correct the path in the feed's file; if it should be a share, mount it: findmnt {}, then ls {}",
                    shell(above),
                    shell(&stop.at)
                ),
                format!(
                    "フィードのパスを修正する。共有フォルダならマウントを確認する: findmnt {}、ls {}",
                    shell(above),
                    shell(&stop.at)
                ),
            ),
        ),
        ErrorKind::NotADirectory => Line::fault(
            "path",
            subject,
            Words::new(format!("{at} is no folder"), format!("{at} はフォルダではありません")),
            Words::new("name the folder in the feed's file", "フィードのファイルでフォルダを指定する"),
        ),
        ErrorKind::PermissionDenied => denied(subject, stop, &user),
        _ => Line::fault(
            "path",
            subject,
            Words::new(format!("{at}: {}", stop.error), format!("{at}: {}", stop.error)),
            Words::new(
                format!(
                    "ask for the share or the disk that it lies on: findmnt -T {0}; dmesg | tail",
                    shell(above)
                ),
                format!(
                    "共有フォルダまたはディスクの状態を確認する: findmnt -T {0}、dmesg | tail",
                    shell(above)
                ),
            ),
        ),
    }
}

fn denied(subject: String, stop: &Stop, user: &str) -> Line {
    // A part that can't be looked at is hidden by the folder above it; one that can be, but not listed, by itself.
    let hides = match fs::metadata(&stop.at) {
        Ok(_) => stop.at.as_path(),
        Err(_) => stop.at.parent().unwrap_or(Path::new("/")),
    };
    let held = holder(hides);
    let at = hides.display();
    Line::fault(
        "rights",
        subject,
        Words::new(
            format!("{user} may not enter {at} ({held})"),
            format!("{user} は {at} に入れません（{held}）"),
        ),
        Words::new(
            format!(
                "let {user} read and enter it: setfacl -R -m u:{user}:rX {}; on a share, its server decides",
                shell(hides)
            ),
            format!(
                "読取と進入を許可する: setfacl -R -m u:{user}:rX {}（共有フォルダではサーバー側で設定）",
                shell(hides)
            ),
        ),
    )
}

/// `drwxr-x--- of hospital (1001), group 1001`
fn holder(path: &Path) -> String {
    let Ok(metadata) = fs::metadata(path) else { return "?".to_owned() };
    let mode = metadata.permissions().mode();
    let bit = |shift: u32, letter: char| if mode >> shift & 1 == 1 { letter } else { '-' };
    let letters: String = (0..9).map(|at| bit(8 - at, ['r', 'w', 'x'][at as usize % 3])).collect();
    format!("{letters}, owner {}, group {}", name_of(metadata.uid()), metadata.gid())
}

/// As whom the program runs.
pub(super) fn user() -> String {
    fs::metadata("/proc/self").map_or_else(|_| "?".to_owned(), |metadata| name_of(metadata.uid()))
}

fn name_of(uid: u32) -> String {
    let known = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let mut rows = known.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let name = rows.find_map(|row| {
        (row.get(2) == Some(&uid.to_string().as_str())).then(|| row.first().map(|name| (*name).to_owned()))?
    });
    name.unwrap_or_else(|| uid.to_string())
}

/// A path as a shell takes it.
pub fn shell(path: &Path) -> String {
    let text = path.to_string_lossy();
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '+' | ':' | '@');
    if !text.is_empty() && text.chars().all(plain) {
        text.into_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_take_apart_is_quoted() {
        assert_eq!(shell(Path::new("/mnt/出雲")), "/mnt/出雲");
        assert_eq!(shell(Path::new("a b'c")), "'a b'\\''c'");
    }
}
