//! Replays: what was recorded of a session, chunk by chunk, and the pictures that came along.
//!
//! Viewers get none of it, members what is masked, admins and owners all; that somebody looked is in the audit log.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY,
};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use gosight_store::analytics::{ReplayChunk, ReplayRun, RunChunk};
use gosight_store::meta::Role;
use gosight_store::recording;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::sessions::SessionPath;
use crate::access::{AsMember, ProjectScope, Rank};
use crate::{Answer, Api, ApiError, Envelope, InPath, Iso, Params};

/// What is recorded never changes. An hour, because who may see what may.
const CACHING: &str = "private, max-age=3600, immutable";
/// One browser may ask for two people, and what they see differs.
const VARIES: &str = "authorization, accept-encoding";
/// A picture opened by itself is a picture and nothing else.
const ASSET_POLICY: &str = "default-src 'none'; sandbox";
/// Somebody who goes on looking at a session is in the audit log once in so long.
const AUDIT_EVERY_MS: i64 = 60 * 60 * 1000;

/// What was recorded of a session.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReplayView {
    /// One per page load and tab, in the order they began.
    recordings: Vec<RecordingView>,
    /// From the clock of the client, on which rrweb events are, to that of the times here, in ms.
    clock_offset_ms: i64,
    /// Whether texts are hidden from you.
    is_masked: bool,
}

#[derive(Serialize, ToSchema)]
struct RecordingView {
    id: Uuid,
    /// `desktop`, `mobile`, `tablet`, …; absent when it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<String>,
    chunks: Vec<ChunkView>,
}

#[derive(Serialize, ToSchema)]
struct ChunkView {
    id: Uuid,
    /// 0, 1, 2, … along the recording; one that is missing is lost, or still on its way.
    index: u32,
    started_at: Iso,
    ended_at: Iso,
    /// rrweb events in it.
    event_count: u32,
    /// Whether playing can start in it.
    has_full_snapshot: bool,
    /// As it is stored.
    bytes: u32,
}

/// The first line of a run.
#[derive(Serialize, ToSchema)]
pub(crate) struct RunView {
    /// Of which chunk each further line is: a JSON array of rrweb events. One that is missing or broken is left out.
    chunks: Vec<Uuid>,
    /// Where to ask on: the answer ends before this chunk, because it would be too long.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u32>,
}

#[derive(Deserialize)]
pub(crate) struct RecordingPath {
    session_id: Uuid,
    recording_id: Uuid,
}

#[derive(Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RunParams {
    /// The index of the first chunk.
    first: u32,
    /// The index of the last.
    last: u32,
}

#[derive(Deserialize)]
pub(crate) struct AssetPath {
    digest: String,
}

/// What was recorded of a session
#[utoipa::path(get, path = "/projects/{project}/sessions/{session_id}/replay", operation_id = "get_replay", tag = "replay", params(("session_id" = Uuid, Path)),
    responses((status = 200, body = Envelope<ReplayView>)))]
pub(crate) async fn get(
    State(api): State<Api>,
    scope: ProjectScope<AsMember>,
    InPath(path): InPath<SessionPath>,
) -> Result<Answer<ReplayView>, ApiError> {
    let replay = scope.analytics.replay(path.session_id).await?;
    if replay.rows.is_empty() {
        return Err(ApiError::NotFound("replay"));
    }
    audit(&api, &scope, path.session_id).await?;
    let is_truncated = replay.is_truncated;
    let view = ReplayView::new(replay.rows, is_masked(&scope));
    Ok(Answer::new(view).truncated(is_truncated))
}

/// Consecutive chunks of a recording, a line each, without an envelope
#[utoipa::path(get, path = "/projects/{project}/sessions/{session_id}/replay/recordings/{recording_id}/chunks", operation_id = "get_replay_run", tag = "replay",
    params(("session_id" = Uuid, Path), ("recording_id" = Uuid, Path), RunParams),
    responses((status = 200, body = RunView, content_type = "application/x-ndjson", description = "The first line; in its order the chunks follow.")))]
pub(crate) async fn run(
    State(api): State<Api>,
    scope: ProjectScope<AsMember>,
    InPath(path): InPath<RecordingPath>,
    Params(params): Params<RunParams>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if params.first > params.last {
        return Err(ApiError::invalid("last", "a run ends with its first chunk or after it"));
    }
    let run = scope
        .analytics
        .replay_run(path.session_id, path.recording_id, params.first..=params.last)
        .await?;
    if run.chunks.is_empty() {
        return Err(ApiError::NotFound("chunks of the recording"));
    }
    audit(&api, &scope, path.session_id).await?;
    let is_masked = is_masked(&scope);
    let is_packed = !is_masked && takes_zstd(&headers);
    let lines = if is_packed {
        Lines::packed(run)?
    } else {
        api.unpacking().run(move || Lines::unpacked(run, is_masked)).await??
    };
    let is_whole = lines.count as u64 == u64::from(params.last - params.first) + 1;
    let mut response = lines.bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    headers.insert(VARY, HeaderValue::from_static(VARIES));
    // What is missing may still come.
    let caching = if is_whole { CACHING } else { "no-store" };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    if is_packed {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("zstd"));
    }
    Ok(response)
}

