//! The server: queues, connections, and what happens to them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use musubi::broker::BrokerError;
use musubi::broker::rabbitmq::amqp::{Amqp, Outgoing};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::client::Client;
use super::queue::{Queue, Stored};

/// Which of a client's connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Line {
    Publishing,
    Consuming,
}

/// What happens by itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weather {
    /// One step of an operation in so many takes time; 0: none does.
    pub(crate) slow: u32,
    /// At one step in so many the connection is lost; 0: never.
    pub(crate) losses: u32,
    /// One part of a batch in so many is negatively confirmed; 0: never.
    pub(crate) refusals: u32,
}

impl Weather {
    /// Everything at once, nothing fails.
    pub(crate) const CALM: Self = Self { slow: 0, losses: 0, refusals: 0 };
}

/// A connection.
pub(super) struct Connection {
    client: String,
    line: Line,
    /// The server has not seen its loss.
    pub(super) at_server: bool,
    /// The client has not seen its loss.
    pub(super) at_client: bool,
}

pub(super) struct State {
    dice: StdRng,
    weather: Weather,
    /// Of who looks into a queue.
    pub(super) prefetch: u16,
    pub(super) queues: BTreeMap<String, Queue>,
    pub(super) connections: BTreeMap<u64, Connection>,
    /// Before this nobody gets a connection.
    down_until: Instant,
    /// Before this a client gets no connection.
    cut_until: BTreeMap<(String, Line), Instant>,
    blocked_until: Instant,
    last_id: u64,
}

struct Shared {
    state: Mutex<State>,
    /// A connection, or whether one may publish, has changed.
    changed: Notify,
    tasks: Mutex<JoinSet<()>>,
    start: Instant,
    /// One seed is looked at.
    is_told: bool,
}

/// A handle of the server.
#[derive(Clone)]
pub(crate) struct Server(Arc<Shared>);

impl Server {
    pub(crate) fn new(seed: u64, weather: Weather) -> Self {
        let state = State {
            dice: StdRng::seed_from_u64(seed),
            weather,
            prefetch: 1_000,
            queues: BTreeMap::new(),
            connections: BTreeMap::new(),
            down_until: Instant::now(),
            cut_until: BTreeMap::new(),
            blocked_until: Instant::now(),
            last_id: 0,
        };
        let tasks = Mutex::new(JoinSet::new());
        let (start, is_told) = (Instant::now(), std::env::var_os("MUSUBI_SEED").is_some());
        Self(Arc::new(Shared { state: Mutex::new(state), changed: Notify::new(), tasks, start, is_told }))
    }

    /// A process with a name that no other has.
    pub(crate) fn client(&self, name: &str) -> Arc<dyn Amqp> {
        Arc::new(Client::new(self.clone(), name))
    }

    pub(crate) fn set_weather(&self, weather: Weather) {
        self.state().weather = weather;
    }

    /// The prefetch of all clients; 1,000 before.
    pub(crate) fn set_prefetch(&self, prefetch: u16) {
        self.state().prefetch = prefetch;
    }

    /// What a queue holds, handed out or not; `None`: there is no such queue.
    pub(crate) fn content(&self, queue: &str) -> Option<Vec<Stored>> {
        self.state().queues.get(queue).map(Queue::content)
    }

    /// Names of all queues.
    pub(crate) fn queues(&self) -> Vec<String> {
        self.state().queues.keys().cloned().collect()
    }

    /// Registered consumers of a queue by client, the active one first.
    pub(crate) fn consumers(&self, queue: &str) -> Vec<String> {
        let state = self.state();
        let Some(queue) = state.queues.get(queue) else { return Vec::new() };
        queue.consumers.iter().map(|consumer| state.connections[&consumer.line].client.clone()).collect()
    }

    /// Loses a client's connection: the client sees it after `client`, the server after `server`, and for `away` no
    /// new one can be had.
    pub(crate) fn cut(&self, client: &str, line: Line, ends: (Duration, Duration), away: Duration) {
        let mut state = self.state();
        let until = Instant::now() + away;
        state.cut_until.insert((client.to_owned(), line), until);
        let of_client = |connection: &Connection| connection.client == client && connection.line == line;
        let lost: Vec<_> =
            state.open().filter(|(_, connection)| of_client(connection)).map(|(id, _)| id).collect();
        drop(state);
        lost.into_iter().for_each(|id| self.lose(id, ends));
    }

    /// The process of a client is gone, which the server notices after a time.
    pub(crate) fn kill(&self, client: &str, notice: Duration) {
        let state = self.state();
        let of_client = |connection: &Connection| connection.client == client;
        let lost: Vec<_> =
            state.open().filter(|(_, connection)| of_client(connection)).map(|(id, _)| id).collect();
        drop(state);
        lost.into_iter().for_each(|id| self.lose(id, (Duration::ZERO, notice)));
    }

