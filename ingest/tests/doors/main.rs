//! The front door over real sockets: every door, every row of the table of bad input, every reason.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on must fail"
)]

mod bad_input;
mod events;
mod harness;
mod mmdb;
mod policy;
mod replay;
mod same_record;
