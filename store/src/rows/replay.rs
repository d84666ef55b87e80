use super::TableRow;
use clickhouse::Row;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Table `replay_chunks`: some seconds of a recording. Key: project, session, recording, index, id; the newest version is the row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct ReplayChunkRow {
    #[serde(with = "clickhouse::serde::uuid")]
    pub project_id: Uuid,
    #[serde(with = "clickhouse::serde::uuid")]
    pub session_id: Uuid,
    /// One page load of one tab.
    #[serde(with = "clickhouse::serde::uuid")]
    pub recording_id: Uuid,
    /// The id of the event that carried it.
    #[serde(with = "clickhouse::serde::uuid")]
    pub id: Uuid,
    /// Its place along the recording, as the client counted.
    pub chunk_index: u32,
    /// Of its rrweb events, on the client's clock.
    pub first_ms: i64,
    pub last_ms: i64,
    /// From the client's clock to ours, as of its batch.
    pub clock_offset_ms: i64,
    pub event_count: u32,
    /// 0 or 1.
    pub has_full_snapshot: u8,
    pub device_type: String,
    pub received_at: i64,
    /// Of the JSON array.
    pub inflated_bytes: u32,
    /// Of the zstd frame it is packed in.
    pub bytes: u32,
    /// The frame; empty when it is in the cold store.
    #[serde(with = "serde_bytes")]
    pub data: Vec<u8>,
    /// The object of the cold store that holds the frame, from `cold_offset` on; empty when `data` does.
    pub cold_key: String,
    pub cold_offset: u64,
    /// 1: moved to the cold store.
    pub version: u8,
}

/// Table `page_snapshots`: what a page looked like. Key: project, path, device type, page version; the newest is the row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct PageSnapshotRow {
    #[serde(with = "clickhouse::serde::uuid")]
    pub project_id: Uuid,
    pub path: String,
    pub device_type: String,
    /// Stands for the page's layout.
    pub page_version: u64,
    /// Where it was seen.
    #[serde(with = "clickhouse::serde::uuid")]
    pub session_id: Uuid,
    /// The window, px.
    pub width: u32,
    pub height: u32,
    /// Corrected.
    pub taken_at: i64,
    pub received_at: i64,
    /// Of the JSON object.
    pub inflated_bytes: u32,
    /// The zstd frame it is packed in.
    #[serde(with = "serde_bytes")]
    pub data: Vec<u8>,
}

/// Table `replay_assets`: a picture or a font. Key: project, digest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct ReplayAssetRow {
    #[serde(with = "clickhouse::serde::uuid")]
    pub project_id: Uuid,
    /// SHA-256 of the data.
    pub digest: [u8; 32],
    /// A type that holds no code.
    pub mime: String,
    pub received_at: i64,
    #[serde(with = "serde_bytes")]
    pub data: Vec<u8>,
}

/// Table `replay_progress`: how far a partition of the topic `replay` is in the tables. The newest is the row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct ReplayProgressRow {
    pub log_partition: u32,
    pub next_offset: u64,
    pub written_at: i64,
}

impl TableRow for ReplayChunkRow {
    const TABLE: &'static str = "replay_chunks";
}

impl TableRow for PageSnapshotRow {
    const TABLE: &'static str = "page_snapshots";
}

impl TableRow for ReplayAssetRow {
    const TABLE: &'static str = "replay_assets";
}

impl TableRow for ReplayProgressRow {
    const TABLE: &'static str = "replay_progress";
}