    /// All connections are lost at once; what is in queues stays.
    pub(crate) fn restart(&self, down: Duration) {
        let mut state = self.state();
        state.down_until = Instant::now() + down;
        let lost: Vec<_> = state.open().map(|(id, _)| id).collect();
        drop(state);
        for id in lost {
            let seen = self.state().up_to(Duration::from_secs(1));
            self.lose(id, (seen, Duration::ZERO));
        }
    }

    /// Publishing waits: an alarm.
    pub(crate) fn block(&self, time: Duration) {
        self.state().blocked_until = Instant::now() + time;
    }

    /// The consumers of a queue are cancelled, as when its leader is lost.
    pub(crate) fn cancel(&self, queue: &str) {
        self.tell(|| format!("{queue}: its consumers are cancelled"));
        let mut state = self.state();
        let removed = state.queues.get_mut(queue).map(|queue| queue.remove(|_| true)).unwrap_or_default();
        let told = state.up_to(Duration::from_millis(500));
        drop(state);
        for consumer in removed {
            self.later(told, move |_| {
                *consumer.mailbox.cancelled.lock().unwrap() = true;
                consumer.mailbox.changed.notify_one();
            });
        }
    }

    /// The active consumer of a queue seems to be gone: see the module.
    pub(crate) fn suspect(&self, queue: &str) {
        self.tell(|| format!("{queue}: its consumer is suspected"));
        if let Some(queue) = self.state().queues.get_mut(queue) {
            queue.suspect();
        }
    }

    /// Deletes a queue that holds nothing; whether it did.
    pub(crate) fn delete_if_empty(&self, queue: &str) -> bool {
        let is_empty = self.content(queue).is_some_and(|content| content.is_empty());
        if is_empty {
            self.cancel(queue);
            self.state().queues.remove(queue);
        }
        is_empty
    }

    /// Tells what happens, to whoever looks at one seed.
    pub(super) fn tell(&self, what: impl FnOnce() -> String) {
        if self.0.is_told {
            println!("{:>9.3} {}", self.0.start.elapsed().as_secs_f64(), what());
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap()
    }

    /// Does something after a time, on the server's own account.
    pub(super) fn later(&self, time: Duration, work: impl FnOnce(&Self) + Send + 'static) {
        if time.is_zero() || tokio::runtime::Handle::try_current().is_err() {
            return work(self);
        }
        let server = self.clone();
        self.spawn(async move {
            sleep(time).await;
            work(&server);
        });
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.0.tasks.lock().unwrap();
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }

    /// A step of an operation: takes time, or none.
    pub(super) async fn step(&self) {
        let time = self.state().delay();
        if !time.is_zero() {
            sleep(time).await;
        }
    }

    /// Loses a connection at one step in many.
    pub(super) fn gamble(&self, id: u64) {
        let mut state = self.state();
        let losses = state.weather.losses;
        if state.one_in(losses) {
            let short = (state.up_to(Duration::from_millis(200)), state.up_to(Duration::from_millis(200)));
            let ends = match state.dice.random_range(0..4) {
                0 => (Duration::ZERO, Duration::ZERO),
                1 => short,
                2 => (state.up_to(Duration::from_secs(5)), Duration::ZERO),
                _ => (Duration::ZERO, state.up_to(Duration::from_secs(5))),
            };
            drop(state);
            self.lose(id, ends);
        }
    }

    /// Loses a connection; its ends see it after the times given.
    fn lose(&self, id: u64, (client, server): (Duration, Duration)) {
        self.later(server, move |server| server.close_at_server(id));
        self.later(client, move |server| server.close_at_client(id));
    }

    fn close_at_server(&self, id: u64) {
        let mut state = self.state();
        let Connection { client, line, .. } = &state.connections[&id];
        self.tell(|| format!("{client} {line:?} {id}: the server sees that it is lost"));
        state.connections.get_mut(&id).unwrap().at_server = false;
        for queue in state.queues.values_mut() {
            queue.remove(|consumer| consumer.line == id);
        }
        self.0.changed.notify_waiters();
    }

    fn close_at_client(&self, id: u64) {
        self.tell(|| format!("connection {id}: the client sees that it is lost"));
        self.state().connections.get_mut(&id).unwrap().at_client = false;
        self.0.changed.notify_waiters();
    }

    /// A connection of a client, as soon as one can be had.
    pub(super) async fn connect(&self, client: &str, line: Line) -> u64 {
        loop {
            let until = {
                let mut state = self.state();
                let own = |connection: &Connection| connection.client == client && connection.line == line;
                let open =
                    state.connections.iter().rfind(|(_, connection)| connection.at_client && own(connection));
                if let Some((id, _)) = open {
                    return *id;
                }
                let cut = state.cut_until.get(&(client.to_owned(), line)).copied();
                let until = cut.map_or(state.down_until, |cut| cut.max(state.down_until));
                if until <= Instant::now() {
                    let id = state.next_id();
                    let client = client.to_owned();
                    let connection = Connection { client, line, at_server: true, at_client: true };
                    state.connections.insert(id, connection);
                    return id;
                }
                until
            };
            tokio::time::sleep_until(until).await;
        }
    }

    /// Waits until the client sees the loss of a connection.
    pub(super) async fn lost(&self, id: u64) -> BrokerError {
        loop {
            let changed = self.0.changed.notified();
            if !self.state().connections[&id].at_client {
                return away();
            }
            changed.await;
        }
    }

    /// Takes over a batch that a client sent, and answers it.
    pub(super) fn transfer(
        &self,
        id: u64,
        batch: Vec<Outgoing>,
    ) -> oneshot::Receiver<Result<(), BrokerError>> {
        let (answer, answered) = oneshot::channel();
        let server = self.clone();
        self.spawn(async move {
            let result = server.take(id, batch).await;
            server.step().await;
            server.gamble(id);
            let reaches = server.state().connections[&id].at_server;
            match result {
                // The client may be gone by now, and hears nothing.
                Some(result) if reaches => drop(answer.send(result)),
                _ => {}
            }
        });
        answered
    }

    /// Takes a batch, queue by queue in parts. `None`: the connection was lost.
    async fn take(&self, id: u64, batch: Vec<Outgoing>) -> Option<Result<(), BrokerError>> {
        let mut parts: BTreeMap<String, Vec<Outgoing>> = BTreeMap::new();
        for message in batch {
            parts.entry(message.queue.clone()).or_default().push(message);
        }
        let mut result = Ok(());
        while !parts.is_empty() {
            self.step().await;
            self.gamble(id);
            self.unblocked(id).await;
            let mut state = self.state();
            if !state.connections[&id].at_server {
                return None;
            }
            let mut taken = Vec::new();
            if let Err(refused) = state.take_part(&mut parts, &mut taken) {
                self.tell(|| format!("{} {refused}", state.connections[&id].client));
                result = Err(refused);
            }
            taken
                .iter()
                .for_each(|what| self.tell(|| format!("{} -> {what}", state.connections[&id].client)));
        }
        Some(result)
    }

    async fn unblocked(&self, id: u64) {
        loop {
            let changed = self.0.changed.notified();
            let until = {
                let state = self.state();
                if state.blocked_until <= Instant::now() || !state.connections[&id].at_server {
                    return;
                }
                state.blocked_until
            };
            tokio::select! {
                biased;
                () = changed => {}
                () = tokio::time::sleep_until(until) => {}
            }
        }
    }
}

impl State {
    fn one_in(&mut self, many: u32) -> bool {
        many > 0 && self.dice.random_ratio(1, many)
    }

