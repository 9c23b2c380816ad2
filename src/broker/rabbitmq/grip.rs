//! The grip on a lane, or on a subscriber: its token, held.
//!
//! The token's queue is consumed one message at a time. To read it to its end, the best token so far is published
//! behind all others and the one in hand acknowledged, until the own copy comes round: what is left is one token.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::amqp::{Amqp, Incoming, Outgoing, Subscription};
use super::token::Token;
use crate::broker::BrokerError;

/// The token that was just published comes at once, unless somebody emptied its queue.
const OWN_TOKEN: Duration = Duration::from_secs(20);

/// A token is renewed so often.
pub(super) const RENEW: Duration = Duration::from_secs(300);

/// A held token.
pub(super) struct Grip {
    amqp: Arc<dyn Amqp>,
    queue: String,
    subscription: Box<dyn Subscription>,
    /// Delivery tag of the token in hand, once it came.
    in_hand: Option<u64>,
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
        let mut subscription = amqp.consume(queue, 1).await?;
        let first = subscription.next().await?;
        let token = read(&first).unwrap_or_default();
        let amqp = Arc::clone(amqp);
        let mut grip = Self { amqp, queue: queue.to_owned(), subscription, in_hand: Some(first.tag), token };
        if known.is_further_than(&grip.token) {
            grip.token = known;
        }
        grip.collect().await?;
        Ok(grip)
    }

    /// Leaves one token in the queue, the furthest, and holds it.
    async fn collect(&mut self) -> Result<(), BrokerError> {
        let mut own = self.publish(self.token.clone()).await?;
        loop {
            let incoming = self.subscription.next().await?;
            self.in_hand = Some(incoming.tag);
            let Some(other) = read(&incoming) else {
                self.let_go().await?;
                continue;
            };
            if other.nonce == own {
                return Ok(());
            }
            if other.is_further_than(&self.token) {
                own = self.publish(other).await?;
            } else {
                self.let_go().await?;
            }
        }
    }

    /// What the token tells.
    pub(super) fn token(&self) -> &Token {
        &self.token
    }

    /// Replaces the token. Everything that it tells must be confirmed.
    pub(super) async fn replace(&mut self, token: Token) -> Result<(), BrokerError> {
        while self.in_hand.is_none() {
            let next = timeout(OWN_TOKEN, self.subscription.next()).await;
            let incoming = next.unwrap_or_else(|_| Err(lost()))?;
            self.in_hand = Some(incoming.tag);
            match read(&incoming) {
                Some(own) if own.nonce == self.token.nonce => {}
                // A router that does not know yet that it has lost the lane, or a first token of one that just began.
                Some(older) if older.generation < self.token.generation => self.let_go().await?,
                None => self.let_go().await?,
                Some(_) => return Err(lost()),
            }
        }
        self.publish(token).await?;
        Ok(())
    }

    /// Publishes a token, then acknowledges the one in hand; gives the nonce.
    async fn publish(&mut self, token: Token) -> Result<u64, BrokerError> {
        let token = token.copied(token.clean);
        self.amqp.publish(vec![message(&self.queue, &token)?]).await?;
        let nonce = token.nonce;
        self.token = token;
        self.let_go().await?;
        Ok(nonce)
    }

    async fn let_go(&mut self) -> Result<(), BrokerError> {
        match self.in_hand.take() {
            Some(tag) => self.subscription.acknowledge(tag, false).await,
            None => Ok(()),
        }
    }

    /// Waits until the token is lost. Nobody else may use it meanwhile. Cancel-safe.
    pub(super) async fn lost(&mut self) -> BrokerError {
        loop {
            match self.subscription.next().await {
                // One message is handed out at a time: this is the token that was published last.
                Ok(own) => self.in_hand = Some(own.tag),
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
        if clean {
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
