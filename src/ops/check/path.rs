//! Whether a path is what the configuration says, and what to do where it is not.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::{Access, access};

use super::place;
use crate::config::Said;

/// A folder whose files are read, and also moved or written where that is said.
pub(super) fn folder(path: &Path, written: bool) -> Option<Said> {
    let first = fs::read_dir(path).and_then(|mut entries| entries.next().transpose());
    match first {
        Err(error) => Some(wrong(path, &error)),
        Ok(_) if written => unwritable(path),
        Ok(_) => None,
    }
}

/// A file that is read.
pub(super) fn file(path: &Path) -> Option<Said> {
    let is_folder = || io::Error::from(ErrorKind::IsADirectory);
    let read = || {
        if fs::metadata(path)?.is_dir() {
            return Err(is_folder());
        }
        File::open(path)?.read(&mut [0]).map(drop)
    };
    read().err().map(|error| wrong(path, &error))
}

/// A file that only the hub's user may read.
pub(super) fn secret(path: &Path) -> Option<Said> {
    if let Some(said) = file(path) {
        return Some(said);
    }
    let mode = fs::metadata(path).map(|found| found.permissions().mode()).unwrap_or_default();
    (mode & 0o007 != 0).then(|| {
        let shown = path.display();
        Said::new(
            format!(
                "everybody on this machine can read the secret in \"{shown}\" (mode {:03o})",
                mode & 0o777
            ),
            format!("「{shown}」の秘密は、このマシンの誰にでも読めます（モード {:03o}）", mode & 0o777),
        )
        .help(format!("chmod o= '{shown}'"), format!("chmod o= '{shown}'"))
    })
}

/// A folder that the hub makes, and writes in.
pub(super) fn made(path: &Path) -> Option<Said> {
    match fs::metadata(path) {
        Ok(found) if !found.is_dir() => Some(wrong(path, &ErrorKind::NotADirectory.into())),
        Ok(_) => unwritable(path),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            path.ancestors().skip(1).find(|folder| folder.exists()).and_then(unwritable)
        }
        Err(error) => Some(wrong(path, &error)),
    }
}

/// Asks the system; writes nothing.
fn unwritable(folder: &Path) -> Option<Said> {
    let error = io::Error::from(access(folder, Access::WRITE_OK | Access::EXEC_OK).err()?);
    let (shown, user) = (folder.display(), user());
    let said = Said::new(
        format!("the hub can't write in \"{shown}\": {error}"),
        format!("「{shown}」に書き込めません: {error}"),
    );
    Some(match error.kind() {
        ErrorKind::ReadOnlyFilesystem => said.help(
            format!("the file system is mounted read-only: findmnt -T '{shown}'; mount it with rw"),
            format!(
                "読み取り専用でマウントされています: findmnt -T '{shown}' で確かめ、rw でマウントしてください"
            ),
        ),
        _ => said.help(
            format!("let the user who runs the hub (here {user}) write there: chown {user} '{shown}'"),
            format!("ハブを動かすユーザー（ここでは {user}）に書き込みの権限を: chown {user} '{shown}'"),
        ),
    })
}

/// The user as whom this is asked.
fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Why a path can't be used, and what to do about it.
pub(super) fn wrong(path: &Path, error: &io::Error) -> Said {
    let shown = path.display();
    match error.kind() {
        ErrorKind::NotFound => missing(path),
        ErrorKind::PermissionDenied => {
            let user = user();
            Said::new(
                format!("\"{shown}\" can't be read by user {user}: {error}"),
                format!("「{shown}」はユーザー {user} には読めません: {error}"),
            )
            .help(
                format!(
                    "namei -l '{shown}' shows which folder refuses; then setfacl -R -m u:{user}:rX, or of a share the \
                     mount options uid=, file_mode=, dir_mode="
                ),
                format!(
                    "namei -l '{shown}' でどのフォルダーが拒むかを見て、setfacl -R -m u:{user}:rX、共有ならマウントの \
                     uid=、file_mode=、dir_mode= を直してください"
                ),
            )
        }
        ErrorKind::NotADirectory => Said::new(
            format!("\"{shown}\" is a file, or leads through one: a folder is needed"),
            format!("「{shown}」はファイルか、途中がファイルです。フォルダーが必要です"),
        )
        .help("name the folder that holds the files", "ファイルが入っているフォルダーを書いてください"),
        ErrorKind::IsADirectory => Said::new(
            format!("\"{shown}\" is a folder: a file is needed"),
            format!("「{shown}」はフォルダーです。ファイルが必要です"),
        )
        .help("name the file in it", "その中のファイルを書いてください"),
        _ => unreadable(path, error),
    }
}

/// A share that is gone, a disk that fails.
fn unreadable(path: &Path, error: &io::Error) -> Said {
    let shown = path.display();
    Said::new(format!("\"{shown}\" can't be read: {error}"), format!("「{shown}」は読めません: {error}")).help(
        format!(
            "findmnt -T '{shown}' shows what is mounted there; mount a share again: umount -l, then mount; of a disk see \
             dmesg"
        ),
        format!(
            "findmnt -T '{shown}' で何がマウントされているかを見て、共有なら umount -l のあと mount、ディスクなら dmesg を \
             確かめてください"
        ),
    )
}

/// A typing error, a share that is not mounted, or a facility that is not connected yet.
fn missing(path: &Path) -> Said {
    let shown = path.display();
    let (en, ja) = (format!("\"{shown}\" does not exist (yet)"), format!("「{shown}」は（まだ）ありません"));
    let Some(end) = place::end(path) else { return Said::new(en, ja) };
    let folder = end.folder.display();
    if let Some(meant) = end.meant {
        let meant = meant.display();
        return Said::new(
            format!("{en}: did you mean \"{meant}\"?"),
            format!("{ja}。「{meant}」ではありませんか"),
        )
        .help("correct the path, then: musubi check", "パスを直して、もう一度 musubi check");
    }
    if end.is_empty {
        return Said::new(
            format!("{en}: it ends at \"{folder}\", which is empty"),
            format!("{ja}。「{folder}」まではあり、その中は空です"),
        )
        .help(
            format!("is the share mounted there? findmnt '{folder}'; mount '{folder}'; then: musubi check"),
            format!(
                "そこに共有をマウントしましたか。findmnt '{folder}'; mount '{folder}' のあと musubi check"
            ),
        );
    }
    Said::new(format!("{en}: it ends at \"{folder}\""), format!("{ja}。「{folder}」まではあります")).help(
        format!("ls '{folder}' shows what is there; a facility that is connected later needs nothing yet"),
        format!("ls '{folder}' で中を確かめてください。あとで接続する施設なら、このままで構いません"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_that_is_gone_and_one_that_refuses_are_told_apart() {
        let told =
            |code| format!("{:?}", wrong(Path::new("/mnt/izumo"), &io::Error::from_raw_os_error(code)));
        assert!(told(libc_like::EACCES).contains("namei -l"));
        for gone in [libc_like::ESTALE, libc_like::ENOTCONN, libc_like::EIO] {
            assert!(told(gone).contains("umount -l"), "{gone}");
        }
        assert!(told(libc_like::ENOTDIR).contains("a folder is needed"));
    }

    /// Numbers of errors on Linux.
    mod libc_like {
        pub(super) const EIO: i32 = 5;
        pub(super) const EACCES: i32 = 13;
        pub(super) const ENOTDIR: i32 = 20;
        pub(super) const ENOTCONN: i32 = 107;
        pub(super) const ESTALE: i32 = 116;
    }
}
