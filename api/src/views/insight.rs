use gosight_store::rows::InsightRow;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::some;
use crate::Iso;

/// An insight: where a visitor struggled.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct InsightView {
    pub(crate) id: Uuid,
    /// `rage_click`, `dead_click` or `error_click`.
    pub(crate) r#type: String,
    /// `high`, `medium` or `low`.
    pub(crate) severity: String,
    pub(crate) session_id: Uuid,
    pub(crate) visitor_id: String,
    pub(crate) path: String,
    pub(crate) url: String,
    pub(crate) selector: String,
    /// The element's name, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// The element's text, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    pub(crate) device_type: String,
    /// The first click.
    pub(crate) timestamp: Iso,
    pub(crate) details: InsightDetails,
    /// On the live socket only: late evidence took it back.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) removed: bool,
}

/// What is known about the clicks; which of it there is depends on the type.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct InsightDetails {
    /// In time order: a rage click's clicks; a dead click's click; an error click's click, then its errors.
    pub(crate) event_ids: Vec<Uuid>,
    /// The click, or a rage click's centroid, in page px.
    pub(crate) x: i32,
    pub(crate) y: i32,
    pub(crate) tag: String,
    /// Of a rage click.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) click_count: Option<u32>,
    /// Of a rage click: its first click.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) started_at: Option<Iso>,
    /// Of a rage click: its last click.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ended_at: Option<Iso>,
    /// Of a dead click: what would have counted as a response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expected: Option<Vec<String>>,
    /// Of an error click: the messages, in the order of the errors in `event_ids`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) thrown: Option<Vec<String>>,
}

impl From<InsightRow> for InsightView {
    fn from(row: InsightRow) -> Self {
        let is_rage = row.r#type == "rage_click";
        let details = InsightDetails {
            event_ids: row.event_ids,
            x: row.x,
            y: row.y,
            tag: row.tag,
            click_count: is_rage.then_some(row.click_count),
            started_at: is_rage.then_some(Iso(row.timestamp)),
            ended_at: is_rage.then_some(Iso(row.ended_at)),
            expected: (row.r#type == "dead_click").then_some(row.expected),
            thrown: (row.r#type == "error_click").then_some(row.thrown),
        };
        Self {
            id: row.id,
            r#type: row.r#type,
            severity: row.severity,
            session_id: row.session_id,
            visitor_id: row.visitor_id,
            path: row.path,
            url: row.url,
            selector: row.selector,
            name: some(row.name),
            text: some(row.text),
            device_type: row.device_type,
            timestamp: Iso(row.timestamp),
            details,
            removed: row.is_deleted != 0,
        }
    }
}
