//! The requests in the order in which they are to be read.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::content::Study;
use super::desk::Desk;
use super::examination::Examination;
use super::report::{Report, Status};
use super::request::{Key, Made, Request, State};

/// Priority of a request (HL7 table 0485).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// `R`
    Routine,
    /// `A`
    Asap,
    /// `S`
    Stat,
}

/// A request with what came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Work {
    /// The request.
    pub request: Request,
    /// Minutes since the images could be read.
    pub age_minutes: i64,
    /// Whether they were ready in the night.
    pub night: bool,
    /// Nobody reported, and the time is over.
    pub late: bool,
    /// Minutes until the first report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reported_after_minutes: Option<i64>,
    /// 10-digit code of the facility that reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reader: Option<String>,
    /// How many reports there are.
    pub reports: usize,
}

/// A report that is about no request, or about one that can't be told from another facility's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unmatched {
    /// Id of the event.
    pub event: String,
    /// 10-digit code of the facility that reported.
    pub facility: String,
    /// When.
    pub at: Timestamp,
}

/// The worklist.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Worklist {
    /// For which moment.
    pub as_of: Timestamp,
    /// How many requests stand where.
    pub counts: BTreeMap<State, usize>,
    /// How many became ready by day, and by night.
    pub by_day: usize,
    /// See `by_day`.
    pub by_night: usize,
    /// What is to be read, in this order; then what was read or taken back, the latest first.
    pub work: Vec<Work>,
    /// Examinations whose images can't be read yet, and what is missing, by how many miss it.
    pub missing: BTreeMap<&'static str, usize>,
    /// Reports that belong to no request.
    pub unmatched: Vec<Unmatched>,
}

/// A study that can be read, with the examination that says most of it.
struct Readable<'d> {
    key: &'d Key,
    ready_at: Timestamp,
    study: Study,
    examination: &'d Examination,
    /// Numbers of the orders that it belongs to.
    numbers: Vec<&'d str>,
    /// No version of its examination names it any more.
    is_gone: bool,
}

impl Desk {
    /// The worklist at a moment. `zone` is that of the nights.
    pub fn worklist(&self, now: Timestamp, zone: &TimeZone) -> Worklist {
        let readable = self.readable();
        let (reports, unmatched) = self.reported(&readable);
        let mut work: Vec<_> = readable
            .iter()
            .map(|readable| {
                let reports = reports.get(readable.key).map_or(&[][..], Vec::as_slice);
                self.work(readable, reports, now, zone)
            })
            .collect();
        work.sort_by(|a, b| (a.request.ready_at, &a.request.id).cmp(&(b.request.ready_at, &b.request.id)));
        name_priors(&mut work);
        let mut counts = BTreeMap::new();
        work.iter().for_each(|work| *counts.entry(work.request.state).or_default() += 1);
        let by_night = work.iter().filter(|work| work.night).count();
        Worklist {
            as_of: now,
            counts,
            by_day: work.len() - by_night,
            by_night,
            missing: self.missing(),
            work: ordered(work),
            unmatched,
        }
    }

