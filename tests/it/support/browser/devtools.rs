//! Chromium, and the DevTools protocol over its pipe: JSON objects with a zero byte behind each, in at descriptor 3, out
//! at 4.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::LIMIT;

/// What is started: the first of these that there is.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
const OPTIONS: [&str; 15] = [
    "--headless",
    // Tests run as root in containers, where its own sandbox can't work.
    "--no-sandbox",
    "--remote-debugging-pipe",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--password-store=basic",
];

/// A browser and its one page.
pub(super) struct DevTools {
    browser: Child,
    commands: ChildStdin,
    answers: Receiver<Value>,
    number: u64,
    session: Option<String>,
    complaints: Vec<String>,
    _profile: TempDir,
}

impl DevTools {
    pub(super) fn start() -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut browser = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1", found()])
            .args(OPTIONS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let (commands, output) = (browser.stdin.take().unwrap(), browser.stdout.take().unwrap());
        let (told, answers) = channel();
        thread::spawn(move || {
            for message in BufReader::new(output).split(0).map_while(Result::ok) {
                let Ok(message) = serde_json::from_slice(&message) else { continue };
                if told.send(message).is_err() {
                    return;
                }
            }
        });
        let mut tools = Self {
            browser,
            commands,
            answers,
            number: 0,
            session: None,
            complaints: Vec::new(),
            _profile: profile,
        };
        let page = tools.call("Target.createTarget", json!({"url": "about:blank"}));
        let attached = json!({"targetId": page["targetId"], "flatten": true});
        let attached = tools.call("Target.attachToTarget", attached);
        tools.session = attached["sessionId"].as_str().map(str::to_owned);
        tools
    }

    /// Asks for something and waits for the answer.
    #[track_caller]
    pub(super) fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.ask(method, parameters, LIMIT).unwrap_or_else(|| panic!("no answer to {method}"))
    }

    /// The same; nothing where no answer comes in that time.
    pub(super) fn ask(&mut self, method: &str, parameters: Value, limit: Duration) -> Option<Value> {
        self.number += 1;
        let mut command = json!({"id": self.number, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            command["sessionId"] = json!(session);
        }
        self.commands.write_all(format!("{command}\0").as_bytes()).unwrap();
        loop {
            let mut message = self.answers.recv_timeout(limit).ok()?;
            if message["id"] == self.number {
                return Some(message["result"].take());
            }
            self.note(&message);
        }
    }

    /// What the page complained of since it was asked last: exceptions, errors in its console, what its policy refused.
    pub(super) fn take_complaints(&mut self) -> Vec<String> {
        std::mem::take(&mut self.complaints)
    }

    fn note(&mut self, message: &Value) {
        let of = &message["params"];
        let complaint = match message["method"].as_str() {
            Some("Runtime.exceptionThrown") => &of["exceptionDetails"],
            Some("Runtime.consoleAPICalled") if of["type"] == "error" => &of["args"],
            Some("Log.entryAdded") if of["entry"]["level"] == "error" => &of["entry"],
            _ => return,
        };
        self.complaints.push(complaint.to_string());
    }
}

impl Drop for DevTools {
    fn drop(&mut self) {
        // Its helpers too.
        if let Err(error) = kill_process_group(Pid::from_child(&self.browser), Signal::KILL) {
            println!("the browser can't be ended: {error}");
        }
        drop(self.browser.wait());
    }
}

fn found() -> &'static str {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let is_there = |name: &&&str| std::env::split_paths(&paths).any(|path| path.join(name).exists());
    NAMES.iter().find(is_there).expect("no Chromium: run scripts/browser install")
}
