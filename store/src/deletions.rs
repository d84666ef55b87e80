//! What deleting a project leaves to do: its rows in the analytics database.
//!
//! [`Meta::delete_project`] notes the deletion in its own transaction, and [`Deletions::run`] works the notes off: at start, on change, and again after
//! whatever stood in the way. Once is not enough: events that were on their way are still committed, and what the dataflow remembers of a
//! session can speak up to a day later. So a note stays, and its project's rows are looked for, until the views are complete
//! to [`SETTLED_MS`] after the deletion.

use std::time::Duration;

use crate::analytics::{Analytics, AnalyticsError};
use crate::live::Bus;
use crate::meta::{Meta, MetaError};

/// Nothing of a deleted project comes out of the dataflow after this: twice the horizon, which is all it remembers.
pub const SETTLED_MS: i64 = 48 * 60 * 60 * 1000;
/// How often rows that came after a deletion are looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(3_600);
/// How long to wait for a database that is not there.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// Why a sweep did not get through; the next one takes up what is left.
#[derive(Debug, thiserror::Error)]
pub enum DeletionError {
    #[error(transparent)]
    Meta(#[from] MetaError),
    #[error(transparent)]
    Analytics(#[from] AnalyticsError),
}

/// The deletions under way.
pub struct Deletions {
    meta: Meta,
    analytics: Analytics,
    bus: Bus,
}

impl Deletions {
    pub fn new(meta: Meta, analytics: Analytics, bus: Bus) -> Self {
        Self { meta, analytics, bus }
    }

    /// Sweeps as often as it takes; never returns. May be dropped at any time.
    pub async fn run(self) {
        let mut changed = self.meta.deletions_changed();
        loop {
            changed.mark_unchanged();
            let pause = match self.sweep().await {
                Ok(()) => SWEEP_EVERY,
                Err(error) => {
                    tracing::warn!(%error, "rows of deleted projects could not be deleted yet");
                    RETRY_AFTER
                }
            };
            tokio::select! {
                _ = changed.changed() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Deletes what there is of every deleted project, and finishes the deletions after which nothing can come.
    ///
    /// # Errors
    /// A database is not there; the deletions stay noted.
    pub async fn sweep(&self) -> Result<(), DeletionError> {
        for deletion in self.meta.deletions().await? {
            let complete_to_ms = self.bus.complete_to_ms();
            self.analytics.delete_project(deletion.project_id).await?;
            if complete_to_ms > deletion.deleted_at_ms.saturating_add(SETTLED_MS) {
                self.meta.deletion_finished(deletion.project_id).await?;
            }
        }
        Ok(())
    }
}
