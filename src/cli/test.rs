//! `musubi test`: the route tests of `routes.toml`.

mod coverage;
mod junit;
mod text;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anstream::AutoStream;
use clap::Args;
use serde_json::json;

use super::{check, complain, exit, fail, print_json};
use crate::config::Config;
use crate::lang::Lang;
use crate::ops::route_tests::{Blessed, Report, bless, run, run_counting};

/// Arguments of `test`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  musubi test                            all tests\n  musubi test record-                    those whose `route: name` holds that\n  musubi test --junit report.xml         for a CI\n  musubi test --coverage                 which clauses no test decides\n  musubi test --bless                    expect what came out, after it was shown"
)]
pub(super) struct Arguments {
    /// Only tests whose `route: name` holds this text
    filter: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Write a JUnit report there
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write what came out into routes.toml as what is expected, where it differs or nothing is expected yet
    #[arg(long)]
    bless: bool,
    /// Bless also where more leaves than was expected
    #[arg(long, requires = "bless")]
    accept_widening: bool,
    /// Show which clauses of the routes the tests decide
    #[arg(long, conflicts_with = "filter")]
    coverage: bool,
    /// End with 1 if no test decides some clause
    #[arg(long, conflicts_with = "filter")]
    require_coverage: bool,
}

pub(super) fn main(folder: &Path, lang: Lang, arguments: &Arguments) -> u8 {
    let (config, report) = match tested(folder, lang, arguments) {
        Ok(tested) => tested,
        Err(code) => return code,
    };
    if let (true, Some(filter)) = (report.tests.is_empty(), &arguments.filter) {
        complain(&match lang {
            Lang::En => {
                format!("musubi: no route test's \"route: name\" holds \"{filter}\"; `musubi test` runs all")
            }
            Lang::Ja => format!(
                "musubi: 「経路: 名前」に {filter} を含む経路テストはありません。musubi test で全部を実行します"
            ),
        });
        return exit::USAGE;
    }
    if let Some(path) = &arguments.junit
        && let Err(error) = junit::report(&report).and_then(|text| fs::write(path, text))
    {
        complain(&format!("musubi: {} can't be written", path.display()));
        return fail(&error, exit::CANT_CREATE);
    }
    if arguments.bless && report.passed() < report.tests.len() {
        return blessed(folder, lang, arguments, &config, &report);
    }
    tell(&report, None, folder, lang, arguments);
    code(&report, arguments)
}

fn tested(folder: &Path, lang: Lang, arguments: &Arguments) -> Result<(Config, Report), u8> {
    let config = check::load(folder, lang)?;
    let report = match arguments.coverage || arguments.require_coverage {
        true => run_counting(&config),
        false => run(&config, arguments.filter.as_deref()),
    };
    let report = report.map_err(|unreadable| {
        complain(&format!("musubi: {unreadable}"));
        exit::BAD_CONFIG
    })?;
    Ok((config, report))
}

/// Shows what differs, writes it, and runs the tests again: what was written must pass.
fn blessed(folder: &Path, lang: Lang, arguments: &Arguments, config: &Config, report: &Report) -> u8 {
    if !arguments.json {
        show(&text::differing(report, lang));
    }
    let blessed = match bless(config, folder, report, arguments.accept_widening) {
        Ok(blessed) => blessed,
        Err(error) => return fail(&error, exit::CANT_CREATE),
    };
    let (_, again) = match tested(folder, lang, arguments) {
        Ok(tested) => tested,
        Err(code) => return code,
    };
    tell(&again, Some(&blessed), folder, lang, arguments);
    code(&again, arguments)
}

fn tell(report: &Report, blessed: Option<&Blessed>, folder: &Path, lang: Lang, arguments: &Arguments) {
    if arguments.json {
        print_json(&match blessed {
            None => json!(report),
            Some(blessed) => json!({ "blessed": blessed, "after": report }),
        });
        return;
    }
    show(&match blessed {
        None => text::report(report, folder, lang),
        Some(blessed) => text::blessed(blessed, report, folder, lang),
    });
    if arguments.coverage || arguments.require_coverage {
        show(&coverage::text(report, lang));
    }
}

fn code(report: &Report, arguments: &Arguments) -> u8 {
    let (decided, clauses) = report.decided();
    match report.passed() == report.tests.len() {
        true if arguments.require_coverage && decided < clauses => exit::DIFFERS,
        true => exit::DONE,
        false if report.has_unreadable() => exit::BAD_DATA,
        false => exit::DIFFERS,
    }
}

/// Prints to stdout, in colour where that is a terminal. A reader that went away (`| head`) is no fault.
fn show(text: &str) {
    drop(AutoStream::auto(io::stdout()).lock().write_all(text.as_bytes()));
}
