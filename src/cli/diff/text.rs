//! A comparison for people: counts first, then what widens, then the rest.

use std::collections::BTreeSet;

use super::Sides;
use crate::lang::Lang;
use crate::ops::diff::{Category, Cell, Class, Comparison, Example, How, Item, Missing, Rule, Values, Why};

/// Cells and classes of a kind that are shown; JSON has all.
const SHOWN_MAX: usize = 40;
/// Subscribers that are named.
const NAMES_MAX: usize = 8;
/// Values of a field that are shown.
const VALUES_MAX: usize = 3;

/// The whole text.
pub(super) fn told(sides: &Sides, comparison: &Comparison, lang: Lang) -> String {
    let mut text = head(sides, comparison, lang);
    text.push_str(&missing(&comparison.missing, lang));
    text.push_str(&counts(comparison, lang));
    let (widening, other): (Vec<_>, Vec<_>) = comparison.classes.iter().partition(|class| class.widening);
    let possible: Vec<_> = comparison.rules.iter().filter(|rule| rule.widens && !rule.seen).collect();
    section(
        lang.pick("What leaves that did not before", "新たに出ていく情報"),
        classes(&widening, lang),
        &mut text,
    );
    section(
        lang.pick(
            "What may leave that did not before: not seen in these messages",
            "新たに出ていく可能性がある情報: 今回のメッセージには現れない",
        ),
        rules(&possible, lang),
        &mut text,
    );
    section(lang.pick("What differs besides", "その他の差異"), classes(&other, lang), &mut text);
    let rest: Vec<_> = comparison.rules.iter().filter(|rule| !rule.widens).collect();
    section(
        lang.pick("What the rules say otherwise besides", "その他の設定の差異"),
        rules(&rest, lang),
        &mut text,
    );
    text.push_str(&end(comparison, lang));
    text
}

fn section(title: &str, body: String, text: &mut String) {
    if !body.is_empty() {
        text.push_str(&format!("\n{title}\n{body}"));
    }
}

fn head(sides: &Sides, comparison: &Comparison, lang: Lang) -> String {
    let short = |hash: &str| hash.chars().take(12).collect::<String>();
    let (old, new) = (short(&sides.old), short(&sides.new));
    let folder = sides.old_folder.display();
    let Comparison { messages, differing, .. } = comparison;
    let since = sides.in_force_since.map(|at| at.to_string());
    let mut text = match (lang, since) {
        (Lang::En, Some(at)) => format!("old {old}: in force since {at}\nnew {new}\n"),
        (Lang::En, None) => format!("old {old}: {folder}\nnew {new}\n"),
        (Lang::Ja, Some(at)) => format!("旧 {old}: {at} から稼働中\n新 {new}\n"),
        (Lang::Ja, None) => format!("旧 {old}: {folder}\n新 {new}\n"),
    };
    let (differ, widen, same) = (differing.messages, differing.widening, messages - differing.messages);
    text.push_str(&match lang {
        Lang::En => {
            format!("{messages} messages compared: {same} the same, {differ} differ, {widen} of them widen\n")
        }
        Lang::Ja => {
            format!("メッセージ {messages} 件を比較: 同一 {same}、相違 {differ}（うち開示拡大 {widen}）\n")
        }
    });
    if comparison.stopped {
        text.push_str(lang.pick("stopped before the end\n", "途中で中断\n"));
    }
    text
}

fn missing(missing: &[Missing], lang: Lang) -> String {
    let line = |one: &Missing| {
        let of = one.feed.as_ref().map(|feed| format!("{feed}: ")).unwrap_or_default();
        let why = match &one.why {
            Why::Gone => lang.pick(
                "no source holds them any more (replaced since, or they came over a connection)",
                "取込元に現存しない（更新済み、または接続経由で受信）",
            ),
            Why::Away(why) => why.as_str(),
            Why::NoFeed => lang.pick("the feed is not in the old configuration", "旧設定にないフィード"),
            Why::NoMessage => lang.pick("files that are no message", "メッセージでないファイル"),
            Why::Unreadable => lang.pick("files that can't be read", "読めないファイル"),
        };
        match lang {
            Lang::En => format!("{} not compared: {of}{why}\n", one.messages),
            Lang::Ja => format!("{} 件は比較できず: {of}{why}\n", one.messages),
        }
    };
    missing.iter().map(line).collect()
}

