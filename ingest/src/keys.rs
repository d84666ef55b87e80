//! Project keys: looked up by their SHA-256, remembered for a few seconds, and how fast each may send.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use gosight_proto::limits;
use gosight_store::meta::{IngestKey, Meta};
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use crate::reason::Refusal;

/// How long an answer of the metadata holds. A change made through this process is seen at once.
const REMEMBERED_MAX: Duration = Duration::from_secs(5);
/// Valid keys remembered; more only means more look-ups.
const VALID_KEYS_MAX: usize = 10_000;
/// Unknown keys remembered, apart from the valid ones so that guessing cannot push those out.
const UNKNOWN_KEYS_MAX: usize = 10_000;

type KeyHash = [u8; 32];

/// A valid key with what it may still send.
pub(crate) struct OpenKey {
    pub(crate) key: IngestKey,
    bucket: Arc<Mutex<Bucket>>,
}

impl OpenKey {
    /// Takes so many events out of the key's allowance.
    pub(crate) fn admit(&self, events: usize) -> Result<(), Refusal> {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        bucket
            .take(
                events as f64,
                f64::from(self.key.rate_limit_events_per_s),
                Instant::now(),
            )
            .map_err(|retry_after| Refusal::RateLimited { retry_after })
    }
}

#[derive(Clone)]
struct Remembered<T> {
    value: T,
    epoch: u64,
    until: Instant,
}

/// The project keys that open the door.
pub(crate) struct Keys {
    meta: Meta,
    remembered_max: Duration,
    changes: watch::Receiver<u64>,
    valid: Cache<KeyHash, Remembered<Arc<OpenKey>>>,
    unknown: Cache<KeyHash, Remembered<()>>,
}

impl Keys {
    pub(crate) fn new(meta: Meta) -> Self {
        Self::remembering(meta, REMEMBERED_MAX)
    }

    fn remembering(meta: Meta, remembered_max: Duration) -> Self {
        let changes = meta.access_changed();
        Self {
            meta,
            remembered_max,
            changes,
            valid: Cache::new(VALID_KEYS_MAX),
            unknown: Cache::new(UNKNOWN_KEYS_MAX),
        }
    }

    /// The key of this text. Only its hash is compared and remembered, so timing tells nothing about keys.
    pub(crate) async fn open(&self, text: &str) -> Result<Arc<OpenKey>, Refusal> {
        if !is_key(text) {
            return Err(Refusal::Unauthenticated);
        }
        let hash: KeyHash = Sha256::digest(text).into();
        let epoch = *self.changes.borrow();
        let now = Instant::now();
        let known = self.valid.get(&hash);
        if let Some(known) = &known
            && known.is_fresh(epoch, now)
        {
            return Ok(known.value.clone());
        }
        if self
            .unknown
            .get(&hash)
            .is_some_and(|unknown| unknown.is_fresh(epoch, now))
        {
            return Err(Refusal::Unauthenticated);
        }
        // A key that is only old stays good while one request looks it up again, and when that fails.
        let old = known
            .as_ref()
            .filter(|known| known.epoch == epoch)
            .map(|known| known.value.clone());
        if let Some(old) = &old {
            self.remember(hash, old.clone(), epoch);
        }
        match self.look_up(&hash).await {
            Ok(Some(key)) => {
                let bucket = known.map_or_else(Arc::default, |known| known.value.bucket.clone());
                let key = Arc::new(OpenKey { key, bucket });
                self.remember(hash, key.clone(), epoch);
                Ok(key)
            }
            Ok(None) => {
                self.valid.remove(&hash);
                self.unknown.insert(
                    hash,
                    Remembered {
                        value: (),
                        epoch,
                        until: now + self.remembered_max,
                    },
                );
                Err(Refusal::Unauthenticated)
            }
            Err(refusal) => old.ok_or(refusal),
        }
    }

    fn remember(&self, hash: KeyHash, value: Arc<OpenKey>, epoch: u64) {
        self.valid.insert(
            hash,
            Remembered {
                value,
                epoch,
                until: Instant::now() + self.remembered_max,
            },
        );
    }

    async fn look_up(&self, hash: &KeyHash) -> Result<Option<IngestKey>, Refusal> {
        self.meta.ingest_key(hash).await.map_err(|error| {
            tracing::error!(%error, "a project key could not be looked up");
            Refusal::Unavailable {
                reason: "keys cannot be checked".to_owned(),
                retry_after: Duration::from_secs(1),
            }
        })
    }
}

impl<T> Remembered<T> {
    fn is_fresh(&self, epoch: u64, now: Instant) -> bool {
        self.epoch == epoch && now < self.until
    }
}

