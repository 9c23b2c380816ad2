//! The code tables that counting rests on, read from their texts (`tables/<name>.tsv`).

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::disease::{Disease, DiseaseId, Diseases, Sentinel};

/// A table that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("tables/{table}.tsv{}: {fault}", line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct TableError {
    /// Name of the table.
    table: &'static str,
    /// Line, where one is at fault.
    line: Option<usize>,
    /// What is wrong.
    fault: String,
}

/// What a code is evidence of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CodeRow {
    pub(super) patterns: Vec<String>,
    pub(super) diseases: Vec<DiseaseId>,
    /// Whether the value tells which of the diseases it is; otherwise it is all of them.
    pub(super) value_tells: bool,
    /// Days from which a drug that is taken once a day is prophylaxis.
    pub(super) prophylaxis_days: Option<u32>,
}

/// An area and its sentinels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Area {
    /// The word that the tables use.
    pub word: String,
    /// Name in Japanese and in English.
    pub names: [String; 2],
    /// How many sentinels of each kind it has.
    sentinels: BTreeMap<Sentinel, u32>,
}

impl Area {
    /// How many sentinels report that disease in the area; `None` where that is not known or means nothing.
    pub fn sentinels(&self, disease: &Disease) -> Option<u32> {
        self.sentinels.get(&disease.sentinel).copied()
    }
}

/// A facility that is expected to report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reporting {
    /// 10-digit code.
    pub facility: String,
    /// Which of [`Tables::areas`].
    pub area: usize,
    /// First day on which it is expected to report.
    pub from: Date,
}

/// All tables.
#[derive(Debug, Clone)]
pub struct Tables {
    /// Diseases.
    pub diseases: Diseases,
    /// The seven areas.
    pub areas: Vec<Area>,
    /// The prefecture as a whole.
    pub prefecture: Area,
    /// Facilities that are expected to report, by code.
    pub reporting: BTreeMap<String, Reporting>,
    /// Days on which clinics are closed.
    pub holidays: Vec<Date>,
    pub(super) tests: Vec<CodeRow>,
    pub(super) icd10: Vec<CodeRow>,
    pub(super) drugs: Vec<CodeRow>,
}

impl Tables {
    /// Names of the tables that are read.
    pub const NAMES: [&'static str; 7] = [
        "diseases",
        "surveillance_areas",
        "reporting_facilities",
        "holidays",
        "lab_tests",
        "notifiable_diseases",
        "drugs",
    ];

    /// Reads the tables; `text` gives the text of one by its name.
    pub fn read(text: impl Fn(&str) -> Option<String>) -> Result<Self, TableError> {
        let open = |name: &'static str| {
            let missing = || TableError { table: name, line: None, fault: "the table is missing".to_owned() };
            Rows::read(name, &text(name).ok_or_else(missing)?)
        };
        let diseases = Diseases::new(open("diseases")?.each(Disease::read)?);
        let mut areas = open("surveillance_areas")?.each(area)?;
        let prefecture = areas.iter().position(|area| area.word == "all").map(|at| areas.remove(at));
        let fault = "the row \"all\" (the prefecture) is missing".to_owned();
        let prefecture = prefecture.ok_or(TableError { table: "surveillance_areas", line: None, fault })?;
        let reporting = open("reporting_facilities")?.each(|row| reporting(row, &areas))?;
        let holidays = open("holidays")?.each(|row| row.date("day"))?;
        let codes = |name, columns: &[&'static str], counts: &str| {
            let rows = open(name)?.each(|row| code(row, columns, counts, &diseases))?;
            Ok::<_, TableError>(rows.into_iter().flatten().collect())
        };
        Ok(Self {
            tests: codes("lab_tests", &["analyte", "ident", "material"], "confirm")?,
            icd10: codes("notifiable_diseases", &["icd10"], "confirm")?,
            drugs: codes("drugs", &["code"], "support")?,
            reporting: reporting.into_iter().map(|one| (one.facility.clone(), one)).collect(),
            diseases,
            areas,
            prefecture,
            holidays,
        })
    }
}

fn area(row: &Row<'_>) -> Result<Area, TableError> {
    let mut sentinels = BTreeMap::new();
    for (kind, column) in Sentinel::COUNTED {
        if let Some(number) = row.number(column)? {
            sentinels.insert(kind, number);
        }
    }
    let names = [row.text("name_ja")?.to_owned(), row.text("name_en")?.to_owned()];
    Ok(Area { word: row.text("area")?.to_owned(), names, sentinels })
}

fn reporting(row: &Row<'_>, areas: &[Area]) -> Result<Reporting, TableError> {
    let word = row.text("area")?;
    let area = areas.iter().position(|area| area.word == word);
    let area =
        area.ok_or_else(|| row.fault(format!("no area \"{word}\" in tables/surveillance_areas.tsv")))?;
    Ok(Reporting { facility: row.text("facility")?.to_owned(), area, from: row.date("from")? })
}

