//! The client's side: what the hub sees of the server.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use musubi::broker::rabbitmq::amqp::{Amqp, Count, Incoming, Outgoing, Subscription};
use musubi::broker::{BrokerError, topology};

use super::queue::{Mailbox, Queue};
use super::server::{Line, Server, State, away};

/// Who looks into a queue waits so long to become its active consumer.
const TURN: Duration = Duration::from_millis(500);

pub(super) struct Client {
    server: Server,
    name: String,
}

impl Client {
    pub(super) fn new(server: Server, name: &str) -> Self {
        Self { server, name: name.into() }
    }

    /// Asks on the consuming connection, which no alarm blocks.
    async fn ask<T>(
        &self,
        work: impl FnOnce(&mut State, u64) -> Result<T, BrokerError>,
    ) -> Result<T, BrokerError> {
        let server = &self.server;
        let line = server.connect(&self.name, Line::Consuming).await;
        server.step().await;
        server.gamble(line);
        let answer = {
            let mut state = server.state();
            if state.connections[&line].at_server { Some(work(&mut state, line)) } else { None }
        };
        server.step().await;
        match answer {
            Some(answer) if server.state().connections[&line].at_client => answer,
            Some(_) => Err(away()),
            None => Err(server.lost(line).await),
        }
    }
}

fn find<'a>(state: &'a mut State, queue: &str) -> Result<&'a mut Queue, BrokerError> {
    let refused = || BrokerError::Refused { what: format!("queue {queue}, which is not there") };
    state.queues.get_mut(queue).ok_or_else(refused)
}

#[async_trait]
impl Amqp for Client {
    async fn declare(&self, queue: &str) -> Result<(), BrokerError> {
        self.ask(|state, _| {
            state.queues.entry(queue.to_owned()).or_default();
            Ok(())
        })
        .await
    }

    async fn publish(&self, batch: Vec<Outgoing>) -> Result<(), BrokerError> {
        let line = self.server.connect(&self.name, Line::Publishing).await;
        let answered = self.server.transfer(line, batch);
        tokio::select! {
            biased;
            lost = self.server.lost(line) => Err(lost),
            Ok(result) = answered => result,
        }
    }

    async fn consume(&self, queue: &str, prefetch: u16) -> Result<Box<dyn Subscription>, BrokerError> {
        let registered = self
            .ask(|state, line| {
                let id = state.next_id();
                let mailbox = find(state, queue)?.register(id, line, prefetch);
                self.server.tell(|| format!("{} consumes {queue} as {id}", self.name));
                let server = self.server.clone();
                // Made here, so that a call that is dropped leaves no consumer behind.
                Ok(Consumer { server, queue: queue.into(), id, line, mailbox, closed: false })
            })
            .await?;
        Ok(Box::new(registered))
    }

    async fn follow(&self, stream: &str, _: u16) -> Result<Box<dyn Subscription>, BrokerError> {
        Err(BrokerError::Refused { what: format!("{stream}: the model has no streams") })
    }

    async fn count(&self, queue: &str) -> Result<Count, BrokerError> {
        self.ask(|state, _| {
            // Of those that wait for their turn the server says nothing.
            let most = if topology::Queue::named(queue).has_single_active_consumer() { 1 } else { u32::MAX };
            let queue = find(state, queue)?;
            let (ready, consumers) = (queue.ready().count() as u64, queue.consumers.len() as u32);
            Ok(Count { ready, consumers: consumers.min(most) })
        })
        .await
    }

    /// As the wire must do it: these queues can be looked into by a consumer only, which leaves what it saw behind.
    async fn peek(&self, queue: &str, most: usize) -> Result<Vec<Incoming>, BrokerError> {
        let ready = usize::try_from(self.count(queue).await?.ready).unwrap();
        let prefetch = self.server.state().prefetch;
        let most = most.min(ready).min(prefetch.into());
        let mut seen = Vec::new();
        if most == 0 {
            return Ok(seen);
        }
        let mut subscription = self.consume(queue, prefetch).await?;
        while seen.len() < most {
            match tokio::time::timeout(TURN, subscription.next()).await {
                Ok(next) => seen.push(next?),
                Err(_) => break,
            }
        }
        subscription.close().await;
        Ok(seen)
    }
}

struct Consumer {
    server: Server,
    queue: String,
    id: u64,
    line: u64,
    mailbox: Arc<Mailbox>,
    closed: bool,
}

impl Consumer {
    fn is_over(&self) -> bool {
        *self.mailbox.cancelled.lock().unwrap() || !self.server.state().connections[&self.line].at_client
    }

    /// Removes the consumer, after what it sent before. Over a connection that is lost the server hears nothing of it.
    fn remove(server: &Server, queue: &str, line: u64, id: u64) {
        let mut state = server.state();
        if !state.connections[&line].at_client {
            return;
        }
        server.tell(|| format!("{id} leaves {queue}"));
        if let Some(queue) = state.queues.get_mut(queue) {
            queue.acknowledgements_arrive(id);
            queue.remove(|consumer| consumer.id == id);
        }
    }
}

#[async_trait]
impl Subscription for Consumer {
    async fn next(&mut self) -> Result<Incoming, BrokerError> {
        self.server.step().await;
        loop {
            if self.is_over() {
                return Err(away());
            }
            if let Some(message) = self.mailbox.come.lock().unwrap().pop_front() {
                let Incoming { tag, redelivered, header, body } = &message;
                self.server.tell(|| match header {
                    Some(h) => format!(
                        "{} <- {} tag {tag} {redelivered} {}:{} {}",
                        self.id, self.queue, h.number.series, h.number.sequence, h.envelope.id
                    ),
                    None => format!(
                        "{} <- {} tag {tag} {redelivered} {}",
                        self.id,
                        self.queue,
                        String::from_utf8_lossy(body)
                    ),
                });
                return Ok(message);
            }
            tokio::select! {
                biased;
                lost = self.server.lost(self.line) => return Err(lost),
                () = self.mailbox.changed.notified() => {}
            }
        }
    }

    async fn acknowledge(&mut self, tag: u64, and_all_before: bool) -> Result<(), BrokerError> {
        self.server.step().await;
        self.server.gamble(self.line);
        if self.is_over() {
            return Err(away());
        }
        let (queue, id) = (self.queue.clone(), self.id);
        self.server.tell(|| format!("{id} acknowledges {queue} {tag} {and_all_before}"));
        let travel = {
            let mut state = self.server.state();
            if let Some(queue) = state.queues.get_mut(&queue) {
                queue.send_acknowledgement(id, tag, and_all_before);
            }
            state.delay()
        };
        self.server.later(travel, move |server| {
            if let Some(queue) = server.state().queues.get_mut(&queue) {
                queue.acknowledgements_arrive(id);
            }
        });
        Ok(())
    }

    async fn close(mut self: Box<Self>) {
        self.server.step().await;
        Self::remove(&self.server, &self.queue, self.line, self.id);
        self.closed = true;
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        if self.closed {
            return;
        }
        let (queue, line, id) = (std::mem::take(&mut self.queue), self.line, self.id);
        let travel = self.server.state().delay().min(Duration::from_secs(1));
        self.server.later(travel, move |server| Self::remove(server, &queue, line, id));
    }
}
