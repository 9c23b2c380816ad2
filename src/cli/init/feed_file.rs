//! The text of `feeds/NAME.toml`, with what was seen as comments: counts and codes, no patient data.

use std::path::Path;

use super::ask::Answers;
use super::tell::{code_place, grouped};
use crate::cli::lang::Lang;
use crate::cli::text::cells;
use crate::ops::init::{Chosen, Proposal, SourcePlan, Warning};
use crate::ops::survey::{CharsetSeen, DataTypeSeen, Part, PartSeen};

/// Broken rules that are told.
const RULES_MAX: usize = 12;

/// The file.
pub(super) fn text(proposal: &Proposal, answers: &Answers, folder: &Path, lang: Lang) -> String {
    let word = |en, ja| lang.pick(en, ja);
    let mut text = format!(
        "{}\n\nversion  = 1\n{}{}{}",
        word(
            "# Proposed by `musubi init` from a sample. The comments tell what was seen: counts of files, never a value of a\n\
             # message. What is not said has its default: docs/integrate/configuration.md.",
            "# `musubi init` がサンプルから作成。コメントは確認した内容（件数のみ。メッセージの値は含まない）。\n\
             # 省略した項目は既定値: docs/integrate/configuration.md"
        ),
        facility(proposal, lang),
        title(proposal, answers, lang),
        roles(answers, lang),
    );
    for source in &proposal.sources {
        text.push_str("\n[[source]]\n");
        self::source(&mut text, source, proposal, folder, lang);
    }
    text
}

fn facility(proposal: &Proposal, lang: Lang) -> String {
    let Some(Chosen { code, place, count }) = &proposal.facility else { return String::new() };
    let from = match place {
        None => lang.pick("as it was given to musubi init", "musubi init で指定").to_owned(),
        Some(place) => format!("{}: {count}", code_place(*place, lang)),
    };
    let mut text = format!("facility = {}          # {from}\n", quoted(code));
    for warning in &proposal.warnings {
        if let Warning::OtherFacility { seen, place, count } = warning {
            let told = lang.pick(
                "the sample also names {seen} ({place}: {count}): ask whose it is",
                "サンプルには {seen} もあり（{place}: {count}）。どの施設か確認すること",
            );
            let told = told.replace("{seen}", seen).replace("{place}", code_place(*place, lang));
            text.push_str(&format!("# {}\n", told.replace("{count}", &count.to_string())));
        }
    }
    text
}

fn title(proposal: &Proposal, answers: &Answers, lang: Lang) -> String {
    if let Some(title) = &answers.title {
        return format!("name     = {}\n", quoted(title));
    }
    let code = proposal.facility.as_ref().map_or("", |chosen| chosen.code.as_str());
    let name = format!("{} {code}", lang.pick("facility", "医療機関"));
    format!(
        "name     = {}   # {}\n",
        quoted(&name),
        lang.pick("for people: write its name", "表示用。正式な名称に変更する")
    )
}

fn roles(answers: &Answers, lang: Lang) -> String {
    let roles: Vec<_> = answers.roles.iter().map(|role| quoted(role.as_str())).collect();
    format!(
        "roles    = [{}]       # {}\n",
        roles.join(", "),
        lang.pick(
            "\"disclosing\": it shows its records; \"participating\": it sees those of others",
            "\"disclosing\" 情報開示、\"participating\" 情報閲覧"
        )
    )
}

fn source(text: &mut String, source: &SourcePlan, proposal: &Proposal, folder: &Path, lang: Lang) {
    text.push_str(&format!("kind = \"{}\"\n", source.kind));
    for (key, root) in &source.roots {
        if let Some(part) = proposal.survey.parts.iter().find(|part| part.root == *root) {
            text.push('\n');
            seen(text, part, lang);
        }
        text.push_str(&format!("{key} = {}\n", quoted(&in_configuration(root, folder))));
    }
    text.push('\n');
    absent(text, source, lang);
    let on = source.mount.as_ref();
    let settle = match on.filter(|mount| mount.is_remote()) {
        Some(mount) => lang
            .pick(
                "a file is read after it has stood still so long; on {} sizes and times may be told late",
                "ファイルの更新がこの時間止まってから読み取る（{} はサイズと時刻が遅れて見えることがある）",
            )
            .replace("{}", &mount.kind),
        None => lang
            .pick(
                "a file is read after it has stood still so long",
                "ファイルの更新がこの時間止まってから読み取る",
            )
            .to_owned(),
    };
    text.push_str(&format!("settle = \"{}s\"   # {settle}\n", source.settle.as_secs()));
    if source.kind != "ssmix2" {
        let told = lang.pick(
            "files stay, a ledger knows them; \"move\": to .done/; \"delete\"",
            "ファイルは残し、台帳で管理。\"move\": .done/ へ移動、\"delete\": 削除",
        );
        text.push_str(&format!("after  = \"keep\"   # {told}\n"));
    }
}

/// What a storage has beside it where the hospital offers it.
fn absent(text: &mut String, source: &SourcePlan, lang: Lang) {
    if source.kind != "ssmix2" {
        return;
    }
    let words = [
        (
            "transaction",
            "# transaction = \"…\"   none was found. Ask for it: it tells every version and deletion, in order\n",
            "# transaction = \"…\"   見つからない。提供可能か確認する（全版と削除が順序どおりに分かる）\n",
        ),
        (
            "extension",
            "# extension = \"…\"     none was found. Ask for it where documents are wanted\n",
            "# extension = \"…\"     見つからない。文書が必要なら提供可能か確認する\n",
        ),
    ];
    let missing = words.into_iter().filter(|(key, ..)| source.roots.iter().all(|(known, _)| known != key));
    text.extend(missing.map(|(_, en, ja)| lang.pick(en, ja)));
}

/// What was seen of a part.
fn seen(text: &mut String, part: &PartSeen, lang: Lang) {
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

/// A path as the configuration names it: relative where it lies below the configuration folder.
fn in_configuration(root: &Path, folder: &Path) -> String {
    let below = folder
        .canonicalize()
        .ok()
        .and_then(|folder| Some(root.canonicalize().ok()?.strip_prefix(folder).ok()?.to_owned()));
    match below.filter(|below| !below.as_os_str().is_empty()) {
        Some(below) => below.to_string_lossy().into_owned(),
        None => root.to_string_lossy().into_owned(),
    }
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