fn is_key(text: &str) -> bool {
    limits::KEY_CHARS.contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// A token bucket that holds one second's worth. A full bucket passes any batch and may go into debt by it, so that a key
/// slower than its batches still sends, only seldom.
#[derive(Default)]
struct Bucket {
    filled: Option<(f64, Instant)>,
}

impl Bucket {
    /// Takes `events`, or says how long until they can be taken.
    fn take(&mut self, events: f64, per_s: f64, now: Instant) -> Result<(), Duration> {
        let tokens = match self.filled {
            Some((tokens, at)) => (tokens + now.saturating_duration_since(at).as_secs_f64() * per_s).min(per_s),
            None => per_s,
        };
        let needed = events.min(per_s);
        if tokens < needed {
            self.filled = Some((tokens, now));
            return Err(Duration::from_secs_f64(((needed - tokens) / per_s).clamp(0.0, 3600.0)));
        }
        self.filled = Some((tokens - events, now));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use gosight_store::meta::{NewKey, NewProject, NewUser, Permission, Settings};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn keys_are_plain_and_of_the_right_length() {
        for (text, good) in [
            ("gs_0123456789-ABC", true),
            ("too_short", false),
            ("a key with spaces in it", false),
            (&"k".repeat(128), true),
            (&"k".repeat(129), false),
        ] {
            assert_eq!(is_key(text), good, "{text}");
        }
    }

    #[test]
    fn a_bucket_passes_its_rate_and_says_when_there_is_more() {
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let mut bucket = Bucket::default();
        assert_eq!(bucket.take(100.0, 100.0, at(0)), Ok(()));
        assert_eq!(bucket.take(50.0, 100.0, at(0)), Err(Duration::from_millis(500)));
        assert_eq!(bucket.take(50.0, 100.0, at(500)), Ok(()));
        assert!(bucket.take(1.0, 100.0, at(500)).is_err());
    }

    #[test]
    fn a_batch_larger_than_the_bucket_passes_once_and_is_paid_for() {
        let start = Instant::now();
        let mut bucket = Bucket::default();
        assert_eq!(bucket.take(50.0, 10.0, start), Ok(()));
        assert_eq!(bucket.take(50.0, 10.0, start), Err(Duration::from_secs(5)));
        assert_eq!(bucket.take(50.0, 10.0, start + Duration::from_secs(5)), Ok(()));
    }

    const KEY: &str = "test_key_0123456789";

    async fn meta(folder: &tempfile::TempDir) -> (Meta, Uuid, Uuid) {
        let meta = Meta::open_file(&folder.path().join("meta.db")).await.unwrap();
        let user = NewUser {
            email: "owner@shop.example",
            name: "Owner",
            password_hash: "",
        };
        let owner = meta.create_first_user(user, 0).await.unwrap().id;
        let project = NewProject {
            slug: "shop",
            name: "Shop",
            allowed_domains: &[],
            settings: &Settings::default(),
            owner,
        };
        let project_id = meta.create_project(&project, 0).await.unwrap().id;
        let key = NewKey {
            project_id,
            name: "web",
            key_sha256: Sha256::digest(KEY).into(),
            prefix: "test",
            permission: Permission::Write,
            rate_limit_events_per_s: 10,
        };
        let key_id = meta.create_key(&key, 0).await.unwrap().id;
        (meta, project_id, key_id)
    }

    #[tokio::test]
    async fn a_key_stays_good_while_the_metadata_fails_and_keeps_its_allowance() {
        let folder = tempfile::tempdir().unwrap();
        let (meta, ..) = meta(&folder).await;
        let keys = Keys::remembering(meta.clone(), Duration::ZERO);
        keys.open(KEY).await.unwrap().admit(10).unwrap();
        assert!(
            keys.open(KEY).await.unwrap().admit(10).is_err(),
            "looked up again, and still empty"
        );
        meta.close().await;
        assert!(keys.open(KEY).await.is_ok());
        let unknown = keys.open("unknown_key_0123456789").await;
        assert!(matches!(unknown, Err(Refusal::Unavailable { .. })));
    }

    #[tokio::test]
    async fn a_change_is_seen_however_long_keys_are_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let (meta, project_id, key_id) = meta(&folder).await;
        let keys = Keys::remembering(meta.clone(), Duration::from_secs(3600));
        assert!(keys.open(KEY).await.is_ok());
        meta.revoke_key(project_id, key_id, 1).await.unwrap();
        assert!(matches!(keys.open(KEY).await, Err(Refusal::Unauthenticated)));
    }
}
