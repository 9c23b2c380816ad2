//! `musubi topology`

use std::path::Path;

use clap::{Args, Subcommand};

use super::{check, exit, fail, print, print_json};
use crate::config::Config;
use crate::lang::Lang;
use crate::ops::topology::{self, TopologyError};

/// Arguments of `topology`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print the queues, exchanges and bindings that this configuration needs
    Show,
    /// Make what is not there yet
    Apply,
    /// Print a definitions file for `rabbitmqctl import_definitions`
    Export,
    /// Say how the server differs; changes nothing. Exit code 1 where it does
    Check {
        /// Print the differences as JSON
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn main(folder: &Path, lang: Lang, arguments: &Arguments) -> u8 {
    let config = match check::load(folder, lang) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let done = match arguments.action {
        Action::Show => show(&config, lang),
        Action::Export => topology::definitions(&config).map(|definitions| print_json(&definitions)),
        Action::Apply => apply(&config, lang),
        Action::Check { json } => compare(&config, lang, json),
    };
    done.unwrap_or_else(|error| {
        let code = match &error {
            TopologyError::Embedded => exit::USAGE,
            TopologyError::Away(_) => exit::TRY_LATER,
            TopologyError::Broker(_) => exit::DIFFERS,
        };
        fail(&error, code)
    })
}

fn show(config: &Config, lang: Lang) -> Result<u8, TopologyError> {
    let topology = topology::of(config)?;
    let mut text = String::new();
    for queue in &topology.queues {
        text.push_str(&format!("{} {}", lang.pick("queue", "キュー"), queue.name));
        for (name, value) in &queue.arguments {
            text.push_str(&format!("  {name}={}", topology::argument(value)));
        }
        text.push('\n');
    }
    for exchange in &topology.exchanges {
        let word = lang.pick("exchange", "エクスチェンジ");
        text.push_str(&format!("{word} {}  {}", exchange.name, exchange.kind));
        for (name, value) in &exchange.arguments {
            text.push_str(&format!("  {name}={}", topology::argument(value)));
        }
        text.push('\n');
    }
    for binding in &topology.bindings {
        let word = lang.pick("binding", "バインディング");
        text.push_str(&format!("{word} {} -> {}  {:?}\n", binding.from, binding.to, binding.key));
    }
    print(&text);
    Ok(exit::DONE)
}

fn apply(config: &Config, lang: Lang) -> Result<u8, TopologyError> {
    block_on(topology::apply(config))?;
    let of = topology::of(config)?;
    print(&match lang {
        Lang::En => format!("{} queues and {} exchanges are there\n", of.queues.len(), of.exchanges.len()),
        Lang::Ja => {
            format!("キュー {}、エクスチェンジ {} を確認しました\n", of.queues.len(), of.exchanges.len())
        }
    });
    Ok(exit::DONE)
}

fn compare(config: &Config, lang: Lang, json: bool) -> Result<u8, TopologyError> {
    let differences = block_on(topology::check(config))?;
    if json {
        print_json(&differences);
    } else if differences.is_empty() {
        print(lang.pick("the server is as declared\n", "サーバーは宣言どおりです\n"));
    }
    if !json {
        differences.iter().for_each(|difference| print(&format!("{difference}\n")));
    }
    Ok(if differences.is_empty() { exit::DONE } else { exit::DIFFERS })
}

fn block_on<T>(work: impl Future<Output = Result<T, TopologyError>>) -> Result<T, TopologyError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    match runtime {
        Ok(runtime) => runtime.block_on(work),
        Err(error) => Err(TopologyError::Away(error.to_string())),
    }
}
