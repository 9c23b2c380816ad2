//! Folders of day files that get too old, or too large: whole days are deleted, the oldest first, and never today's.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::civil::Date;

/// What was deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// A file of a day: its name begins with the day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct DayFile {
    /// Which of the folders, by the order in which they give way.
    folder: usize,
    day: Date,
    path: PathBuf,
    bytes: u64,
}

/// Deletes the files of days before `oldest`; and while all of them together are larger than `bytes_max`, the oldest day
/// of the first folder that has one before `today`, then of the next folder.
///
/// # Errors
/// If a folder can't be read, or a file can't be deleted.
pub fn prune(folders: &[&Path], today: Date, oldest: Date, bytes_max: u64) -> io::Result<Pruned> {
    let mut files = Vec::new();
    for (folder, path) in folders.iter().enumerate() {
        files.extend(day_files(folder, path)?);
    }
    files.sort_unstable();
    let mut all: u64 = files.iter().map(|file| file.bytes).sum();
    let mut pruned = Pruned::default();
    let (old, rest): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| file.day < oldest.min(today));
    for file in old {
        all -= delete(&file, &mut pruned)?;
    }
    // A day goes whole, also where a part of it would have been enough.
    let mut over: Option<(usize, Date)> = None;
    for file in rest.iter().filter(|file| file.day < today) {
        let same_day = over == Some((file.folder, file.day));
        if !same_day && all <= bytes_max {
            break;
        }
        over = Some((file.folder, file.day));
        all -= delete(file, &mut pruned)?;
    }
    Ok(pruned)
}

fn day_files(folder: usize, path: &Path) -> io::Result<Vec<DayFile>> {
    let entries = match fs::read_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let day = name.to_str().and_then(|name| name.get(..10)?.parse().ok());
        let data = match entry.metadata() {
            // Another process was faster.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            data => data?,
        };
        if let (Some(day), true) = (day, data.is_file()) {
            files.push(DayFile { folder, day, path: entry.path(), bytes: data.len() });
        }
    }
    Ok(files)
}

fn delete(file: &DayFile, pruned: &mut Pruned) -> io::Result<u64> {
    match fs::remove_file(&file.path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        removed => {
            removed?;
            pruned.files += 1;
            pruned.bytes += file.bytes;
        }
    }
    Ok(file.bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i8) -> Date {
        Date::constant(2026, 11, day)
    }

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn old_days_go_then_the_oldest_bytes_then_the_oldest_steps_but_never_today() {
        let folder = tempfile::tempdir().unwrap();
        let (messages, history) = (folder.path().join("messages"), folder.path().join("history"));
        fs::create_dir_all(history.join("index")).unwrap();
        fs::create_dir_all(&messages).unwrap();
        for day in 20..=23 {
            fs::write(messages.join(format!("2026-11-{day}.0001.messages")), [0; 100]).unwrap();
            fs::write(messages.join(format!("2026-11-{day}.0002.messages")), [0; 100]).unwrap();
            fs::write(history.join(format!("2026-11-{day}.ndjson")), [0; 10]).unwrap();
        }
        fs::write(history.join("notes.txt"), "kept").unwrap();
        let folders = [messages.as_path(), history.as_path()];
        let pruned = prune(&folders, day(23), day(21), u64::MAX).unwrap();
        assert_eq!(pruned, Pruned { files: 3, bytes: 210 });
        // 630 bytes are left: the 21st of the messages goes whole, and its steps stay.
        let pruned = prune(&folders, day(23), day(21), 629).unwrap();
        assert_eq!(pruned, Pruned { files: 2, bytes: 200 });
        assert_eq!(
            names(&history),
            ["2026-11-21.ndjson", "2026-11-22.ndjson", "2026-11-23.ndjson", "index", "notes.txt"]
        );
        let pruned = prune(&folders, day(23), day(21), 0).unwrap();
        assert_eq!(pruned, Pruned { files: 4, bytes: 220 });
        assert_eq!(names(&messages), ["2026-11-23.0001.messages", "2026-11-23.0002.messages"]);
        assert_eq!(names(&history), ["2026-11-23.ndjson", "index", "notes.txt"]);
        assert_eq!(prune(&folders, day(23), day(23), 0).unwrap(), Pruned::default());
        assert_eq!(prune(&[&folder.path().join("none")], day(23), day(23), 0).unwrap(), Pruned::default());
    }
}
