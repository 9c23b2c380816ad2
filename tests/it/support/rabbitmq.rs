//! Real RabbitMQ for the tests: nodes of `scripts/rabbitmq`, which end with this process, however it ends.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use musubi::broker::rabbitmq::Settings;
use tokio::sync::{Mutex, MutexGuard};

use super::process::ToItsEnd;
use super::repository;

/// A running node.
#[derive(Debug)]
pub(crate) struct Rabbit {
    dir: PathBuf,
    /// Where it listens.
    pub(crate) port: u16,
}

/// The node that all tests share, each in a virtual host of its own. Nothing may be broken there.
pub(crate) async fn node() -> &'static Rabbit {
    static NODE: OnceLock<Rabbit> = OnceLock::new();
    blocking(|| NODE.get_or_init(|| Rabbit::start("shared", &[]))).await
}

/// A node to be broken: the tests that do so come one after the other.
pub(crate) async fn breakable() -> (&'static Rabbit, MutexGuard<'static, ()>) {
    static NODE: OnceLock<Rabbit> = OnceLock::new();
    static ONE: Mutex<()> = Mutex::const_new(());
    let guard = ONE.lock().await;
    (blocking(|| NODE.get_or_init(|| Rabbit::start("breakable", &[]))).await, guard)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

impl Rabbit {
    /// Starts a node; `lines` go into its configuration.
    pub(crate) fn start(name: &str, lines: &[String]) -> Self {
        let owner = std::process::id().to_string();
        let dir = std::env::temp_dir().join(format!("musubi-rabbitmq-{owner}-{name}"));
        let mut arguments = vec!["start", "--port", "0", "--owner", &owner];
        for line in lines {
            arguments.extend(["--config", line]);
        }
        script(&dir, &arguments);
        let environment = script(&dir, &["env"]);
        let port = environment.trim().rsplit_once('=').unwrap().1.parse().unwrap();
        Self { dir, port }
    }

    /// `scripts/rabbitmq` on this node; gives what it prints.
    pub(crate) async fn script(&self, arguments: &[&str]) -> String {
        let dir = self.dir.clone();
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        blocking(move || script(&dir, &arguments)).await
    }

    /// Settings that lead to a fresh virtual host.
    pub(crate) async fn settings(&self) -> Settings {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let vhost = format!("test{}", NEXT.fetch_add(1, Ordering::Relaxed));
        self.script(&["vhost", &vhost]).await;
        self.settings_of(&vhost)
    }

    /// Settings that lead to a virtual host that is there.
    pub(crate) fn settings_of(&self, vhost: &str) -> Settings {
        let password_file = self.dir.join("password");
        std::fs::write(&password_file, "guest\n").unwrap();
        Settings {
            urls: vec![format!("amqp://127.0.0.1:{}", self.port)],
            vhost: vhost.into(),
            user: "guest".into(),
            password_file,
            tls: None,
            lanes: 4,
            window: 64,
            prefetch: 64,
            outbox_bytes_max: 1 << 30,
            archive: true,
        }
    }
}

fn script<A: AsRef<str>>(dir: &Path, arguments: &[A]) -> String {
    let mut command = Command::new(repository().join("scripts/rabbitmq"));
    command.args(arguments.iter().map(AsRef::as_ref)).arg("--dir").arg(dir);
    // Processes that go on running must not keep the test's pipes open.
    let output = command.to_its_end();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}
