//! The product's sink: rows go to ClickHouse, alert transitions to the metadata outbox.

use super::{SinkError, ViewSink};
use crate::{Commit, Rows};
use gosight_store::analytics::{Analytics, InsertError};
use gosight_store::meta::{Meta, MetaError};
use gosight_store::rows::TableRow;
use tokio::runtime::Handle;

/// Writes to the databases that `runtime` drives.
pub struct ClickHouseSink {
    analytics: Analytics,
    meta: Meta,
    runtime: Handle,
}

impl ClickHouseSink {
    pub fn new(analytics: Analytics, meta: Meta, runtime: Handle) -> Self {
        Self {
            analytics,
            meta,
            runtime,
        }
    }

    async fn insert<R: TableRow>(&self, commit: &Commit, rows: &[R]) -> Result<(), SinkError> {
        Ok(self.analytics.insert(rows, &token(R::TABLE, commit)).await?)
    }

    async fn write_all(&self, commit: &Commit, rows: &Rows) -> Result<(), SinkError> {
        tokio::try_join!(
            self.insert(commit, &rows.events),
            self.insert(commit, &rows.sessions),
            self.insert(commit, &rows.insights),
            self.insert(commit, &rows.click_cells),
            self.insert(commit, &rows.elements),
            self.insert(commit, &rows.scroll_depth),
            self.insert(commit, &rows.rollups),
            self.insert(commit, &rows.page_events),
            self.insert(commit, &rows.outcomes),
        )?;
        // Last, so that who is told of an alert finds what caused it. A transition is there once by its own id.
        let now_ms = i64::try_from(commit.last_tick).unwrap_or(i64::MAX);
        Ok(self.meta.record_transitions(&rows.transitions, now_ms).await?)
    }
}

impl ViewSink for ClickHouseSink {
    fn write(&mut self, commit: &Commit, rows: &Rows) -> Result<(), SinkError> {
        self.runtime.block_on(self.write_all(commit, rows))
    }
}

/// What the engine knows a table's part of a commit by.
fn token(table: &str, commit: &Commit) -> String {
    let Commit {
        first_tick,
        last_tick,
        schema,
    } = commit;
    format!("{table}/{first_tick}-{last_tick}/{schema}")
}

impl From<InsertError> for SinkError {
    fn from(error: InsertError) -> Self {
        if error.is_retriable() {
            Self::Retry(error.to_string())
        } else {
            Self::Poison(error.to_string())
        }
    }
}

impl From<MetaError> for SinkError {
    fn from(error: MetaError) -> Self {
        Self::Retry(format!("alert outbox: {error}"))
    }
}
