use std::collections::{BTreeMap, BTreeSet};

use crate::{OracleEvent, sessions_of};

const ACTIVE_MS: i64 = 5 * 60 * 1000;
const MINUTE_MS: i64 = 60 * 1000;

/// What is going on in a project at a tick.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiveNow {
    /// Sessions whose newest event is not older than the last five minutes. One whose newest event lies ahead, by a clock that is a
    /// little fast, is active too: the visitor is there.
    pub active_sessions: usize,
    /// The visitors of those sessions.
    pub active_visitors: usize,
    /// Events of the last minute: with a time in (T − 1 min, T].
    pub events_per_minute: usize,
    /// Path and active sessions whose newest event is on it: most first, then by path. All of them.
    pub current_pages: Vec<(String, usize)>,
}

/// `events`: what is known at `tick`.
pub fn live_now(events: &[OracleEvent], project: &str, tick: i64) -> LiveNow {
    let mut live = LiveNow::default();
    let (mut visitors, mut pages) = (BTreeSet::new(), BTreeMap::<_, usize>::new());
    for ((_, _), events) in sessions_of(events).into_iter().filter(|((of, _), _)| of == project) {
        let counted: Vec<_> = events.iter().filter(|event| event.is_counted()).collect();
        let is_of_last_minute = |event: &&&OracleEvent| event.time_ms > tick - MINUTE_MS && event.time_ms <= tick;
        live.events_per_minute += counted.iter().filter(is_of_last_minute).count();
        let Some(newest) = counted.last().filter(|newest| newest.time_ms > tick - ACTIVE_MS) else {
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
        let per_minute = |tick| live_now(&events, "p", tick).events_per_minute;
        assert_eq!(
            [per_minute(298_999), per_minute(299_000)],
            [2, 3],
            "the tick itself is in"
        );
        assert_eq!(
            [per_minute(309_999), per_minute(310_000)],
            [3, 2],
            "the minute's beginning is not"
        );
        let active = |tick| live_now(&events, "p", tick).active_sessions;
        assert_eq!([active(549_999), active(550_000)], [3, 2]);
        assert_eq!(active(249_000), 3, "a clock may be a little fast");
        assert_eq!(live_now(&events, "p", 600_000), LiveNow::default());
        assert_eq!(live_now(&events, "q", 300_000), LiveNow::default());
    }
}
