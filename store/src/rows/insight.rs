use super::{TableRow, utc_day};
use clickhouse::Row;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Table `insights`: the newest version of each insight. Key: project, UTC day of `timestamp`, id.
#[derive(Clone, Debug, Default, PartialEq, Row, Serialize, Deserialize)]
pub struct InsightRow {
    #[serde(with = "clickhouse::serde::uuid")]
    pub project_id: Uuid,
    #[serde(with = "clickhouse::serde::uuid")]
    pub id: Uuid,
    /// `rage_click`, `dead_click`, `error_click`, …
    pub r#type: String,
    /// `high`, `medium` or `low`.
    pub severity: String,
    #[serde(with = "clickhouse::serde::uuid")]
    pub session_id: Uuid,
    pub visitor_id: String,
    pub path: String,
    pub url: String,
    pub selector: String,
    pub name: String,
    pub text: String,
    pub tag: String,
    /// The first click.
    pub timestamp: i64,
    /// The last click; a single click's is its `timestamp`.
    pub ended_at: i64,
    /// The click, or a rage click's centroid, in page pixels.
    pub x: i32,
    pub y: i32,
    pub click_count: u32,
    /// In time order: a rage click's clicks; a dead click's click; an error click's click, then its errors.
    #[serde(with = "clickhouse::serde::uuid_vec")]
    pub event_ids: Vec<Uuid>,
    /// A dead click: what would have counted as a response. Else empty.
    pub expected: Vec<String>,
    /// An error click: the messages thrown, in the order of the errors in `event_ids`. Else empty.
    pub thrown: Vec<String>,
    pub device_type: String,
    /// The tick this version was decided at.
    pub version: u64,
    /// 1: there is no such insight (any more).
    pub is_deleted: u8,
}

impl InsightRow {
    /// What two versions of one insight must have in common to replace each other.
    pub fn key(&self) -> (Uuid, i64, Uuid) {
        (self.project_id, utc_day(self.timestamp), self.id)
    }

    /// The row that takes this one away at `version`.
    pub fn tombstone(self, version: u64) -> Self {
        Self {
            version,
            is_deleted: 1,
            ..self
        }
    }
}

impl TableRow for InsightRow {
    const TABLE: &'static str = "insights";
}
