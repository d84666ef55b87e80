//! Analytics over HTTP on the real engine: the shapes clients rely on, who may see them, and which tables a route reads.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use chrono::{SecondsFormat, TimeZone, Utc};
use gosight_api::notifications::Notifier;
use gosight_api::notifications::webhook::Reach;
use gosight_api::{Api, Bootstrap, Config, bootstrap, router};
use gosight_store::analytics::{Analytics, QueryLog};
use gosight_store::live::Bus;
use gosight_store::meta::Meta;
use gosight_store::recording;
use gosight_store::rows::*;
use gosight_store::testing;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;
use uuid::Uuid;

const EMAIL: &str = "ann@example.com";
const PASSWORD: &str = "correct horse battery staple";
const HOUR: i64 = 3_600_000;
/// 2026-03-02T00:00:00Z
const MONDAY: i64 = 1_772_409_600_000;
const MONDAY_NUMBER: u16 = 20_514;
const MONDAY_RANGE: &str = "start=2026-03-02T00:00:00Z&end=1772496000000";
const SESSION: Uuid = Uuid::from_u128(0x51);
const CHUNK: Uuid = Uuid::from_u128(0xC1);
const DIGEST: [u8; 32] = [7; 32];
const SECRET: &str = "what Ann wrote";

#[test]
fn engine_child() {
    testing::engine_child();
}

struct World {
    router: Router,
    meta: Meta,
    analytics: Analytics,
    bus: Bus,
    queries: QueryLog,
    token: String,
    project_id: Uuid,
    _folder: TempDir,
}

/// An installation with an owner, the projects `mine` and `other`, and the owner signed in.
async fn world() -> World {
    let folder = TempDir::new().unwrap();
    let meta = Meta::open_file(&folder.path().join("meta.sqlite")).await.unwrap();
    for slug in ["mine", "other"] {
        let wish = Bootstrap {
            admin_email: Some(EMAIL.into()),
            admin_password: Some(PASSWORD.into()),
            project: Some(slug.into()),
            project_key: None,
        };
        bootstrap(&meta, &wish, MONDAY).await.unwrap();
    }
    let project_id = meta.project_by_slug("mine").await.unwrap().id;
    let queries = QueryLog::default();
    let analytics = testing::analytics().await.with_query_log(queries.clone());
    let bus = Bus::new();
    let notifier = Notifier::new(meta.clone(), None, Reach::Anywhere, "http://gosight.example");
    let config = Config {
        public_url: "http://gosight.example".into(),
        trusts_proxy: false,
    };
    let api = Api::new(
        meta.clone(),
        analytics.clone(),
        bus.clone(),
        Arc::clone(&notifier),
        config,
    );
    let router = router(api.unwrap());
    let token = sign_in(&router).await;
    World {
        router,
        meta,
        analytics,
        bus,
        queries,
        token,
        project_id,
        _folder: folder,
    }
}

async fn sign_in(router: &Router) -> String {
    let body = json!({ "email": EMAIL, "password": PASSWORD }).to_string();
    let request = Request::post("/api/v1/auth/login")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body))
        .unwrap();
    let (status, answer) = send(router, request).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer["data"]["access_token"].as_str().unwrap().to_owned()
}

async fn send(router: &Router, request: Request<Body>) -> (StatusCode, Value) {
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), 10_000_000).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

