//! Continuations joined (HL7 2.9, 2.10.2): ADD segments and messages that follow a DSC segment.

use crate::index::Index;

/// The logical text of a continued message, or `None` if nothing is to be joined.
///
/// `ADD|rest` is appended to the last field of the segment before it. A DSC segment and the MSH
/// that repeats its pointer in MSH-14 go; a DSC that nothing answers stays.
pub(crate) fn join(text: &str, index: &Index) -> Option<String> {
    let mut kept: Vec<Vec<&str>> = Vec::with_capacity(index.entries.len());
    for (at, entry) in index.entries.iter().enumerate() {
        let raw = text.get(entry.start as usize..index.end(at))?;
        let before = kept.last().and_then(|parts| parts.first()).copied().unwrap_or_default();
        match raw.get(..3)? {
            "ADD" if at > 0 => {
                if let Some(parts) = kept.last_mut() {
                    parts.extend(raw.get(4..));
                }
            }
            "MSH" if answers(index, text, at, before) => {
                kept.pop();
            }
            _ => kept.push(vec![raw]),
        }
    }
    if kept.len() == index.entries.len() {
        return None;
    }
    Some(kept.into_iter().flat_map(|parts| parts.into_iter().chain(["\r"])).collect())
}

/// Whether the MSH at `at` repeats the pointer of the DSC segment before it.
fn answers(index: &Index, text: &str, at: usize, before: &str) -> bool {
    let pointer = before.strip_prefix("DSC").and_then(|rest| {
        let separator = rest.chars().next()?;
        rest.split(separator).nth(1)
    });
    let (Some(pointer), Some([from, to, ..])) = (pointer, index.bounds(at).get(12..)) else { return false };
    !pointer.is_empty() && text.get(*from as usize + 1..*to as usize) == Some(pointer)
}
