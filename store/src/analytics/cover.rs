//! What a range is made of: rollups where it holds whole hours, rows by their own time where it begins or ends amid one. So every figure of a range is
//! exact to the millisecond, and no more than two hours' rows are read for it.

use super::range::TimeRange;
use crate::rows::Resolution;
use clickhouse::query::Query;

/// Minutes are kept for sixty days.
const MINUTES_KEPT_MS: i64 = 59 * 24 * 60 * 60 * 1000;

/// No time at all.
const NOTHING: (i64, i64) = (0, 0);

/// A range, cut where rollups end and rows begin. Each part is `[start, end)`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cover {
    resolution: Resolution,
    /// Told by rollups of that resolution.
    rollups: (i64, i64),
    /// Told by rows, before and after.
    rows: [(i64, i64); 2],
}

impl Cover {
    /// Hours of UTC inside.
    pub(super) fn of(range: &TimeRange) -> Self {
        Self::inward(range, Resolution::Hour, range.inner_hours())
    }

    /// Minutes inside, as long as they are kept: for charts of minutes, and for zones whose hours do not begin with UTC's.
    pub(super) fn of_minutes(range: &TimeRange, now_ms: i64) -> Self {
        let minutes = match range.start_ms() < now_ms - MINUTES_KEPT_MS {
            true => NOTHING,
            false => range.inner_minutes(),
        };
        Self::inward(range, Resolution::Minute, minutes)
    }

    fn inward(range: &TimeRange, resolution: Resolution, (start_ms, end_ms): (i64, i64)) -> Self {
        let part = |start_ms, end_ms| if start_ms < end_ms { (start_ms, end_ms) } else { NOTHING };
        if start_ms >= end_ms {
            return Self {
                resolution,
                rollups: NOTHING,
                rows: [(range.start_ms(), range.end_ms()), NOTHING],
            };
        }
        Self {
            resolution,
            rollups: (start_ms, end_ms),
            rows: [part(range.start_ms(), start_ms), part(end_ms, range.end_ms())],
        }
    }

    /// The condition on rollups' `resolution` and `bucket`.
    pub(super) const ROLLUPS: &str =
        "resolution = {resolution:String} AND bucket >= fromUnixTimestamp64Milli({rollups_start:Int64}, 'UTC')
        AND bucket < fromUnixTimestamp64Milli({rollups_end:Int64}, 'UTC')";

    /// The condition on `time` of rows.
    pub(super) const ROWS: &str = "((time >= fromUnixTimestamp64Milli({head_start:Int64}, 'UTC') AND time < fromUnixTimestamp64Milli({head_end:Int64}, 'UTC'))
        OR (time >= fromUnixTimestamp64Milli({tail_start:Int64}, 'UTC') AND time < fromUnixTimestamp64Milli({tail_end:Int64}, 'UTC')))";

    /// Binds what the conditions name.
    pub(super) fn bind(&self, query: Query) -> Query {
        let [head, tail] = self.rows;
        query
            .param("resolution", self.resolution.as_str())
            .param("rollups_start", self.rollups.0)
            .param("rollups_end", self.rollups.1)
            .param("head_start", head.0)
            .param("head_end", head.1)
            .param("tail_start", tail.0)
            .param("tail_end", tail.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;
    const HOUR: i64 = 60 * MINUTE;

    fn range(start: i64, end: i64) -> TimeRange {
        TimeRange::new(start, end).unwrap()
    }

    #[test]
    fn a_range_is_its_whole_hours_and_what_is_cut_at_its_ends() {
        let cover = Cover::of(&range(10 * HOUR - 90_001, 13 * HOUR + 1));
        assert_eq!(cover.rollups, (10 * HOUR, 13 * HOUR));
        assert_eq!(
            cover.rows,
            [(10 * HOUR - 90_001, 10 * HOUR), (13 * HOUR, 13 * HOUR + 1)]
        );
    }

    #[test]
    fn a_range_of_whole_hours_needs_no_rows_and_one_within_an_hour_no_rollups() {
        assert_eq!(Cover::of(&range(HOUR, 3 * HOUR)).rows, [NOTHING, NOTHING]);
        let within = Cover::of(&range(HOUR + 1, 2 * HOUR + 1));
        assert_eq!(
            (within.rollups, within.rows),
            (NOTHING, [(HOUR + 1, 2 * HOUR + 1), NOTHING])
        );
    }

    #[test]
    fn minutes_that_are_not_kept_any_more_are_told_by_rows() {
        let range = range(HOUR + 1, 2 * HOUR);
        assert_eq!(Cover::of_minutes(&range, 2 * HOUR).rollups, (HOUR + MINUTE, 2 * HOUR));
        assert_eq!(Cover::of_minutes(&range, 100 * 24 * HOUR).rows[0], (HOUR + 1, 2 * HOUR));
    }
}
