//! A real front door on a free port, before a real log and real metadata in a temporary folder.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use gosight_ingest::{Ingest, IngestConfig, router};
use gosight_log::{EmbeddedConfig, EmbeddedLog, Log, Topic, TopicConfig};
use gosight_proto::{
    record::{BatchRecord, ReplayRecord},
    v1::{
        Event, EventBatch, Page, ReplayChunk, SendAnswer, event::Payload, ingest_service_client::IngestServiceClient,
    },
};
use gosight_store::meta::{Meta, NewKey, NewProject, NewUser, Permission, ProjectPatch, Settings};
use prost::Message;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tonic::transport::Channel;
use uuid::Uuid;

pub(crate) const KEY: &str = "test_key_0123456789";
pub(crate) const SESSION: &str = "0190163d-8694-739b-aea5-966c26f8ad91";
pub(crate) const CHROME: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";

/// What differs from an open project with a fast key.
pub(crate) struct Setup {
    pub(crate) allowed_domains: Vec<String>,
    pub(crate) rate_limit_events_per_s: u32,
    pub(crate) settings: serde_json::Value,
    pub(crate) ingest: IngestConfig,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            allowed_domains: vec![],
            rate_limit_events_per_s: 1_000_000,
            settings: serde_json::json!({}),
            ingest: IngestConfig::default(),
        }
    }
}

pub(crate) struct Door {
    pub(crate) url: String,
    pub(crate) address: SocketAddr,
    pub(crate) http: reqwest::Client,
    pub(crate) meta: Meta,
    pub(crate) project_id: Uuid,
    pub(crate) key_id: Uuid,
    pub(crate) log: Arc<dyn Log>,
    _folder: TempDir,
}

impl Door {
    pub(crate) async fn open() -> Self {
        Self::with(Setup::default()).await
    }

    pub(crate) async fn with(setup: Setup) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sizes = TopicConfig {
            partitions: 2,
            segment_bytes: 32 << 20,
            queue_bytes_max: 32 << 20,
        };
        let config = EmbeddedConfig {
            topics: BTreeMap::from([(Topic::Events, sizes), (Topic::Replay, sizes)]),
            ..EmbeddedConfig::small(2)
        };
        let log = EmbeddedLog::open(folder.path().join("log"), &config).unwrap();
        Self::before(Arc::new(log), folder, setup).await
    }

    /// A door before any log.
    pub(crate) async fn before(log: Arc<dyn Log>, folder: TempDir, setup: Setup) -> Self {
        let meta = Meta::open_file(&folder.path().join("meta.db")).await.unwrap();
        let (project_id, key_id) = project(&meta, &setup).await;
        let ingest = Ingest::new(setup.ingest, log.clone(), meta.clone());
        assert!(ingest.ready().is_ok() || log.ready().is_err());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = router(ingest).into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        let http = reqwest::Client::new();
        let url = format!("http://{address}");
        Self {
            url,
            address,
            http,
            meta,
            project_id,
            key_id,
            log,
            _folder: folder,
        }
    }

    pub(crate) async fn grpc(&self) -> IngestServiceClient<Channel> {
        IngestServiceClient::connect(self.url.clone()).await.unwrap()
    }

    pub(crate) fn post(&self, content_type: Option<&str>, body: impl Into<reqwest::Body>) -> reqwest::RequestBuilder {
        let request = self.http.post(format!("{}/v1/events", self.url)).body(body);
        match content_type {
            Some(content_type) => request.header("content-type", content_type),
            None => request,
        }
    }

    pub(crate) async fn post_protobuf(&self, batch: &EventBatch) -> SendAnswer {
        let response = self
            .post(Some("application/x-protobuf"), batch.encode_to_vec())
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200, "{:?}", response.text().await);
        SendAnswer::decode(response.bytes().await.unwrap()).unwrap()
    }

    pub(crate) async fn post_json(&self, batch: &serde_json::Value) -> serde_json::Value {
        let response = self
            .post(Some("application/json"), batch.to_string())
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }

    /// Every batch in the log, partition by partition.
    pub(crate) fn records(&self) -> Vec<BatchRecord> {
        self.records_of(Topic::Events)
    }

    /// Every chunk of a recording in the log, partition by partition.
    pub(crate) fn chunks(&self) -> Vec<ReplayRecord> {
        self.records_of(Topic::Replay)
    }

    fn records_of<M: Message + Default>(&self, topic: Topic) -> Vec<M> {
        let mut records = Vec::new();
        for partition in 0..self.log.partitions(topic) {
            let end = self.log.durable(topic, partition).end;
            let mut reader = self.log.reader(topic, partition, 0).unwrap();
            while reader.next_offset() < end {
                reader.read(end, 1 << 20, &mut records).unwrap();
            }
        }
        records
            .into_iter()
            .map(|record| M::decode(record.payload).unwrap())
            .collect()
    }

    /// The one record in the log.
    pub(crate) fn record(&self) -> BatchRecord {
        let mut records = self.records();
        assert_eq!(records.len(), 1);
        records.remove(0)
    }

    pub(crate) async fn patch(&self, patch: serde_json::Value) {
        let settings = self
            .meta
            .project(self.project_id)
            .await
            .unwrap()
            .settings
            .patched(&patch)
            .unwrap();
        let patch = ProjectPatch {
            settings: Some(settings),
            ..ProjectPatch::default()
        };
        self.meta
            .update_project(self.project_id, &patch, now_ms())
            .await
            .unwrap();
    }
}

