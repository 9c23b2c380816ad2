//! Diseases: how each is counted and shown (`tables/diseases.tsv`).

use super::table::{Row, TableError};

/// Which of the diseases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DiseaseId(u16);

/// Where a disease may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// Per day, area and age band.
    Area,
    /// Per month, for the whole prefecture only: HIV and other sexually transmitted infections.
    Monthly,
    /// Nowhere.
    Off,
}

/// Who reports a disease under the law: every physician, or sentinels (定点) of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sentinel {
    /// Every physician (全数把握).
    All,
    /// Acute respiratory infection.
    Ari,
    /// Paediatric.
    Paediatric,
    /// Ophthalmic.
    Ophthalmic,
    /// Hospitals (基幹定点).
    Hospital,
    /// Sexually transmitted infections.
    Sti,
    /// Suspected serious illness (疑似症).
    Syndrome,
}

impl Sentinel {
    /// The kinds whose number `tables/surveillance_areas.tsv` may tell, with the column that does.
    pub(super) const COUNTED: [(Self, &'static str); 4] = [
        (Self::Ari, "ari"),
        (Self::Paediatric, "paediatric"),
        (Self::Ophthalmic, "ophthalmic"),
        (Self::Hospital, "hospital"),
    ];
}

/// What a case needs beside its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Needs {
    Nothing,
    /// The patient is on a ward.
    Inpatient,
    /// The diagnosis' name holds one of these.
    Name(Vec<String>),
}

/// A disease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disease {
    /// The word that the tables use.
    pub word: String,
    /// Name in Japanese and in English.
    pub names: [String; 2],
    /// Class of the Infectious Diseases Control Law.
    pub class: String,
    /// Evidence within so many days after the last evidence belongs to the same episode.
    pub window_days: u32,
    /// Whether a physician must notify at once.
    pub urgent: bool,
    /// Where it may be shown.
    pub show: Show,
    /// Who reports it.
    pub sentinel: Sentinel,
    /// Cases per sentinel and week at which there is an advisory (注意報).
    pub advisory: Option<u32>,
    /// Cases per sentinel and week at which there is a warning (警報).
    pub warning: Option<u32>,
    pub(super) needs: Needs,
}

impl Disease {
    pub(super) fn read(row: &Row<'_>) -> Result<Self, TableError> {
        Ok(Self {
            word: row.text("disease")?.to_owned(),
            names: [row.text("name_ja")?.to_owned(), row.text("name_en")?.to_owned()],
            class: row.text("class")?.to_owned(),
            window_days: row
                .number("window_days")?
                .ok_or_else(|| row.fault("window_days is missing".to_owned()))?,
            urgent: word(row, "urgent", &[("yes", true), ("no", false)])?,
            show: word(row, "show", &[("area", Show::Area), ("monthly", Show::Monthly), ("off", Show::Off)])?,
            sentinel: sentinel(row)?,
            advisory: row.number("advisory")?,
            warning: row.number("warning")?,
            needs: needs(row)?,
        })
    }
}

fn sentinel(row: &Row<'_>) -> Result<Sentinel, TableError> {
    let mut words = vec![("all", Sentinel::All), ("sti", Sentinel::Sti), ("syndrome", Sentinel::Syndrome)];
    words.extend(Sentinel::COUNTED.map(|(kind, word)| (word, kind)));
    word(row, "sentinel", &words)
}

fn needs(row: &Row<'_>) -> Result<Needs, TableError> {
    match row.text("needs")? {
        "-" => Ok(Needs::Nothing),
        "inpatient" => Ok(Needs::Inpatient),
        text => {
            let names = text.strip_prefix("name:").map(|names| names.split('|').map(str::to_owned).collect());
            let wrong = || row.fault("needs is none of \"-\", \"inpatient\", \"name:…\"".to_owned());
            names.map(Needs::Name).ok_or_else(wrong)
        }
    }
}

/// The value of the word that stands in that column.
fn word<T: Copy>(row: &Row<'_>, column: &str, words: &[(&str, T)]) -> Result<T, TableError> {
    let text = row.text(column)?;
    let value = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
    value.ok_or_else(|| {
        let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        row.fault(format!("{column} is none of: {}", words.join(", ")))
    })
}

/// All diseases, in the order of the table.
#[derive(Debug, Clone)]
pub struct Diseases(Vec<Disease>);

impl Diseases {
    pub(super) const fn new(diseases: Vec<Disease>) -> Self {
        Self(diseases)
    }

    /// The disease of that word.
    pub fn find(&self, word: &str) -> Option<DiseaseId> {
        let at = self.0.iter().position(|disease| disease.word == word)?;
        u16::try_from(at).ok().map(DiseaseId)
    }

    /// A disease of this table.
    ///
    /// # Panics
    /// Where the id is of another table.
    pub fn of(&self, id: DiseaseId) -> &Disease {
        &self.0[usize::from(id.0)]
    }

    /// All of them, with their ids.
    pub fn iter(&self) -> impl Iterator<Item = (DiseaseId, &Disease)> {
        self.0.iter().zip(0..).map(|(disease, id)| (DiseaseId(id), disease))
    }
}
