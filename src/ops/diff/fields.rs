//! Two JSON bodies field by field: what left that did not before, what no longer does, and what leaves otherwise.
//!
//! Elements of a list count by what they hold, not by their place: `results.code.text` is the values of all results.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::envelope::Identifying;
use crate::route::REDACTED;

/// The values of a body by their paths, in order.
pub(super) type Leaves = BTreeMap<String, Vec<String>>;

/// What became of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// There are values that were not there before, besides all that were.
    Added,
    /// Values are missing, and there is no new one.
    Removed,
    /// Some are others.
    Changed,
}

/// A field that is not the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FieldChange {
    pub(super) path: String,
    pub(super) how: How,
    /// More leaves of what the message says than before, or that can't be ruled out.
    pub(super) widens: bool,
    pub(super) old: Vec<String>,
    pub(super) new: Vec<String>,
}

/// Values as they are shown to who asks for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Values {
    /// Field.
    pub path: String,
    /// By the old configuration.
    pub old: Vec<Identifying>,
    /// By the new one.
    pub new: Vec<Identifying>,
}

/// What each side started from: the whole event by the old and by the new configuration.
#[derive(Debug, Default)]
pub(super) struct Whole {
    pub(super) old: Leaves,
    pub(super) new: Leaves,
}

/// The leaves of a body: of JSON by their paths, of anything else line by line.
pub(super) fn leaves(body: &[u8], prefix: &str) -> Leaves {
    let mut leaves = Leaves::new();
    match serde_json::from_slice(body) {
        Ok(value) => walk(&value, prefix, &mut leaves),
        Err(_) => lines(&String::from_utf8_lossy(body), &mut leaves),
    }
    leaves
}

/// The leaves of a value.
pub(super) fn walk(value: &Value, path: &str, leaves: &mut Leaves) {
    let mut leaf = |text: String| leaves.entry(path.to_owned()).or_default().push(text);
    match value {
        Value::Object(fields) if fields.is_empty() => leaf("{}".to_owned()),
        Value::Array(elements) if elements.is_empty() => leaf("[]".to_owned()),
        Value::String(text) => leaf(text.clone()),
        Value::Null | Value::Bool(_) | Value::Number(_) => leaf(value.to_string()),
        Value::Array(elements) => elements.iter().for_each(|element| walk(element, path, leaves)),
        // Where in the message an object stood leaves with it, and says nothing of its own.
        Value::Object(fields) => fields.iter().filter(|(key, _)| *key != "at").for_each(|(key, field)| {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            walk(field, &path, leaves);
        }),
    }
}

/// Lines by the name that they begin with, as those of a calendar do.
fn lines(text: &str, leaves: &mut Leaves) {
    for line in text.lines() {
        let (name, value) = line.split_once([':', ';', '|']).unwrap_or(("", line));
        let name: String = name.chars().take(40).collect();
        leaves.entry(name).or_default().push(value.to_owned());
    }
}

/// All fields that are not the same.
pub(super) fn changes(old: &Leaves, new: &Leaves, whole: &Whole) -> Vec<FieldChange> {
    let none = Vec::new();
    let paths = old.keys().chain(new.keys().filter(|path| !old.contains_key(*path)));
    let mut changes: Vec<_> = paths
        .filter_map(|path| {
            let (before, after) = (old.get(path).unwrap_or(&none), new.get(path).unwrap_or(&none));
            change(path, before, after, whole)
        })
        .collect();
    changes.sort_unstable_by(|one, other| one.path.cmp(&other.path));
    changes
}

fn change(path: &str, before: &[String], after: &[String], whole: &Whole) -> Option<FieldChange> {
    let (gone, come) = (without(before, after), without(after, before));
    let how = match (gone.is_empty(), come.is_empty()) {
        (true, true) => return None,
        (true, false) => How::Added,
        (false, true) => How::Removed,
        (false, false) => How::Changed,
    };
    let widens = match how {
        How::Added => true,
        How::Removed => false,
        How::Changed => after.len() > before.len() || is_plainer(path, &gone, &come, whole),
    };
    Some(FieldChange { path: path.to_owned(), how, widens, old: before.to_vec(), new: after.to_vec() })
}

