//! What the binder, the workers and the sink tell each other.

use crate::bindings::Bound;
use crate::retention::Reading;
use crate::{Config, DataflowError};
use gosight_log::Log;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::Thread;
use std::time::Duration;
use tokio::sync::watch;

/// No deadline is pending, nothing is open.
const NEVER: u64 = u64::MAX;

pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) log: Arc<dyn Log>,
    /// The tick up to which everything was in the views when this process started.
    pub(crate) resume_tick: u64,
    /// The newest tick that was bound when this process started: up to it, ticks are a replay.
    pub(crate) replay_to: u64,
    is_stopping: AtomicBool,
    /// It was time to leave while nothing but a replay was under way.
    is_abandoned: AtomicBool,
    /// The newest tick that is durably bound.
    bound_tick: AtomicU64,
    /// No further tick will be bound.
    is_bound_last: AtomicBool,
    /// Per worker: the earliest tick at which one of its operators has something to do without new input.
    deadlines: Box<[AtomicU64]>,
    /// Per worker: the tick since which something is open, see [`crate::retention`].
    open_since: Box<[AtomicU64]>,
    /// What retention was told last.
    pub(crate) reading: Mutex<Option<Reading>>,
    /// Rows that left the graph and are in no commit that is done.
    rows_pending: AtomicU64,
    /// The newest tick that every worker has passed.
    complete_tick: AtomicU64,
    workers_done: AtomicUsize,
    /// The newest tick that is in the views, once this process has seen it there.
    committed: Mutex<Option<Bound>>,
    workers: Mutex<Vec<Thread>>,
    binder: OnceLock<Thread>,
    failure: watch::Sender<Option<Arc<DataflowError>>>,
}

impl Shared {
    pub(crate) fn new(config: Config, log: Arc<dyn Log>, resume_tick: u64, bound_tick: u64) -> Self {
        let nevers = || (0..config.workers).map(|_| AtomicU64::new(NEVER)).collect();
        let (deadlines, open_since) = (nevers(), nevers());
        Self {
            config,
            log,
            resume_tick,
            replay_to: bound_tick,
            is_stopping: AtomicBool::new(false),
            is_abandoned: AtomicBool::new(false),
            bound_tick: AtomicU64::new(bound_tick),
            is_bound_last: AtomicBool::new(false),
            deadlines,
            open_since,
            reading: Mutex::default(),
            rows_pending: AtomicU64::new(0),
            complete_tick: AtomicU64::new(0),
            workers_done: AtomicUsize::new(0),
            committed: Mutex::default(),
            workers: Mutex::default(),
            binder: OnceLock::new(),
            failure: watch::Sender::new(None),
        }
    }

    // Stopping and failing

    /// Finish what is bound, commit it, leave. A replay is left as it is: it has nothing to commit.
    pub(crate) fn stop(&self) {
        self.is_stopping.store(true, SeqCst);
        if self.complete_tick() < self.resume_tick {
            self.is_abandoned.store(true, SeqCst);
            self.unpark_workers();
        }
        if let Some(binder) = self.binder.get() {
            binder.unpark();
        }
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.is_stopping.load(SeqCst)
    }

    /// The first failure is the one that is told; everybody then leaves.
    pub(crate) fn fail(&self, error: DataflowError) {
        tracing::error!(%error, "the dataflow has failed");
        self.failure.send_if_modified(|failure| {
            let is_first = failure.is_none();
            failure.get_or_insert_with(|| Arc::new(error));
            is_first
        });
        self.stop();
        self.unpark_workers();
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.failure.borrow().is_some()
    }

    /// Whether everybody leaves at once, whatever is under way.
    pub(crate) fn must_leave(&self) -> bool {
        self.is_abandoned.load(SeqCst) || self.has_failed()
    }

    pub(crate) fn watch_failure(&self) -> watch::Receiver<Option<Arc<DataflowError>>> {
        self.failure.subscribe()
    }

    // The binder's side

    pub(crate) fn binder_waits(&self, timeout: Duration) {
        self.binder.get_or_init(std::thread::current);
        if !self.is_stopping() {
            std::thread::park_timeout(timeout);
        }
    }

    /// A tick is durably bound: the workers may read it.
    pub(crate) fn bound(&self, tick: u64) {
        self.bound_tick.store(tick, SeqCst);
        self.unpark_workers();
    }

    /// The tick bound last was the last one.
    pub(crate) fn bound_last(&self) {
        self.is_bound_last.store(true, SeqCst);
        self.unpark_workers();
    }

    pub(crate) fn bound_tick(&self) -> u64 {
        self.bound_tick.load(SeqCst)
    }

    /// The last tick there will be, once that is known.
    pub(crate) fn last_tick(&self) -> Option<u64> {
        self.is_bound_last.load(SeqCst).then(|| self.bound_tick())
    }

    // The workers' side

    pub(crate) fn join_workers(&self, thread: Thread) {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
    }

    pub(crate) fn unpark_workers(&self) {
        self.workers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .for_each(Thread::unpark);
    }

    pub(crate) fn set_deadline(&self, worker: usize, tick: Option<u64>) {
        self.deadlines[worker].store(tick.unwrap_or(NEVER), SeqCst);
    }

    pub(crate) fn next_deadline(&self) -> Option<u64> {
        earliest(&self.deadlines)
    }

    /// What the worker holds as of the ticks it sends out next.
    pub(crate) fn set_open_since(&self, worker: usize, tick: Option<u64>) {
        self.open_since[worker].store(tick.unwrap_or(NEVER), SeqCst);
    }

    /// The tick since which something is open at some worker.
    pub(crate) fn open_since(&self) -> Option<u64> {
        earliest(&self.open_since)
    }

    pub(crate) fn worker_done(&self) {
        self.workers_done.fetch_add(1, SeqCst);
        self.unpark_workers();
    }

    pub(crate) fn all_workers_done(&self) -> bool {
        self.workers_done.load(SeqCst) == self.config.workers
    }

    pub(crate) fn completed(&self, tick: u64) {
        self.complete_tick.store(tick, SeqCst);
    }

    /// The newest tick that every worker has passed.
    pub(crate) fn complete_tick(&self) -> u64 {
        self.complete_tick.load(SeqCst)
    }

    // Backpressure: the sink's debt

    pub(crate) fn rows_left_graph(&self, rows: u64) {
        self.rows_pending.fetch_add(rows, SeqCst);
    }

    /// Rows are written, or were found written: workers that waited for room go on.
    pub(crate) fn rows_settled(&self, rows: u64) {
        let before = self.rows_pending.fetch_sub(rows, SeqCst);
        let rows_max = self.config.rows_pending_max;
        if before >= rows_max && before - rows < rows_max {
            self.unpark_workers();
        }
    }

    pub(crate) fn set_committed(&self, bound: Bound) {
        *self.committed.lock().unwrap_or_else(PoisonError::into_inner) = Some(bound);
    }

    pub(crate) fn committed(&self) -> Option<Bound> {
        self.committed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether a worker may take up another tick.
    pub(crate) fn has_room(&self) -> bool {
        self.rows_pending.load(SeqCst) < self.config.rows_pending_max
    }
}

fn earliest(ticks: &[AtomicU64]) -> Option<u64> {
    let ticks = ticks.iter().map(|tick| tick.load(SeqCst));
    ticks.filter(|&tick| tick != NEVER).min()
}
