//! Every verb and option of `musubi` that the documents name exists, also where the command can't be run.

use clap::Command;

use super::pages::{self, Block};

#[test]
fn every_verb_and_option_exists() {
    let mut cli = musubi::cli::command();
    cli.build();
    let (mut faults, mut checked) = (Vec::new(), 0);
    for page in pages::all() {
        let blocks = page.blocks();
        let lines = blocks.iter().flat_map(commands);
        for (line, text) in lines.chain(page.spans()) {
            for words in calls(text) {
                checked += 1;
                if let Err(fault) = check(&cli, &words) {
                    faults.push(format!("{}:{line}: {fault}: {}", page.name, text.trim()));
                }
            }
        }
    }
    assert!(faults.is_empty(), "The documents name what does not exist:\n{}", faults.join("\n"));
    assert!(checked >= 50, "only {checked} calls were found");
}

#[test]
fn what_does_not_exist_is_told() {
    let mut cli = musubi::cli::command();
    cli.build();
    let told = |line: &str| calls(line).iter().map(|words| check(&cli, words)).collect::<Vec<_>>();
    let good = [
        "$ musubi --config DIR run --drain     until SIGTERM",
        "musubi inspect FILE --feed izumo-chuo --data-type ADT-00 | head",
        "cargo run --release -- registry import registry/",
        "find . -type f -exec musubi inspect --json {} \\; | wc",
        "musubi run [--drain | --json]",
        "musubi inspect \"$(find . -type f | sort)\"",
        "musubi trace --patient izumo-chuo/1   # --nothing of that",
        "$ musubi replay --to kita-record --why \"their disk --was replaced\" --yes",
    ];
    for line in good {
        assert_eq!(told(line), [Ok(())], "{line}");
    }
    assert_eq!(told("musubi run --drains"), [Err("`run` has no option --drains".to_owned())]);
    assert_eq!(told("$ musubi rum"), [Err("there is no verb `musubi rum`".to_owned())]);
    assert_eq!(told("musubi registry imports x"), [Err("there is no verb `registry imports`".to_owned())]);
    assert_eq!(told("$ ls | musubi test -q"), [Err("`test` has no option -q".to_owned())]);
    assert!(told("musubi: the broker did not do as asked").is_empty());
}

/// The lines of a block that may hold commands: where some begin with `$ `, the others are what was printed.
fn commands<'p>(block: &Block<'p>) -> Vec<(usize, &'p str)> {
    let is_prompt = |line: &str| line.starts_with("$ ");
    let has_prompts = block.lines.iter().any(|(_, line)| is_prompt(line));
    block.lines.iter().copied().filter(|(_, line)| !has_prompts || is_prompt(line)).collect()
}

/// As a shell takes them apart: what stands between double quotes is one word.
fn words(line: &str) -> Vec<&str> {
    let mut is_quoted = false;
    let parts = line.split(|letter: char| {
        is_quoted ^= letter == '"';
        letter.is_whitespace() && !is_quoted
    });
    parts.filter(|word| !word.is_empty()).collect()
}

/// The words behind each `musubi` of a line that stands where a command begins.
fn calls(line: &str) -> Vec<Vec<&str>> {
    /// What stands before a command.
    const BEFORE: [&str; 7] = ["$", "|", "&&", "||", ";", "-exec", "--"];
    let words = words(line);
    let mut calls = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| words.get(before));
        let begins = before.is_none_or(|before| BEFORE.contains(before));
        let words = words.get(index + 1..).unwrap_or_default();
        if *word == "musubi" && begins {
            calls.push(words.to_vec());
        } else if *word == "cargo" && begins && words.starts_with(&["run", "--release", "--"]) {
            calls.push(words.get(3..).unwrap_or_default().to_vec());
        }
    }
    calls.retain(|words| !words.is_empty());
    calls
}

/// What a call names that does not exist. Brackets, alternatives and what stands in for a word are those of a usage line.
fn check(cli: &Command, words: &[&str]) -> Result<(), String> {
    let mut command = cli;
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        let is_option = |word: &str| word.trim_start_matches('[').starts_with('-');
        let is_usage = *word == "|" && words.peek().is_some_and(|next| is_option(next));
        if is_usage {
            continue;
        }
        if word.starts_with('#')
            || word.starts_with('…')
            || word.starts_with("\"$(")
            || ["|", "||", "&&", ";", "\\;", "--"].contains(word)
        {
            return Ok(());
        }
        let word = word.trim_matches(['[', ']', '(', ')', '…', ',']);
        if word.starts_with('-') {
            let (option, value) =
                word.split_once('=').map_or((word, None), |(option, value)| (option, Some(value)));
            let takes_value = takes_value(command, option)
                .ok_or_else(|| format!("`{}` has no option {option}", command.get_name()))?;
            if takes_value && value.is_none() {
                words.next();
            }
        } else if command.has_subcommands() && !word.chars().all(|c| c.is_uppercase()) {
            let no_verb = || format!("there is no verb `{} {word}`", command.get_name());
            command = command.find_subcommand(word).ok_or_else(no_verb)?;
        }
    }
    Ok(())
}

/// Whether a value follows the option; nothing where there is no such option.
fn takes_value(command: &Command, option: &str) -> Option<bool> {
    let (long, short) =
        (option.strip_prefix("--"), option.strip_prefix('-').and_then(|name| name.chars().next()));
    let argument = command.get_arguments().find(|argument| match long {
        Some(long) => argument.get_long() == Some(long),
        None => argument.get_short().is_some() && argument.get_short() == short,
    })?;
    Some(argument.get_action().takes_values())
}
