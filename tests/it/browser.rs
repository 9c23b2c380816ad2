//! The console in a real browser. All people and facilities are invented (架空).

mod hostile;
mod pages;
mod questions;
mod scene;

use std::fs;
use std::net::TcpStream;

use jiff::Timestamp;

use crate::processes::running::{Running, until};
use crate::support::HubFolder;
use crate::support::browser::Browser;

/// A hub on the demo region that runs, with a console on a port of its own.
pub(crate) struct Region {
    pub(crate) hub: HubFolder,
    pub(crate) address: String,
    running: Running,
}

impl Region {
    /// As it is in the repository, after `change` to its files.
    pub(crate) fn start(change: impl FnOnce(&HubFolder)) -> Self {
        let hub = HubFolder::network();
        let address = hub.console().to_string();
        change(&hub);
        let running = Running::start(&hub, &["run", "--json"]);
        until("the console listens", || TcpStream::connect(&address).is_ok());
        Self { hub, address, running }
    }

    /// A browser that may do everything.
    pub(crate) fn browser(&self) -> Browser {
        Browser::at(&self.hub, &self.address)
    }

    /// Connections that the console has at present.
    fn connections(&self) -> usize {
        let port: u16 = self.address.rsplit(':').next().unwrap().parse().unwrap();
        let local = format!("0100007F:{port:04X}");
        let table = fs::read_to_string(format!("/proc/{}/net/tcp", self.running.id())).unwrap();
        let held = table.lines().filter(|line| {
            let mut words = line.split_whitespace().skip(1);
            // Established, or closed by the other side only.
            words.next() == Some(&local) && words.nth(1).is_some_and(|state| ["01", "08"].contains(&state))
        });
        held.count()
    }
}

/// Lets something be wrong: a subscriber that can't be reached, one that reads its queue and does not, a letter that makes
/// no sense.
fn in_trouble(hub: &HubFolder) {
    hub.by_queue("kita-infection");
    hub.by_http("kita-record", "http://127.0.0.1:9/events");
    hub.write("fixtures/region/izumo-chuo/hl7/zz-broken.hl7", 
        "MSH|^~\\&|HIS|IZUMO|GW|HUB|20261120101500||ADT^A08^ADT_A01|B1|P|2.5||||||UNICODE UTF-8\rEVN|A08|20261120\rPID|1||^^^^PI||\u{1}<b>架空^花子</b>\r");
}

/// What was counted in the last hour, as a hub before this one left it.
fn counted_before(hub: &HubFolder) {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() as i64;
    for minute in (1..=60_i64).rev() {
        let at = now / 60 * 60 - minute * 60;
        let wave = 20.0 + 15.0 * (minute as f64 / 9.0).sin();
        let values = serde_json::json!({
            "queue/to.kita-infection/depth": 61 - minute, "queue/to.kita-infection/in": 1.0,
            "queue/to.kita-record/depth": (wave / 2.0).round(), "queue/to.kita-record/in": wave,
            "queue/to.kita-record/out": wave + 1.0, "queue/ingest/depth": (wave / 8.0).round(),
            "feed/izumo-chuo/accepted": wave.round(),
        });
        let day = Timestamp::from_second(at).unwrap().in_tz("Asia/Tokyo").unwrap().date();
        let path = format!("var/series/{day}.ndjson");
        let known = fs::read_to_string(hub.path(&path)).unwrap_or_default();
        hub.write(&path, format!("{known}{}\n", serde_json::json!({"at": at, "values": values})));
    }
}

