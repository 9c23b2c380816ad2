//! The single-message cases of `fixtures/cases`: one folder each, `input` and `about.md`.

use std::fs;
use std::io;
use std::path::Path;
use std::rc::Rc;

use jiff::civil::DateTime;
use jiff::civil::date;

use super::archive::half;
use super::archive::iso_2022_jp;
use super::catalogue::*;
use super::checkup;
use super::event::*;
use super::message;
use super::segment::Segment;
use super::segment::text;
use super::*;

/// When the cases happen.
const AT: DateTime = date(2026, 11, 18).at(10, 15, 0, 0);

static PLUS: InfectionTest = InfectionTest { positive: &["(+)"], ..INFLUENZA };
static MINUS: InfectionTest = InfectionTest { negative: &["(-)"], ..INFLUENZA };
static SPLIT: InfectionTest = InfectionTest { positive: &["A(+)B(-)"], ..INFLUENZA };

static ONE_DRUG: &[&Drug] = &[&OSELTAMIVIR];

/// Writes all cases below `root`, one folder each.
///
/// # Errors
/// When a folder or file can't be written.
pub fn cases(root: &Path) -> io::Result<()> {
    for (name, about, bytes) in ordinary()?.into_iter().chain(odd()?) {
        let folder = root.join(name);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("input"), bytes)?;
        fs::write(
            folder.join("about.md"),
            format!("# {name}\n\n{about}\n\nEverybody in it is invented (架空).\n"),
        )?;
    }
    Ok(())
}

/// The bytes of one case.
///
/// # Errors
/// When it can't be encoded.
pub fn case(name: &str) -> io::Result<Option<Vec<u8>>> {
    let found = ordinary()?.into_iter().chain(odd()?).find(|(known, ..)| *known == name);
    Ok(found.map(|(_, _, bytes)| bytes))
}

type Case = (&'static str, &'static str, Vec<u8>);

/// Messages that are written as they should be.
fn ordinary() -> io::Result<Vec<Case>> {
    let infection = |test, positive| {
        let groups = [LabGroup::Infection(test, positive)];
        plain(Content::LabResult { groups: Rc::new(groups), is_final: true }, None)
    };
    let problem = |diagnosis, suspected| {
        let department = &INTERNAL;
        let problem = Problem { diagnosis, suspected, instance: 900_001, since: AT, department };
        plain(Content::Problems(Rc::new([problem])), None)
    };
    let admission = || Content::Movement(Movement::Admission);
    let cancelled = Event { is_deletion: true, ..event(admission(), Some(stay())) };
    Ok(vec![
        ("oul_r22_flu_positive", "OML-11: influenza antigen `(+)`. A case.", infection(&PLUS, true)?),
        ("oul_r22_flu_negative", "OML-11: influenza antigen `(-)`. No case.", infection(&MINUS, false)?),
        (
            "oul_r22_flu_split_kit",
            "OML-11: one antigen row whose value is `A(+)B(-)`. A case of type A, not of type B.",
            infection(&SPLIT, true)?,
        ),
        (
            "oul_r22_titre_only",
            "OML-11: an influenza antibody titre of 40. A single titre never counts.",
            infection(&INFLUENZA_ANTIBODY, true)?,
        ),
        (
            "adt_a08_yamamoto",
            "ADT-00: 山本 and ウイルス抗原, whose JIS bytes hold the delimiters `\\`, `&` and `|`.",
            iso_2022_jp(&text(&yamamoto(), "\r"))?,
        ),
        ("adt_a01_admit", "ADT-22: admission to a ward.", plain(admission(), Some(stay()))?),
        ("adt_a11_cancel", "ADT-22: the admission of `adt_a01_admit` is cancelled.", bytes_of(&cancelled)?),
        (
            "ppr_zd1_tuberculosis",
            "PPR-01: ICD-10 A150 (dotless), confirmed. Notifiable at once.",
            problem(&LUNG_TUBERCULOSIS, false)?,
        ),
        (
            "ppr_zd1_suspected_measles",
            "PPR-01: ICD-10 B059 with PRB-13 = 1. Suspected, not confirmed.",
            problem(&MEASLES_DISEASE, true)?,
        ),
        (
            "rde_o11_oseltamivir",
            "OMP-01: oseltamivir twice a day for five days, which is treatment and not prophylaxis.",
            plain(Content::Prescription { drugs: ONE_DRUG, outside: false }, None)?,
        ),
        ("omg_o19_ct", "OMG-01: a chest CT is ordered.", plain(Content::ImagingOrder(&CHEST_CT), None)?),
        (
            "omi_z23_ct_performed",
            "OMG-11: the CT of `omg_o19_ct` was performed: ZE1-2 `RS`, accession, Study UID and modality in IPC.",
            plain(Content::ImagingPerformed(&CHEST_CT), None)?,
        ),
    ])
}

