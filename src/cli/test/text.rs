//! What people read of route tests.

use std::path::Path;

use anstyle::{AnsiColor, Style};

use super::super::text::musubi;
use crate::lang::Lang;
use crate::ops::route_tests::{Blessed, Decision, Difference, Report, TestResult};

/// Keys whose lines begin with a name.
const LISTS: [&str; 6] = ["to", "why", "disclosed", "fields", "body", "findings"];
/// Lines of a difference that are the same on both sides, up to which all are shown.
const SAME_MAX: usize = 8;
/// Lines of a difference that are shown.
const LINES_MAX: usize = 60;

const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const DIM: Style = Style::new().dimmed();

/// All tests, and what none of them covers.
pub(super) fn report(report: &Report, folder: &Path, lang: Lang) -> String {
    let mut text: String = report.tests.iter().map(|test| told(test, lang)).collect();
    text.push_str(&summary(report, folder, lang));
    text
}

/// The tests that did not pass.
pub(super) fn differing(report: &Report, lang: Lang) -> String {
    report.tests.iter().filter(|test| !test.passed()).map(|test| told(test, lang)).collect()
}

/// What was written, what was not, and how it stands now.
pub(super) fn blessed(blessed: &Blessed, after: &Report, folder: &Path, lang: Lang) -> String {
    let mut text = String::new();
    for name in &blessed.written {
        text.push_str(&format!("{} {name}\n", green(lang.pick("blessed", "承認  "))));
    }
    for widening in &blessed.widening {
        let word = lang.pick("widens ", "拡大  ");
        text.push_str(&format!("{YELLOW}{word}{YELLOW:#} {}\n", widening.test));
        for (key, what) in &widening.leaves {
            let said = lang.pick("leaves, and was not expected to", "想定外に出ていきます");
            text.push_str(&format!("         {key}: {what} {said}\n"));
        }
    }
    if !blessed.widening.is_empty() {
        text.push_str(lang.pick(
            "more leaves than was expected: nothing of these was written. If it is meant: musubi test --bless --accept-widening\n",
            "想定より多くの情報が出ていくため、これらは書き込みませんでした。意図したものなら: musubi test --bless --accept-widening\n",
        ));
    }
    if !blessed.written.is_empty() {
        text.push_str(lang.pick(
            "routes.toml was changed: read what changed (git diff routes.toml) before you keep it\n",
            "routes.toml を書き換えました。採用する前に変更点を確認してください（git diff routes.toml）\n",
        ));
    }
    text.push_str(&summary(after, folder, lang));
    text
}

fn summary(report: &Report, folder: &Path, lang: Lang) -> String {
    let (all, passed) = (report.tests.len(), report.passed());
    let mut text = match lang {
        Lang::En => format!("{all} tests: {passed} ok, {} failed\n", all - passed),
        Lang::Ja => format!("テスト {all} 件: 成功 {passed}、失敗 {}\n", all - passed),
    };
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
    let musubi = musubi(folder);
    text.push_str(&match (passed < all, all) {
        (true, _) => match lang {
            Lang::En => {
                format!("next: mend the route or the test, or expect what came out: {musubi} test --bless\n")
            }
            Lang::Ja => format!("次に: 経路かテストを直すか、この結果を期待値にします: {musubi} test --bless\n"),
        },
        (false, 0) => match lang {
            Lang::En => format!(
                "next: add a [[route.test]] with expect = {{}} behind a route of routes.toml, then: {musubi} test --bless\n"
            ),
            Lang::Ja => format!(
                "次に: routes.toml の経路の後に expect = {{}} の [[route.test]] を追加してから: {musubi} test --bless\n"
            ),
        },
        (false, _) => format!("{}: {musubi} run --drain\n", lang.pick("next", "次に")),
    });
    text
}

fn green(word: &str) -> String {
    format!("{GREEN}{word}{GREEN:#}")
}

