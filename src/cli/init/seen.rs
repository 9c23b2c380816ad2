//! What was seen of a part, as comments of a feed's file: counts and codes, no patient data.

use super::tell::grouped;
use crate::cli::text::cells;
use crate::lang::Lang;
use crate::ops::survey::{CharsetSeen, DataTypeSeen, Part, PartSeen};

/// Broken rules that are told.
const RULES_MAX: usize = 12;

/// What was seen of a part.
pub(super) fn seen(text: &mut String, part: &PartSeen, lang: Lang) {
    let word = |en, ja| lang.pick(en, ja);
    let what = match part.part {
        Part::Standard => word("standardised storage: files", "標準化ストレージ: ファイル"),
        Part::Transaction => word(
            "transaction storage, newest files: records",
            "トランザクションストレージ（最新分）: レコード",
        ),
        Part::Extension => word("extension storage: documents", "拡張ストレージ: 文書"),
        Part::ExtensionTransaction => word(
            "its transaction storage, newest files: records",
            "拡張のトランザクションストレージ（最新分）: レコード",
        ),
        Part::Index => word("index database, exported: rows", "インデックスDBの出力: 行"),
        Part::Hl7Files => word("HL7 v2: files", "HL7 v2: ファイル"),
        Part::Checkup => word("archives of check-ups: files", "健診アーカイブ: ファイル"),
    };
    let whole = if part.whole { word("all", "全件") } else { word("a sample", "一部") };
    let read = match part.content.files {
        0 => String::new(),
        files => format!(", {} {}", word("read", "読取"), grouped(files)),
    };
    text.push_str(&format!("# {what} {} ({whole}{read})\n", grouped(part.files)));
    data_types(text, &part.data_types, part.part, lang);
    content(text, part, lang);
    names(text, part, lang);
    rules(text, part, lang);
}

fn data_types(text: &mut String, seen: &[DataTypeSeen], part: Part, lang: Lang) {
    for of in seen {
        let name = of.name.map_or("", |[en, ja]| lang.pick(en, ja));
        let title = format!("{} {name}", of.code);
        let gap = " ".repeat(38_usize.saturating_sub(cells(&title)));
        let [deleted, current, superseded] = of.flags;
        let flags = match part {
            Part::Standard if deleted + superseded > 0 => {
                format!("  {} 1: {current}, 2: {superseded}, 0: {deleted}", lang.pick("flag", "フラグ"))
            }
            Part::Transaction => format!("  INS {current}, DEL {deleted}"),
            _ => String::new(),
        };
        let kinds: Vec<_> = of.kinds.keys().copied().collect();
        let kinds = match kinds.as_slice() {
            [] => String::new(),
            kinds => format!("  -> {}", kinds.join(", ")),
        };
        let whole = match part {
            Part::Standard if kinds.contains("message") || kinds.contains("document") => {
                lang.pick(" (carried whole, not taken apart)", "（分解せず全体を運ぶ）")
            }
            _ => "",
        };
        text.push_str(&format!("#   {title}{gap}{:>9}{flags}{kinds}{whole}\n", grouped(of.files)));
    }
}

fn content(text: &mut String, part: &PartSeen, lang: Lang) {
    let content = &part.content;
    for (code, messages) in &content.message_types {
        let whole = lang.pick("message type", "メッセージ型");
        text.push_str(&format!("#   {whole} {code}: {messages}\n"));
    }
    if !content.message_types.is_empty() {
        let kinds: Vec<_> = content.kinds.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        text.push_str(&format!("#   -> {}\n", kinds.join(", ")));
    }
    for CharsetSeen { declared, used, messages } in content.charsets.iter().take(6) {
        let declared = match declared.as_str() {
            "" => lang.pick("is empty", "は空"),
            "?" => lang.pick("names no character set", "は文字コード名ではない"),
            known => known,
        };
        let read = lang.pick("read as", "読取");
        text.push_str(&format!("#   MSH-18 {declared}: {read} {used} ({messages})\n"));
    }
    let ends = &content.terminators;
    let ends: Vec<_> = [("CR", ends.cr), ("LF", ends.lf), ("CR LF", ends.crlf), ("mixed", ends.mixed)]
        .into_iter()
        .filter(|(_, files)| *files > 0)
        .map(|(name, files)| format!("{name} {files}"))
        .collect();
    if !ends.is_empty() {
        let told = lang.pick("segments end with", "セグメント終端");
        text.push_str(&format!("#   {told} {}\n", ends.join(", ")));
    }
    for (what, codes) in [
        (lang.pick("half-written", "書きかけ"), &content.incomplete),
        (lang.pick("the hub can't read", "ハブが解釈できない"), &content.refused),
    ] {
        let codes: Vec<_> = codes.iter().map(|(code, files)| format!("{code} {files}")).collect();
        if !codes.is_empty() {
            text.push_str(&format!("#   {what}: {}\n", codes.join(", ")));
        }
    }
}

fn names(text: &mut String, part: &PartSeen, lang: Lang) {
    let names = &part.names;
    let rows = [
        (
            names.short_time,
            "names: time of fewer than 17 digits (read)",
            "ファイル名: 発生日時が17桁未満（読取可）",
        ),
        (
            names.no_department,
            "names: no department, six parts (read)",
            "ファイル名: 診療科なしの6要素（読取可）",
        ),
        (
            names.order_length,
            "names: order number not of 15 characters (read)",
            "ファイル名: オーダNoが15桁でない（読取可）",
        ),
        (
            names.path_differs,
            "names: differ from their folders; the folders decide",
            "ファイル名とフォルダが不一致（フォルダを優先）",
        ),
        (
            names.unreadable,
            "names that can't be read: these files become invalid",
            "解釈できないファイル名（不正として扱う）",
        ),
        (
            names.empty,
            "files of 0 bytes: waited for, then invalid",
            "0バイトのファイル（待機後、不正として扱う）",
        ),
        (
            names.stray,
            if part.part.is_storage() {
                "files where none belongs: passed over"
            } else {
                "files of another kind: each becomes invalid"
            },
            if part.part.is_storage() {
                "所定の位置にないファイル（読み飛ばす）"
            } else {
                "他の種類のファイル（不正として扱う）"
            },
        ),
    ];
    for (count, en, ja) in rows.into_iter().filter(|(count, ..)| *count > 0) {
        text.push_str(&format!("#   {}: {count}\n", lang.pick(en, ja)));
    }
}

fn rules(text: &mut String, part: &PartSeen, lang: Lang) {
    let rules: Vec<_> = part.content.conformance.iter().filter(|rule| rule.severity != "info").collect();
    if rules.is_empty() {
        return;
    }
    let told = lang.pick(
        "differs from SS-MIX2 (the hub carries it all the same); for the vendor: musubi conform FOLDER --html report.html",
        "SS-MIX2 と異なる点（ハブはそのまま運ぶ）。ベンダー向け報告: musubi conform FOLDER --html report.html",
    );
    text.push_str(&format!("#   {told}\n"));
    for rule in rules.iter().take(RULES_MAX) {
        let [en, ja] = rule.text;
        let place = if rule.place.is_empty() { lang.pick("file", "ファイル") } else { &rule.place };
        text.push_str(&format!(
            "#     {:<8} {:<22} {place}: {} ({})\n",
            rule.severity,
            rule.code,
            lang.pick(en, ja),
            rule.files
        ));
    }
    if let Some(more) = rules.len().checked_sub(RULES_MAX).filter(|more| *more > 0) {
        text.push_str(&format!(
            "#     {}\n",
            lang.pick("{} more", "ほか {} 種").replace("{}", &more.to_string())
        ));
    }
}
