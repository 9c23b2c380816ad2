//! `musubi invalid` and `musubi dead`

mod text;
mod way;

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

use self::way::{Fault, Way};
use super::progress::spinner;
use super::{check, complain, exit, fail, print, print_as_is, print_json, queue};
use crate::config::Config;
use crate::lang::Lang;
use crate::ops::letters::{Deed, Request, Selection, State, Work};
use crate::ops::search::State as Become;

/// How often progress is asked for.
const LOOK: Duration = Duration::from_millis(200);

/// Arguments of `invalid`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct InvalidArguments {
    #[command(subcommand)]
    verb: Option<InvalidVerb>,
    #[command(flatten)]
    list: queue::ListArguments,
}

#[derive(Debug, Subcommand)]
enum InvalidVerb {
    /// Count them by fault and feed
    Faults(Faults),
    /// Send some or all of them to the routers again: the routing in force decides
    Retry(Act),
    /// Take some or all of them out for good
    Discard(Act),
    /// Print one as text, a segment a line, as it can be edited
    Show(Shown),
    /// Send an edited copy of one instead of it
    Edit(Edit),
}

/// Arguments of `dead`.
#[derive(Debug, Args)]
pub(super) struct DeadArguments {
    #[command(subcommand)]
    verb: DeadVerb,
}

#[derive(Debug, Subcommand)]
enum DeadVerb {
    /// Count them by subscriber and fault, and say whose fault it is
    Faults(Faults),
    /// List those of a subscriber, the newest first
    List(OfSubscriber<Faults>),
    /// Send some or all of a subscriber's again; consent is asked at delivery as always
    Retry(OfSubscriber<Act>),
    /// Take some or all of a subscriber's out for good
    Discard(OfSubscriber<Act>),
    /// Show one, and whether a later version of the same record was delivered since
    Show(OfSubscriber<Shown>),
}

#[derive(Debug, Args)]
struct OfSubscriber<A: Args> {
    /// Subscriber, as routes.toml names it
    #[arg(long, value_name = "SUBSCRIBER")]
    to: String,
    #[command(flatten)]
    rest: A,
}

