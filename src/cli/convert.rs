//! `musubi convert`

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;

use super::wire::{choice, put};
use super::{complain, exit, fail};
use crate::lang::Lang;
use crate::ops::wire::convert::{Lack, Target, recode, terminate};
use crate::ops::wire::input::InputFile;
use crate::ops::wire::json::{from_json, to_json};
use crate::ops::wire::terminator::Terminator;
use crate::ops::wire::written::Written;

const EXAMPLES: &str = "\
Examples:
  musubi convert message.hl7 --charset utf-8 --terminator lf
  musubi convert message.hl7 --charset ss-mix2 --replace -o new.hl7
  musubi convert message.hl7 --to json -o message.json
  musubi convert message.json --from json -o message.hl7

Character sets: ss-mix2 (ISO-2022-JP with JIS X 0208 only), iso-2022-jp (half-width kana too), utf-8, shift_jis, euc-jp,
ascii, 8859/1 and the others of HL7 table 0211. MSH-18 and MSH-20 are changed to fit.

Exit codes: 0 fine, 65 the input is no message or holds what the character set lacks, 73 the output is there already.";

/// What a file is, or is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// HL7 v2 with separators
    Hl7,
    /// JSON: segments, fields, repetitions, components, subcomponents
    Json,
}

/// Arguments of `convert`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// A file of messages or a batch, or - for standard input
    file: PathBuf,
    /// Character set to write
    #[arg(long, value_name = "CHARSET", value_parser = target)]
    charset: Option<Target>,
    /// Write characters that the set lacks in another spelling, or as ■ or ?, and tell where
    #[arg(long, requires = "charset")]
    replace: bool,
    /// What ends a segment
    #[arg(long, value_parser = choice(&Terminator::ALL, Terminator::name))]
    terminator: Option<Terminator>,
    /// What the file is
    #[arg(long, value_enum, default_value = "hl7", value_name = "FORM")]
    from: Form,
    /// What is to be written
    #[arg(long, value_enum, default_value = "hl7", value_name = "FORM")]
    to: Form,
    /// File to write, which must not be there yet; standard output without it
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Tell of replaced characters as JSON, a line each
    #[arg(long)]
    json: bool,
}

fn target(name: &str) -> Result<Target, String> {
    Target::of_name(name).ok_or_else(|| {
        "no character set that can be written: ss-mix2, iso-2022-jp, utf-8, shift_jis, euc-jp, ascii, 8859/1 …".to_owned()
    })
}

pub(super) fn main(lang: Lang, arguments: &Arguments) -> u8 {
    let made = read(arguments).and_then(|mut written| {
        change(&mut written, lang, arguments)?;
        write(&written, arguments)
    });
    match made.and_then(|bytes| put(arguments.output.as_deref(), &bytes)) {
        Ok(()) => exit::DONE,
        Err(code) => code,
    }
}

fn read(arguments: &Arguments) -> Result<Written, u8> {
    let file = InputFile { path: arguments.file.clone(), below: None };
    let bytes = file.read().map_err(|error| fail(&error, exit::BAD_DATA))?;
    match arguments.from {
        Form::Hl7 => Written::read(&bytes).map_err(|error| fail(&error, exit::BAD_DATA)),
        Form::Json => from_json(&bytes).map_err(|error| fail(&error, exit::BAD_DATA)),
    }
}

fn change(written: &mut Written, lang: Lang, arguments: &Arguments) -> Result<(), u8> {
    if let Some(target) = arguments.charset {
        let lacks = recode(written, target, arguments.replace);
        lacks.iter().for_each(|lack| tell(lack, lang, arguments));
        if !lacks.is_empty() && !arguments.replace {
            complain(lang.pick(
                "  nothing was written: `--replace` writes another spelling or a mark in their place",
                "  何も書き出していません。`--replace` を付けると別の表記または記号に置き換えます",
            ));
            return Err(exit::BAD_DATA);
        }
    }
    if let Some(terminator) = arguments.terminator {
        terminate(written, terminator);
    }
    Ok(())
}

/// One character that the set lacks; what it is stays untold.
fn tell(lack: &Lack, lang: Lang, arguments: &Arguments) {
    if arguments.json {
        return complain(&json!(lack).to_string());
    }
    let Lack { part, place, kind, spelled } = lack;
    let done = match (arguments.replace, spelled) {
        (false, _) => lang.pick("can't be written", "書き出せません"),
        (true, true) => lang.pick("written in another spelling", "別の表記に置き換えました"),
        (true, false) => lang.pick("replaced by a mark", "記号に置き換えました"),
    };
    complain(&format!("musubi: {place} ({part}): {kind}: {done}"));
}

fn write(written: &Written, arguments: &Arguments) -> Result<Vec<u8>, u8> {
    match arguments.to {
        Form::Json => to_json(written).map(String::into_bytes).map_err(|error| fail(&error, exit::SOFTWARE)),
        Form::Hl7 => written.bytes().map_err(|error| {
            fail(&error, exit::BAD_DATA);
            complain("  `--charset utf-8` can write it, or `--charset … --replace`");
            exit::BAD_DATA
        }),
    }
}
