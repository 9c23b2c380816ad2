//! The course of one patient: which events happen, in the order in which they are sent.

use std::rc::Rc;

use jiff::SignedDuration;
use jiff::civil::Date;
use jiff::civil::DateTime;

use super::catalogue::*;
use super::event::*;
use super::random::Random;

const WARDS: &[&str] = &["2A", "2B", "3C"];

/// The days over which a storage is spread, both included.
#[derive(Debug, Clone, Copy)]
pub(super) struct Period {
    pub(super) first: Date,
    pub(super) last: Date,
}

/// All events of a patient within `period`. What a hospital takes back or corrects is included: updates,
/// deletions and their messages.
pub(super) fn course(seed: u64, patient: Patient, period: Period) -> Vec<Event> {
    let index = patient.person.number;
    let mut random = Random::new(seed, index);
    let days = period.first.duration_until(period.last).as_hours() / 24;
    let start = later(period.first.at(8, 0, 0, 0), hours(24 * random.below_signed(days)));
    let age = period.last.year() - patient.person.birth.year();
    let pathway = pathway_of(index, age, &mut random);
    let mut course = Course {
        now: later(start, minutes(random.below_signed(480))),
        next_order: (index + 1) * 1000,
        encounter: Encounter { department: pathway.department, doctor: random.pick(DOCTORS), stay: None },
        random,
        age,
        patient: Rc::new(patient),
        problems: Vec::new(),
        events: Vec::new(),
    };
    course.tell(pathway, index);
    let mut events = course.events;
    events.retain(|event| event.sent.date() <= period.last);
    events
}

/// The first people walk one pathway each, so that a small storage shows everything.
fn pathway_of(index: u64, age: i16, random: &mut Random) -> &'static Pathway {
    match usize::try_from(index).ok().and_then(|index| PATHWAYS.get(index)) {
        Some(pathway) => pathway,
        None => weighted(PATHWAYS.iter().filter(|pathway| pathway.suits(age)), random),
    }
}

fn weighted(
    pathways: impl Iterator<Item = &'static Pathway> + Clone,
    random: &mut Random,
) -> &'static Pathway {
    let mut rest = random.below(pathways.clone().map(|pathway| pathway.weight).sum());
    for pathway in pathways {
        if rest < pathway.weight {
            return pathway;
        }
        rest -= pathway.weight;
    }
    &PATHWAYS[0]
}

struct Course {
    random: Random,
    patient: Rc<Patient>,
    age: i16,
    encounter: Encounter,
    now: DateTime,
    next_order: u64,
    problems: Vec<Problem>,
    events: Vec<Event>,
}

impl Course {
    fn tell(&mut self, pathway: &'static Pathway, index: u64) {
        self.send(None, Content::Registration { moved: false });
        let is_mistake = self.random.chance(1) && index >= PATHWAYS.len() as u64;
        if is_mistake {
            self.take_back();
            return;
        }
        if self.random.chance(40) {
            let allergy = self.random.pick(ALLERGIES);
            self.send(None, Content::Allergies(vec![allergy]));
            if self.random.chance(5) {
                self.take_back();
            }
        }
        self.visit(pathway);
        if let Some(infusion) = pathway.admitted {
            self.stay(infusion, index.is_multiple_of(2));
        }
        while self.random.chance(45) {
            let days = 7 + self.random.below_signed(21);
            self.now = later(self.now.date().at(9, 0, 0, 0), hours(24 * days));
            self.wait(240);
            if self.random.chance(20) {
                self.send(None, Content::Registration { moved: true });
            }
            let age = self.age;
            let routine = PATHWAYS.iter().filter(|next| next.is_routine() && next.suits(age));
            let next = weighted(routine, &mut self.random);
            self.visit(next);
        }
    }

    fn visit(&mut self, pathway: &'static Pathway) {
        self.encounter.department = pathway.department_for(self.age);
        self.send(None, Content::Movement(Movement::Reception));
        self.laboratory(pathway);
        if let Some(exam) = pathway.imaging {
            self.examine(Content::ImagingOrder(exam), Content::ImagingPerformed(exam));
        }
        if let Some(exam) = pathway.physiology {
            self.examine(Content::PhysiologyOrder(exam), Content::PhysiologyResult(exam));
        }
        self.diagnose(pathway);
        if !pathway.drugs.is_empty() {
            self.prescribe(pathway.drugs);
        }
    }

    fn laboratory(&mut self, pathway: &'static Pathway) {
        let infection = pathway.infection.map(|(test, positive)| LabGroup::Infection(test, positive));
        let groups: Rc<[LabGroup]> =
            pathway.panels.iter().map(|panel| LabGroup::Panel(panel)).chain(infection).collect();
        if groups.is_empty() {
            return;
        }
        let order = self.order();
        self.send(Some(order), Content::LabOrder(groups.clone()));
        self.wait(60);
        let collected = self.now;
        let result = |is_final| Content::LabResult { groups: groups.clone(), is_final };
        let noise = self.random.next();
        if self.random.chance(30) {
            self.send_at(Some(order), collected, noise, result(false));
            self.wait(60);
        }
        self.send_at(Some(order), collected, noise, result(true));
    }

