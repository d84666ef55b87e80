//! Where the graph's rows go: gathered from all workers per tick, shown at once, written in commits.

mod clickhouse;
mod commit;
mod gather;
mod live;

pub use clickhouse::ClickHouseSink;
pub use commit::{COMMIT_BEGUN, COMMIT_INSERTED};
pub(crate) use commit::{Committer, resume};
pub(crate) use gather::{Gatherer, TickPart};
pub(crate) use live::LiveBus;

use crate::{Commit, Rows};

/// Takes commits: ClickHouse and the alert outbox in the product, memory in tests, a counter in benchmarks.
pub trait ViewSink: Send + 'static {
    /// Writes all of a commit's rows, or fails. It may be called again with the same commit and the same rows, in this process or in
    /// a later one, whatever became of the first call: the rows must then be there once. Blocks.
    ///
    /// # Errors
    /// See [`SinkError`].
    fn write(&mut self, commit: &Commit, rows: &Rows) -> Result<(), SinkError>;
}

/// What to do about rows that were not written.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The store is away or busy: the same call may succeed in a moment.
    #[error("{0}")]
    Retry(String),
    /// The store will never take these rows.
    #[error("{0}")]
    Poison(String),
}