    pub(super) fn up_to(&mut self, most: Duration) -> Duration {
        self.dice.random_range(Duration::ZERO..=most)
    }

    /// Mostly none, mostly short, seldom long.
    pub(super) fn delay(&mut self) -> Duration {
        let slow = self.weather.slow;
        if !self.one_in(slow) {
            return Duration::ZERO;
        }
        let most = match self.dice.random_range(0..20) {
            0 => 3_000,
            1..=4 => 100,
            _ => 10,
        };
        self.up_to(Duration::from_millis(most))
    }

    pub(super) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Connections whose loss neither or one side has seen.
    fn open(&self) -> impl Iterator<Item = (u64, &Connection)> {
        let open = |connection: &&Connection| connection.at_server || connection.at_client;
        self.connections.iter().map(|(id, connection)| (*id, connection)).filter(move |(_, c)| open(c))
    }

    /// One queue takes a part of what is there for it, or refuses all of it.
    fn take_part(
        &mut self,
        parts: &mut BTreeMap<String, Vec<Outgoing>>,
        taken: &mut Vec<String>,
    ) -> Result<(), BrokerError> {
        let names: Vec<_> = parts.keys().cloned().collect();
        let name = names.choose(&mut self.dice).unwrap();
        let refusals = self.weather.refusals;
        let is_refused = self.one_in(refusals);
        let Some(queue) = self.queues.get_mut(name).filter(|_| !is_refused) else {
            parts.remove(name);
            return Err(BrokerError::Refused { what: format!("messages to {name}") });
        };
        let part = parts.get_mut(name).unwrap();
        let count = if self.weather.slow > 0 && self.dice.random_ratio(1, 4) {
            self.dice.random_range(1..=part.len())
        } else {
            part.len()
        };
        for message in part.drain(..count) {
            taken.push(format!("{name} {}", brief(&message)));
            queue.push(message);
        }
        queue.hand_out();
        if part.is_empty() {
            parts.remove(name);
        }
        Ok(())
    }
}

fn brief(message: &Outgoing) -> String {
    match &message.header {
        Some(header) => {
            let number = header.number;
            format!("{}:{} lane {} {}", number.series, number.sequence, header.lane.0, header.envelope.id)
        }
        None => String::from_utf8_lossy(&message.body).into_owned(),
    }
}

pub(super) fn away() -> BrokerError {
    BrokerError::Away { what: "the connection".into() }
}