/// A row of a code table; `None` where it does not count. A withheld code counts where an event carries it: whether
/// one does is the route's decision.
fn code(
    row: &Row<'_>,
    columns: &[&'static str],
    counts: &str,
    diseases: &Diseases,
) -> Result<Option<CodeRow>, TableError> {
    let count_as = row.text("count_as")?;
    if count_as != counts && count_as != "withhold" {
        return Ok(None);
    }
    let find = |word: &str| {
        let unknown = || row.fault(format!("no disease \"{word}\" in tables/diseases.tsv"));
        diseases.find(word).ok_or_else(unknown)
    };
    let words = row.text("disease")?;
    let diseases = words.split([';', '/']).map(find).collect::<Result<_, _>>()?;
    let patterns = columns.iter().map(|column| row.text(column).map(str::to_owned));
    let days = if columns.contains(&"code") { row.number("prophylaxis_days")? } else { None };
    let patterns = patterns.collect::<Result<_, _>>()?;
    Ok(Some(CodeRow { patterns, diseases, value_tells: words.contains('/'), prophylaxis_days: days }))
}

/// The rows of a table with their columns.
struct Rows {
    table: &'static str,
    columns: Vec<String>,
    rows: Vec<(usize, Vec<String>)>,
}

impl Rows {
    fn read(table: &'static str, text: &str) -> Result<Self, TableError> {
        let lines = text.lines().enumerate();
        let mut lines = lines.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
        let cells = |line: &str| line.split('\t').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
        let columns = lines.next().map(|(_, line)| cells(line)).unwrap_or_default();
        let rows: Vec<_> = lines.map(|(at, line)| (at + 1, cells(line))).collect();
        match rows.iter().find(|(_, cells)| cells.len() != columns.len()) {
            Some((line, cells)) => {
                let fault = format!("{} cells, but {} columns", cells.len(), columns.len());
                Err(TableError { table, line: Some(*line), fault })
            }
            None => Ok(Self { table, columns, rows }),
        }
    }

    fn each<T>(&self, read: impl Fn(&Row<'_>) -> Result<T, TableError>) -> Result<Vec<T>, TableError> {
        self.rows.iter().map(|(line, cells)| read(&Row { rows: self, line: *line, cells })).collect()
    }
}

/// A row that is being read.
pub(super) struct Row<'r> {
    rows: &'r Rows,
    line: usize,
    cells: &'r [String],
}

impl Row<'_> {
    pub(super) fn fault(&self, fault: String) -> TableError {
        TableError { table: self.rows.table, line: Some(self.line), fault }
    }

    pub(super) fn text(&self, column: &str) -> Result<&str, TableError> {
        let at = self.rows.columns.iter().position(|name| name == column);
        let cell = at.and_then(|at| self.cells.get(at)).map(String::as_str);
        cell.ok_or_else(|| self.fault(format!("there is no column \"{column}\"")))
    }

    /// A number; `-` for none.
    pub(super) fn number(&self, column: &str) -> Result<Option<u32>, TableError> {
        match self.text(column)? {
            "-" => Ok(None),
            text => {
                let wrong = |_| self.fault(format!("{column} is no number, and not \"-\""));
                text.parse().map(Some).map_err(wrong)
            }
        }
    }

    pub(super) fn date(&self, column: &str) -> Result<Date, TableError> {
        self.text(column)?.parse().map_err(|_| self.fault(format!("{column} is no date like 2026-11-23")))
    }
}

/// Whether a code fits a cell: `*` is anything, `a*` a prefix, `a|b` either; an empty cell fits nothing.
pub(super) fn fits(cell: &str, code: &str) -> bool {
    cell.split('|').any(|pattern| match pattern.strip_suffix('*') {
        Some(prefix) => code.starts_with(prefix),
        None => !pattern.is_empty() && pattern == code,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(table: &str) -> Option<String> {
        std::fs::read_to_string(format!("{}/tables/{table}.tsv", env!("CARGO_MANIFEST_DIR"))).ok()
    }

    #[test]
    fn the_tables_of_the_repository_are_good() {
        let tables = Tables::read(repository).unwrap();
        assert_eq!((tables.diseases.iter().count(), tables.areas.len()), (116, 7));
        let influenza = tables.diseases.find("influenza").unwrap();
        assert_eq!(tables.prefecture.sentinels(tables.diseases.of(influenza)), Some(20));
        assert_eq!(tables.reporting.len(), 4);
    }

    #[test]
    fn a_fault_names_table_and_line() {
        let with = |name: &'static str, from: &'static str, to: &'static str| {
            Tables::read(|table| {
                repository(table).map(|text| if table == name { text.replacen(from, to, 1) } else { text })
            })
        };
        let told = |name, from, to| with(name, from, to).unwrap_err().to_string();
        assert!(told("drugs", "\tinfluenza\t", "\tinfluensa\t").contains("no disease \"influensa\""));
        assert!(told("surveillance_areas", "all\t", "every\t").contains("the prefecture"));
        assert!(told("diseases", "\t14\tno", "\tx\tno").starts_with("tables/diseases.tsv:"));
        assert!(told("reporting_facilities", "\tizumo\t", "\tizumo\t\t").contains("4 cells, but 3 columns"));
    }

    #[test]
    fn patterns() {
        assert!(fits("*", "1410") && fits("A20*", "A209") && fits("063|064", "064"));
        assert!(!fits("", "1410") && !fits("A20*", "A2") && !fits("063|064", "06"));
    }
}
