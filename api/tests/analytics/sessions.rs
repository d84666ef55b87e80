use axum::http::StatusCode;
use chrono::{SecondsFormat, TimeZone, Utc};
use gosight_store::rows::{EventRow, SessionRow};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::samples::*;
use crate::world::world;

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
        "is_replay_expired",
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

#[tokio::test]
async fn a_session_has_its_replay_for_as_long_as_the_project_keeps_it_and_says_that_it_had_one() {
    let world = world().await;
    let recorded = |id, started_at| SessionRow {
        has_replay: 1,
        ..world.session(Uuid::from_u128(id), started_at)
    };
    let now = Utc::now().timestamp_millis();
    let never_recorded = world.session(Uuid::from_u128(3), MONDAY);
    world
        .write(&[recorded(1, MONDAY), recorded(2, now), never_recorded])
        .await;
    let has_and_had = async |id| {
        let answer = world.get(&format!("mine/sessions/{}", Uuid::from_u128(id))).await;
        [&answer["data"]["has_replay"], &answer["data"]["is_replay_expired"]].map(|it| it == true)
    };
    assert_eq!(
        has_and_had(1).await,
        [false, true],
        "it is older than the 30 days of a new project"
    );
    assert_eq!(has_and_had(2).await, [true, false]);
    assert_eq!(has_and_had(3).await, [false, false]);
    for (query, count) in [("replay=true", 0), ("replay=false", 2)] {
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
async fn a_session_of_20_000_events_is_read_whole_or_of_the_types_that_are_asked_for() {
    let world = world().await;
    world.write(&[world.session(SESSION, MONDAY)]).await;
    // Five share each millisecond, so that pages end within one.
    let events: Vec<_> = (0..20_000)
        .map(|n| EventRow {
            project_id: world.project_id,
            session_id: SESSION,
            id: Uuid::from_u128(n),
            view_id: Uuid::from_u128(7),
            r#type: if n % 100 == 0 { "click" } else { "mouse_move" }.into(),
            time: MONDAY + n as i64 / 5,
            received_at: MONDAY,
            payload: "{}".into(),
            ..EventRow::default()
        })
        .collect();
    world.write(&events).await;
    let read = async |query: &str| {
        let mut sizes = Vec::new();
        let mut ids = Vec::new();
        let mut cursor = String::new();
        loop {
            let answer = world
                .get(&format!("mine/sessions/{SESSION}/events?{query}{cursor}"))
                .await;
            let rows = answer["data"].as_array().unwrap();
            assert!(rows.iter().all(|row| row["view_id"] == Uuid::from_u128(7).to_string()));
            sizes.push(rows.len());
            ids.extend(rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()));
            let Some(next) = answer["meta"]["next_cursor"].as_str() else {
                return (sizes, ids);
            };
            cursor = format!("&cursor={next}");
        }
    };
    let ids = |step| {
        (0..20_000)
            .step_by(step)
            .map(|n| Uuid::from_u128(n).to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(read("per_page=1000").await, (vec![500; 40], ids(1)));
    assert_eq!(read("per_page=500&types=click,page_view").await, (vec![200], ids(100)));
    assert_eq!(read("per_page=500&types=page_view").await, (vec![0], vec![]));
}
