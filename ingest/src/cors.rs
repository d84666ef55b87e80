//! Cross-origin rules of the doors: pages of any origin may ask, the project's allowed domains decide, nobody sends cookies.
//!
//! A preflight carries no key, so it cannot be judged and is granted; the request itself is judged, and a forbidden origin
//! cannot read even the refusal.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

const ALLOW_METHODS: HeaderValue = HeaderValue::from_static("GET, POST");
const ALLOW_HEADERS: HeaderValue = HeaderValue::from_static(
    "accept, content-type, content-encoding, grpc-encoding, grpc-accept-encoding, grpc-timeout, x-grpc-web, x-user-agent",
);
/// A day; browsers cut it to what they allow.
const MAX_AGE_S: HeaderValue = HeaderValue::from_static("86400");
const EXPOSE_HEADERS: HeaderValue =
    HeaderValue::from_static("grpc-status, grpc-message, grpc-status-details-bin, retry-after, etag");
const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const PERMISSION_DENIED: &str = "7";

pub(crate) async fn cors(request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    if request.method() == Method::OPTIONS {
        return preflight(origin);
    }
    let mut response = next.run(request).await;
    let headers = response.headers();
    let is_forbidden = headers
        .get(GRPC_STATUS)
        .is_some_and(|status| status == PERMISSION_DENIED);
    let is_forbidden = is_forbidden || response.status() == StatusCode::FORBIDDEN;
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = origin.filter(|_| !is_forbidden) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSE_HEADERS);
    }
    response
}

fn preflight(origin: Option<HeaderValue>) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::VARY, HeaderValue::from_static("origin"));
    headers.insert(header::ALLOW, HeaderValue::from_static("GET, POST, OPTIONS"));
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, ALLOW_METHODS);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOW_HEADERS);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE_S);
    }
    (StatusCode::NO_CONTENT, headers).into_response()
}
