//! The repository's files, and the corpus that nobody of this project wrote.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Copies a folder with all below it and its times: of a copy that seems to be made just now, and slowly, a storage may
/// settle before its transaction storage.
pub(crate) fn copy_tree(from: &Path, to: &Path) {
    let keep_time = |from: &Path, to: &Path| {
        File::open(to).unwrap().set_modified(fs::metadata(from).unwrap().modified().unwrap()).unwrap();
    };
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap();
            keep_time(&entry.path(), &target);
        }
    }
    keep_time(from, to);
}

/// All files below a folder.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            files.extend(files_below(&entry.path()));
        } else {
            files.push(entry.path());
        }
    }
    files.sort();
    files
}

/// The corpus of messages that nobody of this project wrote, where it is there. `MUSUBI_CORPUS` names it; where that
/// is set the corpus must be there.
pub(crate) fn corpus() -> Option<PathBuf> {
    let named = std::env::var_os("MUSUBI_CORPUS").map(PathBuf::from);
    let folder = named.clone().unwrap_or_else(|| repository().join("../shared/corpus"));
    if folder.join("hl7v2").is_dir() {
        return Some(folder);
    }
    assert!(named.is_none(), "MUSUBI_CORPUS is set, but {} holds no hl7v2 folder", folder.display());
    println!("\n*** SKIPPED: no test corpus at {}; set MUSUBI_CORPUS ***\n", folder.display());
    None
}
