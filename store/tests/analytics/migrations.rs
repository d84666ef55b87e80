use crate::samples::*;
use gosight_store::testing;

#[tokio::test]
async fn migrating_twice_or_at_once_changes_nothing() {
    let analytics = testing::analytics().await;
    write(&analytics, &[session(1, MONDAY)]).await;
    analytics.migrate().await.unwrap();
    let (one, other) = tokio::join!(analytics.migrate(), analytics.migrate());
    one.unwrap();
    other.unwrap();
    assert_eq!(analytics.scope(PROJECT).totals().await.unwrap().sessions, 1);
}
