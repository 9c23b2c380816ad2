//! The state: a fold of the events of the surveillance routes.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::case::{Case, episodes};
use super::count::{Cell, Counts, Place, Revision, Sex};
use super::disease::{DiseaseId, Show};
use super::event::Data;
use super::evidence::{Calendar, Key, Keys, day};
use super::facility::{Facility, Visits};
use super::news::{News, Told};
use super::person::{Age, Local};
use super::table::Tables;
use crate::envelope::Change;
use crate::services::inbox::{Event, Unreadable};

/// A case as it is shown: without anything of the patient but age band and sex.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownCase {
    /// What it is counted with.
    pub cell: Cell,
    /// When it happened.
    pub date: Date,
    /// Which of [`State::facilities`] told it first.
    pub facility: usize,
    /// Whether there is evidence of each sort: test, diagnosis, drug.
    pub mix: [bool; 3],
}

/// What was read, and what could not be used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Events that were taken.
    pub events: u64,
    /// Events whose data can't be read.
    pub unreadable: u64,
    /// Tests and diagnoses that stand for several diseases and do not say which: a person must look.
    pub undecided: u64,
    /// Patients with a link to the network; of the others, one at two facilities counts twice.
    pub linked: u64,
    /// Patients in all, as their facilities know them.
    pub patients: u64,
}

/// Everything that counting knows.
pub struct State {
    tables: Tables,
    zone: TimeZone,
    keys: Keys,
    facilities: Vec<Facility>,
    by_code: HashMap<String, usize>,
    locals: HashMap<Key, Local>,
    /// Who is whom: the patients of facilities by their person in the network.
    members: HashMap<Key, Vec<Key>>,
    cases: HashMap<Key, BTreeMap<DiseaseId, Vec<ShownCase>>>,
    visits: Visits,
    counts: Counts,
    today: Option<Date>,
    /// Patient, and what can't be decided of them.
    undecided: HashSet<(Key, Key)>,
    events: u64,
    unreadable: u64,
}

/// What an event is about.
struct Subject {
    facility: usize,
    local: Key,
    record: Key,
}

impl State {
    /// Nothing is known yet. `secret` makes the keys that stand for patients within this state; it may be another one
    /// at every start.
    pub fn new(tables: Tables, zone: TimeZone, secret: [u8; 32]) -> Self {
        let mut state = Self {
            tables,
            zone,
            keys: Keys(secret),
            facilities: Vec::new(),
            by_code: HashMap::new(),
            locals: HashMap::new(),
            members: HashMap::new(),
            cases: HashMap::new(),
            visits: Visits::default(),
            counts: Counts::default(),
            today: None,
            undecided: HashSet::new(),
            events: 0,
            unreadable: 0,
        };
        let expected: Vec<_> = state.tables.reporting.keys().cloned().collect();
        for code in expected {
            state.facility(&code);
        }
        state
    }

    /// Takes an event that was delivered on that day. Days must not go back.
    ///
    /// # Errors
    /// Where its data can't be read: it is counted and told, and changes nothing else.
    pub fn take(&mut self, delivered: Date, event: &Event) -> Result<(), Unreadable> {
        self.begin(delivered);
        self.events += 1;
        let data: Data = event.read().inspect_err(|_| self.unreadable += 1)?;
        let (code, patient) = (event.facility(), event.subject.0.as_str());
        // Only in a storage is a record the same thing in all its versions; elsewhere messages share the key of their file.
        let record = if event.datatype.is_some() { &event.recordkey.0 } else { &event.id };
        let subject = Subject {
            facility: self.facility(code),
            local: self.keys.of(&["patient", code, patient]),
            record: self.keys.of(&["record", code, patient, record]),
        };
        let sent = data.message.sent_at.as_deref().and_then(|text| day(text, &self.zone));
        let sent = sent.or_else(|| day(&event.time, &self.zone)).unwrap_or(delivered);
        if let Some(facility) = self.facilities.get_mut(subject.facility) {
            facility.heard_on = Some(delivered);
            facility.told_of.insert(sent);
        }
        let calendar = Calendar { zone: self.zone.clone(), sent };
        if event.kind() == "encounter" {
            self.visit(&subject, &data, event.change, &calendar);
            return Ok(());
        }
        self.evidence(event, &subject, &data, &calendar);
        Ok(())
    }

