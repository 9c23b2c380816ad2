//! The text of `feeds/NAME.toml`, with what was seen as comments: counts and codes, no patient data.

use std::path::Path;

use super::ask::Answers;
use super::seen::seen;
use super::tell::code_place;
use crate::lang::Lang;
use crate::ops::init::{Chosen, Proposal, SourcePlan, Warning};

/// The file.
pub(super) fn text(proposal: &Proposal, answers: &Answers, folder: &Path, lang: Lang) -> String {
    let word = |en, ja| lang.pick(en, ja);
    let mut text = format!(
        "{}\n\nversion  = 1\n{}{}{}",
        word(
            "# Proposed by `musubi init` from a sample. The comments tell what was seen: counts of files, never a value of a\n\
             # message. What is not said has its default: docs/integrate/reference.md.",
            "# `musubi init` がサンプルから作成。コメントは確認した内容（件数のみ。メッセージの値は含まない）。\n\
             # 省略した項目は既定値: docs/integrate/reference.md"
        ),
        facility(proposal, lang),
        title(proposal, answers, lang),
        roles(answers, lang),
    );
    for source in &proposal.sources {
        text.push_str("\n[[source]]\n");
        self::source(&mut text, source, proposal, folder, lang);
    }
    documents(&mut text, proposal, lang);
    text
}

/// Document types that only the facility's own codes name.
fn documents(text: &mut String, proposal: &Proposal, lang: Lang) {
    let types = proposal.survey.parts.iter().flat_map(|part| &part.data_types);
    let rows: Vec<_> =
        types.filter(|of| of.is_local).map(|of| format!("# {} = \"\"\n", quoted(&of.code))).collect();
    if !rows.is_empty() {
        let told = lang.pick(
            "# Document types without a standard code: ask what they are, and give the standard's (LOINC).",
            "# 標準コードのない文書種別。内容を確認し、標準コード (LOINC) を記載する。",
        );
        text.push_str(&format!("\n{told}\n# [documents]\n{}", rows.concat()));
    }
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
