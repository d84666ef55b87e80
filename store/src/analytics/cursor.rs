use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Rows of a page, at most.
pub const PER_PAGE_MAX: u32 = 100;
/// Rows of a page of a session's own events, at most: a list that is read whole takes larger steps. An event has 64 KiB at most.
pub const EVENTS_PER_PAGE_MAX: u32 = 500;
const PER_PAGE: u32 = 50;
/// A cursor longer than this is none of ours.
const CURSOR_BYTES_MAX: usize = 200;

/// Where a page ends: the last row's sort value and id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    pub value: i64,
    pub id: Uuid,
}

#[derive(Debug, thiserror::Error)]
#[error("this cursor was not given out by this list")]
pub struct CursorError;

impl Cursor {
    /// URL-safe text.
    pub fn encode(&self) -> String {
        format!("{}.{}", self.value, self.id.simple())
    }

    pub fn decode(text: &str) -> Result<Self, CursorError> {
        if text.len() > CURSOR_BYTES_MAX {
            return Err(CursorError);
        }
        let (value, id) = text.split_once('.').ok_or(CursorError)?;
        Ok(Self {
            value: value.parse().map_err(|_| CursorError)?,
            id: id.parse().map_err(|_| CursorError)?,
        })
    }
}

/// Which page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    per_page: u32,
    pub after: Option<Cursor>,
}

impl PageRequest {
    /// `per_page` is brought into 1 to [`PER_PAGE_MAX`].
    pub fn new(per_page: Option<u32>, after: Option<Cursor>) -> Self {
        Self::up_to(PER_PAGE_MAX, per_page, after)
    }

    /// Of a session's own events: `per_page` is brought into 1 to [`EVENTS_PER_PAGE_MAX`].
    pub fn of_events(per_page: Option<u32>, after: Option<Cursor>) -> Self {
        Self::up_to(EVENTS_PER_PAGE_MAX, per_page, after)
    }

    fn up_to(per_page_max: u32, per_page: Option<u32>, after: Option<Cursor>) -> Self {
        Self {
            per_page: per_page.unwrap_or(PER_PAGE).clamp(1, per_page_max),
            after,
        }
    }

    /// One row more than the page has, to know whether there is another page.
    pub(super) fn limit(&self) -> u32 {
        self.per_page + 1
    }

    pub(super) fn page<T>(&self, mut rows: Vec<T>, cursor: impl Fn(&T) -> Cursor) -> Page<T> {
        let per_page = self.per_page as usize;
        let more = rows.len() > per_page;
        rows.truncate(per_page);
        let next = if more { rows.last().map(cursor) } else { None };
        Page { rows, next }
    }
}

impl Default for PageRequest {
    fn default() -> Self {
        Self::new(None, None)
    }
}

/// One page of a list, and where the next one begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    pub rows: Vec<T>,
    pub next: Option<Cursor>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_is_safe_in_a_url() {
        let cursor = Cursor {
            value: -5,
            id: Uuid::from_u128(u128::MAX),
        };
        let text = cursor.encode();
        assert!(
            text.chars().all(|c| c.is_ascii_alphanumeric() || "-._~".contains(c)),
            "{text}"
        );
        assert_eq!(Cursor::decode(&text).unwrap(), cursor);
    }

    #[test]
    fn a_forged_cursor_is_refused() {
        for text in ["", "5", "x.y", "5.not-an-id", &"9".repeat(1000)] {
            assert!(Cursor::decode(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_last_page_has_no_next() {
        let request = PageRequest::new(Some(2), None);
        let cursor = |n: &i64| Cursor {
            value: *n,
            id: Uuid::nil(),
        };
        assert_eq!(
            request.page(vec![1, 2, 3], cursor),
            Page {
                rows: vec![1, 2],
                next: Some(Cursor {
                    value: 2,
                    id: Uuid::nil()
                })
            }
        );
        assert_eq!(request.page(vec![1, 2], cursor).next, None);
    }
}
