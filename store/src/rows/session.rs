use super::{TableRow, utc_day};
use clickhouse::Row;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Table `sessions`: the newest version of each session. Key: project, UTC day of `started_at`, id.
#[derive(Clone, Debug, Default, PartialEq, Row, Serialize, Deserialize)]
pub struct SessionRow {
    #[serde(with = "clickhouse::serde::uuid")]
    pub project_id: Uuid,
    #[serde(with = "clickhouse::serde::uuid")]
    pub id: Uuid,
    /// 1: its events came without a session id; they are the visitor's from `first_event_at` to `last_event_at`, both included.
    pub is_derived: u8,
    /// Of a derived session, recorded chunks too: these may lie outside of what counts for the session's start and end. Else 0.
    pub first_event_at: i64,
    pub last_event_at: i64,
    pub visitor_id: String,
    pub user_id: String,
    pub started_at: i64,
    pub ended_at: i64,
    pub duration_ms: u64,
    pub entry_url: String,
    pub entry_path: String,
    pub exit_url: String,
    pub exit_path: String,
    pub page_count: u32,
    pub event_count: u32,
    pub click_count: u32,
    pub error_count: u32,
    pub rage_click_count: u32,
    pub dead_click_count: u32,
    pub error_click_count: u32,
    /// 0 to 100.
    pub max_scroll_percent: u8,
    /// 0 or 1.
    pub is_bounce: u8,
    /// 0 or 1.
    pub has_replay: u8,
    pub device_type: String,
    pub browser: String,
    pub os: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    pub region: String,
    pub city: String,
    pub utm_source: String,
    pub utm_medium: String,
    pub utm_campaign: String,
    pub referrer_domain: String,
    /// Custom attributes, by name.
    pub attributes: Vec<(String, String)>,
    /// The ribbon: the session's pages, in time order.
    pub pages: Vec<PageStep>,
    /// The ribbon: where it hurt, in time order.
    pub marks: Vec<Mark>,
    /// The ribbon: when the page was hidden, in time order.
    pub hidden: Vec<HiddenGap>,
    /// The tick this version was decided at.
    pub version: u64,
    /// 1: there is no such session (any more).
    pub is_deleted: u8,
}

/// A page the visitor was on from `offset_ms` after the session's start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u32, String)", into = "(u32, String)")]
pub struct PageStep {
    pub offset_ms: u32,
    pub path: String,
}

/// A mark on the ribbon: an insight or an error, at `offset_ms` after the session's start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u32, String)", into = "(u32, String)")]
pub struct Mark {
    pub offset_ms: u32,
    /// `rage_click`, `dead_click`, `error_click`, `error`, …
    pub r#type: String,
}

/// The page was hidden for `duration_ms`, from `offset_ms` after the session's start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u32, u32)", into = "(u32, u32)")]
pub struct HiddenGap {
    pub offset_ms: u32,
    pub duration_ms: u32,
}

impl SessionRow {
    /// What two versions of one session must have in common to replace each other.
    pub fn key(&self) -> (Uuid, i64, Uuid) {
        (self.project_id, utc_day(self.started_at), self.id)
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

impl TableRow for SessionRow {
    const TABLE: &'static str = "sessions";
}

impl From<(u32, String)> for PageStep {
    fn from((offset_ms, path): (u32, String)) -> Self {
        Self { offset_ms, path }
    }
}

impl From<PageStep> for (u32, String) {
    fn from(it: PageStep) -> Self {
        (it.offset_ms, it.path)
    }
}

impl From<(u32, String)> for Mark {
    fn from((offset_ms, r#type): (u32, String)) -> Self {
        Self { offset_ms, r#type }
    }
}

impl From<Mark> for (u32, String) {
    fn from(it: Mark) -> Self {
        (it.offset_ms, it.r#type)
    }
}

impl From<(u32, u32)> for HiddenGap {
    fn from((offset_ms, duration_ms): (u32, u32)) -> Self {
        Self { offset_ms, duration_ms }
    }
}

impl From<HiddenGap> for (u32, u32) {
    fn from(it: HiddenGap) -> Self {
        (it.offset_ms, it.duration_ms)
    }
}
