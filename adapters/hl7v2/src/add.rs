//! Continuations joined (HL7 2.9, 2.10.2): ADD segments and messages that follow a DSC segment.

use crate::index::Index;

/// The logical text of a continued message, or `None` if nothing is to be joined.
///
/// `ADD|rest` is appended to the last field of the segment before it. A DSC segment and the MSH
/// that repeats its pointer in MSH-14 go; a DSC that nothing answers stays.
pub(crate) fn join(text: &str, index: &Index) -> Option<String> {
    let raw = |at: usize| text.get(index.entries.get(at)?.start as usize..index.end(at));
    let mut out = String::with_capacity(text.len() + 1);
    // Which segments stand in `out`, and where.
    let mut kept: Vec<(usize, usize)> = Vec::with_capacity(index.entries.len());
    for at in 0..index.entries.len() {
        let segment = raw(at)?;
        let before = kept.last().and_then(|(at, _)| raw(*at)).unwrap_or_default();
        let mut rest = segment;
        match segment.get(..3)? {
            "ADD" if at > 0 => {
                out.pop();
                rest = segment.get(4..).unwrap_or_default();
            }
            "MSH" if answers(index, text, at, before) => {
                out.truncate(kept.pop().map_or(0, |(_, start)| start));
                continue;
            }
            _ => kept.push((at, out.len())),
        }
        out.push_str(rest);
        out.push('\r');
    }
    (kept.len() < index.entries.len()).then_some(out)
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
