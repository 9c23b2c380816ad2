//! Where what leaves a facility goes: its storage, its drop folder, a connection.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use hl7v2::charset::Charset;
use jiff::SignedDuration;
use jiff::civil::DateTime;

use super::fault::{FaultKind, FaultRates, FaultRecord, OTHER_FACILITY};
use super::outgoing::{Document, Item, Outgoing, Paper};
use super::sender::Sender;
use super::site::{Keeping, Site};
use super::{RegionError, RegionSettings, RegionSummary, World};
use crate::simulate::archive::{Archive, Put};
use crate::simulate::checkup;
use crate::simulate::event::Event;
use crate::simulate::extension;
use crate::simulate::message;
use crate::simulate::people::person;
use crate::simulate::segment::text;

const FAULTS: &str = "faults.ndjson";

/// Something that is to be written, with its number among what its facility sends.
#[derive(Debug)]
pub(super) struct Numbered {
    pub(super) site: usize,
    pub(super) number: u64,
    pub(super) outgoing: Outgoing,
    /// When it is written.
    pub(super) due: DateTime,
    fault: Option<FaultKind>,
}

/// A facility's system, as far as it writes.
struct Sink {
    archive: Option<Archive>,
    sender: Option<Sender>,
    /// Messages so far.
    number: u64,
}

/// All of them.
pub(super) struct Sinks {
    root: PathBuf,
    put: Put,
    seed: u64,
    rates: FaultRates,
    log: Option<io::BufWriter<fs::File>>,
    sinks: Vec<Sink>,
    pub(super) summary: RegionSummary,
}

/// A message as it is written.
struct Message {
    bytes: Vec<u8>,
    control_id: String,
}

impl Sinks {
    pub(super) fn new(
        root: &Path,
        world: &World,
        settings: &RegionSettings,
        put: Put,
    ) -> Result<Self, RegionError> {
        let log = root.join(FAULTS);
        let opened = (!settings.faults.is_none())
            .then(|| fs::OpenOptions::new().create(true).append(true).open(&log).map(io::BufWriter::new));
        let sink = |site: &Site| {
            let folder = |below| root.join(site.folder(below));
            let log = (site.keeping == Keeping::Announced).then(|| folder("transaction"));
            let archive = (site.keeping != Keeping::Dropped)
                .then(|| Archive::new(&site.facility, &folder("standard"), log.as_deref(), put));
            // What was sent before somebody listened lies in the drop folder.
            let sender = site.port.filter(|_| put == Put::Renamed).map(Sender::new);
            Sink { archive, sender, number: 0 }
        };
        Ok(Self {
            root: root.to_owned(),
            put,
            seed: settings.seed,
            rates: settings.faults.clone(),
            log: opened.transpose().map_err(RegionError::write(log.display()))?,
            sinks: world.sites.iter().map(sink).collect(),
            summary: RegionSummary::default(),
        })
    }

    /// Numbers what leaves a facility on a day, and draws its faults: one of them changes the order.
    pub(super) fn arrange(&mut self, site: usize, leaving: Vec<Outgoing>) -> Vec<Numbered> {
        let Some(sink) = self.sinks.get_mut(site) else { return Vec::new() };
        let seed = self.seed ^ ((site as u64) << 32);
        let mut list: Vec<Numbered> = Vec::with_capacity(leaving.len());
        for outgoing in leaving {
            sink.number += 1;
            let number = sink.number;
            let (due, fault) = (outgoing.at, self.rates.draw(seed, number));
            list.push(Numbered { site, number, outgoing, due, fault });
        }
        // From the end, so that nothing is moved twice.
        for at in (0..list.len()).rev() {
            let Some((one, rest)) = list.get_mut(at..).and_then(<[_]>::split_first_mut) else { break };
            if one.fault != Some(FaultKind::OutOfOrder) {
                continue;
            }
            let next = rest.iter().position(|next| next.outgoing.patient() == one.outgoing.patient());
            match next.and_then(|next| list.get_mut(at..=at + 1 + next)) {
                Some(late) => late.rotate_left(1),
                None => list[at].fault = None,
            }
        }
        list
    }

