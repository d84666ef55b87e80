//! The pure heart: what an event means.

pub mod clock;
pub mod dead_clicks;
pub mod distinct;
pub mod episode;
pub mod error_clicks;
pub mod event;
#[cfg(test)]
mod fixture;
pub mod ids;
pub mod keyed;
pub mod lateness;
pub mod meter;
pub mod page_views;
pub mod per_tick;
pub mod rage_clicks;
pub mod rules;
mod session_view;
pub mod sessions;
pub mod summary;
pub mod views;
