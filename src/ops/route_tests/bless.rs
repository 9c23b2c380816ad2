//! Writes what came of tests into `routes.toml` as what is expected, with its comments and its order as they are.

mod list;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::body;
use super::compare::{self, Difference};
use super::outcome::{Decision, Outcome};
use super::{Report, TestResult};
use crate::config::{Config, Expectation, Why};

/// Name of the file.
const FILE: &str = "routes.toml";
/// What a file begins with where its editor puts a mark there.
const BOM: &str = "\u{feff}";

/// What became of the tests that came out differently.
#[derive(Debug, Default, Serialize)]
pub struct Blessed {
    /// Tests whose expectation was written, by `route: name`.
    pub written: Vec<String>,
    /// Tests that were left alone because more would leave than was expected, with what.
    pub widening: Vec<Widening>,
}

/// A test of whose message more leaves than was expected.
#[derive(Debug, Serialize)]
pub struct Widening {
    /// `route: name`.
    pub test: String,
    /// The keys of the expectation with the subscribers, fields or texts.
    pub leaves: Vec<(&'static str, String)>,
}

/// What was blessed can't be written.
#[derive(Debug, thiserror::Error)]
pub enum BlessError {
    /// A file can't be read.
    #[error("{path} can't be read: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file can't be written.
    #[error("{path} can't be written: {source}")]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not the one whose tests were run.
    #[error("{path} was changed while its tests ran: nothing was written; run `musubi test --bless` again")]
    Changed {
        /// The file.
        path: PathBuf,
    },
}

/// Writes the expectations of the tests that came out differently, and of those that expect nothing yet. Of tests of
/// whose message more leaves than was expected only where that is accepted. A test whose message can't be read is left
/// alone.
///
/// # Errors
///
/// A file can't be read or written, or is not the one whose tests were run.
pub fn bless(
    config: &Config,
    folder: &Path,
    report: &Report,
    accept_widening: bool,
) -> Result<Blessed, BlessError> {
    let path = folder.join(FILE);
    let path = path.canonicalize().unwrap_or(path);
    let text = fs::read_to_string(&path).map_err(unreadable(&path))?;
    let (mark, bare) = text.strip_prefix(BOM).map_or(("", text.as_str()), |bare| (BOM, bare));
    let changed = || BlessError::Changed { path: path.clone() };
    let mut document: DocumentMut = bare.parse().map_err(|_| changed())?;
    let mut blessed = Blessed::default();
    for result in report.tests.iter().filter(|test| !test.passed()) {
        let Some(outcome) = &result.outcome else { continue };
        let name = format!("{}: {}", result.route, result.name);
        let leaves: Vec<_> = result.widening().map(|(key, what)| (key, what.to_owned())).collect();
        if !leaves.is_empty() && !accept_widening {
            blessed.widening.push(Widening { test: name, leaves });
            continue;
        }
        let table = table_of(&mut document, result).ok_or_else(changed)?;
        let expect = config.route_tests.get(result.index).and_then(|test| test.expect.as_ref());
        write(table, expect, &result.differences, outcome).ok_or_else(changed)?;
        write_body(expect, &result.differences, outcome)?;
        blessed.written.push(name);
    }
    if !blessed.written.is_empty() {
        replace(&path, &format!("{mark}{document}"))?;
    }
    Ok(blessed)
}

fn unreadable(path: &Path) -> impl Fn(io::Error) -> BlessError {
    move |source| BlessError::Unreadable { path: path.to_owned(), source }
}

/// Puts a whole file in the place of the old one, with its rights.
fn replace(path: &Path, text: &str) -> Result<(), BlessError> {
    let unwritable = |source| BlessError::Unwritable { path: path.to_owned(), source };
    let new = path.with_extension("toml.new");
    fs::write(&new, text).map_err(unwritable)?;
    let rights = fs::metadata(path).map_err(unreadable(path))?.permissions();
    fs::set_permissions(&new, rights).map_err(unwritable)?;
    fs::rename(&new, path).map_err(unwritable)
}

/// The table of a test, if it is still where it was read.
fn table_of<'d>(document: &'d mut DocumentMut, result: &TestResult) -> Option<&'d mut dyn TableLike> {
    let is_named = |table: &dyn TableLike, name: &str| table.get("name").and_then(Item::as_str) == Some(name);
    let mut routes = tables(document.get_mut("route")?).into_iter();
    let route = routes.find(|route| is_named(*route, &result.route))?;
    let test = tables(route.get_mut("test")?).into_iter().nth(result.place_in_route)?;
    is_named(test, &result.name).then_some(test)
}

