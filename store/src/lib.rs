//! The store: the only room that speaks SQL.
//!
//! It keeps three things. [`analytics`] is the ClickHouse database of events and views: one file per view with its queries, all of them scoped to
//! one project by `analytics::Scope`. [`meta`] is the metadata of the product: users, projects, keys, alert rules. [`live`] is the bus
//! that carries each tick's changes past the database to whoever watches. [`deletions`] finishes in analytics what was deleted in metadata.
//! [`keeping`] moves what was recorded to the [`cold`] store as it ages, and deletes it when a project keeps it no longer.
//! [`recording`] says what a recording's data may be.
//! [`engine`] runs the ClickHouse that analytics speaks to, as a supervised child process of our own binary.
//!
//! Start with [`rows`], the shape of every table, then [`analytics`]. The store knows no HTTP route and derives no view: what a query returns is
//! what the dataflow wrote, added up.

pub mod analytics;
pub mod cold;
pub mod deletions;
pub mod engine;
pub mod keeping;
pub mod live;
pub mod meta;
pub mod recording;
pub mod rows;
// Always there: with a feature for it, everything above the store would be built once for the binary and once more for the tests.
pub mod testing;

#[cfg(test)]
#[test]
fn engine_child() {
    testing::engine_child();
}
