//! Rows to begin with; tests change what they are about.

use gosight_store::analytics::{Analytics, TimeRange};
use gosight_store::recording;
use gosight_store::rows::*;
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::Uuid;

pub(crate) const MINUTE: i64 = 60_000;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;
/// 2026-03-02T00:00:00Z, a Monday.
pub(crate) const MONDAY: i64 = 1_772_409_600_000;
pub(crate) const MONDAY_NUMBER: u16 = 20_514;
pub(crate) const PROJECT: Uuid = Uuid::from_u128(0xA);
pub(crate) const OTHER_PROJECT: Uuid = Uuid::from_u128(0xB);

pub(crate) fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

/// Writes rows under a token of their own.
pub(crate) async fn write<T: TableRow>(analytics: &Analytics, rows: &[T]) {
    static TOKEN: AtomicU64 = AtomicU64::new(0);
    let token = format!("{}:{}", T::TABLE, TOKEN.fetch_add(1, Ordering::Relaxed));
    analytics.insert(rows, &token).await.unwrap();
}

pub(crate) fn range(start: i64, end: i64) -> TimeRange {
    TimeRange::new(start, end).unwrap()
}

pub(crate) fn monday() -> TimeRange {
    range(MONDAY, MONDAY + DAY)
}

pub(crate) fn event(n: u128) -> EventRow {
    EventRow {
        project_id: PROJECT,
        session_id: id(1),
        id: id(n),
        r#type: "click".into(),
        time: MONDAY,
        received_at: MONDAY + 5,
        client_time: MONDAY - 3,
        view_id: id(7),
        path: "/shop".into(),
        url: "https://shop.example/shop?a=1".into(),
        visitor_id: "v1".into(),
        x: 10,
        y: -20,
        selector: "#buy".into(),
        name: "Buy".into(),
        text: "Buy 'now'\n\\".into(),
        payload: r#"{"page_x":10}"#.to_owned(),
        late: 0,
    }
}

pub(crate) fn session(n: u128, started_at: i64) -> SessionRow {
    SessionRow {
        project_id: PROJECT,
        id: id(n),
        visitor_id: format!("v{n}"),
        started_at,
        ended_at: started_at + 60_000,
        duration_ms: 60_000,
        entry_url: "https://shop.example/".into(),
        entry_path: "/".into(),
        exit_url: "https://shop.example/pay".into(),
        exit_path: "/pay".into(),
        page_count: 2,
        event_count: 5,
        device_type: "desktop".into(),
        browser: "Firefox".into(),
        os: "Linux".into(),
        country: "DE".into(),
        attributes: vec![("plan".into(), "pro".into())],
        pages: vec![
            PageStep {
                offset_ms: 0,
                path: "/".into(),
            },
            PageStep {
                offset_ms: 20_000,
                path: "/pay".into(),
            },
        ],
        marks: vec![Mark {
            offset_ms: 1,
            r#type: "rage_click".into(),
        }],
        hidden: vec![HiddenGap {
            offset_ms: 2,
            duration_ms: 3,
        }],
        version: 1,
        ..SessionRow::default()
    }
}

pub(crate) fn insight(n: u128, r#type: &str, timestamp: i64) -> InsightRow {
    InsightRow {
        project_id: PROJECT,
        id: id(n),
        r#type: r#type.into(),
        severity: "high".into(),
        session_id: id(1),
        visitor_id: "v1".into(),
        path: "/shop".into(),
        selector: "#buy".into(),
        timestamp,
        ended_at: timestamp + 900,
        x: -1,
        y: 2,
        click_count: 6,
        event_ids: vec![id(100), id(101)],
        expected: vec!["page_view".into()],
        thrown: vec!["it's \"broken\"".into()],
        version: 1,
        ..InsightRow::default()
    }
}

pub(crate) fn cell(cell_x: i32, cell_y: i32, clicks: i64) -> ClickCellRow {
    ClickCellRow {
        project_id: PROJECT,
        path: "/shop".into(),
        device_type: "desktop".into(),
        viewport_bucket: 1200,
        day: MONDAY_NUMBER,
        cell_x,
        cell_y,
        clicks,
        rage: 0,
        dead: 0,
    }
}

