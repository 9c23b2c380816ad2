//! The walk of an interface engineer who has never seen musubi: from an unknown storage to a tested, running feed, by
//! nothing but the commands that it prints. What it prints is docs/integrate/walk.md.
//!
//! `BLESS=1 cargo test --test it walk` writes the page.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::processes::running::{lines_below, until};
use crate::support::process::ToItsEnd;
use crate::support::{copy_tree, repository};

/// Lines of an output that the page shows.
const SHOWN: usize = 44;

const HEAD: &str = "\
# From an unknown storage to a running feed

A hospital, 出雲中央病院 (架空), gave a folder with a sample of what its system writes: `hospital`. Nothing else is known. Each \
command below was printed by the one before. Long outputs are shortened at `…`; so is what another machine would say \
otherwise.

This page is made by a test, which does what it shows: `BLESS=1 cargo test --test it walk`. What each step means: [connect \
a hospital in ten minutes](quick-start.md).

";

/// The built binary, by the name that people type.
fn shell(folder: &Path, command: &str) -> Command {
    let binary = Path::new(env!("CARGO_BIN_EXE_musubi")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap_or_default());
    let mut shell = Command::new("bash");
    shell.args(["-c", command]).current_dir(folder).env("PATH", path);
    shell.env("LANG", "C").env_remove("LC_ALL").env_remove("LC_MESSAGES").env_remove("RUST_LOG");
    shell
}

/// The output without what is of this machine and moment: what is found of its disk and clock, and what to do about that.
fn recorded(text: &str, folder: &Path) -> String {
    const WARNINGS: &str = "nothing stands in the way; ";
    let text = text.replace(&format!("{}/", folder.display()), "/mnt/");
    let varies = ["disk ", "mount ", "scan ", "clock ", "path "];
    let (mut told, mut of_machine) = (Vec::new(), false);
    for line in text.lines() {
        let name = ["ok      ", "?       ", "warning "]
            .iter()
            .find_map(|state| line.trim_start().strip_prefix(state));
        let name = name.filter(|name| varies.iter().any(|word| name.starts_with(word)));
        if of_machine && line.trim_start().starts_with("-> ") {
            continue;
        }
        of_machine = name.is_some();
        told.push(match name {
            Some(name) => format!("    ok      {:<13}…", name.split(' ').next().unwrap()),
            None if line.starts_with(WARNINGS) => format!("{WARNINGS}… warnings"),
            None => line.trim_end().to_owned(),
        });
    }
    let left_out = if told.len() > SHOWN { "…\n" } else { "" };
    told.iter().take(SHOWN).map(|line| format!("{line}\n")).collect::<String>() + left_out
}

/// The commands that `init` prints.
fn hints(text: &str) -> Vec<String> {
    let hints = text.split("then:\n").nth(1).unwrap().lines();
    hints.filter_map(|line| line.strip_prefix("  musubi").map(|rest| format!("musubi{rest}"))).collect()
}

/// Lets the feed run until a message that comes now is delivered.
fn run(folder: &Path, command: &str) -> String {
    let delivered = folder.join("trial/var/deliveries/trial");
    let before = lines_below(&delivered);
    let mut child = shell(folder, &format!("exec {command}"));
    let child = child.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let case = fs::read(repository().join("fixtures/cases/adt_a08_yamamoto/input")).unwrap();
    fs::write(folder.join("hospital/hl7/new"), case).unwrap();
    until("what comes is delivered", || lines_below(&delivered) > before);
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let output = child.to_its_end();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8([output.stderr, output.stdout].concat()).unwrap()
}

#[test]
fn the_printed_hints_lead_from_an_unknown_storage_to_a_running_feed() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().canonicalize().unwrap();
    copy_tree(&repository().join("fixtures/region/izumo-chuo"), &folder.join("hospital"));
    let mut page = HEAD.to_owned();
    let mut commands = vec!["musubi --config trial init hospital".to_owned()];
    let mut at = 0;
    while let Some(command) = commands.get(at).cloned() {
        let text = if command.ends_with(" run") {
            run(&folder, &command)
        } else {
            let output = shell(&folder, &command).to_its_end();
            assert!(output.status.success(), "{command}: {output:?}");
            String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
        };
        if at == 0 {
            commands.extend(hints(&text));
        }
        let command = command.replace(&format!("{}/", folder.display()), "/mnt/");
        page.push_str(&format!("```text\n$ {command}\n{}```\n\n", recorded(&text, &folder)));
        at += 1;
    }
    let verbs = ["init", "check", "feed doctor", "inspect", "test", "run --drain", "run"];
    assert_eq!(commands.len(), verbs.len(), "{commands:?}");
    for (command, verb) in commands.iter().zip(verbs) {
        assert!(command.starts_with(&format!("musubi --config trial {verb}")), "{command}");
    }
    let file = repository().join("docs/integrate/walk.md");
    let page = page.trim_end().to_owned() + "\n";
    if std::env::var_os("BLESS").is_some() {
        fs::write(&file, &page).unwrap();
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == page,
        "docs/integrate/walk.md is not what is printed: BLESS=1 cargo test --test it walk\n{page}"
    );
}
