//! Every page in both languages and themes, with pictures for the documents.

use std::fs;

use super::{Region, counted_before, in_trouble};

/// Pages, and what their pictures are called; those without a name are looked at only.
const PAGES: [(&str, &str); 8] = [
    ("/", "overview"),
    ("/flows", "flows"),
    ("/flows?feed=izumo-chuo", ""),
    ("/queues", "queues"),
    ("/queues/to.surveillance", "queue"),
    ("/topics", "topics"),
    ("/topics/referral.letter", ""),
    ("/registry", "registry"),
];

#[test]
fn every_page_is_whole_in_both_languages_and_themes_on_a_desk_and_on_a_phone() {
    let region = Region::start(|hub| {
        in_trouble(hub);
        counted_before(hub);
    });
    let mut browser = region.browser();
    // Until there is something to see: what the demo region holds has been routed, and somebody looked twice.
    browser.open("/queues/to.surveillance?lang=ja");
    browser.open("/?lang=en");
    browser.shows("kita-record");
    browser.until(
        "all is routed",
        "document.querySelector('a[href=\"/queues/ingest\"] .figure')?.innerText === '0'",
    );
    if std::env::var_os("BLESS").is_some() {
        // A minute goes by until a subscriber that is away is a trouble; only the pictures need it.
        browser.shows("nothing gets there");
    }
    let (mut faults, mut letters) = (Vec::new(), 0);
    for lang in ["ja", "en"] {
        for theme in ["light", "dark"] {
            browser.look(lang, theme);
            for (path, name) in PAGES {
                browser.size(1280, 900);
                letters += 1;
                another_letter(&region, letters);
                browser.open(path);
                let found =
                    browser.faults().into_iter().map(|fault| format!("{lang} {theme} {path}: {fault}"));
                faults.extend(found);
                if browser.eval("document.documentElement.lang") != lang {
                    faults.push(format!("{path} is not in {lang}"));
                }
                if !name.is_empty() {
                    // The documents show two of the four.
                    let kept = if (lang == "ja") == (theme == "light") { "" } else { "_" };
                    browser.screenshot(&format!("{kept}{name}-{lang}-{theme}"));
                }
                browser.size(390, 844);
                let wide = browser
                    .eval("document.documentElement.scrollWidth > document.documentElement.clientWidth");
                if wide != false {
                    faults.push(format!("{lang} {path}: too wide for a phone"));
                }
                if lang == "ja" && theme == "light" && !name.is_empty() {
                    browser.screenshot(&format!("_{name}-phone"));
                }
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
