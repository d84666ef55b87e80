//! Cursors of lists that go by time and id, newest first: URL-safe, opaque to clients.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::ApiError;

/// Rows per page unless asked otherwise, and at most.
pub const PER_PAGE_DEFAULT: u32 = 50;
pub const PER_PAGE_MAX: u32 = 100;

/// The last row of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub at_ms: i64,
    pub id: Uuid,
}

impl Cursor {
    pub fn encode(self) -> String {
        let mut bytes = self.at_ms.to_be_bytes().to_vec();
        bytes.extend_from_slice(self.id.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads the `cursor` parameter of a request.
    pub fn decode(text: &str) -> Result<Self, ApiError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok();
        bytes.as_deref().and_then(Self::of_bytes).ok_or_else(|| ApiError::invalid("cursor", "is not one that was given out"))
    }

    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let (at_ms, id) = bytes.split_first_chunk::<8>()?;
        Some(Self { at_ms: i64::from_be_bytes(*at_ms), id: Uuid::from_slice(id).ok()? })
    }
}

/// The `per_page` parameter of a request, checked.
pub fn per_page(asked: Option<u32>) -> Result<u32, ApiError> {
    match asked.unwrap_or(PER_PAGE_DEFAULT) {
        rows @ 1..=PER_PAGE_MAX => Ok(rows),
        _ => Err(ApiError::invalid("per_page", "must be between 1 and 100")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_a_url() {
        let cursor = Cursor { at_ms: -7, id: Uuid::from_u128(u128::MAX - 3) };
        let text = cursor.encode();
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'), "{text}");
        assert_eq!(Cursor::decode(&text).unwrap(), cursor);
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "x", "AAAA", "%%%"] {
            assert!(Cursor::decode(text).is_err(), "{text}");
        }
    }
}
