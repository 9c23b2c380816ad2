//! `musubi subscribe` and `musubi invalid`

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use clap::Args;

use super::{check, complain, exit, fail, names, paint, print};
use crate::config::Config;
use crate::lang::Lang;
use crate::ops::queues::{self, QueueError};

/// Arguments of `subscribe`.
#[derive(Debug, Args)]
pub(super) struct SubscribeArguments {
    /// Subscriber, as `routes.toml` names it
    subscriber: String,
    /// Acknowledge what was printed: it leaves the queue
    #[arg(long)]
    take: bool,
    /// Print at most this many
    #[arg(long, value_name = "N")]
    max: Option<usize>,
}

/// Arguments of `invalid` without a verb of its own.
#[derive(Debug, Args)]
pub(super) struct ListArguments {
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
    /// Name the files too; in an SS-MIX2 storage a file's name holds the patient id
    #[arg(long)]
    files: bool,
}

pub(super) fn subscribe(folder: &Path, lang: Lang, arguments: &SubscribeArguments) -> u8 {
    let config = match check::load(folder, lang) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let known: Vec<_> = config.subscribers.iter().map(|subscriber| subscriber.name.as_str()).collect();
    if let Err(wrong) = names::chosen("subscriber", std::slice::from_ref(&arguments.subscriber), &known) {
        complain(&format!("musubi: {wrong}"));
        return exit::USAGE;
    }
    let most = arguments.max.unwrap_or(usize::MAX);
    let is_terminal = io::stdout().is_terminal();
    let print_line = |line: &str| {
        let harmless = is_terminal.then(|| paint::harmless(line));
        writeln!(io::stdout().lock(), "{}", harmless.as_deref().unwrap_or(line)).is_ok()
    };
    block_on(queues::events(&config, &arguments.subscriber, arguments.take, most, print_line))
}

pub(super) fn invalid(folder: &Path, lang: Lang, arguments: &ListArguments) -> u8 {
    let config: Config = match check::load(folder, lang) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let show = |message: &queues::InvalidMessage| {
        if arguments.json {
            match serde_json::to_string(message) {
                Ok(line) => print(&format!("{line}\n")),
                Err(error) => complain(&format!("musubi: {error}")),
            }
            return;
        }
        let fault = message
            .fault
            .as_ref()
            .map(|fault| format!("{}: {} (at {})", fault.code, fault.reason, fault.place));
        let data_type = message.data_type.as_deref().unwrap_or("-");
        let file = message.file.as_deref().map(|file| format!("  {file}")).unwrap_or_default();
        let line =
            format!("{}  {}  {data_type}  {}{file}\n", message.id, message.feed, fault.unwrap_or_default());
        print(&line);
    };
    block_on(queues::invalid(&config, arguments.files, show))
}

fn block_on(work: impl Future<Output = Result<(), QueueError>>) -> u8 {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error, exit::TRY_LATER),
    };
    match runtime.block_on(work) {
        Ok(()) => exit::DONE,
        Err(error) => fail(&error, exit::TRY_LATER),
    }
}
