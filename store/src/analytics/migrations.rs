//! The tables, by numbered steps. One statement per file; a file that has been released is never changed.

use super::AnalyticsError;
use clickhouse::{Client, Row};
use serde::{Deserialize, Serialize};

macro_rules! migrations {
    ($($version:literal => $name:literal),+ $(,)?) => {
        /// Version, name, statement.
        const MIGRATIONS: &[(u32, &str, &str)] = &[$(($version, $name, include_str!(concat!("migrations/", $name, ".sql")))),+];
    };
}

migrations! {
    1 => "0001_events",
    2 => "0002_sessions",
    3 => "0003_insights",
    4 => "0004_click_cells",
    5 => "0005_elements",
    6 => "0006_scroll_depth",
    7 => "0007_rollups",
    8 => "0008_outcomes",
    9 => "0009_derived_sessions",
    10 => "0010_page_events",
    11 => "0011_sessions_ended",
    12 => "0012_derived_spans",
    13 => "0013_replay_chunks",
    14 => "0014_page_snapshots",
    15 => "0015_replay_assets",
    16 => "0016_replay_progress",
    17 => "0017_element_spots",
}

/// What has been applied. A step that is noted twice (two starts at once) was harmless: every statement may run twice.
const NOTES: &str =
    "CREATE TABLE IF NOT EXISTS schema_migrations (version UInt32, name String, applied_at DateTime DEFAULT now('UTC'))
    ENGINE = MergeTree ORDER BY version SETTINGS fsync_after_insert = 1, fsync_part_directory = 1";

#[derive(Row, Serialize, Deserialize)]
struct Note {
    version: u32,
    name: String,
}

pub(super) async fn migrate(client: &Client, database: &str) -> Result<(), AnalyticsError> {
    // The database cannot be the session's before it exists. `Server` lets only plain names through.
    let create = format!("CREATE DATABASE IF NOT EXISTS `{database}`");
    client
        .clone()
        .with_database("default")
        .query_raw(&create)
        .execute()
        .await?;
    client.query_raw(NOTES).execute().await?;
    let applied: u32 = client
        .query_raw("SELECT max(version) FROM schema_migrations")
        .fetch_one()
        .await?;
    let known = MIGRATIONS.len() as u32;
    if applied > known {
        return Err(AnalyticsError::NewerDatabase { found: applied, known });
    }
    for (version, name, statement) in MIGRATIONS.iter().filter(|(version, ..)| *version > applied) {
        client.query_raw(statement).execute().await?;
        note(client, *version, name).await?;
        tracing::info!(version, name, "analytics database migrated");
    }
    Ok(())
}

async fn note(client: &Client, version: u32, name: &str) -> Result<(), AnalyticsError> {
    let mut insert = client
        .clone()
        .with_setting("async_insert", "0")
        .insert::<Note>("schema_migrations")
        .await?;
    insert
        .write(&Note {
            version,
            name: name.to_owned(),
        })
        .await?;
    Ok(insert.end().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_numbered_without_gaps() {
        for (index, (version, name, _)) in MIGRATIONS.iter().enumerate() {
            assert_eq!(*version as usize, index + 1);
            assert!(name.starts_with(&format!("{version:04}_")), "{name}");
        }
    }

    #[test]
    fn every_table_drops_what_is_sent_twice_and_is_on_the_disk_when_acknowledged() {
        for (_, name, statement) in MIGRATIONS
            .iter()
            .filter(|(.., statement)| statement.contains("CREATE TABLE"))
        {
            for setting in [
                "non_replicated_deduplication_window = 1000",
                "fsync_after_insert = 1",
                "fsync_part_directory = 1",
            ] {
                assert!(statement.contains(setting), "{name} lacks {setting}");
            }
        }
    }
}
