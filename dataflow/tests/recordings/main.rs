//! The writer of recordings: from a real log into the real engine, through deaths, absences and what cannot be read.
#![expect(clippy::unwrap_used, reason = "tests")]

use bytes::Bytes;
use fail::FailScenario;
use gosight_dataflow::{DataflowError, RECORDINGS_INSERTED, write_recordings};
use gosight_log::{EmbeddedConfig, EmbeddedLog, Log, Topic};
use gosight_proto::record::{Asset, DeadLetter, ReplayRecord};
use gosight_store::analytics::{Analytics, BackdropFilter};
use gosight_store::engine::Server;
use gosight_store::live::{Bus, Recorded};
use gosight_store::recording;
use gosight_store::testing;
use prost::Message;
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// No test waits longer than this for what must come.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(20);
const PARTITIONS: u32 = 2;
const PROJECT: Uuid = Uuid::from_u128(0xA);
const SESSION: Uuid = Uuid::from_u128(1);

#[test]
fn engine_child() {
    testing::engine_child();
}

/// A log and a database. Fail points are the process's: whoever has a world has them to itself.
struct World {
    log: Arc<dyn Log>,
    analytics: Analytics,
    bus: Bus,
    _folder: TempDir,
    _scenario: FailScenario<'static>,
}

impl World {
    async fn new() -> Self {
        let scenario = FailScenario::setup();
        let folder = tempfile::tempdir().unwrap();
        Self {
            log: open(&folder),
            analytics: testing::analytics().await,
            bus: Bus::new(),
            _folder: folder,
            _scenario: scenario,
        }
    }

    fn start(&self) -> JoinHandle<Result<(), DataflowError>> {
        tokio::spawn(write_recordings(
            self.analytics.clone(),
            self.log.clone(),
            self.bus.clone(),
        ))
    }

    async fn append(&self, partition: u32, record: &ReplayRecord) {
        self.append_bytes(partition, record.encode_to_vec()).await;
    }

    async fn append_bytes(&self, partition: u32, payload: Vec<u8>) {
        let append = self.log.append(Topic::Replay, partition, payload.into()).unwrap();
        append.await.unwrap();
    }

    /// The ids of the session's chunks in their order.
    async fn chunks(&self) -> Vec<u128> {
        let replay = self.analytics.scope(PROJECT).replay(SESSION).await.unwrap();
        replay.rows.iter().map(|chunk| chunk.id.as_u128()).collect()
    }

    async fn until_chunks(&self, expected: &[u128]) {
        until("the chunks are there", async || self.chunks().await == expected).await;
    }

    /// Rows as they are stored, whether or not they collapse.
    async fn count(&self, table: &str) -> u64 {
        let sql = format!("SELECT count() FROM {table}");
        testing::client(&self.analytics)
            .query_raw(&sql)
            .fetch_one()
            .await
            .unwrap()
    }

    async fn progress(&self) -> Vec<(u32, u64)> {
        let mut progress = self.analytics.replay_progress().await.unwrap();
        progress.sort_unstable();
        progress
    }
}

