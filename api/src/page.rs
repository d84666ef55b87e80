//! Lists go page by page, by cursor.

use gosight_store::analytics::{Cursor, PER_PAGE_MAX, PageRequest};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::ApiError;

const PER_PAGE_DEFAULT: u32 = 50;

/// Which page of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// At most 100; 50 unless asked otherwise.
    pub per_page: Option<u32>,
    /// `meta.next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl PageParams {
    /// Where the page begins; a cursor that was not given out is a `VALIDATION_ERROR`.
    pub fn after(&self) -> Result<Option<Cursor>, ApiError> {
        let decode =
            |text: &String| Cursor::decode(text).map_err(|error| ApiError::invalid("cursor", error.to_string()));
        self.cursor.as_ref().map(decode).transpose()
    }

    pub fn per_page(&self) -> u32 {
        self.per_page.unwrap_or(PER_PAGE_DEFAULT).clamp(1, PER_PAGE_MAX)
    }

    /// The same, as analytics asks for it.
    pub fn request(&self) -> Result<PageRequest, ApiError> {
        Ok(PageRequest::new(Some(self.per_page()), self.after()?))
    }
}

/// Cuts `rows`, of which one more was asked for than the page holds, to the page; with the cursor of the next page, if there is one.
pub(crate) fn cut<T>(rows: &mut Vec<T>, per_page: u32, cursor: impl Fn(&T) -> Cursor) -> Option<String> {
    let has_more = rows.len() > per_page as usize;
    rows.truncate(per_page as usize);
    rows.last().filter(|_| has_more).map(|last| cursor(last).encode())
}
