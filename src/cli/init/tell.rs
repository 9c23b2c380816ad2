//! What `musubi init` says on a terminal.

use std::path::Path;

use crate::cli::text::musubi;
use crate::cli::{exit, text};
use crate::lang::Lang;
use crate::ops::doctor::shell;
use crate::ops::init::{Chosen, InitError, Proposal, Warning, Written};
use crate::ops::survey::{CodePlace, Part, PartSeen};

/// What was found.
pub(super) fn seen(proposal: &Proposal, lang: Lang) -> String {
    let survey = &proposal.survey;
    let mut text = format!("{}\n", survey.sample.display());
    for part in &survey.parts {
        let PartSeen { files, whole, data_types, content, .. } = part;
        let name = part_name(part.part, lang);
        let gap = " ".repeat(30_usize.saturating_sub(text::cells(name)));
        let unit = match part.part {
            Part::Transaction | Part::ExtensionTransaction => "records",
            Part::Extension => "documents",
            Part::Index => "rows",
            Part::Standard | Part::Hl7Files | Part::Checkup => "files",
        };
        let mut facts = vec![format!("{} {}", grouped(*files), lang.pick(unit, "件"))];
        if !whole {
            facts.push(lang.pick("a sample", "一部").to_owned());
        }
        if !data_types.is_empty() {
            facts.push(format!("{} {}", data_types.len(), lang.pick("data types", "データ種別")));
        }
        facts.extend(content.charsets.first().map(|charset| charset.used.clone()));
        text.push_str(&format!("  {name}{gap}{}\n  {:30}{}\n", part.root.display(), "", facts.join(", ")));
    }
    if survey.others > 0 {
        let told = lang.pick("files are nothing that a feed reads", "件は取込対象外のファイル");
        text.push_str(&format!("  {} {told}\n", grouped(survey.others)));
    }
    text.push('\n');
    text
}

/// What was decided, and what should be looked at.
pub(super) fn decided(proposal: &Proposal, lang: Lang) -> String {
    let word = |en, ja| lang.pick(en, ja);
    let mut text = format!("{}  {}\n", word("feed    ", "フィード"), proposal.feed);
    if let Some(Chosen { code, place, count }) = &proposal.facility {
        let from = match place {
            None => word("as given", "指定").to_owned(),
            Some(place) => format!("{}: {count}", code_place(*place, lang)),
        };
        text.push_str(&format!("{}  {code} ({from})\n", word("facility", "施設    ")));
    }
    for warning in &proposal.warnings {
        text.push_str(&format!("\n{}: {}\n", word("warning", "警告"), warned(warning, lang)));
    }
    text.push('\n');
    text
}

