//! The ids of things: 128 bits each, big-endian, so that the order of the numbers is the order of their lower-case text.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::hash::{BuildHasherDefault, Hash, Hasher};

/// The dataflow's logical time, in ms.
pub type Tick = u64;

/// How often a row is in a collection, or how much more or less often.
pub type Diff = isize;

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub u128);

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:x}", self.0)
            }
        }
    )+};
}

ids! {
    ProjectId
    EventId
    SessionId
    /// One load or navigation of a page.
    ViewId
    /// A hash of (project, session, type, first event id).
    InsightId
    RuleId
}

/// A hash that is the same in every process and release: ids are made of it, and workers are chosen by it.
///
/// FNV-1a of 128 bits, then mixed so that all of its bits are good. It keeps apart things that are different by chance, not things
/// that somebody makes collide: what is hashed is always scoped to one project.
#[derive(Clone, Copy)]
pub struct StableHasher(u128);

impl Default for StableHasher {
    fn default() -> Self {
        Self(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d)
    }
}

impl StableHasher {
    /// All 128 bits.
    pub fn finish_u128(&self) -> u128 {
        let (high, low) = ((self.0 >> 64) as u64, self.0 as u64);
        let low = mix(low ^ high.rotate_left(32));
        u128::from(mix(high.wrapping_add(low))) << 64 | u128::from(low)
    }
}

impl Hasher for StableHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
    }

    fn finish(&self) -> u64 {
        self.finish_u128() as u64
    }
}

/// The 128-bit hash of the parts of an id.
pub fn stable_hash(parts: impl Hash) -> u128 {
    let mut hasher = StableHasher::default();
    parts.hash(&mut hasher);
    hasher.finish_u128()
}

/// Spreads the bits of a number (the finaliser of splitmix64).
pub(crate) fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// A hasher for keys made of ids: fast, the same everywhere, and good enough for whoever cannot choose a worker's hash map as a target.
#[derive(Clone, Copy, Default)]
pub struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            self.write_u64(rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)));
        }
    }

    fn write_u8(&mut self, bits: u8) {
        self.write_u64(u64::from(bits));
    }

    fn write_u64(&mut self, bits: u64) {
        self.0 = mix(self.0.rotate_left(5) ^ bits);
    }

    fn write_u128(&mut self, bits: u128) {
        self.write_u64(bits as u64);
        self.write_u64((bits >> 64) as u64);
    }

    fn write_isize(&mut self, bits: isize) {
        self.write_u64(bits as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Builds [`IdHasher`]s.
pub type IdHash = BuildHasherDefault<IdHasher>;

/// A hash map over keys made of ids.
pub type IdMap<K, V> = std::collections::HashMap<K, V, IdHash>;

/// Which worker a key goes to, modulo their number.
pub fn route(key: &impl Hash) -> u64 {
    let mut hasher = IdHasher::default();
    key.hash(&mut hasher);
    // The high bits: the hash maps within a worker use the low ones.
    hasher.finish() >> 32
}
