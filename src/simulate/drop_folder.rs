//! A drop folder of HL7 v2 files as laboratories and older systems write them: UTF-8 and Shift_JIS, CR, LF
//! and CRLF, a batch with FHS and BHS, a file that still carries its MLLP framing.

use std::fs;
use std::io;
use std::path::PathBuf;

use hl7v2::charset::Charset;
use hl7v2::charset::encode;
use jiff::SignedDuration;
use jiff::civil::Date;
use jiff::civil::DateTime;

use super::Facility;
use super::Person;
use super::catalogue::*;
use super::patient_id;
use super::people::person;
use super::random::Random;
use super::segment::Segment;
use super::segment::escape;
use super::segment::text;

/// What to write where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropFolderSettings {
    /// The folder; created where absent.
    pub root: PathBuf,
    /// The sending facility.
    pub facility: Facility,
    /// How many people; each adds nine files.
    pub people: u64,
    /// Number of the first person (see [`person`]).
    pub first_person: u64,
    /// Decides everything else.
    pub seed: u64,
    /// The last day on which something is sent.
    pub today: Date,
}

/// How a file is written.
#[derive(Clone, Copy)]
struct Form {
    name: &'static str,
    charset: Charset,
    terminator: &'static str,
}

const CR: Form = Form { name: "cr", charset: Charset::Utf8, terminator: "\r" };
const LF: Form = Form { name: "lf", charset: Charset::Utf8, terminator: "\n" };
const CRLF_SHIFT_JIS: Form = Form { name: "crlf_sjis", charset: Charset::Cp932, terminator: "\r\n" };

/// Writes the folder; returns the number of files.
///
/// # Errors
/// When a folder or file can't be written.
pub fn drop_folder(settings: &DropFolderSettings) -> io::Result<u64> {
    fs::create_dir_all(&settings.root)?;
    let mut files = 0;
    for index in 0..settings.people {
        let number = settings.first_person + index;
        let mut random = Random::new(settings.seed ^ 0x4452_4F50, number);
        let days = i64::try_from(settings.people - index).unwrap_or(0);
        let day = settings.today.saturating_sub(SignedDuration::from_hours(24 * days));
        let mut sender = Sender {
            facility: &settings.facility,
            patient: patient_id(&settings.facility.code, number),
            person: person(settings.seed, number),
            now: day.at(9, 0, 0, 0).saturating_add(SignedDuration::from_mins(random.below_signed(300))),
            sequence: number * 100,
            random,
        };
        for (name, bytes) in sender.files()? {
            fs::write(settings.root.join(format!("{}_{name}.hl7", sender.patient)), bytes)?;
            files += 1;
        }
    }
    Ok(files)
}

struct Sender<'a> {
    facility: &'a Facility,
    patient: String,
    person: Person,
    now: DateTime,
    sequence: u64,
    random: Random,
}

