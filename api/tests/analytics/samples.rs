//! What happened on the Monday that is asked about.

use gosight_store::recording::{self, Cleaned};
use gosight_store::rows::*;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::World;

pub(crate) const HOUR: i64 = 3_600_000;
/// 2026-03-02T00:00:00Z
pub(crate) const MONDAY: i64 = 1_772_409_600_000;
pub(crate) const MONDAY_NUMBER: u16 = 20_514;
pub(crate) const MONDAY_RANGE: &str = "start=2026-03-02T00:00:00Z&end=1772496000000";
pub(crate) const SESSION: Uuid = Uuid::from_u128(0x51);
pub(crate) const RECORDING: Uuid = Uuid::from_u128(9);
pub(crate) const CHUNK: Uuid = Uuid::from_u128(0xC1);
pub(crate) const DIGEST: [u8; 32] = [7; 32];
pub(crate) const SECRET: &str = "what Ann wrote";

impl World {
    pub(crate) fn session(&self, id: Uuid, started_at: i64) -> SessionRow {
        SessionRow {
            project_id: self.project_id,
            id,
            visitor_id: "v1".into(),
            started_at,
            ended_at: started_at + 1500,
            duration_ms: 1500,
            entry_path: "/".into(),
            exit_path: "/pay".into(),
            page_count: 2,
            event_count: 9,
            rage_click_count: 1,
            device_type: "desktop".into(),
            country: "DE".into(),
            version: 1,
            ..SessionRow::default()
        }
    }

    pub(crate) fn insight(&self, id: u128, r#type: &str, timestamp: i64) -> InsightRow {
        InsightRow {
            project_id: self.project_id,
            id: Uuid::from_u128(id),
            r#type: r#type.into(),
            severity: "high".into(),
            session_id: SESSION,
            path: "/shop".into(),
            url: "https://shop.example/shop".into(),
            selector: "#buy".into(),
            tag: "button".into(),
            timestamp,
            ended_at: timestamp + 900,
            x: 5,
            y: 6,
            click_count: 6,
            event_ids: vec![Uuid::from_u128(1), Uuid::from_u128(2)],
            version: 1,
            ..InsightRow::default()
        }
    }

    /// A bit of everything.
    pub(crate) async fn furnish(&self) {
        self.furnish_replay().await;
        self.write(&[self.session(SESSION, MONDAY + HOUR)]).await;
        self.write(&[self.insight(0x11, "rage_click", MONDAY + HOUR + 100)])
            .await;
        self.furnish_heatmaps().await;
        self.furnish_rollups().await;
        self.furnish_events().await;
    }

    /// The chunk of [`Self::furnish_replay`], again and again along its recording, and the id of each.
    pub(crate) fn chunks(&self, count: u32) -> Vec<ReplayChunkRow> {
        let chunk = self.chunk(&recorded_page());
        let at = |index| ReplayChunkRow {
            id: Uuid::from_u128(0xC1 + u128::from(index)),
            chunk_index: index,
            ..chunk.clone()
        };
        (0..count).map(at).collect()
    }

    /// A recorded page: the chunk that shows it, the page as it was, and a picture.
    pub(crate) async fn furnish_replay(&self) {
        let cleaned = recorded_page();
        self.write(&[self.chunk(&cleaned)]).await;
        self.write(&[self.snapshot(&cleaned)]).await;
        let asset = ReplayAssetRow {
            project_id: self.project_id,
            digest: DIGEST,
            mime: "image/png".into(),
            received_at: MONDAY + HOUR,
            data: b"pixels".to_vec(),
        };
        self.write(&[asset]).await;
    }

    pub(crate) fn chunk(&self, cleaned: &Cleaned) -> ReplayChunkRow {
        let data = recording::compress(&cleaned.json);
        ReplayChunkRow {
            project_id: self.project_id,
            session_id: SESSION,
            recording_id: RECORDING,
            id: CHUNK,
            first_ms: cleaned.first_ms,
            last_ms: cleaned.last_ms,
            clock_offset_ms: HOUR + 60_000,
            event_count: cleaned.event_count,
            has_full_snapshot: cleaned.has_full_snapshot.into(),
            device_type: "desktop".into(),
            received_at: MONDAY + HOUR,
            inflated_bytes: cleaned.json.len() as u32,
            bytes: data.len() as u32,
            data,
            ..ReplayChunkRow::default()
        }
    }

