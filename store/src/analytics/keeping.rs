//! The age of recordings: rows that lose their data to the cold store, and rows that go. Days are UTC days of receipt, and move whole.
//!
//! ```text
//! a session's chunks of a day ──▶ object, durable ──▶ rows of version 1, without data ──▶ partition merged: version 0 is gone
//! ```
//! Whatever instant it ends at, each chunk is readable: by its first version until the second one is there, which names what is durable. What was
//! left undone is found by looking for version 0 the next time.

use super::{Analytics, AnalyticsError, InsertError};
use crate::cold::{ColdError, ColdStore};
use crate::rows::ReplayChunkRow;
use chrono::{DateTime, NaiveDate};
use clickhouse::{Client, Row};
use serde::Deserialize;
use std::time::Duration;
use uuid::Uuid;

/// Of one object; a chunk more may come on top.
const OBJECT_BYTES_MAX: usize = 16 << 20;
/// Sessions looked up at a time.
const SESSIONS_AT_ONCE: usize = 500;
/// How long one statement may take: a day of recordings is read, or its parts are written anew.
const STATEMENT_MAX: Duration = Duration::from_secs(600);
/// How much memory it may use, in bytes.
const MEMORY_MAX_BYTES: &str = "500000000";
/// A picture is sent once by a browser and spoken of for as long as its session lasts: it outlives the chunk it came with.
const ASSETS_LONGER_MS: i64 = 2 * 24 * 60 * 60 * 1000;

/// What a pass over old recordings did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    pub chunks: u64,
    pub objects: u64,
    pub bytes: u64,
}

#[derive(Row, Deserialize)]
struct Day {
    /// Days since 1970.
    day: u16,
}

#[derive(Row, Deserialize)]
struct Session {
    #[serde(with = "clickhouse::serde::uuid")]
    project_id: Uuid,
    #[serde(with = "clickhouse::serde::uuid")]
    session_id: Uuid,
}

impl Analytics {
    /// Deletes what was recorded for a project before the day that `before_ms` is in, objects too.
    ///
    /// # Errors
    /// Some of it may still be there: do it again.
    pub async fn expire_recordings(&self, project_id: Uuid, before_ms: i64) -> Result<(), AnalyticsError> {
        let Some(before) = day_of(before_ms) else {
            return Ok(());
        };
        let start_ms = start_of(before);
        for (table, before_ms) in [
            ("replay_chunks", start_ms),
            ("page_snapshots", start_ms),
            ("replay_assets", start_ms - ASSETS_LONGER_MS),
        ] {
            let condition = format!(
                "project_id = toUUID('{project_id}') AND received_at < fromUnixTimestamp64Milli({before_ms}, 'UTC')"
            );
            self.delete_from(table, &condition).await?;
        }
        // After the rows that name them.
        if let Some(cold) = &self.cold {
            for day in cold.days(project_id).await?.into_iter().filter(|day| *day < before) {
                cold.delete_day(project_id, day).await?;
            }
        }
        Ok(())
    }

    /// Moves the data of what was recorded before the day that `before_ms` is in to the cold store.
    ///
    /// # Errors
    /// The rest stays where it is: do it again.
    pub async fn move_to_cold(&self, before_ms: i64) -> Result<Moved, AnalyticsError> {
        let cold = self.cold.as_ref().ok_or(ColdError::Missing)?;
        let mut moved = Moved::default();
        let Some(before) = day_of(before_ms) else {
            return Ok(moved);
        };
        for day in self.hot_days(before).await? {
            loop {
                let sessions = self.hot_sessions(day).await?;
                for session in &sessions {
                    self.move_session(cold, day, session, &mut moved).await?;
                }
                if sessions.len() < SESSIONS_AT_ONCE {
                    break;
                }
            }
            self.merge_day(day).await?;
        }
        Ok(moved)
    }

    /// Days before this one of which version 0 of some row is there, whether or not it counts.
    async fn hot_days(&self, before: NaiveDate) -> Result<Vec<NaiveDate>, AnalyticsError> {
        let sql = "SELECT DISTINCT toUInt16(toDate(received_at)) AS day FROM replay_chunks
            WHERE toDate(received_at) < toDate({before:String}) AND version = 0 ORDER BY day";
        let query = self.keeper().query_raw(sql).param("before", before.to_string());
        let days = query.fetch_all::<Day>().await?;
        let day = |row: Day| NaiveDate::from_epoch_days(i32::from(row.day));
        Ok(days.into_iter().filter_map(day).collect())
    }

