//! What was found so far, in memory that the number of files does not change.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use jiff::Timestamp;
use ssmix2::conformance::{Finding, Place, Rule, Severity, rule};
use ssmix2::{DataType, StoragePath};

use super::report::{DataTypeReport, Example, Report, Row};

/// Examples of one row.
const EXAMPLES_MAX: usize = 3;
/// Rows of one data type; the findings of more are counted.
const ROWS_MAX: usize = 2_000;
/// Data types that the specification does not know; the files of more are counted as `?`.
const UNKNOWN_TYPES_MAX: usize = 50;
/// The place of files that belong to no data type.
const NO_TYPE: &str = "?";

/// A file that was checked.
#[derive(Clone, Copy)]
pub(super) struct File<'a> {
    pub(super) place: &'a StoragePath<'a>,
    /// Below the root.
    pub(super) path: &'a str,
    pub(super) bytes: &'a [u8],
}

#[derive(Default)]
pub(super) struct Tally {
    data_types: BTreeMap<String, Counts>,
    folders_unreadable: u64,
    /// Files that lie where a storage's files lie.
    stored: u64,
}

#[derive(Default)]
struct Counts {
    files: u64,
    bytes: u64,
    /// Files with an error, with no error but a warning.
    worst: [u64; 2],
    rows: BTreeMap<Key, Sum>,
    left_out: u64,
}

/// The gravest first, then in the order of the message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    severity: Severity,
    code: &'static str,
    place: Place,
    detail: String,
}

struct Sum {
    rule: &'static Rule,
    files: u64,
    occurrences: u64,
    /// The first by path.
    examples: Vec<Example>,
}

impl Tally {
    /// Adds a checked file.
    pub(super) fn file(&mut self, file: File<'_>, findings: &[Finding]) {
        self.stored += 1;
        let counts = self.counts(file.place.data_type);
        counts.files += 1;
        counts.bytes += file.bytes.len() as u64;
        match findings.iter().map(|finding| finding.rule.severity).min() {
            Some(Severity::Error) => counts.worst[0] += 1,
            Some(Severity::Warning) => counts.worst[1] += 1,
            Some(Severity::Info) | None => {}
        }
        for finding in findings {
            counts.finding(finding, || Example::of(file));
        }
    }

    /// Adds a file that could not be read.
    pub(super) fn unreadable(&mut self, file: File<'_>) {
        self.file(file, &[of_file(&rule::FILE_UNREADABLE)]);
    }

    /// Adds something that is no file of a storage.
    pub(super) fn stray(&mut self, path: &str) {
        let counts = self.data_types.entry(NO_TYPE.to_owned()).or_default();
        counts.files += 1;
        counts.worst[1] += 1;
        counts.finding(&of_file(&rule::STRAY_FILE), || Example::of_stray(path));
    }

    /// Adds a folder that could not be listed.
    pub(super) fn folder_unreadable(&mut self) {
        self.folders_unreadable += 1;
    }

    /// Whether any file of a storage was there.
    pub(super) fn holds_a_file(&self) -> bool {
        self.stored > 0
    }

    /// The counts of a data type. What is neither known nor looks like a code may be anything, and is not repeated.
    fn counts(&mut self, code: &str) -> &mut Counts {
        let known = DataType::find(code).is_some() || self.data_types.contains_key(code);
        let unknown = self.data_types.keys().filter(|code| DataType::find(code).is_none()).count();
        let told = known || looks_like_a_code(code) && unknown < UNKNOWN_TYPES_MAX;
        self.data_types.entry(if told { code } else { NO_TYPE }.to_owned()).or_default()
    }

    /// Adds what another worker found.
    pub(super) fn add(&mut self, other: Self) {
        self.folders_unreadable += other.folders_unreadable;
        self.stored += other.stored;
        for (code, counts) in other.data_types {
            self.counts(&code).add(counts);
        }
    }

