//! Values of one resolution, of the last so many steps.

use std::collections::BTreeMap;
use std::sync::Arc;

/// What is not 0, by name.
pub(super) type Values = BTreeMap<Arc<str>, f64>;

/// Whether a series is a depth, of which the highest counts, and not a number of events, which are added up.
pub(super) fn is_level(name: &str) -> bool {
    name.ends_with("/depth")
}

/// One resolution. A step in which nothing was counted is not there; a name that is not in a step was 0.
pub(super) struct Tier {
    step: i64,
    most: usize,
    slots: BTreeMap<i64, Values>,
}

impl Tier {
    /// So many steps of so many seconds.
    pub(super) const fn new(step: i64, most: usize) -> Self {
        Self { step, most, slots: BTreeMap::new() }
    }

    pub(super) const fn step(&self) -> i64 {
        self.step
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    const fn slot(&self, at: i64) -> i64 {
        at - at.rem_euclid(self.step)
    }

    pub(super) fn add(&mut self, at: i64, values: &Values) {
        let slot = self.slots.entry(self.slot(at)).or_default();
        for (name, value) in values.iter().filter(|(_, value)| **value != 0.0) {
            let known = slot.entry(name.clone()).or_default();
            *known = if is_level(name) { known.max(*value) } else { *known + value };
        }
        while self.slots.len() > self.most {
            self.slots.pop_first();
        }
    }

    /// When each step up to now began, oldest first.
    pub(super) fn times(&self, now: i64) -> Vec<i64> {
        let most = i64::try_from(self.most).unwrap_or(i64::MAX);
        (0..most).rev().map(|back| self.slot(now) - back * self.step).collect()
    }

    /// The values of those steps: a depth as it is, events as so many a minute.
    pub(super) fn values(&self, name: &str, now: i64) -> Vec<Option<f64>> {
        let value = |at: &i64| {
            let value = self.slots.get(at)?.get(name).copied().unwrap_or_default();
            // Of the last step only a part is over.
            let seconds = self.step.min(now - at).max(10);
            #[expect(clippy::cast_precision_loss, reason = "an hour at most")]
            let minutes = seconds as f64 / 60.0;
            Some(if is_level(name) { value } else { (value / minutes * 100.0).round() / 100.0 })
        };
        self.times(now).iter().map(value).collect()
    }
}
