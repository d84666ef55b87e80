//! A file made ready to be sent, once: hashed, compressed, and under its policy. A request then copies nothing.

use std::borrow::Cow;
use std::io::Write;
use std::sync::{Arc, LazyLock};

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use quick_cache::sync::Cache;
use rust_embed::EmbeddedFile;
use sha2::{Digest, Sha256};

use super::policy;

/// More than the binary carries; a development build, which reads the folders, forgets what was built before.
const FILES_MAX: usize = 1_000;
/// Smaller files are sent as they are: an answer's head is as large.
const GZIP_FROM_BYTES: usize = 512;

static READY: LazyLock<Cache<Key, Arc<Ready>>> = LazyLock::new(|| Cache::new(FILES_MAX));

type Hash = [u8; 32];
/// Two files of one content may be of different types.
type Key = (Hash, String);

/// What a path means, before it is made ready.
pub(super) struct File {
    data: Cow<'static, [u8]>,
    hash: Hash,
    mime: String,
}

impl From<EmbeddedFile> for File {
    fn from(file: EmbeddedFile) -> Self {
        Self {
            hash: file.metadata.sha256_hash(),
            mime: file.metadata.mimetype().to_owned(),
            data: file.data,
        }
    }
}

impl File {
    /// The same kind of file with another content.
    pub(super) fn map(self, change: impl FnOnce(&[u8]) -> Vec<u8>) -> Self {
        let data = change(&self.data);
        Self {
            hash: Sha256::digest(&data).into(),
            data: data.into(),
            ..self
        }
    }

    pub(super) fn ready(self) -> Arc<Ready> {
        let key = (self.hash, self.mime.clone());
        match READY.get(&key) {
            Some(ready) => ready,
            None => {
                let ready = Arc::new(Ready::of(self));
                READY.insert(key, ready.clone());
                ready
            }
        }
    }
}

/// A file and what its answers say.
pub(super) struct Ready {
    plain: Body,
    /// None where it would save nothing.
    gzipped: Option<Body>,
    content_type: HeaderValue,
    /// Of pages.
    policy: Option<HeaderValue>,
}

/// One form of a file. Each has an `ETag` of its own, as caches between us and the browser keep them apart by it.
struct Body {
    bytes: Bytes,
    etag: HeaderValue,
}

impl Body {
    fn new(bytes: Bytes, hash: &Hash, form: &str) -> Self {
        let etag = format!("\"{}{form}\"", hex::encode(&hash[..16]));
        Self {
            bytes,
            etag: HeaderValue::from_str(&etag).unwrap_or(HeaderValue::from_static("\"\"")),
        }
    }
}

impl Ready {
    fn of(file: File) -> Self {
        let is_text = is_text(&file.mime);
        let content_type = if is_text {
            format!("{}; charset=utf-8", file.mime)
        } else {
            file.mime
        };
        let policy = content_type.starts_with("text/html").then(|| policy::of(&file.data));
        let plain = match file.data {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => bytes.into(),
        };
        let is_worth_it = is_text && plain.len() >= GZIP_FROM_BYTES;
        let gzipped = is_worth_it.then(|| gzip(&plain)).flatten();
        Self {
            gzipped: gzipped.map(|bytes| Body::new(bytes, &file.hash, "-gzip")),
            plain: Body::new(plain, &file.hash, ""),
            content_type: HeaderValue::from_str(&content_type)
                .unwrap_or(HeaderValue::from_static("application/octet-stream")),
            policy: policy.and_then(|policy| HeaderValue::from_str(&policy).ok()),
        }
    }

    /// The file in the form the client takes, or "you have it already".
    pub(super) fn answer(&self, request: &HeaderMap, cache_control: &'static str) -> Response {
        let gzipped = self.gzipped.as_ref().filter(|_| takes_gzip(request));
        let body = gzipped.unwrap_or(&self.plain);
        let mut response = if knows(request, &body.etag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            body.bytes.clone().into_response()
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, self.content_type.clone());
        headers.insert(header::ETAG, body.etag.clone());
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache_control));
        if gzipped.is_some() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if self.gzipped.is_some() {
            headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        if let Some(policy) = &self.policy {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy.clone());
        }
        response
    }
}

