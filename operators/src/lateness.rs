//! Late: bound to a tick more than the horizon after it happened.
//!
//! ```text
//!                  ├──────────── horizon, 24 h ────────────┤
//!   event time     ●                                       │ tick ≤ here: on time, corrects every view
//!                                                          │     tick > here: late; stored, counted, in no view
//! ```
//!
//! Judged once, before all state, so that nobody below has to ask what was forgotten already. State: none.

use crate::episode::as_ms;
use crate::ids::Tick;

/// How late an event may come and still correct every view, ms.
pub const HORIZON_MS: i64 = 24 * 60 * 60 * 1000;

/// Whether an event of `time_ms`, bound to `tick`, is too late for the views.
pub fn is_late(tick: Tick, time_ms: i64) -> bool {
    as_ms(tick).saturating_sub(time_ms) > HORIZON_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_horizon_is_still_on_time_and_a_millisecond_more_is_late() {
        assert!(!is_late(HORIZON_MS as Tick, 0));
        assert!(is_late(HORIZON_MS as Tick + 1, 0));
        assert!(!is_late(0, HORIZON_MS));
    }
}
