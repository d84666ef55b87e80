//! What a worker tells of an operator's state: how much it holds, since when, and when it next has something to do by itself.

use crate::ids::Tick;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// One operator's state on one worker. Clones are the same meter: whoever serves metrics keeps one.
#[derive(Clone, Debug)]
pub struct Meter(Arc<Readings>);

#[derive(Debug)]
struct Readings {
    entries: AtomicU64,
    /// [`Tick::MAX`]: none.
    next_deadline: AtomicU64,
    /// [`Tick::MAX`]: nothing is open.
    open_since: AtomicU64,
}

impl Default for Meter {
    fn default() -> Self {
        Self(Arc::new(Readings {
            entries: AtomicU64::new(0),
            next_deadline: AtomicU64::new(Tick::MAX),
            open_since: AtomicU64::new(Tick::MAX),
        }))
    }
}

impl Meter {
    /// How many keys (or fingerprints) the worker holds.
    pub fn entries(&self) -> u64 {
        self.0.entries.load(Relaxed)
    }

    /// When the operator next does something though nothing comes: the binder makes ticks by it.
    pub fn next_deadline(&self) -> Option<Tick> {
        Some(self.0.next_deadline.load(Relaxed)).filter(|tick| *tick != Tick::MAX)
    }

    /// No event that came before this tick is a part of what is still open: a replay from here on makes the same state.
    pub fn open_since(&self) -> Option<Tick> {
        Some(self.0.open_since.load(Relaxed)).filter(|tick| *tick != Tick::MAX)
    }

    pub(crate) fn set_entries(&self, entries: usize) {
        self.0.entries.store(entries as u64, Relaxed);
    }

    pub(crate) fn set_next_deadline(&self, tick: Option<Tick>) {
        self.0.next_deadline.store(tick.unwrap_or(Tick::MAX), Relaxed);
    }

    pub(crate) fn set_open_since(&self, tick: Option<Tick>) {
        self.0.open_since.store(tick.unwrap_or(Tick::MAX), Relaxed);
    }
}

/// The meters of one worker's operators, by the operator's name.
#[derive(Clone, Debug, Default)]
pub struct Meters {
    pub distinct: Meter,
    pub sessions: Meter,
    pub live: Meter,
    pub windows: Meter,
    pub alerts: Meter,
}

impl Meters {
    pub fn each(&self) -> [(&'static str, &Meter); 5] {
        [
            ("distinct", &self.distinct),
            ("sessions", &self.sessions),
            ("live", &self.live),
            ("windows", &self.windows),
            ("alerts", &self.alerts),
        ]
    }
}
