//! The worklist as a page. It names patients by their id at the facility only: the request's file says the rest.

use jiff::tz::TimeZone;

use super::super::html::{self, escaped};
use super::table::{missing, priority, word};
use crate::lang::Lang;
use crate::services::reading::{Priority, State, Work, Worklist};

/// The page.
pub(super) fn page(list: &Worklist, lang: Lang, zone: &TimeZone) -> String {
    let title = lang.pick("Image reading worklist", "遠隔読影ワークリスト");
    let at = list.as_of.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
    let mut body = match lang {
        Lang::En => format!(
            "<p>As of {at}. To be read in this order: what is urgent goes before other patients, never before an \
             earlier request of its own patient.</p>\n"
        ),
        Lang::Ja => format!(
            "<p>{at} 現在。上から順に読影してください。至急の依頼は他の患者より先に、ただし同じ患者の先の依頼より後に並びます。</p>\n"
        ),
    };
    let late = list.work.iter().filter(|work| work.late).count();
    let states =
        State::ALL.map(|state| (word(state, lang), list.counts.get(&state).copied().unwrap_or(0), false));
    let others = [
        (lang.pick("late", "期限超過"), late, true),
        (lang.pick("by day", "日勤帯"), list.by_day, false),
        (lang.pick("by night", "夜間帯"), list.by_night, false),
        (lang.pick("reports without a request", "対応のない報告書"), list.unmatched.len(), true),
    ];
    body.push_str(&html::numbers(states.into_iter().chain(others)));
    let titles = match lang {
        Lang::En => [
            "",
            "Priority",
            "State",
            "Facility",
            "Patient",
            "Modality",
            "Examination",
            "Question",
            "Ready",
            "Age",
            "Due",
        ],
        Lang::Ja => {
            ["", "緊急度", "状態", "依頼元", "患者ID", "種別", "検査", "目的", "撮影完了", "経過", "期限"]
        }
    };
    let rows = list.work.iter().zip(1..).map(|(work, number)| (class(work), cells(work, number, lang, zone)));
    body.push_str(&html::table(&titles, rows));
    if !list.missing.is_empty() {
        let title = lang.pick("Not to be read yet", "まだ読影できない検査");
        let rows = list.missing.iter().map(|(part, count)| (missing(part, lang), *count, false));
        body.push_str(&format!("<h2>{title}</h2>\n{}", html::numbers(rows)));
    }
    html::page(lang.pick("en", "ja"), title, &body)
}

fn class(work: &Work) -> &'static str {
    match work.request.state {
        _ if work.late => "late",
        State::Waiting | State::Preliminary => "",
        State::Final | State::Addendum | State::Cancelled => "over",
    }
}

fn cells(work: &Work, number: usize, lang: Lang, zone: &TimeZone) -> Vec<String> {
    let request = &work.request;
    let time = |at: jiff::Timestamp| at.to_zoned(zone.clone()).strftime("%m-%d %H:%M").to_string();
    let is_waiting = request.state == State::Waiting;
    let urgency = if request.priority == Priority::Stat { "alarm" } else { "" };
    let state = if matches!(request.state, State::Final | State::Addendum) { "done" } else { "" };
    let reader = work.reader.as_ref().map(|reader| small(&escaped(reader))).unwrap_or_default();
    let night = if work.night { small(lang.pick("night", "夜間")) } else { String::new() };
    let procedures = request.procedures.iter().map(|one| one.text.as_deref().unwrap_or(&one.code));
    let procedures: Vec<_> = procedures.map(escaped).collect();
    let reasons: Vec<_> = request.reasons.iter().map(|reason| escaped(reason)).collect();
    let department =
        request.requester.department.as_ref().map(|text| small(&escaped(text))).unwrap_or_default();
    let patient = request.patient.get("id").and_then(|id| id.as_str()).unwrap_or_default();
    let accession = small(&format!("<code>{}</code>", escaped(&request.study.accession)));
    vec![
        if is_waiting { number.to_string() } else { String::new() },
        format!("<span class=\"nowrap {urgency}\">{}</span>", priority(request.priority, lang)),
        format!("<span class=\"nowrap {state}\">{}</span>{reader}", word(request.state, lang)),
        format!("{}{department}", escaped(&request.requester.facility)),
        escaped(patient),
        escaped(&request.study.modality),
        format!("{}{accession}", procedures.join("<br>")),
        reasons.join("<br>"),
        format!("<span class=\"nowrap\">{}</span>{night}", time(request.ready_at)),
        age(work.reported_after_minutes.unwrap_or(work.age_minutes), lang),
        if is_waiting {
            format!("<span class=\"nowrap\">{}</span>", time(request.due_at))
        } else {
            "—".to_owned()
        },
    ]
}

/// Hours and minutes.
fn age(minutes: i64, lang: Lang) -> String {
    let (hours, minutes) = (minutes / 60, minutes % 60);
    match (lang, hours) {
        (Lang::En, 0) => format!("<span class=\"nowrap\">{minutes} min</span>"),
        (Lang::En, _) => format!("<span class=\"nowrap\">{hours} h {minutes} min</span>"),
        (Lang::Ja, 0) => format!("<span class=\"nowrap\">{minutes}分</span>"),
        (Lang::Ja, _) => format!("<span class=\"nowrap\">{hours}時間{minutes}分</span>"),
    }
}

fn small(html: &str) -> String {
    format!("<br><span class=\"small\">{html}</span>")
}
