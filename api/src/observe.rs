//! Around every request: an id to find it by, how long it took, and headers that keep browsers strict.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::header::{CACHE_CONTROL, HeaderName, HeaderValue};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use metrics::{Unit, describe_counter, describe_gauge, describe_histogram, histogram};
use uuid::Uuid;

const REQUEST_SECONDS: &str = "gosight_api_request_seconds";
pub(crate) const LIVE_CONNECTIONS: &str = "gosight_live_connections";
pub(crate) const LIVE_TICKS_MISSED: &str = "gosight_live_ticks_missed_total";
pub(crate) const ALERT_DELIVERIES: &str = "gosight_alert_deliveries_total";
pub(crate) const TELEGRAM_CONNECTED: &str = "gosight_telegram_connected";

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// A client's own request id is kept when it is not longer than this.
const REQUEST_ID_BYTES_MAX: usize = 64;
/// Slower answers than this are worth a line in the log.
const SLOW_S: f64 = 1.0;

/// Headers every answer carries unless its handler knows better.
const STRICT: [(&str, &str); 6] = [
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// Says what this room's metrics mean; once per process, when the recorder is there.
pub(crate) fn describe() {
    describe_histogram!(
        REQUEST_SECONDS,
        Unit::Seconds,
        "From a request's head to its answer's, by route, method and class of status"
    );
    describe_gauge!(LIVE_CONNECTIONS, "Open live sockets");
    describe_counter!(
        LIVE_TICKS_MISSED,
        "Ticks that slow readers of live sockets were told they lost"
    );
    describe_counter!(
        ALERT_DELIVERIES,
        "Attempts to deliver an alert's message by channel and result: sent, again (it is tried once more) or failed"
    );
    describe_gauge!(
        TELEGRAM_CONNECTED,
        "Whether Telegram answers the bot: 1 or 0; nothing without a bot"
    );
}

pub(crate) async fn observe(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(request.headers());
    let method = request.method().clone();
    // The template, never the path: the label set must stay bounded.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("other", MatchedPath::as_str)
        .to_owned();
    let mut response = next.run(request).await;
    let took_s = started.elapsed().as_secs_f64();
    histogram!(REQUEST_SECONDS, "route" => route.clone(), "method" => name(&method), "status" => class(response.status()))
        .record(took_s);
    if took_s > SLOW_S {
        tracing::warn!(%method, route, took_s, request_id = ?id, "a slow answer");
    }
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, id);
    for (name, value) in STRICT {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

fn request_id(headers: &HeaderMap) -> HeaderValue {
    match headers.get(REQUEST_ID) {
        Some(id) if id.len() <= REQUEST_ID_BYTES_MAX => id.clone(),
        _ => HeaderValue::from_str(&Uuid::now_v7().to_string()).unwrap_or(HeaderValue::from_static("none")),
    }
}

/// A client may make methods up: the label set must stay bounded.
fn name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        100..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    }
}