    /// Counts what leaves a facility on a day that is written already.
    pub(super) fn skip(&mut self, site: usize, count: usize) {
        if let Some(sink) = self.sinks.get_mut(site) {
            sink.number += count as u64;
        }
    }

    /// Writes one of them.
    pub(super) fn write(&mut self, world: &World, numbered: Numbered) -> Result<(), RegionError> {
        let Some(site) = world.sites.get(numbered.site) else { return Ok(()) };
        let written = self.try_write(world, site, numbered);
        written.map_err(RegionError::write(self.root.join(site.folder("")).display()))
    }

    fn try_write(&mut self, world: &World, site: &Site, numbered: Numbered) -> io::Result<()> {
        let Numbered { number, outgoing: Outgoing { at, item }, fault, .. } = numbered;
        let name = format!("{}_{number:07}", at.strftime("%Y%m%d%H%M%S"));
        match item {
            Item::Event(event) if site.keeping == Keeping::Dropped => {
                let mut segments = message::segments(&site.facility, number, &event);
                for header in segments.iter_mut().take(1) {
                    *header = header.clone().with(18, "UNICODE UTF-8").with(20, "").with(21, "");
                }
                let message = (text(&segments, "\r"), format!("SIM{number:012}"));
                self.count(event.data_type());
                self.send(site, &name, message, fault)
            }
            Item::Event(event) => self.store(site, &event, number, fault),
            Item::Letter(letter) => {
                let control = letter.segments.first().and_then(|header| header.split('|').nth(9));
                let control = control.unwrap_or_default().to_owned();
                let text: String =
                    letter.segments.iter().flat_map(|segment| [segment.as_str(), "\r"]).collect();
                self.count("letter");
                self.send(site, &name, (text, control), fault)
            }
            Item::Document(document) => self.document(world, site, at, &document),
            Item::Checkups(people) => {
                let people: Vec<_> = people.into_iter().map(|number| person(world.seed, number)).collect();
                let archive = checkup::archive(&site.facility.code, at.date(), &people)?;
                self.count("checkup");
                self.summary.bytes += archive.bytes.len() as u64;
                self.put.write(&self.root.join(site.folder("checkup")).join(archive.name), &archive.bytes)
            }
        }
    }

    /// Into the storage; the transaction record comes first.
    fn store(&mut self, site: &Site, event: &Event, number: u64, fault: Option<FaultKind>) -> io::Result<()> {
        let Some(archive) = self.sinks.get_mut(site.index).and_then(|sink| sink.archive.as_mut()) else {
            return Ok(());
        };
        let fault = fault.filter(|fault| match fault {
            FaultKind::WrongFacility => archive.has_log(),
            // A log holds the whole message, whatever became of the file.
            fault => !(fault.is_incomplete() && archive.has_log()),
        });
        let text = message::render(&site.facility, number, event);
        let bytes = written(&text, Charset::Iso2022Jp, fault)?;
        let facility = match fault {
            Some(FaultKind::WrongFacility) => OTHER_FACILITY,
            _ => &site.facility.code,
        };
        archive.log(event, facility, &bytes)?;
        let mut path = archive.store(event, &bytes)?;
        let mut copies = 1;
        if fault == Some(FaultKind::Duplicate) {
            let again =
                Event { sent: event.sent.saturating_add(SignedDuration::from_millis(1)), ..event.clone() };
            archive.log(&again, facility, &bytes)?;
            path = archive.store(&again, &bytes)?;
            copies = 2;
        }
        for _ in 0..copies {
            self.count(event.data_type());
            self.summary.bytes += bytes.len() as u64;
        }
        let message = Message { bytes, control_id: format!("SIM{number:012}") };
        self.note(site, fault, Some(&path), &message)
    }

