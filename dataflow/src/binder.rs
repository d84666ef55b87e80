//! The binder: the only clock after ingest.
//!
//! Every `tick_ms` it looks how far the log is durable. When something new is there, a deadline has come, or `idle_tick_ms` have
//! passed, it writes the next [`Binding`] down; once that is durable it unparks the workers, who read it from the log.

use crate::bindings::Binding;
use crate::shared::Shared;
use crate::{DataflowError, journal};
use gosight_log::{Durable, Log, Offset, Topic};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Records bound to one tick, over all partitions. It bounds what a tick holds in memory when the dataflow is behind; what is
/// left over follows in the next tick, at once.
const RECORDS_PER_TICK_MAX: u64 = 1_000;

/// Binds until it is told to stop; what was durable by then is bound.
pub(crate) fn run(shared: &Shared) -> Result<(), DataflowError> {
    let mut last = newest(shared.log.as_ref())?;
    loop {
        let stopping = shared.is_stopping();
        let now_ms = now_ms();
        let seen = look(shared.log.as_ref());
        let next = bind(&last, now_ms, &seen)?;
        let is_behind = next
            .ends
            .iter()
            .zip(&seen.events)
            .any(|(bound, durable)| *bound < durable.end);
        let is_new = !last.is_same_log_as(&next);
        if is_new || is_due(&last, now_ms, shared.next_deadline(), shared.config.idle_tick_ms) {
            journal::append(shared.log.as_ref(), Topic::Bindings, next.encode(), || {
                shared.must_leave()
            })?;
            last = next;
            shared.bound(last.tick);
        } else if stopping {
            shared.bound_last();
            return Ok(());
        }
        if !is_behind && !stopping {
            shared.binder_waits(Duration::from_millis(shared.config.tick_ms));
        }
        if shared.must_leave() {
            return Ok(());
        }
    }
}

/// The newest binding; before the first one, an empty log at tick 0.
pub(crate) fn newest(log: &dyn Log) -> Result<Binding, DataflowError> {
    let unbound = || Binding {
        ends: vec![0; log.partitions(Topic::Events) as usize],
        ..Binding::default()
    };
    journal::newest(log, Topic::Bindings)?.map_or_else(|| Ok(unbound()), |payload| Binding::decode(&payload))
}

/// The binding of a tick, while the log still has it.
pub(crate) fn of_tick(log: &dyn Log, tick: u64) -> Result<Option<Binding>, DataflowError> {
    let first = at(log, first_from(log, tick)?)?;
    Ok(first.filter(|binding| binding.tick == tick))
}

/// The offset of the oldest retained binding of this tick or a later one; the durable end when there is none. Ticks grow with their
/// offsets, so a few records are read.
pub(crate) fn first_from(log: &dyn Log, tick: u64) -> Result<Offset, DataflowError> {
    let (mut from, mut end) = (
        log.start(Topic::Bindings, journal::PARTITION),
        log.durable(Topic::Bindings, journal::PARTITION).end,
    );
    while from < end {
        let middle = from + (end - from) / 2;
        match at(log, middle)? {
            Some(binding) if binding.tick < tick => from = middle + 1,
            _ => end = middle,
        }
    }
    Ok(from)
}

/// The binding at an offset of the log, if there is one.
pub(crate) fn at(log: &dyn Log, offset: Offset) -> Result<Option<Binding>, DataflowError> {
    let mut records = Vec::new();
    log.reader(Topic::Bindings, journal::PARTITION, offset)?
        .read(offset.saturating_add(1), 1, &mut records)?;
    records.pop().map(|record| Binding::decode(&record.payload)).transpose()
}

/// What is durable, per topic that a tick binds.
struct Seen {
    control_end: u64,
    events: Vec<Durable>,
}

fn look(log: &dyn Log) -> Seen {
    // Events first: one that was accepted under a setting is then never bound before the setting.
    let events = (0..log.partitions(Topic::Events))
        .map(|partition| log.durable(Topic::Events, partition))
        .collect();
    Seen {
        control_end: log.durable(Topic::Control, 0).end,
        events,
    }
}

/// The next binding: as much of what is durable as one tick may hold.
fn bind(last: &Binding, now_ms: u64, seen: &Seen) -> Result<Binding, DataflowError> {
    let ends: Vec<u64> = seen.events.iter().map(|durable| durable.end).collect();
    let complete_to_ms = seen
        .events
        .iter()
        .map(|durable| durable.complete_to_ms)
        .min()
        .unwrap_or_default();
    let mut next = last.follow(now_ms, complete_to_ms.max(last.complete_to_ms), seen.control_end, ends)?;
    let share = (RECORDS_PER_TICK_MAX / next.ends.len().max(1) as u64).max(1);
    for (end, bound) in next.ends.iter_mut().zip(&last.ends) {
        if *end > bound + share {
            *end = bound + share;
            next.complete_to_ms = last.complete_to_ms;
        }
    }
    Ok(next)
}

/// Whether a tick is due although the log has nothing new: a deadline has come, or readers wait to hear that all is quiet.
fn is_due(last: &Binding, now_ms: u64, next_deadline: Option<u64>, idle_tick_ms: u64) -> bool {
    let deadline_came = next_deadline.is_some_and(|deadline| last.tick < deadline && deadline <= now_ms);
    deadline_came || now_ms >= last.tick.saturating_add(idle_tick_ms)
}

fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_millis() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(ends: &[u64], complete_to_ms: &[i64]) -> Seen {
        let durable = |(&end, &complete_to_ms): (&u64, &i64)| Durable { end, complete_to_ms };
        Seen {
            control_end: 0,
            events: ends.iter().zip(complete_to_ms).map(durable).collect(),
        }
    }

    fn last(tick: u64, complete_to_ms: i64, ends: &[u64]) -> Binding {
        Binding {
            tick,
            complete_to_ms,
            control_end: 0,
            ends: ends.to_vec(),
        }
    }

    #[test]
    fn a_binding_is_complete_to_what_the_slowest_partition_is() {
        let next = bind(&last(10, 5, &[0, 0]), 1000, &seen(&[3, 4], &[990, 970])).unwrap();
        assert_eq!(next, last(1000, 970, &[3, 4]));
    }

    #[test]
    fn a_backlog_is_bound_in_pieces_and_complete_only_with_the_last_one() {
        let seen = seen(&[RECORDS_PER_TICK_MAX, 1], &[990, 990]);
        let first = bind(&last(10, 5, &[0, 0]), 1000, &seen).unwrap();
        assert_eq!(first, last(1000, 5, &[RECORDS_PER_TICK_MAX / 2, 1]));
        let second = bind(&first, 1000, &seen).unwrap();
        assert_eq!(second, last(1001, 990, &[RECORDS_PER_TICK_MAX, 1]));
    }

    #[test]
    fn a_quiet_log_is_bound_when_a_deadline_comes_and_now_and_then() {
        let last = last(1000, 1000, &[0]);
        assert!(!is_due(&last, 1250, None, 2000));
        assert!(!is_due(&last, 1250, Some(1300), 2000));
        assert!(is_due(&last, 1300, Some(1300), 2000));
        assert!(
            !is_due(&last, 1500, Some(900), 2000),
            "this tick has already passed the deadline"
        );
        assert!(is_due(&last, 3000, None, 2000));
    }
}
