//! Reports, and which request each is about.

use jiff::Timestamp;

use super::content::{ReportContent, Reported, Study};
use super::request::Key;

/// How final a report is (OBR-25, HL7 table 0123).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// `P`
    Preliminary,
    /// `F`
    Final,
    /// `C`: a correction or an addendum.
    Addendum,
    /// `X`, or a report that was deleted.
    Withdrawn,
}

/// A report as it came.
#[derive(Debug, Clone)]
pub(super) struct Report {
    pub(super) event: String,
    /// Who reads.
    pub(super) facility: String,
    pub(super) at: Timestamp,
    pub(super) status: Status,
    pub(super) content: ReportContent,
}

impl Report {
    pub(super) fn status(content: &ReportContent, is_deleted: bool) -> Status {
        let says = |word: &str| {
            content.reports.iter().filter(|report: &&Reported| report.status.as_deref() == Some(word)).count()
        };
        match content.reports.len() {
            _ if is_deleted => Status::Withdrawn,
            all if all > 0 && says("cancelled") + says("deleted") == all => Status::Withdrawn,
            _ if says("corrected") > 0 => Status::Addendum,
            all if all > 0 && says("final") == all => Status::Final,
            _ => Status::Preliminary,
        }
    }

    /// Whether it is about that request, by accession number and Study UID: both where it has both. One that has
    /// neither is known by the number of its order.
    pub(super) fn is_about(&self, request: &Key, numbers: &[&str]) -> bool {
        let named = |study: &&Study| study.accession.is_some() || study.study_uid.is_some();
        let mut studies = self.content.studies.iter().filter(named).peekable();
        let is_asked_by = || {
            let mut requesters = self.content.reports.iter().flat_map(|report| &report.requesters).peekable();
            requesters.peek().is_none() || requesters.any(|requester| requester.code == request.facility)
        };
        let by_number = || {
            let mut reported = self.content.reports.iter().filter_map(|report| report.number.as_ref());
            reported.any(|number| numbers.contains(&number.as_str()))
        };
        let is_same = |said: &Option<String>, known: &str| said.as_deref().is_none_or(|said| said == known);
        let is_found = match studies.peek() {
            Some(_) => studies.any(|study| {
                is_same(&study.accession, &request.accession) && is_same(&study.study_uid, &request.study_uid)
            }),
            None => by_number(),
        };
        is_found && is_asked_by()
    }
}
