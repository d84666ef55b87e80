//! Ranges of time, as questions ask for them: `[start, end)` in UTC milliseconds.

use chrono::{DateTime, NaiveDate, TimeZone, Utc};
use chrono_tz::Tz;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_S: i64 = 24 * 60 * 60;
/// 2100-01-01: what the columns can hold ends somewhat later.
const END_MAX_MS: i64 = 4_102_444_800_000;
/// Charts have at most this many points; a longer series leaves empty ones out.
const POINTS_MAX: usize = 1500;

/// `[start_ms, end_ms)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRange {
    start_ms: i64,
    end_ms: i64,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a range must end after it starts")]
pub struct RangeError;

impl TimeRange {
    /// A range of at least a millisecond, cut to the years 1970 to 2099.
    pub fn new(start_ms: i64, end_ms: i64) -> Result<Self, RangeError> {
        let (start_ms, end_ms) = (start_ms.clamp(0, END_MAX_MS), end_ms.clamp(0, END_MAX_MS));
        if start_ms < end_ms {
            Ok(Self { start_ms, end_ms })
        } else {
            Err(RangeError)
        }
    }

    pub fn start_ms(&self) -> i64 {
        self.start_ms
    }

    pub fn end_ms(&self) -> i64 {
        self.end_ms
    }

    /// The equally long range before this one, if there is one after 1970.
    pub fn previous(&self) -> Option<Self> {
        Self::new(self.start_ms - (self.end_ms - self.start_ms), self.start_ms).ok()
    }

    /// How finely a chart of this range is drawn: about a hundred points.
    pub fn step(&self) -> Step {
        let length_ms = self.end_ms - self.start_ms;
        if length_ms <= 3 * HOUR_MS {
            Step::Minute
        } else if length_ms <= 72 * HOUR_MS {
            Step::Hour
        } else {
            Step::Day
        }
    }

    /// The first instants of the steps that touch the range, in `zone`. None when they are too many for a chart.
    pub fn steps(&self, step: Step, zone: Tz) -> Option<Vec<i64>> {
        let points: Vec<_> = match step {
            Step::Minute => self.fixed_steps(MINUTE_MS, 0),
            Step::Hour => self.fixed_steps(HOUR_MS, offset_in_hour_ms(self.start_ms, zone)),
            Step::Day => {
                let days = self.days(zone);
                days.dates()
                    .take(POINTS_MAX + 1)
                    .map(|date| start_of_day_ms(date, zone))
                    .collect()
            }
        };
        (points.len() <= POINTS_MAX).then_some(points)
    }

    fn fixed_steps(&self, width_ms: i64, shift_ms: i64) -> Vec<i64> {
        let first = floor(self.start_ms + shift_ms, width_ms) - shift_ms;
        std::iter::successors(Some(first), |time| Some(time + width_ms))
            .take_while(|time| *time < self.end_ms)
            .take(POINTS_MAX + 1)
            .collect()
    }

    /// The days of `zone` that touch the range.
    pub fn days(&self, zone: Tz) -> DayRange {
        DayRange {
            first: date(self.start_ms, zone),
            last: date(self.end_ms - 1, zone),
        }
    }

    /// Inward to whole minutes; empty when the second is not after the first.
    pub(super) fn inner_minutes(&self) -> (i64, i64) {
        (ceil(self.start_ms, MINUTE_MS), floor(self.end_ms, MINUTE_MS))
    }

    /// Inward to whole hours; empty when the second is not after the first.
    pub(super) fn inner_hours(&self) -> (i64, i64) {
        (ceil(self.start_ms, HOUR_MS), floor(self.end_ms, HOUR_MS))
    }
}

/// The width of a chart's points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Minute,
    Hour,
    Day,
}

/// Whole days of a zone, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayRange {
    first: NaiveDate,
    last: NaiveDate,
}

impl DayRange {
    /// Days since 1970-01-01, first and last.
    pub(super) fn numbers(&self) -> (u16, u16) {
        (day_number(self.first), day_number(self.last))
    }

    fn dates(&self) -> impl Iterator<Item = NaiveDate> + use<> {
        let last = self.last;
        self.first.iter_days().take_while(move |date| *date <= last)
    }
}

fn day_number(date: NaiveDate) -> u16 {
    let days = date.signed_duration_since(NaiveDate::default()).num_days();
    u16::try_from(days.max(0)).unwrap_or(u16::MAX)
}

fn date(time_ms: i64, zone: Tz) -> NaiveDate {
    DateTime::from_timestamp_millis(time_ms)
        .unwrap_or_default()
        .with_timezone(&zone)
        .date_naive()
}

