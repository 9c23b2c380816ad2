//! Which clauses the tests decide, for people.

use anstyle::{AnsiColor, Style};

use crate::lang::Lang;
use crate::ops::route_tests::{ClauseCoverage, Report, RouteCoverage};

const YELLOW: Style = AnsiColor::Yellow.on_default();

/// Every route with its clauses and their counts; what no test decides is marked.
pub(super) fn text(report: &Report, lang: Lang) -> String {
    let mut text = format!(
        "\n{}\n",
        lang.pick(
            "coverage: tests that would come out otherwise if the clause never held / always held",
            "網羅: その条件が常に偽なら／常に真なら結果が変わるテストの数",
        )
    );
    report.coverage.iter().for_each(|route| clauses(&mut text, route, lang));
    let (decided, all) = report.decided();
    text.push_str(&match lang {
        Lang::En => format!("{decided} of {all} clauses are decided by a test\n"),
        Lang::Ja => format!("条件 {all} のうち {decided} がテストで確かめられています\n"),
    });
    if decided < all {
        text.push_str(lang.pick(
            "next: add a [[route.test]] with expect = {} whose message only that clause keeps back or lets through, then musubi test --bless\n",
            "次に: その条件だけで結果が決まるメッセージの [[route.test]] を expect = {} で追加し、musubi test --bless を実行します\n",
        ));
    }
    text
}

fn clauses(text: &mut String, route: &RouteCoverage, lang: Lang) {
    let RouteCoverage { route, tests, taken, clauses } = route;
    text.push_str(&match lang {
        Lang::En => format!("{route}: {tests} tests, {taken} with a message that it takes\n"),
        Lang::Ja => format!("{route}: テスト {tests} 件、受け付けるメッセージ {taken} 件\n"),
    });
    for one in clauses {
        let ClauseCoverage { place, clause, line, holds, fails } = one;
        let fails = fails.map_or("-".to_owned(), |fails| fails.to_string());
        let at = line.map(|line| format!(" (routes.toml:{line})")).unwrap_or_default();
        let said = format!("{holds:>3} / {fails:>3}  {place}: {clause}{at}");
        text.push_str(&match one.is_decided() {
            true => format!("    {said}\n"),
            false => format!("  {YELLOW}! {said}{YELLOW:#}\n"),
        });
    }
}
