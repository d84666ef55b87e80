//! Clock skew: what to add to a client's times.
//!
//! offset = receive time − `sent_at_ms` of the *first* batch of the session in the log, fixed for that session; under 60 s it counts as 0.
//!
//! ```text
//!   client's clock     ──●e──────●sent                      10 minutes slow
//!   our clock                    └──────────●received       offset = received − sent
//!                                   ──●e                    corrected time of e
//! ```
//!
//! The source asks, since it owns a partition, and so sees a session's batches in log order. Batches without a session id: one
//! offset per visitor.
//!
//! State: about 64 bytes a session that sent something in the last two days.
//!
//! What it will not notice: a clock that is set while a session runs; the time a batch was on its way, which counts as skew.

use crate::ids::IdMap;
use crate::lateness::HORIZON_MS;
use crate::sessions::Actor;

/// Clocks that are off by less are taken to be right, ms.
const SKEW_MIN_MS: i64 = 60 * 1000;

/// A session that sent nothing for so long is forgotten, ms; what it still sends would be late, for the most part.
const FORGET_AFTER_MS: i64 = 2 * HORIZON_MS;

/// How often to look for what can be forgotten, ms.
const SWEEP_MS: i64 = 60 * 60 * 1000;

/// The offsets of a partition's sessions.
#[derive(Debug, Default)]
pub struct Clocks {
    sessions: IdMap<Actor, Clock>,
    next_sweep_ms: i64,
}

#[derive(Clone, Copy, Debug)]
struct Clock {
    offset_ms: i64,
    last_received_ms: i64,
}

/// What to add to the times of a client that sent a batch at this moment of its clock, ms.
pub fn offset_ms(sent_at_ms: i64, received_at_ms: i64) -> i64 {
    let offset_ms = received_at_ms.saturating_sub(sent_at_ms);
    if offset_ms.saturating_abs() < SKEW_MIN_MS {
        0
    } else {
        offset_ms
    }
}

impl Clocks {
    /// The offset for a batch's events, ms; batches come in log order.
    pub fn offset_ms(&mut self, actor: Actor, sent_at_ms: i64, received_at_ms: i64) -> i64 {
        self.sweep(received_at_ms);
        let offset_ms = offset_ms(sent_at_ms, received_at_ms);
        let clock = self.sessions.entry(actor).or_insert(Clock {
            offset_ms,
            last_received_ms: received_at_ms,
        });
        clock.last_received_ms = clock.last_received_ms.max(received_at_ms);
        clock.offset_ms
    }

    /// How many sessions are remembered.
    pub fn len(&self) -> usize {
        self.sessions.len()
    }

    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    fn sweep(&mut self, now_ms: i64) {
        if now_ms >= self.next_sweep_ms {
            self.next_sweep_ms = now_ms.saturating_add(SWEEP_MS);
            self.sessions
                .retain(|_, clock| clock.last_received_ms >= now_ms.saturating_sub(FORGET_AFTER_MS));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{ProjectId, SessionId};
    use crate::sessions::Who;

    fn actor(session: u128) -> Actor {
        Actor {
            project: ProjectId(1),
            who: Who::Session(SessionId(session)),
        }
    }

    #[test]
    fn the_first_batch_decides_for_the_whole_session() {
        let mut clocks = Clocks::default();
        assert_eq!(clocks.offset_ms(actor(1), 0, 600_000), 600_000);
        assert_eq!(clocks.offset_ms(actor(1), 650_000, 650_000), 600_000);
        assert_eq!(clocks.offset_ms(actor(2), 650_000, 650_000), 0);
    }

    #[test]
    fn under_a_minute_counts_as_none_either_way() {
        for (session, skew_ms, offset_ms) in [
            (1, 59_999, 0),
            (2, 60_000, 60_000),
            (3, -59_999, 0),
            (4, -60_000, -60_000),
        ] {
            assert_eq!(
                Clocks::default().offset_ms(actor(session), 1_000_000, 1_000_000 + skew_ms),
                offset_ms
            );
        }
    }

    #[test]
    fn silent_sessions_are_forgotten() {
        let mut clocks = Clocks::default();
        clocks.offset_ms(actor(1), 0, 0);
        clocks.offset_ms(actor(2), 0, FORGET_AFTER_MS + 1);
        assert_eq!(clocks.len(), 1);
    }
}
