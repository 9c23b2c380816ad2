//! The walls of ARCHITECTURE.md that a machine can hold.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{files_below, repository};

fn sources(below: &str) -> Vec<(PathBuf, String)> {
    let files = files_below(&repository().join(below)).into_iter();
    let rust = files.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    rust.map(|path| (path.clone(), code(&fs::read_to_string(&path).unwrap()))).collect()
}

/// A file without its tests and comments.
fn code(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn absent(below: &str, words: &[&str], why: &str) {
    for (path, code) in sources(below) {
        for word in words {
            assert!(!code.contains(word), "{} names `{word}`: {why}", path.display());
        }
    }
}

#[test]
fn the_pure_stages_do_no_io_and_are_not_async() {
    for stage in [
        "src/decode",
        "src/normalise",
        "src/registry",
        "src/route",
        "adapters/cda/src",
        "adapters/checkup/src",
        "adapters/hl7v2/src",
        "adapters/ssmix2/src",
    ] {
        absent(
            stage,
            &["std::fs", "std::net", "tokio", "async fn", ".await", "SystemTime", "Instant::now"],
            "it is pure",
        );
    }
}

#[test]
fn no_stage_names_another() {
    let stages = ["ingest", "decode", "normalise", "route", "deliver"];
    for stage in stages {
        for other in stages.iter().filter(|other| **other != stage) {
            if (stage, *other) == ("normalise", "decode") {
                continue;
            }
            absent(
                &format!("src/{stage}"),
                &[&format!("crate::{other}")],
                "only the pipeline knows the stages",
            );
        }
    }
}

#[test]
fn the_model_names_nothing_else_of_the_crate() {
    let own = [
        "crate::broker",
        "crate::store",
        "crate::config",
        "crate::ingest",
        "crate::route",
        "crate::pipeline",
    ];
    absent("src/canonical", &own, "it is the model");
    absent("src/broker", &["crate::store", "crate::canonical", "crate::config"], "it carries bytes");
    absent("src/store", &["crate::broker", "crate::canonical", "crate::config"], "it keeps bytes");
    let others = own.into_iter().chain(["crate::canonical", "crate::deliver", "crate::ops", "crate::clock"]);
    absent("src/registry", &others.collect::<Vec<_>>(), "it names only the envelope");
}

#[test]
fn command_line_and_console_act_only_through_ops_config_and_pipeline() {
    let inside = [
        "crate::store",
        "crate::ingest",
        "crate::decode",
        "crate::normalise",
        "crate::route",
        "crate::deliver",
    ];
    absent("src/cli", &inside, "it acts through ops, config and pipeline");
    absent("src/console", &inside, "it acts through ops and the hub's registry");
    absent("src/console", &["crate::broker", "crate::config"], "it acts through ops and the hub's registry");
}

#[test]
fn services_read_what_is_delivered_and_name_no_stage() {
    let inside = [
        "broker",
        "config",
        "decode",
        "deliver",
        "ingest",
        "normalise",
        "pipeline",
        "registry",
        "route",
        "store",
    ];
    let inside: Vec<_> = inside.iter().map(|name| format!("crate::{name}")).collect();
    absent(
        "src/services",
        &inside.iter().map(String::as_str).collect::<Vec<_>>(),
        "it is a subscriber like any other",
    );
}

#[test]
fn only_the_store_names_the_embedded_databases() {
    for (path, code) in sources("src") {
        let store = path.starts_with(repository().join("src/store"));
        let named = ["sled::", "rusqlite::"].into_iter().find(|name| code.contains(name));
        assert!(named.is_none() || store, "{} names {named:?}", path.display());
    }
}

#[test]
fn metric_names_are_spelled_in_one_place() {
    for (path, code) in sources("src") {
        let is_place = path.ends_with("src/telemetry/names.rs");
        // Tokens of programs begin with `musubi_` too, and nothing behind it is spelled.
        let is_word = |rest: &str| rest.starts_with(|letter: char| letter.is_ascii_lowercase());
        let spells = code.split("\"musubi_").skip(1).any(is_word);
        assert!(is_place || !spells, "{} spells a metric", path.display());
    }
    absent("src/console", &["crate::telemetry::names"], "it shows what the pipeline measured");
}

#[test]
fn every_file_is_declared_by_a_mod() {
    for root in [
        "src",
        "adapters/cda/src",
        "adapters/checkup/src",
        "adapters/hl7v2/src",
        "adapters/ssmix2/src",
        "tests/it",
    ] {
        let root = repository().join(root);
        let found: BTreeSet<_> = files_below(&root)
            .into_iter()
            .filter(|path| path.extension().is_some_and(|e| e == "rs"))
            .collect();
        let mut declared = BTreeSet::new();
        for top in ["lib.rs", "main.rs"] {
            declare(&root.join(top), &root, &mut declared);
        }
        let dead: Vec<_> = found.difference(&declared).collect();
        assert!(dead.is_empty(), "no `mod` declares {dead:?}");
    }
}

/// Follows `mod name;` from a file to the files below it.
fn declare(file: &Path, folder: &Path, declared: &mut BTreeSet<PathBuf>) {
    let Ok(text) = fs::read_to_string(file) else { return };
    declared.insert(file.to_owned());
    for line in text.lines().map(str::trim) {
        let declaration =
            line.strip_suffix(';').and_then(|line| line.split_once("mod ")).map(|(_, name)| name);
        let Some(name) =
            declaration.filter(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
        else {
            continue;
        };
        declare(&folder.join(format!("{name}.rs")), &folder.join(name), declared);
        declare(&folder.join(name).join("mod.rs"), &folder.join(name), declared);
    }
}

#[test]
fn files_stay_small_enough_to_read() {
    for root in ["src", "adapters"] {
        for (path, text) in sources(root) {
            let catalogue = fs::read_to_string(&path)
                .unwrap()
                .lines()
                .next()
                .is_some_and(|line| line.contains("Catalogue"));
            let lines = text.lines().count();
            assert!(lines <= 600 || catalogue, "{} has {lines} lines", path.display());
        }
    }
}
