//! Markup and control characters wherever a message can have them.

use std::fs;

use super::{ask, drop_file, messages};
use crate::browser::Region;

/// Runs where it is taken for markup, in a text, in an attribute or in a text field.
const MARKUP: &str =
    "<script>window.hacked=1</script>\"><img src=x onerror=window.hacked=1></textarea><b>架空";
/// Colours, rings, and turns the direction of the text.
const CONTROLS: &str = "\u{1b}[31m\u{1b}]0;hacked\u{7}\u{9b}31m\u{7f}\u{202e}\u{2066}";
/// The same as an address.
const SCRIPT: &str = "javascript:window.hacked=1";
const PAGES: [&str; 17] = [
    "/",
    "/flows",
    "/queues",
    "/queues/invalid",
    "/topics",
    "/messages",
    "/invalid",
    "/invalid?feed=izumo-chuo",
    "/dead",
    "/parked",
    "/holds",
    "/replay",
    "/reconciliation",
    "/registry",
    "/alerts",
    "/users",
    "/audit",
];

fn message(control: &str, patient: &str, name: &str) -> String {
    format!(
        "MSH|^~\\&|HIS|{MARKUP}{CONTROLS}|GW|HUB|20261120101500+0900||PPR^ZD1^PPR_ZD1|{control}|P|2.5||||||UNICODE UTF-8\r\
         PID|||{patient}^^^IZUMO||{name}^{name}\rPRB|AD|20261118|1^{name}^MDCDX2|i1|||20261118|||I10^^I10\r\
         ORC|NW|{SCRIPT}|{MARKUP}{CONTROLS}|||||||||{SCRIPT}^{name}^太郎\r"
    )
}

/// A hub with such a title of a feed, such messages that make sense, and such that make none.
fn region() -> Region {
    let region = Region::start(|hub| {
        hub.only_drops();
        hub.write("drop/.keep", "");
        let feed = fs::read_to_string(hub.path("feeds/izumo-chuo.toml")).unwrap();
        let title = MARKUP.replace('"', "\\\"");
        hub.write("feeds/izumo-chuo.toml", feed.replace("\"架空\"", &format!("\"{title}\\u202e\"")));
    });
    let name = format!("{MARKUP}{CONTROLS}");
    drop_file(&region, "one.hl7", message(&name, "0001", &name));
    drop_file(&region, "=cmd \"><img src=x onerror=window.hacked=1>\u{202e}.hl7", message(&name, "", &name));
    let units = message("3", "0003", "架空^太郎").encode_utf16().chain([0xD800, 0x0D]).collect::<Vec<_>>();
    let utf16 = units.iter().flat_map(|unit| unit.to_le_bytes());
    drop_file(&region, "utf-16.hl7", [0xFF, 0xFE].into_iter().chain(utf16).collect::<Vec<_>>());
    drop_file(
        &region,
        "utf-8.hl7",
        [message("4", "0004", "x").as_bytes(), b"NTE|\xFF\xC0\0\x1B$B\r"].concat(),
    );
    region
}

/// Characters that must reach neither page nor terminal: all but line ends and tabs that move, hide or turn what is shown.
fn hostile(text: &str) -> Option<char> {
    let is_hostile = |one: &char| match one {
        '\n' | '\t' => false,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        one => one.is_control(),
    };
    text.chars().find(is_hostile)
}

/// What is wrong with the page that is open.
fn faults(browser: &mut crate::support::browser::Browser, path: &str) -> Vec<String> {
    let mut faults = browser.faults();
    let inner = "document.querySelector('main script:not([src]), main img, main b') === null && window.hacked === undefined \
                 && ![...document.links].some((one) => one.protocol === 'javascript:')";
    if browser.eval(inner) != true {
        faults.push("something of a message is more than text".to_owned());
    }
    if let Some(one) = hostile(&browser.text()) {
        faults.push(format!("it shows U+{:04X}", u32::from(one)));
    }
    faults.iter().map(|fault| format!("{path}: {fault}")).collect()
}

#[test]
fn what_a_message_says_is_text_on_every_page_and_on_the_terminal() {
    let region = region();
    let rows = messages(&region, 4);
    let held = region.hub.run(&["hold", "kita-record", "--who", "yakin", "--why", MARKUP]);
    assert!(held.status.success(), "{held:?}");
    let mut browser = region.browser();
    browser.look("en", "light");
    let mut found = Vec::new();
    for path in PAGES {
        browser.open(path);
        found.extend(faults(&mut browser, path));
    }
    for row in &rows {
        let (id, path) = (row["id"].as_str().unwrap(), format!("/messages/{}", row["id"].as_str().unwrap()));
        browser.open(&path);
        found.extend(faults(&mut browser, &path));
        browser.click("Show the message");
        browser.shows("Original");
        browser.eval("document.querySelectorAll('details').forEach((one) => { one.open = true })");
        found.extend(faults(&mut browser, &path));
        for request in [format!("GET /api/v1/messages/{id}/views"), format!("POST /invalid/{id}")] {
            let (status, body) = ask(&region, &request, "");
            assert!([200, 400, 404].contains(&status), "{request}: {status} {body}");
            assert!(!body.contains("<script>window") || request.contains("/api/"), "{request}: {body}");
        }
    }
    browser.open("/messages");
    browser.fill("Message control id", &format!("{MARKUP}{CONTROLS}"));
    browser.click("Search");
    found.extend(faults(&mut browser, "/messages by control id"));
    assert!(found.is_empty(), "{found:#?}");
    terminal(&region);
}

/// Every verb that shows what comes from messages or from people.
fn terminal(region: &Region) {
    let why = format!("{MARKUP}{CONTROLS}");
    let discard = region.hub.run(&["invalid", "discard", "--why", &why, "--yes"]);
    assert!(discard.status.success(), "{discard:?}");
    let verbs: [&[&str]; 14] = [
        &["trace", "--feed", "izumo-chuo"],
        &["trace", "--feed", "izumo-chuo", "--json"],
        &["trace", "--control-id", &why],
        &["invalid", "faults"],
        &["dead", "faults"],
        &["dead", "list", "--to", "kita-record"],
        &["parked"],
        &["hold"],
        &["status"],
        &["status", "--json"],
        &["top"],
        &["alerts"],
        &["audit"],
        &["sheet"],
    ];
    let mut found = Vec::new();
    for verb in verbs {
        let output = region.hub.run(verb);
        for bytes in [output.stdout, output.stderr] {
            let text = String::from_utf8(bytes).unwrap();
            if let Some(one) = hostile(&text) {
                found.push(format!("{verb:?} prints U+{:04X}", u32::from(one)));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}
