//! The pure heart: what an event means.
//!
//! Events are a collection, and every view is a function of it: sessions and their insights, heatmaps, rollups, live figures, alert conditions. Here is
//! the whole of their meaning, as timely and differential operators. Here is no clock, no IO, no async, no wire format and no SQL: ticks come in
//! as data, rows go out as `(row, tick, diff)`.
//!
//! ```text
//!                                                            ┌▶ insights ─────┬──────────────┬──────────┐
//!   events ─▶ distinct ─▶ fresh ─▶ sessions (keyed operator) ┼▶ sessions ─────┼────┬─────────┼──────────┤
//!                │          │                                └▶ depths ─▶ scroll_depth      │          │
//!                ▼          └─ shared ─▶ click_cells, elements, rollups, live, facts ─▶ windows ⋈ rules ─▶ alerts
//!           duplicates
//! ```
//!
//! Where to start: [`rage_clicks`], which is a page long; then [`episode`], why judging a piece of a session is enough; [`sessions`], where they meet;
//! [`keyed`] and [`per_tick`], what it all stands on.
//!
//! - An insight is a file with a pure function from an [`Episode`](episode::Episode) to what it found, tests at its foot.
//! - A view that adds up keeps nothing ([`fold`]); a view by key keeps what its file says it keeps ([`keyed`]).
//! - Nothing depends on the order in which events come, on how ticks cut them, or on how many workers there are.

pub mod alerts;
pub mod click_cells;
pub mod clock;
pub mod dead_clicks;
pub mod distinct;
pub mod elements;
pub mod episode;
pub mod error_clicks;
pub mod event;
pub mod facts;
#[cfg(test)]
mod fixture;
pub mod fold;
mod heatmap;
pub mod ids;
mod insights;
mod judge;
pub mod keyed;
pub mod lateness;
pub mod live;
pub mod meter;
mod open_since;
pub mod page_events;
pub mod page_views;
pub mod per_tick;
pub mod rage_clicks;
pub mod rollups;
pub mod rules;
pub mod scroll_depth;
mod session_view;
pub mod sessions;
pub mod summary;
pub mod views;
pub mod windows;