    async fn hot_sessions(&self, day: NaiveDate) -> Result<Vec<Session>, AnalyticsError> {
        let sql = format!(
            "SELECT DISTINCT project_id, session_id FROM replay_chunks FINAL
            WHERE toDate(received_at) = toDate({{day:String}}) AND version = 0 LIMIT {SESSIONS_AT_ONCE}"
        );
        let query = self.keeper().query_raw(&sql).param("day", day.to_string());
        Ok(query.fetch_all().await?)
    }

    async fn move_session(
        &self,
        cold: &ColdStore,
        day: NaiveDate,
        session: &Session,
        moved: &mut Moved,
    ) -> Result<(), AnalyticsError> {
        let sql = "SELECT * FROM replay_chunks FINAL
            WHERE project_id = {project:UUID} AND session_id = {session:UUID} AND toDate(received_at) = toDate({day:String}) AND version = 0
            ORDER BY recording_id, chunk_index, id";
        let query = self
            .keeper()
            .query_raw(sql)
            .param("project", session.project_id.to_string())
            .param("session", session.session_id.to_string())
            .param("day", day.to_string());
        let mut rows = query.fetch::<ReplayChunkRow>()?;
        let mut object = Object::default();
        while let Some(row) = rows.next().await? {
            object.add(row);
            if object.data.len() >= OBJECT_BYTES_MAX {
                self.move_object(cold, day, std::mem::take(&mut object), moved).await?;
            }
        }
        self.move_object(cold, day, object, moved).await
    }

    async fn move_object(
        &self,
        cold: &ColdStore,
        day: NaiveDate,
        mut object: Object,
        moved: &mut Moved,
    ) -> Result<(), AnalyticsError> {
        let Some(first) = object.rows.first() else {
            return Ok(());
        };
        let key = ColdStore::key(first.project_id, day, first.session_id, first.id);
        object.rows.iter_mut().for_each(|row| row.cold_key.clone_from(&key));
        let bytes = object.data.len();
        cold.put(&key, object.data.into()).await?;
        self.insert(&object.rows, &format!("cold/{}", Uuid::new_v4())).await?;
        moved.objects += 1;
        moved.chunks += object.rows.len() as u64;
        moved.bytes += bytes as u64;
        Ok(())
    }

    /// Gives back the space of what has moved.
    async fn merge_day(&self, day: NaiveDate) -> Result<(), AnalyticsError> {
        let sql = format!("OPTIMIZE TABLE replay_chunks PARTITION '{day}' FINAL");
        let client = self.client();
        let merge = client.query_raw(&sql).execute();
        let merged = tokio::time::timeout(STATEMENT_MAX, merge).await;
        Ok(merged.map_err(|_| AnalyticsError::Unavailable(format!("merging {day} takes too long")))??)
    }

    /// For statements over all projects: bounded, with more time than a reader has.
    fn keeper(&self) -> Client {
        self.client()
            .with_setting("max_execution_time", STATEMENT_MAX.as_secs().to_string())
            .with_setting("max_memory_usage", MEMORY_MAX_BYTES)
            .with_setting("max_threads", "1")
            // A chunk that came again on another day is a row of that day's.
            .with_setting("do_not_merge_across_partitions_select_final", "1")
            // Version 1 of a row must be read for version 0 not to count.
            .with_setting("use_skip_indexes_if_final", "0")
    }
}

/// An object in the making, and the rows that will name it.
#[derive(Default)]
struct Object {
    data: Vec<u8>,
    rows: Vec<ReplayChunkRow>,
}

impl Object {
    fn add(&mut self, mut row: ReplayChunkRow) {
        row.cold_offset = self.data.len() as u64;
        row.version = 1;
        self.data.append(&mut row.data);
        self.rows.push(row);
    }
}

impl From<InsertError> for AnalyticsError {
    fn from(error: InsertError) -> Self {
        if error.is_retriable() {
            Self::Unavailable(error.to_string())
        } else {
            Self::Refused(error.to_string())
        }
    }
}

fn day_of(ms: i64) -> Option<NaiveDate> {
    DateTime::from_timestamp_millis(ms).map(|time| time.date_naive())
}

fn start_of(day: NaiveDate) -> i64 {
    day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis()
}
