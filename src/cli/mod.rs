//! The command line: one file per verb. It acts only through `ops`, `config` and `pipeline`.

mod ago;
mod alerts;
mod apply;
mod audit;
mod check;
mod claim;
mod conform;
mod convert;
mod desk;
mod diff;
mod feed;
mod explain;
mod hold;
mod html;
mod init;
mod inspect;
mod letters;
mod listen;
mod names;
mod own;
mod parked;
mod paint;
mod process;
mod progress;
mod queue;
mod reading;
mod reconcile;
mod redact;
mod referrals;
mod registry;
mod reload;
mod replay;
mod run;
mod schema;
mod send;
mod sheet;
mod shell;
mod simulate;
mod status;
mod surveillance;
mod tap;
mod test;
mod text;
mod top;
mod topology;
mod trace;
mod user;
mod verify;
mod wire;

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::prelude::*;

use crate::lang::Lang;

/// Packages whose lines are logged.
const OWN: [&str; 3] = ["musubi", "hl7v2", "ssmix2"];

/// Exit codes, after BSD's sysexits.
mod exit {
    use crate::ops::client::ClientError;

    /// Done.
    pub(super) const DONE: u8 = 0;
    /// What was compared differs, as diff(1) has it.
    pub(super) const DIFFERS: u8 = 1;
    /// The call is wrong: unknown verb, option or name.
    pub(super) const USAGE: u8 = 64;
    /// There is nobody at the other end.
    pub(super) const UNAVAILABLE: u8 = 69;
    /// The counts do not add up, or the hub itself failed.
    pub(super) const SOFTWARE: u8 = 70;
    /// The input is bad.
    pub(super) const BAD_DATA: u8 = 65;
    /// What is to be written can't be created.
    pub(super) const CANT_CREATE: u8 = 73;
    /// Try later: disk full, folder not reachable, another process holds the data folder.
    pub(super) const TRY_LATER: u8 = 75;
    /// What was asked for is not permitted to who asked.
    pub(super) const NOT_PERMITTED: u8 = 77;
    /// The configuration is bad.
    pub(super) const BAD_CONFIG: u8 = 78;

    /// After a hub that runs did not do as asked.
    pub(super) const fn of_client(error: &ClientError) -> u8 {
        match error {
            ClientError::Away { .. } => UNAVAILABLE,
            ClientError::Token { .. } | ClientError::Certificate(_) | ClientError::Unauthorized { .. } => {
                NOT_PERMITTED
            }
            ClientError::Json(_) => SOFTWARE,
            ClientError::Refused { status, .. } => match status {
                401 | 403 => NOT_PERMITTED,
                408 | 409 | 423 | 425 | 429 | 503 => TRY_LATER,
                500.. => SOFTWARE,
                _ => BAD_DATA,
            },
        }
    }
}

