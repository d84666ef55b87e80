//! What becomes of recordings as they age: first their data goes to the cold store, later all of it goes.
//!
//! When the first happens is the installation's to say, when the second each project's. Both go by whole days; doing it again changes nothing, and
//! what a crash left undone is done the next time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use metrics::{counter, describe_counter};

use crate::analytics::{Analytics, AnalyticsError, Moved};
use crate::meta::{Meta, MetaError};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// How often what has grown old is looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(3_600);
/// How long to wait for a database or a store that is not there.
const RETRY_AFTER: Duration = Duration::from_secs(60);

const MOVED_CHUNKS: &str = "gosight_cold_chunks_moved_total";
const MOVED_BYTES: &str = "gosight_cold_bytes_moved_total";

/// Why a sweep did not get through; the next one takes up what is left.
#[derive(Debug, thiserror::Error)]
pub enum KeepingError {
    #[error(transparent)]
    Meta(#[from] MetaError),
    #[error(transparent)]
    Analytics(#[from] AnalyticsError),
}

/// The keeping of recordings.
pub struct Keeping {
    meta: Meta,
    analytics: Analytics,
    /// None: all stays in the database.
    cold_after_days: Option<u16>,
}

impl Keeping {
    /// `analytics` knows the cold store.
    pub fn new(meta: Meta, analytics: Analytics, cold_after_days: Option<u16>) -> Self {
        describe_counter!(
            MOVED_CHUNKS,
            "Chunks of recordings whose data was moved to the cold store"
        );
        describe_counter!(MOVED_BYTES, "Bytes of these chunks");
        Self {
            meta,
            analytics,
            cold_after_days,
        }
    }

    /// Sweeps as often as it takes; never returns. May be dropped at any time.
    pub async fn run(self) {
        loop {
            let pause = match self.sweep(now_ms()).await {
                Ok(Moved { chunks: 0, .. }) => SWEEP_EVERY,
                Ok(moved) => {
                    tracing::info!(?moved, "old recordings were moved to the cold store");
                    SWEEP_EVERY
                }
                Err(error) => {
                    tracing::warn!(%error, "old recordings could not be moved or deleted yet");
                    RETRY_AFTER
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Deletes what no project keeps any more, and moves what is old to the cold store.
    ///
    /// # Errors
    /// A database or the store is not there; what is left stays as it was.
    pub async fn sweep(&self, now_ms: i64) -> Result<Moved, KeepingError> {
        for (project_id, days) in self.meta.replay_days().await? {
            let before_ms = kept_from_ms(now_ms, days);
            self.analytics.expire_recordings(project_id, before_ms).await?;
        }
        let Some(days) = self.cold_after_days else {
            return Ok(Moved::default());
        };
        let moved = self.analytics.move_to_cold(now_ms - i64::from(days) * DAY_MS).await?;
        counter!(MOVED_CHUNKS).increment(moved.chunks);
        counter!(MOVED_BYTES).increment(moved.bytes);
        Ok(moved)
    }
}

/// Whose recordings are kept for so many days has those that were received from this moment on: whole UTC days.
pub fn kept_from_ms(now_ms: i64, days: u16) -> i64 {
    (now_ms - i64::from(days) * DAY_MS).div_euclid(DAY_MS) * DAY_MS
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
