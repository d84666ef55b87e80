//! The table of bad input: what is refused as a whole, and how.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use gosight_log::{Append, Durable, Log, LogError, Offset, Reader, Retention, Topic};
use gosight_proto::{
    limits,
    v1::{EventBatch, Page},
};
use prost::Message;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tonic::Code;

use crate::harness::*;

async fn refused(door: &Door, content_type: &str, body: Vec<u8>, gzipped: bool) -> (u16, String) {
    let request = door.post(Some(content_type), body);
    let request = if gzipped {
        request.header("content-encoding", "gzip")
    } else {
        request
    };
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    (status, body["error"]["code"].as_str().unwrap_or_default().to_owned())
}

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

/// A recording of so many bytes that do not get much smaller.
fn replay(len: usize) -> EventBatch {
    batch(vec![replay_chunk("", recorded(&STANDARD.encode(noise(len / 4 * 3))))])
}

#[tokio::test]
async fn a_malformed_body_is_400() {
    let door = Door::open().await;
    for (content_type, body) in [
        (PROTOBUF, b"\xff\xff\xff".to_vec()),
        (PROTOBUF, b"{\"project_key\":\"x\"}".to_vec()),
        (JSON, b"{\"project_key\":".to_vec()),
        (JSON, b"[]".to_vec()),
        (JSON, b"{\"events\":{}}".to_vec()),
        (
            JSON,
            format!("{{\"project_key\":\"{KEY}\",\"sent_at_ms\":\"soon\"}}").into_bytes(),
        ),
        ("text/plain", b"hello".to_vec()),
        ("application/xml", b"<batch/>".to_vec()),
    ] {
        let shown = String::from_utf8_lossy(&body).into_owned();
        assert_eq!(
            refused(&door, content_type, body, false).await,
            (400, "malformed".into()),
            "{shown}"
        );
    }
    assert_eq!(
        refused(&door, PROTOBUF, b"not gzip at all".to_vec(), true).await,
        (400, "malformed".into())
    );
    let torn = gzip(&batch(vec![custom("x")]).encode_to_vec());
    assert_eq!(
        refused(&door, PROTOBUF, torn[..torn.len() - 9].to_vec(), true).await,
        (400, "malformed".into())
    );
    assert!(door.records().is_empty());
}

#[tokio::test]
async fn too_many_events_pages_or_attributes_are_400() {
    let door = Door::open().await;
    let mut events = batch((0..=limits::EVENTS_PER_BATCH_MAX).map(|_| custom("x")).collect());
    let mut pages = batch(vec![custom("x")]);
    pages.pages = vec![Page::default(); limits::PAGES_PER_BATCH_MAX + 1];
    let mut attributes = batch(vec![custom("x")]);
    attributes.attributes = (0..=limits::ATTRIBUTES_PER_BATCH_MAX)
        .map(|n| (n.to_string(), String::new()))
        .collect();
    for batch in [&events, &pages, &attributes] {
        assert_eq!(
            refused(&door, PROTOBUF, batch.encode_to_vec(), false).await,
            (400, "too_many".into())
        );
        let json = serde_json::to_vec(batch).unwrap();
        assert_eq!(refused(&door, JSON, json, false).await, (400, "too_many".into()));
        let status = door.grpc().await.send_batch(batch.clone()).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
    }
    events.events.pop();
    assert_eq!(
        door.post_protobuf(&events).await.accepted,
        1000,
        "the limit itself is fine"
    );
}