fn warned(warning: &Warning, lang: Lang) -> String {
    let said = |en: &str, ja: &str, values: &[(&str, String)]| {
        values.iter().fold(lang.pick(en, ja).to_owned(), |text, (name, value)| text.replace(name, value))
    };
    match warning {
        Warning::OtherFacility { seen, place, count } => said(
            "the sample names facility {code} too ({place}: {count})\n  Ask the hospital which code is its own, and give it: --facility CODE. If the storage is that of {code}, it\n  may be a copy that was put here by mistake.",
            "サンプルに別の施設コード {code} があります（{place}: {count}）\n  正しいコードを医療機関に確認し、--facility CODE で指定してください。{code} のストレージの複製が誤って置かれている可能性もあります。",
            &[
                ("{code}", seen.clone()),
                ("{place}", code_place(*place, lang).to_owned()),
                ("{count}", count.to_string()),
            ],
        ),
        Warning::FacilityHasFeed { feed } => said(
            "feeds/{feed}.toml has this facility already, and a facility has one feed\n  If this is more of the same facility, add its [[source]] to that file (--dry-run shows it). If it is another\n  one, give its own code: --facility CODE.",
            "この施設コードのフィード feeds/{feed}.toml がすでにあります（1施設1フィード）\n  同じ施設の追加分なら、そのファイルに [[source]] を追記してください（--dry-run で表示）。別の施設なら --facility CODE で指定してください。",
            &[("{feed}", feed.clone())],
        ),
        Warning::SamePlace { feed, root } => said(
            "feed {feed} reads {root} already: every message would be taken twice\n  Name another folder, or change that feed.",
            "フィード {feed} がすでに {root} を読んでいます（二重に取り込まれます）\n  別のフォルダを指定するか、そのフィードを変更してください。",
            &[("{feed}", feed.clone()), ("{root}", root.display().to_string())],
        ),
        Warning::SameFiles { feed, root, looked_for, same } => said(
            "{same} of {looked_for} files are in {root} of feed {feed} too, with the same bytes: this looks like a copy of\n  that facility's storage. Its patients would appear twice, under two facilities. Ask whose storage it is.",
            "{looked_for} 件中 {same} 件が、フィード {feed} の {root} に同じ内容で存在します。その施設のストレージの複製と思われます。\n  同じ患者が2施設に現れることになります。どの施設のストレージか確認してください。",
            &[
                ("{same}", same.to_string()),
                ("{looked_for}", looked_for.to_string()),
                ("{root}", root.display().to_string()),
                ("{feed}", feed.clone()),
            ],
        ),
        Warning::WithoutStandard { root } => said(
            "{root} belongs to a standardised storage that was not found, or that has one already: it is left out\n  Name a folder that holds both, or write the source by hand.",
            "{root} に対応する標準化ストレージが見つからない、または割当済みのため、除外しました\n  両方を含むフォルダを指定するか、source を手で記述してください。",
            &[("{root}", root.display().to_string())],
        ),
        Warning::OtherFiles { root, files } => said(
            "{files} of the files that were read in {root} are of another kind: each would become an invalid message\n  Let the system write each kind into a folder of its own.",
            "{root} で読み取ったファイルのうち {files} 件は種類が異なり、不正なメッセージになります\n  種類ごとにフォルダを分けるよう依頼してください。",
            &[("{files}", files.to_string()), ("{root}", root.display().to_string())],
        ),
        Warning::Unreadable { places, reason } => said(
            "{places} folders or files could not be read: {reason}\n  `musubi feed doctor` says which part of the path stops it, and whose it is.",
            "{places} 件のフォルダまたはファイルを読み取れません: {reason}\n  `musubi feed doctor` で、どこで止まっているか確認できます。",
            &[("{places}", places.to_string()), ("{reason}", reason.clone())],
        ),
        Warning::RootAbove { root } => said(
            "the folder lies within a storage: its root {root} is taken",
            "指定のフォルダはストレージの途中です。ルート {root} を使用します",
            &[("{root}", root.display().to_string())],
        ),
        Warning::FaultyConfiguration => said(
            "the configuration that is there has faults, so its feeds were not compared: musubi check",
            "既存の設定に誤りがあるため、他のフィードと比較できません: musubi check",
            &[],
        ),
    }
}

/// No code, and nobody to ask.
pub(super) fn no_facility(proposal: &Proposal, folder: &Path, lang: Lang) -> String {
    let command = format!(
        "{} init {} --feed {} --facility CODE",
        musubi(folder),
        shell(&proposal.survey.sample),
        proposal.feed
    );
    match lang {
        Lang::En => format!(
            "musubi: the sample does not say which facility it is of (no code in a header line, in a folder's name or in MSH-4)\n  Ask for its 10-digit code (医療機関コード: prefecture 01 to 47, then 1 medical, 3 dental, 4 pharmacy, 6 home\n  nursing, then 7 digits), and give it:\n  {command}"
        ),
        Lang::Ja => format!(
            "musubi: サンプルから施設コードが分かりません（トランザクションのヘッダ、フォルダ名、MSH-4 のいずれにもありません）\n  10桁の医療機関コード（都道府県 01～47、点数表 1 医科・3 歯科・4 調剤・6 訪問看護、以下7桁）を確認し、指定してください:\n  {command}"
        ),
    }
}

/// Why nothing was written.
pub(super) fn stopped(lang: Lang) -> String {
    lang.pick(
        "musubi: nothing was written. When you have made sure: --force writes it; --dry-run only shows it.",
        "musubi: 何も書き込んでいません。確認済みであれば --force で書き込みます（--dry-run は表示のみ）。",
    )
    .to_owned()
}

/// A file is in the way.
pub(super) fn exists(lang: Lang) -> String {
    lang.pick(
        "musubi: give another name (--feed NAME), look at it (--dry-run), or replace it (--force)",
        "musubi: 別の名前を指定する (--feed NAME)、内容を確認する (--dry-run)、または置き換える (--force)",
    )
    .to_owned()
}

/// What was written, and what to do next.
pub(super) fn written(files: &[Written], proposal: &Proposal, folder: &Path, lang: Lang) -> String {
    let word = |en, ja| lang.pick(en, ja);
    let mut text = String::new();
    for file in files {
        let what = if file.replaced { word("replaced", "置換") } else { word("wrote", "作成") };
        text.push_str(&format!("{what} {}\n", folder.join(&file.path).display()));
    }
    if proposal.has_routes {
        text.push_str(word(
            "routes.toml stands as it is: it says who gets what of the new feed.\n",
            "routes.toml は変更していません（新しいフィードの配信先はその経路で決まります）。\n",
        ));
    }
    let (musubi, feed) = (musubi(folder), &proposal.feed);
    let root = proposal.sources.first().and_then(|source| source.roots.first()).map(|(_, root)| root);
    let root = root.map(|root| shell(root)).unwrap_or_default();
    text.push_str(&format!(
        "\n{}\n  {musubi} check\n  {musubi} feed doctor {feed}\n  \
         {musubi} inspect \"$(find {root} -type f | sort | head -n 1)\"\n  {musubi} test\n  \
         {musubi} run --drain\n  {musubi} run\n",
        word("Read the feed's file, then:", "フィードのファイルを確認したうえで:"),
    ));
    text
}

