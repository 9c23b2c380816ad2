//! How far a path that does not exist leads, and what lies where it ends.

use std::fs;
use std::path::{Path, PathBuf};

use crate::config::nearest;

/// How many names of a folder are compared with the one that is missing.
const NAMES_MAX: usize = 10_000;

/// The end of a path's beginning.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct End {
    /// The last folder of the path that exists.
    pub(super) folder: PathBuf,
    /// The path that was probably meant, as far as it can be told.
    pub(super) meant: Option<PathBuf>,
    /// Whether nothing lies in that folder, as where a share is not mounted.
    pub(super) is_empty: bool,
}

/// Follows a path that does not exist.
pub(super) fn end(path: &Path) -> Option<End> {
    let folder = path.ancestors().skip(1).find(|folder| folder.is_dir())?;
    let missing = path.strip_prefix(folder).ok()?.components().next()?.as_os_str().to_str()?;
    let names: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .take(NAMES_MAX)
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    let lower = missing.to_lowercase();
    let by_case = names.iter().map(String::as_str).find(|name| name.to_lowercase() == lower);
    let near = by_case.or_else(|| nearest(missing, names.iter().map(String::as_str)));
    Some(End {
        folder: folder.to_owned(),
        meant: near.map(|name| meant(path, folder, name)),
        is_empty: names.is_empty(),
    })
}

/// The path with the name in place of the missing one, as far as that exists.
fn meant(path: &Path, folder: &Path, name: &str) -> PathBuf {
    let begun = folder.join(name);
    let rest = path.strip_prefix(folder).map(|rest| rest.components().skip(1).collect::<PathBuf>());
    rest.map(|rest| begun.join(rest)).ok().filter(|whole| whole.exists()).unwrap_or(begun)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(missing: &str, folder: &str, expected: Option<&str>, is_empty: bool) {
        let root = tempfile::tempdir().unwrap();
        for made in ["share/standard/000", "share/transaction", "mnt"] {
            fs::create_dir_all(root.path().join(made)).unwrap();
        }
        let meant = expected.map(|path| root.path().join(path));
        let folder = root.path().join(folder);
        assert_eq!(end(&root.path().join(missing)), Some(End { folder, meant, is_empty }));
    }

    #[test]
    fn a_path_ends_where_its_first_missing_name_is() {
        check("share/standerd", "share", Some("share/standard"), false);
        check("share/Standard", "share", Some("share/standard"), false);
        check("share/standerd/000", "share", Some("share/standard/000"), false);
        check("shere/standerd/000", "", Some("share"), false);
        check("share/other", "share", None, false);
        check("mnt/izumo/standard", "mnt", None, true);
    }
}
