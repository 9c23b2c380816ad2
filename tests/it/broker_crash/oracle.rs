//! What must be in a broker after everything that was asked of it and heard from it.

use bytes::Bytes;
use musubi::broker::{BrokerError, Delivery};

/// A body that belongs to `id`.
pub(crate) fn body(id: &str, bytes: usize) -> Bytes {
    let mut body = id.repeat(bytes / id.len() + 1).into_bytes();
    body.truncate(bytes);
    body.into()
}

/// What a caller asked for: all of it is to happen, or nothing.
#[derive(Debug, Clone)]
pub(crate) struct Transaction {
    /// Lane and how many to settle.
    pub(crate) settle: Option<(usize, u64)>,
    /// Lanes, name and length of the body.
    pub(crate) messages: Vec<(Vec<usize>, String, usize)>,
}

#[derive(Debug, Clone, Default)]
struct Strand {
    settled: u64,
    /// Everything ever published to the lane: name and length of the body.
    messages: Vec<(String, usize)>,
}

impl Strand {
    fn live(&self) -> &[(String, usize)] {
        &self.messages[self.settled as usize..]
    }
}

#[derive(Debug)]
pub(crate) struct Oracle {
    strands: Vec<Strand>,
    /// Transactions that failed, or were under way, since the last one that succeeded. After a crash each of them
    /// may have come true.
    unsure: Vec<Transaction>,
}

impl Oracle {
    pub(crate) fn new(lanes: usize) -> Self {
        Self { strands: vec![Strand::default(); lanes], unsure: Vec::new() }
    }

    /// Takes in what the caller of a transaction heard.
    pub(crate) fn heard(&mut self, transaction: Transaction, result: &Result<(), BrokerError>) {
        match result {
            Ok(()) => {
                // The broker goes on only from a known state: whatever failed before did not happen.
                self.unsure.clear();
                self.apply(&transaction);
            }
            Err(BrokerError::Store { .. }) => self.unsure.push(transaction),
            Err(error) => panic!("{error}"),
        }
    }

    fn apply(&mut self, transaction: &Transaction) {
        if let Some((lane, count)) = transaction.settle {
            self.strands[lane].settled += count;
        }
        for (to, id, bytes) in &transaction.messages {
            to.iter().for_each(|lane| self.strands[*lane].messages.push((id.clone(), *bytes)));
        }
    }

    /// Messages of a lane that are not settled.
    pub(crate) fn waiting(&self, lane: usize) -> u64 {
        self.strands[lane].live().len() as u64
    }

    /// Messages left in the queue of `lane` once all its lanes up to this one are settled.
    pub(crate) fn waiting_after(&self, lane: usize) -> u64 {
        let end = if lane < 3 { 3 } else { 5 };
        (lane + 1..end).map(|lane| self.waiting(lane)).sum()
    }

    /// What a consumer with `open` deliveries received.
    pub(crate) fn compare_received(&self, lane: usize, open: u64, taken: &[Delivery]) {
        let strand = &self.strands[lane];
        same(strand.settled + open, &strand.live()[open as usize..][..taken.len()], taken);
    }

    /// What a reopened broker shows of each lane: first finds out which unsure transactions came true, by a trace
    /// of each, and then demands that everything is just as if they, whole, had succeeded.
    pub(crate) fn compare(&mut self, found: &[Vec<Delivery>]) {
        let unsure = std::mem::take(&mut self.unsure);
        let (publishing, settling): (Vec<_>, Vec<_>) =
            unsure.into_iter().partition(|transaction| !transaction.messages.is_empty());
        for transaction in publishing {
            let (to, id, _) = &transaction.messages[0];
            if found[to[0]].iter().any(|delivery| delivery.envelope.id == *id) {
                self.apply(&transaction);
            }
        }
        for transaction in settling {
            let (lane, count) = transaction.settle.unwrap();
            let strand = &self.strands[lane];
            let first = found[lane].first().map_or(strand.messages.len() as u64, |first| first.sequence - 1);
            if first == strand.settled + count {
                self.apply(&transaction);
            }
        }
        for (strand, found) in self.strands.iter().zip(found) {
            same(strand.settled, strand.live(), found);
        }
    }
}

fn same(settled: u64, expected: &[(String, usize)], found: &[Delivery]) {
    let expected: Vec<_> =
        (settled + 1..).zip(expected).map(|(n, (id, bytes))| (n, id.as_str(), *bytes)).collect();
    let shown = |delivery: &Delivery| (delivery.sequence, delivery.envelope.id.clone(), delivery.body.len());
    let seen: Vec<_> = found.iter().map(shown).collect();
    let seen: Vec<_> = seen.iter().map(|(n, id, bytes)| (*n, id.as_str(), *bytes)).collect();
    assert_eq!(seen, expected);
    assert!(found.iter().all(|delivery| delivery.body == body(&delivery.envelope.id, delivery.body.len())));
}
