//! `musubi completions` and `musubi man`: every verb is in them.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use crate::support::HubFolder;
use crate::support::process::ToItsEnd;

/// The verbs that `--help` names.
fn verbs(hub: &HubFolder) -> Vec<String> {
    let help = String::from_utf8(hub.run(&["--help"]).stdout).unwrap();
    let commands = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let verbs = commands.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    verbs
        .map(|line| line.split_whitespace().next().unwrap().to_owned())
        .filter(|verb| verb != "help")
        .collect()
}

#[test]
fn every_shell_completes_every_verb() {
    let hub = HubFolder::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = hub.run(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let script = String::from_utf8(output.stdout).unwrap();
        for verb in verbs(&hub) {
            assert!(script.contains(&verb), "{shell} does not know {verb}");
        }
    }
}

#[test]
fn bash_takes_the_completions() {
    let hub = HubFolder::new();
    let script = hub.run(&["completions", "bash"]).stdout;
    let mut bash =
        Command::new("bash").arg("-n").stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    bash.stdin.take().unwrap().write_all(&script).unwrap();
    let output = bash.to_its_end();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn every_verb_has_a_manual_page() {
    let hub = HubFolder::new();
    let folder = hub.path("man");
    fs::create_dir(&folder).unwrap();
    let output = hub.run(&["man", "--to", folder.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    for verb in verbs(&hub) {
        let page = fs::read_to_string(folder.join(format!("musubi-{verb}.1"))).unwrap();
        assert!(page.contains(".SH NAME") && page.contains(".SH SYNOPSIS"), "{verb}");
    }
    let nowhere = hub.run(&["man", "--to", hub.path("nowhere").to_str().unwrap()]);
    assert_eq!(nowhere.status.code(), Some(73), "{nowhere:?}");
}