/// A message-broker integration hub for a regional medical network.
#[derive(Debug, Parser)]
#[command(name = "musubi", version, about, propagate_version = true)]
struct Cli {
    /// Configuration folder: hub.toml, feeds/, routes.toml, tables/
    #[arg(long, global = true, default_value = ".", value_name = "DIR")]
    config: PathBuf,
    /// Language of what people read; the default follows LC_ALL, LC_MESSAGES and LANG
    #[arg(long, global = true, value_enum)]
    lang: Option<Lang>,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Write a commented feed from a sample of what a hospital's system writes
    Init(init::Arguments),
    /// Look at what feeds need and what stands in their way, or list them
    #[command(subcommand)]
    Feed(feed::Verb),
    /// Pick up, normalise, route and deliver, all in one process
    Run(run::RunArguments),
    /// Pick up: a process of its own for some feeds, or for all (RabbitMQ)
    Adapter(run::AdapterArguments),
    /// Normalise and route: a process that shares the lanes with the others of its kind (RabbitMQ)
    Router(run::RouterArguments),
    /// Deliver: a process of its own for some subscribers, or for all; a second one for the same waits (RabbitMQ)
    Deliver(run::DeliverArguments),
    /// Serve the web console only, for processes elsewhere (RabbitMQ; with `run` and `router` it is there)
    Console,
    /// Show what the configuration makes otherwise than the one in force, and let what runs take it
    Apply(apply::Arguments),
    /// Let what runs take the configuration as it is now: checked, tested, then swapped between two messages
    Reload(reload::Arguments),
    /// Show what runs and how it is, and what waits in the queues
    Status(status::Arguments),
    /// Show what is wrong and what to do; take note of it; try whether those are told who are to know
    #[command(alias = "alert")]
    Alerts(alerts::Arguments),
    /// Show how feeds and subscribers are, live, the worst first
    Top(top::Arguments),
    /// Show messages as they pass: what is decided about each, and what becomes of its copies
    Tap(tap::Arguments),
    /// Check hub.toml, feeds/, routes.toml and tables/: all faults of all files at once
    Check(check::Arguments),
    /// Run the route tests of routes.toml: what each route makes of its example messages
    Test(test::Arguments),
    /// Compare what this configuration makes of messages with what the one in force makes of them: what would be parsed,
    /// routed or disclosed otherwise
    Diff(diff::Arguments),
    /// Show all about an HL7 v2 or SS-MIX2 file: character set, tree, event, findings, recipients and why
    Inspect(inspect::Arguments),
    /// Say why a subscriber gets a message or not: routes, conditions, basis, disclosure, and what would have to change
    Explain(explain::Arguments),
    /// Check a storage against SS-MIX2: per data type what is wrong, where and how often, as a table, JSON and a page
    /// for the vendor
    Conform(conform::Arguments),
    /// Send messages by MLLP and tell how each was answered; with faults on request
    Send(send::Arguments),
    /// Take messages by MLLP, answer them, and keep them in a folder; with faults on request
    Listen(listen::Arguments),
    /// Give a message another character set or terminators, or make JSON of it and back
    Convert(convert::Arguments),
    /// Make a message fit to send to a vendor: stand-ins for all that is not known to be harmless, with a reason per field
    Redact(redact::Arguments),
    /// Read the events that wait in a subscriber's queue, as NDJSON (embedded broker: while the hub is not running)
    Subscribe(queue::SubscribeArguments),
    /// List the messages that make no sense, with place and reason; count, retry, discard or edit them
    Invalid(letters::InvalidArguments),
    /// Count, list, retry or discard the copies that a subscriber could not be given
    Dead(letters::DeadArguments),
    /// List the patients whose copies wait because the subscriber refused one
    Parked(parked::Arguments),
    /// Let a subscriber's copies wait, or those about one patient; list what waits
    Hold(hold::HoldArguments),
    /// Let them go on
    Release(hold::ReleaseArguments),
    /// Give the bytes that stand behind a claim: what is too large for a queue, and the files of documents
    Claim(claim::Arguments),
    /// Show a message's way: who got it and who did not, on what basis, and what became of each copy
    Trace(trace::Arguments),
    /// Give a subscriber its copies again of messages that were accepted before, as of now: count first, then start
    Replay(replay::Arguments),
    /// Show, make, compare or export the queues and exchanges that this configuration needs (RabbitMQ)
    Topology(topology::Arguments),
    /// Compare a storage with its copy (subscriber kind ssmix2), byte for byte
    VerifyBackup(verify::Arguments),
    /// Compare a standardised storage with its index database's export (SSMIXIDX as CSV)
    Reconcile(reconcile::Arguments),
    /// Show the daily sheet of each facility (日次照合): files, ledger, accepted, filtered, invalid, delivered, parked, dead,
    /// and what differs
    Sheet(sheet::Arguments),
    /// Show what became of referrals (紹介状): delivered, opened, replied; which nobody answered; the proof of their bytes
    Referrals(referrals::Arguments),
    /// Image reading (読影): join orders and examinations into requests, and keep the worklist
    Reading(reading::Arguments),
    /// Count the cases of the infection surveillance feed (感染症デイリーサーベイランス): tables and a page, no patient
    Surveillance(surveillance::Arguments),
    /// Import, show and change what is known of facilities, patients and their consents
    #[command(subcommand)]
    Registry(registry::Verb),
    /// Say who may work in the console: add, list, disable, reset; prints one-time links
    #[command(subcommand)]
    User(user::UserVerb),
    /// Say which programs may use the API
    #[command(subcommand)]
    Token(user::TokenVerb),
    /// Show who looked and who acted, verify it, and write it for other systems
    #[command(subcommand)]
    Audit(audit::Verb),
    /// Write the JSON Schemas of all canonical kinds and of the configuration's files, and the AsyncAPI document of this
    /// routes.toml
    Schema(schema::Arguments),
    /// Make synthetic data: invented people (架空) only
    Simulate(simulate::Arguments),
    /// Print what a shell needs to complete verbs and options
    Completions(shell::CompletionsArguments),
    /// Print or write the manual pages
    Man(shell::ManArguments),
}

