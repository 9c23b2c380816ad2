//! `musubi check`, and loading the configuration for the other verbs: the very same code.

use std::path::Path;

use clap::Args;
use serde::Serialize;

use super::lang::Lang;
use super::{complain, exit, print, print_json};
use crate::config::{Config, Fault, Severity};

/// Arguments of `check`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct FaultLine<'f> {
    severity: &'static str,
    file: &'f str,
    line: usize,
    column: usize,
    key: &'f str,
    message: &'f str,
}

pub(super) fn main(folder: &Path, lang: Lang, arguments: &Arguments) -> u8 {
    let (config, faults) = Config::load(folder);
    let code = if config.is_some() { exit::DONE } else { exit::BAD_CONFIG };
    if arguments.json {
        let faults: Vec<_> = faults.iter().map(line).collect();
        print_json(&serde_json::json!({"ok": config.is_some(), "faults": faults}));
        return code;
    }
    for fault in &faults {
        print(&format!("{fault}\n\n"));
    }
    print(&summary(config.as_ref(), &faults, lang));
    code
}

/// Loads the configuration; tells its faults on stderr and gives the exit code where it can't be used.
pub(super) fn load(folder: &Path, lang: Lang) -> Result<Config, u8> {
    load_copy(folder, folder, lang)
}

/// The same of a copy of that folder.
pub(super) fn load_copy(copy: &Path, folder: &Path, lang: Lang) -> Result<Config, u8> {
    let (config, faults) = Config::load_copy(copy, folder);
    for fault in &faults {
        complain(&format!("{fault}\n"));
    }
    config.ok_or_else(|| {
        complain(summary(None, &faults, lang).trim_end());
        exit::BAD_CONFIG
    })
}

/// Loads the configuration where the folder holds one.
pub(super) fn load_if_there(folder: &Path, lang: Lang) -> Result<Option<Config>, u8> {
    if folder.join("hub.toml").exists() { load(folder, lang).map(Some) } else { Ok(None) }
}

fn line(fault: &Fault) -> FaultLine<'_> {
    FaultLine {
        severity: if fault.severity == Severity::Error { "error" } else { "warning" },
        file: &fault.file,
        line: fault.line,
        column: fault.column,
        key: &fault.key,
        message: &fault.message,
    }
}

fn summary(config: Option<&Config>, faults: &[Fault], lang: Lang) -> String {
    let errors = faults.iter().filter(|fault| fault.severity == Severity::Error).count();
    let warnings = faults.len() - errors;
    match (config, lang) {
        (Some(config), Lang::En) => format!(
            "configuration is good: {} feeds, {} subscribers, {} routes; {warnings} warnings\n",
            config.feeds.len(),
            config.subscribers.len(),
            config.routes.iter().count(),
        ),
        (Some(config), Lang::Ja) => format!(
            "設定に問題はありません: フィード {}、配信先 {}、経路 {}、警告 {warnings}\n",
            config.feeds.len(),
            config.subscribers.len(),
            config.routes.iter().count(),
        ),
        (None, Lang::En) => format!("configuration can't be used: {errors} errors, {warnings} warnings\n"),
        (None, Lang::Ja) => format!("設定は使用できません: 誤り {errors}、警告 {warnings}\n"),
    }
}
