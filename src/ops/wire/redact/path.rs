//! Names of files and folders, which hold patient ids and dates in an SS-MIX2 storage.

use std::path::{Component, Path, PathBuf};

use super::moment::Moment;
use super::stand_in::{Draw, carries, character};
use super::value::Keys;

/// Parts of a file's or content folder's name in a storage (患者ID_診療日_データ種別_オーダNo_発生日時_診療科_フラグ).
const PARTS: usize = 7;
/// The order number of data that have no order.
const NO_ORDER: &str = "999999999999999";

/// The patient of a path, if it is one of a storage: `123/456/123456…/date/type/…`, whatever lies above.
pub(super) fn patient(path: &Path) -> Option<&str> {
    let names: Vec<&str> = path.components().filter_map(|part| part.as_os_str().to_str()).collect();
    names.windows(3).find_map(|three| match three {
        [first, second, id] if is_split(first, second, id) => Some(*id),
        _ => None,
    })
}

fn is_split(first: &str, second: &str, id: &str) -> bool {
    (first.chars().count(), second.chars().count()) == (3, 3)
        && id.strip_prefix(first).is_some_and(|rest| rest.starts_with(second))
}

/// The path with stand-ins. In a storage the patient's id, order numbers and dates become those of the messages.
pub(super) fn redact(path: &Path, keys: Keys<'_>) -> PathBuf {
    let known = patient(path).map(str::to_owned);
    let new = known.as_deref().map(|id| stand_in(id, keys)).unwrap_or_default();
    let part = |from: usize| new.chars().skip(from).take(3).collect::<String>();
    let (first, second) = (part(0), part(3));
    let mut splits = [first, second].into_iter();
    let mut depth = None;
    let mut out = PathBuf::new();
    for component in path.components() {
        let Component::Normal(name) = component else { continue };
        let name = name.to_string_lossy();
        let in_storage = known.as_deref().is_some_and(|id| id == name);
        out.push(match (&known, depth) {
            (Some(id), None) if in_storage => {
                depth = Some(0_usize);
                stand_in(id, keys)
            }
            (Some(id), None) if id.contains(&*name) && name.chars().count() == 3 => {
                splits.next().unwrap_or_else(|| stand_in(&name, keys))
            }
            (Some(_), Some(level)) => {
                depth = Some(level + 1);
                below_patient(&name, level, keys)
            }
            _ => named(&name, keys),
        });
    }
    out
}

/// Date, data type, file or content folder, and what lies in that.
fn below_patient(name: &str, level: usize, keys: Keys<'_>) -> String {
    match level {
        0 => date(name, keys),
        // Codes and titles of a kind of data, which is no patient's.
        1 => name.to_owned(),
        _ => file(name, keys),
    }
}

fn date(name: &str, keys: Keys<'_>) -> String {
    let moved = Moment::of(name).and_then(|moment| moment.moved(keys.days));
    moved.unwrap_or_else(|| if name == "-" { name.to_owned() } else { stand_in(name, keys) })
}

/// A name of a storage's seven parts, or any other.
fn file(name: &str, keys: Keys<'_>) -> String {
    let parts: Vec<&str> = name.split('_').collect();
    if parts.len() != PARTS {
        return named(name, keys);
    }
    let parts = parts.iter().enumerate().map(|(at, part)| match at {
        1 | 4 => date(part, keys),
        2 | 5 | 6 => (*part).to_owned(),
        _ if *part == NO_ORDER => (*part).to_owned(),
        _ => stand_in(part, keys),
    });
    parts.collect::<Vec<_>>().join("_")
}

/// Any name: its extension stays.
fn named(name: &str, keys: Keys<'_>) -> String {
    match name.rsplit_once('.') {
        Some((stem, extension)) if extension.len() <= 5 && extension.is_ascii() => {
            format!("{}.{extension}", stand_in(stem, keys))
        }
        _ => file_or(name, keys),
    }
}

fn file_or(name: &str, keys: Keys<'_>) -> String {
    if name.split('_').count() == PARTS { file(name, keys) } else { stand_in(name, keys) }
}

/// The stand-in that the same text has in a message.
fn stand_in(text: &str, keys: Keys<'_>) -> String {
    let one = |salt: u32| {
        let mut draw = Draw::new(keys.key, salt, text);
        let new = |old| if carries(old) { character(old, &mut draw, &|_| true).unwrap_or(old) } else { old };
        text.chars().map(new).collect::<String>()
    };
    (0..16).map(one).find(|new| new != text).unwrap_or_else(|| "x".repeat(text.chars().count()))
}
