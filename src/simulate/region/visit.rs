//! What happens to a patient who comes to a facility: reception, orders, results, diagnoses, drugs.

use std::rc::Rc;

use jiff::SignedDuration;
use jiff::civil::DateTime;

use super::World;
use super::calendar::is_out_of_hours;
use super::letter;
use super::outgoing::{Consequence, Document, Item, Letter, Outgoing, Paper, Post};
use super::site::{Keeping, Site, Sort};
use crate::simulate::catalogue::*;
use crate::simulate::event::*;
use crate::simulate::random::Random;

/// What a facility remembers of a patient.
#[derive(Debug, Default)]
pub(super) struct Record {
    is_registered: bool,
    problems: Vec<Problem>,
    /// Nobody comes to the desk while in bed.
    pub(super) in_bed_until: Option<DateTime>,
}

/// What a facility counts.
#[derive(Debug, Default)]
pub(super) struct Counters {
    orders: u64,
    stays: u64,
}

/// One visit, with the stay that may follow.
pub(super) struct Visit<'v> {
    pub(super) world: &'v World,
    pub(super) site: &'v Site,
    pub(super) random: Random,
    pub(super) patient: Rc<Patient>,
    pub(super) age: i16,
    pub(super) record: &'v mut Record,
    pub(super) counters: &'v mut Counters,
    pub(super) encounter: Encounter,
    pub(super) now: DateTime,
    /// The first visits of a region show what is rare: their number.
    pub(super) show: Option<u64>,
    pub(super) out: Vec<Outgoing>,
    pub(super) posts: &'v mut Vec<Post>,
}

