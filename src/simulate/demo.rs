//! The demo region of `fixtures/region`: four invented facilities that share some of their people.

mod network;

use std::fs;
use std::io;
use std::path::Path;

use jiff::civil::Date;
use jiff::civil::date;

use super::archive;
use super::archive::Put;
use super::checkup;
use super::event::Content;
use super::event::Event;
use super::event::Patient;
use super::extension::{Document, Paper};
use super::message;
use super::*;
use network::Network;

/// The seed of the committed region.
pub const DEMO_SEED: u64 = 20_261_206;

const TODAY: Date = date(2026, 11, 20);

/// One facility of the region.
struct Member {
    folder: &'static str,
    code: &'static str,
    name: &'static str,
    postal: &'static str,
    address: &'static str,
    phone: &'static str,
    first_person: u64,
    people: u64,
}

const IZUMO: Member = Member {
    folder: "izumo-chuo",
    code: "3210100018",
    name: "出雲中央病院 (架空)",
    postal: "693-0000",
    address: "島根県出雲市架空町1-1",
    phone: "0853-00-0001",
    first_person: 0,
    people: 9,
};
const MATSUE: Member = Member {
    folder: "matsue-kita",
    code: "3210200024",
    name: "松江北病院 (架空)",
    postal: "690-0000",
    address: "島根県松江市架空町2-2",
    phone: "0852-00-0002",
    first_person: 6,
    people: 6,
};
const OKI: Member = Member {
    folder: "oki-kamome",
    code: "3210700019",
    name: "隠岐かもめ診療所 (架空)",
    postal: "685-0000",
    address: "島根県隠岐郡隠岐の島町架空町3",
    phone: "08512-00-0003",
    first_person: 13,
    people: 4,
};
const HAMADA: Member = Member {
    folder: "hamada-kenko",
    code: "3210500033",
    name: "浜田けんこう検査センター (架空)",
    postal: "697-0000",
    address: "島根県浜田市架空町4-4",
    phone: "0855-00-0004",
    first_person: 13,
    people: 2,
};

/// Writes the region below `root`: three SS-MIX2 storages, an HL7 drop folder per facility, an archive of health
/// check-ups and `people.tsv`, which says who is who. One laboratory result of matsue-kita is cut off in the middle of its kanji.
///
/// # Errors
/// When a folder or file can't be written.
pub fn demo(root: &Path, seed: u64) -> io::Result<()> {
    let izumo = StorageSettings {
        transaction: Some(root.join(IZUMO.folder).join("transaction")),
        history: true,
        ..IZUMO.storage(root, seed)
    };
    storage(&izumo, |_| {})?;
    documents(&root.join(IZUMO.folder).join("extension"), seed)?;
    let matsue = MATSUE.storage(root, seed);
    storage(&matsue, |_| {})?;
    half_written(&matsue)?;
    storage(&OKI.storage(root, seed), |_| {})?;
    drop_folder(&DropFolderSettings {
        root: root.join(HAMADA.folder).join("hl7"),
        facility: HAMADA.facility(),
        people: HAMADA.people,
        first_person: HAMADA.first_person,
        seed,
        today: TODAY,
    })?;
    checkups(&root.join(HAMADA.folder).join("checkup"), seed)?;
    network(root, seed)?;
    fs::write(root.join("people.tsv"), people_table(seed))
}

/// One document of each kind. The letter of referral goes from one facility to another.
fn documents(root: &Path, seed: u64) -> io::Result<()> {
    let (from, to) = (IZUMO.facility(), MATSUE.facility());
    let referred = date(2026, 11, 12);
    // As the samples of the field have it: the last has no department, and a time of 15 digits.
    for (paper, number, key, at, time) in [
        (Paper::Referral(&to), 0, 301, referred.at(16, 15, 0, 0), "20261112161500123"),
        (Paper::Summary, 2, 302, date(2026, 11, 13).at(12, 0, 0, 0), "20261113120000456"),
        (Paper::Vitals, 4, 303, date(2026, 11, 14).at(7, 0, 0, 0), "202611140700001"),
    ] {
        let subject = Patient { id: patient_id(IZUMO.code, number), person: person(seed, number) };
        let time = time.to_owned();
        Document { paper, from: &from, subject: &subject, key, at, authored: referred, time }
            .write(root, Put::AtOnce)?;
    }
    Ok(())
}

/// What the facilities send one another.
fn network(root: &Path, seed: u64) -> io::Result<()> {
    let [izumo, matsue, oki, hamada] = [&IZUMO, &MATSUE, &OKI, &HAMADA].map(Member::facility);
    Network { izumo: &izumo, matsue: &matsue, oki: &oki, hamada: &hamada, seed }.write(root)
}

/// An archive of health check-ups of the people of the examination centre.
fn checkups(folder: &Path, seed: u64) -> io::Result<()> {
    let people =
        (HAMADA.first_person..HAMADA.first_person + HAMADA.people).map(|number| person(seed, number));
    let archive = checkup::archive(HAMADA.code, TODAY, &people.collect::<Vec<_>>())?;
    fs::create_dir_all(folder)?;
    fs::write(folder.join(archive.name), archive.bytes)
}

impl Member {
    fn facility(&self) -> Facility {
        Facility {
            code: self.code.to_owned(),
            name: self.name.to_owned(),
            postal: self.postal.to_owned(),
            address: self.address.to_owned(),
            phone: self.phone.to_owned(),
        }
    }

    fn storage(&self, root: &Path, seed: u64) -> StorageSettings {
        let standard = root.join(self.folder).join("standard");
        StorageSettings {
            facility: self.facility(),
            days: 45,
            first_person: self.first_person,
            ..StorageSettings::new(standard, Amount::Patients(self.people), seed, TODAY)
        }
    }
}

/// Adds a laboratory result whose writer stopped in the middle: flag 1, but cut within kanji.
fn half_written(settings: &StorageSettings) -> io::Result<()> {
    let events = plan(settings);
    let is_result = |event: &&Event| matches!(event.content, Content::LabResult { .. });
    let Some(last) = events.iter().rev().find(is_result) else {
        return Err(io::Error::other("the facility has no laboratory result"));
    };
    let broken = Event { order: last.order.map(|order| order + 500), ..last.clone() };
    let text = message::render(&settings.facility, events.len() as u64 + 1, &broken);
    let path = settings.root.join(archive::path(&broken, '1'));
    fs::create_dir_all(path.parent().unwrap_or(&settings.root))?;
    fs::write(path, archive::half(&archive::iso_2022_jp(&text)?))
}

/// One line per facility and person. The person number stands for what the network's card would say.
fn people_table(seed: u64) -> String {
    let mut table = String::from(
        "# All of these people are invented (架空).\n\
         facility\tpatient_id\tperson\tfamily\tgiven\tfamily_kana\tgiven_kana\tbirth\tsex\n",
    );
    for member in [&IZUMO, &MATSUE, &OKI, &HAMADA] {
        for number in member.first_person..member.first_person + member.people {
            let (id, person) = (patient_id(member.code, number), person(seed, number));
            let (family, given) = (person.family, person.given);
            table.push_str(&format!(
                "{}\t{id}\t{number}\t{}\t{}\t{}\t{}\t{}\t{}\n",
                member.code, family.kanji, given.kanji, family.kana, given.kana, person.birth, person.sex,
            ));
        }
    }
    table
}
