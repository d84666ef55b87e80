use super::TableRow;
use clickhouse::Row;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use uuid::Uuid;

/// Table `events`: one accepted event, as it came. Read by a session's own event list and by the checker, by nobody else.
///
/// Repeated texts are shared (`Arc`), since a batch's events have them in common.
#[derive(Clone, Debug, Default, PartialEq, Row, Serialize, Deserialize)]
pub struct EventRow {
    #[serde(with = "clickhouse::serde::uuid")]
    pub project_id: Uuid,
    /// As the client named it; nil when it named none: which session the event belongs to then may change with every late event.
    #[serde(with = "clickhouse::serde::uuid")]
    pub session_id: Uuid,
    #[serde(with = "clickhouse::serde::uuid")]
    pub id: Uuid,
    /// The event type's name: `click`, `page_view`, …
    pub r#type: Arc<str>,
    /// Corrected event time.
    pub time: i64,
    pub received_at: i64,
    /// As the client's clock had it.
    pub client_time: i64,
    /// The page view it happened in; nil when the client named none.
    #[serde(with = "clickhouse::serde::uuid")]
    pub view_id: Uuid,
    pub path: Arc<str>,
    pub url: Arc<str>,
    pub visitor_id: Arc<str>,
    /// Page coordinates of a click, else 0.
    pub x: i32,
    pub y: i32,
    /// Selector, name and text of the event's target, else empty.
    pub selector: Arc<str>,
    pub name: Arc<str>,
    pub text: Arc<str>,
    /// The payload's JSON object.
    pub payload: String,
    /// 1: it came after the horizon and is in no other view.
    pub late: u8,
}

impl EventRow {
    /// What it is known by: its project and its id.
    pub fn key(&self) -> (Uuid, Uuid) {
        (self.project_id, self.id)
    }
}

impl TableRow for EventRow {
    const TABLE: &'static str = "events";
}
