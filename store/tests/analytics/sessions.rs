use crate::samples::*;
use gosight_store::analytics::{Analytics, HasReplay, PageRequest, SessionFilter, SessionOrder, SessionSort};
use gosight_store::rows::{EventRow, PageStep, SessionRow};
use gosight_store::testing;

async fn ids(analytics: &Analytics, filter: SessionFilter) -> Vec<u128> {
    let page = analytics
        .scope(PROJECT)
        .sessions(monday(), &filter, SessionOrder::default(), PageRequest::default())
        .await;
    page.unwrap().rows.into_iter().map(|row| row.id.as_u128()).collect()
}

#[tokio::test]
async fn the_newest_version_is_the_session_and_a_deleted_one_is_none() {
    let analytics = testing::analytics().await;
    let first = session(1, MONDAY + HOUR);
    let newer = SessionRow {
        event_count: 9,
        version: 2,
        ..first.clone()
    };
    write(&analytics, &[newer.clone(), session(2, MONDAY + 2 * HOUR)]).await;
    write(&analytics, &[first]).await;
    write(&analytics, &[session(2, MONDAY + 2 * HOUR).tombstone(3)]).await;
    let scope = analytics.scope(PROJECT);
    assert_eq!(scope.session(id(1)).await.unwrap(), Some(newer));
    assert_eq!(scope.session(id(2)).await.unwrap(), None);
    assert_eq!(ids(&analytics, SessionFilter::default()).await, [1]);
}

#[tokio::test]
async fn a_session_that_moves_to_another_day_and_month_is_there_once() {
    let analytics = testing::analytics().await;
    let before = session(1, MONDAY);
    let after = SessionRow {
        version: 2,
        ..session(1, MONDAY - 3 * DAY)
    };
    write(&analytics, std::slice::from_ref(&before)).await;
    write(&analytics, &[before.tombstone(2), after.clone()]).await;
    assert_eq!(analytics.scope(PROJECT).session(id(1)).await.unwrap(), Some(after));
    assert_eq!(analytics.scope(PROJECT).totals().await.unwrap().sessions, 1);
    assert_eq!(ids(&analytics, SessionFilter::default()).await, [] as [u128; 0]);
}

#[tokio::test]
async fn a_range_has_its_start_and_not_its_end() {
    let analytics = testing::analytics().await;
    write(
        &analytics,
        &[
            session(1, MONDAY - 1),
            session(2, MONDAY),
            session(3, MONDAY + DAY - 1),
            session(4, MONDAY + DAY),
        ],
    )
    .await;
    assert_eq!(ids(&analytics, SessionFilter::default()).await, [3, 2]);
}

