//! Recordings: from the topic `replay` into their tables. At least once, and what comes again collapses.
//!
//! ```text
//! records ──▶ rows ──▶ chunks, page snapshots, assets inserted ──▶ progress inserted ──▶ records trimmed
//!                                                             │ ▲ recordings-inserted (fail point)
//!                                                             └─▶ live bus: who follows these sessions may read on
//! ```
//! Progress stands in the database of the rows, so that whoever loses the one loses the other and gets both again. A crash before it is
//! written inserts the same rows once more: a chunk is the same by its event's id, a snapshot and an asset by their keys.
//!
//! No part of the graph: a recording decides nothing, and its bytes would only be carried along. That a session has one is said by its events.

mod batches;
mod lately;
mod rows;

use crate::{DataflowError, telemetry};
use batches::{Batch, Batches};
use gosight_log::Log;
use gosight_store::analytics::{Analytics, AnalyticsError, InsertError};
use gosight_store::live::Bus;
use gosight_store::rows::TableRow;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

/// Fail point between the inserted rows and their progress. Action `return` aborts the process there.
pub const RECORDINGS_INSERTED: &str = "recordings-inserted";

/// From the start of one write to that of the next, at least; and so many times what the first took, as commits do, up to:
const WRITE_EVERY_MIN: Duration = Duration::from_millis(400);
const WRITE_TIMES_MIN: u32 = 3;
const WRITE_EVERY_MAX: Duration = Duration::from_secs(2);
/// How often it is looked for something to write, when there was nothing: who follows a session waits for it.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Waits between attempts while the database is away: doubling from the first to the last.
const RETRY_AFTER_MIN: Duration = Duration::from_millis(100);
const RETRY_AFTER_MAX: Duration = Duration::from_secs(5);

/// Writes until the task is dropped, at any time: whatever was under way is written by the next process.
///
/// # Errors
/// The log's, when it cannot be read; the database's, when it refuses rows for good.
pub async fn write_recordings(analytics: Analytics, log: Arc<dyn Log>, bus: Bus) -> Result<(), DataflowError> {
    let progress = retried(|| async { Ok(analytics.replay_progress().await?) }).await?;
    let mut batches = blocking(move || Batches::open(log, &progress)).await?;
    loop {
        let started = Instant::now();
        let (batch, rest) = blocking(move || batches.next()).await?;
        batches = rest;
        write(&analytics, &batch, &bus).await?;
        if !batch.is_full {
            let pace = if batch.progress.is_empty() {
                LOOK_EVERY
            } else {
                (started.elapsed() * WRITE_TIMES_MIN).clamp(WRITE_EVERY_MIN, WRITE_EVERY_MAX)
            };
            sleep_until(started + pace).await;
        }
    }
}

async fn write(analytics: &Analytics, batch: &Batch, bus: &Bus) -> Result<(), DataflowError> {
    if batch.progress.is_empty() {
        return Ok(());
    }
    // The same for every attempt, and for nothing else ever: the engine drops what it already has.
    let token = Uuid::new_v4();
    tokio::try_join!(
        insert(analytics, &batch.chunks, token),
        insert(analytics, &batch.snapshots, token),
        insert(analytics, &batch.assets, token),
    )?;
    if !batch.chunks.is_empty() {
        let sessions = batch.chunks.iter().map(|chunk| (chunk.project_id, chunk.session_id));
        bus.publish_recorded(sessions.collect());
    }
    fail::fail_point!(RECORDINGS_INSERTED, |_| std::process::abort());
    insert(analytics, &batch.progress, token).await?;
    telemetry::recorded(&batch.chunks);
    Ok(())
}

async fn insert<R: TableRow>(analytics: &Analytics, rows: &[R], token: Uuid) -> Result<(), DataflowError> {
    let token = format!("{}/{token}", R::TABLE);
    retried(|| async { Ok(analytics.insert(rows, &token).await?) }).await
}

/// What to do about something that failed.
enum Failure {
    /// The database is away or busy: the same may succeed in a moment.
    Passing(String),
    Lasting(String),
}

async fn retried<T, F>(attempt: impl Fn() -> F) -> Result<T, DataflowError>
where
    F: Future<Output = Result<T, Failure>>,
{
    let mut retry_after = RETRY_AFTER_MIN;
    loop {
        match attempt().await {
            Ok(done) => return Ok(done),
            Err(Failure::Lasting(reason)) => return Err(DataflowError::Recordings(reason)),
            Err(Failure::Passing(reason)) => {
                tracing::warn!(%reason, "recordings wait to be written");
                telemetry::recordings_retried();
            }
        }
        sleep(retry_after).await;
        retry_after = (retry_after * 2).min(RETRY_AFTER_MAX);
    }
}

/// The log's files and the unpacking of pages are no work for async threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, DataflowError> + Send + 'static,
) -> Result<T, DataflowError> {
    let work = tokio::task::spawn_blocking(work).await;
    work.map_err(|error| DataflowError::Worker(format!("the writer of recordings: {error}")))?
}

impl From<InsertError> for Failure {
    fn from(error: InsertError) -> Self {
        if error.is_retriable() {
            Self::Passing(error.to_string())
        } else {
            Self::Lasting(error.to_string())
        }
    }
}

impl From<AnalyticsError> for Failure {
    fn from(error: AnalyticsError) -> Self {
        match error {
            AnalyticsError::Unavailable(_) | AnalyticsError::TooExpensive(_) => Self::Passing(error.to_string()),
            AnalyticsError::NewerDatabase { .. }
            | AnalyticsError::Cold(_)
            | AnalyticsError::Broken
            | AnalyticsError::Refused(_) => Self::Lasting(error.to_string()),
        }
    }
}
