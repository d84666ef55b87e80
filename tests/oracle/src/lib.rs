//! The views of GoSight, computed from scratch and by brute force: a second specification, written straight from the definitions.
//!
//! Tests convert what they sent into [`OracleEvent`]s and compare a view with what these functions say it must be. Nothing here is
//! shared with the rooms it checks, neither code nor numbers: thresholds stand here once more, as the definitions name them.
//! Nothing here is fast, incremental, or aware of arrival order: every function looks at the whole set, quadratically if need be.
//!
//! From the log to the views:
//! 1. [`intake::corrected`]: batches in log order → events with corrected times;
//! 2. [`intake::split_late`]: what is later than the horizon is in no view;
//! 3. [`intake::first_seen`]: of the events with one id, the first in log order;
//! 4. everything else: functions of that *set*.
//!
//! Start with [`rage_clicks()`].

mod alerts;
mod dead_clicks;
mod error_clicks;
mod event;
mod heatmaps;
pub mod intake;
mod live;
mod rage_clicks;
mod rollups;
mod sessions;

pub use alerts::{
    AlertRule, Comparison, Facet, GroupTransition, Metric, TransitionState, transitions, value_at, values_at,
};
pub use dead_clicks::dead_clicks;
pub use error_clicks::error_clicks;
pub use event::{Click, Day, Insight, OracleEvent, Payload, SessionKey, Thresholds, sessions_of};
pub use heatmaps::{CellCounts, ClickCell, Depth, Element, click_cells, elements, scroll_depth};
pub use live::{LiveNow, live_now};
pub use rage_clicks::rage_clicks;
pub use rollups::{Bucket, Counts, rollups};
pub use sessions::{Session, sessions};
