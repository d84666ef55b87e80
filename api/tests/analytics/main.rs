//! Analytics over HTTP on the real engine: the shapes clients rely on, who may see them, and which tables a route reads.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]

mod heatmaps;
mod insights;
mod overview;
mod replay;
mod routes;
mod samples;
mod sessions;
mod world;

#[test]
fn engine_child() {
    gosight_store::testing::engine_child();
}