    /// Counts a line of the folder that can't be read.
    pub fn pass_over(&mut self, delivered: Date) {
        self.begin(delivered);
        self.unreadable += 1;
    }

    /// Makes all that was taken known as of the last day.
    pub fn publish(&mut self) {
        if let Some(today) = self.today {
            self.counts.publish(today);
        }
    }

    fn begin(&mut self, day: Date) {
        if self.today.is_none_or(|today| today < day) {
            self.publish();
            self.today = Some(day);
        }
    }

    fn facility(&mut self, code: &str) -> usize {
        if let Some(known) = self.by_code.get(code) {
            return *known;
        }
        let reporting = self.tables.reporting.get(code);
        let facility = Facility {
            code: code.to_owned(),
            area: reporting.map(|one| one.area),
            expected_from: reporting.map(|one| one.from),
            heard_on: None,
            told_of: BTreeSet::new(),
            visits: BTreeMap::new(),
        };
        self.facilities.push(facility);
        self.by_code.insert(code.to_owned(), self.facilities.len() - 1);
        self.facilities.len() - 1
    }

    fn visit(&mut self, subject: &Subject, data: &Data, change: Change, calendar: &Calendar) {
        let told =
            calendar.day(data.admitted_at.as_ref()).or_else(|| calendar.day(data.occurred_at.as_ref()));
        let date = told.unwrap_or(calendar.sent);
        let changes = match change {
            Change::Deleted => self.visits.forget(subject.local, subject.record, Some(date)),
            _ => self.visits.note(subject.local, subject.record, date),
        };
        let Some(facility) = self.facilities.get_mut(subject.facility) else { return };
        facility.told_of.insert(date);
        for (date, by) in changes {
            let visits = facility.visits.entry(date).or_default();
            *visits = visits.saturating_add_signed(by.into());
        }
    }

    fn evidence(&mut self, event: &Event, subject: &Subject, data: &Data, calendar: &Calendar) {
        let mut affected = self.describe(subject, data);
        let mut local = self.locals.remove(&subject.local).unwrap_or_default();
        affected.extend(local.diseases());
        let news = News {
            data,
            facility: subject.facility,
            record: subject.record,
            is_deleted: event.change == Change::Deleted,
            calendar,
            tables: &self.tables,
            keys: &self.keys,
        };
        let told = match event.kind() {
            "lab-result" => news.results(&mut local),
            "diagnosis" => news.problems(&mut local),
            "prescription" | "injection" => news.drugs(&mut local),
            _ => Told::default(),
        };
        self.undecided.extend(told.undecided.into_iter().map(|identity| (subject.local, identity)));
        affected.extend(local.diseases());
        let person = local.network.unwrap_or(subject.local);
        self.locals.insert(subject.local, local);
        if let Some(facility) = self.facilities.get_mut(subject.facility) {
            facility.told_of.extend(told.days);
        }
        for disease in affected {
            self.count_again(person, disease);
        }
    }

    /// Notes who the patient is. The diseases whose cases may change by it.
    fn describe(&mut self, subject: &Subject, data: &Data) -> BTreeSet<DiseaseId> {
        let network = data.patient.network_id.as_deref().map(|id| self.keys.of(&["network", id]));
        let mut affected = BTreeSet::new();
        let local = self.locals.entry(subject.local).or_default();
        let age = data.patient.birth_date.as_deref().map_or(local.age, Age::read);
        let sex = match data.patient.sex.as_deref() {
            Some("male") => Sex::Male,
            Some("female") => Sex::Female,
            _ => local.sex,
        };
        if (local.age, local.sex) != (age, sex) {
            (local.age, local.sex) = (age, sex);
            affected.extend(local.diseases());
        }
        let before = local.network;
        if network.is_none() || network == before {
            return affected;
        }
        local.network = network;
        affected.extend(local.diseases());
        let diseases: Vec<_> = local.diseases().collect();
        let old = before.unwrap_or(subject.local);
        if let Some(members) = self.members.get_mut(&old) {
            members.retain(|one| *one != subject.local);
        }
        if let Some(network) = network {
            self.members.entry(network).or_default().push(subject.local);
        }
        // The person whom the evidence leaves; the one whom it joins is counted by the caller.
        diseases.into_iter().for_each(|disease| self.count_again(old, disease));
        affected
    }

