//! `kill -9` while sessions are recorded: every acknowledged chunk is in its session's replay, once, in its place, as it was cleaned.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]
#![allow(clippy::print_stdout, reason = "a test prints its figures")]

mod harness;

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use gosight_proto::v1::event::Payload;
use gosight_proto::v1::{Event, EventBatch, Page, ReplayChunk};
use gosight_store::recording;
use harness::deaths::{Death, die_and_return};
use harness::{Door, GoSight, KEY, PATIENCE, PROJECT, now_ms};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use uuid::Uuid;

const SESSIONS: u64 = 6;
/// Seldom enough that what is read back one by one stays small, and as long as anyone dies: a fail point needs chunks to pass it.
const CHUNK_EVERY: Duration = Duration::from_millis(150);
const RETRY_AFTER: Duration = Duration::from_millis(100);
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// A checkpoint is taken this often.
const CHUNKS_PER_SNAPSHOT: u32 = 10;
/// Of every hundred acknowledged chunks, how many are sent again by a client that did not hear it.
const SENT_AGAIN: u32 = 15;

const DEATHS: [Death; 8] = [
    Death::Parent,
    Death::Parent,
    Death::Engine,
    Death::Both,
    Death::Newborn,
    Death::FailPoint(gosight_ingest::CHUNKS_DURABLE, 20),
    Death::FailPoint(gosight_dataflow::RECORDINGS_INSERTED, 3),
    Death::FailPoint(gosight_dataflow::RECORDINGS_INSERTED, 1),
];

