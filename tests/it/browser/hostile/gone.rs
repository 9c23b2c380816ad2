//! Browsers that go away, and such that never read.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;

use super::{LIMIT, ask, peak};
use crate::browser::Region;
use crate::processes::running::until;

const MANY: usize = 200;
/// Requests of one that never reads: more than fits between here and there.
const UNREAD: usize = 100;
/// Browsers that never read.
const NEVER: usize = 40;
const MEMORY: u64 = 1 << 30;

/// A connection that asks for that, so often.
fn asking(region: &Region, path: &str, times: usize) -> TcpStream {
    let token = fs::read_to_string(region.hub.path("var/api.token")).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {}\r\n\r\n", token.trim());
    let mut stream = TcpStream::connect(&region.address).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.set_write_timeout(Some(LIMIT)).unwrap();
    stream.write_all(request.repeat(times).as_bytes()).unwrap();
    stream
}

#[test]
fn browsers_that_go_away_or_never_read_leave_nothing_behind_and_slow_nobody() {
    let region = Region::start(|hub| hub.only_drops());
    let live = ["/live/overview", "/live/flows", "/live/queues", "/live/letters", "/api/v1/tap"];
    for round in 0..MANY {
        let mut stream = asking(&region, live[round % live.len()], 1);
        // Some are gone before they have got anything.
        if round % 2 == 0 {
            let mut begun = [0; 8];
            stream.read_exact(&mut begun).unwrap();
        }
    }
    until("those that went away are forgotten", || region.connections() == 0);
    let never: Vec<_> = (0..NEVER)
        .map(|number| match number % 2 {
            0 => asking(&region, "/api/v1/openapi.json", UNREAD),
            _ => asking(&region, live[number % live.len()], 1),
        })
        .collect();
    for path in ["/", "/flows", "/invalid", "/messages", "/livez"] {
        let (status, body) = ask(&region, &format!("GET {path}"), "");
        assert_eq!(status, 200, "{path}: {body}");
    }
    assert!(peak(&region) < MEMORY, "{}", peak(&region));
    drop(never);
    until("they are forgotten", || region.connections() == 0);
    region.running.stop();
}
