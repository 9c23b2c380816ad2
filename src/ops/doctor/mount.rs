//! What a folder lies on: `/proc/self/mountinfo` (proc(5)).

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

/// A mounted file system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mount {
    /// Where it is mounted.
    pub at: PathBuf,
    /// Its kind, such as `ext4`, `nfs4`, `cifs`.
    pub kind: String,
    /// Whether it can only be read.
    pub read_only: bool,
}

impl Mount {
    /// Whether it lies on another machine.
    pub fn is_remote(&self) -> bool {
        const REMOTE: [&str; 10] =
            ["nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "fuse.sshfs", "fuse.glusterfs"];
        REMOTE.contains(&self.kind.as_str())
    }
}

/// The file system that a path, or as much of it as there is, lies on; nothing where the system does not tell.
pub fn of(path: &Path) -> Option<Mount> {
    let there = path.ancestors().find_map(|part| part.canonicalize().ok())?;
    find(&fs::read_to_string("/proc/self/mountinfo").ok()?, &there)
}

/// The last of the longest mount points that the path lies below: a later mount hides an earlier one.
fn find(mountinfo: &str, path: &Path) -> Option<Mount> {
    let mounts = mountinfo.lines().filter_map(mount).filter(|mount| path.starts_with(&mount.at));
    mounts.max_by_key(|mount| mount.at.components().count())
}

/// `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue`
fn mount(line: &str) -> Option<Mount> {
    let (before, behind) = line.split_once(" - ")?;
    let mut fields = before.split(' ').skip(4);
    let at = PathBuf::from(unescaped(fields.next()?));
    let options = fields.next()?;
    let mut behind = behind.split(' ');
    let kind = behind.next()?.to_owned();
    let of_system = behind.nth(1).unwrap_or_default();
    let read_only =
        [options, of_system].iter().any(|options| options.split(',').any(|option| option == "ro"));
    Some(Mount { at, kind, read_only })
}

/// `\040` stands for a blank.
fn unescaped(text: &str) -> String {
    let pairs = [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")];
    pairs.into_iter().fold(text.to_owned(), |text, (code, character)| text.replace(code, character))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: &str = "\
21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 21 0:35 / /mnt/izumo rw,relatime shared:2 - nfs4 10.0.0.5:/export rw,vers=4.2
41 21 0:36 / /mnt/matsue\\040kita ro,relatime - cifs //server/share rw
42 40 0:37 / /mnt/izumo rw - tmpfs none rw
";

    #[test]
    fn the_nearest_and_last_mount_counts() {
        let at = |path: &str| find(INFO, Path::new(path)).unwrap();
        assert_eq!(at("/home").kind, "ext4");
        assert_eq!(at("/mnt/izumo/standard").kind, "tmpfs");
        let share = at("/mnt/matsue kita/x");
        assert!(share.is_remote() && share.read_only);
        assert_eq!(at("/mnt/izumochuo").kind, "ext4");
    }
}
