//! `musubi test`: the route tests of `routes.toml`.

use std::path::Path;

use clap::Args;

use super::lang::Lang;
use super::{check, complain, exit, print, print_json};
use crate::ops::route_tests::{Report, TestResult, run};

/// Arguments of `test`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only tests whose `route: name` holds this text
    filter: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn main(folder: &Path, lang: Lang, arguments: &Arguments) -> u8 {
    let config = match check::load(folder, lang) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let report = match run(&config, arguments.filter.as_deref()) {
        Ok(report) => report,
        Err(unreadable) => {
            complain(&format!("musubi: {unreadable}"));
            return exit::BAD_CONFIG;
        }
    };
    if let (true, Some(filter)) = (report.tests.is_empty(), &arguments.filter) {
        complain(&match lang {
            Lang::En => format!("musubi: no route test's \"route: name\" holds \"{filter}\""),
            Lang::Ja => format!("musubi: 「経路: 名前」に {filter} を含む経路テストはありません"),
        });
        return exit::USAGE;
    }
    if arguments.json {
        print_json(&report);
    } else {
        print(&text(&report, lang));
    }
    match report.passed() == report.tests.len() {
        true => exit::DONE,
        false if report.has_unreadable() => exit::BAD_DATA,
        false => exit::DIFFERS,
    }
}

fn text(report: &Report, lang: Lang) -> String {
    let mut text: String = report.tests.iter().map(|test| told(test, lang)).collect();
    let (all, passed) = (report.tests.len(), report.passed());
    text.push_str(&match lang {
        Lang::En => format!("{all} tests: {passed} ok, {} failed\n", all - passed),
        Lang::Ja => format!("テスト {all} 件: 成功 {passed}、失敗 {}\n", all - passed),
    });
    let uncovered = [
        (
            lang.pick("no test with a message that it takes", "受け付けるメッセージのテストがない経路"),
            &report.never_taken,
        ),
        (
            lang.pick("no test with a message that it refuses", "受け付けないメッセージのテストがない経路"),
            &report.never_refused,
        ),
    ];
    for (what, routes) in uncovered.into_iter().filter(|(_, routes)| !routes.is_empty()) {
        text.push_str(&format!("{what}: {}\n", routes.join(", ")));
    }
    text
}

fn told(test: &TestResult, lang: Lang) -> String {
    let word = |en, ja| lang.pick(en, ja);
    let verdict = if test.passed() { word("ok    ", "成功") } else { word("failed", "失敗") };
    let mut text = format!("{verdict} {}: {}\n", test.route, test.name);
    if let Some(fault) = &test.unreadable {
        text.push_str(&format!(
            "         {}: {} ({})\n",
            word("can't be read", "読めない"),
            fault.reason,
            fault.place
        ));
    }
    for difference in &test.differences {
        text.push_str(&format!("         {}\n", difference.key));
        text.push_str(&format!("           {} {}\n", word("expected", "期待"), difference.expected));
        text.push_str(&format!("           {} {}\n", word("found   ", "結果"), difference.found));
    }
    if let Some(clause) = test.decided_by.as_ref().filter(|_| !test.passed()) {
        text.push_str(&format!("         {} {clause}\n", word("decided by", "決め手")));
    }
    text
}
