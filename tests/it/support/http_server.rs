//! A subscriber that takes webhooks and answers as a script says.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// By lower-case name.
    pub(crate) headers: HashMap<String, String>,
    pub(crate) event: Value,
}

impl Request {
    pub(crate) fn subject(&self) -> &str {
        self.event["subject"].as_str().unwrap()
    }

    /// Lane and sequence.
    pub(crate) fn place(&self) -> (u64, u64) {
        (self.event["lane"].as_u64().unwrap(), self.event["sequence"].as_u64().unwrap())
    }
}

/// What the subscriber does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reply {
    Status(u16),
    /// A status and seconds to wait.
    RetryAfter(u16, u32),
    /// Never answers.
    Hang,
    /// Closes the connection in the middle of the answer.
    Close,
    /// A redirect to itself.
    Redirect,
}

impl Reply {
    pub(crate) fn is_ok(self) -> bool {
        matches!(self, Self::Status(200..=299))
    }
}

type Script = Box<dyn FnMut(&Request) -> Reply + Send>;

#[derive(Clone)]
struct State {
    script: Arc<Mutex<Script>>,
    log: Arc<Mutex<Vec<(Request, Reply)>>>,
}

/// The server; it ends with this value.
pub(crate) struct HttpServer {
    state: State,
    pub(crate) address: SocketAddr,
    tasks: JoinSet<()>,
}

impl HttpServer {
    pub(crate) async fn start(script: impl FnMut(&Request) -> Reply + Send + 'static) -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap(), script).await
    }

    /// A server at an address that one had before.
    pub(crate) async fn start_at(
        address: SocketAddr,
        script: impl FnMut(&Request) -> Reply + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let script: Script = Box::new(script);
        let state = State { script: Arc::new(Mutex::new(script)), log: Arc::default() };
        let mut tasks = JoinSet::new();
        let served = state.clone();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, served.clone()));
            }
        });
        Self { state, address, tasks }
    }

    pub(crate) fn url(&self) -> reqwest::Url {
        format!("http://{}/events", self.address).parse().unwrap()
    }

    /// Changes the script.
    pub(crate) fn answer(&self, script: impl FnMut(&Request) -> Reply + Send + 'static) {
        *self.state.script.lock().unwrap() = Box::new(script);
    }

    /// All requests and what was answered.
    pub(crate) fn log(&self) -> Vec<(Request, Reply)> {
        self.state.log.lock().unwrap().clone()
    }

    /// The requests that were taken.
    pub(crate) fn taken(&self) -> Vec<Request> {
        self.log().into_iter().filter(|(_, reply)| reply.is_ok()).map(|(request, _)| request).collect()
    }

    /// Ends it, with all its connections.
    pub(crate) async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

async fn serve(stream: TcpStream, state: State) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream).await {
        let reply = {
            let mut script = state.script.lock().unwrap();
            let reply = script(&request);
            state.log.lock().unwrap().push((request, reply));
            reply
        };
        let answer = match reply {
            Reply::Status(status) => format!("HTTP/1.1 {status} Said\r\ncontent-length: 2\r\n\r\nok"),
            Reply::RetryAfter(status, seconds) => {
                format!("HTTP/1.1 {status} Said\r\nretry-after: {seconds}\r\ncontent-length: 0\r\n\r\n")
            }
            Reply::Redirect => {
                "HTTP/1.1 307 Said\r\nlocation: /events\r\ncontent-length: 0\r\n\r\n".to_owned()
            }
            Reply::Close => "HTTP/1.1 2".to_owned(),
            Reply::Hang => std::future::pending().await,
        };
        if stream.write_all(answer.as_bytes()).await.is_err() || reply == Reply::Close {
            return;
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut headers = HashMap::new();
    let mut first = true;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if std::mem::take(&mut first) {
            assert_eq!(line, "POST /events HTTP/1.1");
        } else if line.is_empty() {
            break;
        } else {
            let (name, value) = line.split_once(':').unwrap();
            headers.insert(name.to_lowercase(), value.trim().to_owned());
        }
    }
    let mut body = vec![0; headers["content-length"].parse().unwrap()];
    stream.read_exact(&mut body).await.ok()?;
    Some(Request { headers, event: serde_json::from_slice(&body).unwrap() })
}
