//! `musubi init`: from a sample of what a hospital's system writes to a commented feed.

mod ask;
mod feed_file;
mod files;
mod hub_files;
mod seen;
mod tell;

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::progress::spinner;
use super::{complain, exit, fail, print, print_json};
use crate::clock::SystemClock;
use crate::lang::Lang;
use crate::ops::init::{InitError, Proposal, Request, Warning, WriteError, look, propose, write};
use crate::ops::survey::{Limits, Survey};
use ask::Answers;

/// What a facility does in the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Role {
    /// It shows its records to others (情報開示)
    Disclosing,
    /// It sees records of others (情報閲覧)
    Participating,
}

impl Role {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Disclosing => "disclosing",
            Self::Participating => "participating",
        }
    }
}

/// Arguments of `init`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    musubi init /mnt/izumo                          asks what it can't see (on a terminal)\n  \
    musubi init /mnt/izumo --feed izumo-chuo --facility 3210100018 --title 出雲中央病院\n  \
    musubi --config trial init /mnt/izumo --dry-run shows what it would write")]
pub(super) struct Arguments {
    /// Folder with a sample: SS-MIX2 storages (standardised, transaction, extension), HL7 v2 files, archives of
    /// check-ups, wherever in it they lie; asked for on a terminal
    sample: Option<PathBuf>,
    /// Name of the feed: feeds/NAME.toml. The default is made of the folder's name or the facility's code
    #[arg(long, value_name = "NAME")]
    feed: Option<String>,
    /// Code of the facility (医療機関コード, 10 digits). The default is what the sample says
    #[arg(long, value_name = "CODE")]
    facility: Option<String>,
    /// Name of the facility, for people
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// What the facility does in the network; may be given twice
    #[arg(long, value_enum, value_name = "ROLE")]
    role: Vec<Role>,
    /// Print what would be written, write nothing
    #[arg(long)]
    dry_run: bool,
    /// Write although the feed's file is there already, or a warning says that it should not be written
    #[arg(long)]
    force: bool,
    /// Ask nothing, also on a terminal
    #[arg(long)]
    yes: bool,
    /// Print proposal and files as one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn main(folder: &Path, lang: Lang, arguments: &Arguments) -> u8 {
    match proposed(folder, lang, arguments) {
        Ok((proposal, answers)) => finish(folder, lang, arguments, &proposal, &answers),
        Err(code) => code,
    }
}

/// Looks, asks where somebody is there to be asked, and decides.
fn proposed(folder: &Path, lang: Lang, arguments: &Arguments) -> Result<(Proposal, Answers), u8> {
    let asks = !arguments.yes && !arguments.json && io::stdin().is_terminal() && io::stdout().is_terminal();
    let failed = |error: io::Error| fail(&error, exit::TRY_LATER);
    let sample = match &arguments.sample {
        Some(sample) => sample.clone(),
        None if asks => ask::sample(lang).map_err(failed)?,
        None => {
            complain(lang.pick(
                "musubi: which folder holds the sample? musubi init FOLDER",
                "musubi: サンプルのフォルダを指定してください: musubi init FOLDER",
            ));
            return Err(exit::USAGE);
        }
    };
    let survey = surveyed(&sample, lang)?;
    let mut answers = Answers::of(arguments);
    let proposal = decided(&answers, folder, survey, lang)?;
    if !arguments.json {
        print(&tell::seen(&proposal, lang));
    }
    if !asks {
        return Ok((proposal, answers));
    }
    ask::all(&mut answers, &proposal, lang, &mut io::stdin().lock(), &mut io::stdout()).map_err(failed)?;
    let proposal = decided(&answers, folder, proposal.survey, lang)?;
    Ok((proposal, answers))
}

fn surveyed(sample: &Path, lang: Lang) -> Result<Survey, u8> {
    let bar = spinner();
    let seen = |names: u64| {
        if names.is_multiple_of(256) {
            bar.set_message(lang.pick("names seen: {}", "確認済み: {} 件").replace("{}", &names.to_string()));
        }
    };
    let survey = look(sample, Limits::default(), &SystemClock, &seen);
    bar.finish_and_clear();
    survey.map_err(|error| refused(&error, lang))
}

fn decided(answers: &Answers, folder: &Path, survey: Survey, lang: Lang) -> Result<Proposal, u8> {
    let (feed, facility) = (answers.feed.as_deref(), answers.facility.as_deref());
    propose(&Request { config: folder, feed, facility }, survey).map_err(|error| refused(&error, lang))
}

fn refused(error: &InitError, lang: Lang) -> u8 {
    let (text, code) = tell::refusal(error, lang);
    complain(&text);
    code
}

fn finish(folder: &Path, lang: Lang, arguments: &Arguments, proposal: &Proposal, answers: &Answers) -> u8 {
    if !arguments.json {
        print(&tell::decided(proposal, lang));
    }
    if proposal.facility.is_none() {
        complain(&tell::no_facility(proposal, folder, lang));
        return exit::USAGE;
    }
    let files = match files::of(proposal, answers, folder, lang, arguments.force) {
        Ok(files) => files,
        Err(error) => return fail(&error, exit::SOFTWARE),
    };
    let stops = proposal.warnings.iter().any(Warning::stops) && !arguments.force;
    if arguments.json {
        print_json(&files::json(proposal, &files, !arguments.dry_run && !stops));
    }
    if arguments.dry_run {
        if !arguments.json {
            print(&files::shown(&files, lang));
        }
        return exit::DONE;
    }
    if stops {
        complain(&tell::stopped(lang));
        return exit::DIFFERS;
    }
    match write(folder, &files) {
        Ok(written) => {
            if !arguments.json {
                print(&tell::written(&written, proposal, folder, lang));
            }
            exit::DONE
        }
        Err(error @ WriteError::Exists { .. }) => {
            complain(&tell::exists(lang));
            fail(&error, exit::CANT_CREATE)
        }
        Err(error @ WriteError::Io { .. }) => fail(&error, exit::CANT_CREATE),
    }
}
