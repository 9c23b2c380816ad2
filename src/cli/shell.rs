//! `musubi completions` and `musubi man`: what a shell and man(1) know of the verbs.

use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, exit, fail, print_as_is};

/// Arguments of `completions`.
#[derive(Debug, Args)]
#[command(after_help = "Example:  musubi completions bash > /etc/bash_completion.d/musubi")]
pub(super) struct CompletionsArguments {
    /// The shell
    shell: Shell,
}

/// Arguments of `man`.
#[derive(Debug, Args)]
#[command(after_help = "Example:  musubi man --to /usr/local/share/man/man1")]
pub(super) struct ManArguments {
    /// Folder to write a page for each verb into, musubi-VERB.1; without it the page of musubi itself is printed
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
}

pub(super) fn completions(arguments: &CompletionsArguments) -> u8 {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "musubi", &mut script);
    print_as_is(&String::from_utf8_lossy(&script));
    exit::DONE
}

pub(super) fn man(arguments: &ManArguments) -> u8 {
    let written = match &arguments.to {
        Some(folder) => clap_mangen::generate_to(Cli::command(), folder),
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command())
                .render(&mut page)
                .map(|()| print_as_is(&String::from_utf8_lossy(&page)))
        }
    };
    match written {
        Ok(()) => exit::DONE,
        Err(error) => fail(&error, exit::CANT_CREATE),
    }
}
