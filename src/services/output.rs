//! What a service writes: files that are there whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("could not write {}", path.display())]
pub struct OutputError {
    /// File.
    path: PathBuf,
    /// Cause.
    #[source]
    source: io::Error,
}

/// Writes files of these names below a folder, which is made; one that is there with the same content stays untouched.
///
/// # Errors
/// If one can't be written; those before it are.
pub fn write<'f>(
    folder: &Path,
    files: impl IntoIterator<Item = (&'f str, &'f str)>,
) -> Result<(), OutputError> {
    for (name, content) in files {
        let path = folder.join(name);
        replace(&path, content.as_bytes()).map_err(|source| OutputError { path, source })?;
    }
    Ok(())
}

fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|there| there == content) {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    // Hidden: whoever watches the folder for new files does not take it for one.
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let new = folder.join(format!(".{name}.new"));
    let mut file = File::create(&new)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&new, path)
}

/// A line of CSV (RFC 4180), without its end. What a spreadsheet would take for a formula is written as text.
pub fn csv_line(cells: &[&str]) -> String {
    let cell = |cell: &&str| {
        let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
        let text = if formula { format!("'{cell}") } else { (*cell).to_owned() };
        let quoted = text.contains([',', '"', '\n', '\r']);
        if quoted { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
    };
    cells.iter().map(cell).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stay_cells() {
        assert_eq!(csv_line(&["a", "b,c", "d\"e", "", "=1+1"]), "a,\"b,c\",\"d\"\"e\",,'=1+1");
    }

    #[test]
    fn a_file_is_replaced_whole_and_left_alone_where_nothing_changed() {
        let folder = tempfile::tempdir().unwrap();
        let modified = || fs::metadata(folder.path().join("a/b.json")).unwrap().modified().unwrap();
        write(folder.path(), [("a/b.json", "1")]).unwrap();
        let first = modified();
        write(folder.path(), [("a/b.json", "1")]).unwrap();
        assert_eq!(modified(), first);
        write(folder.path(), [("a/b.json", "2")]).unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("a/b.json")).unwrap(), "2");
        assert_eq!(fs::read_dir(folder.path().join("a")).unwrap().count(), 1);
    }
}
