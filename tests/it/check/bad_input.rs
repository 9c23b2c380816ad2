//! What people get wrong, each answered with what to do.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::{checked, only, says};
use crate::support::HubFolder;

/// A hub with one feed of a storage at that path below its folder.
fn hub_with(standard: &str) -> HubFolder {
    let hub = HubFolder::new();
    hub.ssmix2_feed("izumo", "3210100018", standard);
    hub
}

const ONLY_ENVIRONMENT: [&str; 2] = ["--skip", "topology"];

/// What is said of the storage's path.
fn of_path(hub: &HubFolder) -> Value {
    let (code, printed) = checked(hub, &ONLY_ENVIRONMENT);
    assert_eq!(code, 0, "{printed:#}");
    let mut faults = printed["faults"].as_array().unwrap().iter();
    let fault = faults.find(|fault| fault["key"] == "source[1].standard").cloned();
    fault.unwrap_or_else(|| panic!("{printed:#}"))
}

#[test]
fn a_wrong_path_names_the_one_that_was_meant() {
    let hub = hub_with("share/Standerd");
    fs::create_dir_all(hub.path("share/standard")).unwrap();
    fs::create_dir_all(hub.path("share/transaction")).unwrap();
    let fault = of_path(&hub);
    assert_eq!(
        (&fault["part"], &fault["severity"], &fault["line"]),
        (&json!("environment"), &json!("warning"), &json!(7))
    );
    let meant = hub.path("share/standard").display().to_string();
    says(&fault, "message", &["does not exist (yet): did you mean", &meant]);
    says(&fault, "help", &["musubi check"]);
}

#[test]
fn a_share_that_is_not_mounted_is_told_from_a_wrong_path() {
    let hub = hub_with("mnt/izumo/standard");
    fs::create_dir_all(hub.path("mnt/izumo")).unwrap();
    let fault = of_path(&hub);
    says(&fault, "message", &["it ends at", "mnt/izumo", "which is empty"]);
    says(&fault, "help", &["findmnt", "mount"]);
}

#[test]
fn a_file_in_place_of_a_folder() {
    let hub = hub_with("standard");
    hub.write("standard", "x");
    let fault = of_path(&hub);
    says(&fault, "message", &["a folder is needed"]);
    says(&fault, "help", &["name the folder"]);
}

/// Runs the check as somebody who may not read everything: whoever is root may.
fn as_another(hub: &HubFolder) -> Value {
    let is_root = rustix::process::geteuid().is_root();
    let mut command = hub.musubi(&["check", "--json", "--skip", "topology"]);
    if is_root {
        // The binary may lie where only root looks.
        let binary = hub.path("musubi");
        fs::copy(env!("CARGO_BIN_EXE_musubi"), &binary).unwrap();
        fs::set_permissions(hub.path(""), fs::Permissions::from_mode(0o755)).unwrap();
        let arguments: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
        command = Command::new(binary);
        command.args(arguments).env("LANG", "C").env_remove("LC_ALL").uid(65534).gid(65534);
    }
    let output = command.output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

fn close(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o000)).unwrap();
}

fn open(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn an_unreadable_share_says_who_may_not_read_it_and_how_to_let_them() {
    let hub = hub_with("share/standard");
    fs::create_dir_all(hub.path("share/standard")).unwrap();
    close(&hub.path("share/standard"));
    let printed = as_another(&hub);
    open(&hub.path("share/standard"));
    let faults = printed["faults"].as_array().unwrap();
    let fault = faults.iter().find(|fault| fault["key"] == "source[1].standard").unwrap();
    says(fault, "message", &["can't be read by user", "Permission denied"]);
    says(fault, "help", &["namei -l", "setfacl", "file_mode="]);
}

#[test]
fn a_data_folder_that_nobody_can_write_in() {
    let hub = hub_with("standard");
    fs::create_dir_all(hub.path("standard")).unwrap();
    fs::create_dir_all(hub.path("var")).unwrap();
    fs::set_permissions(hub.path("var"), fs::Permissions::from_mode(0o555)).unwrap();
    let printed = as_another(&hub);
    open(&hub.path("var"));
    let faults = printed["faults"].as_array().unwrap();
    let fault =
        faults.iter().find(|fault| fault["key"] == "data_dir").unwrap_or_else(|| panic!("{printed:#}"));
    says(fault, "message", &["can't write in", "var"]);
    says(fault, "help", &["chown"]);
}

#[test]
fn a_feed_with_the_code_of_another_says_where_that_is_and_what_is_usual() {
    let hub = hub_with("one");
    hub.ssmix2_feed("matsue", "3210100018", "other");
    for path in ["one", "other"] {
        fs::create_dir(hub.path(path)).unwrap();
    }
    let (code, printed) = checked(&hub, &ONLY_ENVIRONMENT);
    assert_eq!(code, 78);
    let fault = only(&printed);
    says(fault, "message", &["facility 3210100018 already has a feed: feeds/izumo.toml:2"]);
    says(fault, "help", &["a further [[source]]", "a code of its own"]);
}

#[test]
fn one_storage_as_that_of_two_facilities() {
    let hub = hub_with("one");
    hub.ssmix2_feed("matsue", "3210200024", "./one");
    fs::create_dir(hub.path("one")).unwrap();
    let (code, printed) = checked(&hub, &["--skip", "environment"]);
    assert_eq!(code, 78);
    let fault =
        printed["faults"].as_array().unwrap().iter().find(|fault| fault["severity"] == "error").unwrap();
    says(fault, "message", &["another source reads this folder already: feeds/izumo.toml:7"]);
    says(fault, "help", &["one facility's patients would count as the other's"]);
}

#[test]
fn a_field_of_another_kind_names_the_kinds_that_have_it_and_the_fields_that_are_there() {
    let hub = hub_with("one");
    fs::create_dir(hub.path("one")).unwrap();
    let routes = fs::read_to_string(hub.path("routes.toml")).unwrap();
    let bad = "\n[[subscriber]]\nname = \"ward\"\ndeliver = { kind = \"queue\" }\n[[route]]\nname = \"bad\"\n\
               topic = \"a\"\nto = [\"ward\"]\nkinds = [\"encounter\"]\nbasis = \"addressed\"\n\
               where = { any = \"results\", all = [{ field = \"interpretation\", is = \"positive\" }] }\n";
    hub.write("routes.toml", format!("{routes}{bad}"));
    let (code, printed) = checked(&hub, &ONLY_ENVIRONMENT);
    assert_eq!(code, 78);
    let fault = only(&printed);
    says(fault, "message", &["encounter has no field \"results\" here", "it is a field of ", "lab-result"]);
    says(fault, "help", &["kinds = [", "\"lab-result\"", "docs/subscribe/kinds/encounter.md"]);
    assert!(fault["allowed"].as_array().unwrap().contains(&json!("admitted_at")));
    assert!(fault["key"].as_str().unwrap().ends_with(".where.any"), "{fault}");
}