impl Visit<'_> {
    /// Tells the visit; what leaves the facility is in `out` then, in no order.
    pub(super) fn tell(&mut self, pathway: &'static Pathway) {
        self.register();
        self.encounter.department = pathway.department_for(self.age);
        self.movement(Movement::Reception, self.now, false);
        self.wait(8, 40);
        let results = self.laboratory(pathway);
        self.examinations(pathway);
        // The doctor looks at what has come back by then.
        let consulted = results.map_or(self.now, |results| results.max(self.now));
        self.now = consulted;
        self.wait(2, 15);
        self.diagnose(pathway);
        if !pathway.drugs.is_empty() {
            self.prescribe(pathway.drugs);
        }
        match pathway.admitted.filter(|_| self.site.sort == Sort::Hospital) {
            Some(infusion) => self.stay(infusion),
            None => self.refer(pathway),
        }
    }

    /// True `percent` times in a hundred, and in every `every`-th of the visits that show what is rare.
    pub(super) fn happens(&mut self, percent: u64, every: u64) -> bool {
        let by_chance = self.random.chance(percent);
        self.show.map_or(by_chance, |number| number % every == every - 1)
    }

    pub(super) fn is_emergency(&self) -> bool {
        is_out_of_hours(self.now, self.world.calendar.opening(self.now.date()))
    }

    /// Demographics of who comes for the first time or has moved, and allergies.
    fn register(&mut self) {
        let is_new = !std::mem::replace(&mut self.record.is_registered, true);
        if !is_new {
            if self.happens(3, 16) {
                self.send(None, Content::Registration { moved: true });
            }
            return;
        }
        let (is_mistake, is_double) = (self.happens(1, 8), self.happens(1, 9));
        if is_mistake || is_double {
            self.register_twice(is_double);
        }
        self.send(None, Content::Registration { moved: false });
        if self.happens(40, 2) {
            let allergy = self.random.pick(ALLERGIES);
            self.send(None, Content::Allergies(vec![allergy]));
            if self.happens(3, 4) {
                self.take_back();
            }
        }
    }

    /// The person got a second number at the desk: it is deleted at once, or merged into the right one later (ADT^A40, for
    /// which SS-MIX2 has no data type).
    fn register_twice(&mut self, is_merged: bool) {
        let wrong = format!("9{:07}", self.order() / 1000 % 10_000_000);
        let person = self.patient.person.clone();
        let right = std::mem::replace(&mut self.patient, Rc::new(Patient { id: wrong.clone(), person }));
        self.send(None, Content::Registration { moved: false });
        if !is_merged {
            self.take_back();
        }
        self.patient = right;
        if is_merged {
            let at = self.within(30, 90);
            let merged = letter::merge(&self.party(at), &wrong);
            self.letter(at, merged);
        }
    }

    /// Orders tests; gives the time of the result that the doctor waits for. Where blood is tested elsewhere only what a kit
    /// tells is found out at once.
    fn laboratory(&mut self, pathway: &'static Pathway) -> Option<DateTime> {
        let infection = pathway.infection.map(|(test, positive)| LabGroup::Infection(test, positive));
        let mut panels = pathway.panels;
        if self.site.has_no_laboratory() && !panels.is_empty() && self.refer_specimen() {
            panels = &[];
        }
        let groups: Rc<[LabGroup]> =
            panels.iter().map(|panel| LabGroup::Panel(panel)).chain(infection).collect();
        if groups.is_empty() { None } else { Some(self.test(groups)) }
    }

    /// Order and result: 1 to 3 hours later, in an emergency within the hour; a part of them comes first.
    pub(super) fn test(&mut self, groups: Rc<[LabGroup]>) -> DateTime {
        let order = self.order();
        self.send(Some(order), Content::LabOrder(groups.clone()));
        let (ordered, noise) = (self.now, self.random.next());
        let after = if self.is_emergency() { (25, 55) } else { (60, 180) };
        let collected = self.within(3, 15);
        let reported = self.within(after.0, after.1);
        let result = |is_final| Content::LabResult { groups: groups.clone(), is_final };
        if self.happens(20, 3) {
            let halfway = ordered.saturating_add(ordered.duration_until(reported) / 2).max(collected);
            self.put(halfway, Some(order), collected, noise, result(false));
        }
        self.put(reported, Some(order), collected, noise, result(true));
        reported
    }

    /// A specimen goes to the laboratory, whose result comes back on the next working day. False if there is none.
    fn refer_specimen(&mut self) -> bool {
        let Some(laboratory) = self.world.laboratory(self.site) else { return false };
        let order = format!("{}-{}", self.site.mark(), self.order());
        let at = self.within(5, 30);
        let ordered = letter::specimen(&self.party(at), &order);
        self.letter(at, ordered);
        let day = self.world.calendar.working_day(at.date(), 1);
        let back = day.at(10, 0, 0, 0).saturating_add(self.random_minutes(240));
        let result = letter::specimen_result(&self.party_at(laboratory, back), self.site, &order, at);
        self.post(laboratory.index, back, result);
        true
    }

    fn examinations(&mut self, pathway: &'static Pathway) {
        let has_machines = self.site.sort == Sort::Hospital || self.site.keeping == Keeping::Scanned;
        if let Some(exam) = pathway.imaging.filter(|_| has_machines) {
            self.image(exam);
        }
        let is_stomach = *pathway.diagnosis == GASTRITIS;
        if is_stomach && has_machines {
            self.image(&GASTROSCOPY);
        }
        if let Some(exam) = pathway.physiology.filter(|_| has_machines) {
            let (order, noise) = (self.order(), self.random.next());
            self.put_now(Some(order), noise, Content::PhysiologyOrder(exam));
            let at = self.within(10, 50);
            self.put(at, Some(order), at, noise, Content::PhysiologyResult(exam));
        }
    }

    /// Order and examination; now and then the order is cancelled. Who has nobody to read images sends for a reading.
    fn image(&mut self, exam: &'static Imaging) {
        let (order, noise) = (self.order(), self.random.next());
        self.put_now(Some(order), noise, Content::ImagingOrder(exam));
        if self.happens(5, 7) {
            self.take_back();
            return;
        }
        let at = self.within(15, 80);
        self.put(at, Some(order), at, noise, Content::ImagingPerformed(exam));
        let reader = self.world.hospital();
        if exam.is_endoscopy() || reader == self.site.index || !self.happens(60, 2) {
            return;
        }
        let Some(Item::Event(performed)) = self.out.last().map(|last| &last.item) else { return };
        let (accession, study) =
            (crate::simulate::message::accession(performed), crate::simulate::message::study_uid(performed));
        let read = at.saturating_add(SignedDuration::from_mins(45)).saturating_add(self.random_minutes(180));
        let Some(site) = self.world.sites.get(reader) else { return };
        let report =
            letter::reading(&self.party_at(site, read), self.site, exam, (&accession, &study), order);
        self.post(reader, read, report);
    }

    pub(super) fn diagnose(&mut self, pathway: &'static Pathway) {
        let known = self.record.problems.iter().any(|problem| problem.diagnosis == pathway.diagnosis);
        if !known {
            let instance = self.order();
            self.record.problems.push(Problem {
                diagnosis: pathway.diagnosis,
                suspected: pathway.suspected,
                instance,
                since: self.now,
                department: self.encounter.department,
            });
        }
        let problems: Rc<[Problem]> = self.record.problems.clone().into();
        self.send(None, Content::Problems(problems));
    }

    /// A prescription, which may be changed or withdrawn, and what is given out: by the hospital, or by a pharmacy.
    pub(super) fn prescribe(&mut self, drugs: &'static [&'static Drug]) {
        let is_inpatient = self.encounter.stay.is_some();
        let pharmacy = self.world.pharmacy(self.site).filter(|_| !is_inpatient && !self.is_emergency());
        let pharmacy = pharmacy.filter(|_| self.site.sort == Sort::Clinic || self.happens(60, 2));
        let order = self.order();
        let (entered, noise) = (self.now, self.random.next());
        let content = |drugs| Content::Prescription { drugs, outside: pharmacy.is_some() };
        self.put_now(Some(order), noise, content(drugs));
        let mut valid = drugs;
        if self.happens(12, 5) {
            valid = drugs.get(..1).unwrap_or(drugs);
            let sent = self.tick();
            self.put(sent, Some(order), entered, noise, content(valid));
        }
        if self.happens(4, 11) {
            self.take_back();
            return;
        }
        let Some(pharmacy) = pharmacy else {
            let at = self.within(15, 50);
            self.put(at, Some(order), at, noise, Content::Dispensed(valid));
            return;
        };
        let mut at = self.within(30, 150);
        if at.hour() >= 19 {
            let day = self.world.calendar.working_day(at.date(), 1);
            at = day.at(9, 0, 0, 0).saturating_add(self.random_minutes(120));
        }
        let prescription = format!("{}-{order}", self.site.mark());
        let given = letter::dispensed(&self.party_at(pharmacy, at), &prescription, valid);
        self.post(pharmacy.index, at, given);
    }

    /// A clinic refers some of its patients to a hospital, which answers and gives an appointment; a hospital writes to the
    /// clinic at home.
    fn refer(&mut self, pathway: &'static Pathway) {
        let places = self.world.population.places(self.patient.person.number);
        if self.site.sort == Sort::Hospital {
            let home = self.world.sites.get(places.home).filter(|home| home.sort == Sort::Clinic);
            if let Some(home) = home.filter(|_| self.site.keeping == Keeping::Announced) {
                let key = self.order();
                let at = self.within(15, 40);
                self.document(at, Paper::Referral(home.index), key);
            }
            return;
        }
        if !self.random.chance(6) {
            return;
        }
        let to = places.second.unwrap_or_else(|| self.world.hospital());
        let Some(hospital) = self.world.sites.get(to).filter(|hospital| hospital.index != self.site.index)
        else {
            return;
        };
        letter::referral(self, hospital, pathway.diagnosis);
    }

    /// Some minutes after now.
    pub(super) fn within(&mut self, from: i64, until: i64) -> DateTime {
        let span = self.random.below_signed((until - from) * 60_000);
        self.now.saturating_add(SignedDuration::from_millis(from * 60_000 + span))
    }

    pub(super) fn random_minutes(&mut self, below: i64) -> SignedDuration {
        SignedDuration::from_millis(self.random.below_signed(below * 60_000))
    }

    pub(super) fn wait(&mut self, from: i64, until: i64) {
        self.now = self.within(from, until);
    }

    /// Some seconds later, to the millisecond.
    pub(super) fn tick(&mut self) -> DateTime {
        let milliseconds = 20_000 + self.random.below_signed(100_000);
        self.now = self.now.saturating_add(SignedDuration::from_millis(milliseconds));
        self.now
    }

    /// The next order's number. Parts of an order are numbered within it.
    pub(super) fn order(&mut self) -> u64 {
        self.counters.orders += 1000;
        self.counters.orders
    }

    /// The number of this stay of the facility, from 1.
    pub(super) fn next_stay(&mut self) -> u64 {
        self.counters.stays += 1;
        self.counters.stays
    }

    pub(super) fn send(&mut self, order: Option<u64>, content: Content) {
        let noise = self.random.next();
        self.put_now(order, noise, content);
    }

    pub(super) fn put_now(&mut self, order: Option<u64>, noise: u64, content: Content) {
        let at = self.now;
        let sent = self.tick();
        self.put(sent, order, at, noise, content);
    }

    pub(super) fn put(
        &mut self,
        sent: DateTime,
        order: Option<u64>,
        at: DateTime,
        noise: u64,
        content: Content,
    ) {
        let (patient, encounter) = (self.patient.clone(), self.encounter);
        let event = Event { patient, encounter, sent, at, order, noise, is_deletion: false, content };
        self.out.push(Outgoing { at: sent, item: Item::Event(event) });
    }

    /// Sends a movement; if it was entered wrongly, it is taken back and sent again.
    pub(super) fn movement(&mut self, movement: Movement, at: DateTime, is_wrong: bool) {
        let noise = self.random.next();
        let sent = self.tick();
        self.put(sent, None, at, noise, Content::Movement(movement));
        if is_wrong {
            self.take_back();
            let sent = self.tick();
            self.put(sent, None, at, noise, Content::Movement(movement));
        }
    }

    /// Sends the deletion of the event that was told last.
    pub(super) fn take_back(&mut self) {
        let last = self.out.iter().rev().find_map(|last| match &last.item {
            Item::Event(event) => Some(event.clone()),
            _ => None,
        });
        if let Some(event) = last {
            self.now = self.now.max(event.sent);
            let sent = self.tick();
            self.out
                .push(Outgoing { at: sent, item: Item::Event(Event { sent, is_deletion: true, ..event }) });
        }
    }

    pub(super) fn document(&mut self, at: DateTime, paper: Paper, key: u64) {
        let document = Document { paper, patient: self.patient.clone(), key };
        self.out.push(Outgoing { at, item: Item::Document(document) });
    }

    pub(super) fn letter(&mut self, at: DateTime, letter: Letter) {
        self.out.push(Outgoing { at, item: Item::Letter(letter) });
    }

    /// A letter that another facility sends.
    pub(super) fn post(&mut self, to: usize, at: DateTime, letter: Letter) {
        let what = Consequence::Sends(Outgoing { at, item: Item::Letter(letter) });
        self.posts.push(Post { to, what });
    }

    /// Who writes a letter of this facility, and about whom.
    pub(super) fn party(&mut self, at: DateTime) -> letter::Party {
        let control = self.order();
        letter::Party::new(self.site, self.patient.id.clone(), &self.patient.person, at, control)
    }

    /// The same of another facility, which knows the patient by its own id.
    pub(super) fn party_at(&mut self, site: &Site, at: DateTime) -> letter::Party {
        let id = crate::simulate::patient_id(&site.facility.code, self.patient.person.number);
        let control = self.order();
        let mut party = letter::Party::new(site, id, &self.patient.person, at, control);
        party.control = format!("{}{}", self.site.mark(), party.control);
        party
    }
}