fn open(folder: &TempDir) -> Arc<dyn Log> {
    Arc::new(EmbeddedLog::open(folder.path(), &EmbeddedConfig::small(PARTITIONS)).unwrap())
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !holds().await {
        assert!(started.elapsed() < PATIENCE, "waited in vain until {what}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

fn id(n: u128) -> Bytes {
    Bytes::copy_from_slice(&n.to_be_bytes())
}

/// A chunk with a page in it.
fn chunk(n: u128, index: u32) -> ReplayRecord {
    let element = |n: u32, tag: &str, children: serde_json::Value| json!({ "type": 2, "id": n, "tagName": tag, "attributes": {}, "childNodes": children });
    let page = element(
        2,
        "html",
        json!([element(3, "body", json!([element(4, "main", json!([]))]))]),
    );
    let now_ms = now_ms();
    let json = json!([
        { "type": 4, "data": { "href": "https://shop.example/cart?a=1", "width": 1280, "height": 800 }, "timestamp": now_ms },
        { "type": 2, "data": { "node": { "type": 0, "id": 1, "childNodes": [page] }, "initialOffset": { "top": 0, "left": 0 } }, "timestamp": now_ms + 1 },
    ])
    .to_string();
    ReplayRecord {
        project_id: id(PROJECT.as_u128()),
        session_id: id(SESSION.as_u128()),
        event_id: id(n),
        recording_id: id(9),
        index,
        first_ms: now_ms,
        last_ms: now_ms + 1,
        event_count: 2,
        has_full_snapshot: true,
        received_at_ms: now_ms,
        sent_at_ms: now_ms - 120_000,
        device_type: "desktop".into(),
        data: recording::compress(json.as_bytes()).into(),
        inflated_bytes: json.len() as u32,
        assets: vec![Asset {
            digest: vec![7; 32].into(),
            mime: "image/png".into(),
            data: Bytes::from_static(b"pixels"),
        }],
    }
}

/// A chunk that is not opened by the writer, of data that fills the log.
fn bulk(n: u128, index: u32) -> ReplayRecord {
    ReplayRecord {
        has_full_snapshot: false,
        data: vec![0; 300_000].into(),
        assets: vec![],
        ..chunk(n, index)
    }
}

#[tokio::test]
async fn who_follows_a_session_is_told_when_there_is_more_to_read() {
    let world = World::new().await;
    let mut recorded = world.bus.subscribe_recorded();
    let writer = world.start();
    for n in [1, 2] {
        world.append(0, &chunk(n, n as u32)).await;
        let told = recorded.recv().await.unwrap();
        assert_eq!(*told, Recorded::from([(PROJECT, SESSION)]));
        assert_eq!(world.chunks().await.last(), Some(&n), "it can be read by then");
    }
    writer.abort();
}

#[tokio::test]
async fn a_chunk_can_be_read_about_a_second_after_it_is_durable() {
    let world = World::new().await;
    let writer = world.start();
    world.append(0, &chunk(1, 0)).await;
    world.until_chunks(&[1]).await;
    let appended = Instant::now();
    world.append(1, &chunk(2, 1)).await;
    world.until_chunks(&[1, 2]).await;
    assert!(appended.elapsed() < Duration::from_secs(5), "{:?}", appended.elapsed());

    let scope = world.analytics.scope(PROJECT);
    let replay = scope.replay(SESSION).await.unwrap().rows;
    assert_eq!((replay[0].clock_offset_ms, replay[0].has_full_snapshot), (120_000, 1));
    let run = scope.replay_run(SESSION, Uuid::from_u128(9), 0..=0).await.unwrap();
    let packed = &run.chunks[0].packed;
    assert_eq!(packed.zstd, chunk_data(&world).await);
    let page = BackdropFilter {
        path: "/cart".into(),
        device: Some("desktop".into()),
    };
    let [version] = &scope.page_versions(&page).await.unwrap()[..] else {
        panic!("one version")
    };
    assert_eq!((version.width, version.taken_at), (1280, replay[0].last_ms + 120_000));
    assert!(
        scope
            .backdrop(&page, None)
            .await
            .unwrap()
            .unwrap()
            .snapshot
            .unpack()
            .is_ok()
    );
    assert_eq!(scope.replay_asset([7; 32]).await.unwrap().unwrap().data, b"pixels");
    // The second chunk brought the same page and the same picture.
    assert_eq!(
        (world.count("page_snapshots").await, world.count("replay_assets").await),
        (1, 1)
    );
    writer.abort();
}

/// What the first record of the log holds.
async fn chunk_data(world: &World) -> Vec<u8> {
    let mut records = Vec::new();
    let mut reader = world.log.reader(Topic::Replay, 0, 0).unwrap();
    reader.read(1, 1, &mut records).unwrap();
    ReplayRecord::decode(records.remove(0).payload).unwrap().data.to_vec()
}

#[tokio::test]
async fn a_death_between_rows_and_progress_leaves_each_chunk_once() {
    let world = World::new().await;
    world.append(0, &chunk(1, 0)).await;
    world.append(1, &chunk(2, 1)).await;
    fail::cfg(RECORDINGS_INSERTED, "1*panic(it dies here)").unwrap();
    assert!(world.start().await.unwrap_err().is_panic());
    assert_eq!((world.chunks().await, world.progress().await), (vec![1, 2], vec![]));

    world.append(0, &chunk(3, 2)).await;
    let writer = world.start();
    world.until_chunks(&[1, 2, 3]).await;
    until("progress is written", async || {
        world.progress().await == [(0, 2), (1, 1)]
    })
    .await;
    assert_eq!(world.count("replay_chunks").await, 5, "two were written twice");
    writer.abort();
}

#[tokio::test]
async fn it_goes_on_where_the_last_one_was_and_gives_space_back() {
    let world = World::new().await;
    let ids: Vec<u128> = (1..=20).collect();
    for n in &ids[..10] {
        world.append(0, &bulk(*n, *n as u32)).await;
    }
    let first = world.start();
    world.until_chunks(&ids[..10]).await;
    until("the log is trimmed", async || world.log.start(Topic::Replay, 0) > 0).await;
    first.abort();
    for n in &ids[10..] {
        world.append(0, &bulk(*n, *n as u32)).await;
    }
    let second = world.start();
    world.until_chunks(&ids).await;
    until("progress is written", async || world.progress().await == [(0, 20)]).await;
    assert_eq!(world.count("replay_chunks").await, 20, "none was written twice");
    second.abort();
}

#[tokio::test]
async fn it_waits_for_a_database_that_is_away() {
    let world = World::new().await;
    let real = Server {
        database: testing::client(&world.analytics)
            .query_raw("SELECT currentDatabase()")
            .fetch_one::<String>()
            .await
            .unwrap(),
        ..testing::server()
    };
    let (mover, server) = watch::channel(Server {
        url: "http://127.0.0.1:1".into(),
        ..real.clone()
    });
    let writer = tokio::spawn(write_recordings(
        Analytics::new(server),
        world.log.clone(),
        world.bus.clone(),
    ));
    world.append(0, &chunk(1, 0)).await;
    assert!(!writer.is_finished());
    mover.send_replace(real);
    world.until_chunks(&[1]).await;
    writer.abort();
}

#[tokio::test]
async fn what_cannot_be_read_is_set_aside_and_the_rest_goes_on() {
    let world = World::new().await;
    world.append_bytes(0, b"no record".to_vec()).await;
    let of_nobody = ReplayRecord {
        session_id: Bytes::new(),
        ..chunk(2, 0)
    };
    world.append(0, &of_nobody).await;
    let broken = ReplayRecord {
        data: Bytes::from_static(b"no zstd"),
        ..chunk(3, 1)
    };
    world.append(0, &broken).await;
    world.append(0, &chunk(4, 2)).await;
    let writer = world.start();
    world.until_chunks(&[3, 4]).await;
    let mut dead = Vec::new();
    let mut reader = world.log.reader(Topic::Dead, 0, 0).unwrap();
    reader.read(u64::MAX, usize::MAX, &mut dead).unwrap();
    let letters: Vec<_> = dead
        .iter()
        .map(|it| DeadLetter::decode(it.payload.clone()).unwrap())
        .collect();
    let offsets: Vec<_> = letters.iter().map(|letter| letter.offset).collect();
    assert_eq!(offsets, [0, 1]);
    assert!(
        letters.iter().all(|letter| letter.reason.starts_with("replay: ")),
        "{letters:?}"
    );
    writer.abort();
}

#[tokio::test]
async fn a_log_that_was_begun_anew_is_read_from_its_start() {
    let world = World::new().await;
    for n in 1..=3 {
        world.append(0, &chunk(n, n as u32)).await;
    }
    let first = world.start();
    until("progress is written", async || world.progress().await == [(0, 3)]).await;
    first.abort();
    let folder = tempfile::tempdir().unwrap();
    let world = World {
        log: open(&folder),
        ..world
    };
    world.append(0, &chunk(4, 4)).await;
    let second = world.start();
    world.until_chunks(&[1, 2, 3, 4]).await;
    until("progress is written", async || world.progress().await == [(0, 1)]).await;
    second.abort();
}

#[tokio::test]
async fn rows_that_are_refused_for_good_end_it() {
    let world = World::new().await;
    world.append(0, &chunk(1, 0)).await;
    let drop = "DROP TABLE replay_assets";
    testing::client(&world.analytics)
        .query_raw(drop)
        .execute()
        .await
        .unwrap();
    let error = world.start().await.unwrap().unwrap_err();
    assert!(matches!(error, DataflowError::Recordings(_)), "{error}");
    assert!(error.to_string().contains("replay_assets"), "{error}");
}