fn told(test: &TestResult, lang: Lang) -> String {
    let word = |en, ja| lang.pick(en, ja);
    if test.passed() {
        return format!("{} {}: {}\n", green(word("ok    ", "成功")), test.route, test.name);
    }
    let verdict = word("failed", "失敗");
    let mut text =
        format!("{RED}{verdict}{RED:#} {}: {} {DIM}({}){DIM:#}\n", test.route, test.name, test.place);
    if let Some(fault) = &test.unreadable {
        let said = word("can't be read", "読めない");
        text.push_str(&format!("         {said}: {} ({})\n", fault.reason, fault.place));
    }
    if !test.differences.is_empty() {
        let legend = word("- expected, + found", "- 期待、+ 結果");
        text.push_str(&format!("         {DIM}{legend}{DIM:#}\n"));
    }
    test.differences.iter().for_each(|difference| differs(&mut text, difference, lang));
    decided(&mut text, &test.decided_by, lang);
    text
}

/// One line below the other: what is on both sides, only expected, or only found.
fn differs(text: &mut String, difference: &Difference, lang: Lang) {
    let Difference { key, expected, found, widening } = difference;
    text.push_str(&format!("         {key}"));
    if !widening.is_empty() {
        let said = lang.pick("more leaves than was expected", "想定より多くの情報が出ていきます");
        text.push_str(&format!(" {YELLOW}{said}{YELLOW:#}"));
    }
    text.push('\n');
    if expected.is_empty() {
        let said = lang.pick("nothing was expected", "期待値なし");
        text.push_str(&format!("           {RED}- {DIM}({said}){DIM:#}{RED:#}\n"));
    }
    let same = expected.iter().filter(|line| found.contains(line)).count();
    let mut lines: Vec<_> = expected.iter().map(|line| (line, !found.contains(line), false)).collect();
    lines.extend(found.iter().filter(|line| !expected.contains(line)).map(|line| (line, false, true)));
    if LISTS.contains(key) && is_listed(expected) && is_listed(found) {
        lines.sort_by_key(|(line, _, extra)| (head(line), *extra));
    }
    let shown = |line: &&(&String, bool, bool)| same <= SAME_MAX || line.1 || line.2;
    let count = lines.iter().filter(shown).count();
    for (line, missing, extra) in lines.iter().filter(shown).take(LINES_MAX) {
        text.push_str(&match (missing, extra) {
            (true, _) => format!("           {RED}- {line}{RED:#}\n"),
            (_, true) => format!("           {GREEN}+ {line}{GREEN:#}\n"),
            _ => format!("             {line}\n"),
        });
    }
    let hidden = count.saturating_sub(LINES_MAX);
    let (same, hidden) = (if same > SAME_MAX { same } else { 0 }, hidden);
    if same + hidden > 0 {
        text.push_str(&match lang {
            Lang::En => format!("             … {same} lines the same, {hidden} more that differ\n"),
            Lang::Ja => format!("             … 同じ行 {same}、ほかに異なる行 {hidden}\n"),
        });
    }
    if found.is_empty() {
        let said = lang.pick("nothing came out", "結果なし");
        text.push_str(&format!("           {GREEN}+ {DIM}({said}){DIM:#}{GREEN:#}\n"));
    }
}

/// Whether the lines are in the order of their names: then what is missing and what is there stand side by side.
fn is_listed(lines: &[String]) -> bool {
    lines.is_sorted_by_key(|line| head(line))
}

/// The name that a line begins with: a path, a subscriber.
fn head(line: &str) -> &str {
    line.split([' ', ':']).next().unwrap_or_default()
}

/// What decided; once where it was the same for all.
fn decided(text: &mut String, decisions: &[Decision], lang: Lang) {
    let mut told: Vec<(String, Vec<&str>)> = Vec::new();
    for decision in decisions {
        let Decision { place, clause, verdict, line, subscriber, .. } = decision;
        let at = line.map(|line| format!(" {DIM}(routes.toml:{line}){DIM:#}")).unwrap_or_default();
        let said = format!("{place}: {clause} -> {verdict}{at}");
        match told.iter_mut().find(|(known, _)| *known == said) {
            Some((_, subscribers)) => subscribers.push(subscriber),
            None => told.push((said, vec![subscriber])),
        }
    }
    let word = lang.pick("decided by", "決め手");
    let single = told.len() == 1;
    for (said, subscribers) in told {
        let about = if single { String::new() } else { format!(" [{}]", subscribers.join(", ")) };
        text.push_str(&format!("         {word} {said}{about}\n"));
    }
}
