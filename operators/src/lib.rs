//! The pure heart: what an event means.

pub mod event;
pub mod ids;
pub mod rules;
pub mod views;
