//! Leaves out of an event what is sensitive and not shown: elements of lists where it is in one, else the event.
//!
//! What is left mentions nothing of it any more; what could not be taken apart does not go at all.

use serde::Serialize;

use super::sensitive::{Categories, Sensitive};
use crate::canonical::{
    AdministeredDrug, AllergyEntry, CanonicalEvent, Content, Document, Event, ExaminationOrder,
    ExaminationPerformed, Place, Referral, TestResult, Text, Unmapped, Visit,
};

/// Takes sensitive elements out.
struct Shears<'s> {
    sensitive: &'s Sensitive,
    shows: &'s Categories,
    /// Elements that were taken out.
    taken: usize,
}

/// What of an event is looked at: whom it is about and the message's header say nothing sensitive.
#[derive(Serialize)]
struct Told<'e, 'm> {
    visit: &'e Option<Visit<'m>>,
    known_allergies: &'e Vec<AllergyEntry<'m>>,
    content: &'e Content<'m>,
    unmapped: &'e Vec<(Place, Text<'m>)>,
}

impl Sensitive {
    /// The categories of all that is sensitive in an event.
    pub(super) fn in_event(&self, event: &CanonicalEvent<'_>) -> Categories {
        let Event { visit, known_allergies, content, .. } = event;
        self.categories(&Told { visit, known_allergies, content, unmapped: &event.unmapped.0 })
    }

    /// The event without what is sensitive and not among `shows`; nothing where the event is sensitive as a whole, or
    /// where nothing of it is left.
    pub(super) fn withhold<'m>(
        &self,
        event: &CanonicalEvent<'m>,
        shows: &Categories,
    ) -> Option<CanonicalEvent<'m>> {
        let mut rest = Event {
            change: event.change,
            message: event.message.clone(),
            patient: event.patient.clone(),
            visit: event.visit.clone(),
            known_allergies: event.known_allergies.clone(),
            content: event.content.clone(),
            unmapped: event.unmapped.clone(),
            findings: event.findings.clone(),
            // They are kept for the whole event; what is left names those that it may.
            attached: Vec::new(),
        };
        let mut shears = Shears { sensitive: self, shows, taken: 0 };
        shears.trim(&mut rest.known_allergies);
        let some = shears.content(&mut rest.content);
        if shears.taken > 0 {
            // Parts of what was taken out may stand there, as codes that nobody knows.
            rest.unmapped = Unmapped(Vec::new());
        }
        (some && self.in_event(&rest).is_subset(shows)).then_some(rest)
    }
}

