//! Files served from the binary: the SDK for other sites' pages, the dashboard for people.
//!
//! A development build reads them from their folders, a release build carries them. Neither has to be there for the crate to build;
//! a missing dashboard says how to build it. Files are compressed once, here (`ready.rs`), and not by the layer that compresses answers.

mod dashboard;
mod policy;
mod ready;
mod sdk;

use axum::http::{HeaderMap, Method, Uri};
use axum::response::{IntoResponse, Response};

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
