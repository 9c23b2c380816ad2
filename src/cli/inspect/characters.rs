//! How the bytes became characters, as text.

use super::super::paint::visible;
use super::super::text::cells;
use super::text::{Sheet, VALUE_MAX, advise};
use crate::ops::inspect::{ByteRun, CharsetDecision, Inspection};

/// Changes of the set that are printed where not all bytes were asked for.
const CHANGES_MAX: usize = 16;
/// Bytes in one row of all bytes.
const ROW: usize = 16;

pub(super) fn decision(sheet: &mut Sheet, charset: &CharsetDecision, seen: &Inspection, bytes: bool) {
    let (declared, handling) = (charset.declared.join("~"), &charset.handling);
    let used = if charset.agrees { charset.used.clone() } else { sheet.paint.odd(&charset.used) };
    let text = format!("{used} ({}); MSH-18 {declared:?}, MSH-20 {handling:?}", charset.reason);
    sheet.line(sheet.word("charset", "文字コード"), &text);
    let [en, ja] = &charset.comparison;
    let comparison = visible(sheet.lang.pick(en, ja), VALUE_MAX);
    sheet.row(&comparison);
    if charset.holding_delimiters > 0 {
        let count = charset.holding_delimiters;
        let text = sheet.word(
            "characters hold a byte that equals a delimiter: who splits before decoding breaks them",
            "文字が区切文字と同じバイトを含みます（復号前に分割するシステムでは壊れます）",
        );
        sheet.row(&format!("{count} {text}"));
    }
    if bytes {
        all(sheet, charset)
    } else {
        changes(sheet, charset)
    }
    odd(sheet, charset, seen);
}

/// Where the set changes, each run of other characters than ASCII in one line.
fn changes(sheet: &mut Sheet, charset: &CharsetDecision) {
    let groups: Vec<_> = charset.runs.chunk_by(|one, other| one.at + one.length == other.at).collect();
    for group in groups.iter().take(CHANGES_MAX) {
        let Some(first) = group.first() else { continue };
        let place = first.place.as_deref().unwrap_or_default();
        let shown: Vec<_> = group.iter().map(|run| short(sheet, run)).collect();
        sheet.row(&format!("@{:<7} {place:<12} {}", first.at, shown.join(" ")));
    }
    let left = groups.len().saturating_sub(CHANGES_MAX) + charset.runs_left_out;
    sheet.left_out(left, "more changes of the set: --bytes", "件の切替は省略（--bytes で表示）");
}

/// `1B 24 42→JIS X 0208`, or `"山田" 3B 33 45 44`.
fn short(sheet: &Sheet, run: &ByteRun) -> String {
    let bytes: String = run.bytes.chars().take(3 * 12).collect();
    let more = if bytes.len() < run.bytes.len() { "…" } else { "" };
    let bytes = sheet.paint.quiet(&format!("{}{more}", bytes.trim_end()));
    match run.role {
        "designation" => format!("{bytes}→{}", run.set),
        "text" => format!("\"{}\" {bytes}", visible(&run.text, 24)),
        role => format!("{} {bytes}", sheet.paint.bad(&format!("{role} \"{}\"", visible(&run.text, 24)))),
    }
}

/// Every byte, sixteen in a row.
fn all(sheet: &mut Sheet, charset: &CharsetDecision) {
    for run in &charset.runs {
        let arrow = if run.role == "designation" { "→ " } else { "" };
        let place = run.place.as_deref().unwrap_or_default();
        let text = visible(&run.text, VALUE_MAX);
        let pairs: Vec<_> = run.bytes.split(' ').collect();
        for (index, row) in pairs.chunks(ROW).enumerate() {
            let row = row.join(" ");
            let gap = " ".repeat((3 * ROW).saturating_sub(cells(&row)));
            let at = run.at + index * ROW;
            let beside =
                if index == 0 { format!("{arrow}{} {place} {text}", run.set) } else { String::new() };
            sheet.row(format!("{at:>8}  {row}{gap} {beside}").trim_end());
        }
    }
    sheet.left_out(charset.runs_left_out, "more runs, not shown", "件は表示を省略");
}

/// Bytes that are worth a second look, by what they are.
fn odd(sheet: &mut Sheet, charset: &CharsetDecision, seen: &Inspection) {
    for (code, count) in &charset.odd_counts {
        let title = sheet.paint.odd(code);
        sheet.row(&format!("{title} ×{count}"));
        for odd in charset.odd.iter().filter(|odd| odd.code == *code) {
            let place = odd.place.as_deref().unwrap_or_default();
            sheet.row(&format!("  @{:<7} {place:<12} {}  \"{}\"", odd.at, odd.bytes, visible(&odd.text, 24)));
        }
        advise(sheet, code, seen);
    }
}
