//! What of the log may go: what no replay will need.
//!
//! ```text
//!   log      ├──────────┼───────────────┼──────────────────────────┼──────────┤
//!            may go     ▲ the oldest    │ horizon and a day: kept  ▲ in the   ▲ bound
//!                       │ open session  │ whatever is in it        │ views
//! ```
//! A replay must make the state that was there. Most of it is of the last day; but a session, with an id or derived from a visitor who
//! never pauses, is open for as long as its events keep coming, and all of them are its state: its counts, its first event (the name of
//! a derived one), the batch that set its clock. So every worker tells since which tick something is open
//! ([`open_since`](gosight_operators::meter::Meter::open_since)), and nothing bound at that tick or later goes. A record that goes was of
//! sessions that are sealed; what is left of those is sealed again by the replay, without a trace.
//!
//! What a worker tells may be of ticks that are not in the views yet: a replay evaluates those again, and a session that is sealed in
//! one of them must be there for the ones before. Hence a [`Reading`] counts once everything bound when it was taken is committed: at the
//! next trim, as a rule.
//!
//! The bounds. A session that never ends would keep the whole log: what is older than [`OPEN_MS_MAX`], and what a partition holds beyond
//! [`log_bytes_max`](crate::Config::log_bytes_max), goes if it is in the views. Where that takes an open session's events, a warning and
//! a metric say so: after the next restart that session counts only what is left.

use crate::shared::Shared;
use crate::{DataflowError, binder, telemetry};
use gosight_log::{Log, Offset, Retention, Topic};
use gosight_operators::lateness::HORIZON_MS;
use std::sync::PoisonError;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Kept whether something is open or not: what may come again and still be a repetition, and a day more.
pub(crate) const AGE_MS_MIN: i64 = HORIZON_MS + DAY_MS;

/// Nothing is kept longer for a session that is still open: it bounds the replay of a restart, and people do not visit for a week on end.
const OPEN_MS_MAX: i64 = 7 * DAY_MS;

/// Commits that tell where things stand: see `sink::resume`.
const COMMITS_KEPT: u64 = 2;

/// What the workers told of their open state at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    /// No event bound before this tick is a part of what is open.
    from_tick: u64,
    /// What was told is of ticks up to this one.
    as_of_tick: u64,
}

impl Reading {
    /// In this order: what opens later is of ticks above those that were complete before, and what was told is of ticks that are bound after.
    fn take(shared: &Shared) -> Self {
        let complete_tick = shared.complete_tick();
        let from_tick = shared
            .open_since()
            .map_or(complete_tick, |open| open.min(complete_tick));
        Self {
            from_tick,
            as_of_tick: shared.bound_tick(),
        }
    }
}

/// Where open state begins in the log.
struct Open {
    /// Of the first binding that matters.
    binding: Offset,
    /// Per partition of events.
    events: Vec<Offset>,
}

impl Open {
    fn find(log: &dyn Log, from_tick: u64) -> Result<Self, DataflowError> {
        let binding = binder::first_from(log, from_tick)?;
        let before = match binding.checked_sub(1) {
            Some(before) if before >= log.start(Topic::Bindings, 0) => binder::at(log, before)?,
            _ => None,
        };
        let starts = (0..log.partitions(Topic::Events)).map(|partition| log.start(Topic::Events, partition));
        let events = before.map_or_else(|| starts.collect(), |before| before.ends);
        Ok(Self { binding, events })
    }

    fn needed_from(&self, topic: Topic, partition: u32) -> Offset {
        match topic {
            Topic::Events => self.events[partition as usize],
            Topic::Bindings => self.binding,
            _ => Offset::MAX,
        }
    }
}

/// The oldest record that is needed for what is not yet in the views.
pub(crate) fn needed_from(shared: &Shared, topic: Topic, partition: u32) -> Offset {
    let log = shared.log.as_ref();
    let start = || log.start(topic, partition);
    match topic {
        Topic::Events => shared
            .committed()
            .map_or_else(start, |bound| bound.binding.ends[partition as usize]),
        Topic::Bindings => shared.committed().map_or_else(start, |bound| bound.offset),
        Topic::Commits => log.durable(topic, partition).end.saturating_sub(COMMITS_KEPT),
        // The newest record about a thing may be its oldest.
        Topic::Control => start(),
        Topic::Dead => log.durable(topic, partition).end,
        // Its own writer gives it back: see `recordings.rs`.
        Topic::Replay => start(),
    }
}

/// Gives back the space of what may go.
pub(crate) fn trim(shared: &Shared) -> Result<(), DataflowError> {
    let Some(reading) = next_reading(shared) else {
        return Ok(());
    };
    let open = Open::find(shared.log.as_ref(), reading.from_tick)?;
    for &topic in Topic::ALL {
        for partition in 0..shared.log.partitions(topic) {
            trim_partition(shared, topic, partition, &open)?;
        }
    }
    Ok(())
}

/// The last reading, once all it is of is in the views; it makes place for a new one then.
fn next_reading(shared: &Shared) -> Option<Reading> {
    let mut last = shared.reading.lock().unwrap_or_else(PoisonError::into_inner);
    let committed = shared.committed()?.binding.tick;
    let counts = last.filter(|reading| reading.as_of_tick <= committed);
    if counts.is_some() || last.is_none() {
        *last = Some(Reading::take(shared));
    }
    counts
}

fn trim_partition(shared: &Shared, topic: Topic, partition: u32, open: &Open) -> Result<(), DataflowError> {
    let log = shared.log.as_ref();
    let in_views = needed_from(shared, topic, partition);
    let open_from = open.needed_from(topic, partition).max(log.start(topic, partition));
    let by_need = Retention {
        age_ms_max: shared.config.log_age_ms_min,
        bytes_max: shared.config.log_bytes_max,
    };
    log.trim(topic, partition, in_views.min(open_from), by_need)?;
    let by_bounds = Retention {
        age_ms_max: OPEN_MS_MAX,
        bytes_max: shared.config.log_bytes_max,
    };
    let start = log.trim(topic, partition, in_views, by_bounds)?;
    if start > open_from {
        let (topic, records) = (topic.name(), start - open_from);
        tracing::warn!(
            topic,
            partition,
            records,
            "the log is at its bound: records of sessions that are still open had to go; after a restart these count only what is left"
        );
        telemetry::open_state_lost(records);
    }
    Ok(())
}