/// What of one list the other lacks, each as often as it does.
fn without<'v>(list: &'v [String], other: &[String]) -> Vec<&'v str> {
    let mut left: BTreeMap<&str, usize> = BTreeMap::new();
    for value in other {
        *left.entry(value).or_default() += 1;
    }
    let is_extra = |value: &&String| match left.get_mut(value.as_str()) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    };
    list.iter().filter(is_extra).map(String::as_str).collect()
}

/// Whether the new values tell more of the message than the old ones did, unless it is certain that they do not.
fn is_plainer(path: &str, gone: &[&str], come: &[&str], whole: &Whole) -> bool {
    // A body of another form has other paths: then anything that the message says may be what it tells.
    let is_known = whole.old.contains_key(path) || whole.new.contains_key(path);
    let said = |leaves: &Leaves| -> Vec<String> {
        let wanted = leaves.iter().filter(|(known, _)| !is_known || known.as_str() == path);
        wanted.flat_map(|(_, values)| values.iter().cloned()).collect()
    };
    let (old, new) = (said(&whole.old), said(&whole.new));
    if old != new {
        // The message is read otherwise: the same is told of something else.
        return false;
    }
    let most =
        |values: &[&str], said: &[String]| values.iter().map(|value| told(value, said)).max().unwrap_or(0);
    let (before, after) = (most(gone, &old), most(come, &new));
    let blotted = come.iter().all(|value| *value == REDACTED);
    !blotted && after >= before
}

/// How many characters of what the message says a value tells as they stand there.
fn told(value: &str, said: &[String]) -> usize {
    if said.iter().any(|said| said.contains(value)) { value.chars().count() } else { 0 }
}

impl From<&FieldChange> for Values {
    fn from(change: &FieldChange) -> Self {
        let of = |values: &[String]| values.iter().cloned().map(Identifying).collect();
        Self { path: change.path.clone(), old: of(&change.old), new: of(&change.new) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(value: &Value) -> Leaves {
        let mut leaves = Leaves::new();
        walk(value, "", &mut leaves);
        leaves
    }

    #[track_caller]
    fn check(old: Value, new: Value, event: Value, expected: &[(&str, How, bool)]) {
        let whole = Whole { old: of(&event), new: of(&event) };
        let found = changes(&of(&old), &of(&new), &whole);
        let found: Vec<_> =
            found.iter().map(|change| (change.path.as_str(), change.how, change.widens)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn fields_and_elements() {
        let event = json!({"a": "1", "r": [{"c": "x"}, {"c": "y"}], "n": 3});
        check(event.clone(), event.clone(), event.clone(), &[]);
        check(
            json!({"a": "1"}),
            event.clone(),
            event.clone(),
            &[("n", How::Added, true), ("r.c", How::Added, true)],
        );
        check(
            event.clone(),
            json!({"a": "1", "r": [{"c": "y"}]}),
            event,
            &[("n", How::Removed, false), ("r.c", How::Removed, false)],
        );
    }

    #[test]
    fn a_value_that_leaves_plainer_widens() {
        let event = json!({"birth": "1958-03-14", "id": "00012345"});
        let check = |path: &str, old: &str, new: &str, widens| {
            check(json!({path: old}), json!({path: new}), event.clone(), &[(path, How::Changed, widens)]);
        };
        check("birth", "65-69", "1958-03-14", true);
        check("birth", "1958", "1958-03", true);
        check("birth", "1958-03-14", "1958", false);
        check("birth", "1958-03-14", "65-69", false);
        check("birth", "60+", "65-69", true);
        check("id", "00012345", "***", false);
        check("id", "***", "00012345", true);
        check("id", "5c1e3a", "00012345", true);
    }

    #[test]
    fn what_is_read_otherwise_is_not_told_plainer() {
        let (old, new) =
            (of(&json!({"t": "2026-01-01T09:00:00+09:00"})), of(&json!({"t": "2026-01-01T09:00:00Z"})));
        let found = changes(&old, &new, &Whole { old: old.clone(), new: new.clone() });
        assert_eq!((found.len(), found[0].widens), (1, false));
    }
}
