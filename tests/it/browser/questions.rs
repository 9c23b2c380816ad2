//! The operator's four questions at 3 a.m., in Japanese: each is answered in at most three actions from the start page, by
//! somebody who came by a one-time link and logged in.

use std::time::UNIX_EPOCH;

use musubi::ops::access::totp;

use super::scene::{HELD, Scene};
use crate::support::browser::Browser;

const PASSWORD: &str = "yoru no toban 03:00";
/// Actions that an answer may take.
const MOST: usize = 3;

/// Somebody who wants to know something, and counts what he does for it.
struct Operator {
    browser: Browser,
    actions: usize,
}

impl Operator {
    /// By the link to the start page.
    fn comes(scene: &Scene) -> Self {
        let added = scene.region.hub.run(&["user", "add", "yakin", "--roles", "operator"]);
        let said = String::from_utf8_lossy(&added.stdout).into_owned();
        let link =
            said.split_whitespace().find_map(|word| word.find("/enter/").and_then(|at| word.get(at..)));
        let mut browser = Browser::stranger(&scene.region.address);
        browser.look("ja", "dark");
        browser.open(link.unwrap_or_else(|| panic!("{added:?}")));
        browser.screenshot("first-time-ja-dark");
        browser.fill("新しいパスワード", PASSWORD);
        browser.fill("もう一度", PASSWORD);
        let secret = browser.eval("document.querySelector('[name=totp]').value");
        let now = UNIX_EPOCH.elapsed().unwrap().as_secs();
        browser.fill("アプリに表示されたコード", &totp::code(secret.as_str().unwrap(), now).unwrap());
        browser.click("進む");
        // A code of the app opens once; the first that is printed opens too.
        let printed = browser.eval("document.querySelector('.codes code').textContent");
        browser.click("ログイン");
        browser.screenshot("login-ja-dark");
        browser.fill("名前", "yakin");
        browser.fill("パスワード", PASSWORD);
        browser.fill("認証アプリのコード", printed.as_str().unwrap());
        browser.click("ログイン");
        let mut operator = Self { browser, actions: 0 };
        operator.at_the_start();
        operator
    }

    fn at_the_start(&mut self) {
        self.browser.open("/");
        self.actions = 0;
    }

    fn does(&mut self, act: impl FnOnce(&mut Browser)) {
        act(&mut self.browser);
        self.actions += 1;
        assert!(self.actions <= MOST, "{}", self.browser.path());
    }

    #[track_caller]
    fn reads(&mut self, text: &str) {
        self.browser.shows(text);
    }
}

#[test]
fn each_question_is_answered_in_at_most_three_actions() {
    let scene = Scene::new(false);
    let mut operator = Operator::comes(&scene);

    // Is a feed silent? It stands in the first lines, with what to do; one look further, what it gave of late.
    operator.reads("hamada-kenko");
    operator.reads("取込みに失敗しています");
    operator.does(|browser| browser.click("izumo-chuo"));
    operator.reads("1分あたりの受理件数");

    // What is stuck, and whose fault is it?
    operator.at_the_start();
    operator.reads("kita-record");
    operator.reads("相手側");
    operator.reads(HELD);
    operator.does(|browser| browser.click("保留"));
    operator.reads("oki-record");
    operator.reads("http-422");

    // Where is this patient's message? By the number that the caller reads out.
    operator.at_the_start();
    operator.does(|browser| {
        browser.fill("患者・オーダ・メッセージのID", "00084165");
        browser.click("探す");
    });
    operator.reads("kita-record: 配信待ち");

    // Can I safely push it again?
    operator.does(|browser| {
        let newest = browser.eval("document.querySelector('main table:not(.digests) a').textContent");
        browser.click(newest.as_str().unwrap());
    });
    operator.reads("もう一度送ってよいか");
    operator.reads("不要です。配信待ちです。");

    // Of a copy for a receiver that reads its queue itself nobody knows when it was taken.
    operator.browser.open("/messages?subscriber=kita-infection");
    let newest = operator.browser.eval("document.querySelector('main table:not(.digests) a').textContent");
    operator.browser.click(newest.as_str().unwrap());
    operator.reads("キューにあるか、取り出し済みです。");
    operator.browser.screenshot("_message-in-a-queue");
    assert_eq!(operator.browser.faults(), Vec::<String>::new());
}