/// The first instant of a day: midnight, or later where a clock change skips it. Of a day that a zone left out whole, the next day's.
pub fn start_of_day_ms(date: NaiveDate, zone: Tz) -> i64 {
    let midnight = date.and_time(chrono::NaiveTime::MIN);
    match zone.from_local_datetime(&midnight).earliest() {
        Some(start) => start.timestamp_millis(),
        None => after_gap_ms(date, zone),
    }
}

/// Where a clock that skipped a day's midnight went on. Clocks change at whole seconds.
fn after_gap_ms(date: NaiveDate, zone: Tz) -> i64 {
    let midnight_s = date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp();
    // No zone is two days from UTC.
    let (mut before_s, mut after_s) = (midnight_s - 2 * DAY_S, midnight_s + 2 * DAY_S);
    while after_s - before_s > 1 {
        let middle_s = before_s.midpoint(after_s);
        match self::date(middle_s * 1000, zone) < date {
            true => before_s = middle_s,
            false => after_s = middle_s,
        }
    }
    after_s * 1000
}

/// The first instant of the day `now_ms` is in.
pub(super) fn today_ms(now_ms: i64, zone: Tz) -> i64 {
    start_of_day_ms(date(now_ms, zone), zone)
}

/// How far a zone's hours are from UTC's.
pub(super) fn offset_in_hour_ms(time_ms: i64, zone: Tz) -> i64 {
    use chrono::Offset;
    let time: DateTime<Utc> = DateTime::from_timestamp_millis(time_ms).unwrap_or_default();
    (i64::from(zone.offset_from_utc_datetime(&time.naive_utc()).fix().local_minus_utc()) * 1000).rem_euclid(HOUR_MS)
}

fn floor(time_ms: i64, width_ms: i64) -> i64 {
    time_ms - time_ms.rem_euclid(width_ms)
}

fn ceil(time_ms: i64, width_ms: i64) -> i64 {
    floor(time_ms + width_ms - 1, width_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis()
    }

    fn range(start: &str, end: &str) -> TimeRange {
        TimeRange::new(ms(start), ms(end)).unwrap()
    }

    #[test]
    fn a_range_ends_after_it_starts_and_a_future_end_is_legal() {
        assert_eq!(TimeRange::new(5, 5), Err(RangeError));
        assert!(TimeRange::new(0, i64::MAX).is_ok());
    }

    #[test]
    fn days_widen_outward_in_the_zone() {
        let range = range("2025-03-01T23:30:00Z", "2025-03-02T23:00:00Z");
        assert_eq!(range.days(Tz::UTC).numbers(), (20148, 20149));
        assert_eq!(range.days(chrono_tz::Europe::Berlin).numbers(), (20149, 20149));
    }

    #[test]
    fn a_day_is_as_long_as_the_clock_makes_it() {
        let days = range("2025-03-29T12:00:00Z", "2025-03-31T12:00:00Z")
            .steps(Step::Day, chrono_tz::Europe::Berlin)
            .unwrap();
        assert_eq!(
            days.windows(2)
                .map(|pair| (pair[1] - pair[0]) / HOUR_MS)
                .collect::<Vec<_>>(),
            [24, 23]
        );
    }

    #[test]
    fn a_skipped_midnight_begins_the_day_later() {
        let date = NaiveDate::from_ymd_opt(2018, 11, 4).unwrap();
        assert_eq!(
            start_of_day_ms(date, chrono_tz::America::Sao_Paulo),
            ms("2018-11-04T03:00:00Z")
        );
    }

    #[test]
    fn in_every_zone_a_day_begins_where_the_date_changes() {
        // With clock changes at midnight, a minute after it and by half an hour, and a day that Apia left out.
        let years = [1972, 2006, 2011, 2018, 2024];
        let dates = years.map(|year| NaiveDate::from_ymd_opt(year, 1, 1).unwrap());
        for zone in chrono_tz::TZ_VARIANTS {
            for day in dates.iter().flat_map(|first| first.iter_days().take(365)) {
                let start_ms = start_of_day_ms(day, zone);
                let (before, at) = (date(start_ms - 1, zone), date(start_ms, zone));
                assert!(before < day && at >= day, "{zone} {day}: {before}, then {at}");
                let is_left_out = at > day && start_ms == start_of_day_ms(at, zone);
                assert!(at == day || is_left_out, "{zone} {day}");
            }
        }
    }

    #[test]
    fn hours_follow_a_zone_with_half_hours() {
        let hours = range("2025-01-01T00:10:00Z", "2025-01-01T01:10:00Z")
            .steps(Step::Hour, chrono_tz::Asia::Kolkata)
            .unwrap();
        assert_eq!(hours, [ms("2024-12-31T23:30:00Z"), ms("2025-01-01T00:30:00Z")]);
    }

    #[test]
    fn a_chart_of_everything_has_no_empty_points() {
        assert_eq!(TimeRange::new(0, i64::MAX).unwrap().steps(Step::Day, Tz::UTC), None);
    }
}