fn counts(comparison: &Comparison, lang: Lang) -> String {
    if comparison.categories.is_empty() {
        return String::new();
    }
    let mut rows = vec![
        [lang.pick("differs in", "差異"), lang.pick("messages", "件数"), lang.pick("widen", "拡大")]
            .map(str::to_owned)
            .to_vec(),
    ];
    rows.extend(comparison.categories.iter().map(|(category, counts)| {
        vec![word(*category, lang).to_owned(), counts.messages.to_string(), counts.widening.to_string()]
    }));
    let mut text = format!("\n{}", table(&rows));
    let titles = [
        lang.pick("feed", "フィード"),
        lang.pick("kind", "種別"),
        lang.pick("subscriber", "配信先"),
        lang.pick("differs in", "差異"),
        lang.pick("messages", "件数"),
        lang.pick("widen", "拡大"),
    ];
    let mut rows = vec![titles.map(str::to_owned).to_vec()];
    rows.extend(comparison.cells.iter().take(SHOWN_MAX).map(|cell| row(cell, lang)));
    text.push_str(&format!("\n{}", table(&rows)));
    text.push_str(&more(comparison.cells.len(), lang));
    text
}

fn row(cell: &Cell, lang: Lang) -> Vec<String> {
    vec![
        cell.feed.clone(),
        cell.kind.clone(),
        cell.subscriber.clone().unwrap_or_else(|| "-".to_owned()),
        word(cell.category, lang).to_owned(),
        cell.counts.messages.to_string(),
        cell.counts.widening.to_string(),
    ]
}

/// Columns as wide as they must be.
fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| wide(cell)).max();
    let widths: Vec<_> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths);
        let cells =
            cells.map(|(cell, width)| format!("{cell}{}", " ".repeat(width.saturating_sub(wide(cell)))));
        format!("  {}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

/// Columns of a terminal: Japanese characters take two.
fn wide(text: &str) -> usize {
    text.chars().map(|character| if character.is_ascii() { 1 } else { 2 }).sum()
}

fn more(all: usize, lang: Lang) -> String {
    let rest = all.saturating_sub(SHOWN_MAX);
    match (rest, lang) {
        (0, _) => String::new(),
        (rest, Lang::En) => format!("  … and {rest} more: --json has all\n"),
        (rest, Lang::Ja) => format!("  … 他 {rest} 件: --json ですべて表示\n"),
    }
}

fn word(category: Category, lang: Lang) -> &'static str {
    let (en, ja) = match category {
        Category::PickedUp => ("picked up", "取込"),
        Category::Parsed => ("parsed", "解読"),
        Category::Mapped => ("mapped", "変換"),
        Category::Routed => ("routed", "配信先"),
        Category::Disclosed => ("disclosed", "開示"),
        Category::Basis => ("basis", "根拠"),
    };
    lang.pick(en, ja)
}

fn names(subscribers: &BTreeSet<String>) -> String {
    let mut names: Vec<_> = subscribers.iter().take(NAMES_MAX).map(String::as_str).collect();
    let rest = subscribers.len().saturating_sub(NAMES_MAX);
    let more = format!("+{rest}");
    if rest > 0 {
        names.push(&more);
    }
    names.join(", ")
}

fn classes(classes: &[&Class], lang: Lang) -> String {
    let shown = classes.iter().take(SHOWN_MAX).map(|class| {
        let mark = if class.widening { "!" } else { " " };
        let to = if class.subscribers.is_empty() {
            String::new()
        } else {
            format!(": {}", names(&class.subscribers))
        };
        let mut text = format!("{mark} {} x {}{to}\n", class.messages, word(class.category, lang));
        class.items.iter().for_each(|one| text.push_str(&format!("      {}\n", item(one, lang))));
        class.examples.iter().for_each(|one| text.push_str(&example(one, lang)));
        text
    });
    shown.collect::<String>() + &more(classes.len(), lang)
}

