//! The live bus: what each tick changed, from the dataflow to whoever watches, without a query.
//!
//! In process; between processes the same messages travel over Redis. The dataflow publishes one [`LiveTick`] per complete tick with
//! changes and never waits for a reader: a reader that falls [`TICKS_MAX`] behind is told how many ticks it lost and goes on with the next.
//! The bus also holds what a late joiner needs: each project's newest [`LiveNow`] and how far the views are complete.

use crate::rows::{ClickCellRow, ElementRow, EventRow, InsightRow, RollupRow, SessionRow, TransitionRow};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::{broadcast, watch};
use uuid::Uuid;

/// How many ticks a reader may be behind: about half a minute at four ticks a second.
pub const TICKS_MAX: usize = 128;

/// How many events of one project a tick carries; the rest is told as a number.
pub const EVENTS_MAX: usize = 100;

/// Project and session of what has been recorded, and can be read since now.
pub type Recorded = HashSet<(Uuid, Uuid)>;

/// What one tick changed, by project.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LiveTick {
    pub tick: u64,
    /// Everything received before this (ms) is in the rows up to this tick.
    pub complete_to_ms: i64,
    pub projects: HashMap<Uuid, ProjectTick>,
}

/// What one tick changed in one project. Rows are those of the tables: keyed rows with their deletions, additive rows as differences.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProjectTick {
    /// The live figures, when they changed.
    pub live: Option<LiveNow>,
    pub sessions: Vec<SessionRow>,
    pub insights: Vec<InsightRow>,
    pub cells: Vec<ClickCellRow>,
    pub elements: Vec<ElementRow>,
    /// Minutes of the dimension `total` only.
    pub rollups: Vec<RollupRow>,
    pub alerts: Vec<TransitionRow>,
    /// The tick's newest events, at most [`EVENTS_MAX`].
    pub events: Vec<EventRow>,
    /// How many more events there were.
    pub events_left_out: u64,
}

/// What is going on right now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiveNow {
    /// Sessions with an event in the last five minutes.
    pub active_sessions: u64,
    /// Visitors with an event in the last five minutes.
    pub active_visitors: u64,
    /// Events of the last minute.
    pub events_per_minute: u64,
    /// Path and active sessions on it, most first.
    pub current_pages: Vec<(String, u64)>,
}

/// The bus. Clones are handles to the same one.
#[derive(Clone, Debug)]
pub struct Bus {
    ticks: broadcast::Sender<Arc<LiveTick>>,
    recorded: broadcast::Sender<Arc<Recorded>>,
    /// The newest one that was handed to readers, or that was in the views before.
    newest_tick: Arc<AtomicU64>,
    complete_to_ms: watch::Sender<i64>,
    now: Arc<RwLock<HashMap<Uuid, Arc<LiveNow>>>>,
}

impl Default for Bus {
    fn default() -> Self {
        Self::new()
    }
}

impl Bus {
    pub fn new() -> Self {
        Self {
            ticks: broadcast::Sender::new(TICKS_MAX),
            recorded: broadcast::Sender::new(TICKS_MAX),
            newest_tick: Arc::default(),
            complete_to_ms: watch::Sender::new(0),
            now: Arc::default(),
        }
    }

    /// The views have held everything up to this tick since before this process: readers are told so from the first moment.
    pub fn resume(&self, tick: u64, complete_to_ms: i64) {
        self.newest_tick.fetch_max(tick, Ordering::Relaxed);
        self.set_complete_to_ms(complete_to_ms);
    }

    /// The newest tick a reader may have heard of, from this process or the one before; 0 when there was none.
    pub fn newest_tick(&self) -> u64 {
        self.newest_tick.load(Ordering::Relaxed)
    }

    /// Hands a tick to every reader. Never waits; a bus nobody listens to forgets.
    pub fn publish(&self, tick: Arc<LiveTick>) {
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        for (project, changes) in &tick.projects {
            if let Some(live) = &changes.live {
                now.insert(*project, Arc::new(live.clone()));
            }
        }
        drop(now);
        self.newest_tick.fetch_max(tick.tick, Ordering::Relaxed);
        // No reader is no error.
        drop(self.ticks.send(tick));
    }

    /// Every tick from now on. `RecvError::Lagged(n)` says that `n` ticks were lost.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<LiveTick>> {
        self.ticks.subscribe()
    }

    /// Tells of recordings that have more than before. No part of a tick: they are written beside the graph.
    pub fn publish_recorded(&self, recorded: Recorded) {
        // No reader is no error.
        drop(self.recorded.send(Arc::new(recorded)));
    }

    /// Every write of recordings from now on; `RecvError::Lagged` as above.
    pub fn subscribe_recorded(&self) -> broadcast::Receiver<Arc<Recorded>> {
        self.recorded.subscribe()
    }

    /// A project's newest live figures, if it had any since the start.
    pub fn now(&self, project: Uuid) -> Option<Arc<LiveNow>> {
        self.now
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&project)
            .cloned()
    }

    /// Everything received before this (ms) is durable in all tables; 0 before the first commit ever.
    pub fn complete_to_ms(&self) -> i64 {
        *self.complete_to_ms.borrow()
    }

    /// The sink's word after each commit. It never goes back.
    pub fn set_complete_to_ms(&self, complete_to_ms: i64) {
        self.complete_to_ms.send_if_modified(|current| {
            let newer = complete_to_ms > *current;
            if newer {
                *current = complete_to_ms;
            }
            newer
        });
    }

    /// Follows [`complete_to_ms`](Self::complete_to_ms).
    pub fn watch_complete_to_ms(&self) -> watch::Receiver<i64> {
        self.complete_to_ms.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::broadcast::error::RecvError;

    fn tick(tick: u64) -> Arc<LiveTick> {
        Arc::new(LiveTick {
            tick,
            ..LiveTick::default()
        })
    }

    #[tokio::test]
    async fn a_slow_reader_is_told_what_it_lost_and_goes_on() {
        let bus = Bus::new();
        let mut reader = bus.subscribe();
        let ticks = TICKS_MAX as u64 + 2;
        (0..ticks).for_each(|n| bus.publish(tick(n)));
        assert_eq!(reader.recv().await, Err(RecvError::Lagged(2)));
        assert_eq!(reader.recv().await.unwrap().tick, 2);
    }

    #[test]
    fn a_late_joiner_finds_the_newest_figures_of_its_project_only() {
        let bus = Bus::new();
        let (mine, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        for active_sessions in [1, 7] {
            let live = Some(LiveNow {
                active_sessions,
                ..LiveNow::default()
            });
            let projects = HashMap::from([(
                mine,
                ProjectTick {
                    live,
                    ..ProjectTick::default()
                },
            )]);
            bus.publish(Arc::new(LiveTick {
                projects,
                ..LiveTick::default()
            }));
        }
        assert_eq!(bus.now(mine).unwrap().active_sessions, 7);
        assert_eq!(bus.now(other), None);
    }

    #[test]
    fn what_was_complete_before_the_start_is_told_at_once() {
        let bus = Bus::new();
        bus.resume(17, 15);
        assert_eq!((bus.newest_tick(), bus.complete_to_ms()), (17, 15));
        bus.publish(tick(20));
        bus.resume(18, 16);
        assert_eq!((bus.newest_tick(), bus.complete_to_ms()), (20, 16));
    }

    #[test]
    fn complete_to_never_goes_back() {
        let bus = Bus::new();
        let watch = bus.watch_complete_to_ms();
        bus.set_complete_to_ms(5);
        bus.set_complete_to_ms(3);
        assert_eq!((bus.complete_to_ms(), *watch.borrow()), (5, 5));
    }
}
