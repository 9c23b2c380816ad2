//! `musubi check`: what it says of a configuration, what it looks at, and the description that editors are given.
//!
//! `BLESS=1 cargo test --test it check::described` writes the schemas and the reference.

mod bad_input;
mod described;
mod environment;
mod verb;

use std::process::Output;

use serde_json::Value;

use crate::support::HubFolder;

/// What `check --json` printed, and its exit code.
fn checked(hub: &HubFolder, arguments: &[&str]) -> (i32, Value) {
    let arguments: Vec<_> = ["check", "--json"].iter().chain(arguments).copied().collect();
    let Output { status, stdout, stderr } = hub.run(&arguments);
    let printed = serde_json::from_slice(&stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&stderr)));
    (status.code().unwrap(), printed)
}

/// The only fault, but that another test may have the console's port.
#[track_caller]
fn only(printed: &Value) -> &Value {
    let faults = printed["faults"].as_array().into_iter().flatten();
    let faults: Vec<_> = faults.filter(|fault| fault["key"] != "console.listen").collect();
    match faults[..] {
        [fault] => fault,
        _ => panic!("{printed:#}"),
    }
}

/// Whether the text of that member holds all these.
#[track_caller]
fn says(fault: &Value, member: &str, parts: &[&str]) {
    let text = fault[member].as_str().unwrap_or_else(|| panic!("no {member}: {fault:#}"));
    for part in parts {
        assert!(text.contains(part), "{member} lacks {part:?}: {text}");
    }
}
