//! An outbreak of influenza: the messages behind given weekly numbers of cases, with everything that must not be
//! counted mixed in.
//!
//! A case is told by a positive test, by a diagnosis, or by both. Tests are repeated, messages come twice, lists of
//! diagnoses are sent again and again; results are corrected, diagnoses withdrawn; others are negative, suspected only,
//! long recovered, or take a drug to prevent it. Everybody is invented (架空).

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use jiff::ToSpan;
use jiff::civil::{Date, DateTime};

use super::message::person_name;
use super::people::{Person, person};
use super::random::Random;
use super::segment::{Segment, text};
use super::{Facility, patient_id};

/// What to write.
#[derive(Debug, Clone)]
pub struct OutbreakSettings {
    /// Facilities, each with its drop folder.
    pub facilities: Vec<(Facility, PathBuf)>,
    /// Mondays, with the number of cases of their weeks.
    pub weeks: Vec<(Date, u32)>,
    /// Decides everything else.
    pub seed: u64,
}

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OutbreakSummary {
    /// Messages.
    pub messages: u64,
    /// Cases that stay suspected: they come on top of the given numbers.
    pub suspected: u32,
    /// Cases that were told and taken back.
    pub withdrawn: u32,
}

/// A message on its way: when it is sent, the order of messages sent at one moment, which facility, the text.
struct Sent {
    at: DateTime,
    number: u64,
    facility: usize,
    text: String,
}

/// Writes one file a day and facility.
///
/// # Errors
/// When a folder or file can't be written.
pub fn outbreak(settings: &OutbreakSettings) -> io::Result<OutbreakSummary> {
    let mut outbreak = Outbreak {
        settings,
        random: Random::new(settings.seed, 0x464C_5500),
        people: 0,
        sent: Vec::new(),
        summary: OutbreakSummary::default(),
    };
    for (monday, cases) in &settings.weeks {
        for _ in 0..*cases {
            outbreak.case(*monday);
        }
        for _ in 0..cases.div_ceil(5) {
            outbreak.no_case(*monday);
        }
    }
    outbreak.write()
}

struct Outbreak<'s> {
    settings: &'s OutbreakSettings,
    random: Random,
    people: u64,
    sent: Vec<Sent>,
    summary: OutbreakSummary,
}

/// A patient of one facility.
struct Patient {
    facility: usize,
    id: String,
    person: Person,
}

/// A diagnosis of a list: instance, ICD-10, name, day, suspected.
type Listed = (u64, &'static str, &'static str, Date, bool);

