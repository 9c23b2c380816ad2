//! The page of referrals: no patient is named on it.

use jiff::tz::TimeZone;

use super::super::html::{self, escaped};
use super::table::{proof, word};
use crate::lang::Lang;
use crate::services::referral::{List, Proof, Row, State, Step};

/// The page.
pub(super) fn page(list: &List, lang: Lang, zone: &TimeZone) -> String {
    let title = lang.pick("Referrals", "紹介状・返書の状況");
    let mut body = lead(list, lang, zone);
    let overdue = list.referrals.iter().filter(|row| row.overdue).count();
    let differing = list.referrals.iter().filter(|row| row.proof == Proof::Differs).count();
    let states = State::ALL.map(|state| {
        (word(state, lang), list.counts.get(&state).copied().unwrap_or(0), state == State::Undeliverable)
    });
    let warnings = [
        (lang.pick("overdue", "返書遅延"), overdue, true),
        (lang.pick("differ from what was sent", "原本と不一致"), differing, true),
        (lang.pick("answers without a referral", "対応のない返書"), list.unmatched.len(), true),
    ];
    body.push_str(&html::numbers(states.into_iter().chain(warnings)));
    let titles = match lang {
        Lang::En => [
            "State",
            "Number",
            "From",
            "To",
            "Priority",
            "Accepted",
            "Delivered",
            "Opened",
            "Answered, ended",
            "Days",
            "Original",
        ],
        Lang::Ja => [
            "状態",
            "紹介番号",
            "紹介元",
            "紹介先",
            "緊急度",
            "受付",
            "配信",
            "開封",
            "返書・終了",
            "経過日数",
            "原本",
        ],
    };
    let rows = list.referrals.iter().map(|row| (class(row), cells(row, lang, zone)));
    body.push_str(&html::table(&titles, rows));
    if !list.unmatched.is_empty() {
        body.push_str(&format!(
            "<h2>{}</h2>\n",
            lang.pick("Answers without a referral", "対応する紹介状のない返書")
        ));
        let titles = [lang.pick("Answered", "返書"), lang.pick("Event", "イベント")];
        let rows = list.unmatched.iter().map(|unmatched| {
            let event = format!("<code>{}</code>", escaped(&unmatched.event));
            ("", vec![step(Some(&unmatched.answered), zone), event])
        });
        body.push_str(&html::table(&titles, rows));
    }
    html::page(lang.pick("en", "ja"), title, &body)
}

fn lead(list: &List, lang: Lang, zone: &TimeZone) -> String {
    let at = list.as_of.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
    let days = list.overdue_after_days;
    match lang {
        Lang::En => format!(
            "<p>As of {at}. Without an answer after {days} days a referral is overdue. No patient is named here; \
             the number leads to the letter.</p>\n"
        ),
        Lang::Ja => format!(
            "<p>{at} 現在。{days}日を過ぎても返書のないものを遅延とします。患者情報は表示しません（紹介番号で照会してください）。</p>\n"
        ),
    }
}

fn class(row: &Row) -> &'static str {
    match row.state {
        _ if row.overdue || row.proof == Proof::Differs => "late",
        State::Cancelled | State::Expired | State::Rejected => "over",
        _ => "",
    }
}

fn cells(row: &Row, lang: Lang, zone: &TimeZone) -> Vec<String> {
    let state = match row.state {
        State::Replied => "done",
        State::Undeliverable => "alarm",
        _ => "",
    };
    let original = if row.proof == Proof::Differs { "alarm" } else { "" };
    let hash: String = row.hash.chars().take(12).collect();
    let external = row.external_id.as_ref().map(|id| small(&escaped(id))).unwrap_or_default();
    let versions = match row.versions {
        1 => String::new(),
        many => small(&format!("{} {many}", lang.pick("version", "版"))),
    };
    let findings: String = row.findings.iter().map(|code| small(&escaped(finding(code, lang)))).collect();
    vec![
        format!("<span class=\"nowrap {state}\">{}</span>{findings}", word(row.state, lang)),
        format!("<span class=\"nowrap\">{}</span>{external}{versions}", escaped(&row.id)),
        party(row.from_name.as_deref(), &row.from),
        party(row.to_name.as_deref(), &row.to.join(", ")),
        priority(row.priority.as_deref(), lang),
        step(Some(&row.accepted), zone),
        step(row.delivered.as_ref(), zone),
        step(row.opened.as_ref(), zone),
        step(row.replied.as_ref().or(row.ended.as_ref()), zone),
        row.age_days.to_string(),
        format!(
            "<span class=\"nowrap {original}\">{}</span>{}",
            proof(row.proof, lang),
            small(&format!("<code>{hash}</code>"))
        ),
    ]
}

/// What a finding asks of people.
fn finding(code: &str, lang: Lang) -> &str {
    match code {
        "referral-addressee" => lang.pick("addressee to be found", "紹介先を確認"),
        "referral-id-missing" => lang.pick("without a number", "紹介番号なし"),
        other => other,
    }
}

fn party(name: Option<&str>, code: &str) -> String {
    let code = if code.is_empty() { "—".to_owned() } else { escaped(code) };
    name.map_or(code.clone(), |name| format!("{}{}", escaped(name), small(&code)))
}

/// HL7 table 0280.
fn priority(code: Option<&str>, lang: Lang) -> String {
    match code {
        Some("S") => format!("<span class=\"alarm\">{}</span>", lang.pick("stat", "至急")),
        Some("A") => lang.pick("soon", "優先").to_owned(),
        Some("R") | None => lang.pick("routine", "通常").to_owned(),
        Some(other) => escaped(other),
    }
}

fn step(step: Option<&Step>, zone: &TimeZone) -> String {
    let Some(step) = step else { return "—".to_owned() };
    let at = step.at.to_zoned(zone.clone()).strftime("%m-%d %H:%M").to_string();
    format!("<span class=\"nowrap\">{at}</span>{}", small(&escaped(&step.who)))
}

fn small(html: &str) -> String {
    format!("<br><span class=\"small\">{html}</span>")
}
