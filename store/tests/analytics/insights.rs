use crate::samples::*;
use gosight_store::analytics::{Hotspot, InsightFilter, PageRequest, TypeCount};
use gosight_store::rows::InsightRow;
use gosight_store::testing;

fn count(r#type: &str, count: u64) -> TypeCount {
    TypeCount {
        r#type: r#type.to_owned(),
        count,
    }
}

#[tokio::test]
async fn summary_and_hotspots_are_of_the_whole_range_on_every_page() {
    let analytics = testing::analytics().await;
    let elsewhere = InsightRow {
        path: "/pay".into(),
        selector: ".x".into(),
        ..insight(4, "error_click", MONDAY + 4)
    };
    write(
        &analytics,
        &[
            insight(1, "rage_click", MONDAY + 1),
            insight(2, "rage_click", MONDAY + 2),
            insight(3, "dead_click", MONDAY + 3),
            elsewhere,
            insight(5, "dead_click", MONDAY + DAY),
        ],
    )
    .await;
    let scope = analytics.scope(PROJECT);
    let all = InsightFilter::default();
    let first = scope
        .insights(monday(), &all, PageRequest::new(Some(3), None))
        .await
        .unwrap();
    let second = scope
        .insights(monday(), &all, PageRequest::new(Some(3), first.insights.next))
        .await
        .unwrap();
    let ids = |rows: &[InsightRow]| rows.iter().map(|row| row.id.as_u128()).collect::<Vec<_>>();
    assert_eq!(
        (ids(&first.insights.rows), ids(&second.insights.rows)),
        (vec![4, 3, 2], vec![1])
    );
    assert_eq!(second.insights.next, None);
    for page in [&first, &second] {
        assert_eq!(
            page.summary,
            [count("dead_click", 1), count("error_click", 1), count("rage_click", 2)]
        );
        assert_eq!(
            page.hotspots,
            [
                Hotspot {
                    path: "/shop".into(),
                    selector: "#buy".into(),
                    rage_click: 2,
                    dead_click: 1,
                    error_click: 0
                },
                Hotspot {
                    path: "/pay".into(),
                    selector: ".x".into(),
                    rage_click: 0,
                    dead_click: 0,
                    error_click: 1
                },
            ]
        );
    }
}

#[tokio::test]
async fn a_retracted_insight_is_gone_and_a_changed_one_is_its_newest_version() {
    let analytics = testing::analytics().await;
    let grown = InsightRow {
        click_count: 8,
        version: 2,
        ..insight(1, "rage_click", MONDAY)
    };
    write(
        &analytics,
        &[insight(1, "rage_click", MONDAY), insight(2, "dead_click", MONDAY)],
    )
    .await;
    write(
        &analytics,
        &[grown.clone(), insight(2, "dead_click", MONDAY).tombstone(2)],
    )
    .await;
    let page = analytics
        .scope(PROJECT)
        .insights(monday(), &InsightFilter::default(), PageRequest::default())
        .await
        .unwrap();
    assert_eq!(page.insights.rows, [grown]);
    assert_eq!(page.summary, [count("rage_click", 1)]);
}

#[tokio::test]
async fn type_path_and_session_filter_list_summary_and_hotspots_alike() {
    let analytics = testing::analytics().await;
    let other_session = InsightRow {
        session_id: id(2),
        path: "/o".into(),
        ..insight(3, "dead_click", MONDAY)
    };
    write(
        &analytics,
        &[
            insight(1, "rage_click", MONDAY),
            insight(2, "dead_click", MONDAY),
            other_session,
        ],
    )
    .await;
    let filters = [
        (
            InsightFilter {
                r#type: Some("rage_click".into()),
                ..Default::default()
            },
            1,
        ),
        (
            InsightFilter {
                path: Some("/shop".into()),
                ..Default::default()
            },
            2,
        ),
        (
            InsightFilter {
                session_id: Some(id(2)),
                ..Default::default()
            },
            1,
        ),
    ];
    for (filter, expected) in filters {
        let page = analytics
            .scope(PROJECT)
            .insights(monday(), &filter, PageRequest::default())
            .await
            .unwrap();
        assert_eq!(page.insights.rows.len(), expected, "{filter:?}");
        assert_eq!(
            page.summary.iter().map(|type_| type_.count).sum::<u64>(),
            expected as u64
        );
        assert_eq!(page.hotspots.len(), 1);
    }
}
