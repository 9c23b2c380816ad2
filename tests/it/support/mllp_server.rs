//! A subscriber that takes HL7 messages and answers as a script says.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use hl7v2::mllp::{Decoder, frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A message as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) bytes: Vec<u8>,
    pub(crate) control_id: String,
    pub(crate) patient: String,
    /// Which connection, from 1.
    pub(crate) connection: usize,
}

/// What the subscriber does with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reply {
    /// Answers with these codes of MSA-1, all in one write.
    Codes(&'static [&'static str]),
    /// Answers with a code and the condition of an ERR segment, and a free text.
    Error(&'static str, u16),
    /// Never answers.
    Hang,
    /// Closes the connection in the middle of the answer.
    Close,
    /// Answers another message.
    Other,
    /// Sends something that is no answer.
    Garbage,
    /// Takes it without an answer.
    Silent,
}

pub(crate) const AA: Reply = Reply::Codes(&["AA"]);

type Script = Box<dyn FnMut(&Received) -> Reply + Send>;

#[derive(Clone)]
struct State {
    script: Arc<Mutex<Script>>,
    log: Arc<Mutex<Vec<(Received, Reply)>>>,
}

/// The server; it ends with this value.
pub(crate) struct MllpServer {
    state: State,
    pub(crate) address: SocketAddr,
    _tasks: JoinSet<()>,
}

impl MllpServer {
    pub(crate) async fn start(script: impl FnMut(&Received) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let script: Script = Box::new(script);
        let state = State { script: Arc::new(Mutex::new(script)), log: Arc::default() };
        let mut tasks = JoinSet::new();
        let served = state.clone();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            let mut count = 0;
            while let Ok((stream, _)) = listener.accept().await {
                count += 1;
                connections.spawn(serve(stream, count, served.clone()));
            }
        });
        Self { state, address, _tasks: tasks }
    }

    /// Changes the script.
    pub(crate) fn answer(&self, script: impl FnMut(&Received) -> Reply + Send + 'static) {
        *self.state.script.lock().unwrap() = Box::new(script);
    }

    /// All messages and what was answered.
    pub(crate) fn log(&self) -> Vec<(Received, Reply)> {
        self.state.log.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, connection: usize, state: State) {
    let mut decoder = Decoder::new(1 << 20);
    let mut bytes = [0; 4096];
    loop {
        while let Some(message) = decoder.next_frame().unwrap() {
            let decoded = hl7v2::decode(&message).unwrap();
            let text = |segment: &str, field| {
                decoded
                    .segment(segment)
                    .map_or(String::new(), |segment| segment.field(field).value().into_owned())
            };
            let (control_id, patient) = (text("MSH", 10), text("PID", 3));
            let received = Received { bytes: message.clone(), control_id, patient, connection };
            let reply = {
                let mut script = state.script.lock().unwrap();
                let reply = script(&received);
                state.log.lock().unwrap().push((received.clone(), reply.clone()));
                reply
            };
            let answer = match &reply {
                Reply::Codes(codes) => {
                    codes.iter().flat_map(|code| frame(&answer(code, &received.control_id, ""))).collect()
                }
                Reply::Error(code, condition) => {
                    let err = format!("ERR||PID^1^3|{condition}|E||||SECRET\r");
                    frame(&answer(code, &received.control_id, &err))
                }
                Reply::Hang => std::future::pending().await,
                Reply::Close => frame(&answer("AA", &received.control_id, "")).into_iter().take(20).collect(),
                Reply::Other => frame(&answer("AA", "another", "")),
                Reply::Garbage => frame(b"HTTP/1.1 200 OK"),
                Reply::Silent => Vec::new(),
            };
            if stream.write_all(&answer).await.is_err() || reply == Reply::Close {
                return;
            }
        }
        match stream.read(&mut bytes).await {
            Ok(count @ 1..) => decoder.extend(&bytes[..count]),
            _ => return,
        }
    }
}

fn answer(code: &str, control_id: &str, rest: &str) -> Vec<u8> {
    format!("MSH|^~\\&|R|R|S|S|20261122||ACK|9|P|2.5\rMSA|{code}|{control_id}|SECRET\r{rest}").into_bytes()
}
