//! Recordings: what there is of a session, and the data of one chunk.

use super::{Analytics, AnalyticsError, Bounded, Scope};
use crate::recording::{self, RecordingError};
use clickhouse::Row;
use serde::Deserialize;
use uuid::Uuid;

/// Chunks of a session at most: a day and a half of one every three seconds.
const CHUNKS_MAX: usize = 50_000;

/// What is known of a chunk without its data.
#[derive(Clone, Debug, PartialEq, Eq, Row, Deserialize)]
pub struct ReplayChunk {
    #[serde(with = "clickhouse::serde::uuid")]
    pub id: Uuid,
    #[serde(with = "clickhouse::serde::uuid")]
    pub recording_id: Uuid,
    pub chunk_index: u32,
    /// On the client's clock.
    pub first_ms: i64,
    pub last_ms: i64,
    /// From the client's clock to ours, as of its batch.
    pub clock_offset_ms: i64,
    pub event_count: u32,
    pub has_full_snapshot: u8,
    pub device_type: String,
    pub received_at: i64,
    /// Of the packed data.
    pub bytes: u32,
}

/// JSON as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedJson {
    /// One frame.
    pub zstd: Vec<u8>,
    pub inflated_bytes: u32,
}

/// A picture or a font.
#[derive(Clone, Debug, PartialEq, Eq, Row, Deserialize)]
pub struct ReplayAsset {
    /// A type that holds no code.
    pub mime: String,
    #[serde(with = "serde_bytes")]
    pub data: Vec<u8>,
}

#[derive(Row, Deserialize)]
struct Stored {
    inflated_bytes: u32,
    bytes: u32,
    #[serde(with = "serde_bytes")]
    data: Vec<u8>,
    cold_key: String,
    cold_offset: u64,
}

impl PackedJson {
    pub fn unpack(&self) -> Result<Vec<u8>, RecordingError> {
        let bytes_max = usize::try_from(self.inflated_bytes).unwrap_or(usize::MAX);
        recording::decompress(&self.zstd, bytes_max)
    }
}

impl Scope {
    /// The chunks of a session: recording by recording, each in its order.
    pub async fn replay(&self, session_id: Uuid) -> Result<Bounded<ReplayChunk>, AnalyticsError> {
        let sql = format!(
            "SELECT id, recording_id, chunk_index, first_ms, last_ms, clock_offset_ms, event_count, has_full_snapshot, device_type, received_at, bytes
            FROM replay_chunks WHERE project_id = {{project:UUID}} AND session_id = {{session:UUID}}
            ORDER BY recording_id, chunk_index, first_ms, id, version DESC, received_at LIMIT 1 BY id LIMIT {CHUNKS_MAX} + 1"
        );
        let query = self.query("replay", &sql).param("session", session_id.to_string());
        Ok(Bounded::new(query.fetch_all().await?, CHUNKS_MAX))
    }

    /// The data of a session's chunk, wherever it is.
    pub async fn replay_chunk(&self, session_id: Uuid, id: Uuid) -> Result<Option<PackedJson>, AnalyticsError> {
        let sql = "SELECT inflated_bytes, bytes, data, cold_key, cold_offset FROM replay_chunks
            WHERE project_id = {project:UUID} AND session_id = {session:UUID} AND id = {id:UUID} ORDER BY version DESC LIMIT 1";
        let query = self
            .query("replay_chunk", sql)
            .param("session", session_id.to_string())
            .param("id", id.to_string());
        let Some(stored) = query.fetch_optional::<Stored>().await? else {
            return Ok(None);
        };
        let zstd = if stored.cold_key.is_empty() {
            stored.data
        } else {
            self.cold()?
                .get(&stored.cold_key, stored.cold_offset, stored.bytes)
                .await?
        };
        Ok(Some(PackedJson {
            zstd,
            inflated_bytes: stored.inflated_bytes,
        }))
    }

    /// What came with recordings under this digest.
    pub async fn replay_asset(&self, digest: [u8; 32]) -> Result<Option<ReplayAsset>, AnalyticsError> {
        let sql = "SELECT mime, data FROM replay_assets WHERE project_id = {project:UUID} AND digest = unhex({digest:String}) LIMIT 1";
        let query = self.query("replay_asset", sql).param("digest", hex::encode(digest));
        Ok(query.fetch_optional().await?)
    }
}

#[derive(Row, Deserialize)]
struct Progress {
    log_partition: u32,
    next_offset: u64,
}

impl Analytics {
    /// How far the partitions of the log's topic `replay` are in the tables: partition, next offset. It is no project's.
    pub async fn replay_progress(&self) -> Result<Vec<(u32, u64)>, AnalyticsError> {
        let sql = "SELECT log_partition, next_offset FROM replay_progress FINAL";
        let rows = self.client().query_raw(sql).fetch_all::<Progress>().await?;
        Ok(rows
            .into_iter()
            .map(|row| (row.log_partition, row.next_offset))
            .collect())
    }
}