fn is_text(mime: &str) -> bool {
    mime.starts_with("text/") || mime.ends_with("javascript") || mime.ends_with("json") || mime.ends_with("+xml")
}

/// None when it came out no smaller.
fn gzip(plain: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).ok()?;
    let gzipped = encoder.finish().ok()?;
    (gzipped.len() < plain.len()).then(|| gzipped.into())
}

fn takes_gzip(request: &HeaderMap) -> bool {
    let accepted = request.get_all(header::ACCEPT_ENCODING).iter();
    accepted
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|coding| {
            let (name, parameters) = coding.split_once(';').unwrap_or((coding, ""));
            let is_gzip = name.trim().eq_ignore_ascii_case("gzip");
            is_gzip.then(|| {
                parameters
                    .trim()
                    .strip_prefix("q=")
                    .unwrap_or("1")
                    .parse()
                    .unwrap_or(0.0)
            })
        })
        .any(|quality: f32| quality > 0.0)
}

fn knows(request: &HeaderMap, etag: &HeaderValue) -> bool {
    let Some(tags) = request.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()) else {
        return false;
    };
    tags.split(',')
        .any(|tag| tag.trim().trim_start_matches("W/").as_bytes() == etag.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn file(text: &str, mime: &str) -> File {
        File {
            data: text.as_bytes().to_vec().into(),
            hash: Sha256::digest(text).into(),
            mime: mime.into(),
        }
    }

    fn request(name: header::HeaderName, value: &HeaderValue) -> HeaderMap {
        HeaderMap::from_iter([(name, value.clone())])
    }

    fn accepting(codings: &'static str) -> HeaderMap {
        request(header::ACCEPT_ENCODING, &HeaderValue::from_static(codings))
    }

    #[test]
    fn a_file_is_compressed_once_and_kept() {
        let text = "const a = 1;\n".repeat(100);
        let script = || file(&text, "text/javascript").ready();
        assert!(Arc::ptr_eq(&script(), &script()));
        let mut unpacked = String::new();
        let gzipped = &script().gzipped.as_ref().unwrap().bytes.clone();
        flate2::read::GzDecoder::new(&gzipped[..])
            .read_to_string(&mut unpacked)
            .unwrap();
        assert_eq!(unpacked, text);
    }

    #[test]
    fn a_client_gets_the_form_it_takes_and_each_form_has_its_own_tag() {
        let ready = file(&"word ".repeat(500), "text/css").ready();
        let (gzipped, plain) = (
            ready.answer(&accepting("br, gzip;q=0.8"), "no-cache"),
            ready.answer(&accepting("gzip;q=0, identity"), "no-cache"),
        );
        assert_eq!(gzipped.headers()[header::CONTENT_ENCODING], "gzip");
        assert_eq!(plain.headers().get(header::CONTENT_ENCODING), None);
        assert_ne!(gzipped.headers()[header::ETAG], plain.headers()[header::ETAG]);
        for answer in [&gzipped, &plain] {
            assert_eq!(answer.headers()[header::VARY], "accept-encoding");
        }
        let known = request(header::IF_NONE_MATCH, &plain.headers()[header::ETAG]);
        let again = ready.answer(&known, "no-cache");
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(again.headers()[header::ETAG], plain.headers()[header::ETAG]);
    }

    #[test]
    fn what_is_compressed_already_or_tiny_is_sent_as_it_is() {
        for (text, mime) in [("x".repeat(5_000), "font/woff2"), ("tiny".into(), "text/plain")] {
            let answer = file(&text, mime).ready().answer(&accepting("gzip"), "no-cache");
            assert_eq!(answer.headers().get(header::CONTENT_ENCODING), None, "{mime}");
            assert_eq!(answer.headers().get(header::VARY), None, "{mime}");
        }
    }
}
