//! Replay chunks: cleaned at every door, split from their events, and never half there.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use gosight_log::{Append, Durable, EmbeddedConfig, EmbeddedLog, Log, LogError, Offset, Reader, Retention, Topic};
use gosight_proto::{
    limits,
    record::ReplayRecord,
    v1::{Event, ReplayChunk, SendAnswer, event::Payload},
};
use gosight_store::recording;
use prost::Message;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::*;

const RECORDING: &str = "0190163d-8694-739b-aea5-966c26f8ad92";

/// A page with a script and a picture from elsewhere, and a click, in no order.
fn page(at_ms: i64) -> Value {
    let script = json!({ "type": 2, "id": 3, "tagName": "script", "attributes": { "src": "https://evil.example/x.js" }, "childNodes": [] });
    let picture = json!({ "type": 2, "id": 4, "tagName": "img", "attributes": { "src": "https://shop.example/a.png", "onerror": "steal()" }, "childNodes": [] });
    let body = json!({ "type": 2, "id": 2, "tagName": "body", "attributes": {}, "childNodes": [script, picture] });
    let document = json!({ "type": 0, "id": 1, "childNodes": [body] });
    json!([
        { "type": 4, "data": { "href": "https://shop.example/cart", "width": 1280, "height": 800 }, "timestamp": at_ms + 1 },
        { "type": 2, "data": { "node": document, "initialOffset": { "top": 0, "left": 0 } }, "timestamp": at_ms + 2 },
        { "type": 3, "data": { "source": 2, "type": 2, "id": 4, "x": 1, "y": 2 }, "timestamp": at_ms },
    ])
}

fn chunk_of(event: &Event) -> &ReplayChunk {
    match &event.payload {
        Some(Payload::ReplayChunk(chunk)) => chunk,
        other => panic!("{other:?}"),
    }
}

fn data_of(record: &ReplayRecord) -> Value {
    let json = recording::decompress(&record.data, record.inflated_bytes as usize).unwrap();
    assert_eq!(json.len(), record.inflated_bytes as usize);
    serde_json::from_slice(&json).unwrap()
}

/// A chunk whose client tells nothing but lies.
fn lying(at_ms: i64) -> Event {
    event(Payload::ReplayChunk(ReplayChunk {
        index: 7,
        first_ms: 1,
        last_ms: 2,
        event_count: 99,
        has_full_snapshot: false,
        encoding: "gzip".into(),
        data: gzip(page(at_ms).to_string().as_bytes()).into(),
        recording_id: RECORDING.into(),
    }))
}

#[tokio::test]
async fn every_door_cleans_a_chunk_and_takes_it_out_of_its_event() {
    let door = Door::open().await;
    let at_ms = now_ms() - 5_000;
    let batch = batch(vec![custom("before"), lying(at_ms), custom("after")]);
    let web = door
        .http
        .post(format!("{}/gosight.v1.IngestService/SendBatch", door.url))
        .header("content-type", "application/grpc-web+proto");
    assert_eq!(door.post_protobuf(&batch).await.accepted, 3);
    assert_eq!(
        door.post_json(&serde_json::to_value(&batch).unwrap()).await["accepted"],
        3
    );
    assert_eq!(
        door.grpc()
            .await
            .send_batch(batch.clone())
            .await
            .unwrap()
            .into_inner()
            .accepted,
        3
    );
    assert_eq!(
        web.body(frame(&batch.encode_to_vec(), false))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );

    let (records, chunks) = (door.records(), door.chunks());
    assert_eq!((records.len(), chunks.len()), (4, 4));
    for (record, chunk) in records.iter().zip(&chunks) {
        let events = events_of(record);
        let event = chunk_of(&events[1]);
        let left = ReplayChunk {
            index: 7,
            first_ms: at_ms,
            last_ms: at_ms + 2,
            event_count: 3,
            has_full_snapshot: true,
            recording_id: RECORDING.into(),
            ..ReplayChunk::default()
        };
        assert_eq!(*event, left);
        let read = ReplayRecord {
            project_id: record.project_id.clone(),
            session_id: record.session_id.clone(),
            event_id: Bytes::copy_from_slice(events[1].id.parse::<Uuid>().unwrap().as_bytes()),
            recording_id: Bytes::copy_from_slice(RECORDING.parse::<Uuid>().unwrap().as_bytes()),
            index: 7,
            first_ms: at_ms,
            last_ms: at_ms + 2,
            event_count: 3,
            has_full_snapshot: true,
            received_at_ms: record.received_at_ms,
            sent_at_ms: record.sent_at_ms,
            device_type: "other".into(),
            data: chunk.data.clone(),
            inflated_bytes: chunk.inflated_bytes,
            assets: vec![],
        };
        assert_eq!(*chunk, read);
        let data = data_of(chunk).to_string();
        for gone in ["\"script\"", "onerror", "steal", "\"https://shop.example/a.png"] {
            assert!(!data.contains(gone), "{gone} in {data}");
        }
    }
}

