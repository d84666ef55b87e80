use axum::http::{StatusCode, header};
use axum::response::Response;
use gosight_store::analytics::RUN_CHUNKS_MAX;
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
    let chunk = format!("{replay}/recordings/{RECORDING}/chunks?first=0&last=0");
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
    for read in [run(0, 0), format!("mine/replay/assets/{}", hex::encode(DIGEST))] {
        assert_eq!(limit(&read).await, 1_200, "{read}");
    }
    assert_eq!(limit(&manifest).await, 200);
}

/// The path of a run of the sample's recording.
fn run(first: u32, last: u32) -> String {
    format!("mine/sessions/{SESSION}/replay/recordings/{RECORDING}/chunks?first={first}&last={last}")
}

/// The first line of a run, and the others.
fn lines(run: &str) -> (Value, Vec<&str>) {
    let mut lines = run.lines();
    (serde_json::from_str(lines.next().unwrap()).unwrap(), lines.collect())
}

fn ids(rows: &[ReplayChunkRow]) -> Vec<Uuid> {
    rows.iter().map(|row| row.id).collect()
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
        format!(
            "sessions/{SESSION}/replay/recordings/{}/chunks?first=0&last=0",
            Uuid::nil()
        ),
        format!("sessions/{SESSION}/replay/recordings/{RECORDING}/chunks?first=1&last=9"),
        format!(
            "sessions/{}/replay/recordings/{RECORDING}/chunks?first=0&last=0",
            Uuid::nil()
        ),
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
    let whole = run(0, 0);
    let plain = world.ask_as(&world.token, &whole, &[]).await;
    let header = |response: &Response, name: header::HeaderName| {
        response
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(header(&plain, header::CONTENT_TYPE).unwrap(), "application/x-ndjson");
    assert_eq!(
        header(&plain, header::CACHE_CONTROL).unwrap(),
        "private, max-age=3600, immutable"
    );
    assert!(header(&plain, header::VARY).unwrap().contains("authorization"));
    assert_eq!(header(&plain, header::CONTENT_ENCODING), None);
    let still_growing = world.ask_as(&world.token, &run(0, 1), &[]).await;
    assert_eq!(header(&still_growing, header::CACHE_CONTROL).unwrap(), "no-store");

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
async fn a_run_is_one_answer_of_one_query_a_line_for_each_chunk() {
    let world = world().await;
    let rows = world.chunks(4);
    world.write(&rows).await;
    world.queries.take();
    let answer = text(world.ask_as(&world.token, &run(1, 2), &[]).await).await;
    assert_eq!(world.queries.take().len(), 1);
    let (head, chunks) = lines(&answer);
    assert_eq!(head, json!({ "chunks": ids(&rows[1..=2]) }));
    assert_eq!(chunks.len(), 2);
    for chunk in chunks {
        let events: Value = serde_json::from_str(chunk).unwrap();
        assert_eq!((&events[0]["type"], &events[1]["type"]), (&json!(4), &json!(2)));
    }

    let packed = world
        .ask_as(&world.token, &run(1, 2), &[(header::ACCEPT_ENCODING, "gzip, zstd")])
        .await;
    assert_eq!(packed.headers()[header::CONTENT_ENCODING], "zstd");
    let packed = bytes(packed).await;
    assert_eq!(recording::decompress(&packed, 1 << 20).unwrap(), answer.as_bytes());
    let stored = &rows[1].data;
    assert!(
        packed.windows(stored.len()).any(|part| part == stored),
        "as it is stored"
    );
    let member = world.somebody("member").await;
    let masked = world
        .ask_as(&member, &run(1, 2), &[(header::ACCEPT_ENCODING, "zstd")])
        .await;
    assert_eq!(
        masked.headers().get(header::CONTENT_ENCODING),
        None,
        "what is stored is not masked"
    );
    let masked = text(masked).await;
    assert_eq!(lines(&masked).0, head);
    assert!(!masked.contains(SECRET), "{masked}");
}

#[tokio::test]
async fn a_run_that_would_be_too_long_says_where_it_stopped() {
    let world = world().await;
    let rows = world.chunks(RUN_CHUNKS_MAX as u32 + 2);
    world.write(&rows).await;
    let answer = text(world.ask_as(&world.token, &run(0, u32::MAX), &[]).await).await;
    let (head, chunks) = lines(&answer);
    assert_eq!(
        head,
        json!({ "chunks": ids(&rows[..RUN_CHUNKS_MAX]), "next": RUN_CHUNKS_MAX })
    );
    assert_eq!(chunks.len(), RUN_CHUNKS_MAX);
    let (status, answer) = world.ask(&run(1, 0)).await;
    assert_eq!(
        (status, &answer["error"]["details"]["field"]),
        (StatusCode::BAD_REQUEST, &json!("last"))
    );
}

#[tokio::test]
async fn a_chunk_that_is_broken_is_left_out_of_its_run() {
    let world = world().await;
    let mut rows = world.chunks(3);
    rows[0].data.pop();
    // A frame, but not of what it says.
    rows[1].inflated_bytes = 3;
    world.write(&rows).await;
    let plain = text(world.ask_as(&world.token, &run(0, 2), &[]).await).await;
    assert_eq!(lines(&plain).0, json!({ "chunks": ids(&rows[2..]) }));
    let packed = world
        .ask_as(&world.token, &run(0, 2), &[(header::ACCEPT_ENCODING, "zstd")])
        .await;
    let packed = String::from_utf8(recording::decompress(&bytes(packed).await, 1 << 20).unwrap()).unwrap();
    assert_eq!(lines(&packed).0, json!({ "chunks": ids(&rows[1..]) }));
}

#[tokio::test]
async fn who_watches_a_replay_is_written_down_once_in_a_while() {
    let world = world().await;
    world.furnish_replay().await;
    let member = world.somebody("member").await;
    let replay = format!("mine/sessions/{SESSION}/replay");
    for _ in 0..3 {
        for path in [replay.clone(), run(0, 0)] {
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
