//! A scope sees its own project, writes nothing, and is bounded.

use crate::samples::*;
use chrono_tz::Tz;
use gosight_store::analytics::{
    BackdropFilter, HeatmapFilter, InsightFilter, PageRequest, QueryLog, ReplayRun, SessionFilter, SessionOrder,
};
use gosight_store::rows::Dimension;
use gosight_store::testing;

#[tokio::test]
async fn every_question_about_another_project_finds_nothing() {
    let log = QueryLog::default();
    let analytics = testing::analytics().await.with_query_log(log.clone());
    write(&analytics, &[event(1)]).await;
    write(&analytics, &[session(1, MONDAY)]).await;
    write(&analytics, &[insight(1, "rage_click", MONDAY)]).await;
    write(&analytics, &[cell(1, 2, 3)]).await;
    write(&analytics, &[element("#a", 1)]).await;
    write(&analytics, &[scroll(0, 1)]).await;
    write(&analytics, &rollups(Dimension::Total, "", MONDAY, views(1))).await;
    write(&analytics, &[page_view("/", MONDAY)]).await;
    write(&analytics, &[chunk(1, 0)]).await;
    write(&analytics, &[snapshot(1, MONDAY)]).await;
    write(&analytics, &[asset(1)]).await;

    let other = analytics.scope(OTHER_PROJECT);
    let heatmap = HeatmapFilter {
        path: "/shop".into(),
        device: None,
        days: monday().days(Tz::UTC),
    };
    let totals = other.totals().await.unwrap();
    assert_eq!((totals.events, totals.sessions, totals.insights), (0, 0, 0));
    assert_eq!(other.session(id(1)).await.unwrap(), None);
    assert!(
        other
            .session_events(&session(1, MONDAY), None, PageRequest::default())
            .await
            .unwrap()
            .rows
            .is_empty()
    );
    let everyone = SessionFilter::default();
    let sessions = other.sessions(monday(), &everyone, SessionOrder::default(), PageRequest::default());
    assert!(sessions.await.unwrap().rows.is_empty());
    let insights = other
        .insights(monday(), &InsightFilter::default(), PageRequest::default())
        .await
        .unwrap();
    assert!(insights.insights.rows.is_empty() && insights.summary.is_empty() && insights.hotspots.is_empty());
    let clicks = other.click_heatmap(&heatmap).await.unwrap();
    assert!(clicks.cells.rows.is_empty() && clicks.elements.rows.is_empty() && clicks.views == 0);
    assert!(other.scroll_heatmap(&heatmap).await.unwrap().is_empty());
    assert!(
        other
            .heatmap_pages(monday().days(Tz::UTC))
            .await
            .unwrap()
            .rows
            .is_empty()
    );
    let overview = other.overview(monday(), &everyone, Tz::UTC, MONDAY).await.unwrap();
    assert_eq!((overview.summary.sessions, overview.summary.pageviews), (0, 0));
    assert_eq!(other.today(MONDAY, Tz::UTC).await.unwrap().events, 0);

    assert!(other.replay(id(1)).await.unwrap().rows.is_empty());
    assert_eq!(
        other.replay_run(id(1), id(9), 0..=u32::MAX).await.unwrap(),
        ReplayRun::default()
    );
    assert_eq!(other.replay_asset([1; 32]).await.unwrap(), None);
    let page = BackdropFilter {
        path: "/shop".into(),
        device: None,
    };
    assert!(other.page_versions(&page).await.unwrap().is_empty());
    assert_eq!(other.backdrop(&page, None).await.unwrap(), None);

    // Only the session's own list and the checker read raw events.
    let readers: Vec<_> = log
        .take()
        .into_iter()
        .filter(|query| query.reads("events"))
        .map(|query| query.view)
        .collect();
    assert_eq!(readers, ["totals", "session_events"]);
}