/// Messages in other character sets, and broken ones.
fn odd() -> io::Result<Vec<Case>> {
    let groups = [LabGroup::Infection(&PLUS, true)];
    let result = plain(Content::LabResult { groups: Rc::new(groups), is_final: true }, None)?;
    Ok(vec![
        (
            "oru_r01_shift_jis",
            "ORU^R01 in Shift_JIS, declared so in MSH-18, with CRLF.",
            drop_folder::shift_jis_result(&Facility::default(), SEED)?,
        ),
        ("adt_a08_utf16", "ADT^A08 in UTF-16, high byte first, with a byte order mark.", utf16()),
        (
            "shift_left_open",
            "ADT-00: NK1 ends in kanji and the writer forgot the return to ASCII before CR.",
            shift_left_open()?,
        ),
        (
            "half_written",
            "OML-11: the writer stopped within a kanji run. Not to be read yet.",
            half(&result).to_vec(),
        ),
        (
            "checkup_archive",
            "An archive of health check-up results (特定健診): an index and three persons, for insurer 06320011.",
            checkup::archive(EXAMINER, AT.date(), &[0, 1, 2].map(|number| person(SEED, number)))?.bytes,
        ),
    ])
}

const SEED: u64 = 1;
/// 浜田けんこう検査センター (架空)
const EXAMINER: &str = "3210500033";

fn yamamoto() -> Vec<Segment> {
    let registration = event(Content::Registration { moved: false }, None);
    let mut segments = message::segments(&Facility::default(), 1, &registration);
    let allergy = Segment::new("AL1")
        .with(1, "1")
        .with(2, "DA^薬剤アレルギー^HL70127")
        .with(3, "AL004^ウイルス抗原（試薬）^99KKU")
        .with(5, "日光で増悪する発赤");
    // AL1 stands before IN1, which comes last.
    segments.insert(segments.len() - 1, allergy);
    segments
}

fn utf16() -> Vec<u8> {
    let mut segments = yamamoto();
    if let Some(header) = segments.first_mut() {
        *header = header.clone().with(18, "UNICODE UTF-16").with(20, "");
    }
    let text = format!("\u{feff}{}", text(&segments, "\r"));
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

fn shift_left_open() -> io::Result<Vec<u8>> {
    let mut segments = yamamoto();
    if let Some(relative) = segments.iter_mut().find(|segment| segment.name() == "NK1") {
        *relative = relative.clone().with(13, "架空商事株式会社");
    }
    let bytes = iso_2022_jp(&text(&segments, "\r"))?;
    let (forgotten, kept) = (b"\x1b(B\r", b"\r");
    let end = bytes.windows(forgotten.len()).position(|window| window == forgotten).unwrap_or(0);
    let (before, after) = bytes.split_at(end);
    Ok([before, kept, after.get(forgotten.len()..).unwrap_or_default()].concat())
}

fn stay() -> Stay {
    Stay { bed: Bed { ward: "2A", room: 203, bed: 1 }, previous: None, admitted: AT }
}

fn event(content: Content, stay: Option<Stay>) -> Event {
    let person = Person {
        family: Name { kanji: "山本", kana: "ヤマモト" },
        given: Name { kanji: "架空太", kana: "カクウタ" },
        ..person(SEED, 0)
    };
    Event {
        patient: Rc::new(Patient { id: "00012345".to_owned(), person }),
        encounter: Encounter { department: &INTERNAL, doctor: &DOCTORS[0], stay },
        sent: AT.saturating_add(SignedDuration::from_millis(61_234)),
        at: AT,
        order: Some(900_001),
        noise: 7,
        is_deletion: false,
        content,
    }
}

fn plain(content: Content, stay: Option<Stay>) -> io::Result<Vec<u8>> {
    bytes_of(&event(content, stay))
}

fn bytes_of(event: &Event) -> io::Result<Vec<u8>> {
    iso_2022_jp(&message::render(&Facility::default(), 1, event))
}
