//! The recipes of docs/integrate/cookbook.md do what they say: each alone, and all of them in the demo region.
//!
//! A recipe is what stands under a heading of the third level: one block of TOML, and maybe files that go with it, whose
//! blocks name them (```` ```tsv tables/antivirals.tsv ````).

use std::fs;
use std::process::Output;

use serde_json::Value;
use toml::Table;

use crate::documentation::pages::{Block, Page};
use crate::support::HubFolder;

const PAGE: &str = "docs/integrate/cookbook.md";

/// What the recipes tell to make by hand.
const FOLDER: &str = "stores/second";
const SECRET: &str = "secrets/order-service";

struct Recipe<'p> {
    heading: &'p str,
    routes: String,
    /// Path and content.
    files: Vec<(&'p str, String)>,
}

#[test]
fn every_recipe_does_what_its_tests_say() {
    let page = Page::read(PAGE);
    let hub = region();
    let faults: Vec<_> = recipes(&page)
        .iter()
        .filter_map(|recipe| {
            recipe.files.iter().for_each(|(path, content)| hub.write(path, content));
            hub.write("routes.toml", format!("version = 1\n\n{}", recipe.routes));
            let good =
                tested_both_ways(recipe).and_then(|()| good_check(&hub)).and_then(|()| good_tests(&hub));
            recipe.files.iter().for_each(|(path, _)| fs::remove_file(hub.path(path)).unwrap());
            let told = good.err()?;
            Some(format!("### {} (its first line is line 3 of routes.toml)\n{told}", recipe.heading))
        })
        .collect();
    assert!(faults.is_empty(), "{} recipes of {PAGE} are broken\n\n{}", faults.len(), faults.join("\n"));
}

/// Pasted at the end of the region's own routes.toml, they disturb neither it nor each other.
#[test]
fn all_recipes_together_go_with_the_demo_region() {
    let page = Page::read(PAGE);
    let hub = region();
    let mut routes = fs::read_to_string(hub.path("routes.toml")).unwrap();
    for recipe in recipes(&page) {
        recipe.files.iter().for_each(|(path, content)| hub.write(path, content));
        routes.push_str(&format!("\n{}", recipe.routes));
    }
    hub.write("routes.toml", routes);
    if let Err(told) = good_check(&hub).and_then(|()| good_tests(&hub)) {
        panic!("{told}");
    }
}

fn region() -> HubFolder {
    let hub = HubFolder::network();
    fs::create_dir_all(hub.path(FOLDER)).unwrap();
    hub.write(SECRET, "token (架空)\n");
    hub
}

fn recipes(page: &Page) -> Vec<Recipe<'_>> {
    let recipes: Vec<_> = page
        .sections("### ")
        .into_iter()
        .map(|(heading, blocks)| {
            let of = |language| {
                blocks.iter().filter(move |block: &&Block<'_>| block.language.starts_with(language))
            };
            let toml: Vec<_> = of("toml").map(Block::text).collect();
            let [routes] = toml.as_slice() else {
                panic!("{heading}: {} blocks of TOML, expected one", toml.len())
            };
            let named = of("tsv ").chain(of("csv "));
            let files = named.map(|block| (block.language.split_once(' ').unwrap().1, block.text()));
            Recipe { heading, routes: routes.clone(), files: files.collect() }
        })
        .collect();
    assert!(recipes.len() >= 18, "only {} recipes were found in {PAGE}", recipes.len());
    recipes
}

/// `musubi check` finds nothing in what a recipe brings.
fn good_check(hub: &HubFolder) -> Result<(), String> {
    let output = hub.run(&["check", "--json"]);
    let report = json(&output)?;
    let faults: Vec<_> =
        report["faults"].as_array().into_iter().flatten().filter(|fault| is_ours(fault)).collect();
    if faults.is_empty() {
        return Ok(());
    }
    let lines = faults.iter().map(|fault| {
        let [file, message] = ["file", "message"].map(|key| fault[key].as_str().unwrap_or_default());
        format!("  {file}:{}: {message}\n", fault["line"])
    });
    Err(format!("`musubi check` found:\n{}", lines.collect::<String>()))
}

/// Whether a fault is one of the recipe, and not of the machine that the test runs on.
fn is_ours(fault: &Value) -> bool {
    let is_file = |file: &str| file == "routes.toml" || file.starts_with("tables/");
    fault["file"].as_str().is_some_and(is_file) && fault["part"] != "environment"
}

/// `musubi test` is content with it.
fn good_tests(hub: &HubFolder) -> Result<(), String> {
    let output = hub.run(&["test", "--lang", "en"]);
    match output.status.code() {
        Some(0) => Ok(()),
        _ => Err(format!("`musubi test` came out otherwise:\n{}", printed(&output))),
    }
}

/// Every route has a test with a message that it takes, and one with a message that it refuses.
fn tested_both_ways(recipe: &Recipe<'_>) -> Result<(), String> {
    let routes: Table = recipe.routes.parse().map_err(|error| format!("{error}"))?;
    for route in routes.get("route").and_then(|routes| routes.as_array()).into_iter().flatten() {
        let tests = route.get("test").and_then(|tests| tests.as_array()).into_iter().flatten();
        let takes = |test: &toml::Value| test["expect"]["to"].as_array().is_some_and(|to| !to.is_empty());
        let (taken, refused): (Vec<_>, Vec<_>) = tests.partition(|test| takes(test));
        if taken.is_empty() || refused.is_empty() {
            return Err(format!(
                "route {}: {} tests take a message, {} refuse one",
                route["name"],
                taken.len(),
                refused.len()
            ));
        }
    }
    Ok(())
}

fn json(output: &Output) -> Result<Value, String> {
    serde_json::from_slice(&output.stdout).map_err(|error| format!("{error}:\n{}", printed(output)))
}

/// What a command printed, without the lines of tests that passed.
fn printed(output: &Output) -> String {
    let printed =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat();
    printed.lines().filter(|line| !line.starts_with("ok ")).map(|line| format!("  {line}\n")).collect()
}
