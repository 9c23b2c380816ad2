//! `musubi reconcile`: whether an index database and its storage say the same.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use indicatif::ProgressBar;
use serde_json::json;

use super::verify::{print_line, progress_bar};
use super::{exit, fail, print};
use crate::lang::Lang;
use crate::ops::reconcile::{
    Count, Found, Mismatch, ReconcileError, Reconciliation, RowFault, Watch, reconcile,
};

/// Rows and files between two updates of what a person sees.
const SHOWN: u64 = 1_024;

/// Arguments of `reconcile`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Root of the standardised storage
    storage: PathBuf,
    /// Export of the table SSMIXIDX as CSV
    #[arg(long, value_name = "FILE")]
    index: PathBuf,
    /// Print every mismatch, and then the counts, as a line of JSON each
    #[arg(long)]
    json: bool,
}

pub(super) fn main(lang: Lang, arguments: &Arguments) -> u8 {
    let mut teller = Teller { bar: progress_bar(), json: arguments.json, lang };
    let result = reconcile(&arguments.storage, &arguments.index, &mut teller);
    teller.bar.finish_and_clear();
    match result {
        Ok(result) => finish(&result, arguments.json, lang),
        Err(error @ (ReconcileError::Index { .. } | ReconcileError::Storage { .. })) => {
            fail(&error, exit::TRY_LATER)
        }
    }
}

struct Teller {
    bar: ProgressBar,
    json: bool,
    lang: Lang,
}

impl Watch for Teller {
    fn found(&mut self, found: &Found) {
        self.bar.suspend(|| match self.json {
            true => print_line(found),
            false => print(&format!("{}: {}{}\n", word(found.mismatch, self.lang), found.path, at(found))),
        });
    }

    fn fault(&mut self, fault: &RowFault) {
        let (line, reason) = (fault.line, fault.reason.to_string());
        self.bar.suspend(|| match self.json {
            true => print_line(&json!({ "unread_row": { "line": line, "reason": reason } })),
            false => print(&format!("{}: {fault}\n", self.lang.pick("no row", "行として読めない"))),
        });
    }

    fn progress(&mut self, done: u64) {
        if done.is_multiple_of(SHOWN) {
            self.bar.set_message(match self.lang {
                Lang::En => format!("{done} rows and files"),
                Lang::Ja => format!("行とファイル {done} 件"),
            });
        }
    }
}

fn at(found: &Found) -> String {
    found.line.map(|line| format!(" ({line})")).unwrap_or_default()
}

fn finish(result: &Reconciliation, json: bool, lang: Lang) -> u8 {
    if json {
        print_line(&counts(result));
    } else {
        print(&summary(result, lang));
    }
    match result.is_same() {
        true => exit::DONE,
        false if result.unread_folders > 0 => exit::TRY_LATER,
        false => exit::DIFFERS,
    }
}

fn counts(result: &Reconciliation) -> serde_json::Value {
    let days = result.days.iter().map(|(day, count)| {
        json!({ "data_type": day.data_type, "date": day.date, "rows": count.rows, "files": count.files })
    });
    json!({
        "agreed": result.agreed,
        "mismatches": result.mismatches,
        "unread_rows": result.unread_rows,
        "unread_folders": result.unread_folders,
        "days": days.collect::<Vec<_>>(),
    })
}

fn word(mismatch: Mismatch, lang: Lang) -> &'static str {
    match mismatch {
        Mismatch::NoFile => lang.pick("row without file", "ファイルのない行"),
        Mismatch::NoRow => lang.pick("file without row", "行のないファイル"),
        Mismatch::Flag => lang.pick("condition flag differs", "コンディションフラグ相違"),
    }
}

/// Counts by data type, and the days on which they differ.
fn summary(result: &Reconciliation, lang: Lang) -> String {
    let mut types: BTreeMap<&str, Count> = BTreeMap::new();
    for (day, count) in &result.days {
        let sum = types.entry(&day.data_type).or_default();
        *sum = Count { rows: sum.rows + count.rows, files: sum.files + count.files };
    }
    let line = |name: &str, count: &Count| match lang {
        Lang::En => format!("{name}: {} rows, {} files\n", count.rows, count.files),
        Lang::Ja => format!("{name}: 行 {} 件、ファイル {} 件\n", count.rows, count.files),
    };
    let mut text: String = types.iter().map(|(name, count)| line(name, count)).collect();
    for (day, count) in result.days.iter().filter(|(_, count)| count.rows != count.files) {
        text.push_str(&line(&format!("  {} {}", day.data_type, day.date), count));
    }
    text.push_str(&match lang {
        Lang::En => format!("{} versions agree\n", result.agreed),
        Lang::Ja => format!("{} 件が一致\n", result.agreed),
    });
    for (mismatch, count) in &result.mismatches {
        text.push_str(&format!("{}: {count}\n", word(*mismatch, lang)));
    }
    for (count, en, ja) in [
        (result.unread_rows, "lines that are no row", "行として読めないもの"),
        (result.unread_folders, "folders that can't be read", "読めないフォルダ"),
    ] {
        if count > 0 {
            text.push_str(&format!("{}: {count}\n", lang.pick(en, ja)));
        }
    }
    text
}
