//! Delivery kind `mllp`: the source's own bytes, framed, each answered before the next is sent on its connection.
//!
//! What answer is owed stands in the message itself (MSH-15 and MSH-16): in the original mode that of the application
//! (AA, AE, AR); in the enhanced mode the commit (CA, CE, CR), after which the receiver is answerable for the message
//! and nothing is sent again (HL7 2.9, 2.9.3), or that of the application where no commit is asked for. What the
//! application says after a commit is passed over. A message that asks for no answer is delivered when it is written.

mod link;

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hl7v2::ack::{self, AckCode, Answer, Initiating};
use hl7v2::mllp::frame;
use tokio::sync::Semaphore;
use tokio::time::timeout;

pub use link::{Link, LinkError};

use super::outcome::Outcome;
use crate::broker::Delivery;
use crate::envelope::ORIGINAL;
use crate::telemetry::causes;

/// A receiver of MLLP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mllp {
    /// `host:port`.
    pub connect: String,
    /// From the connection to the answer.
    pub timeout: Duration,
    /// Connections at the same time, at most.
    pub connections: u16,
}

/// Control ids remembered of a connection.
const EARLIER: usize = 64;

/// Why there is no answer that could be used. The connection is closed then: a late answer must not be taken for
/// that to another message.
#[derive(Debug, thiserror::Error)]
enum NoAnswer {
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error("no answer in time")]
    Late,
    #[error("the answer can't be read")]
    Unreadable(#[from] ack::AnswerError),
    #[error("the answer is to another message")]
    Other,
}

/// Sends copies.
pub(super) struct MllpSender {
    settings: Mllp,
    free: Semaphore,
    idle: Mutex<Vec<Connection>>,
}

struct Connection {
    link: Link,
    /// What was answered on it: it may be answered again.
    earlier: VecDeque<String>,
}

/// What is sent, and what its answer must say.
struct Message<'m> {
    body: &'m [u8],
    control_id: String,
    answered: bool,
}

impl MllpSender {
    pub(super) fn new(settings: &Mllp) -> Self {
        let free = Semaphore::new(usize::from(settings.connections));
        Self { settings: settings.clone(), free, idle: Mutex::default() }
    }

    pub(super) async fn attempt(&self, copy: &Delivery) -> Outcome {
        let message = match Message::of(copy) {
            Ok(message) => message,
            Err(code) => return Outcome::refused(code),
        };
        let Ok(_permit) = self.free.acquire().await else { return Outcome::away("closed") };
        let exchange = timeout(self.settings.timeout, self.exchange(&message)).await;
        match exchange.unwrap_or(Err(NoAnswer::Late)) {
            Ok(None) => Outcome::Delivered,
            Ok(Some(answer)) => outcome(&answer),
            Err(error) => Outcome::away(causes(&error)),
        }
    }

    /// Sends and waits for the answer, if one is owed. Whatever goes wrong ends the connection.
    async fn exchange(&self, message: &Message<'_>) -> Result<Option<Answer>, NoAnswer> {
        let mut connection = match self.idle(&message.control_id) {
            Some(connection) => connection,
            None => Connection::open(&self.settings.connect).await?,
        };
        connection.link.write(&frame(message.body)).await?;
        let answer = match message.answered {
            true => Some(connection.answer(&message.control_id).await?),
            false => None,
        };
        connection.remember(&message.control_id);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        Ok(answer)
    }

    /// A connection that is open and on which no answer can be mistaken for that to this message.
    fn idle(&self, control_id: &str) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(mut connection) = idle.pop() {
            if !connection.earlier.iter().any(|earlier| earlier == control_id) && connection.link.is_open() {
                return Some(connection);
            }
        }
        None
    }
}

impl<'m> Message<'m> {
    /// The message of a copy, or a word for why it can't be sent.
    fn of(copy: &'m Delivery) -> Result<Self, &'static str> {
        let body = &copy.body[..];
        let original = copy.envelope.event.as_ref().is_some_and(|event| event.media_type == ORIGINAL);
        if !original {
            return Err("not-original");
        }
        if body.windows(2).any(|pair| pair == b"\x1c\r") || body.ends_with(b"\x1c") {
            return Err("no-frame");
        }
        let (Ok(initiating), Ok(decoded)) = (Initiating::read(body), hl7v2::decode(body)) else {
            return Err("no-msh");
        };
        let control_id = decoded.segment("MSH").map(|msh| msh.field(10).value().trim().to_owned());
        let control_id = control_id.filter(|id| !id.is_empty()).ok_or("no-control-id")?;
        Ok(Self { body, control_id, answered: !initiating.mode().taken().is_empty() })
    }
}

impl Connection {
    async fn open(address: &str) -> Result<Self, LinkError> {
        Ok(Self { link: Link::open(address).await?, earlier: VecDeque::new() })
    }

    async fn answer(&mut self, control_id: &str) -> Result<Answer, NoAnswer> {
        loop {
            let answer = ack::read(&self.link.next().await?)?;
            if answer.control_id == control_id {
                return Ok(answer);
            }
            if !self.earlier.contains(&answer.control_id) {
                return Err(NoAnswer::Other);
            }
        }
    }

    fn remember(&mut self, control_id: &str) {
        self.earlier.push_back(control_id.to_owned());
        if self.earlier.len() > EARLIER {
            self.earlier.pop_front();
        }
    }
}

/// What an answer means.
fn outcome(Answer { code, conditions, .. }: &Answer) -> Outcome {
    match code {
        AckCode::Aa | AckCode::Ca => Outcome::Delivered,
        AckCode::Ae | AckCode::Ar | AckCode::Ce | AckCode::Cr => {
            let numbers = conditions.iter().map(|condition| format!("-{condition}"));
            Outcome::refused(format!("hl7-{}{}", code.as_str(), numbers.collect::<String>()))
        }
    }
}