    /// Every study that became ready. One that several orders share is read once, for one that stands.
    fn readable(&self) -> Vec<Readable<'_>> {
        let mut named: HashMap<Key, Vec<(&str, &Examination, Study)>> = HashMap::new();
        for ((facility, number), examination) in &self.examinations {
            for study in examination.studies() {
                if let Some(key) = Key::of(facility, &study) {
                    named.entry(key).or_default().push((number, examination, study));
                }
            }
        }
        let readable = self.ready.iter().filter_map(|(key, ready)| {
            let named = named.get(key).map_or(&[][..], Vec::as_slice);
            let stands = named.iter().find(|(_, examination, _)| examination.cancelled_at.is_none());
            let (examination, study) = match stands.or(named.first()) {
                Some((_, examination, study)) => (*examination, study),
                None => (self.examinations.get(&ready.number)?, &ready.study),
            };
            Some(Readable {
                key,
                ready_at: ready.at,
                study: study.clone(),
                examination,
                numbers: named.iter().map(|(number, _, _)| *number).collect(),
                is_gone: named.is_empty(),
            })
        });
        readable.collect()
    }

    /// The reports of every request in their order, and those that belong to none.
    fn reported<'d>(
        &'d self,
        readable: &[Readable<'d>],
    ) -> (HashMap<&'d Key, Vec<&'d Report>>, Vec<Unmatched>) {
        let (mut reported, mut unmatched) = (HashMap::<_, Vec<_>>::new(), Vec::new());
        for report in &self.reports {
            let about = readable.iter().filter(|readable| report.is_about(readable.key, &readable.numbers));
            let about: Vec<_> = about.map(|readable| readable.key).collect();
            let facilities: BTreeSet<_> = about.iter().map(|key| &key.facility).collect();
            if facilities.len() == 1 {
                about.into_iter().for_each(|key| reported.entry(key).or_default().push(report));
            } else {
                let Report { event, facility, at, .. } = report;
                unmatched.push(Unmatched { event: event.clone(), facility: facility.clone(), at: *at });
            }
        }
        (reported, unmatched)
    }

    fn work(&self, readable: &Readable<'_>, reports: &[&Report], now: Timestamp, zone: &TimeZone) -> Work {
        let Readable { key, ready_at, study, examination, is_gone, .. } = readable;
        let reports = standing(reports);
        let state = if *is_gone { State::Cancelled } else { state(examination, &reports) };
        let made = Made { key, study, ready_at: *ready_at, state, rules: &self.rules };
        let request = Request::of(examination, &made);
        let first = reports.first().map(|report| report.at);
        Work {
            age_minutes: minutes(*ready_at, now),
            night: self.rules.is_night(ready_at.to_zoned(zone.clone()).time()),
            late: state == State::Waiting && request.due_at <= now,
            reported_after_minutes: first.map(|at| minutes(*ready_at, at)),
            reader: reports.last().map(|report| report.facility.clone()),
            reports: reports.len(),
            request,
        }
    }

    /// What keeps examinations from being read: of those that count as remote reading and are not taken back.
    fn missing(&self) -> BTreeMap<&'static str, usize> {
        let mut missing = BTreeMap::new();
        for ((facility, _), examination) in &self.examinations {
            let counts =
                examination.cancelled_at.is_none() && self.rules.is_remote(facility, examination.contents());
            let studies = if counts { examination.studies() } else { continue };
            let parts: BTreeSet<_> = match studies.as_slice() {
                [] => ["performed"].into(),
                studies => studies
                    .iter()
                    .filter(|study| examination.is_radiology(study))
                    .flat_map(|study| examination.missing(study))
                    .collect(),
            };
            parts.into_iter().for_each(|part| *missing.entry(part).or_default() += 1);
        }
        missing
    }
}

/// The reports since the last that took them back.
fn standing<'r>(reports: &[&'r Report]) -> Vec<&'r Report> {
    let withdrawn = reports.iter().rposition(|report| report.status == Status::Withdrawn);
    reports.iter().skip(withdrawn.map_or(0, |at| at + 1)).copied().collect()
}

fn state(examination: &Examination, reports: &[&Report]) -> State {
    let has = |status| reports.iter().any(|report| report.status == status);
    match () {
        () if examination.cancelled_at.is_some() => State::Cancelled,
        () if has(Status::Addendum) => State::Addendum,
        () if has(Status::Final) => State::Final,
        () if has(Status::Preliminary) => State::Preliminary,
        () => State::Waiting,
    }
}

fn minutes(from: Timestamp, until: Timestamp) -> i64 {
    until.duration_since(from).as_secs().div_euclid(60)
}

/// Names in each request the studies of its patient that were ready before.
fn name_priors(work: &mut [Work]) {
    let mut earlier: HashMap<(String, String), Vec<String>> = HashMap::new();
    for work in work {
        let patient = patient_of(&work.request);
        let studies = earlier.entry(patient).or_default();
        work.request.priors.clone_from(studies);
        studies.push(work.request.study.study_uid.clone());
    }
}

/// What waits, most urgent first; then the others, the latest first. `work` stands in the order of readiness.
///
/// A request is as urgent as the most urgent one of the same patient that waits behind it: so the urgent one overtakes
/// other patients and takes the patient's earlier ones with it, instead of overtaking them.
fn ordered(work: Vec<Work>) -> Vec<Work> {
    let (waiting, mut others): (Vec<_>, Vec<_>) =
        work.into_iter().partition(|work| work.request.state == State::Waiting);
    let mut behind: HashMap<(String, String), Priority> = HashMap::new();
    let mut waiting: Vec<_> = waiting
        .into_iter()
        .rev()
        .map(|work| {
            let most = behind.entry(patient_of(&work.request)).or_insert(work.request.priority);
            *most = (*most).max(work.request.priority);
            (*most, work)
        })
        .collect();
    waiting.reverse();
    waiting.sort_by_key(|(priority, _)| Reverse(*priority));
    others.reverse();
    waiting.into_iter().map(|(_, work)| work).chain(others).collect()
}

fn patient_of(request: &Request) -> (String, String) {
    let id = request.patient.get("id").and_then(|id| id.as_str()).unwrap_or_default();
    (request.requester.facility.clone(), id.to_owned())
}
