use crate::samples::*;
use chrono_tz::Tz;
use gosight_store::analytics::{Analytics, Overview, SessionFilter, Share, Step, TimeRange};
use gosight_store::rows::{Counts, Dimension, InsightRow, PageEventRow, RollupRow, SessionRow};
use gosight_store::testing;

async fn overview(analytics: &Analytics, range: TimeRange, filter: SessionFilter) -> Overview {
    overview_in(analytics, range, filter, Tz::UTC).await
}

async fn overview_in(analytics: &Analytics, range: TimeRange, filter: SessionFilter, zone: Tz) -> Overview {
    analytics
        .scope(PROJECT)
        .overview(range, &filter, zone, MONDAY + 7 * DAY)
        .await
        .unwrap()
}

fn share(value: &str, sessions: i64) -> Share {
    Share {
        value: value.into(),
        sessions,
        struggling_sessions: 0,
    }
}

async fn write_rollups(analytics: &Analytics, rows: impl IntoIterator<Item = [RollupRow; 3]>) {
    write(analytics, &rows.into_iter().flatten().collect::<Vec<_>>()).await;
}

#[tokio::test]
async fn the_summary_counts_sessions_and_distinct_visitors_and_compares_with_the_day_before() {
    let analytics = testing::analytics().await;
    let again = SessionRow {
        visitor_id: "v1".into(),
        is_bounce: 1,
        duration_ms: 20_000,
        ..session(2, MONDAY + 2 * HOUR)
    };
    write(&analytics, &[session(1, MONDAY), again, session(3, MONDAY - HOUR)]).await;
    write_rollups(
        &analytics,
        [
            rollups(Dimension::Total, "", MONDAY, views(3)),
            rollups(Dimension::Total, "", MONDAY + 2 * HOUR + MINUTE, views(4)),
            rollups(Dimension::Total, "", MONDAY - HOUR, views(2)),
            rollups(Dimension::Path, "/", MONDAY, views(3)),
        ],
    )
    .await;
    let Overview { summary, change, .. } = overview(&analytics, monday(), SessionFilter::default()).await;
    assert_eq!((summary.sessions, summary.visitors, summary.pageviews), (2, 1, 7));
    assert_eq!(
        (summary.bounce_rate, summary.avg_duration_ms),
        (Some(50.0), Some(40_000.0))
    );
    assert_eq!(
        (change.sessions, change.visitors, change.pageviews),
        (Some(100.0), Some(0.0), Some(250.0))
    );
}

#[tokio::test]
async fn a_session_of_nobody_known_counts_no_visitor() {
    let analytics = testing::analytics().await;
    let unknown = |n| SessionRow {
        visitor_id: String::new(),
        ..session(n, MONDAY)
    };
    write(&analytics, &[unknown(1), unknown(2), session(3, MONDAY)]).await;
    let Overview { summary, series, .. } = overview(&analytics, monday(), SessionFilter::default()).await;
    assert_eq!((summary.sessions, summary.visitors), (3, 1));
    assert_eq!((series[0].sessions, series[0].visitors), (3, 1));
}

#[tokio::test]
async fn an_empty_project_has_zeroes_and_no_means() {
    let analytics = testing::analytics().await;
    let Overview {
        summary,
        change,
        series,
        top_pages,
        insights,
        ..
    } = overview(&analytics, monday(), SessionFilter::default()).await;
    assert_eq!(
        (
            summary.sessions,
            summary.visitors,
            summary.pageviews,
            summary.bounce_rate
        ),
        (0, 0, 0, None)
    );
    assert_eq!(change.sessions, None);
    assert_eq!(series.len(), 24);
    assert!(top_pages.is_empty() && insights.is_empty());
}