#[tokio::test]
async fn a_body_over_its_limit_is_413_on_the_wire_and_inflated() {
    let door = Door::open().await;
    let large = |bytes: usize| {
        let mut batch = batch(vec![]);
        batch.events = (0..bytes / 60_000)
            .map(|_| custom(std::str::from_utf8(&[b'x'; 60_000]).unwrap()))
            .collect();
        batch.encode_to_vec()
    };
    let over_wire = large(limits::BODY_WIRE_BYTES_MAX + 200_000);
    assert_eq!(
        refused(&door, PROTOBUF, over_wire.clone(), false).await,
        (413, "too_large".into())
    );
    assert_eq!(
        refused(&door, JSON, vec![b'x'; 1_500_000], false).await,
        (413, "too_large".into()),
        "whatever is in it"
    );
    // Seven MiB are fine if they come small, but not as small as one hundredth.
    let mut noisy = large(7 << 20);
    let filler = noise(100_000);
    prost::encoding::encode_key(13, prost::encoding::WireType::LengthDelimited, &mut noisy);
    prost::encoding::encode_varint(filler.len() as u64, &mut noisy);
    noisy.extend_from_slice(&filler);
    let response = door
        .post(Some(PROTOBUF), gzip(&noisy))
        .header("content-encoding", "gzip")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    let mut nine = noisy.clone();
    nine.extend(large(2 << 20));
    assert_eq!(
        refused(&door, PROTOBUF, gzip(&nine), true).await,
        (413, "too_large".into())
    );
    assert_eq!(
        refused(&door, PROTOBUF, vec![0; 20 << 20], false).await,
        (413, "too_large".into()),
        "heard to its end"
    );
}

#[tokio::test]
async fn replay_chunks_have_room_of_their_own() {
    let door = Door::open().await;
    assert_eq!(door.post_protobuf(&replay(1_900_000)).await.accepted, 1);
    let too_large = replay(limits::REPLAY_BODY_WIRE_BYTES_MAX + 1).encode_to_vec();
    assert_eq!(
        refused(&door, PROTOBUF, too_large, false).await,
        (413, "too_large".into())
    );
    let mut mixed = replay(100_000);
    mixed.events.push(custom(&"x".repeat(limits::EVENT_BYTES_MAX)));
    let answer = door.post_protobuf(&mixed).await;
    assert_eq!((answer.accepted, reasons(&answer)), (1, vec![(1, "event_too_large")]));
    let json = serde_json::to_value(replay(100_000)).unwrap();
    assert_eq!(door.post_json(&json).await["accepted"], 1, "and in JSON, as base64");
}

#[tokio::test]
async fn a_zip_bomb_is_413_at_every_door() {
    let door = Door::open().await;
    let mut bomb = batch(vec![]).encode_to_vec();
    prost::encoding::encode_key(13, prost::encoding::WireType::LengthDelimited, &mut bomb);
    prost::encoding::encode_varint(100 << 20, &mut bomb);
    bomb.resize(bomb.len() + (100 << 20), 0);
    let bomb = gzip(&bomb);
    assert!(bomb.len() < limits::BODY_WIRE_BYTES_MAX);
    assert_eq!(
        refused(&door, PROTOBUF, bomb.clone(), true).await,
        (413, "too_large".into())
    );
    assert_eq!(
        refused(&door, JSON, bomb.clone(), true).await,
        (413, "too_large".into())
    );
    let web = door
        .http
        .post(format!("{}/gosight.v1.IngestService/SendBatch", door.url));
    let web = web
        .header("content-type", "application/grpc-web+proto")
        .header("grpc-encoding", "gzip");
    let response = web.body(frame(&bomb, true)).send().await.unwrap();
    assert_eq!(response.headers()["grpc-status"], "3");
}

/// A log that takes nothing.
struct Refusing(fn() -> LogError);

impl Log for Refusing {
    fn partitions(&self, _: Topic) -> u32 {
        1
    }
    fn append(&self, _: Topic, _: u32, _: Bytes) -> Result<Append, LogError> {
        Err((self.0)())
    }
    fn durable(&self, _: Topic, _: u32) -> Durable {
        Durable {
            end: 0,
            complete_to_ms: 0,
        }
    }
    fn start(&self, _: Topic, _: u32) -> Offset {
        0
    }
    fn reader(&self, _: Topic, _: u32, _: Offset) -> Result<Box<dyn Reader>, LogError> {
        Err((self.0)())
    }
    fn trim(&self, _: Topic, _: u32, _: Offset, _: Retention) -> Result<Offset, LogError> {
        Ok(0)
    }
    fn ready(&self) -> Result<(), LogError> {
        Err((self.0)())
    }
    fn close(&self) -> Result<(), LogError> {
        Ok(())
    }
}