#[tokio::test]
async fn a_chunk_without_a_recording_is_its_sessions_and_pictures_come_along() {
    let door = Door::open().await;
    let picture = STANDARD.encode(b"pixels");
    let payload = json!({ "url": "https://shop.example/a.png", "mime": "image/png", "data": picture });
    let data = json!([{ "type": 5, "data": { "tag": "gosight.asset", "payload": payload }, "timestamp": now_ms() }]);
    let answer = door
        .post_protobuf(&batch(vec![replay_chunk("json", data.to_string())]))
        .await;
    assert_eq!(answer.accepted, 1, "{answer:?}");
    let [chunk] = &door.chunks()[..] else {
        panic!("one chunk")
    };
    assert_eq!(chunk.recording_id, chunk.session_id);
    let [asset] = &chunk.assets[..] else {
        panic!("one asset")
    };
    assert_eq!((&*asset.mime, &asset.data[..]), ("image/png", &b"pixels"[..]));
    assert_eq!(data_of(chunk)[0]["data"]["payload"]["digest"], hex(&asset.digest));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_chunk_that_cannot_be_read_is_rejected_alone() {
    let door = Door::open().await;
    let chunk = |change: fn(&mut ReplayChunk)| {
        let mut event = replay_chunk("", recorded("x"));
        if let Some(Payload::ReplayChunk(chunk)) = &mut event.payload {
            change(chunk);
        }
        event
    };
    let old =
        json!([{ "type": 5, "data": { "tag": "x" }, "timestamp": limits::EVENT_TIME_MS_MIN - 60_000 }]).to_string();
    let cases = [
        (replay_chunk("", ""), "malformed"),
        (replay_chunk("", "[]"), "malformed"),
        (replay_chunk("", "{}"), "malformed"),
        (replay_chunk("", r#"[{"type":"2","timestamp":1}]"#), "malformed"),
        (replay_chunk("", gzip(recorded("x").as_bytes())), "malformed"),
        (replay_chunk("gzip", recorded("x")), "malformed"),
        (
            replay_chunk("gzip", gzip(recorded("x").as_bytes())[..20].to_vec()),
            "malformed",
        ),
        (replay_chunk("zstd", recorded("x")), "malformed"),
        (replay_chunk("", old), "time_out_of_range"),
        (chunk(|chunk| chunk.index = -1), "malformed"),
        (chunk(|chunk| chunk.recording_id = "mine".into()), "malformed"),
    ];
    let mut events: Vec<_> = cases.iter().map(|(event, _)| event.clone()).collect();
    events.push(replay_chunk("", recorded("sound")));
    let answer = door.post_protobuf(&batch(events)).await;
    let expected: Vec<_> = (0..).zip(cases.iter().map(|(_, reason)| *reason)).collect();
    assert_eq!((answer.accepted, reasons(&answer)), (1, expected));
    assert_eq!((door.chunks().len(), door.record().events.len()), (1, 1));
}

#[tokio::test]
async fn a_chunk_needs_a_session() {
    let door = Door::open().await;
    let mut batch = batch(vec![custom("x"), replay_chunk("", recorded("x"))]);
    batch.session_id.clear();
    let answer = door.post_protobuf(&batch).await;
    assert_eq!((answer.accepted, reasons(&answer)), (1, vec![(1, "bad_session_id")]));
    assert!(door.chunks().is_empty());
}

#[tokio::test]
async fn a_bomb_in_a_chunk_is_found_before_it_goes_off() {
    let door = Door::open().await;
    let zeros = gzip(&vec![b' '; 64 << 20]);
    let long = gzip(recorded(&"x".repeat(limits::REPLAY_EVENT_BYTES_MAX)).as_bytes());
    let by_ratio = gzip(recorded(&"x".repeat(1 << 20)).as_bytes());
    assert!(by_ratio.len() * limits::INFLATION_RATIO_MAX < 1 << 20);
    let answer = door
        .post_protobuf(&batch(
            [zeros, long, by_ratio].map(|data| replay_chunk("gzip", data)).into(),
        ))
        .await;
    let too_large = |index| (index, "event_too_large");
    assert_eq!(
        (answer.accepted, reasons(&answer)),
        (0, (0..3).map(too_large).collect())
    );
    assert!(door.chunks().is_empty() && door.records().is_empty());
}

#[tokio::test]
async fn the_chunks_of_a_batch_are_bounded_together() {
    let door = Door::open().await;
    // Each is well within its own limits: not too large, and with noise enough.
    let text = STANDARD.encode(noise(200_000)) + &"x".repeat(8_800_000);
    let data = gzip(recorded(&text).as_bytes());
    let answer = door.post_protobuf(&batch(vec![replay_chunk("gzip", data); 6])).await;
    assert_eq!(
        (answer.accepted, reasons(&answer)),
        (4, vec![(4, "event_too_large"), (5, "event_too_large")])
    );
}

/// A log that takes recordings and no events.
struct WithoutEvents(EmbeddedLog);

impl Log for WithoutEvents {
    fn partitions(&self, topic: Topic) -> u32 {
        self.0.partitions(topic)
    }
    fn append(&self, topic: Topic, partition: u32, payload: Bytes) -> Result<Append, LogError> {
        if topic == Topic::Events {
            return Err(LogError::Full {
                partition: "events/0".into(),
            });
        }
        self.0.append(topic, partition, payload)
    }
    fn durable(&self, topic: Topic, partition: u32) -> Durable {
        self.0.durable(topic, partition)
    }
    fn start(&self, topic: Topic, partition: u32) -> Offset {
        self.0.start(topic, partition)
    }
    fn reader(&self, topic: Topic, partition: u32, from: Offset) -> Result<Box<dyn Reader>, LogError> {
        self.0.reader(topic, partition, from)
    }
    fn trim(&self, topic: Topic, partition: u32, needed: Offset, retention: Retention) -> Result<Offset, LogError> {
        self.0.trim(topic, partition, needed, retention)
    }
    fn ready(&self) -> Result<(), LogError> {
        self.0.ready()
    }
    fn close(&self) -> Result<(), LogError> {
        self.0.close()
    }
}

#[tokio::test]
async fn data_is_durable_before_an_event_speaks_of_it_and_nothing_is_acknowledged_in_between() {
    let folder = tempfile::tempdir().unwrap();
    let log = EmbeddedLog::open(folder.path().join("log"), &EmbeddedConfig::small(1)).unwrap();
    let door = Door::before(Arc::new(WithoutEvents(log)), folder, Setup::default()).await;
    let batch = batch(vec![replay_chunk("", recorded("x"))]);
    let response = door
        .post(Some("application/x-protobuf"), batch.encode_to_vec())
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 503);
    assert_eq!((door.chunks().len(), door.records().len()), (1, 0));
}

#[tokio::test]
async fn many_recordings_at_once_all_get_their_turn() {
    let door = Arc::new(Door::open().await);
    let sent = (0..100).map(|n| {
        let door = door.clone();
        let batch = batch(vec![replay_chunk("", recorded(&n.to_string()))]);
        tokio::spawn(async move { door.post_protobuf(&batch).await })
    });
    let answers: Vec<SendAnswer> = futures::future::try_join_all(sent).await.unwrap();
    assert!(answers.iter().all(|answer| answer.accepted == 1));
    assert_eq!(door.chunks().len(), 100);
}