/// What is said of an error, and the exit code.
pub(super) fn refusal(error: &InitError, lang: Lang) -> (String, u8) {
    match error {
        InitError::Missing { there, nearest, .. } => {
            let there = there.display();
            let hint = match (nearest, lang) {
                (Some(name), Lang::En) => format!("{there} is there: did you mean \"{name}\" in it?"),
                (Some(name), Lang::Ja) => format!("{there} までは存在します。\"{name}\" ではありませんか"),
                (None, Lang::En) => {
                    format!("{there} is there: ls {there}. If it should be a share, is it mounted? findmnt")
                }
                (None, Lang::Ja) => format!(
                    "{there} までは存在します: ls {there}。共有フォルダの場合はマウントを確認: findmnt"
                ),
            };
            (format!("musubi: {error}\n  {hint}"), exit::USAGE)
        }
        InitError::Unreadable { stopped_at, source, .. } => {
            let at = shell(stopped_at);
            let hint = lang.pick(
                "{source}: who may read it says ls -ld {at}; you are whoever id -un says",
                "{source}: 権限は ls -ld {at}、実行ユーザーは id -un で確認してください",
            );
            (
                format!(
                    "musubi: {error}\n  {}",
                    hint.replace("{source}", &source.to_string()).replace("{at}", &at)
                ),
                exit::TRY_LATER,
            )
        }
        InitError::Nothing { survey } => {
            let hint = lang.pick(
                "A storage is known by its files: <root>/000/123/00012345/20260401/OML-11/00012345_20260401_OML-11_…_1.",
                "ストレージはファイルで判別します: <ルート>/000/123/00012345/20260401/OML-11/00012345_20260401_OML-11_…_1",
            );
            let counted = lang.pick(
                "{} other files were seen, {} places could not be read.",
                "その他のファイル {} 件、読み取れない場所 {} 件。",
            );
            let counted = counted.replacen("{}", &survey.others.to_string(), 1);
            let counted = counted.replacen("{}", &survey.obstacles.len().to_string(), 1);
            let reason =
                survey.obstacles.first().map(|first| format!("\n  {}", first.reason)).unwrap_or_default();
            let is_empty = survey.others == 0 && survey.obstacles.is_empty();
            let mounted = lang.pick(
                "\n  It is empty: if it should be a share, is it mounted? findmnt -T {}",
                "\n  フォルダは空です。共有フォルダの場合はマウントを確認してください: findmnt -T {}",
            );
            let mounted = mounted.replace("{}", &shell(&survey.sample));
            let reason = if is_empty { mounted } else { reason };
            let code = if survey.obstacles.is_empty() { exit::BAD_DATA } else { exit::TRY_LATER };
            (format!("musubi: {error}\n  {hint}\n  {counted}{reason}"), code)
        }
        InitError::NoCode { .. } | InitError::NoName { .. } => (format!("musubi: {error}"), exit::USAGE),
    }
}

/// Where a code stands.
pub(super) fn code_place(place: CodePlace, lang: Lang) -> &'static str {
    match place {
        CodePlace::TransactionHeader => {
            lang.pick("header lines of the transaction storage", "トランザクションのヘッダ")
        }
        CodePlace::Index => lang.pick("index database", "インデックスDB"),
        CodePlace::RootFolder => lang.pick("name of the root folder", "ルートフォルダ名"),
        CodePlace::ArchiveSender => lang.pick("sender of the archives", "アーカイブの送付元"),
        CodePlace::Msh4 => lang.pick("MSH-4, which may say anything", "MSH-4（要確認）"),
    }
}

fn part_name(part: Part, lang: Lang) -> &'static str {
    match part {
        Part::Standard => lang.pick("standardised storage", "標準化ストレージ"),
        Part::Transaction => lang.pick("transaction storage", "トランザクションストレージ"),
        Part::Extension => lang.pick("extension storage", "拡張ストレージ"),
        Part::ExtensionTransaction => lang.pick("its transaction storage", "拡張のトランザクション"),
        Part::Index => lang.pick("index database (CSV)", "インデックスDB (CSV)"),
        Part::Hl7Files => lang.pick("HL7 v2 files", "HL7 v2 ファイル"),
        Part::Checkup => lang.pick("archives of check-ups", "健診アーカイブ"),
    }
}

/// `1,222`
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
