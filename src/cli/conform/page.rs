//! The report as a page for the vendor: one file without script, without anything to load, and without patient data.

use jiff::tz::TimeZone;

use super::table::severity;
use crate::cli::html::escaped;
use crate::lang::Lang;
use crate::ops::conform::{DataTypeReport, Example, Report, Row};

/// The page.
pub(super) fn page(report: &Report, lang: Lang) -> String {
    let word = |en, ja| lang.pick(en, ja);
    let title = word("SS-MIX2 conformance report", "SS-MIX2 標準化ストレージ 適合性報告書");
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n<style>\n{}</style>\n</head>\n\
         <body>\n<h1>{title}</h1>\n",
        word("en", "ja"),
        include_str!("page.css")
    );
    lead(&mut html, report, lang);
    summary(&mut html, report, lang);
    for data_type in &report.data_types {
        section(&mut html, data_type, lang);
    }
    html.push_str("</body>\n</html>\n");
    html
}

fn lead(html: &mut String, report: &Report, lang: Lang) {
    let day = report.made_at.to_zoned(TimeZone::fixed(jiff::tz::offset(9))).strftime("%Y-%m-%d %H:%M JST");
    let facility = report.facility.as_deref().unwrap_or("—");
    html.push_str(&format!(
        "<p class=\"lead\">{}: {} · {}: {day} · musubi {}</p>\n",
        lang.pick("Facility", "医療機関コード"),
        escaped(facility),
        lang.pick("Checked", "検査日時"),
        env!("CARGO_PKG_VERSION")
    ));
    let points = match lang {
        Lang::En => [
            "This report holds no patient data: a finding names the place in the message (PID-5[1].6 is component 6 \
             of the first repetition of PID-5), how many files have it, and how often it occurs in them.",
            "An example names date folder, order number and time of the file name; the eight digits in front are the \
             start of a BLAKE3 hash of the file, by which both sides can name it without the patient id.",
            "Errors break the specification. Warnings break its letter, or a rule that its own samples break too. \
             Infos are worth knowing.",
        ],
        Lang::Ja => [
            "本報告書に患者情報は含まれません。所見は、メッセージ内の位置 (PID-5[1].6 は PID-5 の1番目の繰返しの第6成分)、\
             該当ファイル数、出現数で示します。",
            "該当例には、診療日フォルダ、オーダNo、ファイル名の発生日時を示します。先頭の8桁はファイルのBLAKE3ハッシュの\
             先頭部分で、患者IDを用いずに双方でファイルを特定するためのものです。",
            "「誤り」は仕様に反するもの、「警告」は仕様の文言または公式サンプルでも守られていない規則に反するもの、「情報」は参考です。",
        ],
    };
    let points: String = points.iter().map(|point| format!("<li>{point}</li>\n")).collect();
    html.push_str(&format!("<ul>\n{points}</ul>\n"));
    if report.folders_unreadable > 0 {
        let told = lang.pick(
            "folders could not be read and are not in this report",
            "フォルダは読み取れず、本報告書に含まれません",
        );
        html.push_str(&format!("<p class=\"warning\">{} {told}</p>\n", report.folders_unreadable));
    }
}

fn summary(html: &mut String, report: &Report, lang: Lang) {
    let head = match lang {
        Lang::En => ["Data type", "Files", "With errors", "With warnings only", "Kinds of findings"],
        Lang::Ja => ["データ種別", "ファイル数", "誤りあり", "警告のみ", "所見の種類"],
    };
    table_head(html, &head);
    for data_type in &report.data_types {
        let DataTypeReport { code, files, with_errors, with_warnings, rows, .. } = data_type;
        let numbers = [*files, *with_errors, *with_warnings, rows.len() as u64];
        let cells: String =
            numbers.iter().map(|number| format!("<td class=\"number\">{number}</td>")).collect();
        html.push_str(&format!("<tr><td>{} {}</td>{cells}</tr>\n", escaped(code), name(data_type, lang)));
    }
    html.push_str("</tbody>\n</table>\n");
}

fn section(html: &mut String, data_type: &DataTypeReport, lang: Lang) {
    html.push_str(&format!("<h2>{} {}</h2>\n", escaped(&data_type.code), name(data_type, lang)));
    if data_type.rows.is_empty() {
        html.push_str(&format!("<p>{}</p>\n", lang.pick("Nothing was found.", "所見はありません。")));
        return;
    }
    let head = match lang {
        Lang::En => ["", "Place", "Finding", "Expected", "Files", "Occurrences", "Examples"],
        Lang::Ja => ["", "位置", "所見", "期待値", "ファイル数", "出現数", "該当例"],
    };
    table_head(html, &head);
    for row in &data_type.rows {
        finding(html, row, lang);
    }
    html.push_str("</tbody>\n</table>\n");
    if data_type.left_out > 0 {
        let more = lang.pick("more findings are not listed", "件の所見は省略");
        html.push_str(&format!("<p>{} {more}</p>\n", data_type.left_out));
    }
}

fn finding(html: &mut String, row: &Row, lang: Lang) {
    let [en, ja] = row.text;
    let field = row.field_name.map(|name| format!("<br><span class=\"small\">{}</span>", escaped(name)));
    let examples: Vec<_> = row.examples.iter().map(|example| told(example, lang)).collect();
    html.push_str(&format!(
        "<tr><td class=\"{severity}\">{}</td><td class=\"place\">{}{}</td><td>{}<br><span class=\"small\"><code>{}</code> \
         · {}</span></td><td>{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td><td class=\"small\">{}</td></tr>\n",
        self::severity(row.severity, lang),
        escaped(if row.place.is_empty() { lang.pick("file", "ファイル") } else { &row.place }),
        field.unwrap_or_default(),
        escaped(lang.pick(en, ja)),
        row.code,
        escaped(row.source),
        escaped(&row.detail),
        row.files,
        row.occurrences,
        examples.join("<br>"),
        severity = row.severity,
    ));
}

fn told(example: &Example, lang: Lang) -> String {
    let Example { id, date, order, time, .. } = example;
    if id.is_empty() {
        return lang.pick("(outside of the layout)", "(構成外)").to_owned();
    }
    format!("<code>{id}</code> {} {} {}", escaped(date), escaped(order), escaped(time))
}

fn table_head(html: &mut String, titles: &[&str]) {
    let cells: String = titles.iter().map(|title| format!("<th>{title}</th>")).collect();
    html.push_str(&format!("<table>\n<thead><tr>{cells}</tr></thead>\n<tbody>\n"));
}

fn name(data_type: &DataTypeReport, lang: Lang) -> &'static str {
    data_type.name.map_or(lang.pick("not in the specification", "仕様外"), |[en, ja]| lang.pick(en, ja))
}
