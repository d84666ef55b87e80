//! A filter that every session passes changes nothing: what rollups tell and what rows tell is the same.

use crate::samples::*;
use chrono_tz::Tz;
use gosight_store::analytics::{Analytics, HasReplay, SessionFilter};
use gosight_store::rows::{InsightRow, PageEventRow, SessionRow};
use gosight_store::testing;
use uuid::Uuid;

const SESSIONS: u128 = 120;
const PATHS: [&str; 4] = ["/", "/shop", "/pay", ""];

/// Every session lasts longer than nothing.
fn everyone() -> SessionFilter {
    SessionFilter {
        duration_min_ms: Some(0),
        ..SessionFilter::default()
    }
}

/// Numbers that look drawn and are the same in every run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        ((self.0 >> 33) as i64) % end
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len() as i64) as usize]
    }
}

/// Sessions of five days with what happened in them, some of them derived.
#[derive(Default)]
struct Traffic {
    sessions: Vec<SessionRow>,
    page_events: Vec<PageEventRow>,
    insights: Vec<InsightRow>,
}

impl Traffic {
    fn draw(seed: u64) -> Self {
        let mut draw = Draw(seed);
        let mut traffic = Self::default();
        for n in 1..=SESSIONS {
            traffic.session(n, &mut draw);
        }
        traffic
    }

    fn session(&mut self, n: u128, draw: &mut Draw) {
        let is_derived = draw.below(3) == 0;
        // A visitor's derived sessions are more than half an hour apart; a given one may last over midnight.
        let slot = (n as i64 - 1) / 4 * 4 * HOUR;
        let started_at = MONDAY + slot + draw.below(HOUR);
        let duration_ms = draw.below(3 * HOUR - 31 * MINUTE);
        let session = SessionRow {
            visitor_id: format!("v{}", n % 4),
            is_derived: u8::from(is_derived),
            started_at,
            ended_at: started_at + duration_ms,
            duration_ms: duration_ms as u64,
            country: draw.of(&["DE", "FR", ""]).into(),
            entry_path: draw.of(&PATHS).into(),
            is_bounce: draw.below(2) as u8,
            ..session(n, started_at)
        };
        for _ in 0..draw.below(8) {
            let time = started_at + draw.below(duration_ms + 1);
            let event = match draw.below(3) {
                0 => page_exit(draw.of(&PATHS), time, draw.below(60_000)),
                _ => page_view(draw.of(&PATHS), time),
            };
            self.page_events.push(match is_derived {
                true => PageEventRow {
                    session_id: Uuid::nil(),
                    visitor_id: session.visitor_id.as_str().into(),
                    ..event
                },
                false => PageEventRow {
                    session_id: session.id,
                    ..event
                },
            });
        }
        for _ in 0..draw.below(3) {
            let number = self.insights.len() as u128 + 1;
            let kind = draw.of(&["rage_click", "dead_click", "error_click"]);
            self.insights.push(InsightRow {
                session_id: session.id,
                ..insight(number, kind, started_at + draw.below(duration_ms + 1))
            });
        }
        self.sessions.push(session);
    }

    async fn write(&self, analytics: &Analytics) {
        write(analytics, &self.sessions).await;
        write(analytics, &self.insights).await;
        write_page_events(analytics, &self.page_events).await;
    }
}

#[tokio::test]
async fn a_filter_that_every_session_passes_changes_no_figure() {
    for seed in [1, 20] {
        let analytics = testing::analytics().await;
        let traffic = Traffic::draw(seed);
        traffic.write(&analytics).await;
        let scope = analytics.scope(PROJECT);
        let mut draw = Draw(seed + 7);
        for round in 0..9 {
            let start = MONDAY - HOUR + draw.below(3 * DAY);
            // Minutes, hours and days of the chart; whole hours at times.
            let end = start + 1 + draw.below([HOUR, 2 * DAY, 6 * DAY][round % 3]);
            let width = if round % 4 == 0 { HOUR } else { 1 };
            let (start, end) = (start - start % width, end - end % width + width);
            let zone = [Tz::UTC, chrono_tz::Asia::Kolkata, chrono_tz::America::New_York][round / 3];
            for now in [MONDAY + 7 * DAY, MONDAY + 300 * DAY] {
                let of = async |filter| scope.overview(range(start, end), &filter, zone, now).await.unwrap();
                let (without, with) = (of(SessionFilter::default()).await, of(everyone()).await);
                assert_eq!(without, with, "seed {seed}: {start}..{end} {zone}");
                let is_in = |time: &i64| (start..end).contains(time);
                let views = traffic.page_events.iter().filter(|event| event.page_views == 1);
                let views = views.filter(|event| is_in(&event.time)).count() as i64;
                assert_eq!(without.summary.pageviews, views, "seed {seed}: {start}..{end}");
                let insights = traffic.insights.iter().filter(|row| is_in(&row.timestamp)).count() as u64;
                assert_eq!(without.insights.iter().map(|it| it.count).sum::<u64>(), insights);
            }
        }
    }
}

#[tokio::test]
async fn every_filter_may_be_asked_for_at_once() {
    let analytics = testing::analytics().await;
    let row = SessionRow {
        referrer_domain: "example.org".into(),
        utm_source: "s".into(),
        utm_medium: "m".into(),
        utm_campaign: "c".into(),
        ..session(1, MONDAY)
    };
    write(&analytics, &[row]).await;
    write_page_events(&analytics, &[page_view("/", MONDAY)]).await;
    let text = |text: &str| Some(text.to_owned());
    let filter = SessionFilter {
        country: text("DE"),
        device: text("desktop"),
        browser: text("Firefox"),
        os: text("Linux"),
        referrer: text("example.org"),
        utm_source: text("s"),
        utm_medium: text("m"),
        utm_campaign: text("c"),
        user: text("v1"),
        path: text("/pay"),
        has_error: Some(false),
        has_rage_click: Some(false),
        has_dead_click: Some(false),
        has_error_click: Some(false),
        has_replay: Some(HasReplay {
            wanted: false,
            kept_from_ms: MONDAY,
        }),
        duration_min_ms: Some(0),
        duration_max_ms: Some(60_000),
        attribute: Some(("plan".into(), "pro".into())),
    };
    let scope = analytics.scope(PROJECT);
    let overview = scope.overview(monday(), &filter, Tz::UTC, MONDAY + DAY).await.unwrap();
    let summary = overview.summary;
    assert_eq!((summary.sessions, summary.pageviews), (1, 1));
}