/// All verbs and options, with what they say of themselves.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs the verb that the arguments name.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    log();
    let lang = cli.lang.unwrap_or_else(Lang::of_environment);
    let code = match cli.verb {
        Verb::Init(arguments) => init::main(&cli.config, lang, &arguments),
        Verb::Feed(verb) => feed::main(&cli.config, lang, &verb),
        Verb::Run(arguments) => run::run(&cli.config, lang, &arguments),
        Verb::Adapter(arguments) => run::adapter(&cli.config, lang, &arguments),
        Verb::Router(arguments) => run::router(&cli.config, lang, &arguments),
        Verb::Deliver(arguments) => run::deliver(&cli.config, lang, &arguments),
        Verb::Console => run::console(&cli.config, lang),
        Verb::Apply(arguments) => apply::main(&cli.config, lang, &arguments),
        Verb::Reload(arguments) => reload::main(&cli.config, lang, &arguments),
        Verb::Status(arguments) => status::main(&cli.config, lang, &arguments),
        Verb::Alerts(arguments) => alerts::main(&cli.config, lang, arguments),
        Verb::Top(arguments) => top::main(&cli.config, lang, &arguments),
        Verb::Tap(arguments) => tap::main(&cli.config, lang, &arguments),
        Verb::Check(arguments) => check::main(&cli.config, lang, &arguments),
        Verb::Test(arguments) => test::main(&cli.config, lang, &arguments),
        Verb::Diff(arguments) => diff::main(&cli.config, lang, &arguments),
        Verb::Inspect(arguments) => inspect::main(&cli.config, lang, &arguments),
        Verb::Explain(arguments) => explain::main(&cli.config, lang, &arguments),
        Verb::Conform(arguments) => conform::main(lang, &arguments),
        Verb::Send(arguments) => send::main(lang, &arguments),
        Verb::Listen(arguments) => listen::main(lang, &arguments),
        Verb::Convert(arguments) => convert::main(lang, &arguments),
        Verb::Redact(arguments) => redact::main(lang, &arguments),
        Verb::Subscribe(arguments) => queue::subscribe(&cli.config, lang, &arguments),
        Verb::Invalid(arguments) => letters::invalid(&cli.config, lang, &arguments),
        Verb::Dead(arguments) => letters::dead(&cli.config, lang, &arguments),
        Verb::Parked(arguments) => parked::main(&cli.config, lang, &arguments),
        Verb::Hold(arguments) => hold::hold(&cli.config, lang, &arguments),
        Verb::Release(arguments) => hold::release(&cli.config, lang, &arguments),
        Verb::Claim(arguments) => claim::main(&cli.config, lang, &arguments),
        Verb::Trace(arguments) => trace::main(&cli.config, lang, &arguments),
        Verb::Replay(arguments) => replay::main(&cli.config, lang, &arguments),
        Verb::Topology(arguments) => topology::main(&cli.config, lang, &arguments),
        Verb::VerifyBackup(arguments) => verify::main(lang, &arguments),
        Verb::Reconcile(arguments) => reconcile::main(lang, &arguments),
        Verb::Sheet(arguments) => sheet::main(&cli.config, lang, &arguments),
        Verb::Referrals(arguments) => referrals::main(&cli.config, lang, &arguments),
        Verb::Reading(arguments) => reading::main(&cli.config, lang, &arguments),
        Verb::Surveillance(arguments) => surveillance::main(&cli.config, lang, &arguments),
        Verb::Registry(verb) => registry::main(&cli.config, lang, &verb),
        Verb::User(verb) => user::user(&cli.config, lang, &verb),
        Verb::Token(verb) => user::token(&cli.config, lang, &verb),
        Verb::Audit(verb) => audit::main(&cli.config, lang, &verb),
        Verb::Schema(arguments) => schema::main(&cli.config, &arguments),
        Verb::Simulate(arguments) => simulate::main(lang, &arguments),
        Verb::Completions(arguments) => shell::completions(&arguments),
        Verb::Man(arguments) => shell::man(&arguments),
    };
    ExitCode::from(code)
}

/// clap's own texts; a wrong call ends with 64, a question for help with 0.
fn usage(error: &clap::Error) -> ExitCode {
    let asked_for = !error.use_stderr();
    if error.print().is_err() || asked_for { ExitCode::SUCCESS } else { ExitCode::from(exit::USAGE) }
}

/// Logs go to stderr; `RUST_LOG` says how much. Only the hub's own lines: other people's code does not know that what it
/// prints is a patient's (a client of RabbitMQ logs whole messages).
fn log() {
    let level = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    let own = filter_fn(|line| OWN.iter().any(|name| line.target().split("::").next() == Some(name)));
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr).with_target(false);
    let lines = lines.with_ansi(io::stderr().is_terminal());
    tracing_subscriber::registry().with(lines.with_filter(level).with_filter(own)).init();
}

/// Prints to stdout what can do nothing to a terminal, whatever messages and people had in it. A reader that went away
/// (`| head`) is no fault.
fn print(text: &str) {
    print_as_is(&paint::harmless(text));
}

/// Prints what is painted, or what is no text for a terminal.
fn print_as_is(text: &str) {
    drop(io::stdout().lock().write_all(text.as_bytes()));
}

/// Prints to stderr what can do nothing to a terminal.
fn complain(text: &str) {
    drop(writeln!(io::stderr().lock(), "{}", paint::harmless(text)));
}

/// Prints JSON with a line end.
fn print_json<T: serde::Serialize>(value: &T) -> u8 {
    match serde_json::to_string_pretty(value) {
        Ok(text) => {
            print(&format!("{text}\n"));
            exit::DONE
        }
        Err(error) => fail(&error, exit::SOFTWARE),
    }
}

/// Tells an error with its causes, and gives the exit code back.
fn fail(error: &dyn std::error::Error, code: u8) -> u8 {
    let mut text = format!("musubi: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!("\n  because: {error}"));
        cause = error.source();
    }
    complain(&text);
    code
}