fn item(item: &Item, lang: Lang) -> String {
    let sign = |how: &How| match how {
        How::Added => '+',
        How::Removed => '-',
        How::Changed => '~',
    };
    match item {
        Item::Recipient { how, route } => {
            let told = match how {
                How::Added => lang.pick("gets a copy", "コピーを受け取る"),
                How::Removed | How::Changed => lang.pick("no longer gets a copy", "コピーを受け取らなくなる"),
            };
            format!("{} {told} ({route})", sign(how))
        }
        Item::Field { path, how, .. } => format!("{} {path}", sign(how)),
        Item::Word { name, old, new, .. } => match (old, new) {
            (Some(old), Some(new)) => format!("~ {name}: {old} -> {new}"),
            (None, Some(new)) => format!("+ {name}: {new}"),
            (Some(old), None) => format!("- {name}: {old}"),
            (None, None) => format!("~ {name}"),
        },
    }
}

fn example(example: &Example, lang: Lang) -> String {
    let Example { id, feed, kind, file, because, values, .. } = example;
    let eg = lang.pick("e.g.", "例:");
    let mut text = format!("    {eg} {feed} {kind}: musubi inspect '{}'\n", file.0);
    if id.bytes().any(|digit| digit != b'0') {
        text.push_str(&format!("         musubi trace {id}\n"));
    }
    if let Some(clause) = because {
        text.push_str(&format!("         {} {clause}\n", lang.pick("decided by", "決め手")));
    }
    values.iter().for_each(|field| text.push_str(&shown(field)));
    text
}

fn shown(field: &Values) -> String {
    let of = |values: &[crate::envelope::Identifying]| {
        let mut told: Vec<_> = values.iter().take(VALUES_MAX).map(|value| value.0.as_str()).collect();
        if values.len() > VALUES_MAX {
            told.push("…");
        }
        if told.is_empty() { "-".to_owned() } else { told.join(" | ") }
    };
    format!("         {}: {} -> {}\n", field.path, of(&field.old), of(&field.new))
}

fn rules(rules: &[&Rule], lang: Lang) -> String {
    let line = |rule: &&Rule| {
        let mark = if rule.widens { "!" } else { " " };
        let told = match (&rule.old, &rule.new) {
            (Some(old), Some(new)) => format!(": {old} -> {new}"),
            (None, Some(new)) => format!(": + {new}"),
            (Some(old), None) => format!(": - {old}"),
            (None, None) => String::new(),
        };
        let to = if rule.about == "recipient" || rule.subscribers.is_empty() {
            String::new()
        } else {
            format!(" ({})", names(&rule.subscribers))
        };
        format!("{mark} {} {}{told}{to}\n", rule.name, about(rule.about, lang))
    };
    rules.iter().map(line).collect()
}

fn about(about: &str, lang: Lang) -> &str {
    let (en, ja) = match about {
        "recipient" => ("sends to", "の配信先"),
        "kinds" => ("takes kinds", "の種別"),
        "changes" => ("takes changes", "の変更区分"),
        "facilities" => ("takes facilities", "の施設"),
        "invalid" => ("takes what makes no sense", "の不正メッセージ"),
        "condition" => ("has another condition", "の条件が異なる"),
        "field" => ("discloses", "の開示項目"),
        "form" => ("sends as", "の形式"),
        "basis" => ("asks for the basis", "の根拠"),
        "purpose" => ("asks for the purpose", "の目的"),
        "address" => ("is addressed by", "の宛先"),
        "order" => ("gets routes in another order", "の経路の順序"),
        "falls-to" => ("may leave messages to a later route", "のメッセージが後の経路で送られ得る"),
        "table" => ("has other rows", "の行が異なる"),
        "deliver" => ("is delivered elsewhere", "の配信方法・先が異なる"),
        "subscriber-facility" | "feed-facility" => ("is of the facility", "の施設"),
        "feed" => ("is the feed of", "フィード"),
        "sources" => ("has other sources", "の取込元"),
        other => return other,
    };
    lang.pick(en, ja)
}

fn end(comparison: &Comparison, lang: Lang) -> String {
    let widens = !comparison.widenings().is_empty();
    let text = match (widens, comparison.differs()) {
        (true, _) => lang.pick(
            "\nThis configuration lets out more than the old one. If that is meant: musubi apply --accept-widening\n",
            "\nこの設定は以前より多くを開示します。意図どおりなら: musubi apply --accept-widening\n",
        ),
        (false, true) => lang.pick(
            "\nNothing leaves that did not before. To put it in force: musubi apply\n",
            "\n新たに出ていく情報はありません。適用: musubi apply\n",
        ),
        (false, false) => lang.pick("Nothing differs.\n", "差異はありません。\n"),
    };
    text.to_owned()
}
