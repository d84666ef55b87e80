//! Files served from the binary: the SDK for other sites' pages, the dashboard for people.
//!
//! A development build reads them from their folders, a release build carries them. Neither has to be there for the crate to build;
//! a missing dashboard says how to build it.

mod dashboard;
mod policy;
mod sdk;

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::EmbeddedFile;

use crate::ApiError;

const ONE_YEAR: &str = "public, max-age=31536000, immutable";

/// Whatever no other route answers.
pub(crate) async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return ApiError::NotFound("this route").into_response();
    }
    let Some(path) = decoded(uri.path()) else {
        return ApiError::NotFound("this page").into_response();
    };
    let path = path.trim_matches('/');
    sdk::serve(path, &headers).unwrap_or_else(|| dashboard::serve(path, &headers))
}

/// A file, or "you have it already".
fn file(file: EmbeddedFile, request: &HeaderMap, cache_control: &'static str) -> Response {
    let etag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..16]));
    let is_known = request
        .get(header::IF_NONE_MATCH)
        .and_then(|tags| tags.to_str().ok())
        .is_some_and(|tags| tags.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag));
    let content_type = HeaderValue::from_str(&content_type(file.metadata.mimetype()));
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        file.data.into_owned().into_response()
    };
    let headers = response.headers_mut();
    if let Ok(content_type) = content_type {
        headers.insert(header::CONTENT_TYPE, content_type);
    }
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, etag);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache_control));
    response
}

fn content_type(mime: &str) -> String {
    let is_text = mime.starts_with("text/") || mime.ends_with("javascript") || mime.ends_with("json");
    if is_text {
        format!("{mime}; charset=utf-8")
    } else {
        mime.to_owned()
    }
}

/// The path with its escapes resolved; none for what names no file of ours: hidden files, parents, broken escapes.
fn decoded(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        if byte == b'%' {
            let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(byte);
            rest = tail;
        }
    }
    let path = String::from_utf8(bytes).ok()?;
    let is_hidden = path.split(['/', '\\']).any(|segment| segment.starts_with('.'));
    (!is_hidden && !path.contains('\0')).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_resolved_and_ways_out_refused() {
        assert_eq!(decoded("/a%20b/%24d").as_deref(), Some("/a b/$d"));
        for path in [
            "/../x",
            "/a/%2e%2e/b",
            "/.stamp",
            "/a\\..\\b",
            "/%",
            "/%zz",
            "/%ff",
            "/a%00",
        ] {
            assert_eq!(decoded(path), None, "{path}");
        }
    }
}
