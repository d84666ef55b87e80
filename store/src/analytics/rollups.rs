//! Which rollup rows make up a range: hours inside, minutes at the edges.

use super::range::TimeRange;
use clickhouse::query::Query;

/// Minutes are kept for sixty days; an edge older than this is taken by the hour.
const MINUTES_KEPT_MS: i64 = 59 * 24 * 60 * 60 * 1000;

/// Runs of rollup rows that together cover a range, outward to whole minutes (for old or very long ranges: to whole hours).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cover {
    /// Resolution, first bucket, end.
    hours: (i64, i64),
    /// Before and after the hours.
    minutes: [(i64, i64); 2],
}

impl Cover {
    pub(super) fn of(range: &TimeRange, now_ms: i64) -> Self {
        let (outer_start, outer_end) = range.minutes();
        let (inner_start, inner_end) = range.inner_hours();
        if outer_start < now_ms - MINUTES_KEPT_MS {
            return Self {
                hours: range.hours(),
                minutes: [(0, 0); 2],
            };
        }
        if inner_start >= inner_end {
            return Self {
                hours: (0, 0),
                minutes: [(outer_start, outer_end), (0, 0)],
            };
        }
        Self {
            hours: (inner_start, inner_end),
            minutes: [(outer_start, inner_start), (inner_end, outer_end)],
        }
    }

    /// Minutes only, as long as they are kept: for charts of minutes, and for zones whose hours do not begin with UTC's.
    pub(super) fn of_minutes(range: &TimeRange, now_ms: i64) -> Self {
        let minutes = range.minutes();
        if minutes.0 < now_ms - MINUTES_KEPT_MS {
            return Self::of(range, now_ms);
        }
        Self {
            hours: (0, 0),
            minutes: [minutes, (0, 0)],
        }
    }

    /// The condition on `resolution` and `bucket`.
    pub(super) const SQL: &str = "(
        (resolution = 'hour' AND bucket >= fromUnixTimestamp64Milli({hours_start:Int64}, 'UTC')
            AND bucket < fromUnixTimestamp64Milli({hours_end:Int64}, 'UTC'))
        OR (resolution = 'minute' AND (
            (bucket >= fromUnixTimestamp64Milli({head_start:Int64}, 'UTC') AND bucket < fromUnixTimestamp64Milli({head_end:Int64}, 'UTC'))
            OR (bucket >= fromUnixTimestamp64Milli({tail_start:Int64}, 'UTC') AND bucket < fromUnixTimestamp64Milli({tail_end:Int64}, 'UTC')))))";

    /// Binds what [`SQL`](Self::SQL) names.
    pub(super) fn bind(&self, query: Query) -> Query {
        query
            .param("hours_start", self.hours.0)
            .param("hours_end", self.hours.1)
            .param("head_start", self.minutes[0].0)
            .param("head_end", self.minutes[0].1)
            .param("tail_start", self.minutes[1].0)
            .param("tail_end", self.minutes[1].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;
    const HOUR: i64 = 60 * MINUTE;

    fn cover(start: i64, end: i64) -> Cover {
        Cover::of(&TimeRange::new(start, end).unwrap(), end)
    }

    #[test]
    fn a_long_range_is_hours_with_minutes_at_its_edges() {
        let cover = cover(10 * HOUR - 90_000, 13 * HOUR + 1);
        assert_eq!(cover.hours, (10 * HOUR, 13 * HOUR));
        assert_eq!(
            cover.minutes,
            [(10 * HOUR - 2 * MINUTE, 10 * HOUR), (13 * HOUR, 13 * HOUR + MINUTE)]
        );
    }

    #[test]
    fn a_range_within_an_hour_is_minutes_only() {
        let cover = cover(10 * HOUR + MINUTE, 10 * HOUR + 3 * MINUTE);
        assert_eq!(
            cover,
            Cover {
                hours: (0, 0),
                minutes: [(10 * HOUR + MINUTE, 10 * HOUR + 3 * MINUTE), (0, 0)]
            }
        );
    }

    #[test]
    fn a_range_of_long_ago_is_whole_hours() {
        let range = TimeRange::new(HOUR + 1, 2 * HOUR + 1).unwrap();
        assert_eq!(Cover::of(&range, 100 * 24 * HOUR).hours, (HOUR, 3 * HOUR));
    }
}
