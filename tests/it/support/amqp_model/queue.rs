//! One quorum queue with single active consumer.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use musubi::broker::rabbitmq::amqp::{Header, Incoming, Outgoing};
use tokio::sync::Notify;

/// A message in a queue.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) header: Option<Header>,
    pub(crate) body: Bytes,
    redelivered: bool,
}

/// What has come to the client's side of a subscription.
#[derive(Default)]
pub(super) struct Mailbox {
    pub(super) come: Mutex<VecDeque<Incoming>>,
    pub(super) changed: Notify,
    /// The client was told that the server cancelled it.
    pub(super) cancelled: Mutex<bool>,
}

/// A registered consumer.
pub(super) struct Registered {
    pub(super) id: u64,
    /// Its connection.
    pub(super) line: u64,
    pub(super) mailbox: Arc<Mailbox>,
    prefetch: usize,
    /// Handed out and not acknowledged, by delivery tag.
    unacknowledged: BTreeMap<u64, Stored>,
    last_tag: u64,
    /// Acknowledgements that are still on their way.
    under_way: Vec<(u64, bool)>,
}

impl Registered {
    fn acknowledge(&mut self, tag: u64, and_all_before: bool) {
        assert!(tag <= self.last_tag, "the server never gave the tag {tag}: it closes the channel");
        if and_all_before {
            self.unacknowledged = self.unacknowledged.split_off(&(tag + 1));
        } else {
            self.unacknowledged.remove(&tag);
        }
    }
}

#[derive(Default)]
pub(super) struct Queue {
    messages: VecDeque<Stored>,
    /// Given back; handed out first.
    returned: VecDeque<Stored>,
    /// In order of registration; the first is active.
    pub(super) consumers: Vec<Registered>,
}

impl Queue {
    pub(super) fn push(&mut self, message: Outgoing) {
        self.messages.push_back(Stored { header: message.header, body: message.body, redelivered: false });
    }

    /// Gives the active consumer what its prefetch allows.
    pub(super) fn hand_out(&mut self) {
        let Some(active) = self.consumers.first_mut() else { return };
        while active.prefetch == 0 || active.unacknowledged.len() < active.prefetch {
            let Some(message) = self.returned.pop_front().or_else(|| self.messages.pop_front()) else {
                return;
            };
            active.last_tag += 1;
            active.mailbox.come.lock().unwrap().push_back(message.incoming(active.last_tag));
            active.unacknowledged.insert(active.last_tag, message);
            active.mailbox.changed.notify_one();
        }
    }

    pub(super) fn register(&mut self, id: u64, line: u64, prefetch: u16) -> Arc<Mailbox> {
        let mailbox = Arc::new(Mailbox::default());
        self.consumers.push(Registered {
            id,
            line,
            mailbox: Arc::clone(&mailbox),
            prefetch: prefetch.into(),
            unacknowledged: BTreeMap::new(),
            last_tag: 0,
            under_way: Vec::new(),
        });
        self.hand_out();
        mailbox
    }

    fn find(&mut self, id: u64) -> Option<&mut Registered> {
        self.consumers.iter_mut().find(|consumer| consumer.id == id)
    }

    /// An acknowledgement is on its way. Nobody, where the consumer is no longer registered, hears it.
    pub(super) fn send_acknowledgement(&mut self, id: u64, tag: u64, and_all_before: bool) {
        if let Some(consumer) = self.find(id) {
            consumer.under_way.push((tag, and_all_before));
        }
    }

    /// What acknowledgements of a consumer are on their way arrive.
    pub(super) fn acknowledgements_arrive(&mut self, id: u64) {
        if let Some(consumer) = self.find(id) {
            for (tag, and_all_before) in std::mem::take(&mut consumer.under_way) {
                consumer.acknowledge(tag, and_all_before);
            }
        }
        self.hand_out();
    }

    /// Removes consumers; what they had goes back.
    pub(super) fn remove(&mut self, which: impl Fn(&Registered) -> bool) -> Vec<Registered> {
        let removed: Vec<_> = self.consumers.extract_if(.., |consumer| which(consumer)).collect();
        for consumer in &removed {
            self.give_back(consumer.unacknowledged.values().cloned().collect());
        }
        self.hand_out();
        removed
    }

    /// Takes from the active consumer what it has, without a word to it, and puts it behind the others.
    pub(super) fn suspect(&mut self) {
        if self.consumers.len() < 2 {
            return;
        }
        let mut suspect = self.consumers.remove(0);
        let had = std::mem::take(&mut suspect.unacknowledged);
        self.give_back(had.into_values().collect());
        self.consumers.push(suspect);
        self.hand_out();
    }

    fn give_back(&mut self, messages: Vec<Stored>) {
        self.returned.extend(messages.into_iter().map(|message| Stored { redelivered: true, ..message }));
    }

    /// Not with a consumer, in the order in which they would be handed out.
    pub(super) fn ready(&self) -> impl Iterator<Item = &Stored> {
        self.returned.iter().chain(&self.messages)
    }

    /// Everything: what consumers have first.
    pub(super) fn content(&self) -> Vec<Stored> {
        let handed_out = self.consumers.iter().flat_map(|consumer| consumer.unacknowledged.values());
        handed_out.chain(self.ready()).cloned().collect()
    }
}

impl Stored {
    pub(super) fn incoming(&self, tag: u64) -> Incoming {
        let Self { header, body, redelivered } = self.clone();
        Incoming { tag, redelivered, header, body }
    }
}
