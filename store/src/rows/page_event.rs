use super::TableRow;
use clickhouse::Row;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use uuid::Uuid;

/// Table `page_events`: a page view or a page exit, by its own time. Appended once, never changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Row, Serialize, Deserialize)]
pub struct PageEventRow {
    #[serde(with = "clickhouse::serde::uuid")]
    pub project_id: Uuid,
    pub time: i64,
    /// As the client named it; nil when it named none.
    #[serde(with = "clickhouse::serde::uuid")]
    pub session_id: Uuid,
    /// Whose derived session it belongs to; empty when the client named a session.
    pub visitor_id: Arc<str>,
    pub path: Arc<str>,
    /// 1 of a page view.
    pub page_views: i8,
    /// 1 of a page exit.
    pub page_exits: i8,
    /// Of a page exit.
    pub time_on_page_ms: i64,
}

impl TableRow for PageEventRow {
    const TABLE: &'static str = "page_events";
}