    /// The report.
    pub(super) fn report(self, facility: Option<&str>, made_at: Timestamp) -> Report {
        let known = ssmix2::data_type::ALL.iter().map(|entry| entry.code);
        let order: Vec<_> = known.collect();
        let mut data_types: Vec<_> =
            self.data_types.into_iter().map(|(code, counts)| counts.report(code)).collect();
        data_types.sort_by_key(|report| {
            let at = order.iter().position(|code| *code == report.code);
            (report.code == NO_TYPE, at.unwrap_or(order.len()))
        });
        Report {
            facility: facility.map(str::to_owned),
            made_at,
            files: data_types.iter().map(|report| report.files).sum(),
            bytes: data_types.iter().map(|report| report.bytes).sum(),
            folders_unreadable: self.folders_unreadable,
            data_types,
        }
    }
}

/// `OML-12`: three letters, then perhaps a number.
pub(in crate::ops) fn looks_like_a_code(code: &str) -> bool {
    let (letters, number) = code.split_once('-').unwrap_or((code, "00"));
    letters.len() == 3
        && letters.bytes().all(|byte| byte.is_ascii_uppercase())
        && number.len() == 2
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

fn of_file(rule: &'static Rule) -> Finding {
    Finding { rule, place: Place::default(), occurrence: 0, detail: String::new(), count: 1 }
}

impl Counts {
    fn finding(&mut self, finding: &Finding, example: impl FnOnce() -> Example) {
        let rule = finding.rule;
        let key = Key {
            severity: rule.severity,
            code: rule.code,
            place: finding.place,
            detail: finding.detail.clone(),
        };
        let Some(sum) = self.sum(key, rule) else {
            self.left_out += finding.count;
            return;
        };
        sum.files += 1;
        sum.occurrences += finding.count;
        // Each worker walks in order, so that its first examples are its best.
        if sum.examples.len() < EXAMPLES_MAX {
            sum.examples.push(example());
        }
    }

    fn sum(&mut self, key: Key, rule: &'static Rule) -> Option<&mut Sum> {
        let full = self.rows.len() >= ROWS_MAX;
        match self.rows.entry(key) {
            Entry::Occupied(row) => Some(row.into_mut()),
            Entry::Vacant(_) if full => None,
            Entry::Vacant(row) => {
                Some(row.insert(Sum { rule, files: 0, occurrences: 0, examples: Vec::new() }))
            }
        }
    }

    fn add(&mut self, other: Self) {
        self.files += other.files;
        self.bytes += other.bytes;
        self.left_out += other.left_out;
        for (mine, theirs) in self.worst.iter_mut().zip(other.worst) {
            *mine += theirs;
        }
        for (key, theirs) in other.rows {
            let Some(sum) = self.sum(key, theirs.rule) else {
                self.left_out += theirs.occurrences;
                continue;
            };
            sum.files += theirs.files;
            sum.occurrences += theirs.occurrences;
            sum.examples.extend(theirs.examples);
            sum.examples.sort_by(|a, b| a.path.split('/').cmp(b.path.split('/')));
            sum.examples.truncate(EXAMPLES_MAX);
        }
    }

    fn report(self, code: String) -> DataTypeReport {
        let [with_errors, with_warnings] = self.worst;
        DataTypeReport {
            name: DataType::find(&code).map(|entry| [entry.en, entry.ja]),
            code,
            files: self.files,
            bytes: self.bytes,
            with_errors,
            with_warnings,
            rows: self.rows.into_iter().map(|(key, sum)| row(key, sum)).collect(),
            left_out: self.left_out,
        }
    }
}

fn row(key: Key, sum: Sum) -> Row {
    let place = key.place;
    Row {
        severity: key.severity.as_str(),
        code: key.code,
        text: [sum.rule.en, sum.rule.ja],
        source: sum.rule.source,
        place: place.to_string(),
        field_name: place.of_field().and_then(|(id, number)| ssmix2::conformance::field_name(id, number)),
        detail: key.detail,
        files: sum.files,
        occurrences: sum.occurrences,
        examples: sum.examples,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(patient: &str, data_type: &str, order: &str) -> String {
        let (first, rest) = patient.split_at(3);
        let (second, _) = rest.split_at(3);
        let name = format!("{patient}_20260401_{data_type}_{order}_20260401093015123_01_1");
        format!("{first}/{second}/{patient}/20260401/{data_type}/{name}")
    }

    fn add(tally: &mut Tally, path: &str, findings: &[Finding]) {
        let place = StoragePath::parse(path).unwrap();
        tally.file(File { place: &place, path, bytes: b"MSH" }, findings);
    }

    fn report(tally: Tally) -> Report {
        tally.report(None, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn two_workers_give_the_report_of_one() {
        let finding = [of_file(&rule::TERMINATOR)];
        let paths: Vec<_> = (0..9).map(|n| path(&format!("00000{n}0"), "OMD", "1")).collect();
        let (mut one, mut even, mut odd) = (Tally::default(), Tally::default(), Tally::default());
        for (n, path) in paths.iter().enumerate() {
            add(&mut one, path, &finding);
            add(if n % 2 == 0 { &mut even } else { &mut odd }, path, &finding);
        }
        odd.add(even);
        let told = |tally: Tally| serde_json::to_string(&report(tally)).unwrap();
        assert_eq!(told(one), told(odd));
    }

    #[test]
    fn what_looks_like_no_code_and_no_order_is_not_repeated() {
        let mut tally = Tally::default();
        for data_type in ["OML-12", "山田", "0001234", "OMP-1"] {
            add(&mut tally, &path("0000010", data_type, "山田"), &[of_file(&rule::TERMINATOR)]);
        }
        let report = report(tally);
        let codes: Vec<_> = report.data_types.iter().map(|data_type| data_type.code.as_str()).collect();
        assert_eq!(codes, ["OML-12", "?"]);
        assert_eq!(report.data_types[1].rows[0].examples[0].order, "?");
    }

    #[test]
    fn memory_is_bounded_whatever_is_found() {
        let mut tally = Tally::default();
        for n in 0..ROWS_MAX + 5 {
            let finding = Finding { detail: n.to_string(), ..of_file(&rule::TERMINATOR) };
            add(&mut tally, &path("0000010", "OMD", "1"), &[finding]);
        }
        for n in 0..UNKNOWN_TYPES_MAX + 5 {
            add(&mut tally, &path("0000010", &format!("ZZZ-{n:02}"), "1"), &[]);
        }
        let report = report(tally);
        assert_eq!((report.data_types[0].rows.len(), report.data_types[0].left_out), (ROWS_MAX, 5));
        assert_eq!(report.data_types[0].rows[0].examples.len(), 1);
        assert_eq!(report.data_types.len(), 1 + UNKNOWN_TYPES_MAX + 1);
        assert_eq!(report.files, (ROWS_MAX + UNKNOWN_TYPES_MAX + 10) as u64);
    }

    #[test]
    fn a_file_counts_by_the_gravest_of_its_findings() {
        let mut tally = Tally::default();
        let path = path("0000010", "OMD", "1");
        add(&mut tally, &path, &[of_file(&rule::TERMINATOR_LAST), of_file(&rule::CHARSET)]);
        add(&mut tally, &path, &[of_file(&rule::TERMINATOR), of_file(&rule::TERMINATOR_LAST)]);
        add(&mut tally, &path, &[of_file(&rule::TERMINATOR_LAST)]);
        let data_type = report(tally).data_types.remove(0);
        assert_eq!((data_type.files, data_type.with_errors, data_type.with_warnings), (3, 1, 1));
        let order: Vec<_> = data_type.rows.iter().map(|row| (row.severity, row.files)).collect();
        assert_eq!(order, [("error", 1), ("warning", 1), ("info", 3)]);
    }
}
