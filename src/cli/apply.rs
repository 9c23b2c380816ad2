//! `musubi apply`: shows what a new configuration makes otherwise, and lets what runs take it.

use std::path::Path;
use std::time::Duration;

use clap::Args;

use super::{check, complain, diff, exit, reload};
use crate::lang::Lang;

/// Arguments of `apply`.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit code: 0 in force, 1 something would leave that did not before and that was not accepted, 75 nothing runs here,
78 the configuration can't be used.")]
pub(super) struct Arguments {
    /// Apply it although something leaves that did not before
    #[arg(long)]
    accept_widening: bool,
    /// Seconds to wait for the answers of what runs
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    wait: u64,
    #[command(flatten)]
    diff: diff::Arguments,
}

pub(super) fn main(folder: &Path, lang: Lang, arguments: &Arguments) -> u8 {
    apply(folder, lang, arguments).unwrap_or_else(|code| code)
}

fn apply(folder: &Path, lang: Lang, arguments: &Arguments) -> Result<u8, u8> {
    let config = check::load(folder, lang)?;
    let (sides, comparison) = diff::seen(&config, &arguments.diff, lang)?;
    let json = arguments.diff.json;
    if !json {
        diff::tell(&sides, &comparison, lang);
    }
    if comparison.stopped {
        complain(
            lang.pick("musubi: stopped; nothing was applied", "musubi: 中断しました。何も適用していません"),
        );
        return Err(exit::DIFFERS);
    }
    if !comparison.widenings().is_empty() && !arguments.accept_widening {
        complain(lang.pick(
            "musubi: something would leave that did not before (marked above); nothing was applied\n  \
             if that is meant: musubi apply --accept-widening",
            "musubi: これまで送られなかったものが送られるようになります（上の印）。何も適用していません\n  \
             意図したものなら: musubi apply --accept-widening",
        ));
        return Err(exit::DIFFERS);
    }
    Ok(reload::send(&config, lang, Duration::from_secs(arguments.wait), json))
}
