//! The facilities of a region: what they are, what they are called, how their messages leave.

use std::path::PathBuf;

use crate::simulate::Facility;

/// One of the seven medical areas (二次医療圏).
#[derive(Debug)]
pub(super) struct Area {
    /// The registry's word.
    pub(super) name: &'static str,
    ja: &'static str,
    en: &'static str,
    municipality: &'static str,
    postal: &'static str,
    dialling: &'static str,
}

const fn area(
    name: &'static str,
    ja: &'static str,
    en: &'static str,
    municipality: &'static str,
    (postal, dialling): (&'static str, &'static str),
) -> Area {
    Area { name, ja, en, municipality, postal, dialling }
}

/// With postal prefix and dialling code; the town (架空町) and the exchange (00) do not exist.
static AREAS: [Area; 7] = [
    area("izumo", "出雲", "Izumo", "出雲市", ("693", "0853")),
    area("matsue", "松江", "Matsue", "松江市", ("690", "0852")),
    area("oki", "隠岐", "Oki", "隠岐郡隠岐の島町", ("685", "08512")),
    area("hamada", "浜田", "Hamada", "浜田市", ("697", "0855")),
    area("masuda", "益田", "Masuda", "益田市", ("698", "0856")),
    area("oda", "大田", "Oda", "大田市", ("694", "0854")),
    area("unnan", "雲南", "Unnan", "雲南市", ("699", "0854")),
];

/// What a facility is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Hospital,
    Clinic,
    Laboratory,
    Pharmacy,
}

impl Sort {
    /// Every twenty facilities hold one hospital and three pharmacies, every sixty a laboratory; the others are clinics. The
    /// first four are one of each but for a second hospital.
    fn of(index: usize) -> Self {
        match index % 20 {
            0 => Self::Hospital,
            1 if index == 1 => Self::Hospital,
            3 if index % 60 == 3 => Self::Laboratory,
            4 | 9 | 14 => Self::Pharmacy,
            _ => Self::Clinic,
        }
    }

    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Hospital => ("病院", "hospital"),
            Self::Clinic => ("診療所", "clinic"),
            Self::Laboratory => ("検査センター", "laboratory"),
            Self::Pharmacy => ("薬局", "pharmacy"),
        }
    }

    /// The third digit of a code: 1 medical, 4 pharmacy.
    const fn table(self) -> u8 {
        if matches!(self, Self::Pharmacy) { 4 } else { 1 }
    }

    /// Messages that a visit brings, on average, those of other facilities included; measured.
    pub(super) const fn per_visit(self) -> u64 {
        match self {
            Self::Hospital => 11,
            _ => 7,
        }
    }

    /// How many patients it has, and how much it sends, against the others.
    pub(super) const fn weight(self) -> u64 {
        match self {
            Self::Hospital => 12,
            Self::Clinic => 1,
            Self::Laboratory | Self::Pharmacy => 0,
        }
    }
}

/// How the messages of a facility leave its system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keeping {
    /// A standardised storage whose transaction storage tells what is new, and an extension storage.
    Announced,
    /// A standardised storage that must be scanned.
    Scanned,
    /// No storage: HL7 v2 files in a drop folder, or over MLLP.
    Dropped,
}

/// A facility of a region.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) index: usize,
    /// Name of its feed, and of its folder.
    pub(super) feed: String,
    pub(super) name_en: String,
    pub(super) facility: Facility,
    pub(super) sort: Sort,
    pub(super) area: &'static Area,
    pub(super) keeping: Keeping,
    /// Where the hub listens for it.
    pub(super) port: Option<u16>,
}

impl Site {
    /// Facility number `index` of any region. Its code says that it is invented: no code of the prefecture has a district
    /// that begins with 9.
    pub(super) fn new(index: usize) -> Self {
        let sort = Sort::of(index);
        let area = &AREAS[index % AREAS.len()];
        let (number, (ja, en)) = (index + 1, sort.words());
        let facility = Facility {
            code: format!("32{}9{}{number:05}", sort.table(), 1 + index % AREAS.len()),
            name: format!("{}第{number}{ja} (架空)", area.ja),
            postal: format!("{}-0000", area.postal),
            address: format!("島根県{}架空町{number}-1", area.municipality),
            phone: format!("{}-00-{number:04}", area.dialling),
        };
        let keeping = match sort {
            Sort::Hospital if index.is_multiple_of(40) => Keeping::Announced,
            Sort::Hospital => Keeping::Scanned,
            Sort::Clinic if index % 3 == 2 => Keeping::Scanned,
            _ => Keeping::Dropped,
        };
        Self {
            index,
            feed: format!("{}-{en}-{number:03}", area.name),
            name_en: format!("{} {en} {number} (invented)", area.en),
            facility,
            sort,
            area,
            keeping,
            port: None,
        }
    }

    /// Its folder below the region's root; with what lies in it: `standard`, `transaction`, `extension`, `hl7`, `checkup`.
    pub(super) fn folder(&self, below: &str) -> PathBuf {
        ["storages", self.feed.as_str(), below].iter().collect()
    }

    /// The folders that its feed names.
    pub(super) fn folders(&self) -> Vec<&'static str> {
        let storage: &[&str] = match self.keeping {
            Keeping::Announced => &["standard", "transaction", "extension"],
            Keeping::Scanned => &["standard"],
            Keeping::Dropped => &[],
        };
        let checkup = (self.sort == Sort::Laboratory).then_some("checkup");
        storage.iter().copied().chain(["hl7"]).chain(checkup).collect()
    }

    /// Whether its patients' blood is tested elsewhere.
    pub(super) fn has_no_laboratory(&self) -> bool {
        self.sort == Sort::Clinic && self.keeping == Keeping::Dropped
    }

    /// What stands before its numbers where they must differ from those of other facilities.
    pub(super) fn mark(&self) -> String {
        format!("F{:03}", self.index + 1)
    }
}