impl Sender<'_> {
    fn files(&mut self) -> io::Result<Vec<(String, Vec<u8>)>> {
        let mut files = Vec::new();
        for (name, form, trigger) in
            [("adt_a08", CR, "A08"), ("adt_a01", LF, "A01"), ("adt_a03", CRLF_SHIFT_JIS, "A03")]
        {
            files.push((format!("{name}_{}", form.name), write(&[self.movement(form, trigger)], form)?));
        }
        let positive = self.random.chance(60);
        for form in [CR, LF, CRLF_SHIFT_JIS] {
            let bytes = write(&[self.result(form, positive)], form)?;
            files.push((format!("oru_r01_{}", form.name), bytes));
        }
        files.push(("orm_o01_cr".to_owned(), write(&[self.request(CR)], CR)?));
        files.push(("batch_cr".to_owned(), self.batch()?));
        let framed = [&[0x0B], write(&[self.result(CR, false)], CR)?.as_slice(), &[0x1C, 0x0D]].concat();
        files.push(("mllp_oru_r01".to_owned(), framed));
        Ok(files)
    }

    fn header(&mut self, form: Form, message_type: &str) -> Segment {
        self.sequence += 1;
        self.now = self.now.saturating_add(SignedDuration::from_secs(60 + self.random.below_signed(600)));
        Segment::new("MSH")
            .with(2, "^~\\&")
            .with(3, "LIS")
            .with(4, "KAKUU")
            .with(5, "HUB")
            .with(6, "NETWORK")
            .with(7, self.moment())
            .with(9, message_type)
            .with(10, format!("DROP{:08}", self.sequence))
            .with(11, "P")
            .with(12, "2.5.1")
            .with(18, if form.charset == Charset::Utf8 { "UNICODE UTF-8" } else { "Shift_JIS" })
    }

    fn moment(&self) -> String {
        self.now.strftime("%Y%m%d%H%M%S+0900").to_string()
    }

    fn patient(&self) -> Segment {
        let person = &self.person;
        let authority = format!("1.2.392.100495.20.3.51.1{}", self.facility.code);
        Segment::new("PID")
            .with(1, "1")
            .with(3, format!("{}^^^KENKO&{authority}&ISO^PI", self.patient))
            .with(5, super::message::person_name(person))
            .with(7, person.birth.strftime("%Y%m%d").to_string())
            .with(8, person.sex.to_string())
            .with(11, format!("^^^^{}^JPN^H^{}", person.postal, escape(&person.address)))
            .with(13, format!("^PRN^PH^^^^^^^^^{}", person.phone))
    }

    fn visit(&self, class: &str, location: &str) -> Segment {
        let doctor = &DOCTORS[self.sequence as usize % DOCTORS.len()];
        Segment::new("PV1")
            .with(1, "1")
            .with(2, class)
            .with(3, location)
            .with(7, format!("{}^{}^{}^^^^^^^L^^^^^I", doctor.0, doctor.1, doctor.2))
    }

    fn movement(&mut self, form: Form, trigger: &str) -> Vec<Segment> {
        let structure = if trigger == "A03" { "ADT_A03" } else { "ADT_A01" };
        let header = self.header(form, &format!("ADT^{trigger}^{structure}"));
        let event = Segment::new("EVN").with(2, self.moment());
        let visit = match trigger {
            "A08" => self.visit("O", "01^^^^^C"),
            "A03" => self.visit("I", "2A^201^1").with(45, self.moment()),
            _ => self.visit("I", "2A^201^1").with(44, self.moment()),
        };
        vec![header, event, self.patient(), visit]
    }

    /// ORU^R01 with a number (NM), a text (ST) and a coded value (CWE).
    fn result(&mut self, form: Form, positive: bool) -> Vec<Segment> {
        let header = self.header(form, "ORU^R01^ORU_R01");
        let order = format!("R{:08}", self.sequence);
        let sign = *self.random.pick(if positive { INFLUENZA.positive } else { INFLUENZA.negative });
        let crp = format!("{}.{}", self.random.below(9), self.random.below(10));
        let observation = |set: &str, kind: &str, code: &str, value: &str| {
            Segment::new("OBX").with(1, set).with(2, kind).with(3, code).with(5, value)
        };
        let influenza = format!("{}^{}^JC10", INFLUENZA.code, INFLUENZA.name);
        let covid = format!("{}^{}^JC10", COVID19.code, COVID19.name);
        vec![
            header,
            self.patient(),
            self.visit("O", "01^^^^^C"),
            Segment::new("ORC").with(1, "RE").with(2, order.as_str()).with(5, "CM"),
            Segment::new("OBR")
                .with(1, "1")
                .with(2, order)
                .with(4, "LAB01^ウイルス・炎症検査^99KKU")
                .with(7, self.moment())
                .with(22, self.moment())
                .with(25, "F"),
            observation("1", "NM", "5C070000002306201^Ｃ反応性蛋白（ＣＲＰ）^JC10", &crp)
                .with(6, "mg/dL^mg/dL^ISO+")
                .with(7, "0.00-0.14")
                .with(11, "F")
                .with(14, self.moment()),
            observation("2", "ST", &influenza, sign).with(11, "F").with(14, self.moment()),
            observation("3", "CWE", &covid, "NEG^陰性^99KKU").with(11, "F").with(14, self.moment()),
            Segment::new("NTE")
                .with(1, "1")
                .with(3, escape("検体は糖を含む保存剤に入れて提出 (室温 & 遮光)。")),
        ]
    }

    /// ORM^O01: a request for an examination, as systems before OMG write it, with the Study UID in ZDS-1.
    fn request(&mut self, form: Form) -> Vec<Segment> {
        let header = self.header(form, "ORM^O01^ORM_O01");
        let order = format!("Q{:08}", self.sequence);
        vec![
            header,
            self.patient(),
            self.visit("O", "01^^^^^C"),
            Segment::new("ORC").with(1, "NW").with(2, order.as_str()).with(9, self.moment()),
            Segment::new("OBR")
                .with(1, "1")
                .with(2, order)
                .with(4, format!("{}^{}^JJ1017", HEAD_MR.parent.0, HEAD_MR.parent.1))
                .with(24, HEAD_MR.modality)
                .with(27, "^^^^^R")
                .with(31, escape(HEAD_MR.reason)),
            Segment::new("ZDS").with(1, format!("2.25.{}^KAKUU^Application^DICOM", self.random.next())),
        ]
    }

    /// One file and one batch of three messages.
    fn batch(&mut self) -> io::Result<Vec<u8>> {
        let envelope = |name| Segment::new(name).with(2, "^~\\&").with(3, "LIS").with(4, "KAKUU");
        let mut segments = vec![
            envelope("FHS").with(7, self.moment()).with(9, "batch.hl7"),
            envelope("BHS").with(7, self.moment()).with(11, format!("B{}", self.sequence)),
        ];
        segments.extend(self.movement(CR, "A08"));
        segments.extend(self.result(CR, true));
        segments.extend(self.request(CR));
        segments.push(Segment::new("BTS").with(1, "3"));
        segments.push(Segment::new("FTS").with(1, "1"));
        write(&[segments], CR)
    }
}

fn write(messages: &[Vec<Segment>], form: Form) -> io::Result<Vec<u8>> {
    encode(&text(&messages.concat(), form.terminator), form.charset).map_err(io::Error::other)
}

/// One positive result as Shift_JIS with CRLF.
pub(super) fn shift_jis_result(facility: &Facility, seed: u64) -> io::Result<Vec<u8>> {
    let mut sender = Sender {
        facility,
        patient: patient_id(&facility.code, 0),
        person: person(seed, 0),
        now: jiff::civil::date(2026, 11, 18).at(9, 0, 0, 0),
        sequence: 0,
        random: Random::new(seed, 0),
    };
    write(&[sender.result(CRLF_SHIFT_JIS, true)], CRLF_SHIFT_JIS)
}
