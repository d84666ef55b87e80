//! The whole dataflow, from a real log into views in memory.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod events;
mod exactly_once;
mod retention;
mod schedules;
mod support;
