//! `musubi reload`: the processes of this machine take the configuration as it is now.

use std::path::Path;
use std::time::Duration;

use clap::Args;

use super::{check, complain, exit, fail, print, print_json};
use crate::clock::SystemClock;
use crate::config::Config;
use crate::lang::Lang;
use crate::ops::reload::{Asked, ask};
use crate::pipeline::ReloadOutcome;

/// Arguments of `reload`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Seconds to wait for the answers
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    wait: u64,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn main(folder: &Path, lang: Lang, arguments: &Arguments) -> u8 {
    match check::load(folder, lang) {
        Ok(config) => send(&config, lang, Duration::from_secs(arguments.wait), arguments.json),
        Err(code) => {
            complain(lang.pick("what runs goes on as it is", "稼働中のハブはそのまま動き続けます"));
            code
        }
    }
}

/// Asks what runs to take this configuration, and tells the answers.
pub(super) fn send(config: &Config, lang: Lang, patience: Duration, json: bool) -> u8 {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error, exit::TRY_LATER),
    };
    let asked = match runtime.block_on(ask(config, patience, &SystemClock)) {
        Ok(asked) => asked,
        Err(error) => return fail(&error, exit::TRY_LATER),
    };
    if json {
        print_json(&serde_json::json!({"hash": config.hash, "processes": asked}));
    } else {
        asked.iter().for_each(|one| print(&told(one, lang)));
    }
    if asked.is_empty() {
        complain(&match lang {
            Lang::En => format!(
                "musubi: nothing runs on {}; `musubi run` starts the hub",
                config.hub.data_dir.display()
            ),
            Lang::Ja => format!(
                "musubi: {} で稼働中のハブはありません。musubi run で起動します",
                config.hub.data_dir.display()
            ),
        });
        return exit::TRY_LATER;
    }
    let refused = |one: &Asked| {
        one.answer.as_ref().is_some_and(|answer| matches!(answer.outcome, ReloadOutcome::Refused { .. }))
    };
    match asked.iter().all(Asked::took_it) {
        true => exit::DONE,
        false if asked.iter().any(refused) => exit::BAD_CONFIG,
        false => exit::TRY_LATER,
    }
}

fn told(asked: &Asked, lang: Lang) -> String {
    let who = format!("{} ({})", asked.role, asked.pid);
    let said = match asked.answer.as_ref().map(|answer| &answer.outcome) {
        Some(ReloadOutcome::Swapped) => lang.pick(
            "the new configuration is in force; nothing was stopped",
            "新しい設定に切り替えました (停止なし)",
        ),
        Some(ReloadOutcome::Restarted) => lang.pick(
            "the new configuration is in force; feeds and deliveries were started anew",
            "新しい設定に切り替えました (取込みと配信を再開)",
        ),
        Some(ReloadOutcome::Refused { .. }) => {
            lang.pick("refused; the old configuration goes on", "拒否。これまでの設定で続けます")
        }
        None => lang.pick("no answer", "応答なし"),
    };
    let mut text = format!("{who}: {said}\n");
    if let Some(ReloadOutcome::Refused { why }) = asked.answer.as_ref().map(|answer| &answer.outcome) {
        why.iter().for_each(|why| text.push_str(&format!("  {why}\n")));
    }
    text
}
