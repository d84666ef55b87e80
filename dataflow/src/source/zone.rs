//! Which day it is in a project's zone, quickly: the day a time falls on is remembered with its first and last instant.

use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::Tz;
use gosight_operators::event::Day;
use gosight_store::analytics::start_of_day_ms;

/// A project's zone, with the day that was asked for last.
#[derive(Clone, Debug)]
pub(crate) struct Zone {
    zone: Tz,
    newest: Day,
    /// The first instant that is no longer in `newest`, UTC ms.
    newest_ends_at_ms: i64,
}

impl Default for Zone {
    fn default() -> Self {
        Self::new("UTC")
    }
}

impl Zone {
    /// Unknown names count as UTC.
    pub(crate) fn new(name: &str) -> Self {
        Self {
            zone: name.parse().unwrap_or(Tz::UTC),
            newest: Day::default(),
            newest_ends_at_ms: 0,
        }
    }

    pub(crate) fn day_of(&mut self, time_ms: i64) -> Day {
        if !(self.newest.starts_at_ms..self.newest_ends_at_ms).contains(&time_ms) {
            (self.newest, self.newest_ends_at_ms) = self.compute(time_ms);
        }
        self.newest
    }

    fn compute(&self, time_ms: i64) -> (Day, i64) {
        let time = DateTime::<Utc>::from_timestamp_millis(time_ms).unwrap_or_default();
        let date = time.with_timezone(&self.zone).date_naive();
        let next = date.checked_add_days(Days::new(1)).unwrap_or(date);
        let number = date.signed_duration_since(NaiveDate::default()).num_days() as i32;
        let starts_at_ms = start_of_day_ms(date, self.zone);
        (Day { number, starts_at_ms }, start_of_day_ms(next, self.zone))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: i64 = 3_600_000;

    fn ms(text: &str) -> i64 {
        text.parse::<DateTime<Utc>>().unwrap().timestamp_millis()
    }

    fn hours(zone: &mut Zone, time: &str) -> i64 {
        let day = zone.day_of(ms(time));
        (zone.newest_ends_at_ms - day.starts_at_ms) / HOUR_MS
    }

    #[test]
    fn a_day_begins_at_the_zones_midnight() {
        let mut berlin = Zone::new("Europe/Berlin");
        let day = berlin.day_of(ms("2026-01-14T23:30:00Z"));
        assert_eq!(i64::from(day.number), ms("2026-01-15T00:00:00Z") / (24 * HOUR_MS));
        assert_eq!(day.starts_at_ms, ms("2026-01-14T23:00:00Z"));
        assert_eq!(berlin.day_of(ms("2026-01-14T22:59:59Z")).number, day.number - 1);
    }

    #[test]
    fn days_of_a_clock_change_are_shorter_or_longer() {
        let mut berlin = Zone::new("Europe/Berlin");
        assert_eq!(hours(&mut berlin, "2026-03-29T12:00:00Z"), 23);
        assert_eq!(hours(&mut berlin, "2026-10-25T12:00:00Z"), 25);
    }

    #[test]
    fn a_skipped_midnight_does_not_lose_the_day() {
        assert_eq!(hours(&mut Zone::new("Asia/Beirut"), "2024-03-31T12:00:00Z"), 23);
    }

    #[test]
    fn in_every_zone_a_time_is_in_its_day_whatever_was_asked_before() {
        // Clocks changed in these days: at midnight in Beirut and Havana, by half an hour on Lord Howe Island, by a whole day in Apia.
        let days = ["2011-12-30", "2018-11-04", "2024-03-31", "2024-10-06", "2024-10-27"];
        for tz in chrono_tz::TZ_VARIANTS {
            let mut zone = Zone::new(tz.name());
            for day in days {
                let noon_ms = ms(&format!("{day}T12:00:00Z"));
                for time_ms in (noon_ms - 48 * HOUR_MS..noon_ms + 48 * HOUR_MS).step_by(HOUR_MS as usize / 4) {
                    let asked = zone.day_of(time_ms);
                    assert_eq!(asked, Zone::new(tz.name()).day_of(time_ms), "{tz} {time_ms}");
                    let range = asked.starts_at_ms..zone.newest_ends_at_ms;
                    assert!(range.contains(&time_ms), "{tz} {time_ms} not in {range:?}");
                }
            }
        }
    }

    #[test]
    fn an_unknown_zone_counts_as_utc() {
        assert_eq!(
            Zone::new("Mars/Olympus")
                .day_of(ms("2026-01-14T23:30:00Z"))
                .starts_at_ms,
            ms("2026-01-14T00:00:00Z")
        );
    }
}
