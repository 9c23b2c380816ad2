//! Sheets as CSV, to be opened with Excel: UTF-8 with a byte order mark, CR LF, nothing that is taken for a formula.

use super::{Copies, Difference, FacilitySheet, Lying, Messages, Sheet, advice, name};
use crate::lang::Lang;

/// So that Excel in Japan does not take it for Shift_JIS.
const MARK: &str = "\u{feff}";

/// What every row begins with.
struct Row<'r> {
    day: &'r str,
    facility: &'r str,
    name: &'r str,
}

struct Table {
    writer: csv::Writer<Vec<u8>>,
    lang: Lang,
}

/// The sheets as one table: a row for each figure and for each difference.
pub(crate) fn csv(sheets: &[Sheet], lang: Lang) -> String {
    let writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let mut table = Table { writer, lang };
    table.write(match lang {
        Lang::En => {
            ["day", "facility", "name", "section", "subject", "figure", "count", "examples", "what to do"]
        }
        Lang::Ja => ["日付", "施設コード", "施設名", "区分", "対象", "項目", "件数", "例", "対処"],
    });
    for sheet in sheets {
        let day = sheet.day.to_string();
        for facility in &sheet.facilities {
            table.facility(&day, facility);
        }
        table.differences(&Row { day: &day, facility: "", name: "" }, &sheet.differences);
    }
    // A writer into memory does not fail.
    let bytes = table.writer.into_inner().unwrap_or_default();
    format!("{MARK}{}", String::from_utf8_lossy(&bytes))
}

impl Table {
    fn facility(&mut self, day: &str, sheet: &FacilitySheet) {
        let row = Row { day, facility: &sheet.facility, name: &sheet.name };
        let lang = self.lang;
        for (data_type, lying) in &sheet.storage {
            self.figures(&row, lang.pick("storage", "ストレージ"), data_type, &storage(*lying, lang));
        }
        let all = lang.pick("all days", "全期間");
        self.figures(&row, lang.pick("storage", "ストレージ"), all, &storage(sheet.all_files, lang));
        self.figures(&row, lang.pick("messages", "メッセージ"), "", &messages(sheet.messages, lang));
        for (subscriber, copies) in &sheet.subscribers {
            self.figures(&row, lang.pick("copies", "配信"), subscriber, &self::copies(*copies, lang));
        }
        self.differences(&row, &sheet.differences);
    }

    fn figures(&mut self, row: &Row<'_>, section: &str, subject: &str, figures: &[(&str, u64)]) {
        for (figure, count) in figures {
            self.write([
                row.day,
                row.facility,
                row.name,
                section,
                subject,
                figure,
                &count.to_string(),
                "",
                "",
            ]);
        }
    }

    fn differences(&mut self, row: &Row<'_>, differences: &[Difference]) {
        for Difference { what, subject, count, examples } in differences {
            let section = match what.is_difference() {
                true => self.lang.pick("difference", "差異"),
                false => self.lang.pick("note", "注記"),
            };
            let (figure, todo) = (name(*what, self.lang), advice(*what, self.lang));
            let (count, examples) = (count.to_string(), examples.join(" "));
            self.write([row.day, row.facility, row.name, section, subject, figure, &count, &examples, todo]);
        }
    }

    fn write(&mut self, cells: [&str; 9]) {
        // Writing into memory does not fail.
        let _written = self.writer.write_record(cells.map(harmless)).is_ok();
    }
}

/// A cell that no spreadsheet takes for a formula: those begin so (CWE-1236).
fn harmless(cell: &str) -> String {
    match cell.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠') => {
            format!("'{cell}")
        }
        _ => cell.to_owned(),
    }
}

/// Figures of files, with their names.
pub(super) fn storage(lying: Lying, lang: Lang) -> [(&'static str, u64); 4] {
    [
        (lang.pick("files", "ファイル"), lying.files),
        (lang.pick("superseded (flag 2)", "旧版（フラグ2）"), lying.superseded),
        (lang.pick("deleted (flag 0)", "削除（フラグ0）"), lying.deleted),
        (lang.pick("in the ledger", "取込台帳"), lying.in_ledger),
    ]
}

fn messages(messages: Messages, lang: Lang) -> [(&'static str, u64); 5] {
    let Messages { accepted, waiting, filtered, invalid, routed } = messages;
    [
        (lang.pick("accepted", "受理"), accepted),
        (lang.pick("waiting", "処理待ち"), waiting),
        (lang.pick("filtered", "対象外"), filtered),
        (lang.pick("invalid", "不正"), invalid),
        (lang.pick("routed", "配信対象"), routed),
    ]
}

fn copies(copies: Copies, lang: Lang) -> [(&'static str, u64); 8] {
    let Copies { routed, delivered, parked, dead, withdrawn, discarded, waiting, lost } = copies;
    [
        (lang.pick("copies", "配信対象"), routed),
        (lang.pick("delivered", "配信済"), delivered),
        (lang.pick("parked", "保留"), parked),
        (lang.pick("dead", "不達"), dead),
        (lang.pick("withdrawn", "同意撤回"), withdrawn),
        (lang.pick("discarded", "破棄"), discarded),
        (lang.pick("waiting", "配信待ち"), waiting),
        (lang.pick("unknown", "不明"), lost),
    ]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Differs;
    use super::*;

    fn sheet(name: &str, subject: &str) -> Sheet {
        let difference =
            Difference { what: Differs::NoFate, subject: subject.to_owned(), count: 1, examples: Vec::new() };
        let facility = FacilitySheet {
            facility: "3210100018".to_owned(),
            name: name.to_owned(),
            differences: vec![difference],
            ..FacilitySheet::default()
        };
        Sheet {
            day: "2026-11-22".parse().unwrap(),
            made_at: jiff::Timestamp::UNIX_EPOCH,
            facilities: vec![facility],
            differences: Vec::new(),
        }
    }

    #[test]
    fn the_header_is_in_the_language_and_the_mark_is_there() {
        let ja = csv(&[sheet("出雲中央病院", "surveillance")], Lang::Ja);
        assert!(ja.starts_with("\u{feff}日付,施設コード,施設名,区分"), "{ja}");
        assert!(ja.contains("2026-11-22,3210100018,出雲中央病院,差異,surveillance,行方の分からない配信,1,"));
        assert!(csv(&[], Lang::En).starts_with("\u{feff}day,facility"));
    }

    proptest! {
        #[test]
        fn nothing_is_a_formula_and_everything_comes_back(name in "[=+@\\-\t\r\n ,\"'a＝]{0,8}", subject in ".{0,8}") {
            let text = csv(&[sheet(&name, &subject)], Lang::En);
            let mut reader = csv::ReaderBuilder::new().from_reader(text.trim_start_matches('\u{feff}').as_bytes());
            let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
            let last = rows.last().unwrap();
            let told = |at: usize| last.get(at).unwrap();
            let escaped = format!("'{name}");
            prop_assert!(told(2) == name || told(2) == escaped);
            for cell in rows.iter().flatten() {
                prop_assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝']), "{:?}", cell);
            }
            let _subject = told(4);
        }
    }
}
