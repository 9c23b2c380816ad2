//! The files that the service writes: counts only.

use super::page::{Language, page};
use super::report::Report;
use super::{csv, json};

/// A file below the output folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputFile {
    /// Path below the folder.
    pub path: String,
    /// What stands in it.
    pub text: String,
}

/// All files of a report: `counts.csv`, `counts.json`, `weekly.csv`, `index.html`, and `facilities/<code>.csv` for each
/// facility itself.
pub fn files(report: &Report<'_>, language: Language) -> Vec<OutputFile> {
    let file = |path: &str, text| OutputFile { path: path.to_owned(), text };
    let mut files = vec![
        file("counts.csv", csv::counts(report)),
        file("counts.json", format!("{:#}\n", json::counts(report))),
        file("weekly.csv", csv::weekly(report)),
        file("index.html", page(report, language)),
    ];
    let facilities = report.state.facilities().iter().enumerate();
    // A facility's code becomes a file's name: only what is one.
    let facilities = facilities.filter(|(_, one)| one.code.chars().all(|c| c.is_ascii_digit()));
    files.extend(
        facilities.map(|(at, one)| file(&format!("facilities/{}.csv", one.code), csv::facility(report, at))),
    );
    files
}

/// The report as JSON.
pub fn as_json(report: &Report<'_>) -> serde_json::Value {
    json::counts(report)
}