async fn project(meta: &Meta, setup: &Setup) -> (Uuid, Uuid) {
    let now = now_ms();
    let user = NewUser {
        email: "owner@shop.example",
        name: "Owner",
        password_hash: "$argon2id$none",
    };
    let owner = meta.create_first_user(user, now).await.unwrap().id;
    let settings = Settings::default().patched(&setup.settings).unwrap();
    let new = NewProject {
        slug: "shop",
        name: "Shop",
        allowed_domains: &setup.allowed_domains,
        settings: &settings,
        owner,
    };
    let project_id = meta.create_project(&new, now).await.unwrap().id;
    let key = NewKey {
        project_id,
        name: "web",
        key_sha256: Sha256::digest(KEY).into(),
        prefix: &KEY[..8],
        permission: Permission::Write,
        rate_limit_events_per_s: setup.rate_limit_events_per_s,
    };
    (project_id, meta.create_key(&key, now).await.unwrap().id)
}

pub(crate) fn now_ms() -> i64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_millis() as i64
}

pub(crate) fn event(payload: Payload) -> Event {
    Event {
        id: Uuid::new_v4().to_string(),
        timestamp_ms: now_ms(),
        page: 0,
        payload: Some(payload),
    }
}

pub(crate) fn custom(name: &str) -> Event {
    event(Payload::CustomEvent(gosight_proto::v1::CustomEvent {
        name: name.into(),
        ..Default::default()
    }))
}

/// A chunk of a recording with this data.
pub(crate) fn replay_chunk(encoding: &str, data: impl Into<bytes::Bytes>) -> Event {
    event(Payload::ReplayChunk(ReplayChunk {
        encoding: encoding.into(),
        data: data.into(),
        ..ReplayChunk::default()
    }))
}

/// One rrweb event that says this much.
pub(crate) fn recorded(text: &str) -> String {
    let tagged = serde_json::json!({ "tag": "test", "payload": text });
    serde_json::json!([{ "type": 5, "data": tagged, "timestamp": now_ms() }]).to_string()
}

/// A sound batch of these events, on one page.
pub(crate) fn batch(events: Vec<Event>) -> EventBatch {
    EventBatch {
        project_key: KEY.into(),
        sent_at_ms: now_ms(),
        sdk_name: "gosight-js".into(),
        sdk_version: "0.1.0".into(),
        visitor_id: "visitor-1".into(),
        session_id: SESSION.into(),
        pages: vec![Page {
            url: "https://shop.example/cart?x=1".into(),
            path: "/cart".into(),
            ..Page::default()
        }],
        events,
        ..EventBatch::default()
    }
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Bytes that gzip cannot make smaller, the same every time.
pub(crate) fn noise(len: usize) -> bytes::Bytes {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    std::iter::repeat_with(next).take(len).collect::<Vec<_>>().into()
}

/// One gRPC message with its prefix.
pub(crate) fn frame(message: &[u8], is_compressed: bool) -> Vec<u8> {
    let mut frame = vec![u8::from(is_compressed)];
    frame.extend((message.len() as u32).to_be_bytes());
    frame.extend(message);
    frame
}

/// Reasons by index, as (index, reason).
pub(crate) fn reasons(answer: &SendAnswer) -> Vec<(u32, &str)> {
    answer
        .rejected
        .iter()
        .map(|rejection| (rejection.index, rejection.reason.as_str()))
        .collect()
}

pub(crate) fn events_of(record: &BatchRecord) -> Vec<Event> {
    record
        .events
        .iter()
        .map(|event| Event::decode(event.clone()).unwrap())
        .collect()
}

/// Tests wait for what must come, never for time to pass; this only keeps a broken one from hanging.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