    fn snapshot(&self, cleaned: &Cleaned) -> PageSnapshotRow {
        let page = recording::snapshots(&cleaned.json).unwrap().remove(0);
        PageSnapshotRow {
            project_id: self.project_id,
            path: page.path,
            device_type: "desktop".into(),
            page_version: page.page_version,
            session_id: SESSION,
            width: page.width,
            height: page.height,
            taken_at: MONDAY + HOUR,
            received_at: MONDAY + HOUR,
            inflated_bytes: page.json.len() as u32,
            data: recording::compress(&page.json),
        }
    }

    async fn furnish_heatmaps(&self) {
        let (project_id, day) = (self.project_id, MONDAY_NUMBER);
        let cell = ClickCellRow {
            project_id,
            path: "/shop".into(),
            device_type: "desktop".into(),
            viewport_bucket: 1200,
            day,
            cell_x: 10,
            cell_y: 20,
            clicks: 6,
            rage: 6,
            dead: 1,
        };
        let element = ElementRow {
            project_id,
            path: "/shop".into(),
            selector: "#buy".into(),
            device_type: "desktop".into(),
            day,
            name: "Buy".into(),
            text: "Buy now".into(),
            spot_x: -20,
            spot_y: 4,
            clicks: 6,
            rage: 6,
            dead: 1,
            error: 0,
        };
        let scroll = |percent, views| ScrollDepthRow {
            project_id,
            path: "/shop".into(),
            device_type: "desktop".into(),
            day,
            percent,
            views,
        };
        self.write(&[cell]).await;
        self.write(&[element]).await;
        self.write(&[scroll(0, 4), scroll(5, 3)]).await;
    }

    async fn furnish_rollups(&self) {
        let (project_id, hour) = (self.project_id, MONDAY + HOUR);
        let views = Counts {
            page_views: 4,
            time_on_page_ms: 3000,
            page_exits: 2,
            ..Counts::default()
        };
        let rollup = |resolution, dimension, value: &str| {
            RollupRow::new(project_id, resolution, dimension, hour, value.to_owned(), views)
        };
        self.write(&[
            rollup(Resolution::Hour, Dimension::Total, ""),
            rollup(Resolution::Minute, Dimension::Total, ""),
            rollup(Resolution::Hour, Dimension::Path, "/shop"),
        ])
        .await;
    }

    async fn furnish_events(&self) {
        let event = |id, r#type: &str, time| EventRow {
            project_id: self.project_id,
            session_id: SESSION,
            id: Uuid::from_u128(id),
            r#type: r#type.into(),
            time,
            received_at: time + 5,
            client_time: time,
            view_id: Uuid::nil(),
            path: "/shop".into(),
            url: "https://shop.example/shop".into(),
            visitor_id: "v1".into(),
            x: 0,
            y: 0,
            selector: "".into(),
            name: "".into(),
            text: "".into(),
            payload: r#"{"title":"Shop"}"#.into(),
            late: 0,
        };
        self.write(&[
            event(2, "click", MONDAY + HOUR + 2),
            event(1, "page_view", MONDAY + HOUR),
        ])
        .await;
    }
}

/// The page with its secret, as the door keeps it.
fn recorded_page() -> Cleaned {
    let text = json!({ "type": 3, "id": 4, "textContent": SECRET });
    let element = |id: u32, tag: &str, children: Value| json!({ "type": 2, "id": id, "tagName": tag, "attributes": {}, "childNodes": [children] });
    let node = json!({ "type": 0, "id": 1, "childNodes": [element(2, "html", element(3, "body", text))] });
    let events = json!([
        { "type": 4, "data": { "href": "https://shop.example/shop", "width": 1280, "height": 800 }, "timestamp": MONDAY - 60_000 },
        { "type": 2, "data": { "node": node, "initialOffset": { "top": 0, "left": 0 } }, "timestamp": MONDAY - 59_000 },
    ]);
    recording::clean(events.to_string().as_bytes()).unwrap()
}