/// The acknowledged chunks of a session: by id, in the order they were recorded in.
struct Recorded {
    session_id: Uuid,
    recording_id: Uuid,
    chunks: Vec<(Uuid, String)>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_chunk_is_lost_when_processes_are_killed() {
    let seed: u64 = std::env::var("CRASH_SEED").map_or_else(|_| rand::random(), |seed| seed.parse().unwrap());
    println!("seed {seed} (CRASH_SEED={seed} draws the same again)");
    let mut gosight = GoSight::start().await;
    let enough = Arc::new(AtomicBool::new(false));
    let mut sessions = JoinSet::new();
    for session in 0..SESSIONS {
        let rng = StdRng::seed_from_u64(seed.wrapping_add(session));
        sessions.spawn(record(gosight.door.clone(), rng, enough.clone()));
    }
    let mut rng = StdRng::seed_from_u64(seed);
    let mut deaths = DEATHS;
    deaths.shuffle(&mut rng);
    for death in deaths {
        let life = Duration::from_millis(rng.random_range(300..2_000));
        let came_back = die_and_return(&mut gosight, death, life).await;
        println!("{death:?} after {life:?}; ready again after {came_back:.1?}");
    }
    enough.store(true, Ordering::Relaxed);
    let recorded = sessions.join_all().await;
    let chunks: usize = recorded.iter().map(|session| session.chunks.len()).sum();
    println!("{chunks} chunks were acknowledged over {} deaths", DEATHS.len());
    assert!(chunks > 100, "that was no load");

    let token = gosight.door.login().await;
    for session in &recorded {
        assert_is_there(&gosight.door, &token, session).await;
    }
    assert_eq!(gosight.stop().await, Some(0));
}

/// Records a session until it is enough, and sends each chunk until it is acknowledged.
async fn record(door: Door, mut rng: StdRng, enough: Arc<AtomicBool>) -> Recorded {
    let mut recorded = Recorded {
        session_id: Uuid::from_u128(rng.random()),
        recording_id: Uuid::from_u128(rng.random()),
        chunks: Vec::new(),
    };
    for index in 0.. {
        if enough.load(Ordering::Relaxed) {
            break;
        }
        let (id, json) = (Uuid::from_u128(rng.random()), chunk(&mut rng, index));
        let batch = batch(recorded.session_id, recorded.recording_id, id, index, &json);
        send_until_acknowledged(&door, &batch).await;
        if rng.random_ratio(SENT_AGAIN, 100) {
            send_until_acknowledged(&door, &batch).await;
        }
        recorded.chunks.push((id, json));
        tokio::time::sleep(CHUNK_EVERY).await;
    }
    recorded
}

/// Some seconds of a page: now and then all of it, else a text that changes.
fn chunk(rng: &mut StdRng, index: u32) -> String {
    let now_ms = now_ms();
    let said: String = (0..rng.random_range(1..2_000))
        .map(|_| rng.random_range('a'..='z'))
        .collect();
    let mut events = Vec::new();
    if index.is_multiple_of(CHUNKS_PER_SNAPSHOT) {
        let text = json!({ "type": 3, "id": 4, "textContent": said });
        let body = json!({ "type": 2, "id": 3, "tagName": "body", "attributes": {}, "childNodes": [text] });
        let html = json!({ "type": 2, "id": 2, "tagName": "html", "attributes": {}, "childNodes": [body] });
        let node = json!({ "type": 0, "id": 1, "childNodes": [html] });
        let page = json!({ "href": "https://shop.example/", "width": 1280, "height": 800 });
        events.push(json!({ "type": 4, "data": page, "timestamp": now_ms }));
        events.push(json!({ "type": 2, "data": { "node": node, "initialOffset": { "top": 0, "left": 0 } }, "timestamp": now_ms }));
    }
    let texts = json!([{ "id": 4, "value": said }]);
    let mutation = json!({ "source": 0, "texts": texts, "attributes": [], "removes": [], "adds": [] });
    events.push(json!({ "type": 3, "data": mutation, "timestamp": now_ms + 1 }));
    Value::from(events).to_string()
}

fn batch(session_id: Uuid, recording_id: Uuid, id: Uuid, index: u32, json: &str) -> EventBatch {
    let chunk = ReplayChunk {
        index: i32::try_from(index).unwrap(),
        recording_id: recording_id.to_string(),
        encoding: "gzip".to_owned(),
        data: gzip(json.as_bytes()).into(),
        ..ReplayChunk::default()
    };
    EventBatch {
        project_key: KEY.to_owned(),
        session_id: session_id.to_string(),
        visitor_id: session_id.to_string(),
        pages: vec![Page {
            url: "https://shop.example/".to_owned(),
            path: "/".to_owned(),
            ..Page::default()
        }],
        events: vec![Event {
            id: id.to_string(),
            timestamp_ms: now_ms(),
            payload: Some(Payload::ReplayChunk(chunk)),
            ..Event::default()
        }],
        ..EventBatch::default()
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

async fn send_until_acknowledged(door: &Door, batch: &EventBatch) {
    let end = Instant::now() + PATIENCE;
    loop {
        let leaving = EventBatch {
            sent_at_ms: now_ms(),
            ..batch.clone()
        };
        match door.try_send(&leaving).await {
            Ok(answer) => return assert_eq!((answer.accepted, answer.rejected.len()), (1, 0), "{answer:?}"),
            Err(error) => assert!(Instant::now() < end, "not acknowledged for {PATIENCE:?}: {error}"),
        }
        tokio::time::sleep(RETRY_AFTER).await;
    }
}

async fn assert_is_there(door: &Door, token: &str, session: &Recorded) {
    let expected: Vec<Uuid> = session.chunks.iter().map(|(id, _)| *id).collect();
    let end = Instant::now() + PATIENCE;
    let path = format!("/sessions/{}/replay", session.session_id);
    let found = loop {
        let found = chunks_of(door, token, &path).await;
        if found.len() >= expected.len() || Instant::now() > end {
            break found;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    };
    assert_eq!(found.iter().map(|(id, _)| *id).collect::<Vec<_>>(), expected);
    let indexes: Vec<u64> = found.iter().map(|(_, index)| *index).collect();
    assert_eq!(indexes, (0..expected.len() as u64).collect::<Vec<_>>());
    let path = format!("/projects/{PROJECT}{path}/recordings/{}/chunks", session.recording_id);
    let read = read_through(door, token, &path).await;
    let cleaned = |json: &String| String::from_utf8(recording::clean(json.as_bytes()).unwrap().json).unwrap();
    let sent = session.chunks.iter().map(|(id, json)| (*id, cleaned(json)));
    assert_eq!(read, sent.collect::<BTreeMap<_, _>>());
}

/// All chunks of a recording, run by run.
async fn read_through(door: &Door, token: &str, path: &str) -> BTreeMap<Uuid, String> {
    let mut chunks = BTreeMap::new();
    let mut first = Some(0);
    while let Some(from) = first {
        let run = door
            .get_text(token, &format!("{path}?first={from}&last={}", u32::MAX))
            .await;
        let mut lines = run.lines();
        let head: Value = serde_json::from_str(lines.next().unwrap()).unwrap();
        let ids = head["chunks"].as_array().unwrap().iter();
        chunks.extend(
            ids.map(|id| id.as_str().unwrap().parse().unwrap())
                .zip(lines.map(str::to_owned)),
        );
        first = head["next"].as_u64();
    }
    chunks
}

/// Ids and indexes of all chunks, as the manifest lists them; none while there is none, or no engine to ask.
async fn chunks_of(door: &Door, token: &str, path: &str) -> Vec<(Uuid, u64)> {
    let url = format!("{}/api/v1/projects/{PROJECT}{path}", door.url);
    let answer = door.client.get(url).bearer_auth(token).send().await.unwrap();
    if !answer.status().is_success() {
        return Vec::new();
    }
    let manifest: Value = answer.json().await.unwrap();
    let [recording] = &manifest["data"]["recordings"].as_array().unwrap()[..] else {
        panic!("one recording: {manifest}")
    };
    let chunks = recording["chunks"].as_array().unwrap();
    let chunk = |chunk: &Value| {
        (
            chunk["id"].as_str().unwrap().parse().unwrap(),
            chunk["index"].as_u64().unwrap(),
        )
    };
    chunks.iter().map(chunk).collect()
}
