//! What the desk has been told.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::content::{Content, Patient, ReportContent, Study};
use super::examination::{Examination, Message};
use super::report::Report;
use super::request::Key;
use super::rule::Rules;
use crate::envelope::Change;
use crate::services::inbox::{Event, Unreadable};

/// A facility and the number of an order of its.
pub(super) type Number = (String, String);

/// A study that can be read.
#[derive(Debug)]
pub(super) struct Ready {
    /// Since when.
    pub(super) at: Timestamp,
    /// Of which examination.
    pub(super) number: Number,
    pub(super) study: Study,
}

/// The state of all examinations that reached the desk: a fold of events.
#[derive(Debug)]
pub struct Desk {
    pub(super) rules: Rules,
    /// By facility and number of the order; without a number, by the record.
    pub(super) examinations: BTreeMap<Number, Examination>,
    /// The requests that were made: each once, and for good.
    pub(super) ready: BTreeMap<Key, Ready>,
    pub(super) reports: Vec<Report>,
}

impl Desk {
    /// A desk that has been told nothing.
    pub fn new(rules: Rules) -> Self {
        Self { rules, examinations: BTreeMap::new(), ready: BTreeMap::new(), reports: Vec::new() }
    }

    /// Takes an event in. What is not about image reading is passed over.
    ///
    /// # Errors
    /// Where its data is not what its type promises.
    pub fn take(&mut self, event: &Event) -> Result<(), Unreadable> {
        let at: Timestamp = event.time.parse().map_err(|_| Unreadable::Fields(0))?;
        match event.kind() {
            _ if event.change == Change::Superseded => Ok(()),
            "imaging-order" => self.examination(event, at, true),
            "imaging-performed" => self.examination(event, at, false),
            "report" => self.report(event, at),
            _ => Ok(()),
        }
    }

    fn examination(&mut self, event: &Event, at: Timestamp, is_order: bool) -> Result<(), Unreadable> {
        let mut content: Content = event.read()?;
        let patient = content.patient.get_or_insert_with(Patient::default);
        if patient.id.is_empty() {
            patient.id.clone_from(&event.subject.0);
        }
        let facility = event.facility();
        let number = (facility.to_owned(), content.number().unwrap_or(&event.recordkey.0).to_owned());
        let examination = self.examinations.entry(number.clone()).or_default();
        let cancels = event.change == Change::Deleted;
        examination.take(Message { event: event.id.clone(), content }, is_order, cancels, at);
        if !self.rules.is_remote(facility, examination.contents()) {
            return Ok(());
        }
        for study in examination.studies() {
            let can_be_read = examination.is_radiology(&study) && examination.missing(&study).is_empty();
            if let Some(key) = Key::of(facility, &study).filter(|_| can_be_read) {
                self.ready.entry(key).or_insert_with(|| Ready { at, number: number.clone(), study });
            }
        }
        Ok(())
    }

    fn report(&mut self, event: &Event, at: Timestamp) -> Result<(), Unreadable> {
        let content: ReportContent = event.read()?;
        let status = Report::status(&content, event.change == Change::Deleted);
        let facility = event.facility().to_owned();
        self.reports.push(Report { event: event.id.clone(), facility, at, status, content });
        Ok(())
    }
}
