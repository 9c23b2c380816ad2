//! What lies among the files and is none: links, pipes, names of another encoding.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

use musubi::ingest::After;

use super::{Hub, TR, hl7_files, message, place, ssmix2};

const TIME: &str = "20260401090000000";

#[tokio::test]
async fn links_below_a_drop_folder_are_not_followed() {
    let mut hub = Hub::new(|storage| hl7_files(storage.path("link"), After::Delete));
    hub.storage.write("drop/a.hl7", message("0000001", 1).as_bytes());
    hub.storage.write("other/b.hl7", message("0000001", 2).as_bytes());
    // The root itself may be a link.
    symlink("drop", hub.storage.path("link")).unwrap();
    symlink(".", hub.storage.path("drop/itself")).unwrap();
    symlink("../other", hub.storage.path("drop/folder")).unwrap();
    symlink("../other/b.hl7", hub.storage.path("drop/b.hl7")).unwrap();
    hub.wait(60);
    hub.drain().await;
    assert_eq!(hub.accepted(), ["a.hl7:1+"]);
    assert!(hub.storage.path("other/b.hl7").exists() && !hub.storage.path("drop/a.hl7").exists());
}

#[tokio::test]
async fn links_below_a_storage_are_not_followed() {
    let mut hub = Hub::new(|storage| ssmix2(storage, true));
    let file = hub.storage.put(&place("7"), TIME, 1, &message("0000123", 1));
    let folder = place("7").folder();
    let linked = hub.storage.path(&format!("{folder}/{}_1", place("8").stem(TIME)));
    symlink(hub.storage.path(&file), linked).unwrap();
    symlink("000", hub.storage.path("standard/001")).unwrap();
    hub.storage
        .write("./log", format!("{}{}", place("9").header("INS", TIME), message("0000123", 3)).as_bytes());
    symlink("../../log", hub.storage.path(TR)).unwrap();
    hub.wait(60);
    hub.drain().await;
    assert_eq!(hub.accepted(), ["7:1+"]);
}

#[tokio::test]
async fn pipes_and_sockets_hang_no_feed() {
    let mut hub = Hub::new(|storage| ssmix2(storage, true));
    hub.storage.put(&place("7"), TIME, 1, &message("0000123", 1));
    let path = |order| hub.storage.path(&format!("{}/{}_1", place(order).folder(), place(order).stem(TIME)));
    let status = std::process::Command::new("mkfifo").arg(path("8")).arg(hub.storage.path(TR)).status();
    assert!(status.unwrap().success());
    // The path of a socket must be short.
    let socket = hub.storage.path("socket");
    let _listener = UnixListener::bind(&socket).unwrap();
    fs::rename(socket, path("9")).unwrap();
    hub.wait(60);
    hub.drain().await;
    assert_eq!(hub.accepted(), ["7:1+"]);
}

/// 内科 in CP932.
const NAME: &[u8] = b"\x93\xE0\x89\xC8";

#[tokio::test]
async fn names_of_another_encoding_are_carried() {
    for after in [After::Keep, After::Move, After::Delete] {
        let mut hub = Hub::new(|storage| hl7_files(storage.path("drop"), after));
        hub.storage.write("drop/a.hl7", message("0000001", 1).as_bytes());
        hub.storage.write("drop/b.hl7", message("0000001", 2).as_bytes());
        let folder = hub.storage.path("drop").join(OsStr::from_bytes(NAME));
        fs::create_dir(&folder).unwrap();
        fs::rename(hub.storage.path("drop/a.hl7"), folder.join(OsStr::from_bytes(b"\x93\xE0"))).unwrap();
        fs::rename(hub.storage.path("drop/b.hl7"), folder.join(OsStr::from_bytes(b"\x94\xE0"))).unwrap();
        hub.wait(60);
        hub.drain().await;
        hub.feed = None;
        hub.drain().await;
        let all = hub.broker.all(&musubi::broker::topology::ingest());
        assert_eq!(all.len(), 2);
        assert_ne!(all[0].envelope.key, all[1].envelope.key);
        assert_eq!(fs::read_dir(folder).unwrap().count(), if after == After::Keep { 2 } else { 0 });
    }
}

#[tokio::test]
async fn a_storage_name_of_another_encoding_is_invalid() {
    let mut hub = Hub::new(|storage| ssmix2(storage, false));
    let path = hub.storage.put(&place("7"), TIME, 1, &message("0000123", 1));
    let folder = hub.storage.path(&place("7").folder());
    let name = [&b"0000123_20260401_OML-11_7_20260401090000000_"[..], NAME, b"_1"].concat();
    fs::rename(hub.storage.path(&path), folder.join(OsStr::from_bytes(&name))).unwrap();
    for _restart in 0..2 {
        hub.wait(60);
        hub.drain().await;
        hub.feed = None;
        let all = hub.broker.all(&musubi::broker::topology::ingest());
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].envelope.fault.as_ref().unwrap().code, "file-name");
        assert_eq!(all[0].body, message("0000123", 1).as_bytes());
    }
}
