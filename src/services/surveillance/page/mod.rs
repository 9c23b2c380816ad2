//! The page: tables like those of the prefecture's weekly report, alerts, and a curve of the year.

mod curve;
mod tables;

use super::report::Report;
use super::sums::Slice;

const STYLE: &str = include_str!("style.css");

/// The language of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Japanese.
    Ja,
    /// English.
    En,
}

impl Language {
    const fn pick<'t>(self, en: &'t str, ja: &'t str) -> &'t str {
        match self {
            Self::En => en,
            Self::Ja => ja,
        }
    }

    /// Of a pair Japanese, English.
    fn name(self, [ja, en]: &[String; 2]) -> String {
        escape(self.pick(en, ja))
    }
}

/// The page of a report.
pub(super) fn page(report: &Report<'_>, language: Language) -> String {
    let title = language.pick("Infection surveillance, daily", "感染症デイリーサーベイランス");
    let (lang, prefecture) =
        (language.pick("en", "ja"), language.name(&report.state.tables().prefecture.names));
    let parts = [
        head(report, language, title, &prefecture),
        attention(report, language),
        tables::weeks(report, language),
        tables::ages(report, language),
        tables::areas(report, language),
        curve::year(report, language),
        tables::months(report, language),
        foot(report, language),
    ];
    format!(
        "<!DOCTYPE html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{}</body>\n\
         </html>\n",
        parts.concat()
    )
}

fn head(report: &Report<'_>, language: Language, title: &str, prefecture: &str) -> String {
    let (week, as_of) = (report.week(), report.as_of);
    let coverage = report.coverage(week, None);
    let (reporting, expected, visits) = (coverage.reporting, coverage.expected, report.visits(week, None));
    let (year, number) = week.number();
    let (from, to) = (week.first().strftime("%-m/%-d"), week.last().strftime("%-m/%-d"));
    let line = match language {
        Language::Ja => format!(
            "{year}年 第{number}週 ({from}–{to}) ・ {as_of} 現在 ・ 報告医療機関 {reporting} / {expected} ・ 受診 {visits} 人日"
        ),
        Language::En => format!(
            "Week {number} of {year} ({from}–{to}) · as of {as_of} · {reporting} of {expected} facilities reported · \
             {visits} patients a day came"
        ),
    };
    let note = language.pick(
        "Counted from tests, diagnoses and drugs in the network's messages. It is no notification under the Infectious \
         Diseases Control Law and does not replace one. Past days change when results come late or are withdrawn.",
        "医療機関から届く検査結果・病名・処方から自動集計した速報値です。感染症法に基づく届出ではなく、届出に代わるものでもありません。\
         遅れて届いた結果や取消により、過去の日の値も改訂されます。",
    );
    format!("<header><h1>{title} — {prefecture}</h1>\n<p>{line}</p></header>\n<p class=\"note\">{note}</p>\n")
}

/// Alerts, urgent diseases, silent facilities.
fn attention(report: &Report<'_>, language: Language) -> String {
    let mut out = String::new();
    let urgent = report.urgent();
    if !urgent.is_empty() {
        let names = urgent.iter().map(|(_, disease, count)| {
            let n = count.confirmed + count.suspected;
            format!("<span class=\"urgent\">{} {n}</span>", language.name(&disease.names))
        });
        let text = language.pick(
            "Possible cases of diseases that a physician must notify at once (last five weeks). This feed notifies nobody:",
            "診断した医師が直ちに届け出る疾患の可能性がある症例 (直近5週、疑い例を含む)。本フィードは届出を行いません:",
        );
        out += &format!("<p class=\"note alarm\">{text} {}</p>\n", names.collect::<Vec<_>>().join("、"));
    }
    if !report.alerts.is_empty() {
        out += &tables::alerts(report, language);
    }
    let stale = report.stale();
    if !stale.is_empty() {
        let heard = |day: Option<jiff::civil::Date>| {
            day.map_or_else(|| language.pick("never", "受信なし").to_owned(), |day| day.to_string())
        };
        let told =
            stale.iter().map(|facility| format!("{} ({})", escape(&facility.code), heard(facility.heard_on)));
        let text = language.pick(
            "Nothing was heard of these facilities for more than three days (last heard on); their zeros are no zeros:",
            "3日を超えて受信のない医療機関 (最終受信日)。この間の「0」は0件を意味しません:",
        );
        out += &format!("<p class=\"note alarm\">{text} {}</p>\n", told.collect::<Vec<_>>().join("、"));
    }
    out
}

fn foot(report: &Report<'_>, language: Language) -> String {
    let tally = report.state.tally();
    let (alone, undecided, unreadable) = (tally.patients - tally.linked, tally.undecided, tally.unreadable);
    let text = match language {
        Language::Ja => format!(
            "「-」は0件、「…」は報告なし。括弧内は疑い例 (確定例に含めない)。定点当たりは定点数が設定されている場合のみ。\
             ネットワークIDのない患者 {alone} 人は医療機関ごとに数えています。疾患を一つに決められず数えなかった検査・病名 {undecided} 件、\
             読めなかった行 {unreadable} 件。疾患・検査・医薬品の表は医師の確認が必要です。"
        ),
        Language::En => format!(
            "\"-\" is zero, \"…\" is no report. Suspected cases stand in brackets and are not added. Cases per sentinel \
             only where the number of sentinels is configured. {alone} patients without a network id are counted per \
             facility. {undecided} tests and diagnoses do not say which of several diseases they stand for, and were not \
             counted; {unreadable} lines can't be read. A physician must confirm the tables of diseases, tests and drugs."
        ),
    };
    format!("<h2>{}</h2>\n<p class=\"soft\">{text}</p>\n", language.pick("How to read it", "読み方"))
}

/// The name of what a sum is of.
fn slice(report: &Report<'_>, language: Language, slice: Slice) -> String {
    use super::count::Place;
    let tables = report.state.tables();
    match slice {
        Slice::All | Slice::Place(Place::Prefecture) => language.name(&tables.prefecture.names),
        Slice::Place(Place::Area(area)) => {
            tables.areas.get(area).map_or_else(String::new, |area| language.name(&area.names))
        }
        Slice::Place(Place::Unknown) => language.pick("unknown", "不明").to_owned(),
        Slice::Age(age) => age_band(language, age).to_owned(),
    }
}

const fn age_band(language: Language, age: super::AgeBand) -> &'static str {
    use super::AgeBand::*;
    match (language, age) {
        (Language::Ja, Infant) => "-12か月",
        (Language::En, Infant) => "-12 months",
        (Language::Ja, From1) => "1-4歳",
        (Language::Ja, From5) => "5-9歳",
        (Language::Ja, From10) => "10-19歳",
        (Language::Ja, From20) => "20歳-",
        (Language::Ja, Unknown) => "不明",
        (Language::En, Unknown) => "unknown",
        (Language::En, _) => age.as_str(),
    }
}

/// Text as it may stand in HTML.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
