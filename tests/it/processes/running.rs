//! A process of the hub in a test.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Output};
use std::thread::sleep;
use std::time::{Duration, UNIX_EPOCH};

use musubi::broker::rabbitmq::Settings;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::process::ToItsEnd;
use crate::support::{HubFolder, files_below};

/// How often something that is waited for is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// How often that may be until a process has ended, and until anything else has come.
const END: u32 = 300;
const COME: u32 = 2_400;

/// A process that ends with the test.
pub(crate) struct Running(Option<Child>);

impl Running {
    pub(crate) fn start(hub: &HubFolder, arguments: &[&str]) -> Self {
        Self(Some(hub.start(arguments)))
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.as_ref().unwrap().id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(self.0.as_ref().unwrap()), signal).unwrap();
    }

    /// SIGTERM; it must end, cleanly and soon. Gives its report.
    #[track_caller]
    pub(crate) fn stop(self) -> Value {
        let output = self.terminate();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{said}");
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    /// SIGTERM, and what came of it.
    #[track_caller]
    pub(crate) fn terminate(mut self) -> Output {
        let mut child = self.0.take().unwrap();
        until_it_listens(&mut child);
        if child.try_wait().unwrap().is_none() {
            kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        }
        let ended = (0..END).any(|_| {
            sleep(LOOK);
            child.try_wait().unwrap().is_some()
        });
        if !ended {
            child.kill().unwrap();
            panic!("still running after SIGTERM: {:?}", child.to_its_end());
        }
        child.to_its_end()
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        let mut child = self.0.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(mut child) = self.0.take() else { return };
        drop(child.kill());
        let output = child.wait_with_output();
        if std::thread::panicking() {
            let said = output.map(|output| String::from_utf8_lossy(&output.stderr).into_owned());
            println!("a process said: {}", said.unwrap_or_default());
        }
    }
}

/// A process that was started a moment ago does not listen to SIGTERM yet.
#[track_caller]
pub(crate) fn until_it_listens(child: &mut Child) {
    let listens = (0..END).any(|_| handles(child.id(), Signal::TERM) || is_over(child));
    assert!(listens, "it does not handle SIGTERM");
}

/// Whether a process handles that signal (proc_pid_status(5): SigCgt).
fn handles(id: u32, signal: Signal) -> bool {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let caught = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    caught & (1 << (signal.as_raw() - 1)) != 0
}

/// Waits a moment; whether it has ended by itself.
fn is_over(child: &mut Child) -> bool {
    sleep(LOOK);
    child.try_wait().unwrap().is_some()
}

/// Waits for it.
#[track_caller]
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let came = (0..COME).any(|_| {
        sleep(LOOK);
        is_so()
    });
    assert!(came, "waited in vain: {what}");
}

/// The demo region, whose files have stood still for long: all of them are taken in one pass, in their order.
pub(crate) fn region() -> HubFolder {
    let hub = crate::run::region();
    let long_ago = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    for file in files_below(&hub.path("fixtures")) {
        File::options().append(true).open(file).unwrap().set_modified(long_ago).unwrap();
    }
    hub
}

/// Puts a hub on RabbitMQ.
pub(crate) fn on_rabbitmq(hub: &HubFolder, settings: &Settings) {
    hub.write("pseudonym.key", [7; 32]);
    let Settings { urls, vhost, user, password_file, lanes, .. } = settings;
    let text = format!(
        "version = 1\nnetwork = \"shimane\"\ntimezone = \"Asia/Tokyo\"\npseudonym_key = \"pseudonym.key\"\n\
         [broker]\nkind = \"rabbitmq\"\nurls = {urls:?}\nvhost = {vhost:?}\nuser = {user:?}\n\
         password_file = {password_file:?}\nlanes = {lanes}\n"
    );
    hub.write("hub.toml", text);
}

/// Events that reached a subscriber of kind `folder`; the last line may be torn.
pub(crate) fn lines(hub: &HubFolder, subscriber: &str) -> usize {
    lines_below(&hub.path("var/deliveries").join(subscriber))
}

/// Lines of the files in a folder.
pub(crate) fn lines_below(folder: &Path) -> usize {
    let Ok(days) = fs::read_dir(folder) else { return 0 };
    days.map(|day| fs::read(day.unwrap().path()).unwrap().iter().filter(|byte| **byte == b'\n').count()).sum()
}

/// `musubi status --json`: exit code and what it printed.
pub(crate) fn status(hub: &HubFolder) -> (i32, Value) {
    let output = hub.run(&["status", "--json"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let printed = serde_json::from_slice(&output.stdout);
    (output.status.code().unwrap(), printed.unwrap_or_else(|error| panic!("{error}: {said}")))
}

/// What `status` wants looked at.
pub(crate) fn concerns(overview: &Value) -> Vec<String> {
    let list = overview["attention"].as_array().unwrap().iter();
    list.map(|concern| concern["what"].as_str().unwrap().to_owned()).collect()
}
