//! The files of a proposal.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::ask::Answers;
use super::{feed_file, hub_files};
use crate::lang::Lang;
use crate::ops::init::{NewFile, Proposal, example};

/// What would be written below the configuration folder.
pub(super) fn of(
    proposal: &Proposal,
    answers: &Answers,
    folder: &Path,
    lang: Lang,
    force: bool,
) -> std::io::Result<Vec<NewFile>> {
    let new =
        |path: &str, text: String| NewFile { path: path.into(), bytes: text.into_bytes(), replaces: false };
    let feed = feed_file::text(proposal, answers, folder, lang);
    let path = PathBuf::from(format!("feeds/{}.toml", proposal.feed));
    let mut files = vec![NewFile { path, bytes: feed.into_bytes(), replaces: force }];
    if !proposal.has_hub {
        files.push(new("hub.toml", hub_files::hub(lang)));
    }
    if !proposal.has_routes {
        let example = example(&proposal.survey)?;
        files.push(new("routes.toml", hub_files::routes(&proposal.feed, example.as_ref(), lang)));
        if let Some(example) = example {
            let below = format!("examples/{}", example.name);
            files.push(new(
                &format!("{below}/source.toml"),
                hub_files::source(&proposal.feed, &example, lang),
            ));
            // An example that is there already is the same one, or somebody's own.
            let input = PathBuf::from(format!("{below}/input"));
            files.push(NewFile { path: input, bytes: example.bytes, replaces: false });
        }
    }
    files.retain(|file| !file.path.starts_with("examples") || !folder.join(&file.path).exists());
    Ok(files)
}

/// What is written as text.
fn text(file: &NewFile) -> Option<&str> {
    std::str::from_utf8(&file.bytes).ok().filter(|_| file.path.extension().is_some())
}

/// All files as they would be.
pub(super) fn shown(files: &[NewFile], lang: Lang) -> String {
    let shown = files.iter().map(|file| {
        let body = text(file).map_or_else(
            || {
                lang.pick(
                    "({} bytes: a message of an invented patient)",
                    "（{} バイト: 架空患者のメッセージ）",
                )
                .replace("{}", &file.bytes.len().to_string())
            },
            str::to_owned,
        );
        format!("\n--- {} ---\n{}\n", file.path.display(), body.trim_end())
    });
    shown.collect()
}

/// The proposal and its files for a script.
pub(super) fn json(proposal: &Proposal, files: &[NewFile], writes: bool) -> Value {
    let files: Vec<_> = files
        .iter()
        .map(|file| json!({"path": file.path, "bytes": file.bytes.len(), "text": text(file)}))
        .collect();
    json!({"proposal": proposal, "files": files, "writes": writes})
}
