//! Page views and page exits, one row each: what a figure of a page needs where a rollup is too coarse, because a range begins amid an hour or only some
//! sessions are asked for.
//!
//! An event without a session id is told with its visitor: which session it belongs to may change with every late event.
//!
//! State: none.

use crate::event::{Event, EventType, Payload};
use crate::fold::{Shared, look};
use crate::ids::Tick;
use crate::views::PageEvent;
use std::sync::Arc;
use timely::dataflow::StreamVec;

/// The page views and page exits among `events`.
pub fn page_events<'scope>(events: Shared<'scope>) -> StreamVec<'scope, Tick, PageEvent> {
    look(events, "PageEvents", |events, rows| {
        rows.extend(events.iter().filter_map(|event| page_event(event)));
    })
}

fn page_event(event: &Event) -> Option<PageEvent> {
    let time_on_page_ms = match event.payload {
        Payload::PageExit { time_on_page_ms, .. } => Some(time_on_page_ms),
        _ if event.event_type == EventType::PageView => None,
        _ => return None,
    };
    Some(PageEvent {
        project: event.project,
        session: event.session,
        visitor: Arc::clone(&event.context.visitor),
        time_ms: event.time_ms,
        path: Arc::clone(&event.page.path),
        time_on_page_ms,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::*;

    #[test]
    fn page_views_and_exits_are_told_and_nothing_else() {
        let exit = Payload::PageExit {
            time_on_page_ms: 7,
            max_scroll_percent: 50,
        };
        let events = session()
            .event(10, EventType::PageView)
            .push(20, EventType::PageExit, exit)
            .clicks(&[30])
            .events;
        let told: Vec<_> = events
            .iter()
            .filter_map(|event| page_event(event))
            .map(|row| (row.time_ms, row.time_on_page_ms))
            .collect();
        assert_eq!(told, [(10, None), (20, Some(7))]);
    }
}
