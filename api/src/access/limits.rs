//! Token buckets: how often a caller may do a thing.

use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use quick_cache::sync::Cache;

/// Callers remembered; beyond it the coldest start afresh.
const CALLERS_MAX: usize = 100_000;

/// Buckets of one size, one per caller.
pub struct Limits<K> {
    buckets: Cache<K, Arc<Mutex<Bucket>>>,
    burst: u32,
    per_s: f64,
}

#[derive(Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

/// What taking a token came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    pub is_allowed: bool,
    /// Size of the bucket.
    pub limit: u32,
    /// Whole tokens left.
    pub remaining: u32,
    /// Seconds until a token is there again (at least 1 when refused).
    pub retry_after_s: u64,
    /// Seconds until the bucket is full.
    pub reset_s: u64,
}

impl<K: Eq + Hash + Clone> Limits<K> {
    pub fn new(per_s: f64, burst: u32) -> Self {
        Self {
            buckets: Cache::new(CALLERS_MAX),
            burst,
            per_s,
        }
    }

    /// Takes a token of `key`'s bucket, if there is one.
    pub fn take(&self, key: &K, now: Instant) -> Taken {
        let bucket = self.bucket(key, now);
        let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
        self.refill(&mut bucket, now);
        let is_allowed = bucket.tokens >= 1.0;
        if is_allowed {
            bucket.tokens -= 1.0;
        }
        let missing = (1.0 - bucket.tokens).max(0.0);
        Taken {
            is_allowed,
            limit: self.burst,
            remaining: bucket.tokens as u32,
            retry_after_s: ((missing / self.per_s).ceil() as u64).max(1),
            reset_s: ((f64::from(self.burst) - bucket.tokens) / self.per_s).ceil() as u64,
        }
    }

    /// Gives a token back.
    pub fn give_back(&self, key: &K, now: Instant) {
        let bucket = self.bucket(key, now);
        let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
        bucket.tokens = (bucket.tokens + 1.0).min(f64::from(self.burst));
    }

    fn bucket(&self, key: &K, now: Instant) -> Arc<Mutex<Bucket>> {
        let full = || {
            Ok::<_, std::convert::Infallible>(Arc::new(Mutex::new(Bucket {
                tokens: f64::from(self.burst),
                at: now,
            })))
        };
        match self.buckets.get_or_insert_with(key, full) {
            Ok(bucket) => bucket,
            Err(never) => match never {},
        }
    }

    fn refill(&self, bucket: &mut Bucket, now: Instant) {
        let passed_s = now.saturating_duration_since(bucket.at).as_secs_f64();
        bucket.tokens = (bucket.tokens + passed_s * self.per_s).min(f64::from(self.burst));
        bucket.at = now;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_bucket_empties_and_fills_again() {
        let limits = Limits::new(10.0, 3);
        let start = Instant::now();
        let taken: Vec<bool> = (0..4).map(|_| limits.take(&"ann", start).is_allowed).collect();
        assert_eq!(taken, [true, true, true, false]);
        assert!(limits.take(&"bob", start).is_allowed);
        assert!(limits.take(&"ann", start + Duration::from_millis(100)).is_allowed);
        assert!(!limits.take(&"ann", start + Duration::from_millis(150)).is_allowed);
    }

    #[test]
    fn a_refusal_says_when_to_come_back() {
        let limits = Limits::new(10.0 / 60.0, 10);
        let start = Instant::now();
        (0..10).for_each(|_| assert!(limits.take(&1, start).is_allowed));
        let last = limits.take(&1, start);
        assert_eq!(
            (last.is_allowed, last.remaining, last.retry_after_s, last.reset_s),
            (false, 0, 6, 60)
        );
    }

    #[test]
    fn a_token_given_back_is_there_again() {
        let limits = Limits::new(0.001, 1);
        let start = Instant::now();
        assert!(limits.take(&1, start).is_allowed);
        limits.give_back(&1, start);
        assert!(limits.take(&1, start).is_allowed);
        assert!(!limits.take(&1, start).is_allowed);
    }
}
