//! What questions about analytics have in common: a range of time and a filter of sessions.

use chrono_tz::Tz;
use gosight_store::analytics::{HasReplay, SessionFilter, TimeRange};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{ApiError, parse_time_ms};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The last 24 hours, unless asked otherwise.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RangeParams {
    /// ISO 8601 or epoch ms; the range includes it. 24 hours before the end, or before now if that is earlier, unless given.
    pub(crate) start: Option<String>,
    /// ISO 8601 or epoch ms; the range ends before it. Now unless given.
    pub(crate) end: Option<String>,
}

impl RangeParams {
    pub(crate) fn range(&self, now_ms: i64) -> Result<TimeRange, ApiError> {
        let end = time("end", self.end.as_deref())?.unwrap_or(now_ms);
        let start = time("start", self.start.as_deref())?.unwrap_or(end.min(now_ms).saturating_sub(DAY_MS));
        Ok(TimeRange::new(start, end)?)
    }
}

fn time(field: &str, text: Option<&str>) -> Result<Option<i64>, ApiError> {
    let parse = |text: &str| {
        parse_time_ms(text)
            .ok_or_else(|| ApiError::invalid(field, "a time is ISO 8601 (UTC unless it names a zone; a date alone is its midnight) or milliseconds since 1970"))
    };
    text.map(parse).transpose()
}

/// Which sessions; every filter given must hold.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FilterParams {
    /// ISO 3166-1 alpha-2.
    country: Option<String>,
    /// `desktop`, `mobile` or `tablet`.
    device: Option<String>,
    browser: Option<String>,
    os: Option<String>,
    /// A page the session was on.
    path: Option<String>,
    /// The referrer's domain.
    referrer: Option<String>,
    utm_source: Option<String>,
    utm_medium: Option<String>,
    utm_campaign: Option<String>,
    /// A user id or a visitor id.
    user: Option<String>,
    /// `true`: with at least one error; `false`: without.
    error: Option<String>,
    /// The same for rage clicks.
    rage: Option<String>,
    /// The same for dead clicks.
    dead: Option<String>,
    /// The same for error clicks.
    error_click: Option<String>,
    /// The same for a recording.
    replay: Option<String>,
    /// At least this long, in ms.
    duration_min_ms: Option<u64>,
    /// At most this long, in ms.
    duration_max_ms: Option<u64>,
    /// A custom attribute, as `name:value`.
    attribute: Option<String>,
}

impl FilterParams {
    /// `replays_kept_from_ms`: see [`ProjectScope::replays_kept_from_ms`](crate::access::ProjectScope::replays_kept_from_ms).
    pub(crate) fn filter(self, replays_kept_from_ms: i64) -> Result<SessionFilter, ApiError> {
        let has_replay = |wanted| HasReplay {
            wanted,
            kept_from_ms: replays_kept_from_ms,
        };
        Ok(SessionFilter {
            has_error: flag("error", self.error.as_deref())?,
            has_rage_click: flag("rage", self.rage.as_deref())?,
            has_dead_click: flag("dead", self.dead.as_deref())?,
            has_error_click: flag("error_click", self.error_click.as_deref())?,
            has_replay: flag("replay", self.replay.as_deref())?.map(has_replay),
            attribute: attribute(self.attribute)?,
            country: self.country,
            device: self.device,
            browser: self.browser,
            os: self.os,
            referrer: self.referrer,
            utm_source: self.utm_source,
            utm_medium: self.utm_medium,
            utm_campaign: self.utm_campaign,
            user: self.user,
            path: self.path,
            duration_min_ms: self.duration_min_ms,
            duration_max_ms: self.duration_max_ms,
        })
    }
}

fn flag(field: &str, text: Option<&str>) -> Result<Option<bool>, ApiError> {
    match text {
        None => Ok(None),
        Some("true" | "1") => Ok(Some(true)),
        Some("false" | "0") => Ok(Some(false)),
        Some(_) => Err(ApiError::invalid(field, "true or false")),
    }
}

fn attribute(text: Option<String>) -> Result<Option<(String, String)>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let (name, value) = text
        .split_once(':')
        .ok_or_else(|| ApiError::invalid("attribute", "write name:value"))?;
    Ok(Some((name.to_owned(), value.to_owned())))
}

/// An IANA time zone.
pub(crate) fn zone(name: Option<&str>, unless_given: Tz) -> Result<Tz, ApiError> {
    let parse = |name: &str| {
        name.parse()
            .map_err(|_| ApiError::invalid("timezone", "an IANA name, such as Europe/Berlin"))
    };
    name.map_or(Ok(unless_given), parse)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_732_330_000_000;

    fn range(start: Option<&str>, end: Option<&str>) -> Result<(i64, i64), ApiError> {
        let params = RangeParams {
            start: start.map(str::to_owned),
            end: end.map(str::to_owned),
        };
        params.range(NOW).map(|range| (range.start_ms(), range.end_ms()))
    }

    #[test]
    fn the_default_is_the_last_24_hours() {
        assert_eq!(range(None, None).unwrap(), (NOW - DAY_MS, NOW));
        assert_eq!(
            range(None, Some("2024-01-02T00:00:00Z")).unwrap(),
            (1_704_067_200_000, 1_704_153_600_000)
        );
    }

    #[test]
    fn a_range_that_ends_before_it_starts_is_refused() {
        assert!(range(Some("1732330000001"), None).is_err());
        let ApiError::Validation { message, details } = range(Some("yesterday"), None).unwrap_err() else {
            panic!("it is no other fault");
        };
        let said = format!("{message} {details:?}");
        assert!(
            said.contains("start") && said.contains("UTC unless it names a zone"),
            "{said}"
        );
        // What it says is accepted.
        for start in ["2024-11-01", "2024-11-01T07:00:00", "2024-11-01T07:00:00+07:00", "0"] {
            assert!(range(Some(start), None).is_ok(), "{start}");
        }
    }

    #[test]
    fn flags_and_attributes_that_cannot_be_read_are_refused() {
        let flags = FilterParams {
            rage: Some("perhaps".into()),
            ..FilterParams::default()
        };
        assert!(flags.filter(0).is_err());
        let attribute = FilterParams {
            attribute: Some("plan".into()),
            ..FilterParams::default()
        };
        assert!(attribute.filter(0).is_err());
    }
}
