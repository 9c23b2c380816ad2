//! A fair draw of so many, whatever the number there is (Vitter 1985, algorithm R). The same seed draws the same.

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

/// What was drawn so far.
pub(super) struct Sample<T> {
    drawn: Vec<T>,
    size: usize,
    seen: usize,
    random: StdRng,
}

impl<T> Sample<T> {
    /// A draw of `size`.
    pub(super) fn new(size: usize, seed: u64) -> Self {
        Self { drawn: Vec::new(), size, seen: 0, random: StdRng::seed_from_u64(seed) }
    }

    /// Offers one more.
    pub(super) fn offer(&mut self, one: T) {
        self.seen += 1;
        if self.drawn.len() < self.size {
            return self.drawn.push(one);
        }
        let place = self.random.random_range(0..self.seen);
        if let Some(drawn) = self.drawn.get_mut(place) {
            *drawn = one;
        }
    }

    /// The draw.
    pub(super) fn into_drawn(self) -> Vec<T> {
        self.drawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(size: usize, seed: u64, of: usize) -> Vec<usize> {
        let mut sample = Sample::new(size, seed);
        (0..of).for_each(|one| sample.offer(one));
        sample.into_drawn()
    }

    #[test]
    fn a_seed_draws_the_same_and_everyone_may_be_drawn() {
        assert_eq!(draw(5, 7, 1000), draw(5, 7, 1000));
        assert_ne!(draw(5, 7, 1000), draw(5, 8, 1000));
        assert_eq!(draw(5, 7, 3), [0, 1, 2]);
        let mut drawn = [0; 10];
        (0..1000).flat_map(|seed| draw(3, seed, 10)).for_each(|one| drawn[one] += 1);
        assert!(drawn.iter().all(|count| (220..380).contains(count)), "{drawn:?}");
    }
}
