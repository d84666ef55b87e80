use crate::samples::*;
use chrono_tz::Tz;
use gosight_store::analytics::{Today, Totals};
use gosight_store::rows::{Counts, Dimension, OutcomeRow};
use gosight_store::testing;

#[tokio::test]
async fn totals_count_rows_distinct_ids_and_outcomes() {
    let analytics = testing::analytics().await;
    let outcome = |outcome: &str, events| OutcomeRow {
        project_id: PROJECT,
        hour: MONDAY,
        outcome: outcome.into(),
        events,
    };
    write(&analytics, &[event(1), event(1), event(2)]).await;
    write(&analytics, &[session(1, MONDAY)]).await;
    write(&analytics, &[insight(1, "rage_click", MONDAY)]).await;
    write(
        &analytics,
        &[outcome("counted", 2), outcome("duplicate", 1), outcome("late", 1)],
    )
    .await;
    write(&analytics, &[outcome("late", -1)]).await;
    let totals = analytics.scope(PROJECT).totals().await.unwrap();
    let outcomes = vec![("counted".to_owned(), 2), ("duplicate".to_owned(), 1)];
    assert_eq!(
        totals,
        Totals {
            events: 3,
            distinct_events: 2,
            sessions: 1,
            insights: 1,
            outcomes
        }
    );
}

#[tokio::test]
async fn today_is_the_project_s_own_day() {
    let analytics = testing::analytics().await;
    let counts = Counts {
        sessions: 2,
        events: 30,
        ..Counts::default()
    };
    write(&analytics, &rollups(Dimension::Total, "", MONDAY, counts)).await;
    let scope = analytics.scope(PROJECT);
    assert_eq!(
        scope.today(MONDAY + 5 * HOUR, Tz::UTC).await.unwrap(),
        Today {
            sessions: 2,
            events: 30
        }
    );
    assert_eq!(scope.today(MONDAY + DAY, Tz::UTC).await.unwrap(), Today::default());
}