impl Shears<'_> {
    fn hides<T: Serialize>(&self, element: &T) -> bool {
        !self.sensitive.categories(element).is_subset(self.shows)
    }

    /// Takes elements out of a list. Whether the list still has some, or never had.
    fn trim<T: Serialize>(&mut self, list: &mut Vec<T>) -> bool {
        let before = list.len();
        list.retain(|element| !self.hides(element));
        self.taken += before - list.len();
        !list.is_empty() || before == 0
    }

    /// Takes elements out of a list that others count, and what belongs to them; the others count anew.
    fn trim_counted<T: Serialize, U>(
        &mut self,
        list: &mut Vec<T>,
        counting: &mut Vec<U>,
        number: impl Fn(&mut U) -> &mut Option<usize>,
    ) -> bool {
        let stays: Vec<_> = list.iter().map(|element| !self.hides(element)).collect();
        let kept = self.trim(list);
        let is_kept = |counted: usize| stays.get(counted.wrapping_sub(1)).copied().unwrap_or(true);
        let before = counting.len();
        counting.retain_mut(|other| number(other).is_none_or(is_kept));
        self.taken += before - counting.len();
        for counted in counting.iter_mut().filter_map(|other| number(other).as_mut()) {
            *counted -= stays.iter().take(*counted).filter(|stays| !**stays).count();
        }
        kept
    }

    /// Whether something of the content is left.
    fn content(&mut self, content: &mut Content<'_>) -> bool {
        match content {
            // An empty snapshot says that the other diagnoses are over.
            Content::Diagnosis(list) => self.trim(&mut list.problems) || list.snapshot,
            Content::LabResult(lab) => {
                let had = lab.results.len();
                let orders = self.trim_counted(&mut lab.orders, &mut lab.results, of_order);
                self.trim(&mut lab.results);
                if had == 0 { orders } else { !lab.results.is_empty() }
            }
            Content::LabOrder(orders) => {
                self.trim(&mut orders.observations);
                self.trim_counted(&mut orders.tests, &mut orders.observations, of_order)
            }
            Content::Prescription(list) => self.trim(&mut list.medications),
            Content::Injection(list) => self.trim(&mut list.injections),
            Content::Administration(given) => {
                let had = given.administrations.len();
                self.trim_counted(&mut given.orders, &mut given.administrations, of_drug);
                self.trim(&mut given.administrations);
                !given.administrations.is_empty() || had == 0 && !given.orders.is_empty()
            }
            Content::Allergy(list) => self.trim(&mut list.allergies),
            Content::DietOrder(list) => self.trim(&mut list.diets),
            Content::ImagingOrder(order)
            | Content::EndoscopyOrder(order)
            | Content::PhysiologyOrder(order) => self.order(order),
            Content::ImagingPerformed(performed) | Content::EndoscopyPerformed(performed) => {
                self.performed(performed)
            }
            Content::PhysiologyResult(result) => {
                let had = result.results.len();
                let requests = self.trim_counted(&mut result.requests, &mut result.results, of_order);
                self.trim(&mut result.results);
                if had == 0 { requests } else { !result.results.is_empty() }
            }
            // Which study belongs to which report is not told.
            Content::Report(list) => {
                self.trim(&mut list.reports) && (self.taken == 0 || list.studies.is_empty())
            }
            Content::Document(document) => self.document(document),
            Content::Referral(referral) | Content::ReferralReply(referral) => self.referral(referral),
            // They have no list of equals: they go whole or not.
            Content::Patient(_)
            | Content::Merge(_)
            | Content::Encounter(_)
            | Content::Appointment(_)
            | Content::Checkup(_)
            | Content::Message(_) => true,
        }
    }

    fn order(&mut self, order: &mut ExaminationOrder<'_>) -> bool {
        // Which study belongs to which request is not told.
        if !order.studies.is_empty() && order.requests.iter().any(|request| self.hides(request)) {
            return false;
        }
        self.trim(&mut order.observations);
        self.trim_counted(&mut order.requests, &mut order.observations, of_order)
    }

    fn performed(&mut self, performed: &mut ExaminationPerformed<'_>) -> bool {
        if performed.requests.iter().any(|request| self.hides(request)) {
            return false;
        }
        self.trim(&mut performed.observations);
        self.trim(&mut performed.procedures)
    }

    fn document(&mut self, document: &mut Document<'_>) -> bool {
        let Document { sections, observations, attachments, files, .. } = document;
        // A file can't be looked into: with a sensitive section in it, none goes.
        let whole = self.trim(sections) & self.trim(observations);
        if self.taken > 0 {
            attachments.clear();
            files.clear();
        }
        whole & self.trim(attachments) & self.trim(files)
    }

    fn referral(&mut self, referral: &mut Referral<'_>) -> bool {
        self.trim(&mut referral.diagnoses);
        self.trim(&mut referral.procedures);
        self.trim(&mut referral.results);
        self.trim(&mut referral.notes);
        // The letter is one text.
        let letter = referral.document.as_ref();
        self.taken == 0
            || letter.is_none_or(|letter| letter.files.is_empty() && letter.attachments.is_empty())
    }
}

fn of_drug<'r>(drug: &'r mut AdministeredDrug<'_>) -> &'r mut Option<usize> {
    &mut drug.order
}

fn of_order<'r>(result: &'r mut TestResult<'_>) -> &'r mut Option<usize> {
    &mut result.order
}