#[tokio::test]
async fn page_views_are_in_the_range_or_not_to_the_millisecond() {
    let analytics = testing::analytics().await;
    let (start, end) = (MONDAY + 30 * MINUTE + 500, MONDAY + 150 * MINUTE + 250);
    let times = [
        start - 1,
        start,
        MONDAY + 59 * MINUTE,
        MONDAY + 60 * MINUTE,
        end - 1,
        end,
    ];
    let mut events = times.map(|time| page_view("/", time)).to_vec();
    events.extend([page_exit("/", start - 1, 9000), page_exit("/", end - 1, 1000)]);
    write_page_events(&analytics, &events).await;
    let of = async |start, end| {
        let overview = overview(&analytics, range(start, end), SessionFilter::default()).await;
        let page = overview.top_pages.first().map(|page| (page.views, page.avg_time_ms));
        let points: i64 = overview.series.iter().map(|point| point.pageviews).sum();
        assert_eq!(points, overview.summary.pageviews);
        page
    };
    assert_eq!(of(start, end).await, Some((4, 1000.0)));
    assert_eq!(of(start - 1, end + 1).await, Some((6, 5000.0)));
    assert_eq!(of(start, start + 1).await, Some((1, 0.0)));
    assert_eq!(of(start + 1, start + 2).await, None);
}

#[tokio::test]
async fn the_series_has_every_step_in_the_zone_asked_for() {
    let analytics = testing::analytics().await;
    write(
        &analytics,
        &[
            session(1, MONDAY + 10 * MINUTE),
            session(2, MONDAY + 40 * MINUTE),
            session(3, MONDAY + 5 * HOUR),
        ],
    )
    .await;
    write_rollups(
        &analytics,
        [rollups(Dimension::Total, "", MONDAY + 40 * MINUTE, views(4))],
    )
    .await;

    let hours = overview_in(&analytics, monday(), SessionFilter::default(), chrono_tz::Asia::Kolkata).await;
    assert_eq!(hours.step, Step::Hour);
    // 05:30 there: the first hour began half an hour earlier, the next begins at half past.
    let figures: Vec<_> = hours.series[..2]
        .iter()
        .map(|p| (p.time_ms, p.sessions, p.visitors, p.pageviews))
        .collect();
    assert_eq!(
        figures,
        [(MONDAY - 30 * MINUTE, 1, 1, 0), (MONDAY + 30 * MINUTE, 1, 1, 4)]
    );
    assert_eq!(hours.series.len(), 25);

    let week = range(MONDAY - 3 * DAY, MONDAY + DAY);
    let days = overview_in(&analytics, week, SessionFilter::default(), chrono_tz::America::New_York).await;
    assert_eq!(days.step, Step::Day);
    let figures: Vec<_> = days
        .series
        .iter()
        .filter(|p| p.sessions > 0)
        .map(|p| (p.time_ms, p.sessions, p.pageviews))
        .collect();
    // Midnight in New York is 05:00 UTC: two sessions fall on Sunday, one on Monday.
    assert_eq!(figures, [(MONDAY - 19 * HOUR, 2, 4), (MONDAY + 5 * HOUR, 1, 0)]);

    let minutes = overview(&analytics, range(MONDAY, MONDAY + HOUR), SessionFilter::default()).await;
    assert_eq!(
        (minutes.step, minutes.series.len(), minutes.series[40].pageviews),
        (Step::Minute, 60, 4)
    );
}