    /// Makes the cases of a person again.
    fn count_again(&mut self, person: Key, disease: DiseaseId) {
        let none = Vec::new();
        let locals = self.members.get(&person).unwrap_or(&none);
        let own = [person];
        // A linked patient's evidence is with the person in the network.
        let locals = if locals.is_empty() { &own[..] } else { locals };
        let members: Vec<_> = locals.iter().filter_map(|key| self.locals.get(key)).collect();
        let members: Vec<_> = members
            .into_iter()
            .filter(|local| local.network.is_none_or(|network| network == person))
            .collect();
        let evidence = members.iter().flat_map(|local| local.evidence(disease)).collect();
        let window = self.tables.diseases.of(disease).window_days;
        let age = members.iter().map(|local| local.age).find(|age| *age != Age::Unknown).unwrap_or_default();
        let sex = members.iter().map(|local| local.sex).find(|sex| *sex != Sex::Unknown).unwrap_or_default();
        let cases = episodes(evidence, window).into_iter();
        let cases: Vec<_> = cases.map(|case| self.shown(disease, case, age, sex)).collect();
        let by_disease = self.cases.entry(person).or_default();
        let before = if cases.is_empty() {
            by_disease.remove(&disease)
        } else {
            by_disease.insert(disease, cases.clone())
        };
        if before.as_ref() == Some(&cases) {
            return;
        }
        before.into_iter().flatten().for_each(|case| self.counts.subtract(case.cell));
        cases.into_iter().for_each(|case| self.counts.add(case.cell));
    }

    fn shown(&self, disease: DiseaseId, case: Case, age: Age, sex: Sex) -> ShownCase {
        let Case { date, confirmed, facility, mix } = case;
        let area = self.facilities.get(facility).and_then(|facility| facility.area);
        let place = area.map_or(Place::Unknown, Place::Area);
        let cell = match self.tables.diseases.of(disease).show {
            Show::Monthly => {
                let date = date.first_of_month();
                Cell { date, disease, place: Place::Prefecture, age: None, sex: None, confirmed }
            }
            Show::Area | Show::Off => {
                let (age, sex) = (Some(age.on(date)), Some(sex));
                Cell { date, disease, place, age, sex, confirmed }
            }
        };
        ShownCase { cell, date, facility, mix }
    }

    /// The tables that it counts by.
    pub const fn tables(&self) -> &Tables {
        &self.tables
    }

    /// The last day on which something was delivered.
    pub const fn as_of(&self) -> Option<Date> {
        self.today
    }

    /// Facilities: those that are expected to report, and those that did.
    pub fn facilities(&self) -> &[Facility] {
        &self.facilities
    }

    /// The cases of diseases that may be shown.
    pub fn cases(&self) -> impl Iterator<Item = &ShownCase> {
        let cases = self.cases.values().flat_map(|by_disease| by_disease.values().flatten());
        cases.filter(|case| self.tables.diseases.of(case.cell.disease).show != Show::Off)
    }

    /// Counts of diseases that may be shown, with all their revisions, the oldest first.
    pub fn revisions(&self) -> impl Iterator<Item = (&Cell, &[Revision])> {
        let is_shown = |cell: &Cell| self.tables.diseases.of(cell.disease).show != Show::Off;
        self.counts.revisions().filter(move |(cell, _)| is_shown(cell))
    }

    /// What was read.
    pub fn tally(&self) -> Tally {
        Tally {
            events: self.events,
            unreadable: self.unreadable,
            undecided: self.undecided.len() as u64,
            linked: self.locals.values().filter(|local| local.network.is_some()).count() as u64,
            patients: self.locals.len() as u64,
        }
    }
}