#[test]
fn a_page_shows_by_itself_what_comes_and_a_browser_that_goes_away_leaves_nothing_behind() {
    let region = Region::start(|hub| {
        hub.only_drops();
        hub.write("drop/.keep", "");
    });
    until("nobody is there", || region.connections() == 0);
    let mut browser = region.browser();
    browser.open("/?lang=ja");
    browser.shows("自動更新中");
    let today = "[...document.querySelectorAll('#overview tbody tr')].find((row) => row.innerText.includes('izumo-chuo'))?.cells[5].innerText";
    browser.until("nothing came yet", &format!("{today} === '0'"));
    let message = "MSH|^~\\&|HIS|IZUMO|GW|HUB|20261120101500+0900||ADT^A08^ADT_A01|7|P|2.5||||||UNICODE UTF-8\r\
                   EVN|A08|20261120\rPID|||0001||架空^花子\r";
    region.hub.write("drop/a.new", message);
    fs::rename(region.hub.path("drop/a.new"), region.hub.path("drop/a.hl7")).unwrap();
    browser.until("the message is counted", &format!("{today} === '1'"));
    assert_eq!(browser.faults(), Vec::<String>::new());
    assert!(region.connections() > 0);
    drop(browser);
    until("the browser is forgotten", || region.connections() == 0);
    region.running.stop();
}

#[test]
fn keys_lead_to_the_pages() {
    let region = Region::start(|hub| hub.only_drops());
    let mut browser = region.browser();
    browser.look("ja", "light");
    browser.open("/?lang=ja");
    browser.press("?");
    browser.shows("最初の入力欄へ");
    browser.press("Escape");
    browser.until("the list is closed", "!document.getElementById('keys').open");
    browser.press("g");
    browser.press("q");
    browser.until("the queues", "location.pathname === '/queues' && document.readyState === 'complete'");
    browser.press("Tab");
    let skip = browser.eval("document.activeElement.className === 'skip' && document.activeElement.getBoundingClientRect().top >= 0");
    assert_eq!(skip, true, "the first stop leads to the content");
    browser.open("/flows");
    browser.fill("フィード", "izumo-chuo");
    browser.click("表示");
    assert!(browser.path().contains("feed=izumo-chuo"), "{}", browser.path());
    browser.shows("1分あたりの受理件数");
    browser.click("すべて表示");
    assert_eq!(browser.path(), "/flows");
    browser.open("/registry");
    browser.press("/");
    browser.until("the field", "document.activeElement.id === 'id'");
}

#[test]
fn names_that_are_markup_show_as_text() {
    let hostile = "<script>document.title='x'</script><b onclick=1>\u{202e}架空&amp;";
    let region = Region::start(|hub| {
        let feed = fs::read_to_string(hub.path("feeds/izumo-chuo.toml")).unwrap();
        hub.write("feeds/izumo-chuo.toml", feed.replace("出雲中央病院 (架空)", &hostile.replace('"', "")));
    });
    let mut browser = region.browser();
    browser.open("/?lang=en");
    browser.shows("<script>document.title='x'</script>");
    browser.open("/flows?feed=%3Cscript%3E&service=%22%3E%3Cimg");
    browser.shows("No way leads");
    assert_eq!(browser.eval("document.querySelector('main script, main b, main img') === null"), true);
    browser.open("/queues/%3Cscript%3Ealert(1)");
    browser.shows("There is no such queue");
}

#[test]
fn what_is_wrong_with_a_page_is_found() {
    let region = Region::start(|hub| hub.only_drops());
    let mut browser = region.browser();
    browser.open("/registry?lang=en&theme=light");
    assert_eq!(browser.faults(), Vec::<String>::new());
    browser.eval(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<h1>x</h1><input id=id><a href=/></a><p id=p>faint</p>')",
    );
    browser.eval("document.getElementById('p').style.color = '#aaa'");
    browser.eval("document.getElementById('p').style.width = '3000px'");
    browser.eval("console.error('loud')");
    browser.eval("document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=//elsewhere.example/x.png>')");
    let found = browser.faults();
    for fault in ["one h1", "no label", "no name", "id twice", "wider", "contrast", "loud", "style"] {
        assert!(found.iter().any(|known| known.contains(fault)), "{fault}: {found:#?}");
    }
    let refused = found.iter().any(|known| known.contains("Content Security Policy"));
    assert!(refused, "{found:#?}");
}