/// A picture or a font of a recording, by the SHA-256 of its bytes
#[utoipa::path(get, path = "/projects/{project}/replay/assets/{digest}", operation_id = "get_replay_asset", tag = "replay",
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream")))]
pub(crate) async fn asset(
    scope: ProjectScope<AsMember>,
    InPath(path): InPath<AssetPath>,
) -> Result<Response, ApiError> {
    const NOT_FOUND: ApiError = ApiError::NotFound("replay asset");
    let mut digest = [0; 32];
    hex::decode_to_slice(&path.digest, &mut digest).map_err(|_| NOT_FOUND)?;
    let asset = scope.analytics.replay_asset(digest).await?.ok_or(NOT_FOUND)?;
    let headers = [
        (CONTENT_TYPE, asset.mime.as_str()),
        (CACHE_CONTROL, CACHING),
        (VARY, VARIES),
        (CONTENT_SECURITY_POLICY, ASSET_POLICY),
    ];
    Ok((headers, asset.data).into_response())
}

/// Whether texts are hidden from who asks.
pub(super) fn is_masked<R: Rank>(scope: &ProjectScope<R>) -> bool {
    scope.role < Role::Admin
}

/// A run as it is sent.
struct Lines {
    bytes: Vec<u8>,
    /// Of chunks.
    count: usize,
}

impl Lines {
    /// The frames as they are stored, and small ones between them: together they are one stream.
    fn packed(run: ReplayRun) -> Result<Self, ApiError> {
        let frames = run.chunks.into_iter().map(|RunChunk { id, packed }| (id, packed.zstd));
        Self::of(frames.collect(), run.next, recording::compress)
    }

    fn unpacked(run: ReplayRun, is_masked: bool) -> Result<Self, ApiError> {
        let json = |RunChunk { id, packed }: RunChunk| {
            let json = packed.unpack();
            let json = if is_masked {
                json.and_then(|json| recording::mask(&json))
            } else {
                json
            };
            json.inspect_err(|error| tracing::warn!(%error, chunk = %id, "a chunk of a recording cannot be read"))
                .ok()
                .map(|json| (id, json))
        };
        Self::of(
            run.chunks.into_iter().filter_map(json).collect(),
            run.next,
            <[u8]>::to_vec,
        )
    }

    /// `form` makes of what is added the form the chunks have.
    fn of(chunks: Vec<(Uuid, Vec<u8>)>, next: Option<u32>, form: fn(&[u8]) -> Vec<u8>) -> Result<Self, ApiError> {
        let first = RunView {
            chunks: chunks.iter().map(|(id, _)| *id).collect(),
            next,
        };
        let mut bytes = form(&serde_json::to_vec(&first).map_err(ApiError::internal)?);
        let end_of_line = form(b"\n");
        for (_, chunk) in &chunks {
            bytes.extend_from_slice(&end_of_line);
            bytes.extend_from_slice(chunk);
        }
        Ok(Self {
            bytes,
            count: chunks.len(),
        })
    }
}

async fn audit(api: &Api, scope: &ProjectScope<AsMember>, session_id: Uuid) -> Result<(), ApiError> {
    let entry = super::entry(api, scope, "replay.read", session_id, json!({}));
    Ok(api.meta().audit_once_in(AUDIT_EVERY_MS, &entry).await?)
}

fn takes_zstd(headers: &HeaderMap) -> bool {
    let names = headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok());
    names.flat_map(|names| names.split(',')).any(|named| {
        let mut parts = named.split(';').map(str::trim);
        let is_zstd = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("zstd"));
        is_zstd && !parts.any(|part| matches!(part.strip_prefix("q="), Some("0" | "0.0" | "0.00" | "0.000")))
    })
}

impl ReplayView {
    fn new(chunks: Vec<ReplayChunk>, is_masked: bool) -> Self {
        // One clock for all of a session: as of its first batch.
        let first = chunks.iter().min_by_key(|chunk| chunk.received_at);
        let clock_offset_ms = first.map_or(0, |chunk| chunk.clock_offset_ms);
        let mut recordings: BTreeMap<Uuid, Vec<ReplayChunk>> = BTreeMap::new();
        for chunk in chunks {
            recordings.entry(chunk.recording_id).or_default().push(chunk);
        }
        let mut recordings: Vec<_> = recordings.into_iter().collect();
        recordings.sort_by_key(|(_, chunks)| chunks.iter().map(|chunk| chunk.first_ms).min());
        let view = |(id, chunks): (Uuid, Vec<ReplayChunk>)| RecordingView {
            id,
            device: chunks
                .first()
                .map(|chunk| chunk.device_type.clone())
                .filter(|device| !device.is_empty()),
            chunks: chunks
                .iter()
                .map(|chunk| ChunkView::new(chunk, clock_offset_ms))
                .collect(),
        };
        Self {
            recordings: recordings.into_iter().map(view).collect(),
            clock_offset_ms,
            is_masked,
        }
    }
}

impl ChunkView {
    fn new(chunk: &ReplayChunk, clock_offset_ms: i64) -> Self {
        let corrected = |ms: i64| Iso(ms.saturating_add(clock_offset_ms));
        Self {
            id: chunk.id,
            index: chunk.chunk_index,
            started_at: corrected(chunk.first_ms),
            ended_at: corrected(chunk.last_ms),
            event_count: chunk.event_count,
            has_full_snapshot: chunk.has_full_snapshot != 0,
            bytes: chunk.bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zstd_is_sent_to_who_takes_it() {
        for (accepted, takes) in [
            ("gzip, deflate, br, zstd", true),
            ("ZSTD;q=0.5", true),
            ("zstd; q=0, gzip", false),
            ("gzip", false),
            ("*", false),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(accepted))]);
            assert_eq!(takes_zstd(&headers), takes, "{accepted}");
        }
    }
}
