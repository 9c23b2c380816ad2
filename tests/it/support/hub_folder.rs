//! A hub's folder of its own, and the built binary on it.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

use super::files::{copy_tree, repository};
use super::process::ToItsEnd;

/// Where the project's own hub.toml lets the console listen.
const LISTEN: &str = "127.0.0.1:7575";

/// A configuration folder of its own in a temporary place, with a port of its own for the console: verbs ask whoever
/// listens there.
pub(crate) struct HubFolder {
    folder: TempDir,
    console: SocketAddr,
}

impl HubFolder {
    /// The project's own hub.toml without its registry, its tables, and the tests' own routes, without a feed.
    pub(crate) fn new() -> Self {
        let console = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let folder = Self { folder: tempfile::tempdir().unwrap(), console };
        let hub = fs::read_to_string(repository().join("hub.toml")).unwrap();
        folder.write(
            "hub.toml",
            hub.split_inclusive("\n\n").filter(|part| !part.contains("[registry]")).collect::<String>(),
        );
        folder.listen();
        fs::copy(repository().join("tests/it/support/routes.toml"), folder.path("routes.toml")).unwrap();
        copy_tree(&repository().join("tables"), &folder.path("tables"));
        fs::create_dir(folder.path("feeds")).unwrap();
        folder
    }

    /// The demo region as it is: its feeds and messages, routes, registry, and empty stores.
    pub(crate) fn network() -> Self {
        let folder = Self::new();
        for file in ["hub.toml", "routes.toml"] {
            fs::copy(repository().join(file), folder.path(file)).unwrap();
        }
        for tree in ["registry", "feeds", "fixtures"] {
            copy_tree(&repository().join(tree), &folder.path(tree));
        }
        folder.listen();
        for store in ["stores/near", "stores/far"] {
            fs::create_dir_all(folder.path(store)).unwrap();
        }
        folder
    }

    fn listen(&self) {
        let settings = fs::read_to_string(self.path("hub.toml")).unwrap();
        self.write("hub.toml", settings.replace(LISTEN, &self.console.to_string()));
    }

    /// Where its console listens, once it runs.
    pub(crate) fn console(&self) -> SocketAddr {
        self.console
    }

    /// The demo region's feeds with nothing but a drop folder each: `drop` for izumo-chuo, empty ones for the others.
    pub(crate) fn only_drops(&self) {
        self.hl7_feed("izumo-chuo", "3210100018", "drop");
        for (name, facility) in
            [("matsue-kita", "3210200024"), ("oki-kamome", "3210700019"), ("hamada-kenko", "3210500033")]
        {
            fs::create_dir_all(self.path(name)).unwrap();
            self.hl7_feed(name, facility, name);
        }
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    pub(crate) fn write(&self, below: &str, text: impl AsRef<[u8]>) {
        let path = self.path(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A feed with a storage at `standard` below this folder.
    pub(crate) fn ssmix2_feed(&self, name: &str, facility: &str, standard: &str) {
        self.feed(name, facility, &format!("kind = \"ssmix2\"\nstandard = \"{standard}\"\n"));
    }

    /// A feed with a drop folder at `path` below this folder.
    pub(crate) fn hl7_feed(&self, name: &str, facility: &str, path: &str) {
        self.feed(name, facility, &format!("kind = \"hl7-files\"\npath = \"{path}\"\n"));
    }

    /// A feed with a drop folder of archives of health check-ups, which are moved away.
    pub(crate) fn checkup_feed(&self, name: &str, facility: &str, path: &str) {
        self.feed(name, facility, &format!("kind = \"checkup\"\npath = \"{path}\"\nafter = \"move\"\n"));
    }

    fn feed(&self, name: &str, facility: &str, source: &str) {
        let text = format!(
            "version = 1\nfacility = \"{facility}\"\nname = \"架空\"\nroles = [\"disclosing\"]\n[[source]]\n{source}settle = \"100ms\"\nincomplete_limit = \"500ms\"\npoll = \"50ms\"\n"
        );
        self.write(&format!("feeds/{name}.toml"), text);
    }

    /// Lets a subscriber read its queue itself, instead of having a folder.
    pub(crate) fn by_queue(&self, subscriber: &str) {
        let routes = fs::read_to_string(self.path("routes.toml")).unwrap();
        let (before, after) = routes.split_once(&format!("name = \"{subscriber}\"")).unwrap();
        let after = after.replacen("kind = \"folder\"", "kind = \"queue\"", 1);
        self.write("routes.toml", format!("{before}name = \"{subscriber}\"{after}"));
    }

    /// Lets a subscriber get its events by HTTP, instead of having a folder.
    pub(crate) fn by_http(&self, subscriber: &str, url: &str) {
        let routes = fs::read_to_string(self.path("routes.toml")).unwrap();
        let (before, after) = routes.split_once(&format!("name = \"{subscriber}\"")).unwrap();
        let after = after.replacen("kind = \"folder\"", &format!("kind = \"http\", url = \"{url}\""), 1);
        self.write("routes.toml", format!("{before}name = \"{subscriber}\"{after}"));
    }

    /// Every event that reached a subscriber of kind `folder`, in the order of the file.
    pub(crate) fn delivered(&self, subscriber: &str) -> Vec<serde_json::Value> {
        let folder = self.path("var/deliveries").join(subscriber);
        let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let texts = files.into_iter().map(|file| fs::read_to_string(file).unwrap());
        texts
            .flat_map(|text| text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<_>>())
            .collect()
    }

    /// The binary with these arguments on this folder.
    pub(crate) fn musubi(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_musubi"));
        command.arg("--config").arg(self.folder.path()).args(arguments);
        command.env("LANG", "C").env_remove("LC_ALL").env_remove("LC_MESSAGES").env_remove("RUST_LOG");
        command
    }

    /// Runs the binary to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.musubi(arguments).to_its_end()
    }

    /// `run --drain --json`: exit code and what it printed.
    pub(crate) fn drain(&self) -> (i32, serde_json::Value) {
        let output = self.run(&["run", "--drain", "--json"]);
        let errors = String::from_utf8_lossy(&output.stderr);
        let printed = serde_json::from_slice(&output.stdout);
        (
            output.status.code().unwrap_or(-1),
            printed.unwrap_or_else(|error| panic!("{error}: {output:?} {errors}")),
        )
    }

    /// Starts the binary and lets it run.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        self.musubi(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }
}
