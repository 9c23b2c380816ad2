//! What the documents show can be used as it stands: configuration files pass the check, commands run, and every verb and
//! option that is named exists.

mod console;
pub(crate) mod pages;
mod verbs;

use std::fs;

use crate::support::{HubFolder, copy_tree, files_below, repository};

/// Every fenced TOML block that names its file in its first line passes `musubi check`.
#[test]
fn every_configuration_file_in_the_documents_is_good() {
    let mut documents = files_below(&repository().join("docs"));
    documents.extend(["README.md", "README.ja.md", "ARCHITECTURE.md"].map(|name| repository().join(name)));
    let mut checked = 0;
    for document in
        documents.iter().filter(|path| path.extension().is_some_and(|extension| extension == "md"))
    {
        let text = fs::read_to_string(document).unwrap();
        for block in text.split("```toml\n").skip(1) {
            let block = block.split("```").next().unwrap();
            let name = block.lines().next().unwrap().trim_start_matches('#').trim().to_owned();
            let known = name == "hub.toml" || name == "routes.toml" || name.starts_with("feeds/");
            assert!(known, "{}: a block of TOML does not name its file: {name}", document.display());
            let hub = HubFolder::new();
            copy_tree(&repository().join("feeds"), &hub.path("feeds"));
            hub.write(&name, block);
            let output = hub.run(&["check"]);
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success(), "{}, {name}:\n{said}", document.display());
            checked += 1;
        }
    }
    assert!(checked >= 3, "only {checked} blocks were found");
}

/// Links between the documents lead somewhere.
#[test]
fn every_link_between_documents_leads_somewhere() {
    let mut documents = files_below(&repository().join("docs"));
    documents.extend(
        files_below(&repository().join("fixtures")).into_iter().filter(|path| path.ends_with("README.md")),
    );
    documents.extend(
        ["README.md", "README.ja.md", "ARCHITECTURE.md", "CONTRIBUTING.md"]
            .map(|name| repository().join(name)),
    );
    for document in
        documents.iter().filter(|path| path.extension().is_some_and(|extension| extension == "md"))
    {
        let text = fs::read_to_string(document).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap();
            if file.is_empty() || file.contains("://") {
                continue;
            }
            let target = document.parent().unwrap().join(file);
            assert!(target.exists(), "{} links to {link}", document.display());
        }
    }
}

/// Where the codes of findings and faults are made.
const STAGES: [&str; 6] =
    ["src/decode", "src/ingest", "src/normalise", "src/pipeline", "src/store", "adapters"];

/// What codes stand behind.
const BEFORE: [&str; 9] =
    ["note(", ".add(", "code: ", "Fault::new(", "fault(", "fail(", "push(", "refuse(", "=> "];

/// Words in kebab-case that stand behind one of these.
fn codes(text: &str) -> impl Iterator<Item = &str> {
    BEFORE.into_iter().flat_map(|before| text.split(before).skip(1)).filter_map(|rest| {
        let word = rest.trim_start().strip_prefix('"')?.split('"').next()?;
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (word.contains('-') && word.bytes().all(plain)).then_some(word)
    })
}

/// Whoever meets a code finds it by searching docs/integrate.
#[test]
fn every_code_of_a_finding_stands_in_the_pages_for_integrators() {
    let pages = files_below(&repository().join("docs/integrate")).into_iter();
    let pages = pages.filter(|page| page.extension().is_some_and(|extension| extension == "md"));
    let pages: String = pages.map(|page| fs::read_to_string(page).unwrap()).collect();
    let mut seen = 0;
    for folder in STAGES {
        for file in files_below(&repository().join(folder)) {
            let is_test =
                file.components().any(|part| matches!(part.as_os_str().to_str(), Some("tests" | "tests.rs")));
            if is_test || file.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let text = fs::read_to_string(&file).unwrap();
            for code in codes(text.split("#[cfg(test)]").next().unwrap()) {
                let stands =
                    [format!("`{code}`"), format!("`\"{code}\"`")].iter().any(|word| pages.contains(word));
                assert!(stands, "{}: {code} stands in no page", file.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 90, "only {seen} codes were found");
}