    /// Into the drop folder, or over the connection.
    fn send(
        &mut self,
        site: &Site,
        name: &str,
        (text, control_id): (String, String),
        fault: Option<FaultKind>,
    ) -> io::Result<()> {
        let folder = self.root.join(site.folder("hl7"));
        let has_sender = self.sinks.get(site.index).is_some_and(|sink| sink.sender.is_some());
        let fault = fault
            .filter(|fault| *fault != FaultKind::WrongFacility && !(fault.is_incomplete() && has_sender));
        let message = Message { bytes: written(&text, Charset::Utf8, fault)?, control_id };
        let copies: &[&str] = if fault == Some(FaultKind::Duplicate) { &["", "_again"] } else { &[""] };
        let mut path = None;
        for copy in copies {
            let file = folder.join(format!("{name}{copy}.hl7"));
            self.summary.bytes += message.bytes.len() as u64;
            match self.sinks.get_mut(site.index).and_then(|sink| sink.sender.as_mut()) {
                Some(sender) => sender.send(file, message.bytes.clone()),
                None => {
                    self.put.write(&file, &message.bytes)?;
                    path = Some(file);
                }
            }
        }
        self.summary.messages += copies.len() as u64 - 1;
        self.note(site, fault, path.as_deref(), &message)
    }

    fn document(&mut self, world: &World, site: &Site, at: DateTime, document: &Document) -> io::Result<()> {
        let (paper, name) = match document.paper {
            Paper::Referral(to) => {
                let Some(to) = world.sites.get(to) else { return Ok(()) };
                (extension::Paper::Referral(&to.facility), "document 57133-1")
            }
            Paper::Summary => (extension::Paper::Summary, "document 18842-5"),
            Paper::Vitals => (extension::Paper::Vitals, "document 85353-1"),
        };
        let document = extension::Document {
            paper,
            from: &site.facility,
            subject: &document.patient,
            key: document.key / 1000,
            at,
            authored: at.date(),
            time: format!("{}{:03}", at.strftime("%Y%m%d%H%M%S"), at.millisecond()),
        };
        let (_, size) = document.write(&self.root.join(site.folder("extension")), self.put)?;
        self.count(name);
        self.summary.bytes += size;
        Ok(())
    }

    fn count(&mut self, what: &'static str) {
        self.summary.messages += 1;
        *self.summary.data_types.entry(what).or_default() += 1;
    }

    /// Writes down a fault.
    fn note(
        &mut self,
        site: &Site,
        fault: Option<FaultKind>,
        path: Option<&Path>,
        message: &Message,
    ) -> io::Result<()> {
        let (Some(fault), Some(log)) = (fault, &mut self.log) else { return Ok(()) };
        *self.summary.faults.entry(fault).or_default() += 1;
        let (expect, code) = fault.expected();
        let below = |path: &Path| path.strip_prefix(&self.root).unwrap_or(path).display().to_string();
        let record = FaultRecord {
            feed: site.feed.clone(),
            file: path.map(below),
            control_id: message.control_id.clone(),
            fault,
            expect,
            code: code.map(str::to_owned),
        };
        serde_json::to_writer(&mut *log, &record)?;
        log.write_all(b"\n")
    }

    /// Lets the connections send what they still have; what nobody takes goes to the drop folders.
    pub(super) fn finish(&mut self) -> Result<(), RegionError> {
        let senders = self.sinks.iter_mut().filter_map(|sink| sink.sender.as_mut());
        for sender in senders {
            sender.finish(self.put).map_err(RegionError::write(self.root.display()))?;
        }
        self.log.as_mut().map_or(Ok(()), Write::flush).map_err(RegionError::write(FAULTS))
    }

    /// Gives the connections a chance to send what waits.
    pub(super) fn attend(&mut self) {
        self.sinks.iter_mut().filter_map(|sink| sink.sender.as_mut()).for_each(Sender::attend);
    }

    /// How many messages wait for somebody to listen.
    pub(super) fn waiting(&self) -> usize {
        self.sinks.iter().filter_map(|sink| sink.sender.as_ref()).map(Sender::waiting).sum()
    }
}

/// A message's bytes, with its fault.
fn written(text: &str, charset: Charset, fault: Option<FaultKind>) -> io::Result<Vec<u8>> {
    match fault {
        Some(fault) => fault.in_bytes(&fault.in_text(text.to_owned()), charset),
        None => hl7v2::charset::encode(text, charset).map_err(io::Error::other),
    }
}
