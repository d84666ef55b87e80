//! The live socket, over real sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]

mod common;

use std::collections::HashMap;
use std::sync::Arc;

use common::{Installation, PROJECT};
use futures::{SinkExt, StreamExt};
use gosight_store::live::{LiveNow, LiveTick, ProjectTick, TICKS_MAX};
use gosight_store::rows::{InsightRow, SessionRow, TransitionRow, TransitionState};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use uuid::Uuid;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn connect(it: &Installation, project: &str) -> Socket {
    let (socket, _) = connect_async(format!("ws://{}/api/v1/projects/{project}/live", it.address))
        .await
        .unwrap();
    socket
}

async fn say(socket: &mut Socket, message: Value) {
    socket.send(Message::text(message.to_string())).await.unwrap();
}

/// The next message; `None` when the connection ends.
async fn hear(socket: &mut Socket) -> Option<Value> {
    loop {
        match socket.next().await? {
            Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
            Ok(Message::Close(_)) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

/// The next message of this type, past heartbeats.
async fn hear_type(socket: &mut Socket, r#type: &str) -> Value {
    loop {
        let message = hear(socket).await.expect("the connection ended");
        if message["type"] == r#type {
            return message;
        }
    }
}

/// The next tick that tells of something.
async fn hear_news(socket: &mut Socket) -> Value {
    loop {
        let tick = hear_type(socket, "tick").await;
        if [
            "metrics", "sessions", "insights", "alerts", "events", "cells", "elements",
        ]
        .iter()
        .any(|part| tick.get(part).is_some())
        {
            return tick;
        }
    }
}

async fn subscribed(it: &Installation, token: &str, topics: Value) -> Socket {
    let mut socket = connect(it, PROJECT).await;
    say(&mut socket, json!({ "type": "authenticate", "token": token })).await;
    assert_eq!(hear(&mut socket).await.unwrap(), json!({ "type": "authenticated" }));
    say(&mut socket, json!({ "type": "subscribe", "topics": topics })).await;
    assert_eq!(
        hear_type(&mut socket, "subscribed").await["topics"]
            .as_array()
            .unwrap()
            .len(),
        topics.as_array().unwrap().len()
    );
    socket
}

fn publish(it: &Installation, tick: u64, project: Uuid, changes: ProjectTick) {
    let projects = HashMap::from([(project, changes)]);
    it.bus.publish(Arc::new(LiveTick {
        tick,
        complete_to_ms: tick as i64,
        projects,
    }));
}

async fn main_id(it: &Installation) -> Uuid {
    it.meta.project_by_slug(PROJECT).await.unwrap().id
}

#[tokio::test]
async fn a_subscriber_gets_the_newest_figures_at_once_and_then_each_change() {
    let it = Installation::ready().await;
    let (project, token) = (main_id(&it).await, it.owner().await);
    let now = LiveNow {
        active_sessions: 3,
        current_pages: vec![("/a".into(), 2)],
        ..LiveNow::default()
    };
    publish(
        &it,
        1000,
        project,
        ProjectTick {
            live: Some(now),
            ..ProjectTick::default()
        },
    );
    let mut socket = subscribed(&it, &token, json!(["metrics", "sessions", "insights"])).await;
    let first = hear_news(&mut socket).await;
    assert_eq!(first["metrics"]["active_sessions"], 3);
    assert_eq!(
        first["metrics"]["current_pages"],
        json!([{ "path": "/a", "sessions": 2 }])
    );

    let session = SessionRow {
        id: Uuid::from_u128(7),
        is_bounce: 1,
        ..SessionRow::default()
    };
    let gone = InsightRow {
        id: Uuid::from_u128(8),
        r#type: "dead_click".into(),
        is_deleted: 1,
        ..InsightRow::default()
    };
    publish(
        &it,
        2000,
        project,
        ProjectTick {
            sessions: vec![session],
            insights: vec![gone],
            ..ProjectTick::default()
        },
    );
    let tick = hear_news(&mut socket).await;
    assert_eq!(
        (tick["tick"].as_u64(), tick["complete_to"].as_str()),
        (Some(2000), Some("1970-01-01T00:00:02.000Z"))
    );
    assert_eq!(tick["sessions"][0]["is_bounce"], true);
    assert_eq!(
        (
            tick["insights"][0]["type"].as_str(),
            tick["insights"][0]["removed"].as_bool()
        ),
        (Some("dead_click"), Some(true))
    );
    assert_eq!(
        tick["metrics"]["active_sessions"], 3,
        "figures that did not change are said again"
    );
}

#[tokio::test]
async fn an_alert_names_the_sessions_behind_it() {
    let it = Installation::ready().await;
    let (project, token) = (main_id(&it).await, it.owner().await);
    let mut socket = subscribed(&it, &token, json!(["alerts"])).await;
    let session_ids = [Uuid::from_u128(7), Uuid::from_u128(8)];
    let fired = TransitionRow {
        id: Uuid::from_u128(1),
        project_id: project,
        rule_id: Uuid::from_u128(2),
        group: String::new(),
        state: TransitionState::Fired,
        value: Some(4.0),
        threshold: 3.0,
        tick: 1000,
        session_ids: session_ids.to_vec(),
    };
    let changes = ProjectTick {
        alerts: vec![fired],
        ..ProjectTick::default()
    };
    publish(&it, 1000, project, changes);
    let alert = hear_news(&mut socket).await["alerts"][0].clone();
    assert_eq!(alert["session_ids"], json!(session_ids));
    assert_eq!(alert["threshold"], 3.0);
}

#[tokio::test]
async fn only_subscribed_topics_of_the_own_project_are_pushed() {
    let it = Installation::ready().await;
    let (project, token) = (main_id(&it).await, it.owner().await);
    let mut socket = subscribed(&it, &token, json!(["sessions"])).await;
    let session = |id| SessionRow {
        id: Uuid::from_u128(id),
        ..SessionRow::default()
    };
    publish(
        &it,
        1,
        Uuid::from_u128(99),
        ProjectTick {
            sessions: vec![session(1)],
            ..ProjectTick::default()
        },
    );
    let changes = ProjectTick {
        sessions: vec![session(2)],
        live: Some(LiveNow::default()),
        ..ProjectTick::default()
    };
    publish(&it, 2, project, changes);
    let tick = hear_news(&mut socket).await;
    assert_eq!(tick["sessions"][0]["id"], Uuid::from_u128(2).to_string());
    assert_eq!((tick["tick"].as_u64(), tick.get("metrics")), (Some(2), None));
}

#[tokio::test]
async fn who_follows_a_session_is_told_of_it_and_of_no_other() {
    let it = Installation::ready().await;
    let (project, token) = (main_id(&it).await, it.owner().await);
    let mut socket = subscribed(&it, &token, json!([])).await;
    let [followed, another, next] = [1, 2, 3].map(Uuid::from_u128);
    let follow = |session_id: Option<Uuid>| json!({ "type": "follow", "session_id": session_id });
    let recorded = |session_id: Uuid| json!({ "type": "recorded", "session_id": session_id });
    say(&mut socket, follow(Some(followed))).await;
    assert_eq!(hear_type(&mut socket, "recorded").await, recorded(followed), "at once");
    it.bus
        .publish_recorded([(project, another), (Uuid::nil(), followed)].into());
    it.bus
        .publish_recorded([(project, followed), (project, another)].into());
    assert_eq!(hear_type(&mut socket, "recorded").await, recorded(followed));
    say(&mut socket, follow(Some(next))).await;
    assert_eq!(
        hear_type(&mut socket, "recorded").await,
        recorded(next),
        "the other writes were told to nobody"
    );
    say(&mut socket, follow(None)).await;
    say(&mut socket, json!({ "type": "subscribe", "topics": [] })).await;
    hear_type(&mut socket, "subscribed").await;
    it.bus.publish_recorded([(project, next)].into());
    say(&mut socket, follow(Some(another))).await;
    assert_eq!(hear_type(&mut socket, "recorded").await, recorded(another));
}

#[tokio::test]
async fn a_row_that_moved_is_no_removal() {
    let it = Installation::ready().await;
    let (project, token) = (main_id(&it).await, it.owner().await);
    let mut socket = subscribed(&it, &token, json!(["sessions"])).await;
    let moved = SessionRow {
        id: Uuid::from_u128(5),
        ..SessionRow::default()
    };
    publish(
        &it,
        1,
        project,
        ProjectTick {
            sessions: vec![moved.clone().tombstone(1), moved],
            ..ProjectTick::default()
        },
    );
    let tick = hear_news(&mut socket).await;
    assert_eq!(tick["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(tick["sessions"][0].get("removed"), None);
}

#[tokio::test]
async fn silence_is_broken_by_heartbeats_that_say_how_far_the_views_are() {
    let it = Installation::ready().await;
    let token = it.owner().await;
    let mut socket = subscribed(&it, &token, json!(["metrics"])).await;
    hear_news(&mut socket).await;
    it.bus.set_complete_to_ms(1_732_330_000_007);
    let heartbeat = hear_type(&mut socket, "tick").await;
    assert_eq!(heartbeat["complete_to"], "2024-11-23T02:46:40.007Z");
    assert_eq!(heartbeat.get("metrics"), None);
}

#[tokio::test]
async fn a_reader_that_falls_behind_is_told_what_it_lost_and_goes_on() {
    let it = Installation::ready().await;
    let (project, token) = (main_id(&it).await, it.owner().await);
    let mut socket = subscribed(&it, &token, json!(["metrics"])).await;
    hear_news(&mut socket).await;
    // Nothing else runs in between on this one thread: the connection falls behind for sure.
    let ticks = TICKS_MAX as u64 + 50;
    (1..=ticks).for_each(|tick| publish(&it, tick, project, ProjectTick::default()));
    assert_eq!(hear_type(&mut socket, "lagged").await["missed"], 50);
    assert_eq!(hear_news(&mut socket).await["tick"], 51);
}

#[tokio::test]
async fn a_reader_that_does_not_read_holds_up_nobody() {
    let it = Installation::ready().await;
    let (project, token) = (main_id(&it).await, it.owner().await);
    let _asleep = subscribed(&it, &token, json!(["sessions"])).await;
    let mut quick = subscribed(&it, &token, json!(["sessions"])).await;
    // Together far more than the sleeper's socket holds.
    let row = SessionRow {
        entry_url: "x".repeat(40_000),
        ..SessionRow::default()
    };
    for tick in 1..=200 {
        publish(
            &it,
            tick,
            project,
            ProjectTick {
                sessions: vec![row.clone(); 5],
                ..ProjectTick::default()
            },
        );
        assert_eq!(
            hear_news(&mut quick).await["tick"],
            tick,
            "the quick reader gets every tick"
        );
    }
}

#[tokio::test]
async fn a_tick_too_large_is_cut_and_told_as_lost() {
    let it = Installation::ready().await;
    let (project, token) = (main_id(&it).await, it.owner().await);
    let mut socket = subscribed(&it, &token, json!(["sessions"])).await;
    let rows = (0..600)
        .map(|id| SessionRow {
            id: Uuid::from_u128(id),
            ..SessionRow::default()
        })
        .collect();
    publish(
        &it,
        1,
        project,
        ProjectTick {
            sessions: rows,
            ..ProjectTick::default()
        },
    );
    assert_eq!(hear_news(&mut socket).await["sessions"].as_array().unwrap().len(), 500);
    assert_eq!(hear_type(&mut socket, "lagged").await["missed"], 1);
}

#[tokio::test]
async fn nobody_gets_in_without_authenticating_for_that_very_project() {
    let it = Installation::ready().await;
    let owner = it.owner().await;
    it.post("/projects", &owner, json!({ "name": "Other", "slug": "other" }))
        .await;
    let eve = it.invited("other", "eve@example.com", "owner").await;
    for (first, code) in [
        (json!({ "type": "subscribe", "topics": ["metrics"] }), "UNAUTHORIZED"),
        (json!({ "type": "authenticate", "token": "nonsense" }), "UNAUTHORIZED"),
        (json!({ "type": "authenticate", "token": common::KEY }), "UNAUTHORIZED"),
        (json!({ "type": "authenticate", "token": eve }), "NOT_FOUND"),
        (json!("hello"), "UNAUTHORIZED"),
    ] {
        let mut socket = connect(&it, PROJECT).await;
        say(&mut socket, first.clone()).await;
        let answer = hear(&mut socket).await.unwrap();
        assert_eq!(
            (answer["type"].as_str(), answer["error"]["code"].as_str()),
            (Some("error"), Some(code)),
            "{first}"
        );
        assert_eq!(hear(&mut socket).await, None, "{first}");
    }
}

#[tokio::test]
async fn who_says_nothing_is_sent_away() {
    let it = Installation::ready().await;
    let mut socket = connect(&it, PROJECT).await;
    assert_eq!(hear(&mut socket).await.unwrap()["error"]["code"], "UNAUTHORIZED");
    assert_eq!(hear(&mut socket).await, None);
}

#[tokio::test]
async fn another_sites_page_cannot_connect() {
    let it = Installation::ready().await;
    let mut request = format!("ws://{}/api/v1/projects/{PROJECT}/live", it.address)
        .into_client_request()
        .unwrap();
    request
        .headers_mut()
        .insert("origin", "https://evil.example".parse().unwrap());
    match connect_async(request).await {
        Err(Error::Http(response)) => assert_eq!(response.status(), 403),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_removed_member_and_a_signed_out_person_are_disconnected() {
    let it = Installation::ready().await;
    let owner = it.owner().await;
    let ann = it.invited(PROJECT, "ann@example.com", "viewer").await;
    let id = it.get("/auth/me", &ann).await.data()["id"].as_str().unwrap().to_owned();
    let (mut hers, mut owners) = (
        subscribed(&it, &ann, json!(["metrics"])).await,
        subscribed(&it, &owner, json!(["metrics"])).await,
    );
    it.send(
        Method::DELETE,
        &format!("/projects/main/members/{id}"),
        Some(&owner),
        None,
    )
    .await;
    assert_eq!(hear_type(&mut hers, "error").await["error"]["code"], "NOT_FOUND");
    assert_eq!(hear(&mut hers).await, None);
    it.post("/auth/logout", &owner, json!({})).await;
    assert_eq!(hear_type(&mut owners, "error").await["error"]["code"], "UNAUTHORIZED");
    assert_eq!(hear(&mut owners).await, None);
}

#[tokio::test]
async fn what_is_not_understood_is_said_and_the_connection_goes_on() {
    let it = Installation::ready().await;
    let token = it.owner().await;
    let mut socket = subscribed(&it, &token, json!(["metrics"])).await;
    say(&mut socket, json!({ "type": "subscribe", "topics": ["secrets"] })).await;
    assert_eq!(
        hear_type(&mut socket, "error").await["error"]["code"],
        "VALIDATION_ERROR"
    );
    say(&mut socket, json!({ "type": "subscribe", "topics": [] })).await;
    assert_eq!(hear_type(&mut socket, "subscribed").await["topics"], json!([]));
}