impl World {
    async fn ask(&self, path: &str) -> (StatusCode, Value) {
        let request = Request::get(format!("/api/v1/projects/{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        send(&self.router, request.body(Body::empty()).unwrap()).await
    }

    /// The answer to a question that must succeed.
    async fn get(&self, path: &str) -> Value {
        let (status, answer) = self.ask(path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        assert_eq!(answer["success"], true);
        answer
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let request = Request::post(format!("/api/v1{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()));
        let (status, answer) = send(&self.router, request.unwrap()).await;
        assert!(status.is_success(), "{path}: {answer}");
        answer
    }

    /// The token of somebody with this role in `mine`.
    async fn somebody(&self, role: &str) -> String {
        let invitation = json!({ "email": format!("{role}@example.com"), "role": role });
        let invitation = self.post("/projects/mine/invitations", invitation).await;
        let registration = json!({ "email": format!("{role}@example.com"), "password": PASSWORD, "invitation_token": invitation["data"]["token"] });
        let answer = self.post("/auth/register", registration).await;
        answer["data"]["access_token"].as_str().unwrap().to_owned()
    }

    async fn ask_as(&self, token: &str, path: &str, headers: &[(header::HeaderName, &str)]) -> Response {
        let mut request =
            Request::get(format!("/api/v1/projects/{path}")).header(header::AUTHORIZATION, format!("Bearer {token}"));
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        self.router.clone().oneshot(request).await.unwrap()
    }

    async fn write<T: TableRow>(&self, rows: &[T]) {
        self.analytics.insert(rows, &Uuid::new_v4().to_string()).await.unwrap();
    }

    fn session(&self, id: Uuid, started_at: i64) -> SessionRow {
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

    fn insight(&self, id: u128, r#type: &str, timestamp: i64) -> InsightRow {
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

    /// A page that was recorded, and a click on it.
    async fn furnish_replay(&self) {
        let text = json!({ "type": 3, "id": 4, "textContent": SECRET });
        let element = |id: u32, tag: &str, children: Value| json!({ "type": 2, "id": id, "tagName": tag, "attributes": {}, "childNodes": [children] });
        let node = json!({ "type": 0, "id": 1, "childNodes": [element(2, "html", element(3, "body", text))] });
        let events = json!([
            { "type": 4, "data": { "href": "https://shop.example/shop", "width": 1280, "height": 800 }, "timestamp": MONDAY - 60_000 },
            { "type": 2, "data": { "node": node, "initialOffset": { "top": 0, "left": 0 } }, "timestamp": MONDAY - 59_000 },
        ]);
        let cleaned = recording::clean(events.to_string().as_bytes()).unwrap();
        let data = recording::compress(&cleaned.json);
        let chunk = ReplayChunkRow {
            project_id: self.project_id,
            session_id: SESSION,
            recording_id: Uuid::from_u128(9),
            id: CHUNK,
            first_ms: cleaned.first_ms,
            last_ms: cleaned.last_ms,
            clock_offset_ms: HOUR + 60_000,
            event_count: 2,
            has_full_snapshot: 1,
            device_type: "desktop".into(),
            received_at: MONDAY + HOUR,
            inflated_bytes: cleaned.json.len() as u32,
            bytes: data.len() as u32,
            data,
            ..ReplayChunkRow::default()
        };
        let page = recording::snapshots(&cleaned.json).unwrap().remove(0);
        let snapshot = PageSnapshotRow {
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
        };
        let asset = ReplayAssetRow {
            project_id: self.project_id,
            digest: DIGEST,
            mime: "image/png".into(),
            received_at: MONDAY + HOUR,
            data: b"pixels".to_vec(),
        };
        self.write(&[chunk]).await;
        self.write(&[snapshot]).await;
        self.write(&[asset]).await;
    }

    /// A bit of everything on Monday.
    async fn furnish(&self) {
        self.furnish_replay().await;
        let (project_id, day) = (self.project_id, MONDAY_NUMBER);
        self.write(&[self.session(SESSION, MONDAY + HOUR)]).await;
        self.write(&[self.insight(0x11, "rage_click", MONDAY + HOUR + 100)])
            .await;
        let (path, device_type): (String, String) = ("/shop".into(), "desktop".into());
        let cell = ClickCellRow {
            project_id,
            path: path.clone(),
            device_type: device_type.clone(),
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
            path: path.clone(),
            selector: "#buy".into(),
            device_type: device_type.clone(),
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
        self.write(&[cell]).await;
        self.write(&[element]).await;
        let scroll = |percent, views| ScrollDepthRow {
            project_id,
            path: path.clone(),
            device_type: device_type.clone(),
            day,
            percent,
            views,
        };
        self.write(&[scroll(0, 4), scroll(5, 3)]).await;
        let views = Counts {
            page_views: 4,
            time_on_page_ms: 3000,
            page_exits: 2,
            ..Counts::default()
        };
        let rollup = |resolution, dimension, bucket, value: &str, counts| {
            RollupRow::new(project_id, resolution, dimension, bucket, value.to_owned(), counts)
        };
        self.write(&[
            rollup(Resolution::Hour, Dimension::Total, MONDAY + HOUR, "", views),
            rollup(Resolution::Minute, Dimension::Total, MONDAY + HOUR, "", views),
            rollup(Resolution::Hour, Dimension::Path, MONDAY + HOUR, "/shop", views),
        ])
        .await;
        let event = |id, r#type: &str, time| EventRow {
            project_id,
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

#[tokio::test]
async fn the_overview_has_the_shape_clients_rely_on() {
    let world = world().await;
    world.furnish().await;
    world.bus.set_complete_to_ms(MONDAY);
    let answer = world.get(&format!("mine/overview?{MONDAY_RANGE}&timezone=UTC")).await;
    assert_eq!(answer["meta"]["complete_to"], "2026-03-02T00:00:00.000Z");
    let data = &answer["data"];
    assert_eq!(
        data["summary"],
        json!({
            "sessions": 1, "visitors": 1, "pageviews": 4, "bounce_rate": 0.0, "avg_duration_ms": 1500, "struggling_sessions": 1,
            "sessions_change": null, "visitors_change": null, "pageviews_change": null, "bounce_rate_change": null,
            "avg_duration_ms_change": null, "struggling_sessions_change": null,
        })
    );
    assert_eq!(
        data["series"][1],
        json!({ "time": "2026-03-02T01:00:00.000Z", "sessions": 1, "visitors": 1, "pageviews": 4, "struggling_sessions": 1 })
    );
    assert_eq!(
        data["top_pages"],
        json!([{ "path": "/shop", "views": 4, "avg_time_ms": 1500 }])
    );
    assert_eq!(
        data["countries"],
        json!([{ "value": "DE", "sessions": 1, "struggling_sessions": 1 }])
    );
    let insights = json!({ "rage_click": 1, "dead_click": 0, "error_click": 0, "thrashed_cursor": 0, "u_turn": 0, "slow_page": 0 });
    assert_eq!(data["insights"], insights);
    for list in ["top_referrers", "devices", "browsers", "entry_pages", "exit_pages"] {
        assert!(data[list].is_array(), "{list}");
    }
}

#[tokio::test]
async fn a_list_of_sessions_is_the_data_itself_and_goes_page_by_page() {
    let world = world().await;
    let rows: Vec<_> = (1..=3)
        .map(|n| world.session(Uuid::from_u128(n), MONDAY + n as i64))
        .collect();
    world.write(&rows).await;
    let first = world.get(&format!("mine/sessions?{MONDAY_RANGE}&per_page=2")).await;
    let cursor = first["meta"]["next_cursor"].as_str().unwrap();
    let second = world
        .get(&format!("mine/sessions?{MONDAY_RANGE}&per_page=2&cursor={cursor}"))
        .await;
    assert_eq!(second["meta"].get("next_cursor"), None);
    let ids = |answer: &Value| {
        answer["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["id"].clone())
            .collect::<Vec<_>>()
    };
    let id = |n: u128| json!(Uuid::from_u128(n).to_string());
    assert_eq!([ids(&first), ids(&second)].concat(), [id(3), id(2), id(1)]);
    let session = &first["data"][0];
    assert_eq!(session["user_id"], Value::Null);
    assert_eq!(session["started_at"], "2026-03-02T00:00:00.003Z");
    for field in [
        "visitor_id",
        "ended_at",
        "duration_ms",
        "entry_path",
        "exit_path",
        "page_count",
        "event_count",
        "click_count",
        "error_count",
        "rage_click_count",
        "dead_click_count",
        "error_click_count",
        "max_scroll_percent",
        "is_bounce",
        "has_replay",
        "device_type",
        "browser",
        "os",
        "country",
        "city",
        "utm_source",
        "utm_medium",
        "utm_campaign",
        "referrer_domain",
    ] {
        assert!(session.get(field).is_some(), "{field}");
    }
}

#[tokio::test]
async fn filters_and_sorts_reach_the_list() {
    let world = world().await;
    let calm = SessionRow {
        rage_click_count: 0,
        duration_ms: 9,
        ..world.session(Uuid::from_u128(2), MONDAY + 1)
    };
    world.write(&[world.session(SESSION, MONDAY), calm]).await;
    let count = async |query: &str| {
        world.get(&format!("mine/sessions?{MONDAY_RANGE}&{query}")).await["data"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(count("rage=true").await, 1);
    assert_eq!(count("rage=false&country=DE").await, 1);
    assert_eq!(count("country=FR").await, 0);
    assert_eq!(count("duration_min_ms=10").await, 1);
    let longest = world
        .get(&format!("mine/sessions?{MONDAY_RANGE}&sort=-duration_ms"))
        .await;
    assert_eq!(longest["data"][0]["id"], SESSION.to_string());
    let struggling = world.get(&format!("mine/sessions?{MONDAY_RANGE}&sort=-struggle")).await;
    assert_eq!(struggling["data"][0]["id"], SESSION.to_string());
}

#[tokio::test]
async fn a_session_has_its_replay_for_as_long_as_the_project_keeps_it() {
    let world = world().await;
    let recorded = |id, started_at| SessionRow {
        has_replay: 1,
        ..world.session(Uuid::from_u128(id), started_at)
    };
    let now = Utc::now().timestamp_millis();
    world.write(&[recorded(1, MONDAY), recorded(2, now)]).await;
    let has =
        async |id| world.get(&format!("mine/sessions/{}", Uuid::from_u128(id))).await["data"]["has_replay"] == true;
    assert!(!has(1).await, "it is older than the 30 days of a new project");
    assert!(has(2).await);
    for (query, count) in [("replay=true", 0), ("replay=false", 1)] {
        let sessions = world.get(&format!("mine/sessions?{MONDAY_RANGE}&{query}")).await;
        assert_eq!(sessions["data"].as_array().unwrap().len(), count, "{query}");
    }
}

#[tokio::test]
async fn a_session_and_its_events_in_time_order() {
    let world = world().await;
    world.furnish().await;
    let session = world.get(&format!("mine/sessions/{SESSION}")).await;
    assert_eq!(session["data"]["id"], SESSION.to_string());
    let events = world.get(&format!("mine/sessions/{SESSION}/events?per_page=1")).await;
    assert_eq!(events["data"][0]["type"], "page_view");
    assert_eq!(events["data"][0]["payload"], json!({ "title": "Shop" }));
    let cursor = events["meta"]["next_cursor"].as_str().unwrap();
    let events = world
        .get(&format!("mine/sessions/{SESSION}/events?per_page=1&cursor={cursor}"))
        .await;
    assert_eq!(
        (&events["data"][0]["type"], events["meta"].get("next_cursor")),
        (&json!("click"), None)
    );
    assert_eq!(
        world.ask(&format!("mine/sessions/{}", Uuid::nil())).await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        world.ask("mine/sessions/nonsense/events").await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn insights_have_details_by_type_and_a_summary_of_the_whole_range() {
    let world = world().await;
    let dead = InsightRow {
        expected: vec!["page_view".into()],
        ..world.insight(2, "dead_click", MONDAY + 2)
    };
    let error = InsightRow {
        thrown: vec!["boom".into()],
        ..world.insight(3, "error_click", MONDAY + 3)
    };
    world
        .write(&[world.insight(1, "rage_click", MONDAY), dead, error])
        .await;
    let answer = world.get(&format!("mine/insights?{MONDAY_RANGE}&per_page=3")).await;
    let data = &answer["data"];
    assert_eq!(
        data["hotspots"],
        json!([{ "path": "/shop", "selector": "#buy", "rage_click": 1, "dead_click": 1, "error_click": 1 }])
    );
    assert_eq!(data["summary"]["dead_click"], 1);
    let [error, dead, rage] = [0, 1, 2].map(|n| &data["insights"][n]["details"]);
    assert_eq!(rage["click_count"], 6);
    assert_eq!(rage["started_at"], "2026-03-02T00:00:00.000Z");
    assert_eq!(rage["ended_at"], "2026-03-02T00:00:00.900Z");
    assert_eq!(
        (&rage["x"], &rage["event_ids"].as_array().unwrap().len()),
        (&json!(5), &2)
    );
    assert_eq!(
        (&dead["tag"], &dead["expected"]),
        (&json!("button"), &json!(["page_view"]))
    );
    assert_eq!(error["thrown"], json!(["boom"]));
    let one = world
        .get(&format!(
            "mine/insights?{MONDAY_RANGE}&type=dead_click&session_id={SESSION}"
        ))
        .await;
    assert_eq!(one["data"]["insights"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn heatmaps_have_the_shapes_clients_rely_on() {
    let world = world().await;
    world.furnish().await;
    // A range of an hour widens to its day.
    let range = "start=2026-03-02T10:00:00Z&end=2026-03-02T11:00:00Z&path=/shop";
    let spot = json!({ "x": -20, "y": 4, "clicks": 6, "rage": 6, "dead": 1, "error": 0 });
    let element = json!({ "selector": "#buy", "name": "Buy", "text": "Buy now", "clicks": 6, "rage": 6, "dead": 1, "error": 0, "spots": [spot] });
    let click = world
        .get(&format!("mine/heatmaps?{range}&type=click&device=desktop"))
        .await;
    let expected = json!({ "cells": [{ "x": 10, "y": 20, "count": 6, "rage": 6, "dead": 1 }], "cell_px": 10, "views": 4, "elements": [element] });
    assert_eq!(click["data"], expected);
    let scroll = world.get(&format!("mine/heatmaps?{range}&type=scroll")).await;
    assert_eq!(scroll["data"], json!({ "views": 4, "reached": depths(&[4, 3]) }));
    let pages = world.get(&format!("mine/heatmaps/pages?{range}")).await;
    assert_eq!(pages["data"], json!([{ "path": "/shop", "views": 4, "clicks": 6 }]));
}

#[tokio::test]
async fn what_cannot_be_asked_is_a_validation_error() {
    let world = world().await;
    for question in [
        "overview?start=2&end=1",
        "overview?start=yesterday",
        "overview?timezone=Mars/Base",
        "sessions?sort=password_hash",
        "sessions?cursor=forged",
        "sessions?rage=perhaps",
        "insights?session_id=nonsense",
        "heatmaps?type=click",
        "heatmaps?path=/&type=nonsense",
    ] {
        let (status, answer) = world.ask(&format!("mine/{question}")).await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (StatusCode::BAD_REQUEST, &json!("VALIDATION_ERROR")),
            "{question}"
        );
    }
}

/// One way to ask a GET route of the document.
struct Question {
    /// As in the document, below the project: `/sessions/{session_id}`.
    template: String,
    tag: String,
    /// With ids and parameters filled in.
    path: String,
}

/// Every GET route of a project, plain and with each of its parameters; the live socket is none.
fn questions() -> Vec<Question> {
    let document = serde_json::to_value(gosight_api::document()).unwrap();
    let mut questions = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let (Some(template), Some(operation)) = (path.strip_prefix("/projects/{project}"), item.get("get")) else {
            continue;
        };
        let tag = operation["tags"][0].as_str().unwrap();
        if tag == "live" {
            continue;
        }
        let parameters = operation["parameters"].as_array().unwrap();
        let parameters = parameters.iter().filter(|parameter| parameter["in"] == "query");
        let (required, optional): (Vec<_>, Vec<_>) = parameters.partition(|parameter| parameter["required"] == true);
        let mut plain: Vec<_> = required.iter().flat_map(|parameter| said(parameter)).collect();
        plain.extend(
            optional
                .iter()
                .filter(|p| p["name"] == "start")
                .map(|_| MONDAY_RANGE.to_owned()),
        );
        let asides = optional.iter().flat_map(|parameter| said(parameter)).map(Some);
        for aside in std::iter::once(None).chain(asides) {
            let query: Vec<_> = plain.iter().cloned().chain(aside).collect();
            questions.push(Question {
                template: template.to_owned(),
                tag: tag.to_owned(),
                path: format!(
                    "{}?{}",
                    template
                        .replace("{session_id}", &SESSION.to_string())
                        .replace("{chunk_id}", &CHUNK.to_string())
                        .replace("{digest}", &hex::encode(DIGEST))
                        .replace("{rule_id}", &Uuid::nil().to_string()),
                    query.join("&")
                ),
            });
        }
    }
    questions
}

/// A query parameter with each value worth asking with.
fn said(parameter: &Value) -> Vec<String> {
    let name = parameter["name"].as_str().unwrap();
    if let Some(values) = parameter["schema"]["enum"].as_array() {
        return values
            .iter()
            .map(|value| format!("{name}={}", value.as_str().unwrap()))
            .collect();
    }
    let value = match name {
        // The range has been said; a cursor cannot be made up.
        "start" | "end" | "cursor" => return Vec::new(),
        "path" => "/shop",
        "type" => "dead_click",
        "sort" => "-struggle",
        "timezone" => "Europe/Berlin",
        "device" => "desktop",
        "attribute" => "plan:pro",
        "session_id" | "rule_id" => return vec![format!("{name}={SESSION}")],
        "error" | "rage" | "dead" | "error_click" | "replay" => "true",
        "duration_min_ms" | "duration_max_ms" | "per_page" => "2",
        "country" => "DE",
        "version" => "0000000000000001",
        "browser" | "os" | "referrer" | "utm_source" | "utm_medium" | "utm_campaign" | "user" => "x",
        other => panic!("what could be asked with {other}?"),
    };
    vec![format!("{name}={value}")]
}

#[tokio::test]
async fn another_project_s_answers_hold_nothing_of_this_one() {
    let world = world().await;
    world.furnish().await;
    for Question { path: route, .. } in questions() {
        let (status, answer) = world.ask(&format!("other{route}")).await;
        let text = answer.to_string();
        assert!(
            status == StatusCode::OK || status == StatusCode::NOT_FOUND,
            "{route}: {answer}"
        );
        for secret in [
            "/shop\"",
            "#buy",
            "\"DE\"",
            SECRET,
            &SESSION.to_string(),
            &CHUNK.to_string(),
        ] {
            assert!(!text.contains(secret), "{route} tells {secret}: {text}");
        }
    }
}

#[tokio::test]
async fn nobody_gets_anything_without_signing_in() {
    let world = world().await;
    for Question { path: route, .. } in questions() {
        let request = Request::get(format!("/api/v1/projects/mine{route}"))
            .body(Body::empty())
            .unwrap();
        assert_eq!(
            send(&world.router, request).await.0,
            StatusCode::UNAUTHORIZED,
            "{route}"
        );
    }
}

#[tokio::test]
async fn no_route_reads_raw_events_but_a_session_s_own_list() {
    let world = world().await;
    world.furnish().await;
    for Question { template, tag, path } in questions() {
        drop(world.queries.take());
        let (status, answer) = world.ask(&format!("mine{path}")).await;
        let is_nothing = template.contains("{rule_id}");
        assert_eq!(
            status,
            if is_nothing {
                StatusCode::NOT_FOUND
            } else {
                StatusCode::OK
            },
            "{path}: {answer}"
        );
        let queries = world.queries.take();
        let is_metadata = matches!(tag.as_str(), "projects" | "keys" | "members" | "alerts");
        assert_eq!(queries.is_empty(), is_metadata, "{path}: {queries:?}");
        let reads_events = queries.iter().any(|query| query.reads("events"));
        assert_eq!(
            reads_events,
            template == "/sessions/{session_id}/events",
            "{path}: {queries:?}"
        );
    }
}

const ROLES: [&str; 4] = ["viewer", "member", "admin", "owner"];

#[tokio::test]
async fn a_replay_is_for_members_and_its_texts_for_admins() {
    let world = world().await;
    world.furnish_replay().await;
    let key = json!({ "name": "reports", "permissions": ["read"] });
    let key = world.post("/projects/mine/keys", key).await["data"]["key"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut callers = vec![("read key", key)];
    for role in ROLES {
        callers.push((role, world.somebody(role).await));
    }
    let replay = format!("mine/sessions/{SESSION}/replay");
    let chunk = format!("{replay}/chunks/{CHUNK}");
    let asset = format!("mine/replay/assets/{}", hex::encode(DIGEST));
    for (role, token) in callers {
        let is_member = !matches!(role, "read key" | "viewer");
        let is_masked = role == "member";
        for path in [&replay, &chunk, &asset] {
            let answer = world.ask_as(&token, path, &[]).await;
            let expected = if is_member {
                StatusCode::OK
            } else {
                StatusCode::FORBIDDEN
            };
            assert_eq!(answer.status(), expected, "{role}: {path}");
        }
        let backdrop = text(world.ask_as(&token, "mine/heatmaps/backdrop?path=/shop", &[]).await).await;
        assert_eq!(
            backdrop.contains(SECRET),
            matches!(role, "admin" | "owner"),
            "{role}: {backdrop}"
        );
        assert!(backdrop.contains(r#""tagName":"body""#), "{role}: {backdrop}");
        if is_member {
            let manifest: Value = serde_json::from_str(&text(world.ask_as(&token, &replay, &[]).await).await).unwrap();
            assert_eq!(manifest["data"]["is_masked"], is_masked, "{role}");
            let events = text(world.ask_as(&token, &chunk, &[]).await).await;
            assert_eq!(events.contains(SECRET), !is_masked, "{role}: {events}");
        }
    }
}

#[tokio::test]
async fn reading_an_hours_recording_through_takes_nothing_from_what_else_is_asked() {
    let world = world().await;
    world.furnish_replay().await;
    let token = world.somebody("owner").await;
    let limit = async |path: &str| -> u32 {
        let answer = world.ask_as(&token, path, &[]).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.headers()["x-ratelimit-limit"].to_str().unwrap().parse().unwrap()
    };
    let manifest = format!("mine/sessions/{SESSION}/replay");
    let hour_of_chunks = 3_600 / 3;
    assert_eq!(limit(&format!("{manifest}/chunks/{CHUNK}")).await, hour_of_chunks);
    assert_eq!(
        limit(&format!("mine/replay/assets/{}", hex::encode(DIGEST))).await,
        hour_of_chunks
    );
    assert_eq!(limit(&manifest).await, 200);
}

async fn text(response: Response) -> String {
    String::from_utf8(bytes(response).await).unwrap()
}

async fn bytes(response: Response) -> Vec<u8> {
    axum::body::to_bytes(response.into_body(), 10_000_000)
        .await
        .unwrap()
        .into()
}

#[tokio::test]
async fn a_replay_has_the_shape_players_rely_on() {
    let world = world().await;
    world.furnish_replay().await;
    let answer = world.get(&format!("mine/sessions/{SESSION}/replay")).await;
    let bytes_of_chunk = answer["data"]["recordings"][0]["chunks"][0]["bytes"].as_u64().unwrap();
    assert!((50..500).contains(&bytes_of_chunk));
    let chunk = json!({
        "id": CHUNK.to_string(), "index": 0, "started_at": "2026-03-02T01:00:00.000Z", "ended_at": "2026-03-02T01:00:01.000Z",
        "event_count": 2, "has_full_snapshot": true, "bytes": bytes_of_chunk,
    });
    let recording = json!({ "id": Uuid::from_u128(9).to_string(), "device": "desktop", "chunks": [chunk] });
    let expected = json!({ "recordings": [recording], "clock_offset_ms": HOUR + 60_000, "is_masked": false });
    assert_eq!(answer["data"], expected);
    for nothing in [
        format!("sessions/{}/replay", Uuid::nil()),
        format!("sessions/{SESSION}/replay/chunks/{}", Uuid::nil()),
        format!("sessions/{}/replay/chunks/{CHUNK}", Uuid::nil()),
        format!("replay/assets/{}", "00".repeat(32)),
        "replay/assets/nonsense".to_owned(),
    ] {
        let (status, answer) = world.ask(&format!("mine/{nothing}")).await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (StatusCode::NOT_FOUND, &json!("NOT_FOUND")),
            "{nothing}"
        );
    }
}

#[tokio::test]
async fn a_session_recorded_in_two_tabs_is_on_the_clock_of_its_first_batch() {
    let world = world().await;
    let chunk = |id: u128, recording: u128, first_ms: i64, offset_ms: i64, received_at: i64| ReplayChunkRow {
        project_id: world.project_id,
        session_id: SESSION,
        recording_id: Uuid::from_u128(recording),
        id: Uuid::from_u128(id),
        first_ms,
        last_ms: first_ms,
        clock_offset_ms: offset_ms,
        received_at,
        ..ReplayChunkRow::default()
    };
    let rows = [
        chunk(1, 1, MONDAY + 9, 300_000, MONDAY + 300_020),
        chunk(2, 2, MONDAY, 299_000, MONDAY + 300_010),
    ];
    world.write(&rows).await;
    let answer = world.get(&format!("mine/sessions/{SESSION}/replay")).await;
    assert_eq!(answer["data"]["clock_offset_ms"], 299_000);
    let started = |n: usize| answer["data"]["recordings"][n]["chunks"][0]["started_at"].clone();
    assert_eq!(
        [started(0), started(1)],
        ["2026-03-02T00:04:59.000Z", "2026-03-02T00:04:59.009Z"]
    );
}

#[tokio::test]
async fn recorded_bytes_are_kept_by_the_browser_for_who_asked_and_never_run() {
    let world = world().await;
    world.furnish_replay().await;
    let chunk = format!("mine/sessions/{SESSION}/replay/chunks/{CHUNK}");
    let plain = world.ask_as(&world.token, &chunk, &[]).await;
    let header = |response: &Response, name: header::HeaderName| {
        response
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(header(&plain, header::CONTENT_TYPE).unwrap(), "application/json");
    assert_eq!(
        header(&plain, header::CACHE_CONTROL).unwrap(),
        "private, max-age=3600, immutable"
    );
    assert!(header(&plain, header::VARY).unwrap().contains("authorization"));
    assert_eq!(header(&plain, header::CONTENT_ENCODING), None);
    let plain = bytes(plain).await;
    let events: Value = serde_json::from_slice(&plain).unwrap();
    assert_eq!(
        (events[0]["type"].as_u64(), events[1]["type"].as_u64()),
        (Some(4), Some(2))
    );

    let packed = world
        .ask_as(&world.token, &chunk, &[(header::ACCEPT_ENCODING, "gzip, zstd")])
        .await;
    assert_eq!(header(&packed, header::CONTENT_ENCODING).unwrap(), "zstd");
    assert_eq!(recording::decompress(&bytes(packed).await, 1 << 20).unwrap(), plain);
    let member = world.somebody("member").await;
    let masked = world
        .ask_as(&member, &chunk, &[(header::ACCEPT_ENCODING, "zstd")])
        .await;
    assert_eq!(
        header(&masked, header::CONTENT_ENCODING),
        None,
        "what is stored is not masked"
    );

    let asset = world
        .ask_as(
            &world.token,
            &format!("mine/replay/assets/{}", hex::encode(DIGEST)),
            &[],
        )
        .await;
    assert_eq!(header(&asset, header::CONTENT_TYPE).unwrap(), "image/png");
    assert_eq!(header(&asset, header::X_CONTENT_TYPE_OPTIONS).unwrap(), "nosniff");
    assert_eq!(
        header(&asset, header::CONTENT_SECURITY_POLICY).unwrap(),
        "default-src 'none'; sandbox"
    );
    assert!(header(&asset, header::CACHE_CONTROL).unwrap().contains("immutable"));
    assert_eq!(bytes(asset).await, b"pixels");
}

#[tokio::test]
async fn who_watches_a_replay_is_written_down_once_in_a_while() {
    let world = world().await;
    world.furnish_replay().await;
    let member = world.somebody("member").await;
    let replay = format!("mine/sessions/{SESSION}/replay");
    for _ in 0..3 {
        for path in [replay.clone(), format!("{replay}/chunks/{CHUNK}")] {
            assert_eq!(world.ask_as(&member, &path, &[]).await.status(), StatusCode::OK);
        }
    }
    world.get(&replay).await;
    let log = world.meta.audit_log(world.project_id, None, 100).await.unwrap();
    let reads: Vec<_> = log.iter().filter(|entry| entry.action == "replay.read").collect();
    assert_eq!(reads.len(), 2, "one of each: {reads:?}");
    assert!(
        reads
            .iter()
            .all(|entry| entry.target == SESSION.to_string() && entry.user_id.is_some())
    );
}

#[tokio::test]
async fn a_backdrop_has_the_shape_heatmaps_rely_on() {
    let world = world().await;
    world.furnish_replay().await;
    let answer = world.get("mine/heatmaps/backdrop?path=/shop&device=desktop").await;
    let [version] = &answer["data"]["versions"].as_array().unwrap()[..] else {
        panic!("{answer}")
    };
    assert_eq!(version["taken_at"], "2026-03-02T01:00:00.000Z");
    assert_eq!(
        (&version["width"], &version["session_id"]),
        (&json!(1280), &json!(SESSION.to_string()))
    );
    let backdrop = &answer["data"]["backdrop"];
    assert_eq!(
        (&backdrop["version"], &backdrop["href"]),
        (&version["version"], &json!("https://shop.example/shop"))
    );
    assert_eq!(
        (&backdrop["height"], &backdrop["node"]["childNodes"][0]["tagName"]),
        (&json!(800), &json!("html"))
    );
    let named = format!(
        "mine/heatmaps/backdrop?path=/shop&version={}",
        version["version"].as_str().unwrap()
    );
    assert_eq!(world.get(&named).await["data"]["backdrop"], *backdrop);
    for nowhere in ["path=/nowhere", "path=/shop&device=mobile"] {
        let answer = world.get(&format!("mine/heatmaps/backdrop?{nowhere}")).await;
        assert_eq!(answer["data"], json!({ "versions": [], "backdrop": null }));
    }
    assert_eq!(
        world.ask("mine/heatmaps/backdrop?path=/shop&version=new").await.0,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn a_new_session_is_in_the_default_range() {
    let world = world().await;
    let now = Utc::now();
    world.write(&[world.session(SESSION, now.timestamp_millis() - 1)]).await;
    let answer = world.get("mine/sessions").await;
    assert_eq!(answer["data"].as_array().unwrap().len(), 1);
    let tomorrow = Utc
        .timestamp_millis_opt(now.timestamp_millis() + 24 * HOUR)
        .unwrap()
        .to_rfc3339_opts(SecondsFormat::Millis, true);
    assert_eq!(
        world.get(&format!("mine/sessions?end={tomorrow}")).await["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

/// Every twentieth of the page: what was reached so far, and then nothing.
fn depths(views: &[u32]) -> Value {
    (0..=20)
        .map(|step| json!({ "percent": step * 5, "views": views.get(step).copied().unwrap_or(0) }))
        .collect()
}
