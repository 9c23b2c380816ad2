//! The tables of keys in `docs/integrate/reference.md`.

use super::File;
use super::key::{Key, Need, Table};

const END: &str = "<!-- end of keys -->\n";

/// Writes the keys of every table between its marks.
pub(super) fn fill(page: &str, files: &[File]) -> Result<String, String> {
    let mut filled = page.to_owned();
    for table in files.iter().flat_map(|file| &file.tables) {
        let mark = format!("<!-- keys of {} -->\n", table.id);
        let missing = |what: &str| format!("the page lacks {}", what.trim());
        let (before, rest) = filled.split_once(&mark).ok_or_else(|| missing(&mark))?;
        let (_, after) = rest.split_once(END).ok_or_else(|| missing(END))?;
        filled = format!("{before}{mark}{}{END}{after}", keys(table));
    }
    Ok(filled)
}

fn keys(table: &Table) -> String {
    let head = "| key | type | default | meaning | example |\n|---|---|---|---|---|\n";
    head.to_owned() + &table.keys.iter().map(row).collect::<String>()
}

fn row(key: &Key) -> String {
    let default = match &key.need {
        Need::Required => "must be given".to_owned(),
        Need::Default(default) => format!("`{default}`"),
        Need::Optional => String::new(),
    };
    format!("| `{}` | {} | {default} | {} | `{}` |\n", key.name, key.shape, plain(key.meaning), key.example)
}

/// What is read as markup otherwise.
fn plain(text: &str) -> String {
    text.replace('<', "\\<").replace('*', "\\*")
}