#[tokio::test]
async fn each_filter_leaves_the_sessions_it_names() {
    let analytics = testing::analytics().await;
    let plain = |n| session(n, MONDAY + n as i64);
    write(
        &analytics,
        &[
            SessionRow {
                error_count: 1,
                country: "FR".into(),
                ..plain(1)
            },
            SessionRow {
                rage_click_count: 2,
                device_type: "mobile".into(),
                has_replay: 1,
                ..plain(2)
            },
            SessionRow {
                dead_click_count: 1,
                browser: "Safari".into(),
                user_id: "o'neil".into(),
                ..plain(3)
            },
            SessionRow {
                duration_ms: 5,
                os: "iOS".into(),
                utm_source: "mail".into(),
                attributes: vec![],
                ..plain(4)
            },
            SessionRow {
                error_click_count: 1,
                referrer_domain: "news.example".into(),
                pages: vec![PageStep {
                    offset_ms: 0,
                    path: "/x\\y\tz".into(),
                }],
                ..plain(5)
            },
        ],
    )
    .await;
    let text = |value: &str| Some(value.to_owned());
    let all = SessionFilter::default;
    let has_replay = |wanted, kept_from_ms| Some(HasReplay { wanted, kept_from_ms });
    let cases = [
        (
            SessionFilter {
                has_error: Some(true),
                ..all()
            },
            vec![1],
        ),
        (
            SessionFilter {
                has_error: Some(false),
                ..all()
            },
            vec![5, 4, 3, 2],
        ),
        (
            SessionFilter {
                country: text("FR"),
                ..all()
            },
            vec![1],
        ),
        (
            SessionFilter {
                has_rage_click: Some(true),
                ..all()
            },
            vec![2],
        ),
        (
            SessionFilter {
                has_replay: has_replay(true, i64::MIN),
                ..all()
            },
            vec![2],
        ),
        (
            SessionFilter {
                has_replay: has_replay(true, MONDAY + DAY),
                ..all()
            },
            vec![],
        ),
        (
            SessionFilter {
                has_replay: has_replay(false, MONDAY + DAY),
                ..all()
            },
            vec![5, 4, 3, 2, 1],
        ),
        (
            SessionFilter {
                device: text("mobile"),
                ..all()
            },
            vec![2],
        ),
        (
            SessionFilter {
                has_dead_click: Some(true),
                ..all()
            },
            vec![3],
        ),
        (
            SessionFilter {
                browser: text("Safari"),
                ..all()
            },
            vec![3],
        ),
        (
            SessionFilter {
                user: text("o'neil"),
                ..all()
            },
            vec![3],
        ),
        (
            SessionFilter {
                user: text("v4"),
                ..all()
            },
            vec![4],
        ),
        (
            SessionFilter {
                duration_max_ms: Some(5),
                ..all()
            },
            vec![4],
        ),
        (
            SessionFilter {
                duration_min_ms: Some(60_000),
                os: text("Linux"),
                has_error_click: Some(false),
                ..all()
            },
            vec![3, 2, 1],
        ),
        (
            SessionFilter {
                utm_source: text("mail"),
                ..all()
            },
            vec![4],
        ),
        (
            SessionFilter {
                has_error_click: Some(true),
                ..all()
            },
            vec![5],
        ),
        (
            SessionFilter {
                referrer: text("news.example"),
                ..all()
            },
            vec![5],
        ),
        (
            SessionFilter {
                path: text("/x\\y\tz"),
                ..all()
            },
            vec![5],
        ),
        (
            SessionFilter {
                path: text("/pay"),
                ..all()
            },
            vec![5, 4, 3, 2, 1],
        ),
        (
            SessionFilter {
                attribute: Some(("plan".into(), "pro".into())),
                ..all()
            },
            vec![5, 3, 2, 1],
        ),
        (
            SessionFilter {
                country: text("' OR 1=1 --"),
                ..all()
            },
            vec![],
        ),
    ];
    for (filter, expected) in cases {
        assert_eq!(ids(&analytics, filter.clone()).await, expected, "{filter:?}");
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repeat_in_every_order() {
    let analytics = testing::analytics().await;
    // Many equal sort values: ties are broken by id.
    let rows: Vec<_> = (0..25)
        .map(|n| SessionRow {
            page_count: (n % 3) as u32,
            ..session(n + 1, MONDAY + (n as i64 % 4))
        })
        .collect();
    write(&analytics, &rows).await;
    for sort in [
        SessionSort::StartedAt,
        SessionSort::Pages,
        SessionSort::Duration,
        SessionSort::Struggle,
    ] {
        for descending in [true, false] {
            let order = SessionOrder { sort, descending };
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let request = PageRequest::new(Some(7), after);
                let page = analytics
                    .scope(PROJECT)
                    .sessions(monday(), &SessionFilter::default(), order, request)
                    .await
                    .unwrap();
                seen.extend(page.rows.iter().map(|row| row.id));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(seen.len(), 25, "{order:?}");
            seen.sort();
            seen.dedup();
            assert_eq!(seen.len(), 25, "{order:?}");
        }
    }
}

#[tokio::test]
async fn a_session_s_events_come_in_time_order_with_ties_by_id_as_text() {
    let analytics = testing::analytics().await;
    let low = uuid::Uuid::parse_str("00000000-0000-0000-ffff-000000000000").unwrap();
    let high = uuid::Uuid::parse_str("10000000-0000-0000-0000-000000000000").unwrap();
    let at = |id, time| EventRow { id, time, ..event(0) };
    let other_session = EventRow {
        session_id: id(2),
        ..event(9)
    };
    write(
        &analytics,
        &[at(high, MONDAY), at(low, MONDAY), at(id(3), MONDAY - 1), other_session],
    )
    .await;
    let row = session(1, MONDAY - 1);
    let scope = analytics.scope(PROJECT);
    let first = scope
        .session_events(&row, None, PageRequest::new(Some(2), None))
        .await
        .unwrap();
    let second = scope
        .session_events(&row, None, PageRequest::new(Some(2), first.next))
        .await
        .unwrap();
    let ids: Vec<_> = first.rows.iter().chain(&second.rows).map(|row| row.id).collect();
    assert_eq!(ids, [id(3), low, high]);
    assert_eq!(second.next, None);
    assert_eq!(second.rows[0], at(high, MONDAY));
}

#[tokio::test]
async fn a_derived_session_s_events_are_its_visitor_s_without_a_session_id_from_first_to_last() {
    let analytics = testing::analytics().await;
    let nameless = |n, time| EventRow {
        session_id: uuid::Uuid::nil(),
        time,
        ..event(n)
    };
    let events = [
        nameless(9, MONDAY - 2),
        nameless(10, MONDAY - 1),
        nameless(12, MONDAY + 60_000),
        nameless(11, MONDAY),
        nameless(13, MONDAY + 60_001),
        nameless(18, MONDAY + 60_002),
        EventRow {
            visitor_id: "v2".into(),
            ..nameless(14, MONDAY)
        },
        EventRow {
            late: 1,
            ..nameless(15, MONDAY)
        },
        EventRow {
            project_id: OTHER_PROJECT,
            ..nameless(16, MONDAY)
        },
        // Of the same visitor, in a session of its own.
        EventRow {
            session_id: id(2),
            ..event(17)
        },
    ];
    write(&analytics, &events).await;
    let row = SessionRow {
        is_derived: 1,
        first_event_at: MONDAY - 1,
        last_event_at: MONDAY + 60_001,
        ..session(1, MONDAY)
    };
    let list = analytics
        .scope(PROJECT)
        .session_events(&row, None, PageRequest::default())
        .await
        .unwrap();
    let ids: Vec<_> = list.rows.iter().map(|row| (row.id, row.session_id)).collect();
    assert_eq!(ids, [10, 11, 12, 13].map(|n| (id(n), id(1))));
}
