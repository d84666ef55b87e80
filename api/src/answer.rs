//! The envelope of every success, and how time is written.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// `{ "success": true, "data": …, "meta": {…} }`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Envelope<T> {
    /// Always `true`.
    pub success: bool,
    pub data: T,
    pub meta: AnswerMeta,
}

/// What an answer says about itself.
#[derive(Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct AnswerMeta {
    /// Everything accepted before this moment is in the answer; on every answer of analytics.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub complete_to: Option<Iso>,
    /// Where the list goes on; absent at its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// `true`: there is more than an answer holds, and it holds what counts most; absent otherwise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub truncated: bool,
}

/// What a handler gives back.
#[derive(Debug)]
pub struct Answer<T> {
    status: StatusCode,
    data: T,
    meta: AnswerMeta,
}

impl<T> Answer<T> {
    pub fn new(data: T) -> Self {
        Self {
            status: StatusCode::OK,
            data,
            meta: AnswerMeta::default(),
        }
    }

    pub fn created(data: T) -> Self {
        Self {
            status: StatusCode::CREATED,
            ..Self::new(data)
        }
    }

    pub(crate) fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// `complete_to_ms` must have been read *before* the data: [`crate::Api::complete_to_ms`].
    pub fn complete_to(mut self, complete_to_ms: i64) -> Self {
        self.meta.complete_to = Some(Iso(complete_to_ms));
        self
    }

    pub fn truncated(mut self, is_truncated: bool) -> Self {
        self.meta.truncated = is_truncated;
        self
    }

    pub fn next_cursor(mut self, cursor: Option<String>) -> Self {
        self.meta.next_cursor = cursor;
        self
    }
}

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        (
            self.status,
            Json(Envelope {
                success: true,
                data: self.data,
                meta: self.meta,
            }),
        )
            .into_response()
    }
}

/// A moment (UTC milliseconds since 1970), written as ISO 8601 in UTC with milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Iso(pub i64);

impl std::fmt::Display for Iso {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let time = DateTime::from_timestamp_millis(self.0).unwrap_or(DateTime::UNIX_EPOCH);
        f.write_str(&time.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl Serialize for Iso {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl utoipa::PartialSchema for Iso {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .build()
            .into()
    }
}

impl ToSchema for Iso {
    fn name() -> std::borrow::Cow<'static, str> {
        "Iso".into()
    }
}

/// Milliseconds since 1970 of a query parameter: ISO 8601 or the number itself.
pub fn parse_time_ms(text: &str) -> Option<i64> {
    let ms = text.parse().ok().or_else(|| iso_8601_ms(text))?;
    DateTime::from_timestamp_millis(ms).map(|_| ms)
}

/// Without a zone it is UTC; a date alone is its midnight.
fn iso_8601_ms(text: &str) -> Option<i64> {
    // A plus that was not escaped comes out of a query as a space.
    let text = text.replace(' ', "+");
    let zoned = || DateTime::parse_from_rfc3339(&text).ok().map(|time| time.to_utc());
    let local = || text.parse::<NaiveDateTime>().ok().map(|time| time.and_utc());
    let date = || {
        text.parse::<NaiveDate>()
            .ok()
            .map(|date| date.and_time(NaiveTime::MIN).and_utc())
    };
    zoned().or_else(local).or_else(date).map(|time| time.timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_iso_8601_in_utc_with_milliseconds() {
        assert_eq!(Iso(1_732_330_000_007).to_string(), "2024-11-23T02:46:40.007Z");
    }

    #[test]
    fn a_time_is_read_as_iso_8601_or_epoch_ms() {
        for text in [
            "1732330000007",
            "2024-11-23T02:46:40.007Z",
            "2024-11-23T09:46:40.007+07:00",
        ] {
            assert_eq!(parse_time_ms(text), Some(1_732_330_000_007), "{text}");
        }
        for text in ["", "yesterday", "2024-11", "99999999999999999"] {
            assert_eq!(parse_time_ms(text), None, "{text}");
        }
    }
    #[test]
    fn a_time_without_a_zone_is_utc_and_a_plus_lost_in_the_query_is_found_again() {
        for text in ["2024-11-23T02:46:40.007", "2024-11-23T09:46:40.007 07:00"] {
            assert_eq!(parse_time_ms(text), Some(1_732_330_000_007), "{text}");
        }
        assert_eq!(parse_time_ms("2024-11-23"), Some(1_732_320_000_000));
    }
}
