//! Processes of a test that must come to their end: one that hangs would hold up all that comes after it.

use std::fs;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// How long a process may take, also on a machine that is busy with other things.
const LIMIT: Duration = Duration::from_secs(300);

/// What comes to an end, soon, and gives all that it printed.
pub(crate) trait ToItsEnd {
    /// A process that does not end is killed, and the test fails with what the process was doing.
    fn to_its_end(self) -> Output;
}

impl ToItsEnd for &mut Command {
    #[track_caller]
    fn to_its_end(self) -> Output {
        let piped = self.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        piped.spawn().unwrap().to_its_end()
    }
}

impl ToItsEnd for Child {
    #[track_caller]
    fn to_its_end(self) -> Output {
        let pid = Pid::from_child(&self);
        let (ended, end) = channel();
        thread::spawn(move || drop(ended.send(self.wait_with_output())));
        if let Ok(output) = end.recv_timeout(LIMIT) {
            return output.unwrap();
        }
        let threads = threads(pid);
        kill_process(pid, Signal::KILL).unwrap();
        panic!("a process did not end; its threads: {threads:#?}; it said: {:?}", end.recv().unwrap());
    }
}

/// Where each thread of a process is.
fn threads(pid: Pid) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{}/task", pid.as_raw_nonzero())).into_iter().flatten();
    let read = |path: std::path::PathBuf| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
    let told = tasks.flatten().map(|task| {
        let [name, place, call] = ["comm", "wchan", "syscall"].map(|file| read(task.path().join(file)));
        format!("{name}: {place} {call}")
    });
    told.collect()
}
