//! The front door: batches of events come in, what is sound goes into the log, and every event ends in one counted outcome.
//!
//! Four doors, one path. gRPC, gRPC-Web, `POST /v1/events` and the preflight-free form of it differ in framing only: each
//! gives bytes to [`body`], which inflates them within limits, and an [`envelope`], which is split but not decoded; then
//! `receive.rs` does the same for all: key, origin, rate, then every event by itself (`event.rs`, `mend.rs`), then the
//! visitor's browser and country, then one append. The answer is sent when the record is durable. Start there.
//!
//! This room never computes a number somebody looks at, never decodes an event it does not have to (a table-driven walk
//! checks and mends the bytes where they lie), and never changes what a client said except to cut, to mend or to leave out.
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
//! - An event belongs to a page of the batch (`page` is an index into `pages`). Events of the categories session, custom
//!   and replay may stand without pages: then `page` is 0 and `pages` is empty.
//!
//! The numbers are in [`gosight_proto::limits`].