    fn examine(&mut self, ordered: Content, performed: Content) {
        let (order, noise) = (self.order(), self.random.next());
        self.send_at(Some(order), self.now, noise, ordered);
        if self.random.chance(6) {
            self.take_back();
            return;
        }
        self.wait(90);
        self.send_at(Some(order), self.now, noise, performed);
    }

    fn diagnose(&mut self, pathway: &'static Pathway) {
        let known = self.problems.iter().any(|problem| problem.diagnosis == pathway.diagnosis);
        if !known {
            let problem = Problem {
                diagnosis: pathway.diagnosis,
                suspected: pathway.suspected,
                instance: self.order(),
                since: self.now,
                department: self.encounter.department,
            };
            self.problems.push(problem);
        }
        self.send(None, Content::Problems(self.problems.clone().into()));
    }

    fn prescribe(&mut self, drugs: &'static [&'static Drug]) {
        let order = self.order();
        let entered = self.now;
        let noise = self.random.next();
        self.send_at(Some(order), entered, noise, Content::Prescription { drugs, outside: false });
        if self.random.chance(20) {
            self.send_at(
                Some(order),
                entered,
                noise,
                Content::Prescription { drugs: &drugs[..1], outside: false },
            );
        }
        if self.random.chance(10) {
            self.take_back();
        }
    }

    /// An inpatient stay. `eventful` stays have what is rarer: leave, transfer, plans that are cancelled.
    fn stay(&mut self, infusion: &'static Infusion, eventful: bool) {
        let bed = self.free_bed();
        let mut admission = later(self.now, hours(20));
        self.encounter.stay = Some(Stay { bed, previous: None, admitted: admission });
        self.send_movement(Movement::PlannedAdmission, admission);
        if eventful {
            self.take_back();
            admission = later(admission, hours(24));
            self.encounter.stay = Some(Stay { bed, previous: None, admitted: admission });
            self.send_movement(Movement::PlannedAdmission, admission);
        }
        self.now = admission;
        self.send_movement(Movement::Admission, admission);
        for content in [Content::Diet, Content::Injection(infusion)] {
            let order = self.order();
            self.send(Some(order), content);
        }
        if eventful {
            self.leave();
            self.transfer();
        }
        self.now = later(self.now, hours(48));
        let discharge = later(self.now, hours(24));
        self.send_movement(Movement::PlannedDischarge, discharge);
        self.now = discharge;
        self.send_movement(Movement::Discharge, discharge);
        self.encounter.stay = None;
    }

    fn leave(&mut self) {
        self.now = later(self.now, hours(24));
        self.send_movement(Movement::Leave, self.now);
        self.now = later(self.now, hours(30));
        self.send_movement(Movement::Return, self.now);
    }

    fn transfer(&mut self) {
        let when = later(self.now, hours(18));
        let bed = self.free_bed();
        if let Some(stay) = &mut self.encounter.stay {
            stay.previous = Some(stay.bed);
            stay.bed = bed;
        }
        self.send_movement(Movement::PlannedTransfer, when);
        self.now = when;
        self.send_movement(Movement::Transfer, when);
    }

    fn free_bed(&mut self) -> Bed {
        Bed {
            ward: self.random.pick::<&str>(WARDS),
            room: 201 + self.random.below(20),
            bed: 1 + self.random.below(4),
        }
    }

    /// Sends a movement; now and then it was entered wrongly, is taken back and sent again.
    fn send_movement(&mut self, movement: Movement, at: DateTime) {
        let noise = self.random.next();
        self.send_at(None, at, noise, Content::Movement(movement));
        if self.random.chance(6) {
            self.take_back();
            self.send_at(None, at, noise, Content::Movement(movement));
        }
    }

    fn send(&mut self, order: Option<u64>, content: Content) {
        let noise = self.random.next();
        self.send_at(order, self.now, noise, content);
    }

    fn send_at(&mut self, order: Option<u64>, at: DateTime, noise: u64, content: Content) {
        let sent = self.tick();
        self.events.push(Event {
            patient: self.patient.clone(),
            encounter: self.encounter,
            sent,
            at,
            order,
            noise,
            is_deletion: false,
            content,
        });
    }

    /// Sends the deletion of what was sent last.
    fn take_back(&mut self) {
        let sent = self.tick();
        if let Some(last) = self.events.last().cloned() {
            self.events.push(Event { sent, is_deletion: true, ..last });
        }
    }

    fn order(&mut self) -> u64 {
        self.next_order += 1;
        self.next_order
    }

    /// Some seconds later, to the millisecond.
    fn tick(&mut self) -> DateTime {
        let milliseconds = 20_000 + self.random.below_signed(180_000);
        self.now = later(self.now, SignedDuration::from_millis(milliseconds));
        self.now
    }

    fn wait(&mut self, minutes_max: i64) {
        let wait = 1 + self.random.below_signed(minutes_max);
        self.now = later(self.now, minutes(wait));
    }
}

fn later(moment: DateTime, by: SignedDuration) -> DateTime {
    moment.saturating_add(by)
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}