pub(crate) fn element(selector: &str, clicks: i64) -> ElementRow {
    ElementRow {
        project_id: PROJECT,
        path: "/shop".into(),
        selector: selector.into(),
        device_type: "desktop".into(),
        day: MONDAY_NUMBER,
        name: "Buy".into(),
        text: "Buy now".into(),
        spot_x: 0,
        spot_y: 0,
        clicks,
        rage: 0,
        dead: 0,
        error: 0,
    }
}

pub(crate) fn scroll(percent: u8, views: i64) -> ScrollDepthRow {
    ScrollDepthRow {
        project_id: PROJECT,
        path: "/shop".into(),
        device_type: "desktop".into(),
        day: MONDAY_NUMBER,
        percent,
        views,
    }
}

/// The same counts in a minute, its hour and its UTC day.
pub(crate) fn rollups(dimension: Dimension, value: &str, minute: i64, counts: Counts) -> [RollupRow; 3] {
    let row = |resolution, width: i64| {
        RollupRow::new(
            PROJECT,
            resolution,
            dimension,
            minute - minute.rem_euclid(width),
            value.to_owned(),
            counts,
        )
    };
    [
        row(Resolution::Minute, MINUTE),
        row(Resolution::Hour, HOUR),
        row(Resolution::Day, DAY),
    ]
}

/// A page view of session 1.
pub(crate) fn page_view(path: &str, time: i64) -> PageEventRow {
    PageEventRow {
        project_id: PROJECT,
        session_id: id(1),
        time,
        path: path.into(),
        page_views: 1,
        ..PageEventRow::default()
    }
}

/// A page exit of session 1.
pub(crate) fn page_exit(path: &str, time: i64, time_on_page_ms: i64) -> PageEventRow {
    PageEventRow {
        page_views: 0,
        page_exits: 1,
        time_on_page_ms,
        ..page_view(path, time)
    }
}

/// Writes page events, and the rollups that tell of them.
pub(crate) async fn write_page_events(analytics: &Analytics, events: &[PageEventRow]) {
    write(analytics, events).await;
    let told = events.iter().flat_map(|event| {
        let counts = Counts {
            page_views: event.page_views.into(),
            page_exits: event.page_exits.into(),
            time_on_page_ms: event.time_on_page_ms,
            ..Counts::default()
        };
        [(Dimension::Total, ""), (Dimension::Path, event.path.as_ref())]
            .map(|(dimension, value)| rollups(dimension, value, event.time, counts))
    });
    write(analytics, &told.flatten().collect::<Vec<_>>()).await;
}

pub(crate) fn views(page_views: i64) -> Counts {
    Counts {
        page_views,
        ..Counts::default()
    }
}

/// A chunk of session 1's recording 9.
pub(crate) fn chunk(n: u128, index: u32) -> ReplayChunkRow {
    let json = format!(r#"[{{"type":5,"data":{{"tag":"{n}"}},"timestamp":{MONDAY}}}]"#);
    let data = recording::compress(json.as_bytes());
    ReplayChunkRow {
        project_id: PROJECT,
        session_id: id(1),
        recording_id: id(9),
        id: id(n),
        chunk_index: index,
        first_ms: MONDAY + i64::from(index) * 3000,
        last_ms: MONDAY + i64::from(index) * 3000 + 2999,
        event_count: 1,
        has_full_snapshot: u8::from(index == 0),
        device_type: "desktop".into(),
        received_at: MONDAY + i64::from(index) * 3000 + 3100,
        inflated_bytes: json.len() as u32,
        bytes: data.len() as u32,
        data,
        ..ReplayChunkRow::default()
    }
}

/// What `/shop` looked like.
pub(crate) fn snapshot(page_version: u64, received_at: i64) -> PageSnapshotRow {
    let json = format!(r#"{{"href":"https://shop.example/shop","width":1280,"height":800,"node":{received_at}}}"#);
    PageSnapshotRow {
        project_id: PROJECT,
        path: "/shop".into(),
        device_type: "desktop".into(),
        page_version,
        session_id: id(1),
        width: 1280,
        height: 800,
        taken_at: received_at - 50,
        received_at,
        inflated_bytes: json.len() as u32,
        data: recording::compress(json.as_bytes()),
    }
}

pub(crate) fn asset(digest: u8) -> ReplayAssetRow {
    ReplayAssetRow {
        project_id: PROJECT,
        digest: [digest; 32],
        mime: "image/png".into(),
        received_at: MONDAY,
        data: vec![digest, 0, 255],
    }
}
