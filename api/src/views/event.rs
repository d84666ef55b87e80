use std::sync::Arc;

use gosight_store::rows::EventRow;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::Iso;

/// An event, as it was accepted.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct EventView {
    pub(crate) id: Uuid,
    pub(crate) session_id: Uuid,
    #[schema(value_type = String)]
    pub(crate) r#type: Arc<str>,
    /// The page view it happened in; nil when the client named none.
    pub(crate) view_id: Uuid,
    /// Corrected event time.
    pub(crate) timestamp: Iso,
    pub(crate) received_at: Iso,
    #[schema(value_type = String)]
    pub(crate) path: Arc<str>,
    #[schema(value_type = String)]
    pub(crate) url: Arc<str>,
    #[schema(value_type = String)]
    pub(crate) visitor_id: Arc<str>,
    /// Of the event's target, else empty.
    #[schema(value_type = String)]
    pub(crate) selector: Arc<str>,
    #[schema(value_type = String)]
    pub(crate) name: Arc<str>,
    #[schema(value_type = String)]
    pub(crate) text: Arc<str>,
    /// What the client sent, by the names of the wire format.
    #[schema(value_type = Object)]
    pub(crate) payload: Option<Box<RawValue>>,
    /// It came after the horizon and is in no other view.
    pub(crate) late: bool,
}

impl From<EventRow> for EventView {
    fn from(row: EventRow) -> Self {
        Self {
            id: row.id,
            session_id: row.session_id,
            r#type: row.r#type,
            view_id: row.view_id,
            timestamp: Iso(row.time),
            received_at: Iso(row.received_at),
            path: row.path,
            url: row.url,
            visitor_id: row.visitor_id,
            selector: row.selector,
            name: row.name,
            text: row.text,
            payload: RawValue::from_string(row.payload).ok(),
            late: row.late != 0,
        }
    }
}
