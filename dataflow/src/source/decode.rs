//! One event: from the bytes a client sent to the graph's record and the raw table's row.

use super::batch::Batch;
use super::intern::Interner;
use super::payload;
use bytes::Bytes;
use gosight_operators::event::{Day, Event, EventType, Page};
use gosight_operators::ids::EventId;
use gosight_proto::v1;
use gosight_proto::{ids, v1::event::Payload as Wire};
use gosight_store::rows::EventRow;
use prost::Message;
use std::sync::Arc;
use uuid::Uuid;

/// An event that could be read.
pub(crate) struct Decoded {
    id: EventId,
    pub(crate) client_time_ms: i64,
    event_type: EventType,
    page: Arc<Page>,
    wire: Wire,
}

/// Reads an event; else says why it cannot be read.
pub(crate) fn decode(bytes: &Bytes, batch: &Batch) -> Result<Decoded, String> {
    let event = v1::Event::decode(bytes.clone()).map_err(|error| format!("event: {error}"))?;
    let id = ids::parse(&event.id).ok_or("event: its id is not a UUID")?;
    let page = batch.page(event.page).ok_or("event: it points at no page")?;
    let wire = event
        .payload
        .ok_or("event: it has no payload, or one that this version does not know")?;
    let event_type = payload::event_type(&wire).ok_or("event: its type has no meaning here")?;
    Ok(Decoded {
        id: EventId(id),
        client_time_ms: event.timestamp_ms,
        event_type,
        page: Arc::clone(page),
        wire,
    })
}

impl Decoded {
    /// The graph's record.
    pub(crate) fn event(&self, batch: &Batch, time_ms: i64, day: Day, interner: &mut Interner) -> Event {
        Event {
            project: batch.project,
            id: self.id,
            session: batch.session,
            time_ms,
            day,
            page: Arc::clone(&self.page),
            context: Arc::clone(&batch.context),
            event_type: self.event_type,
            payload: payload::payload(&self.wire, interner),
        }
    }

    /// The raw table's row.
    pub(crate) fn row(self, batch: &Batch, time_ms: i64, is_late: bool, interner: &mut Interner) -> EventRow {
        let target = payload::target(&self.wire);
        let mut text = |field: fn(&v1::Target) -> &str| interner.text(target.map_or("", field));
        let (selector, name, text) = (text(|it| &it.selector), text(|it| &it.name), text(|it| &it.text));
        let (x, y) = payload::xy(&self.wire);
        EventRow {
            project_id: Uuid::from_u128(batch.project.0),
            session_id: batch.session.map_or(Uuid::nil(), |session| Uuid::from_u128(session.0)),
            id: Uuid::from_u128(self.id.0),
            r#type: interner.text(self.wire.event_type().name()),
            time: time_ms,
            received_at: batch.received_at_ms,
            client_time: self.client_time_ms,
            view_id: self.page.view.map_or(Uuid::nil(), |view| Uuid::from_u128(view.0)),
            path: Arc::clone(&self.page.path),
            url: Arc::clone(&self.page.url),
            visitor_id: Arc::clone(&batch.context.visitor),
            x,
            y,
            selector,
            name,
            text,
            payload: payload::json(self.wire),
            late: u8::from(is_late),
        }
    }
}
