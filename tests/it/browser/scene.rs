//! The demo region at a bad moment: of everything that a page can show there is something.

use musubi::config::Config;
use musubi::ops::client;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::{Region, counted_before, in_trouble};
use crate::processes::running::until;
use crate::support::http_server::{HttpServer, Reply};

/// Refuses what it is sent.
const REFUSING: &str = "oki-record";
/// Is held.
pub(super) const HELD: &str = "chuo-record";

/// The region, and what its pages need to be told in their addresses.
pub(super) struct Scene {
    pub(super) region: Region,
    /// A message that went to several.
    message: String,
    /// One that makes no sense.
    pub(super) invalid: String,
    /// One that was refused.
    dead: String,
    /// A replay that was planned.
    replay: String,
    _server: HttpServer,
    runtime: Runtime,
}

impl Scene {
    /// `dead`: waits until copies that were refused are given up, which takes a minute.
    pub(super) fn new(dead: bool) -> Self {
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(HttpServer::start(|_| Reply::Status(422)));
        let region = Region::start(|hub| {
            in_trouble(hub);
            counted_before(hub);
            hub.by_http(REFUSING, &format!("{}\", give_up_after = \"1m", server.url()));
            let settings = std::fs::read_to_string(hub.path("hub.toml")).unwrap();
            hub.write("hub.toml", format!("{settings}\n[alerts]\naway = \"60s\"\n"));
            // Its share is not there.
            std::fs::remove_dir_all(hub.path("fixtures/region/hamada-kenko/hl7")).unwrap();
            let held = ["hold", HELD, "--why", "電子カルテの更新のため", "--who", "yakin"];
            assert!(hub.run(&held).status.success());
            let user = ["user", "add", "hanako", "--roles", "operator"];
            assert!(hub.run(&user).status.success());
        });
        let mut scene = Self {
            region,
            message: String::new(),
            invalid: String::new(),
            dead: String::new(),
            replay: String::new(),
            _server: server,
            runtime,
        };
        scene.look_around(dead);
        scene
    }

    /// Waits until everything is there, and finds out what it is called.
    fn look_around(&mut self, dead: bool) {
        let mut ids = [String::new(), String::new(), String::new()];
        let searches = [
            "/messages?kind=lab-result&subscriber=kita-record".to_owned(),
            "/invalid?feed=izumo-chuo".to_owned(),
            format!("/dead?subscriber={REFUSING}"),
        ];
        for (search, id) in searches.iter().zip(&mut ids).take(if dead { 3 } else { 2 }) {
            until(search, || {
                let found = self.asked("GET", search, &Value::Null);
                *id = found["rows"][0]["id"].as_str().unwrap_or_default().to_owned();
                !id.is_empty()
            });
        }
        [self.message, self.invalid, self.dead] = ids;
        let request = json!({"selection": {"to": "kita-record"}, "why": "回線断のため", "rate": 50});
        let planned = self.asked("POST", "/replays", &request);
        self.replay = planned["id"].as_str().unwrap_or_else(|| panic!("{planned:#}")).to_owned();
        let path = format!("/replays/{}", self.replay);
        until("the replay is planned", || self.asked("GET", &path, &Value::Null)["state"] == "planned");
        until("an alert", || self.asked("GET", "/alerts", &Value::Null)["alerts"][0]["id"].is_string());
    }

    /// What the API answers; nothing where it refuses.
    pub(super) fn asked(&self, method: &str, path: &str, body: &Value) -> Value {
        let (config, faults) = Config::load(&self.region.hub.path(""));
        let config = config.unwrap_or_else(|| panic!("{faults:?}"));
        let hub = client::Hub::of(&config).unwrap();
        let answered = self.runtime.block_on(async {
            match method {
                "GET" => hub.get(path).await,
                _ => hub.post(path, body).await,
            }
        });
        answered.unwrap_or_default()
    }

    /// An address with the ids in their places.
    pub(super) fn path(&self, path: &str) -> String {
        let dead = format!("{REFUSING}/{}", self.dead);
        path.replace("{message}", &self.message)
            .replace("{invalid}", &self.invalid)
            .replace("{dead}", &dead)
            .replace("{replay}", &self.replay)
    }
}
