//! What was written a while ago and need not be written again: a page looks the same to a thousand visitors.

use std::collections::HashMap;
use std::hash::Hash;

/// Written again when it comes again after so long: what is newest stays new, and does not age away while it is in use.
const AGAIN_AFTER_MS: i64 = 10 * 60 * 1000;

/// Keys remembered, a KiB each at most. Beyond it all are forgotten, and written once more.
const KEYS_MAX: usize = 20_000;

pub(super) struct Lately<K> {
    written_ms: HashMap<K, i64>,
}

impl<K> Default for Lately<K> {
    fn default() -> Self {
        Self {
            written_ms: HashMap::new(),
        }
    }
}

impl<K: Hash + Eq> Lately<K> {
    /// Whether it is to be written, which it then has been.
    pub(super) fn is_new(&mut self, key: K, now_ms: i64) -> bool {
        if self
            .written_ms
            .get(&key)
            .is_some_and(|at_ms| now_ms - at_ms < AGAIN_AFTER_MS)
        {
            return false;
        }
        if self.written_ms.len() >= KEYS_MAX {
            self.written_ms.clear();
        }
        self.written_ms.insert(key, now_ms);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_once_in_a_while() {
        let mut lately = Lately::default();
        assert!(lately.is_new("/shop", 0));
        assert!(lately.is_new("/cart", 1));
        assert!(!lately.is_new("/shop", AGAIN_AFTER_MS - 1));
        assert!(lately.is_new("/shop", AGAIN_AFTER_MS));
        assert!(!lately.is_new("/shop", AGAIN_AFTER_MS + 1));
    }

    #[test]
    fn it_forgets_rather_than_grow() {
        let mut lately = Lately::default();
        assert!((0..=KEYS_MAX).all(|key| lately.is_new(key, 0)));
        assert_eq!(lately.written_ms.len(), 1);
    }
}
