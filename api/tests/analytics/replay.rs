use axum::http::{StatusCode, header};
use axum::response::Response;
use gosight_store::recording;
use gosight_store::rows::ReplayChunkRow;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::samples::*;
use crate::world::world;

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