/// The tables of a list of them, written either way.
fn tables(item: &mut Item) -> Vec<&mut dyn TableLike> {
    fn table(table: &mut Table) -> &mut dyn TableLike {
        table
    }
    match item {
        Item::ArrayOfTables(tables) => tables.iter_mut().map(table).collect(),
        Item::Value(Value::Array(values)) => values
            .iter_mut()
            .filter_map(|value| value.as_inline_table_mut().map(|table| table as &mut dyn TableLike))
            .collect(),
        _ => Vec::new(),
    }
}

/// Writes what came out; nothing where the file has another shape than was read.
fn write(
    test: &mut dyn TableLike,
    expect: Option<&Expectation>,
    differences: &[Difference],
    outcome: &Outcome,
) -> Option<()> {
    if expect.is_none() && !test.get("expect").is_some_and(Item::is_table) {
        set(test, "expect", InlineTable::new().into());
    }
    let item = test.get_mut("expect")?;
    let table = item.as_table_like_mut()?;
    match expect {
        None => write_new(table, outcome),
        Some(expect) => {
            differences.iter().for_each(|difference| write_one(table, difference.key, expect, outcome));
        }
    }
    if let Item::Value(Value::InlineTable(table)) = item {
        tidy(table);
    }
    Some(())
}

/// Of a test that expects nothing yet: who gets it, and why nobody does.
fn write_new(table: &mut dyn TableLike, outcome: &Outcome) {
    set_list(table, "to", &outcome.to);
    if let Some(copy) = outcome.copies.first() {
        set(table, "topic", copy.topic.as_str().into());
    } else if let Some(fault) = &outcome.fault {
        set(table, "fault", fault.code.as_str().into());
    } else {
        set(table, "why", why_of(&outcome.decisions));
    }
}

fn write_one(table: &mut dyn TableLike, key: &'static str, expect: &Expectation, outcome: &Outcome) {
    let json = || outcome.copies.first().and_then(|copy| copy.json());
    let sent = || json().map(|json| body::paths(&json)).unwrap_or_default();
    match key {
        "to" => set_list(table, key, &outcome.to),
        "findings" => set_list(table, key, &outcome.findings),
        "disclosed" => set_list(table, key, &sent()),
        "not_to" => {
            set_list(table, key, &kept(&expect.not_to, |name| !outcome.reached.contains(name)));
        }
        "withheld" => {
            let sent = sent();
            let stays = |field: &str| !sent.iter().any(|path| body::is_within(path, field));
            set_list(table, key, &kept(&expect.withheld, stays));
        }
        "without" => {
            let leaves = |text: &str| {
                outcome.copies.iter().any(|copy| String::from_utf8_lossy(&copy.body).contains(text))
            };
            set_list(table, key, &kept(&expect.without, |text| !leaves(text)));
        }
        "topic" => {
            if let Some(copy) = outcome.copies.first() {
                set(table, key, copy.topic.as_str().into());
            }
        }
        "why" => write_why(table, expect, &outcome.decisions),
        "fields" => write_fields(table, expect, json().unwrap_or_default()),
        "ack" => set(table, key, outcome.ack.as_str().into()),
        "fault" => match &outcome.fault {
            Some(fault) => set(table, key, fault.code.as_str().into()),
            None => drop(table.remove(key)),
        },
        // A file of its own.
        _ => {}
    }
}

fn kept(listed: &[String], stays: impl Fn(&str) -> bool) -> BTreeSet<String> {
    listed.iter().filter(|one| stays(one)).cloned().collect()
}

