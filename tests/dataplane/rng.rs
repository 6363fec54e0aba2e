//! Numbers that one seed determines.

use clock::Clock;

pub(crate) struct Rng(Clock);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Clock::seeded(end_to_end::beginning(), seed))
    }

    pub(crate) fn below(&self, end: usize) -> usize {
        let end = u64::try_from(end.max(1)).unwrap();
        usize::try_from(self.0.draw() % end).unwrap()
    }

    /// True so many times in a hundred.
    pub(crate) fn chance(&self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<'a, T>(&self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}
