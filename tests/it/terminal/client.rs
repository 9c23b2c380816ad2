//! The way to a hub that runs.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use musubi::config::Config;
use musubi::ops::client::{ClientError, Hub};
use serde_json::Value;

use crate::processes::running::{Running, until};
use crate::support::HubFolder;
use crate::support::process::ToItsEnd;

/// The demo region with a console; gives where that listens.
pub(crate) fn region() -> (HubFolder, SocketAddr) {
    let hub = HubFolder::network();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let text = std::fs::read_to_string(hub.path("hub.toml")).unwrap();
    let text: Vec<_> = text.split("\n\n").filter(|part| !part.contains("[console]")).collect();
    hub.write("hub.toml", format!("{}\n\n[console]\nlisten = \"{address}\"\n", text.join("\n\n")));
    (hub, address)
}

pub(crate) fn config(folder: &Path) -> Config {
    let (config, faults) = Config::load(folder);
    config.unwrap_or_else(|| panic!("{faults:#?}"))
}

#[test]
fn a_verb_reaches_the_hub_of_its_data_folder_and_no_other() {
    let (hub, _) = region();
    let mut config = config(&hub.path(""));
    assert!(Hub::of(&config).is_none(), "nothing listens yet");
    let running = Running::start(&hub, &["run", "--json"]);
    until("the console listens", || Hub::of(&config).is_some());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = Hub::of(&config).unwrap();
    until("it tells how it is", || {
        let overview: Value = runtime.block_on(client.get("/overview")).unwrap();
        overview["feeds"].as_array().unwrap().iter().all(|feed| feed["served"] == true)
    });

    let nothing = runtime.block_on(client.get::<Value>("/nothing/of/that/name"));
    assert!(matches!(nothing, Err(ClientError::Refused { status: 404, .. })), "{nothing:?}");
    let batch = runtime.block_on(client.post::<_, Value>("/registry/entries", &[1, 2]));
    let Err(ClientError::Refused { status: 422, errors, .. }) = batch else { panic!("{batch:?}") };
    assert_eq!(errors.iter().map(|wrong| wrong.row).collect::<Vec<_>>(), [1, 2]);
    let other = runtime.block_on(client.get::<u64>("/overview"));
    assert!(matches!(other, Err(ClientError::Json(_))), "{other:?}");

    // The same address, the data folder of another hub: without a token, then with another one.
    config.hub.data_dir = hub.path("elsewhere");
    let ask = |config: &Config| runtime.block_on(Hub::of(config).unwrap().get::<Value>("/overview"));
    assert!(matches!(ask(&config), Err(ClientError::Token { .. })));
    hub.write("elsewhere/api.token", "0".repeat(64));
    assert!(matches!(ask(&config), Err(ClientError::Unauthorized { .. })));
    let said = hub.musubi(&["status", "--json"]).to_its_end();
    let status: Value = serde_json::from_slice(&said.stdout).unwrap();
    assert!(status["processes"][0]["pid"].is_u64() && status["troubles"].is_array(), "{status:#}");

    let client = client.clone();
    running.stop();
    let gone = runtime.block_on(client.get::<Value>("/overview"));
    assert!(matches!(gone, Err(ClientError::Away { .. })), "{gone:?}");
}
