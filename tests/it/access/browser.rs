//! A console of its own, with a clock that stands still, and what a browser does with it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

use jiff::Timestamp;
use musubi::clock::{Clock, ManualClock};
use musubi::config::Config;
use musubi::console::{self, Console};
use musubi::ops::access::{Client, Entered, Gate, Role, totp};
use musubi::ops::audit::{Act, Audit, Wanted};
use musubi::ops::client;
use musubi::pipeline::{Hub, Part};
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::processes::running::until;
use crate::support::HubFolder;

pub(super) const PASSWORD: &str = "correct horse battery staple";

/// A console that listens.
pub(super) struct Served {
    pub(super) hub: HubFolder,
    pub(super) clock: ManualClock,
    pub(super) address: SocketAddr,
    pub(super) config: Config,
    pub(super) gate: Arc<Gate>,
    pub(super) token: String,
    /// It ends with these.
    _stop: watch::Sender<bool>,
    _runtime: Runtime,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Answer {
    /// The value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")))
    }

    /// The value of a hidden field of the page.
    #[track_caller]
    pub(super) fn hidden(&self, name: &str) -> String {
        let (_, rest) = self.body.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
        rest.split('"').next().unwrap().to_owned()
    }
}

/// A port that nobody has at the moment.
pub(super) fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

impl Served {
    /// With these lines in `[console]`.
    pub(super) fn new(settings: &str) -> Self {
        let (hub, address) = (HubFolder::new(), free());
        hub.write(
            "hub.toml",
            format!(
                "version = 1\nnetwork = \"shimane\"\ntimezone = \"Asia/Tokyo\"\n[console]\nlisten = \"{address}\"\n{settings}\n"
            ),
        );
        let (config, faults) = Config::load(&hub.path(""));
        let config = config.unwrap_or_else(|| panic!("{faults:?}"));
        let clock = ManualClock::new("2026-11-22T03:00:00Z".parse().unwrap());
        let opened = Hub::open(config.clone(), Part::All, Arc::new(clock.clone())).unwrap();
        let gate = Gate::new(&config);
        let token = client::token(&config.hub.data_dir).unwrap();
        let console = Console::new(opened.control().unwrap(), opened.monitor(), token.clone(), gate.clone());
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (stop, stopped) = watch::channel(false);
        runtime.spawn(async move {
            console::serve(console, address, stopped).await;
            drop(opened);
        });
        until("the console listens", || TcpStream::connect(address).is_ok());
        Self { hub, clock, address, config, gate, token, _stop: stop, _runtime: runtime }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The code that an app shows.
    pub(super) fn code(&self, secret: &str) -> String {
        totp::code(secret, self.now().as_second().unsigned_abs()).unwrap()
    }

    /// A user without second factor who has come in.
    pub(super) fn user(&self, name: &str, roles: &[Role], facilities: Option<Vec<String>>) {
        let now = self.now();
        let link = self.gate.users().add(name, roles.to_vec(), facilities, now).unwrap();
        let entered = Entered { link: &link, name, password: PASSWORD, totp: None };
        self.gate.users().enter(&entered, false, &Client { address: "-", now }).unwrap();
    }

    /// A browser in which a user without second factor is logged in.
    pub(super) fn logged_in(&self, name: &str) -> Browser<'_> {
        let mut browser = Browser { served: self, cookie: String::new(), csrf: String::new() };
        let answer = browser.log_in(name, PASSWORD, "");
        assert_eq!(answer.status, 303, "{answer:?}");
        browser
    }

    /// What was written down, the oldest first.
    pub(super) fn acts(&self) -> Vec<Act> {
        let mut acts = Vec::new();
        let show = |act| {
            acts.push(act);
            true
        };
        Audit::of(&self.config).each(&Wanted::default(), show).unwrap();
        acts
    }

    pub(super) fn get(&self, path: &str) -> Answer {
        self.send(&format!("GET {path}"), "", "")
    }

    pub(super) fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(&format!("POST {path}"), FORM, &form(fields))
    }

    /// With a token.
    pub(super) fn api(&self, request: &str, token: &str, body: &str) -> Answer {
        self.send(
            request,
            &format!("authorization: Bearer {token}\r\ncontent-type: application/json\r\n"),
            body,
        )
    }

    pub(super) fn send(&self, request: &str, headers: &str, body: &str) -> Answer {
        send(&mut TcpStream::connect(self.address).unwrap(), self.address, request, headers, body)
    }
}

const FORM: &str = "content-type: application/x-www-form-urlencoded\r\n";

/// A browser: it keeps the cookie, and fills the hidden field into its forms.
pub(super) struct Browser<'s> {
    pub(super) served: &'s Served,
    pub(super) cookie: String,
    pub(super) csrf: String,
}

impl Browser<'_> {
    pub(super) fn log_in(&mut self, name: &str, password: &str, code: &str) -> Answer {
        let answer = self.served.post("/login", &[("name", name), ("password", password), ("code", code)]);
        if let Some(cookie) = answer.header("set-cookie") {
            self.cookie = cookie.split(';').next().unwrap().to_owned();
            self.csrf = self.get("/account").hidden("csrf");
        }
        answer
    }

    pub(super) fn get(&self, path: &str) -> Answer {
        self.send(&format!("GET {path}"), "", "")
    }

    pub(super) fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let fields: Vec<_> = fields.iter().copied().chain([("csrf", self.csrf.as_str())]).collect();
        self.send(&format!("POST {path}"), FORM, &form(&fields))
    }

    pub(super) fn send(&self, request: &str, headers: &str, body: &str) -> Answer {
        self.served.send(request, &format!("cookie: {}\r\n{headers}", self.cookie), body)
    }
}

pub(super) fn form(fields: &[(&str, &str)]) -> String {
    let escaped = |text: &str| -> String {
        text.bytes()
            .map(|byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            })
            .collect()
    };
    fields.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect::<Vec<_>>().join("&")
}

/// An answer; only the head of one that goes on.
fn received(stream: &mut impl Read) -> Vec<u8> {
    let (mut answer, mut piece) = (Vec::new(), [0; 4096]);
    let goes_on = |answer: &[u8]| {
        let text = String::from_utf8_lossy(answer);
        text.split_once("\r\n\r\n").is_some_and(|(head, _)| head.contains("text/event-stream"))
    };
    // An encrypted connection may end without its last word.
    while let Ok(length @ 1..) = stream.read(&mut piece) {
        answer.extend_from_slice(&piece[..length]);
        if goes_on(&answer) {
            break;
        }
    }
    answer
}

/// A request over a connection that ends with it.
pub(super) fn send(
    stream: &mut (impl Read + Write),
    host: SocketAddr,
    request: &str,
    headers: &str,
    body: &str,
) -> Answer {
    let length = body.len();
    let text = format!(
        "{request} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(text.as_bytes()).unwrap();
    let answer = received(stream);
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{request}: {answer}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let head = head.lines().map(|line| match line.split_once(": ") {
        Some((name, value)) => format!("{}: {value}", name.to_lowercase()),
        None => line.to_owned(),
    });
    Answer { status, head: head.collect::<Vec<_>>().join("\n"), body: body.to_owned() }
}
