//! A real browser (Chromium without a window) at the console, for tests. It speaks the DevTools protocol over a pipe; every
//! wait has a deadline, and the browser ends with the test.
//!
//! ```text
//! let mut browser = Browser::at(&hub, &address);
//! browser.open("/messages");
//! browser.fill("患者ID", "0001");
//! browser.click("検索");
//! assert!(browser.text().contains("受理"));
//! browser.screenshot("messages");
//! ```

mod devtools;

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{HubFolder, repository};
use devtools::DevTools;

/// How long anything may take, also on a machine that is busy with other things.
const LIMIT: Duration = Duration::from_secs(120);
/// How often it is looked whether it has come.
const LOOK: Duration = Duration::from_millis(50);
/// How long a picture may take, and how often it is tried.
const PICTURE: Duration = Duration::from_secs(10);
const PICTURES: u32 = 12;
/// What is looked at in a page.
const SCRIPT: &str = include_str!("page.js");

/// A browser with one page.
pub(crate) struct Browser {
    tools: DevTools,
    origin: String,
}

impl Browser {
    /// A browser at a console that listens there. It has the token of the hub, and may do everything.
    pub(crate) fn at(hub: &HubFolder, address: &str) -> Self {
        let token = fs::read_to_string(hub.path("var/api.token")).unwrap();
        let mut browser = Self::stranger(address);
        let headers = json!({"headers": {"authorization": format!("Bearer {}", token.trim())}});
        browser.tools.call("Network.setExtraHTTPHeaders", headers);
        browser
    }

    /// A browser that nobody knows there.
    pub(crate) fn stranger(address: &str) -> Self {
        let mut browser = Self { tools: DevTools::start(), origin: format!("http://{address}") };
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.tools.call(&format!("{domain}.enable"), json!({}));
        }
        browser.size(1280, 900);
        browser
    }

    /// Language (`ja`, `en`) and theme (`light`, `dark`) of the pages that are opened from now on.
    pub(crate) fn look(&mut self, lang: &str, theme: &str) {
        for (name, value) in [("musubi-lang", lang), ("musubi-theme", theme)] {
            self.tools.call("Network.setCookie", json!({"name": name, "value": value, "url": self.origin}));
        }
    }

    /// Width and height of the window.
    pub(crate) fn size(&mut self, width: u32, height: u32) {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.tools.call("Emulation.setDeviceMetricsOverride", metrics);
    }

    /// Opens a page of the console and waits until it is there.
    #[track_caller]
    pub(crate) fn open(&mut self, path: &str) {
        let before = self.born();
        let answer = self.tools.call("Page.navigate", json!({"url": format!("{}{path}", self.origin)}));
        assert!(answer["errorText"].is_null(), "{path}: {answer}");
        self.arrive(&before);
    }

    /// Clicks the link, button or summary that has this text; waits for the page that it leads to.
    #[track_caller]
    pub(crate) fn click(&mut self, text: &str) {
        self.until(&format!("something to click: {text}"), &format!("!!page.named({})", json!(text)));
        let before = self.born();
        let leads = self.eval(&format!("page.click({})", json!(text)));
        if leads == true {
            self.arrive(&before);
        }
    }

    /// Writes into the field with this label, or chooses there.
    #[track_caller]
    pub(crate) fn fill(&mut self, label: &str, value: &str) {
        let filled = self.eval(&format!("page.fill({}, {})", json!(label), json!(value)));
        assert_eq!(filled, "", "{}", self.text());
    }

    /// Presses a key, such as `?`, `g`, `Tab`, `Enter`.
    pub(crate) fn press(&mut self, key: &str) {
        let mut event = json!({"type": "keyDown", "key": key});
        match key {
            "Tab" => event["windowsVirtualKeyCode"] = json!(9),
            "Enter" => (event["windowsVirtualKeyCode"], event["text"]) = (json!(13), json!("\r")),
            "Escape" => event["windowsVirtualKeyCode"] = json!(27),
            text => event["text"] = json!(text),
        }
        self.tools.call("Input.dispatchKeyEvent", event.clone());
        event["type"] = json!("keyUp");
        self.tools.call("Input.dispatchKeyEvent", event);
    }

    /// What can be read on the page.
    pub(crate) fn text(&mut self) -> String {
        self.eval("document.body.innerText").as_str().unwrap_or_default().to_owned()
    }

    /// Path and query of the page.
    pub(crate) fn path(&mut self) -> String {
        self.eval("location.pathname + location.search").as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the page shows this.
    #[track_caller]
    pub(crate) fn shows(&mut self, text: &str) {
        self.until(
            &format!("the text {text}"),
            &format!("document.body.innerText.includes({})", json!(text)),
        );
    }

    /// Waits until an expression is true in the page.
    #[track_caller]
    pub(crate) fn until(&mut self, what: &str, expression: &str) {
        for _ in 0..LIMIT.as_millis() / LOOK.as_millis() {
            if self.eval(expression) == true {
                return;
            }
            sleep(LOOK);
        }
        panic!("waited for {what} at {}:\n{}", self.path(), self.text());
    }

    /// What an expression is in the page; `null` while the page is on its way.
    pub(crate) fn eval(&mut self, expression: &str) -> Value {
        let script = format!("(() => {{ {SCRIPT}; return {expression}; }})()");
        let asked = json!({"expression": script, "returnByValue": true, "awaitPromise": true});
        let mut answer = self.tools.call("Runtime.evaluate", asked);
        answer["result"]["value"].take()
    }

    /// What is wrong with the page: in its console, its language, labels, names, contrasts, width.
    pub(crate) fn faults(&mut self) -> Vec<String> {
        let found = self.eval("page.faults()");
        let found = found.as_array().cloned().unwrap_or_else(|| vec![json!("the page can't be looked at")]);
        let found = found.iter().map(|fault| fault.as_str().unwrap_or_default().to_owned());
        found.chain(self.tools.take_complaints()).collect()
    }

    /// A picture of the window: `docs/operate/screens/<name>.webp` where `BLESS` is set, else one that only the machine
    /// sees (`target/screens`).
    pub(crate) fn screenshot(&mut self, name: &str) {
        let bless = std::env::var_os("BLESS").is_some() && !name.starts_with('_');
        let folder = repository().join(if bless { "docs/operate/screens" } else { "target/screens" });
        let parameters = json!({"format": "webp", "quality": 80});
        // While a page is being drawn the browser may say nothing, or that it can't: it is asked again.
        let taken = (0..PICTURES).find_map(|_| {
            self.tools.call("Page.bringToFront", json!({}));
            let answer = self.tools.ask("Page.captureScreenshot", parameters.clone(), PICTURE);
            answer.and_then(|answer| answer["data"].as_str().map(str::to_owned))
        });
        let taken = taken.unwrap_or_else(|| panic!("no picture of {name} can be taken"));
        let picture = STANDARD.decode(taken).unwrap();
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{name}.webp")), picture).unwrap();
    }

    /// When the document was begun: another one has another moment.
    fn born(&mut self) -> Value {
        self.eval("performance.timeOrigin")
    }

    #[track_caller]
    fn arrive(&mut self, before: &Value) {
        let born = format!("performance.timeOrigin !== {before} && document.readyState === 'complete'");
        self.until("a page", &born);
        self.until("what moves in it", "page.isDrawn()");
    }
}
