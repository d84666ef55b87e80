//! Recordings: what there is of a session, and the data of a run of chunks.

use std::ops::RangeInclusive;

use super::{Analytics, AnalyticsError, Bounded, Scope};
use crate::recording::{self, RecordingError};
use clickhouse::Row;
use serde::Deserialize;
use uuid::Uuid;

/// Chunks of a session at most: a day and a half of one every three seconds.
const CHUNKS_MAX: usize = 50_000;
/// Chunks of a run at most: what a seek needs from a checkpoint on is half of it.
pub const RUN_CHUNKS_MAX: usize = 32;
/// JSON of a run at most, and at least one chunk: it is in memory whole.
pub const RUN_BYTES_MAX: u64 = 16 << 20;

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

/// Consecutive chunks of a recording. One that is broken is left out, as one that is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplayRun {
    pub chunks: Vec<RunChunk>,
    /// The index of the first that did not fit.
    pub next: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunChunk {
    pub id: Uuid,
    pub packed: PackedJson,
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
    #[serde(with = "clickhouse::serde::uuid")]
    id: Uuid,
    chunk_index: u32,
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

    /// Whether it is one frame from its first byte to its last, so that another may follow it.
    fn is_whole(&self) -> bool {
        recording::is_frame(&self.zstd)
    }
}

impl Stored {
    fn cold_end(&self) -> u64 {
        self.cold_offset + u64::from(self.bytes)
    }

    /// In the cold store right before another.
    fn is_beside(&self, next: &Self) -> bool {
        !self.cold_key.is_empty() && self.cold_key == next.cold_key && self.cold_end() == next.cold_offset
    }
}

impl From<Stored> for RunChunk {
    fn from(stored: Stored) -> Self {
        Self {
            id: stored.id,
            packed: PackedJson {
                zstd: stored.data,
                inflated_bytes: stored.inflated_bytes,
            },
        }
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

    /// The data of a recording's chunks of these indexes, wherever it is: as much of it as can be had.
    pub async fn replay_run(
        &self,
        session_id: Uuid,
        recording_id: Uuid,
        indexes: RangeInclusive<u32>,
    ) -> Result<ReplayRun, AnalyticsError> {
        let (mut rows, next) = self.run_rows(session_id, recording_id, indexes).await?;
        for side_by_side in rows.chunk_by_mut(Stored::is_beside) {
            self.bring(side_by_side).await?;
        }
        let (chunks, broken): (Vec<_>, Vec<_>) = rows
            .into_iter()
            .map(RunChunk::from)
            .partition(|chunk| chunk.packed.is_whole());
        for chunk in &broken {
            tracing::warn!(session = %session_id, chunk = %chunk.id, "a chunk of a recording is not what was stored");
        }
        if chunks.is_empty() && !broken.is_empty() {
            return Err(AnalyticsError::Broken);
        }
        Ok(ReplayRun { chunks, next })
    }

    /// As far as the bounds of a run go, and the index of the first beyond them.
    async fn run_rows(
        &self,
        session_id: Uuid,
        recording_id: Uuid,
        indexes: RangeInclusive<u32>,
    ) -> Result<(Vec<Stored>, Option<u32>), AnalyticsError> {
        let sql = format!(
            "SELECT id, chunk_index, inflated_bytes, bytes, data, cold_key, cold_offset FROM replay_chunks
            WHERE project_id = {{project:UUID}} AND session_id = {{session:UUID}} AND recording_id = {{recording:UUID}}
                AND chunk_index BETWEEN {{first:UInt32}} AND {{last:UInt32}}
            ORDER BY chunk_index, id, version DESC LIMIT 1 BY id LIMIT {RUN_CHUNKS_MAX} + 1"
        );
        let query = self
            .query("replay_run", &sql)
            .param("session", session_id.to_string())
            .param("recording", recording_id.to_string())
            .param("first", indexes.start())
            .param("last", indexes.end());
        let mut cursor = query.fetch::<Stored>()?;
        let mut rows = Vec::new();
        let mut bytes = 0;
        while let Some(row) = cursor.next().await? {
            bytes += u64::from(row.inflated_bytes);
            if rows.len() == RUN_CHUNKS_MAX || (bytes > RUN_BYTES_MAX && !rows.is_empty()) {
                return Ok((rows, Some(row.chunk_index)));
            }
            rows.push(row);
        }
        Ok((rows, None))
    }

    /// Frames that lie side by side in the cold store, at once. An object that is gone leaves them empty.
    async fn bring(&self, rows: &mut [Stored]) -> Result<(), AnalyticsError> {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
            return Ok(());
        };
        if first.cold_key.is_empty() {
            return Ok(());
        }
        let range = first.cold_offset..last.cold_end();
        let mut frames = self.cold()?.get(&first.cold_key, range).await?.unwrap_or_default();
        for row in rows {
            row.data = frames.split_to(frames.len().min(row.bytes as usize)).into();
        }
        Ok(())
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
