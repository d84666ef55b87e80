//! `POST /v1/events` and `GET /v1/settings`.

use std::{borrow::Cow, net::SocketAddr};

use axum::{
    Json,
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};
use gosight_proto::v1::SendAnswer;
use prost::Message;
use serde_json::json;

use crate::{
    Ingest,
    body::{self, Inflation, Wire},
    envelope::{self, Envelope},
    envelope_json, outcomes,
    reason::Refusal,
    receive::{Arrival, Sender},
};

/// How long a browser may reuse settings without asking.
const SETTINGS_CACHE: &str = "public, max-age=60";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Protobuf,
    Json,
    /// Whatever the body looks like; answered in JSON.
    Either,
}

pub(crate) async fn events(State(ingest): State<Ingest>, request: Request) -> Response {
    let format = match Format::of(request.headers()) {
        Ok(format) => format,
        Err(refusal) => return refuse(&refusal),
    };
    match receive(&ingest, format, request).await {
        Ok(answer) if format == Format::Protobuf => (
            [(header::CONTENT_TYPE, "application/x-protobuf")],
            answer.encode_to_vec(),
        )
            .into_response(),
        Ok(answer) => Json(answer).into_response(),
        Err(refusal) => refuse(&refusal),
    }
}

async fn receive(ingest: &Ingest, format: Format, request: Request) -> Result<SendAnswer, Refusal> {
    let is_gzip = is_gzip(request.headers(), request.uri().query())?;
    let sender = sender(ingest, &request);
    let wire = body::read(request.into_body(), ingest.parts.budget.hold()).await?;
    let wire_bytes = wire.bytes.len();
    let Wire { bytes, held } = if is_gzip {
        inflate(ingest, wire, &sender).await?
    } else {
        wire
    };
    let is_json = match format {
        Format::Json => true,
        Format::Protobuf => false,
        Format::Either => looks_like_json(&bytes),
    };
    let (split, texts_mended) = if is_json {
        let text = String::from_utf8_lossy(&bytes);
        (
            envelope_json::from_json(&text),
            u32::from(matches!(text, Cow::Owned(_))),
        )
    } else {
        (Envelope::from_protobuf(&bytes), 0)
    };
    let arrival = Arrival::new(split, wire_bytes, bytes.len(), texts_mended)?;
    let answer = ingest.receive(arrival, &sender).await;
    drop(held);
    answer
}

/// Inflates a body; a key at its beginning is checked before the rest is.
pub(crate) async fn inflate(ingest: &Ingest, wire: Wire, sender: &Sender) -> Result<Wire, Refusal> {
    let mut inflation = Inflation::of(wire);
    let prefix = inflation.prefix()?;
    let key = if looks_like_json(prefix) {
        envelope_json::leading_key(prefix)
    } else {
        envelope::leading_key(prefix)
    };
    if let Some(key) = key {
        ingest.open(key, sender).await?;
    }
    inflation.rest()
}

/// An object's brace and what may follow it. A protobuf batch begins with a tag, and a key holds no quote and no brace.
fn looks_like_json(body: &[u8]) -> bool {
    let inside = body.trim_ascii_start().strip_prefix(b"{");
    inside.is_some_and(|inside| matches!(inside.trim_ascii_start().first(), None | Some(b'"' | b'}')))
}

pub(crate) async fn settings(State(ingest): State<Ingest>, request: Request) -> Response {
    let key = query_value(request.uri().query(), "key").unwrap_or_default();
    let open = match ingest.open(key, &sender(&ingest, &request)).await {
        Ok(open) => open,
        Err(refusal) => return refuse(&refusal),
    };
    let settings = &open.key.sdk;
    let etag = format!("\"{}\"", settings.version);
    let is_known = request.headers().get_all(header::IF_NONE_MATCH).iter().any(|known| {
        known.to_str().is_ok_and(|known| {
            known
                .split(',')
                .any(|known| known.trim().trim_start_matches("W/") == etag)
        })
    });
    let caching = [(header::ETAG, etag), (header::CACHE_CONTROL, SETTINGS_CACHE.to_owned())];
    if is_known {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    (caching, Json(settings)).into_response()
}

/// The answer of a refused batch, and its count.
pub(crate) fn refuse(refusal: &Refusal) -> Response {
    outcomes::batch_refused(refusal);
    let body = json!({"error": {"code": refusal.code(), "message": refusal.to_string()}});
    let status = StatusCode::from_u16(refusal.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Json(body)).into_response();
    if let Some(seconds) = refusal.retry_after_s() {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

impl Format {
    fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let Some(content_type) = headers.get(header::CONTENT_TYPE) else {
            return Ok(Self::Either);
        };
        let media_type = content_type
            .to_str()
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default()
            .trim();
        match media_type.to_ascii_lowercase().as_str() {
            "application/x-protobuf" | "application/protobuf" | "application/octet-stream" => Ok(Self::Protobuf),
            "application/json" => Ok(Self::Json),
            "text/plain" | "application/x-www-form-urlencoded" | "" => Ok(Self::Either),
            _ => Err(Refusal::Malformed("this content type is not taken")),
        }
    }
}

fn is_gzip(headers: &HeaderMap, query: Option<&str>) -> Result<bool, Refusal> {
    let by_header = headers
        .get(header::CONTENT_ENCODING)
        .map(|value| value.to_str().unwrap_or("?").trim());
    let encoding = by_header.or_else(|| query_value(query, "encoding")).unwrap_or_default();
    match encoding.to_ascii_lowercase().as_str() {
        "gzip" | "x-gzip" => Ok(true),
        "" | "identity" => Ok(false),
        _ => Err(Refusal::Malformed("only gzip is taken as content encoding")),
    }
}

/// The values here hold nothing that an URL would escape.
fn query_value<'a>(query: Option<&'a str>, name: &str) -> Option<&'a str> {
    query?.split('&').find_map(|pair| {
        pair.split_once('=')
            .filter(|(found, _)| *found == name)
            .map(|(_, value)| value)
    })
}

/// Who sends, by the connection and, behind a proxy that is trusted, by what it says.
pub(crate) fn sender<B>(ingest: &Ingest, request: &axum::http::Request<B>) -> Sender {
    const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
    let headers = request.headers();
    let origin = headers
        .get(header::ORIGIN)
        .map(|origin| origin.to_str().unwrap_or("null").to_owned());
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map(|ConnectInfo(peer)| peer.ip());
    let forwarded = || {
        // The last entry is the proxy's own; those before it are the client's to invent.
        let last = headers.get_all(FORWARDED_FOR).iter().next_back()?;
        last.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
    };
    let address = if ingest.parts.trust_forwarded_for {
        forwarded().or(peer)
    } else {
        peer
    };
    Sender {
        origin,
        address: address.map(|address| address.to_canonical()),
    }
}
