use std::collections::BTreeMap;

use crate::{OracleEvent, Payload, Session, Thresholds, dead_clicks, error_clicks, rage_clicks, sessions};

const MINUTE_MS: i64 = 60 * 1000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// One bucket of time: of everything, or of one page.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bucket {
    pub project: String,
    /// `minute`, `hour` or `day`; of a page, `hour`.
    pub resolution: &'static str,
    /// Its first instant, UTC ms; days are those of the project's zone.
    pub bucket_ms: i64,
    /// `total` or `path`.
    pub dimension: &'static str,
    /// Of `total`, empty.
    pub value: String,
}

/// Events, page views, errors, clicks and times on page are in the bucket of their own time; sessions, bounces and durations in that
/// of the session's start; insights in that of their first click.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Counts {
    pub events: i64,
    pub page_views: i64,
    pub sessions: i64,
    pub bounces: i64,
    pub duration_ms: i64,
    pub errors: i64,
    pub clicks: i64,
    pub rage_clicks: i64,
    pub dead_clicks: i64,
    pub error_clicks: i64,
    pub time_on_page_ms: i64,
    /// How many page exits told their time on page.
    pub page_exits: i64,
}

/// Every bucket with a count that is not 0, as it is at `tick`. A path that is not known is one too: the empty one.
pub fn rollups(events: &[OracleEvent], thresholds: &Thresholds, tick: i64) -> BTreeMap<Bucket, Counts> {
    let mut rollups = Rollups::default();
    for event in events.iter().filter(|event| event.is_counted()) {
        rollups.add_event(event);
    }
    for session in sessions(events, thresholds, tick) {
        rollups.add_session(&session);
    }
    for (insights, count) in [
        (
            rage_clicks(events, thresholds),
            (|counts| &mut counts.rage_clicks) as fn(&mut Counts) -> &mut i64,
        ),
        (dead_clicks(events, thresholds, tick), |counts| &mut counts.dead_clicks),
        (error_clicks(events, thresholds), |counts| &mut counts.error_clicks),
    ] {
        for insight in insights {
            let first = insight.first();
            rollups.add(first, first.time_ms, Some(&first.path), &|counts| *count(counts) += 1);
        }
    }
    rollups.0.retain(|_, counts| *counts != Counts::default());
    rollups.0
}

#[derive(Default)]
struct Rollups(BTreeMap<Bucket, Counts>);

impl Rollups {
    fn add_event(&mut self, event: &OracleEvent) {
        self.add(event, event.time_ms, Some(&event.path), &|counts| {
            counts.events += 1;
            counts.page_views += i64::from(event.event_type == "page_view");
            counts.errors += i64::from(event.is_error());
            counts.clicks += i64::from(event.event_type == "click");
            if let Payload::PageExit { time_on_page_ms, .. } = event.payload {
                counts.time_on_page_ms += time_on_page_ms;
                counts.page_exits += 1;
            }
        });
    }

    fn add_session(&mut self, session: &Session) {
        let at = OracleEvent {
            project: session.project.clone(),
            day: session.day,
            ..OracleEvent::default()
        };
        self.add(&at, session.started_at_ms, None, &|counts| {
            counts.sessions += 1;
            counts.bounces += i64::from(session.is_bounce);
            counts.duration_ms += session.duration_ms();
        });
    }

    /// To the total of every resolution, and to the page's hour.
    fn add(&mut self, of: &OracleEvent, time_ms: i64, path: Option<&str>, change: &dyn Fn(&mut Counts)) {
        let hour_ms = time_ms.div_euclid(HOUR_MS) * HOUR_MS;
        let mut buckets = vec![
            ("minute", time_ms.div_euclid(MINUTE_MS) * MINUTE_MS, "total", ""),
            ("hour", hour_ms, "total", ""),
            ("day", of.day.starts_at_ms, "total", ""),
        ];
        buckets.extend(path.map(|path| ("hour", hour_ms, "path", path)));
        for (resolution, bucket_ms, dimension, value) in buckets {
            let bucket = Bucket {
                project: of.project.clone(),
                resolution,
                bucket_ms,
                dimension,
                value: value.to_owned(),
            };
            change(self.0.entry(bucket).or_default());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Day;
    use crate::event::fixture::*;

    fn of(
        rollups: &BTreeMap<Bucket, Counts>,
        resolution: &str,
        bucket_ms: i64,
        dimension: &str,
        value: &str,
    ) -> Counts {
        let is_it = |bucket: &&Bucket| {
            (
                bucket.resolution,
                bucket.bucket_ms,
                bucket.dimension,
                bucket.value.as_str(),
            ) == (resolution, bucket_ms, dimension, value)
        };
        rollups
            .keys()
            .find(is_it)
            .map(|bucket| rollups[bucket])
            .unwrap_or_default()
    }

    #[test]
    fn it_counts_events_in_the_bucket_of_their_time_and_sessions_in_that_of_their_start() {
        let day = Day {
            number: 0,
            starts_at_ms: -3_600_000,
        };
        let exit = Payload::PageExit {
            time_on_page_ms: 59_000,
            max_scroll_percent: 0,
        };
        let events = [
            OracleEvent {
                day,
                ..on("/a", event("1", 59_000, "page_view"))
            },
            OracleEvent {
                day,
                ..on("/a", event("2", 60_000, "page_view"))
            },
            OracleEvent {
                day,
                payload: exit,
                ..on("/a", event("3", 118_000, "page_exit"))
            },
        ];
        let rollups = rollups(&events, &Thresholds::default(), 200_000);
        let first = Counts {
            events: 1,
            page_views: 1,
            sessions: 1,
            duration_ms: 59_000,
            ..Counts::default()
        };
        assert_eq!(of(&rollups, "minute", 0, "total", ""), first);
        let second = Counts {
            events: 2,
            page_views: 1,
            time_on_page_ms: 59_000,
            page_exits: 1,
            ..Counts::default()
        };
        assert_eq!(of(&rollups, "minute", 60_000, "total", ""), second);
        assert_eq!(of(&rollups, "day", -3_600_000, "total", "").events, 3);
        let page = of(&rollups, "hour", 0, "path", "/a");
        assert_eq!((page.page_views, page.page_exits, page.sessions), (2, 1, 0));
        assert_eq!(of(&rollups, "minute", 0, "path", "/a"), Counts::default());
    }

    #[test]
    fn it_counts_insights_in_the_bucket_of_their_first_click() {
        let events: Vec<_> = (0..5)
            .map(|index| click(&index.to_string(), 59_998 + index, 0))
            .collect();
        let rollups = rollups(&events, &Thresholds::default(), 0);
        assert_eq!(of(&rollups, "minute", 0, "total", "").rage_clicks, 1);
        assert_eq!(of(&rollups, "minute", 60_000, "total", "").rage_clicks, 0);
        assert_eq!(of(&rollups, "minute", 60_000, "total", "").clicks, 3);
        assert_eq!(of(&rollups, "hour", 0, "path", "/").rage_clicks, 1);
    }

    #[test]
    fn it_says_that_a_session_bounced() {
        let rollups = rollups(&[event("1", 0, "page_view")], &Thresholds::default(), 0);
        assert_eq!(of(&rollups, "hour", 0, "total", "").bounces, 1);
    }
}