/// One text where all that did not get it have one reason, else one for each.
fn why_of(decisions: &[Decision]) -> Value {
    let about = compare::together(decisions);
    match about.first() {
        Some(first) if about.iter().all(|one| one.clause == first.clause) => first.clause.as_str().into(),
        _ => {
            let each = about.iter().map(|one| (one.subscriber.as_str(), one.clause.as_str()));
            Value::InlineTable(each.collect())
        }
    }
}

fn write_why(table: &mut dyn TableLike, expect: &Expectation, decisions: &[Decision]) {
    let Some(Why::Each(texts)) = &expect.why else { return set(table, "why", why_of(decisions)) };
    let Some(each) = table.get_mut("why").and_then(Item::as_table_like_mut) else { return };
    for decision in decisions {
        if texts.get(&decision.subscriber).is_some_and(|text| !decision.is(text)) {
            set(each, &decision.subscriber, decision.clause.as_str().into());
        }
    }
}

fn write_fields(table: &mut dyn TableLike, expect: &Expectation, json: serde_json::Value) {
    let Some(item) = table.get_mut("fields") else { return };
    let Some(fields) = item.as_table_like_mut() else { return };
    for (path, expected) in &expect.fields {
        match body::value(&json, path) {
            Some(found) if found == *expected => {}
            Some(found) => {
                let new = like(fields.get(path), found);
                set(fields, path, new);
            }
            None => drop(fields.remove(path)),
        }
    }
    if let Item::Value(Value::InlineTable(table)) = item {
        tidy(table);
    }
}

/// A value written as the one before it: a number stays a number.
fn like(before: Option<&Item>, found: String) -> Value {
    let number = before.filter(|before| before.is_integer()).and_then(|_| found.parse::<i64>().ok());
    let truth = before.filter(|before| before.is_bool()).and_then(|_| found.parse::<bool>().ok());
    number.map(Value::from).or(truth.map(Value::from)).unwrap_or_else(|| found.into())
}

/// Puts a value in the place of the one before it, with the white space and comments around that.
fn set(table: &mut dyn TableLike, key: &str, mut new: Value) {
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(old) => {
            *new.decor_mut() = old.decor().clone();
            *old = new;
        }
        None => drop(table.insert(key, Item::Value(new))),
    }
}

/// Makes a list hold these texts. What must not leave is not listed any more where nothing is left of it.
fn set_list(table: &mut dyn TableLike, key: &str, texts: &BTreeSet<String>) {
    if texts.is_empty() && matches!(key, "not_to" | "withheld" | "without") {
        drop(table.remove(key));
        return;
    }
    match table.get_mut(key).and_then(Item::as_array_mut) {
        Some(array) => list::set(array, texts),
        None => set(table, key, texts.iter().map(String::as_str).collect::<Array>().into()),
    }
}

/// White space before the commas and the closing brace as people write it.
fn tidy(table: &mut InlineTable) {
    let count = table.len();
    for (at, (_, value)) in table.iter_mut().enumerate() {
        let suffix = value.decor().suffix().and_then(|suffix| suffix.as_str()).unwrap_or_default();
        let (is_last, is_blank) = (at + 1 == count, suffix.trim().is_empty());
        let suffix = match (is_last, suffix.is_empty()) {
            (true, true) => " ".to_owned(),
            (false, _) if is_blank => String::new(),
            _ => suffix.to_owned(),
        };
        let prefix = value.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or(" ").to_owned();
        *value.decor_mut() = toml_edit::Decor::new(prefix, suffix);
    }
}

/// The file with all that leaves.
fn write_body(
    expect: Option<&Expectation>,
    differences: &[Difference],
    outcome: &Outcome,
) -> Result<(), BlessError> {
    let path = expect.and_then(|expect| expect.body.as_ref());
    let is_other = differences.iter().any(|difference| difference.key == "body");
    let (Some(path), true, Some(copy)) = (path, is_other, outcome.copies.first()) else { return Ok(()) };
    let bytes = match copy.json().map(|json| serde_json::to_string_pretty(&json)) {
        Some(Ok(text)) => format!("{text}\n").into_bytes(),
        _ => copy.body.clone(),
    };
    let unwritable = |source| BlessError::Unwritable { path: path.clone(), source };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(unwritable)?;
    }
    fs::write(path, bytes).map_err(unwritable)
}