#[tokio::test]
async fn the_lists_are_sorted_and_leave_out_what_is_not_known() {
    let analytics = testing::analytics().await;
    let with_time = Counts {
        page_views: 2,
        time_on_page_ms: 9000,
        page_exits: 3,
        ..Counts::default()
    };
    write_rollups(
        &analytics,
        [
            rollups(Dimension::Path, "/a", MONDAY, with_time),
            rollups(Dimension::Path, "/b", MONDAY, views(5)),
            rollups(Dimension::Path, "/gone", MONDAY, views(1)),
            rollups(Dimension::Path, "/gone", MONDAY, views(-1)),
        ],
    )
    .await;
    let countries = ["DE", "FR", "", "FR", "DE", "FR", ""];
    let sessions: Vec<_> = (0..)
        .zip(countries)
        .map(|(n, country)| SessionRow {
            country: country.into(),
            exit_path: String::new(),
            ..session(n, MONDAY)
        })
        .collect();
    write(&analytics, &sessions).await;
    write(
        &analytics,
        &[insight(1, "rage_click", MONDAY), insight(2, "rage_click", MONDAY + DAY)],
    )
    .await;
    let overview = overview(&analytics, monday(), SessionFilter::default()).await;
    let pages: Vec<_> = overview
        .top_pages
        .iter()
        .map(|page| (page.path.as_str(), page.views, page.avg_time_ms))
        .collect();
    assert_eq!(pages, [("/b", 5, 0.0), ("/a", 2, 3000.0)]);
    assert_eq!(overview.countries, [share("FR", 3), share("DE", 2)]);
    assert_eq!(overview.entry_pages, [share("/", 7)]);
    assert_eq!(overview.exit_pages, []);
    assert_eq!(
        overview.insights.iter().map(|type_| type_.count).collect::<Vec<_>>(),
        [1]
    );
}

#[tokio::test]
async fn with_a_filter_everything_comes_from_the_sessions_it_leaves() {
    let analytics = testing::analytics().await;
    let french = SessionRow {
        country: "FR".into(),
        rage_click_count: 2,
        is_bounce: 1,
        ended_at: MONDAY + DAY,
        ..session(2, MONDAY + HOUR)
    };
    write(&analytics, &[session(1, MONDAY), french]).await;
    let of_another = |event: PageEventRow| PageEventRow {
        session_id: id(2),
        ..event
    };
    write_page_events(
        &analytics,
        &[
            page_view("/", MONDAY),
            of_another(page_view("/", MONDAY + HOUR)),
            of_another(page_view("/pay", MONDAY + 2 * HOUR)),
            of_another(page_exit("/", MONDAY + 2 * HOUR, 20_000)),
        ],
    )
    .await;
    let insight_of_another = |n, timestamp| InsightRow {
        session_id: id(2),
        ..insight(n, "rage_click", timestamp)
    };
    let insights = [
        insight(1, "rage_click", MONDAY),
        insight_of_another(2, MONDAY + HOUR),
        insight_of_another(3, MONDAY + DAY),
    ];
    write(&analytics, &insights).await;
    let filter = SessionFilter {
        country: Some("FR".into()),
        ..SessionFilter::default()
    };
    let overview = overview(&analytics, monday(), filter).await;
    assert_eq!(
        (
            overview.summary.sessions,
            overview.summary.pageviews,
            overview.summary.bounce_rate
        ),
        (1, 2, Some(100.0))
    );
    let struggling = |value| Share {
        struggling_sessions: 1,
        ..share(value, 1)
    };
    assert_eq!(overview.countries, [struggling("FR")]);
    assert_eq!(overview.browsers, [struggling("Firefox")]);
    let pageviews: Vec<_> = overview.series[..3].iter().map(|point| point.pageviews).collect();
    assert_eq!(pageviews, [0, 1, 1]);
    let pages: Vec<_> = overview
        .top_pages
        .iter()
        .map(|page| (page.path.as_str(), page.views, page.avg_time_ms))
        .collect();
    assert_eq!(pages, [("/", 1, 20_000.0), ("/pay", 1, 0.0)]);
    assert_eq!(
        (overview.insights[0].count, overview.summary.struggling_sessions),
        (1, 1)
    );
}

#[tokio::test]
async fn a_range_that_reaches_into_the_future_has_no_points_there() {
    let analytics = testing::analytics().await;
    let range = range(MONDAY, MONDAY + 4 * HOUR);
    let overview = analytics
        .scope(PROJECT)
        .overview(range, &SessionFilter::default(), Tz::UTC, MONDAY + 2 * HOUR + 1)
        .await
        .unwrap();
    assert_eq!(overview.series.len(), 3);
}

