//! `musubi redact`

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::wire::{causes, put};
use super::{complain, exit, fail};
use crate::lang::Lang;
use crate::ops::wire::input::{self, InputFile};
use crate::ops::wire::redact::{Action, Redacted, Redactor, Row};

const EXAMPLES: &str = "\
Examples:
  musubi redact message.hl7 -o for-the-vendor.hl7
  musubi redact message.hl7 --report why.txt > for-the-vendor.hl7
  musubi redact storage/ --out for-the-vendor/ --key-file secret.key

What is known to be harmless stays: structure, codes of public tables, numbers of results. Dates of events move by a
number of days of the patient's own. All else is replaced by stand-ins of the same shape. Look at the result before you
send it.

Exit codes: 0 fine, 1 a message is read otherwise than the original, 65 a file holds no message, 73 the output is there
already.";

/// Arguments of `redact`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// A file of messages, - for standard input, or with --out files and folders
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// File to write, which must not be there yet; standard output without it
    #[arg(short, long, value_name = "FILE", conflicts_with = "out")]
    output: Option<PathBuf>,
    /// Folder to write all files below, with stand-ins in their names
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// File whose contents give the stand-ins: with the same the same values become the same; keep it secret
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// File for the report, which must not be there yet; standard error without it
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Write the report as JSON, a line a field
    #[arg(long)]
    json: bool,
}

/// What was done with all files.
#[derive(Default)]
struct Done {
    report: String,
    differing: usize,
    refused: usize,
}

pub(super) fn main(lang: Lang, arguments: &Arguments) -> u8 {
    match redactor(arguments).and_then(|redactor| redact(&redactor, lang, arguments)) {
        Ok(code) | Err(code) => code,
    }
}

fn redactor(arguments: &Arguments) -> Result<Redactor, u8> {
    let Some(path) = &arguments.key_file else { return Ok(Redactor::new(rand::random())) };
    match fs::read(path) {
        Ok(secret) if secret.len() >= KEY_BYTES_MIN => Ok(Redactor::of_secret(&secret)),
        Ok(_) => {
            complain("musubi: the key file is too short: `head -c 32 /dev/urandom > FILE` makes one");
            Err(exit::USAGE)
        }
        Err(error) => {
            complain(&format!("musubi: {} can't be read", path.display()));
            Err(fail(&error, exit::USAGE))
        }
    }
}

/// A shorter key could be found by trying.
const KEY_BYTES_MIN: usize = 16;

fn redact(redactor: &Redactor, lang: Lang, arguments: &Arguments) -> Result<u8, u8> {
    let files = input::files(&arguments.files).map_err(|error| fail(&error, exit::BAD_DATA))?;
    let mut done = Done::default();
    match (&arguments.out, files.as_slice()) {
        (Some(folder), files) => {
            for file in files {
                into_folder(redactor, file, folder, &mut done, lang, arguments)?;
            }
        }
        (None, [file]) if file.below.is_none() => {
            let made = one(redactor, file).map_err(|why| {
                complain(&format!("musubi: {why}"));
                exit::BAD_DATA
            })?;
            put(arguments.output.as_deref(), &made.bytes)?;
            done.add(&made, None, lang, arguments.json);
        }
        _ => {
            complain("musubi: several files or a folder need --out DIR");
            return Err(exit::USAGE);
        }
    }
    done.finish(lang, arguments)
}

/// A file with stand-ins, or why there is none; the reason names the file only as it was given.
fn one(redactor: &Redactor, file: &InputFile) -> Result<Redacted, String> {
    let bytes = file.read().map_err(|error| causes(&error))?;
    redactor.file(&bytes).map_err(|error| format!("{}: {}", file.path.display(), causes(&error)))
}

fn into_folder(
    redactor: &Redactor,
    file: &InputFile,
    folder: &Path,
    done: &mut Done,
    lang: Lang,
    arguments: &Arguments,
) -> Result<(), u8> {
    // A name may hold the patient's id: of a folder's files only the new one is told.
    let name = file.path.file_name().map(Path::new).unwrap_or(&file.path);
    let path = redactor.path(file.below.as_deref().unwrap_or(name));
    let Ok(made) = one(redactor, file) else {
        done.refused += 1;
        return Ok(());
    };
    let target = folder.join(&path);
    if let Some(parent) = target.parent() {
        fs::create_dir_all(parent).map_err(|error| fail(&error, exit::CANT_CREATE))?;
    }
    put(Some(&target), &made.bytes)?;
    done.add(&made, Some(&path), lang, arguments.json);
    Ok(())
}

impl Done {
    fn add(&mut self, made: &Redacted, file: Option<&Path>, lang: Lang, json: bool) {
        self.differing += made.differing.len();
        let file = file.map(|path| path.to_string_lossy());
        if let (Some(file), false) = (&file, json) {
            self.report.push_str(&format!("{file}\n"));
        }
        for row in &made.rows {
            self.report.push_str(&line(row, file.as_deref(), lang, json));
        }
    }

    fn finish(&self, lang: Lang, arguments: &Arguments) -> Result<u8, u8> {
        match &arguments.report {
            Some(path) => put(Some(path), self.report.as_bytes())?,
            None => complain(self.report.trim_end()),
        }
        if self.refused > 0 {
            let words = lang
                .pick("files hold no message and were not written", "件は電文ではないため書き出していません");
            complain(&format!("musubi: {} {words}", self.refused));
        }
        if self.differing > 0 {
            let words = lang.pick(
                "messages are read otherwise than their originals: with another key it may be the same",
                "件の電文は元と異なる読み方になります。別の鍵なら同じになることがあります",
            );
            complain(&format!("musubi: {} {words}", self.differing));
            return Ok(exit::DIFFERS);
        }
        Ok(exit::DONE)
    }
}

fn line(row: &Row, file: Option<&str>, lang: Lang, json: bool) -> String {
    let Row { message, place, action, reason } = row;
    let [en, ja] = reason.words();
    if json {
        let row = json!({
            "file": file, "message": message, "place": place, "action": action, "reason": reason, "en": en, "ja": ja
        });
        return format!("{row}\n");
    }
    let action = match action {
        Action::Kept => lang.pick("kept", "保持"),
        Action::Shifted => lang.pick("shifted", "日付をずらす"),
        Action::Replaced => lang.pick("replaced", "置換"),
    };
    let place = if *message > 1 { format!("({message}) {place}") } else { place.clone() };
    format!("{place}\t{action}\t{}\n", lang.pick(en, ja))
}