#[derive(Debug, Args)]
struct Faults {
    /// Of this code only
    #[arg(long, value_name = "CODE")]
    fault: Option<String>,
    /// Of this feed only
    #[arg(long, value_name = "FEED")]
    feed: Option<String>,
    /// Of this sending facility only: its 10-digit code
    #[arg(long, value_name = "CODE")]
    facility: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Act {
    /// Messages; all that the options mean where none is named
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// Why; it stands in the history of every message
    #[arg(long, value_name = "TEXT")]
    why: String,
    /// Letters a second at most that are sent again [default: 50]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rate: Option<u32>,
    /// Begin without asking
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    chosen: Faults,
}

#[derive(Debug, Args)]
struct Shown {
    /// Message
    #[arg(value_name = "ID")]
    id: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Edit {
    /// Message
    #[arg(value_name = "ID")]
    id: String,
    /// The edited text in UTF-8, a segment a line, as `show` prints it; - reads it from the input
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    /// Why; it stands in the history of the message
    #[arg(long, value_name = "TEXT")]
    why: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Faults {
    fn selection(&self, subscriber: Option<&str>, ids: &[String]) -> Selection {
        Selection {
            subscriber: subscriber.map(str::to_owned),
            ids: ids.to_vec(),
            fault: self.fault.clone(),
            feed: self.feed.clone(),
            facility: self.facility.clone(),
            facilities: None,
        }
    }
}

pub(super) fn invalid(folder: &Path, lang: Lang, arguments: &InvalidArguments) -> u8 {
    let Some(verb) = &arguments.verb else { return queue::invalid(folder, lang, &arguments.list) };
    begin(folder, lang, async |config| match verb {
        InvalidVerb::Faults(faults) => piles(config, lang, faults, false).await,
        InvalidVerb::Retry(act) => bulk(config, lang, Deed::Retry, None, act).await,
        InvalidVerb::Discard(act) => bulk(config, lang, Deed::Discard, None, act).await,
        InvalidVerb::Show(Shown { id, json }) => {
            let editable = way::on(config, async |way: &Way| way.text(id).await).await?;
            if *json {
                return Ok(print_json(&editable));
            }
            let text = format!("{}\n", editable.text.trim_end_matches('\n'));
            // What goes into a file is edited and comes back.
            if io::stdout().is_terminal() {
                print(&text)
            } else {
                print_as_is(&text)
            }
            Ok(exit::DONE)
        }
        InvalidVerb::Edit(one) => edit(config, lang, one).await,
    })
}

pub(super) fn dead(folder: &Path, lang: Lang, arguments: &DeadArguments) -> u8 {
    begin(folder, lang, async |config| match &arguments.verb {
        DeadVerb::Faults(faults) => piles(config, lang, faults, true).await,
        DeadVerb::List(OfSubscriber { to, rest }) => {
            let selection = rest.selection(Some(to), &[]);
            let rows = way::on(config, async |way: &Way| {
                let mut rows = way.list(&selection, Become::Dead).await?;
                rows.extend(way.list(&selection, Become::Withdrawn).await?);
                Ok(rows)
            });
            let rows = rows.await?;
            if rest.json {
                return Ok(print_json(&rows));
            }
            print(&text::rows(&rows, to));
            Ok(exit::DONE)
        }
        DeadVerb::Retry(OfSubscriber { to, rest }) => bulk(config, lang, Deed::Retry, Some(to), rest).await,
        DeadVerb::Discard(OfSubscriber { to, rest }) => {
            bulk(config, lang, Deed::Discard, Some(to), rest).await
        }
        DeadVerb::Show(OfSubscriber { to, rest: Shown { id, json } }) => {
            let letter = way::on(config, async |way: &Way| way.letter(to, id).await).await?;
            if *json {
                return Ok(print_json(&letter));
            }
            print(&text::letter(&letter, lang));
            Ok(exit::DONE)
        }
    })
}

fn begin(folder: &Path, lang: Lang, work: impl AsyncFnOnce(&Config) -> Result<u8, Fault>) -> u8 {
    let config = match check::load(folder, lang) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error, exit::TRY_LATER),
    };
    let done = runtime.block_on(work(&config));
    // What reads the disk yet is of no use to anybody.
    runtime.shutdown_background();
    done.unwrap_or_else(|fault| fault.told(lang))
}

async fn piles(config: &Config, lang: Lang, faults: &Faults, of_dead: bool) -> Result<u8, Fault> {
    let selection = faults.selection(None, &[]);
    let piles = way::on(config, async |way: &Way| way.piles(&selection, of_dead).await).await?;
    if faults.json {
        return Ok(print_json(&piles));
    }
    print(&text::piles(&piles, lang));
    Ok(exit::DONE)
}

/// Counts, asks, begins and follows.
async fn bulk(config: &Config, lang: Lang, act: Deed, to: Option<&String>, one: &Act) -> Result<u8, Fault> {
    let selection = one.chosen.selection(to.map(String::as_str), &one.ids);
    let request = Request { act, selection, why: one.why.clone(), rate: one.rate, text: None };
    way::on(config, async |way: &Way| {
        let count = way.count(&request.selection).await?;
        if !one.yes && !asked(&text::question(act, count, lang)) {
            print(lang.pick("nothing was done; --yes does it\n", "何もしていません。--yes で実行します\n"));
            return Ok(exit::DONE);
        }
        let work = way.act(request).await?;
        follow(way, &work.id, lang, one.chosen.json).await
    })
    .await
}

async fn edit(config: &Config, lang: Lang, one: &Edit) -> Result<u8, Fault> {
    let text = match one.file.to_str() {
        Some("-") => io::read_to_string(io::stdin().lock()),
        _ => std::fs::read_to_string(&one.file),
    };
    let text = match text {
        Ok(text) => text,
        Err(error) => return Ok(fail(&error, exit::BAD_DATA)),
    };
    let selection = Selection { ids: vec![one.id.clone()], ..Selection::default() };
    let request = Request { act: Deed::Edit, selection, why: one.why.clone(), rate: None, text: Some(text) };
    way::on(config, async |way: &Way| {
        let work = way.act(request).await?;
        follow(way, &work.id, lang, one.json).await
    })
    .await
}

/// Follows work to its end. Ctrl-C ends the looking where a hub does it, and stops it where this process does.
async fn follow(way: &Way, id: &str, lang: Lang, json: bool) -> Result<u8, Fault> {
    let bar = spinner();
    let to_its_end = async {
        loop {
            let work = way.work(id).await?;
            if !work.state.is_at_work() {
                return Ok::<_, Fault>(work);
            }
            bar.set_message(text::progress(&work, lang));
            tokio::time::sleep(LOOK).await;
        }
    };
    let work = tokio::select! {
        work = to_its_end => work?,
        () = interrupted() => match way {
            Way::Hub(_) => way.work(id).await?,
            Way::Own { .. } => way.stop(id).await?,
        },
    };
    bar.finish_and_clear();
    Ok(tell(&work, lang, json))
}

/// Prints work; the exit code says whether it came to its end.
fn tell(work: &Work, lang: Lang, json: bool) -> u8 {
    let printed = if json {
        print_json(work)
    } else {
        print(&text::work(work, lang));
        exit::DONE
    };
    if work.state == State::Failed { exit::TRY_LATER } else { printed }
}

async fn interrupted() {
    let caught = signal(SignalKind::interrupt()).and_then(|one| Ok((one, signal(SignalKind::terminate())?)));
    match caught {
        Ok((mut interrupt, mut terminate)) => {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        }
        // Then it ends as any other process does.
        Err(_) => std::future::pending().await,
    }
}

/// Whether somebody at a terminal says yes.
fn asked(question: &str) -> bool {
    complain(question);
    if !io::stdin().is_terminal() {
        return false;
    }
    let mut out = io::stderr().lock();
    drop(out.write_all(b"[y/N] "));
    drop(out.flush());
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes" | "はい")
}
