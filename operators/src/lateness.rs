//! Late: further than the horizon from its tick, before it or after it.
//!
//! ```text
//!                ├──── horizon, 24 h ────┼──── horizon, 24 h ────┤
//!          late  │                     tick                      │  late too
//!   ─────────────┴───────────────────────┴───────────────────────┴──────────▶ event time
//!                  on time: corrects every view
//! ```
//!
//! What is late is stored and counted, and is in no view. An event from further ahead comes of a clock that was set while its session ran: a
//! view that believed it would wait for its time, and keep its state for as long.
//!
//! Judged once, before all state, so that nobody below has to ask what was forgotten already, or how far ahead a time may lie. State: none.

use crate::episode::as_ms;
use crate::ids::Tick;

/// How far from its tick an event may lie and still correct every view, ms.
pub const HORIZON_MS: i64 = 24 * 60 * 60 * 1000;

/// Whether an event of `time_ms`, bound to `tick`, is too far from it for the views.
pub fn is_late(tick: Tick, time_ms: i64) -> bool {
    as_ms(tick).abs_diff(time_ms) > HORIZON_MS.unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_horizon_is_still_on_time_and_a_millisecond_more_is_late_on_either_side() {
        assert!(!is_late(HORIZON_MS as Tick, 0));
        assert!(is_late(HORIZON_MS as Tick + 1, 0));
        assert!(!is_late(0, HORIZON_MS));
        assert!(is_late(0, HORIZON_MS + 1));
    }

    #[test]
    fn times_at_the_ends_of_the_numbers_are_late() {
        for time_ms in [i64::MIN, i64::MAX] {
            assert!(is_late(1_700_000_000_000, time_ms));
        }
    }
}
