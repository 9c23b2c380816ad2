//! The report as people read it on a terminal.

use crate::lang::Lang;
use crate::ops::conform::{DataTypeReport, Report, Row};

/// All of it; with the files of the examples if they are asked for.
pub(super) fn text(report: &Report, lang: Lang, examples: bool) -> String {
    let mut text = String::new();
    for data_type in &report.data_types {
        heading(&mut text, data_type, lang);
        for row in &data_type.rows {
            line(&mut text, row, lang);
            for example in row.examples.iter().filter(|_| examples) {
                text.push_str(&format!("{:12}{:8}  {}\n", "", example.id, example.path));
            }
        }
        if data_type.left_out > 0 {
            let more = lang.pick("more findings, not listed", "件の所見は省略");
            text.push_str(&format!("  {} {more}\n", data_type.left_out));
        }
        text.push('\n');
    }
    if report.folders_unreadable > 0 {
        let told = lang.pick("folders could not be read", "フォルダを読み取れません");
        text.push_str(&format!("{} {told}\n", report.folders_unreadable));
    }
    let data_types = report.data_types.len();
    text.push_str(&match lang {
        Lang::En => format!("{} files, {data_types} data types\n", report.files),
        Lang::Ja => format!("ファイル {} 件、データ種別 {data_types} 種\n", report.files),
    });
    text
}

fn heading(text: &mut String, report: &DataTypeReport, lang: Lang) {
    let word = |en, ja| lang.pick(en, ja);
    let DataTypeReport { code, files, with_errors, with_warnings, .. } = report;
    let name = report.name.map_or(word("not in the specification", "仕様外"), |[en, ja]| word(en, ja));
    text.push_str(&format!(
        "{code} {name}: {} {files}, {} {with_errors}, {} {with_warnings}\n",
        word("files", "ファイル"),
        word("with errors", "誤りあり"),
        word("with warnings", "警告あり")
    ));
    if report.rows.is_empty() {
        text.push_str(&format!("  {}\n", word("nothing found", "所見なし")));
    }
}

fn line(text: &mut String, row: &Row, lang: Lang) {
    let severity = severity(row.severity, lang);
    let gap = " ".repeat(8_usize.saturating_sub(cells(severity)));
    let [en, ja] = row.text;
    let detail = if row.detail.is_empty() { String::new() } else { format!(" ({})", row.detail) };
    let (files, occurrences) = (row.files, row.occurrences);
    let count = if files == occurrences { format!("{files}") } else { format!("{files}/{occurrences}") };
    text.push_str(&format!(
        "  {severity}{gap} {count:>11}  {:<12} {:<22} {}{detail}\n",
        row.place,
        row.code,
        lang.pick(en, ja)
    ));
}

/// The word for a severity.
pub(super) fn severity(severity: &str, lang: Lang) -> &'static str {
    match severity {
        "error" => lang.pick("error", "誤り"),
        "warning" => lang.pick("warning", "警告"),
        _ => lang.pick("info", "情報"),
    }
}

/// How many columns of a terminal a text takes.
fn cells(text: &str) -> usize {
    text.chars().map(|c| if c >= '\u{1100}' { 2 } else { 1 }).sum()
}
