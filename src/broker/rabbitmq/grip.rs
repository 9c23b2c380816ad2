//! The grip on a lane, or on a subscriber: its token, held.
//!
//! To read the token's queue to its end a copy of the best token known is published behind all others: when it comes
//! round, everything before it is in hand. A token is acknowledged only while a later one is in hand, too: should we
//! have lost the queue without knowing, both went back to it and the acknowledgement is void, so a token is never
//! absent.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::amqp::{Amqp, Incoming, Outgoing, Subscription};
use super::token::Token;
use crate::broker::BrokerError;

/// The token that was just published comes at once, unless somebody emptied its queue or has it now.
const OWN_TOKEN: Duration = Duration::from_secs(20);

/// A token is renewed so often.
pub(super) const RENEW: Duration = Duration::from_secs(300);

/// What a consumer that has gone had open comes back to its queue some 100 ms later than its token (seen on 3.10.8): who
/// reads there at once would get what is behind it first.
pub(super) const COMING_BACK: Duration = Duration::from_millis(500);

/// More tokens than ever lie in a queue.
const PREFETCH: u16 = 1_000;

/// A held token.
pub(super) struct Grip {
    amqp: Arc<dyn Amqp>,
    queue: String,
    subscription: Box<dyn Subscription>,
    /// What came and is not acknowledged: delivery tag, and the token where it is one.
    in_hand: Vec<(u64, Option<Token>)>,
    /// The state that the last published token tells.
    token: Token,
}

impl Grip {
    /// Registers for a lane's token and waits, as long as it takes, until it is given to us; reads the token's queue
    /// to its end. `known` is what this process knew last of the lane: it stands in for a token that is gone.
    pub(super) async fn take(amqp: &Arc<dyn Amqp>, queue: &str, known: Token) -> Result<Self, BrokerError> {
        amqp.declare(queue).await?;
        let count = amqp.count(queue).await?;
        if count.ready == 0 && count.consumers == 0 {
            // Nobody has worked on this lane yet. If somebody begins at the same moment there will be two such
            // tokens, which tell the same.
            amqp.publish(vec![message(queue, &known)?]).await?;
        }
        let subscription = amqp.consume(queue, PREFETCH).await?;
        let (amqp, queue) = (Arc::clone(amqp), queue.to_owned());
        let mut grip = Self { amqp, queue, subscription, in_hand: Vec::new(), token: known };
        let first = grip.subscription.next().await?;
        grip.in_hand.push((first.tag, read(&first)));
        grip.collect().await?;
        Ok(grip)
    }

    /// Reads the queue to its end; holds the furthest token, and leaves no other.
    pub(super) async fn collect(&mut self) -> Result<(), BrokerError> {
        self.publish(self.token.clone()).await?;
        while !self.is_in_hand() {
            self.next().await?;
        }
        for token in self.in_hand.iter().filter_map(|(_, token)| token.as_ref()) {
            if token.is_further_than(&self.token) {
                self.token = token.clone();
            }
        }
        self.let_others_go().await
    }

    /// What the token tells.
    pub(super) fn token(&self) -> &Token {
        &self.token
    }

    /// Whether the token that was published last has come.
    fn is_in_hand(&self) -> bool {
        self.in_hand
            .iter()
            .any(|(_, token)| token.as_ref().is_some_and(|token| token.nonce == self.token.nonce))
    }

    /// The next one that is there; what it is.
    async fn next(&mut self) -> Result<Option<&Token>, BrokerError> {
        let next = timeout(OWN_TOKEN, self.subscription.next()).await;
        let incoming = next.unwrap_or_else(|_| Err(lost()))?;
        self.in_hand.push((incoming.tag, read(&incoming)));
        Ok(self.in_hand.last().and_then(|(_, token)| token.as_ref()))
    }

    /// Replaces the token. Everything that it tells must be confirmed.
    pub(super) async fn replace(&mut self, token: Token) -> Result<(), BrokerError> {
        self.hold().await?;
        self.publish(token).await
    }

    /// Waits until the token that was published last is in hand: whoever gets the lane after us finds it.
    pub(super) async fn hold(&mut self) -> Result<(), BrokerError> {
        let (nonce, generation) = (self.token.nonce, self.token.generation);
        while !self.is_in_hand() {
            // An older one is of a router that does not know yet that it has lost the lane.
            let is_other = |other: &Token| other.nonce != nonce && other.generation >= generation;
            if self.next().await?.is_some_and(is_other) {
                return Err(lost());
            }
        }
        self.let_others_go().await
    }

    /// Publishes a token. Where its queue is gone, so is what we had in hand.
    async fn publish(&mut self, token: Token) -> Result<(), BrokerError> {
        let token = token.copied(token.clean);
        match self.amqp.publish(vec![message(&self.queue, &token)?]).await {
            Err(BrokerError::Refused { what }) => return Err(BrokerError::Away { what }),
            other => other?,
        }
        self.token = token;
        Ok(())
    }

    /// Acknowledges all in hand but the token that counts.
    async fn let_others_go(&mut self) -> Result<(), BrokerError> {
        let nonce = self.token.nonce;
        while let Some(at) =
            self.in_hand.iter().position(|(_, token)| token.as_ref().is_none_or(|token| token.nonce != nonce))
        {
            let (tag, _) = self.in_hand.swap_remove(at);
            self.subscription.acknowledge(tag, false).await?;
        }
        Ok(())
    }

    /// Waits until the token is lost. Nobody else may use it meanwhile. Cancel-safe.
    pub(super) async fn lost(&mut self) -> BrokerError {
        loop {
            match self.subscription.next().await {
                Ok(incoming) => self.in_hand.push((incoming.tag, read(&incoming))),
                Err(error) => return error,
            }
        }
    }

    /// Publishes the token anew: RabbitMQ closes a channel whose delivery is held for 30 minutes.
    pub(super) async fn renew(&mut self) -> Result<(), BrokerError> {
        self.replace(self.token.clone()).await
    }

    /// Gives the lane up. `clean`: nothing beyond the token was begun.
    pub(super) async fn release(mut self, clean: bool) {
        if clean && !self.token.clean {
            let clean = self.token.copied(true);
            if let Err(error) = self.replace(clean).await {
                tracing::debug!(%error, "the lane is given up without a clean token");
            }
        }
        self.subscription.close().await;
    }
}

fn lost() -> BrokerError {
    BrokerError::Away { what: "the lane was taken over by another router".to_owned() }
}

fn message(queue: &str, token: &Token) -> Result<Outgoing, BrokerError> {
    let body = serde_json::to_vec(token)
        .map_err(|error| BrokerError::Refused { what: format!("a token that can't be written: {error}") })?;
    Ok(Outgoing { queue: queue.to_owned(), header: None, body: body.into() })
}

/// A token, or nothing where another program put something else there.
fn read(incoming: &Incoming) -> Option<Token> {
    let token = serde_json::from_slice(&incoming.body);
    if token.is_err() {
        tracing::error!("a message in a progress queue is no token; it is passed over");
    }
    token.ok()
}
