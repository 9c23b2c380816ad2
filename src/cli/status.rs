//! `musubi status`

use std::path::Path;

use clap::Args;

use super::exit;
use super::lang::Lang;

/// Arguments of `status`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn main(_folder: &Path, _lang: Lang, _arguments: &Arguments) -> u8 {
    exit::DONE
}
