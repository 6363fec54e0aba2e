//! The random state behind a clock: seeded for tests, from the system otherwise.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

/// A random number generator whose sequence the seed determines. A clone continues with the same sequence.
#[derive(Debug, Clone)]
pub struct Random(fastrand::Rng);

impl Random {
    /// A generator with this seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    pub(crate) fn from_system() -> Self {
        // The standard library seeds its hash maps from the operating system. Two processes that start in the same
        // nanosecond must not draw the same nonces.
        Self::seeded(RandomState::new().build_hasher().finish())
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.0.u64(..)
    }

    /// A number from 0 up to, but not including, 1.
    pub fn fraction(&mut self) -> f64 {
        self.0.f64()
    }

    pub(crate) fn uuid(&mut self) -> String {
        let bits = (self.0.u128(..) & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
        let hex = format!("{bits:032x}");
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}
