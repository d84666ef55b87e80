//! The front door: batches of events come in, what is sound goes into the log, and every event ends in one counted outcome.
//!
//! Four doors, one path. gRPC, gRPC-Web, `POST /v1/events` and the preflight-free form of it differ in framing only: each
//! gives bytes to `body.rs`, which inflates them within limits, and they become an `envelope.rs`: split, not decoded. Then
//! `receive.rs` does the same for all: key, origin, rate, then every event by itself (`judge.rs`, `event.rs`, `mend.rs`),
//! then the visitor's browser and country (`record.rs`), then the append. The answer is sent when all of it is durable.
//! Start there. A replay chunk parts with its data on the way (`chunk.rs`).
//!
//! This room never computes a number somebody looks at, never decodes an event it does not have to (a table-driven walk
//! checks and mends the bytes where they lie; only a replay chunk is opened, to be cleaned), and never changes what a client said
//! except to cut, to mend or to leave out.
//!
//! # What clients need to know
//!
//! `POST /v1/events`, the message is `gosight.v1.EventBatch`:
//!
//! | `Content-Type` | body | answer |
//! |---|---|---|
//! | `application/x-protobuf`, `application/protobuf`, `application/octet-stream` | protobuf | protobuf `SendAnswer` |
//! | `application/json` | proto3 JSON, snake_case or lowerCamelCase | JSON |
//! | `text/plain`, `application/x-www-form-urlencoded`, or none at all | either: a body that begins with `{` is JSON | JSON |
//!
//! - The third row needs no CORS preflight: it is for `sendBeacon` and first loads (`new Blob([bytes], {type: "text/plain"})`).
//! - gzip: `Content-Encoding: gzip`, or, where a header would cost a preflight, `?encoding=gzip` in the URL. Nothing else.
//! - The key is `project_key` in the message. Put it first: a wrong key is then refused before the body is inflated.
//! - JSON answer: `{"accepted": 2, "rejected": [{"index": 1, "reason": "missing_id"}]}`, and `"settings": {…}` when the
//!   batch's `settings_version` is not empty and not the project's. A batch with rejected events is answered with 200.
//! - A refused batch is always `{"error": {"code", "message"}}` with an HTTP status: 400 `malformed`, `too_many`; 401
//!   `unauthenticated`; 403 `forbidden_origin`; 408 `timeout`; 413 `too_large`; 429 `rate_limited` and 503 `unavailable`,
//!   both with `Retry-After` in whole seconds. Only 408, 429 and 503 are worth another try.
//! - gRPC and gRPC-Web: `/gosight.v1.IngestService/SendBatch` and `/SendEvents`, `grpc-encoding: gzip` allowed. The same
//!   refusals are UNAUTHENTICATED, PERMISSION_DENIED, INVALID_ARGUMENT (`malformed`, `too_many`, `too_large`),
//!   RESOURCE_EXHAUSTED (`rate_limited`), UNAVAILABLE, DEADLINE_EXCEEDED, with the message `code: message` and
//!   `retry-after` as metadata.
//! - `GET /v1/settings?key=…`: `gosight.v1.Settings` as JSON with an `ETag`; `If-None-Match` gives 304.
//! - A replay chunk's `data` is a JSON array of rrweb events, as it is or gzipped (`encoding`). It needs a `session_id`; without one it is
//!   rejected as `bad_session_id`, and as `malformed` when its data cannot be read. Times and counts are read from the data.
//! - An event belongs to a page of the batch (`page` is an index into `pages`). Events of the categories session, custom
//!   and replay may stand without pages: then `page` is 0 and `pages` is empty.
//!
//! The numbers are in [`gosight_proto::limits`].

mod address;
mod body;
mod chunk;
mod cleaners;
mod client;
mod cors;
mod envelope;
mod envelope_json;
mod event;
mod few;
mod glob;
mod grpc;
mod http;
mod judge;
mod keys;
mod mend;
mod outcomes;
mod place;
#[cfg(test)]
mod properties;
mod reason;
mod receive;
mod record;
mod schema;
mod wire;

use std::{path::PathBuf, sync::Arc};

use axum::{
    Router,
    middleware::from_fn,
    routing::{get, post},
};
use gosight_log::{Log, LogError};
use gosight_store::meta::Meta;
pub use place::GeoIp;
pub use receive::CHUNKS_DURABLE;
use tonic_web::GrpcWebLayer;
use tower::{Layer, ServiceBuilder, service_fn};

/// What an operator can set about the front door.
#[derive(Clone, Debug, Default)]
pub struct IngestConfig {
    /// None: countries come from time zones.
    pub geoip: Option<Arc<GeoIp>>,
    /// Take a visitor's address from the last entry of `X-Forwarded-For`: only behind a proxy that sets it.
    pub trust_forwarded_for: bool,
}

/// Why something the front door needs cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    #[error("the GeoIP database {path} cannot be read: {source}")]
    GeoIp {
        path: PathBuf,
        source: maxminddb::MaxMindDbError,
    },
}

/// The front door. Cheap to clone; clones are the same door.
#[derive(Clone)]
pub struct Ingest {
    parts: Arc<Parts>,
}

/// What every request needs.
struct Parts {
    log: Arc<dyn Log>,
    keys: keys::Keys,
    clients: client::Clients,
    geoip: Option<Arc<GeoIp>>,
    salt: address::Salt,
    budget: body::Budget,
    cleaners: cleaners::Cleaners,
    trust_forwarded_for: bool,
}

impl Ingest {
    /// Opens the door between the network and `log`; `meta` knows the keys.
    pub fn new(config: IngestConfig, log: Arc<dyn Log>, meta: Meta) -> Self {
        outcomes::describe();
        let parts = Parts {
            log,
            keys: keys::Keys::new(meta),
            clients: client::Clients::new(),
            geoip: config.geoip,
            salt: address::Salt::new(),
            budget: body::Budget::new(),
            cleaners: cleaners::Cleaners::new(),
            trust_forwarded_for: config.trust_forwarded_for,
        };
        Self { parts: Arc::new(parts) }
    }

    /// Whether a batch could be made durable now.
    ///
    /// # Errors
    /// The first reason why not.
    pub fn ready(&self) -> Result<(), LogError> {
        self.parts.log.ready()
    }

    /// Whether a batch could be made durable now; [`Ingest::ready`] says why not.
    pub fn is_ready(&self) -> bool {
        self.ready().is_ok()
    }
}

/// All doors. The server must offer HTTP/1.1 and HTTP/2 (with prior knowledge) on one port, and put a
/// `ConnectInfo<SocketAddr>` into the requests' extensions: without it visitors have no address.
pub fn router(ingest: Ingest) -> Router {
    let grpc = {
        let ingest = ingest.clone();
        GrpcWebLayer::new().layer(service_fn(move |request| grpc::call(ingest.clone(), request)))
    };
    Router::new()
        .route("/v1/events", post(http::events).layer(from_fn(cors::cors)))
        .route("/v1/settings", get(http::settings).layer(from_fn(cors::cors)))
        .route_service(
            "/gosight.v1.IngestService/{method}",
            ServiceBuilder::new().layer(from_fn(cors::cors)).service(grpc),
        )
        .with_state(ingest)
}
