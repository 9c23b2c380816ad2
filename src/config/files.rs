//! The texts of a configuration folder.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::fault::{Fault, Part, Severity};
use super::said::Said;

/// Largest file that is read: configuration is written by people.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// The texts of a configuration folder by their path in it (`feeds/izumo-chuo.toml`).
#[derive(Debug, Clone, Default)]
pub struct Files(BTreeMap<String, String>);

impl<F: Into<String>, T: Into<String>> FromIterator<(F, T)> for Files {
    fn from_iter<I: IntoIterator<Item = (F, T)>>(files: I) -> Self {
        Self(files.into_iter().map(|(file, text)| (file.into(), text.into())).collect())
    }
}

impl Files {
    /// Reads the files of a folder; those that can't be read become faults.
    pub(super) fn read(dir: &Path) -> (Self, Vec<Fault>) {
        let mut files = Self::default();
        let mut faults = Vec::new();
        let mut add = |file: String| match read_text(&dir.join(&file)) {
            Ok(text) => drop(files.0.insert(file, text)),
            Err(error) => faults.push(unreadable(&file, &error)),
        };
        add("hub.toml".into());
        add("routes.toml".into());
        let mut unlistable = Vec::new();
        for (folder, extension) in [("feeds", "toml"), ("tables", "tsv")] {
            match list(&dir.join(folder), extension) {
                Ok(names) => names.into_iter().for_each(|name| add(format!("{folder}/{name}"))),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => unlistable.push(unreadable(folder, &error)),
            }
        }
        faults.extend(unlistable);
        (files, faults)
    }

    /// The text of a file; a missing one reads as empty and is reported as such.
    pub(super) fn get(&self, file: &str) -> &str {
        self.0.get(file).map_or("", String::as_str)
    }

    /// Every file with its text, sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.below("")
    }

    /// The files in a folder.
    pub(super) fn below(&self, folder: &str) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter(move |(file, _)| file.starts_with(folder)).map(|(file, text)| (&**file, &**text))
    }
}

fn unreadable(file: &str, error: &io::Error) -> Fault {
    let place = Fault {
        severity: Severity::Error,
        part: Part::Syntax,
        file: file.into(),
        line: 1,
        column: 1,
        key: String::new(),
        message: String::new(),
        japanese: None,
        allowed: Vec::new(),
        nearest: None,
        help: None,
        excerpt: String::new(),
        width: 0,
    };
    let said = Said::new(format!("can't be read: {error}"), format!("読めません: {error}")).of(Part::Syntax);
    let said = match error.kind() {
        io::ErrorKind::NotFound => said.help(
            "is this the configuration folder? musubi --config DIR names another; musubi init begins one",
            "設定フォルダーはここですか。別の場所は musubi --config DIR、新しく始めるには musubi init",
        ),
        io::ErrorKind::PermissionDenied => said.help(
            "let the user who runs the hub read it",
            "ハブを動かすユーザーに読み取りの権限を与えてください",
        ),
        io::ErrorKind::InvalidData => said.help("save it as UTF-8", "UTF-8 で保存してください"),
        _ => said,
    };
    place.saying(Severity::Error, said)
}

fn read_text(path: &PathBuf) -> io::Result<String> {
    let mut text = String::new();
    fs::File::open(path)?.take(FILE_BYTES_MAX + 1).read_to_string(&mut text)?;
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("larger than {FILE_BYTES_MAX} bytes"),
        ));
    }
    // Spreadsheets and some editors put a byte order mark first.
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

/// Names of the files with that extension, sorted.
fn list(folder: &Path, extension: &str) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = PathBuf::from(entry?.file_name());
        if path.extension().is_some_and(|found| found == extension) {
            let name = path.to_str().ok_or_else(|| io::Error::other("a file name that is not UTF-8"))?;
            names.push(name.into());
        }
    }
    names.sort();
    Ok(names)
}
