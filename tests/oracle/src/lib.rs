//! The views of GoSight, computed from scratch and by brute force: a second specification, written straight from the definitions.
//!
//! Tests convert what they sent into [`OracleEvent`]s and compare a view with what these functions say it must be. Nothing here is
//! shared with the rooms it checks, neither code nor numbers: thresholds stand here once more, as the definitions name them.
//! Nothing here is fast, incremental, or aware of arrival order: every function looks at the whole set, quadratically if need be.
//!
//! From the log to the views:
//! 1. [`intake::corrected`]: batches in log order → events with corrected times;
//! 2. [`intake::split_late`]: what is further than the horizon from its tick, before it or after it, is in no view;
//! 3. [`intake::first_seen`]: of the events with one id, the first in log order;
//! 4. everything else: functions of that *set*.
//!
//! Start with [`rage_clicks()`].
//!
//! # Where the definitions leave room
//! Readings chosen here; whoever changes one changes the product:
//! - a visitor's events without a session id that are *more* than 30 minutes apart are two sessions; clock skew is then per visitor;
//! - a session is entered by its first page view and left by its last; without one, by the first and last event that names a page;
//! - before the first identify, the user is the one that the newest batch names; an identify without a user says nothing;
//! - a click on a textarea or a select is never dead, whatever the SDK says of it; which inputs are text-like only the SDK knows;
//! - a centroid may be rounded either way;
//! - clients that send no view id have one page view per session and path;
//! - rollups by country, device, browser and system: an event by its own, a session by its own; a text not known is a value, the empty one;
//! - a session by a clock that is a little fast is live;
//! - alert facts of sessions stand at the session's start, on the page it was entered by; a group has a value while something in the window
//!   belongs to it; a mean is over all reports, of a page load and of web vitals alike;
//! - of a session, clicks are judged by what is before its 10 001st click, its 10 001st error and its 50 001st response; a click whose window is not all
//!   before that is not dead;
//! - of more than 10 000 page views of a session, those with the least view ids have a depth;
//! - a session id that is silent for longer than the horizon and the gap, then comes again, starts a new count: the same id, a second row if on another day.
//!   What was forgotten is a matter of ticks, so the functions here do not know it: they are asked about sessions that are never silent so long;
//! - an event whose time is further ahead of its tick than the horizon is late too; a late event is late however often it comes, and is no duplicate.

mod alerts;
mod dead_clicks;
mod error_clicks;
mod event;
mod evidence;
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
