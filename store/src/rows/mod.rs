//! One struct per ClickHouse table: its columns, in the table's own order.
//!
//! Conventions, the same in every row:
//! - ids are UUIDs; times are UTC milliseconds since 1970 (`DateTime64(3)`); durations end in `_ms`; a `day` is the number of days
//!   since 1970-01-01 in the project's zone;
//! - a text that is not there is empty, never null;
//! - **keyed rows** ([`SessionRow`], [`InsightRow`]) carry `version`, the tick they were decided at: the newest version of a key is
//!   the row, and one with `is_deleted` = 1 takes the key away. Within one tick write only a key's final row. When a correction moves
//!   a row to another [`day`](SessionRow::key) its key changes: write the old row's [`tombstone`](SessionRow::tombstone) too;
//! - **additive rows** ([`ClickCellRow`], [`ElementRow`], [`ScrollDepthRow`], [`RollupRow`], [`OutcomeRow`]) carry differences: the view is
//!   the sum over equal keys, and a difference may be negative.

mod event;
mod heatmap;
mod insight;
mod outcome;
mod page_event;
mod replay;
mod rollup;
mod session;
mod transition;

pub use event::EventRow;
pub use heatmap::{ClickCellRow, ElementRow, ScrollDepthRow};
pub use insight::InsightRow;
pub use outcome::OutcomeRow;
pub use page_event::PageEventRow;
pub use replay::{PageSnapshotRow, ReplayAssetRow, ReplayChunkRow, ReplayProgressRow};
pub use rollup::{Counts, Dimension, Resolution, RollupRow};
pub use session::{HiddenGap, Mark, PageStep, SessionRow};
pub use transition::{SESSIONS_MAX, TransitionRow, TransitionState};

use clickhouse::{Row, RowWrite};

/// A row that stands in a table of the analytics database.
pub trait TableRow: Row + RowWrite + for<'a> Row<Value<'a> = Self> + Send + Sync + 'static {
    /// The table's name.
    const TABLE: &'static str;
}

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The UTC day a time falls on, as keys and partitions see it.
pub fn utc_day(time_ms: i64) -> i64 {
    time_ms.div_euclid(DAY_MS)
}
