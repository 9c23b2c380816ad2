//! The worklist as text and as CSV.

use super::super::text;
use crate::lang::Lang;
use crate::services::output::csv_line;
use crate::services::reading::{Priority, State, Work, Worklist};

/// The word for a state.
pub(super) const fn word(state: State, lang: Lang) -> &'static str {
    match state {
        State::Waiting => lang.pick("to read", "未読影"),
        State::Preliminary => lang.pick("preliminary", "仮報告"),
        State::Final => lang.pick("final", "確定"),
        State::Addendum => lang.pick("addendum", "追記"),
        State::Cancelled => lang.pick("cancelled", "取消"),
    }
}

/// The word for a priority.
pub(super) const fn priority(priority: Priority, lang: Lang) -> &'static str {
    match priority {
        Priority::Stat => lang.pick("stat", "至急"),
        Priority::Asap => lang.pick("soon", "優先"),
        Priority::Routine => lang.pick("routine", "通常"),
    }
}

/// What an examination misses, for people.
pub(super) fn missing(part: &str, lang: Lang) -> &str {
    match part {
        "accession" => lang.pick("accession number", "受付番号"),
        "study_uid" => lang.pick("Study UID", "Study UID"),
        "modality" => lang.pick("modality", "モダリティ"),
        "performed" => lang.pick("not performed yet", "未実施"),
        other => other,
    }
}

/// How many requests stand where, and which are late.
pub(super) fn text(list: &Worklist, lang: Lang) -> String {
    let mut out = String::new();
    let header = [lang.pick("state", "状態"), lang.pick("requests", "件数")];
    let count = |state: State| list.counts.get(&state).copied().unwrap_or(0) as u64;
    let rows = State::ALL.map(|state| (word(state, lang).to_owned(), vec![count(state)]));
    text::table(&mut out, &header, rows.into_iter());
    for work in list.work.iter().filter(|work| work.late) {
        let told = lang.pick("minutes unread", "分経過・未読影");
        let request = &work.request;
        let (id, urgency) = (&request.id, priority(request.priority, lang));
        out.push_str(&format!("{id} {urgency}: {} {told}\n", work.age_minutes));
    }
    if !list.unmatched.is_empty() {
        let told = lang.pick("reports that belong to no request", "依頼と対応しない報告書");
        out.push_str(&format!("{told}: {}\n", list.unmatched.len()));
    }
    out
}

/// One line a request. It names no patient; the request's file does.
pub(super) fn csv(list: &Worklist) -> String {
    let mut out =
        "id,state,priority,facility,modality,accession,study_uid,ready_at,due_at,age_minutes,night,late,\
                   reader,reported_after_minutes,reports,version\n"
            .to_owned();
    for work in &list.work {
        out.push_str(&line(work));
        out.push('\n');
    }
    out
}

fn line(work: &Work) -> String {
    let yes = |is: bool| if is { "yes" } else { "no" };
    let Work { request, age_minutes, night, late, reported_after_minutes, reader, reports } = work;
    csv_line(&[
        &request.id,
        word(request.state, Lang::En),
        priority(request.priority, Lang::En),
        &request.requester.facility,
        &request.study.modality,
        &request.study.accession,
        &request.study.study_uid,
        &request.ready_at.to_string(),
        &request.due_at.to_string(),
        &age_minutes.to_string(),
        yes(*night),
        yes(*late),
        reader.as_deref().unwrap_or_default(),
        &reported_after_minutes.map(|minutes| minutes.to_string()).unwrap_or_default(),
        &reports.to_string(),
        &request.version.to_string(),
    ])
}
