use std::collections::{BTreeMap, BTreeSet};

use crate::{OracleEvent, sessions_of};

const ACTIVE_MS: i64 = 5 * 60 * 1000;
const MINUTE_MS: i64 = 60 * 1000;

/// What is going on in a project at a tick: whatever has a time in the last so many ms, up to and with the tick itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiveNow {
    /// Sessions with an event in the last five minutes.
    pub active_sessions: usize,
    /// The visitors of those sessions.
    pub active_visitors: usize,
    /// Events of the last minute.
    pub events_per_minute: usize,
    /// Path and active sessions whose newest event is on it: most first, then by path. All of them.
    pub current_pages: Vec<(String, usize)>,
}

/// `events`: what is known at `tick`.
pub fn live_now(events: &[OracleEvent], project: &str, tick: i64) -> LiveNow {
    let is_within = |event: &OracleEvent, ms| event.time_ms > tick - ms;
    let mut live = LiveNow::default();
    let (mut visitors, mut pages) = (BTreeSet::new(), BTreeMap::<_, usize>::new());
    for ((_, _), events) in sessions_of(events).into_iter().filter(|((of, _), _)| of == project) {
        let counted: Vec<_> = events
            .iter()
            .filter(|event| event.is_counted() && event.time_ms <= tick)
            .collect();
        live.events_per_minute += counted.iter().filter(|event| is_within(event, MINUTE_MS)).count();
        let Some(newest) = counted.last().filter(|newest| is_within(newest, ACTIVE_MS)) else {
            continue;
        };
        live.active_sessions += 1;
        visitors.extend(
            counted
                .iter()
                .map(|event| &event.visitor)
                .find(|visitor| !visitor.is_empty())
                .cloned(),
        );
        *pages.entry(newest.path.clone()).or_default() += 1;
    }
    live.active_visitors = visitors.len();
    live.current_pages = pages.into_iter().collect();
    live.current_pages
        .sort_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(&other.0)));
    live
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::fixture::*;

    fn of(session: &str, visitor: &str, event: OracleEvent) -> OracleEvent {
        OracleEvent {
            session: Some(session.to_owned()),
            visitor: visitor.to_owned(),
            ..event
        }
    }

    #[test]
    fn it_counts_sessions_visitors_events_and_pages_of_the_last_minutes() {
        let events = [
            of("s1", "v1", on("/a", event("1", 0, "page_view"))),
            of("s1", "v1", on("/b", event("2", 250_000, "page_view"))),
            of("s2", "v1", on("/a", event("3", 290_000, "page_view"))),
            of("s3", "v2", on("/a", event("4", 299_000, "click"))),
        ];
        let live = live_now(&events, "p", 300_000);
        assert_eq!(
            (live.active_sessions, live.active_visitors, live.events_per_minute),
            (3, 2, 3)
        );
        assert_eq!(live.current_pages, [("/a".to_owned(), 2), ("/b".to_owned(), 1)]);
        assert_eq!(
            live_now(&events, "p", 310_000).events_per_minute,
            2,
            "(310 s − 60 s, 310 s] leaves 250 s out"
        );
        assert_eq!(live_now(&events, "p", 550_000).active_sessions, 2);
        assert_eq!(live_now(&events, "p", 600_000), LiveNow::default());
        assert_eq!(live_now(&events, "q", 300_000), LiveNow::default());
    }

    #[test]
    fn it_does_not_count_what_lies_ahead_of_the_tick() {
        assert_eq!(live_now(&[event("1", 301, "click")], "p", 300), LiveNow::default());
    }
}
