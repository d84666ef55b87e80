//! Recordings grow old: the binary moves their data to the cold store by itself, and who watches them sees no difference.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]

mod harness;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use gosight_store::analytics::Analytics;
use gosight_store::recording;
use gosight_store::rows::ReplayChunkRow;
use harness::totals::engine_of;
use harness::{GoSight, PATIENCE, PROJECT, now_ms};
use serde_json::Value;
use uuid::Uuid;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// More than the default a recording stays hot for, and less than it is kept.
const AGE_DAYS: i64 = 9;
const LOOK_EVERY: Duration = Duration::from_millis(100);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_recordings_move_by_themselves_and_are_read_as_before() {
    let mut gosight = GoSight::start().await;
    let token = gosight.door.login().await;
    let projects: Value = serde_json::from_str(&gosight.door.get_text(&token, "/projects").await).unwrap();
    let project_id = projects["data"][0]["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(gosight.stop().await, Some(0));

    let texts = ["glaze", "fire", "cool"].map(|said| {
        format!(
            r#"[{{"type":5,"data":{{"tag":"{said}","payload":{{}}}},"timestamp":{}}}]"#,
            now_ms()
        )
    });
    let [session_id, recording_id] = [1, 2].map(Uuid::from_u128);
    let row = |(index, json): (u32, &String)| old(project_id, session_id, recording_id, index, json);
    let rows: Vec<_> = (0..).zip(&texts).map(row).collect();
    let engine = engine_of(&gosight).await;
    let analytics = Analytics::new(engine.server());
    analytics.insert(&rows, "nine days ago").await.unwrap();
    engine.stop().await;

    gosight.launch(&[]);
    gosight.ready().await;
    let cold = gosight.data_dir().join("cold");
    let end = Instant::now() + PATIENCE;
    while files(&cold).is_empty() {
        assert!(Instant::now() < end, "nothing has moved:\n{}", gosight.log());
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let token = gosight.door.login().await;
    let path =
        format!("/projects/{PROJECT}/sessions/{session_id}/replay/recordings/{recording_id}/chunks?first=0&last=2");
    let run = gosight.door.get_text(&token, &path).await;
    assert_eq!(run.lines().skip(1).collect::<Vec<_>>(), texts);
    // And it is from there that they are read.
    std::fs::remove_dir_all(&cold).unwrap();
    let url = format!("{}/api/v1{path}", gosight.door.url);
    let answer = gosight.door.client.get(url).bearer_auth(&token).send().await.unwrap();
    assert!(!answer.status().is_success(), "{}", answer.status());
    assert_eq!(gosight.stop().await, Some(0));
}

fn old(project_id: Uuid, session_id: Uuid, recording_id: Uuid, index: u32, json: &str) -> ReplayChunkRow {
    let data = recording::compress(json.as_bytes());
    ReplayChunkRow {
        project_id,
        session_id,
        recording_id,
        id: Uuid::from_u128(u128::from(index) + 10),
        chunk_index: index,
        event_count: 1,
        received_at: now_ms() - AGE_DAYS * DAY_MS,
        inflated_bytes: u32::try_from(json.len()).unwrap(),
        bytes: u32::try_from(data.len()).unwrap(),
        data,
        ..ReplayChunkRow::default()
    }
}

/// However deep.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .flatten()
        .map(|entry| entry.path())
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .collect()
}