#[tokio::test]
async fn a_full_queue_or_disk_is_503_with_seconds_to_wait() {
    let full: fn() -> LogError = || LogError::Full {
        partition: "events/0".into(),
    };
    for why in [
        full,
        || LogError::DiskFull {
            partition: "events/0".into(),
        },
        || LogError::Closed,
    ] {
        let door = Door::before(Arc::new(Refusing(why)), tempfile::tempdir().unwrap(), Setup::default()).await;
        let batch = batch(vec![custom("x")]);
        let response = door.post(Some(PROTOBUF), batch.encode_to_vec()).send().await.unwrap();
        assert_eq!(response.status(), 503);
        assert!(
            response.headers()["retry-after"]
                .to_str()
                .unwrap()
                .parse::<u64>()
                .unwrap()
                >= 1
        );
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["error"]["code"], "unavailable");
        assert_eq!(
            door.grpc().await.send_batch(batch).await.unwrap_err().code(),
            Code::Unavailable
        );
    }
}

#[tokio::test]
async fn a_body_that_stops_is_given_up() {
    let door = Door::open().await;
    let mut socket = tokio::net::TcpStream::connect(door.address).await.unwrap();
    let head = "POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{";
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    tokio::time::timeout(PATIENCE, socket.read_to_string(&mut answer))
        .await
        .unwrap()
        .unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("timeout"), "{answer}");
}

#[tokio::test]
async fn a_stream_of_nothing_but_rejections_is_ended() {
    let door = Door::open().await;
    let mut bad = custom("x");
    bad.id.clear();
    let batches = futures::stream::repeat(batch(vec![bad; 1000]));
    let status = door.grpc().await.send_events(batches).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().starts_with("too_many: "), "{}", status.message());
}

#[tokio::test]
async fn a_grpc_web_text_call_is_taken() {
    let door = Door::open().await;
    let body = STANDARD.encode(frame(&batch(vec![custom("x")]).encode_to_vec(), false));
    let web = door
        .http
        .post(format!("{}/gosight.v1.IngestService/SendBatch", door.url));
    let web = web
        .header("content-type", "application/grpc-web-text")
        .header("accept", "application/grpc-web-text");
    assert_eq!(web.body(body).send().await.unwrap().status(), 200);
    assert_eq!(door.records().len(), 1);
}

#[tokio::test]
async fn a_broken_grpc_call_is_invalid() {
    let door = Door::open().await;
    let message = batch(vec![custom("x")]).encode_to_vec();
    let mut long = frame(&message, false);
    long[1] = 0x7f;
    for body in [
        vec![],
        vec![0, 0],
        frame(&message, false)[..20].to_vec(),
        frame(&message, true),
        long,
        frame(b"\xff", false),
    ] {
        let web = door
            .http
            .post(format!("{}/gosight.v1.IngestService/SendBatch", door.url));
        let response = web
            .header("content-type", "application/grpc-web+proto")
            .body(body)
            .send()
            .await
            .unwrap();
        assert_eq!(response.headers()["grpc-status"], "3");
    }
    let unknown = door.http.post(format!("{}/gosight.v1.IngestService/Delete", door.url));
    let unknown = unknown
        .header("content-type", "application/grpc-web+proto")
        .send()
        .await
        .unwrap();
    assert_eq!(unknown.headers()["grpc-status"], "12");
}

#[tokio::test]
async fn random_bodies_are_refused_at_every_door_and_the_door_stays_open() {
    let door = Door::open().await;
    let noise = noise(40_000);
    for (n, body) in noise.chunks(100).enumerate() {
        let content_type = [PROTOBUF, JSON, "text/plain"][n % 3];
        let body = body[..n % 100].to_vec();
        let (status, _) = refused(&door, content_type, body.clone(), n % 2 == 0).await;
        assert!([400, 401].contains(&status), "{status} for {body:x?}");
    }
    assert_eq!(door.post_protobuf(&batch(vec![custom("x")])).await.accepted, 1);
}
