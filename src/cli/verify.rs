//! `musubi verify-backup`: whether a copy of a storage is the storage.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use indicatif::ProgressBar;

use super::{exit, fail, print};
use crate::lang::Lang;
use crate::ops::trees::{Comparison, Difference, Found, compare};

/// Files between two updates of what a person sees.
const SHOWN: u64 = 256;

/// Arguments of `verify-backup`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Root of the storage
    source: PathBuf,
    /// Its copy: <path of the subscriber>/<facility>/<source>
    backup: PathBuf,
    /// Print every difference, and then the counts, as a line of JSON each
    #[arg(long)]
    json: bool,
}

pub(super) fn main(lang: Lang, arguments: &Arguments) -> u8 {
    let bar = progress_bar();
    let json = arguments.json;
    let mut found = |found: Found| bar.suspend(|| show(&found, json, lang));
    let mut progress = |files: u64| {
        if files.is_multiple_of(SHOWN) {
            bar.set_message(match lang {
                Lang::En => format!("{files} files compared"),
                Lang::Ja => format!("ファイル {files} 件を比較"),
            });
        }
    };
    let result = compare(&arguments.source, &arguments.backup, &mut found, &mut progress);
    bar.finish_and_clear();
    match result {
        Ok(result) => finish(&result, json, lang),
        Err(error) => fail(&error, exit::TRY_LATER),
    }
}

fn finish(result: &Comparison, json: bool, lang: Lang) -> u8 {
    if json {
        print_line(result);
    } else {
        print(&summary(result, lang));
    }
    match result.differences.is_empty() {
        true => exit::DONE,
        false if result.count(Difference::Unreadable) > 0 => exit::TRY_LATER,
        false => exit::DIFFERS,
    }
}

fn show(found: &Found, json: bool, lang: Lang) {
    if json {
        return print_line(found);
    }
    let copy = found.copy.as_ref().map(|copy| format!("  ->  {}", copy.display())).unwrap_or_default();
    print(&format!("{}: {}{copy}\n", word(found.difference, lang), found.path.display()));
}

pub(super) fn print_line<T: serde::Serialize>(value: &T) {
    match serde_json::to_string(value) {
        Ok(line) => print(&format!("{line}\n")),
        Err(error) => drop(fail(&error, exit::SOFTWARE)),
    }
}

fn word(difference: Difference, lang: Lang) -> &'static str {
    let (en, ja) = match difference {
        Difference::Missing => ("missing in the backup", "バックアップにない"),
        Difference::Extra => ("only in the backup", "バックアップのみ"),
        Difference::Flag => ("other condition flag", "コンディションフラグ相違"),
        Difference::LineEnds => ("only the line ends at the end differ", "末尾の改行のみ相違"),
        Difference::Bytes => ("bytes differ", "内容相違"),
        Difference::Special => ("neither file nor folder", "ファイルでもフォルダでもない"),
        Difference::Unreadable => ("can't be read", "読めない"),
    };
    lang.pick(en, ja)
}

fn summary(result: &Comparison, lang: Lang) -> String {
    let Comparison { files, equal, .. } = result;
    let mut text = match lang {
        Lang::En => format!("{equal} of {files} files are the same, byte for byte\n"),
        Lang::Ja => format!("{files} 件中 {equal} 件が完全に一致\n"),
    };
    for difference in Difference::ALL.into_iter().filter(|difference| result.count(*difference) > 0) {
        text.push_str(&format!("{}: {}\n", word(difference, lang), result.count(difference)));
    }
    text
}

/// A spinner on a terminal, nothing elsewhere.
pub(super) fn progress_bar() -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}
