//! A stay on a ward: admission, what every day brings, discharge and its summary.

use std::rc::Rc;

use jiff::ToSpan;
use jiff::civil::{Date, DateTime};

use super::calendar::Opening;
use super::letter;
use super::outgoing::Paper;
use super::site::Keeping;
use super::visit::Visit;
use crate::simulate::catalogue::*;
use crate::simulate::event::*;

/// What a patient takes home.
static TAKEN_HOME: &[&Drug] = &[&PARACETAMOL, &CARBOCISTEINE];
const WARDS: &[&str] = &["2A", "2B", "3C", "4D"];

impl Visit<'_> {
    /// The first stay of a region shows every movement and its cancellation; others have what is rare now and then.
    pub(super) fn stay(&mut self, infusion: &'static Infusion) {
        let is_first = self.next_stay() == 1 && self.show.is_some();
        let eventful = is_first || self.random.chance(15);
        let bed = self.free_bed();
        let admission = self.admission();
        self.encounter.stay = Some(Stay { bed, previous: None, admitted: admission });
        self.moved(Movement::PlannedAdmission, admission, is_first);
        self.now = self.now.max(admission);
        self.moved(Movement::Admission, admission, is_first);
        if eventful {
            self.change_doctor(is_first);
        }
        self.wait(20, 60);
        let order = self.order();
        self.send(Some(order), Content::Diet);
        self.infuse(infusion);
        let days = if eventful { 6 } else { 2 + self.random.below_signed(6) };
        for day in 1..days {
            self.ward_day(admission.date().saturating_add(day.days()), day, infusion, (eventful, is_first));
        }
        self.discharge(admission.date().saturating_add(days.days()), is_first);
    }

    /// At once in an emergency, else on the next day that is open.
    fn admission(&mut self) -> DateTime {
        if self.is_emergency() {
            return self.within(60, 150);
        }
        let day = self.world.calendar.working_day(self.now.date(), 1);
        day.at(10, 0, 0, 0).saturating_add(self.random_minutes(90))
    }

    /// A day on the ward: vital signs and blood in the morning, the round, infusions; leave, transfer, plans.
    fn ward_day(
        &mut self,
        date: Date,
        day: i64,
        infusion: &'static Infusion,
        (eventful, is_first): (bool, bool),
    ) {
        let away = eventful && day == 3;
        if away {
            self.now = self.moment(date, 15, 90);
            self.moved(Movement::Return, self.now, is_first);
            return;
        }
        let morning = self.moment_at(date, 6);
        self.vital_signs(morning);
        self.now = self.moment(date, 6, 50);
        if day % 2 == 1 {
            self.test(Rc::new([LabGroup::Panel(&HAEMATOLOGY), LabGroup::Panel(&CHEMISTRY)]));
        }
        if self.world.calendar.opening(date) != Opening::Closed {
            self.now = self.moment(date, 8, 120);
            self.infuse(infusion);
        }
        if eventful && day == 2 {
            self.now = self.moment(date, 16, 60);
            self.moved(Movement::Leave, self.now, is_first);
        }
        if eventful && day == 4 {
            self.transfer(date, is_first);
        }
    }

    fn infuse(&mut self, infusion: &'static Infusion) {
        let (order, noise) = (self.order(), self.random.next());
        self.put_now(Some(order), noise, Content::Injection(infusion));
        if self.happens(4, 6) {
            self.take_back();
            return;
        }
        let given = self.within(150, 300);
        self.put(given, Some(order), given, noise, Content::Injected(infusion));
    }

    fn change_doctor(&mut self, is_wrong: bool) {
        self.encounter.doctor = self.random.pick(DOCTORS);
        self.wait(5, 15);
        self.send(None, Content::DoctorChange);
        if is_wrong {
            self.take_back();
            self.send(None, Content::DoctorChange);
        }
    }

    fn transfer(&mut self, date: Date, is_wrong: bool) {
        self.now = self.moment(date, 11, 30);
        let when = date.at(14, 0, 0, 0).saturating_add(self.random_minutes(60));
        let bed = self.free_bed();
        if let Some(stay) = &mut self.encounter.stay {
            stay.previous = Some(stay.bed);
            stay.bed = bed;
        }
        self.moved(Movement::PlannedTransfer, when, is_wrong);
        self.now = when;
        self.moved(Movement::Transfer, when, is_wrong);
    }

    fn discharge(&mut self, date: Date, is_wrong: bool) {
        let when = date.at(10, 0, 0, 0).saturating_add(self.random_minutes(60));
        self.now = self.now.max(self.moment(date.saturating_sub(1.day()), 16, 60));
        self.moved(Movement::PlannedDischarge, when, is_wrong);
        self.now = self.now.max(self.moment(date, 9, 20));
        self.prescribe(TAKEN_HOME);
        self.now = self.now.max(when);
        self.moved(Movement::Discharge, when, is_wrong);
        self.record.in_bed_until = Some(self.now);
        let written = self.world.calendar.working_day(date, 1 + self.random.below_signed(2));
        let at = written.at(16, 30, 0, 0).saturating_add(self.random_minutes(90));
        let key = self.order();
        if self.site.keeping == Keeping::Announced {
            self.document(at, Paper::Summary, key);
        } else {
            let summary = letter::summary(&self.party(at), key);
            self.letter(at, summary);
        }
        self.encounter.stay = None;
    }

    fn vital_signs(&mut self, at: DateTime) {
        if self.site.keeping == Keeping::Announced {
            let key = self.order();
            self.document(at, Paper::Vitals, key);
        }
    }

    fn moved(&mut self, movement: Movement, at: DateTime, is_wrong: bool) {
        let is_wrong = is_wrong || self.random.chance(3);
        self.movement(movement, at, is_wrong);
    }

    fn free_bed(&mut self) -> Bed {
        Bed {
            ward: self.random.pick::<&str>(WARDS),
            room: 201 + self.random.below(40),
            bed: 1 + self.random.below(4),
        }
    }

    /// Some minutes after an hour of a day.
    fn moment(&mut self, date: Date, hour: i8, minutes: i64) -> DateTime {
        date.at(hour, 10, 0, 0).saturating_add(self.random_minutes(minutes))
    }

    fn moment_at(&mut self, date: Date, hour: i8) -> DateTime {
        date.at(hour, 0, 0, 0).saturating_add(self.random_minutes(10))
    }
}
