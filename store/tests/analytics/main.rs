//! The analytics database on the real engine: every insert and every query.
#![expect(clippy::unwrap_used, reason = "tests")]

mod deletions;
mod heatmaps;
mod insert;
mod insights;
mod isolation;
mod keeping;
mod migrations;
mod overview;
mod replay;
mod samples;
mod sessions;
mod totals;
mod whole_filter;

#[test]
fn engine_child() {
    gosight_store::testing::engine_child();
}
