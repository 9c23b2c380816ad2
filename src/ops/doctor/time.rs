//! This machine's clock: whether something keeps it right.

use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use super::line::{Line, Words};

/// How often, and how long apart, the program is asked whether it is done: 2 s in all.
const ATTEMPTS: u32 = 100;
const PAUSE: Duration = Duration::from_millis(20);

/// Asks the system whether its clock is synchronised.
pub(super) fn look(lines: &mut Vec<Line>) {
    lines.push(match synchronised() {
        Some(true) => Line::ok("clock", "", Words::new("this machine's clock is synchronised", "このマシンの時計は同期されています")),
        Some(false) => Line::warning(
            "clock",
            "",
            Words::new(
                "this machine's clock is not synchronised: files of a share seem to come from the future, or too old to be new",
                "このマシンの時計が同期されていません（共有フォルダのファイルの時刻とずれます）",
            ),
            Words::new("switch NTP on: timedatectl set-ntp true, or chronyd with the hospital's time server", "NTP を有効にする: timedatectl set-ntp true、または chronyd"),
        ),
        None => Line::unknown(
            "clock",
            "",
            Words::new("the system does not tell whether its clock is synchronised (timedatectl)", "時計が同期されているか取得できません (timedatectl)"),
        ),
    });
}

fn synchronised() -> Option<bool> {
    let mut command = Command::new("timedatectl");
    command.args(["show", "--property=NTPSynchronized", "--value"]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    for _ in 0..ATTEMPTS {
        match child.try_wait() {
            Ok(Some(_)) => {
                let output = child.wait_with_output().ok()?;
                return match output.stdout.trim_ascii() {
                    b"yes" => Some(true),
                    b"no" => Some(false),
                    _ => None,
                };
            }
            Ok(None) => sleep(PAUSE),
            Err(_) => break,
        }
    }
    // It hangs: ended, and waited for so that nothing of it stays.
    drop(child.kill());
    drop(child.wait());
    None
}
