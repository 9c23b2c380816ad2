//! Every page in both languages and themes, with pictures for the documents.

use super::{Region, in_trouble};

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
    let region = Region::start(in_trouble);
    let mut browser = region.browser();
    // Until there is something to see: what the demo region holds has been routed, and somebody looked twice.
    browser.open("/queues/to.surveillance?lang=ja");
    browser.open("/?lang=en");
    browser.shows("kita-record");
    browser.until(
        "all is routed",
        "document.querySelector('a[href=\"/queues/ingest\"] .figure')?.innerText === '0'",
    );
    browser.shows("nothing gets there");
    let mut faults = Vec::new();
    for lang in ["ja", "en"] {
        for theme in ["light", "dark"] {
            browser.look(lang, theme);
            for (path, name) in PAGES {
                browser.size(1280, 900);
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