#[tokio::test]
async fn the_series_adds_up_to_the_summary_at_every_edge_and_age() {
    let analytics = testing::analytics().await;
    let views: Vec<_> = (0..8 * 24)
        .map(|n| page_view("/", MONDAY - 4 * DAY + n * HOUR + 37 * MINUTE))
        .collect();
    write_page_events(&analytics, &views).await;
    for (from, to) in [
        (-3 * DAY + 11 * MINUTE, DAY + 50 * MINUTE),
        (50 * MINUTE, 3 * HOUR),
        (10 * MINUTE, 30 * HOUR + 40 * MINUTE),
    ] {
        for zone in [Tz::UTC, chrono_tz::Asia::Kolkata, chrono_tz::America::New_York] {
            for now in [MONDAY + 4 * DAY, MONDAY + 300 * DAY] {
                let range = range(MONDAY + from, MONDAY + to);
                let overview = analytics
                    .scope(PROJECT)
                    .overview(range, &SessionFilter::default(), zone, now)
                    .await
                    .unwrap();
                let sum: i64 = overview.series.iter().map(|point| point.pageviews).sum();
                assert_eq!(sum, overview.summary.pageviews, "{from} {to} {zone} {now}");
            }
        }
    }
}

#[tokio::test]
async fn lists_count_the_sessions_of_the_summary() {
    let analytics = testing::analytics().await;
    let sessions = [session(1, MONDAY + 10_000), session(2, MONDAY + 30_000)];
    write(&analytics, &sessions).await;
    let of = async |start, end| {
        let overview = overview(&analytics, range(start, end), SessionFilter::default()).await;
        (overview.summary.sessions, overview.entry_pages)
    };
    assert_eq!(of(MONDAY, MONDAY + HOUR).await, (2, vec![share("/", 2)]));
    assert_eq!(of(MONDAY, MONDAY + MINUTE).await, (2, vec![share("/", 2)]));
    assert_eq!(of(MONDAY + 10_001, MONDAY + 9 * DAY).await, (1, vec![share("/", 1)]));
    assert_eq!(of(MONDAY + 10_001, MONDAY + MINUTE).await, (1, vec![share("/", 1)]));
    assert_eq!(of(MONDAY + 10_000, MONDAY + 30_000).await, (1, vec![share("/", 1)]));
    assert_eq!(of(MONDAY, MONDAY + 10_000).await, (0, vec![]));
}

#[tokio::test]
async fn every_list_and_the_chart_tell_how_many_sessions_struggled() {
    let analytics = testing::analytics().await;
    let of = |id, country: &str, started_at, rage_click_count| SessionRow {
        country: country.into(),
        rage_click_count,
        ..session(id, started_at)
    };
    let sessions = [
        of(1, "FR", MONDAY + HOUR, 2),
        of(2, "FR", MONDAY + HOUR, 0),
        of(3, "DE", MONDAY + 2 * HOUR, 0),
        of(4, "FR", MONDAY - HOUR, 1),
    ];
    write(&analytics, &sessions).await;
    let french = SessionFilter {
        country: Some("FR".into()),
        ..SessionFilter::default()
    };
    let amid_an_hour = TimeRange::new(MONDAY + MINUTE, MONDAY + DAY).unwrap();
    for range in [monday(), amid_an_hour] {
        for filter in [SessionFilter::default(), french.clone()] {
            let overview = overview(&analytics, range, filter).await;
            let france = &overview.countries[0];
            assert_eq!(
                (france.value.as_str(), france.sessions, france.struggling_sessions),
                ("FR", 2, 1)
            );
            let chart: u64 = overview.series.iter().map(|point| point.struggling_sessions).sum();
            assert_eq!((chart, overview.summary.struggling_sessions), (1, 1));
        }
    }
}