impl Outbreak<'_> {
    fn patient(&mut self) -> Patient {
        self.people += 1;
        let facility = usize::try_from(self.random.below(self.settings.facilities.len() as u64)).unwrap_or(0);
        let code = self.settings.facilities.get(facility).map_or("", |(facility, _)| facility.code.as_str());
        let person = person(self.settings.seed, self.people);
        Patient { facility, id: patient_id(code, self.people), person }
    }

    /// A moment of the week, by day.
    fn moment(&mut self, monday: Date) -> DateTime {
        let day = monday.saturating_add(self.random.below_signed(7).days());
        day.at(9, 0, 0, 0).saturating_add(self.random.below_signed(480).minutes())
    }

    /// One case, however often it is told.
    fn case(&mut self, monday: Date) {
        let (patient, at) = (self.patient(), self.moment(monday));
        let test = self.random.chance(75);
        if test {
            let value = *self.random.pick(&["(+)", "1+", "2+", "陽性", "A(+)B(-)", "A(-)B(+)"]);
            let result = self.result(&patient, at, at, value, "F");
            self.send(&patient, at, &result);
            if self.random.chance(10) {
                // The same message once more.
                self.send(&patient, at.saturating_add(3.hours()), &result);
            }
        }
        if self.random.chance(12) && test {
            let later = at.saturating_add((1 + self.random.below_signed(4)).days());
            let again = self.result(&patient, later, later, "(+)", "F");
            self.send(&patient, later, &again);
        }
        if !test || self.random.chance(30) {
            self.diagnosed(&patient, at);
        }
        if self.random.chance(40) {
            let order = self.oseltamivir(&patient, at, "1012040400000000", "5^d");
            self.send(&patient, at.saturating_add(20.minutes()), &order);
        }
    }

    /// A list with the diagnosis, and later lists that repeat it.
    fn diagnosed(&mut self, patient: &Patient, at: DateTime) {
        let instance = self.people * 10;
        let mut list = vec![(instance, "J101", "インフルエンザA型", at.date(), false)];
        let sent = at.saturating_add(10.minutes());
        let first = self.list(patient, sent, "AD", &list);
        self.send(patient, sent, &first);
        while self.random.chance(20) {
            list.push((instance + 1, "J209", "急性気管支炎", at.date(), false));
            let sent = at.saturating_add((1 + self.random.below_signed(20)).days());
            let again = self.list(patient, sent, "AD", &list);
            self.send(patient, sent, &again);
        }
    }

    /// Somebody who must not be counted as a confirmed case.
    fn no_case(&mut self, monday: Date) {
        let (patient, at) = (self.patient(), self.moment(monday));
        let instance = self.people * 10;
        let day_after = at.saturating_add(1.day());
        match self.random.below(7) {
            0 => {
                let value = *self.random.pick(&["(-)", "陰性", "±", "判定保留", "A(-)B(-)"]);
                let result = self.result(&patient, at, at, value, "F");
                self.send(&patient, at, &result);
            }
            1 => {
                // Corrected, or withdrawn by its status: a message of its own about the same specimen.
                let (value, status) =
                    *self.random.pick(&[("(-)", "C"), ("(+)", "D"), ("(+)", "W"), ("", "X")]);
                for (sent, value, status) in [(at, "(+)", "F"), (day_after, value, status)] {
                    let result = self.result(&patient, at, sent, value, status);
                    self.send(&patient, sent, &result);
                }
                self.summary.withdrawn += 1;
            }
            2 => {
                let list = [(instance, "J101", "インフルエンザA型", at.date(), false)];
                for (sent, action) in [(at, "AD"), (day_after, "DE")] {
                    let list = self.list(&patient, sent, action, &list);
                    self.send(&patient, sent, &list);
                }
                self.summary.withdrawn += 1;
            }
            3 => {
                let list = [(instance, "J101", "インフルエンザの疑い", at.date(), true)];
                let list = self.list(&patient, at, "AD", &list);
                self.send(&patient, at, &list);
                self.summary.suspected += 1;
            }
            4 => {
                // An old illness that is still on the list.
                let long_ago = at.date().saturating_sub(60.days());
                let list = self.list(
                    &patient,
                    at,
                    "AD",
                    &[(instance, "J101", "インフルエンザA型", long_ago, false)],
                );
                self.send(&patient, at, &list);
            }
            5 => {
                let order = self.oseltamivir(&patient, at, "1011040000000000", "10^d");
                self.send(&patient, at, &order);
            }
            _ => {
                let result = self.antibody(&patient, at);
                self.send(&patient, at, &result);
            }
        }
    }

    fn send(&mut self, patient: &Patient, at: DateTime, segments: &[Segment]) {
        self.summary.messages += 1;
        let sent = Sent {
            at,
            number: self.summary.messages,
            facility: patient.facility,
            text: text(segments, "\r"),
        };
        self.sent.push(sent);
    }

    fn result(
        &self,
        patient: &Patient,
        taken: DateTime,
        sent: DateTime,
        value: &str,
        status: &str,
    ) -> Vec<Segment> {
        self.laboratory(
            patient,
            (taken, sent),
            ("5F399141009919011", "インフルエンザ抗原", "099"),
            (value, status),
        )
    }

    fn antibody(&self, patient: &Patient, at: DateTime) -> Vec<Segment> {
        self.laboratory(patient, (at, at), ("5F400143002314105", "インフルエンザA型抗体", "023"), ("40", "F"))
    }

    fn laboratory(
        &self,
        patient: &Patient,
        (taken, sent): (DateTime, DateTime),
        (code, name, material): (&str, &str, &str),
        (value, status): (&str, &str),
    ) -> Vec<Segment> {
        let order = format!("L{:09}", self.people);
        let mut segments = self.head(patient, sent, "OUL^R22^OUL_R22");
        segments.extend([
            Segment::new("SPM").with(1, "1").with(4, format!("{material}^^JC10")).with(17, minutes(taken)),
            Segment::new("OBR").with(1, "1").with(2, order.as_str()).with(4, format!("{code}^{name}^JC10")),
            Segment::new("ORC").with(1, "SC").with(2, order).with(5, "CM").with(9, seconds(sent)),
            Segment::new("OBX")
                .with(1, "1")
                .with(2, "ST")
                .with(3, format!("{code}^{name}^JC10"))
                .with(5, value)
                .with(11, status)
                .with(14, minutes(taken)),
        ]);
        segments
    }

    fn list(&self, patient: &Patient, sent: DateTime, action: &str, problems: &[Listed]) -> Vec<Segment> {
        let mut segments = self.head(patient, sent, "PPR^ZD1^PPR_ZD1");
        for (instance, icd10, name, day, suspected) in problems {
            let day = day.strftime("%Y%m%d").to_string();
            let problem = Segment::new("PRB")
                .with(1, action)
                .with(2, seconds(sent))
                .with(3, format!("{icd10}^{name}^I10"))
                .with(4, instance.to_string())
                .with(7, day)
                .with(10, format!("{icd10}^{name}^I10^O^外来時^JHSD0004"));
            let problem = if *suspected { problem.with(13, "1^疑い^JHSD0005") } else { problem };
            segments.extend([problem, Segment::new("ORC").with(1, "NW").with(2, instance.to_string())]);
        }
        segments
    }

    fn oseltamivir(&self, patient: &Patient, at: DateTime, usage: &str, duration: &str) -> Vec<Segment> {
        let order = format!("R{:09}", self.people);
        let mut segments = self.head(patient, at, "RDE^O11^RDE_O11");
        segments.extend([
            Segment::new("ORC").with(1, "NW").with(2, order).with(9, seconds(at)),
            Segment::new("RXE")
                .with(2, "999000101^オセルタミビルカプセル７５ｍｇ^HOT9^6250021M1027^オセルタミビル^YJ")
                .with(3, "1"),
            Segment::new("TQ1").with(3, format!("{usage}^^JAMISDP01")).with(6, duration).with(7, minutes(at)),
        ]);
        segments
    }

    fn head(&self, patient: &Patient, sent: DateTime, message_type: &str) -> Vec<Segment> {
        let person = &patient.person;
        vec![
            Segment::new("MSH")
                .with(2, "^~\\&")
                .with(3, "HIS")
                .with(4, "KAKUU")
                .with(7, seconds(sent))
                .with(9, message_type)
                .with(10, format!("FLU{:09}", self.summary.messages + 1))
                .with(11, "P")
                .with(12, "2.5")
                .with(18, "UNICODE UTF-8"),
            Segment::new("PID")
                .with(1, "0001")
                .with(3, format!("{}^^^^PI", patient.id))
                .with(5, person_name(person))
                .with(7, person.birth.strftime("%Y%m%d").to_string())
                .with(8, person.sex.to_string()),
            Segment::new("PV1").with(1, "0001").with(2, "O"),
        ]
    }

    /// A file a day and facility, in the order in which they are sent.
    fn write(mut self) -> io::Result<OutbreakSummary> {
        self.sent.sort_by_key(|sent| (sent.at, sent.number));
        for (_, folder) in &self.settings.facilities {
            fs::create_dir_all(folder)?;
        }
        for day in self.sent.chunk_by(|one, next| one.at.date() == next.at.date()) {
            for (at, (_, folder)) in self.settings.facilities.iter().enumerate() {
                let of_facility = || day.iter().filter(|sent| sent.facility == at);
                let Some(first) = of_facility().next() else { continue };
                let name = format!("{}.hl7", first.at.date());
                let mut file = io::BufWriter::new(fs::File::create(folder.join(name))?);
                for sent in of_facility() {
                    file.write_all(sent.text.as_bytes())?;
                }
                file.flush()?;
            }
        }
        Ok(self.summary)
    }
}

fn seconds(moment: DateTime) -> String {
    moment.strftime("%Y%m%d%H%M%S").to_string()
}

fn minutes(moment: DateTime) -> String {
    moment.strftime("%Y%m%d%H%M").to_string()
}
