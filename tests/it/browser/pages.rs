//! Every page in both languages and themes, with pictures for the documents.

use std::fs;

use super::Region;
use super::scene::Scene;
use crate::support::browser::Browser;

/// What is done on a page before it is looked at.
type Act = fn(&mut Browser, bool);

/// A page: what its pictures are called, where it is, and what is done there; `true`: in Japanese.
struct Page(&'static str, &'static str, Act);

const NOTHING: Act = |_, _| {};

const PAGES: [Page; 29] = [
    Page("overview", "/", NOTHING),
    Page("flows", "/flows", NOTHING),
    Page("flows-of-a-feed", "/flows?feed=izumo-chuo", NOTHING),
    Page("queues", "/queues", NOTHING),
    Page("queue", "/queues/to.kita-infection", NOTHING),
    Page("alerts", "/alerts", NOTHING),
    Page("messages", "/messages", NOTHING),
    Page("message", "/messages/{message}", NOTHING),
    Page("message-stages", "/messages/{message}", |browser, ja| {
        browser.click(if ja { "内容を表示" } else { "Show the message" });
        browser.eval("document.querySelector('pre.body').scrollIntoView({block: 'center'})");
    }),
    Page("invalid", "/invalid", NOTHING),
    Page("invalid-messages", "/invalid?feed=izumo-chuo", NOTHING),
    Page("invalid-edit", "/invalid?feed=izumo-chuo", |browser, ja| {
        browser.click(if ja { "写しを修正" } else { "Edit a copy" });
    }),
    Page("dead", "/dead", NOTHING),
    Page("dead-letters", "/dead?subscriber=oki-record", NOTHING),
    Page("dead-letter", "/dead/{dead}", NOTHING),
    Page("parked", "/parked", NOTHING),
    Page("holds", "/holds", NOTHING),
    Page("replays", "/replay", NOTHING),
    Page("replay", "/replay/{replay}", NOTHING),
    Page("reconciliation", "/reconciliation", NOTHING),
    Page("sheet", "/reconciliation", |browser, ja| {
        browser.click(if ja { "今すぐ照合" } else { "Look now" });
    }),
    Page("topics", "/topics", NOTHING),
    Page("topic", "/topics/referral.letter", NOTHING),
    Page("registry", "/registry", NOTHING),
    Page("facilities", "/registry/facilities", NOTHING),
    Page("surveillance", "/surveillance", NOTHING),
    Page("users", "/users", NOTHING),
    Page("audit", "/audit", NOTHING),
    Page("account", "/account", NOTHING),
];

#[test]
fn every_page_is_whole_in_both_languages_and_themes_on_a_desk_and_on_a_phone() {
    let scene = Scene::new(true);
    let mut browser = scene.region.browser();
    // Until there is something to see: what the demo region holds has been routed, and somebody looked twice.
    browser.open("/queues/to.kita-infection?lang=ja");
    browser.open("/?lang=en");
    browser.until(
        "all is routed",
        "document.querySelector('a[href=\"/queues/ingest\"] .figure')?.innerText === '0'",
    );
    if std::env::var_os("BLESS").is_some() {
        // A minute goes by until a subscriber that is away is a trouble; only the pictures need it.
        browser.shows("nothing gets there");
    }
    let (mut faults, mut letters) = (Vec::new(), 0);
    for (lang, theme) in [("ja", "light"), ("ja", "dark"), ("en", "light"), ("en", "dark")] {
        browser.look(lang, theme);
        for Page(name, path, act) in &PAGES {
            let path = scene.path(path);
            letters += 1;
            another_letter(&scene.region, letters);
            browser.size(1280, 900);
            browser.open(&path);
            act(&mut browser, lang == "ja");
            let found = browser.faults().into_iter().map(|fault| format!("{lang} {theme} {name}: {fault}"));
            faults.extend(found);
            if browser.eval("document.documentElement.lang") != lang {
                faults.push(format!("{name} is not in {lang}"));
            }
            browser.screenshot(&format!("{name}-{lang}-{theme}"));
            browser.size(390, 844);
            let wide =
                browser.eval("document.documentElement.scrollWidth > document.documentElement.clientWidth");
            if wide != false {
                faults.push(format!("{lang} {name}: too wide for a phone"));
            }
            if (lang, theme) == ("ja", "light") {
                browser.screenshot(&format!("_{name}-phone"));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// The same letter with another number, so that something moves.
fn another_letter(region: &Region, number: usize) {
    let folder = region.hub.path("fixtures/region/izumo-chuo/hl7");
    let mut letters: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    letters.sort();
    let letter = String::from_utf8_lossy(&fs::read(&letters[0]).unwrap()).into_owned();
    let mut fields: Vec<_> = letter.splitn(11, '|').map(str::to_owned).collect();
    fields[9] = format!("X{number}");
    fs::write(folder.join(format!("zz-{number}.new")), fields.join("|")).unwrap();
    fs::rename(folder.join(format!("zz-{number}.new")), folder.join(format!("zz-{number}.hl7"))).unwrap();
}
