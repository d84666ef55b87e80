//! The running dataflow: from the log's records to rows in the views and on the live bus.
//!
//! This room reads the log, keeps the workers going, and writes what they find, exactly once. What a session or a rage click *is*,
//! it does not know: that is the room `operators`. It never answers a question; that is the room `api`.
//!
//! # The story of a tick
//! 1. **Bound.** Ingest has appended a few batches of events. Within 250 ms the [binder](mod@binder) sees how far the log is durable and
//!    writes a [`Binding`] down: *records below these offsets belong to tick T*. It is the only clock after ingest, and what it
//!    wrote holds for ever: a replay reads it back.
//! 2. **Read.** Each [worker](mod@workers) reads the binding from the log, and from its own partitions exactly the records it binds. The
//!    [source](mod@source) decodes them once, corrects the client's clock, sets aside what is later than the horizon, and hands compact
//!    records to the graph.
//! 3. **Worked on.** The [graph](mod@graph) exchanges them by key, so that every worker holds a share of the state, and says what
//!    changed: rows with the tick and a difference.
//! 4. **Complete.** A worker that has passed T sends its part of T's rows. When every part is in, nothing more can come for T.
//! 5. **On screen.** The tick goes to the live bus at once, and so to every dashboard that watches.
//! 6. **Committed.** Whole ticks are written to the views in [commits](mod@commits): *begun* is written down, then the rows go in, then
//!    *done*. Whatever instant the process dies at, the restart knows what was written and what to write again.
//!
//! # After a restart
//! State is what the log says: the workers replay it from its oldest retained record, with the ticks of the recorded bindings, drop
//! the rows of ticks that are committed, and go on. So the log must hold whatever that state was made of: the horizon and a day more,
//! and every session that is still open, from its first event on; [`Dataflow::trim`] keeps that, see `retention.rs`.
//!
//! # Beside it
//! Recordings are no part of the graph: [`write_recordings`] carries them from a topic of their own into their tables.
//!
//! Start reading at `graph.rs`.

mod binder;
mod bindings;
mod commits;
mod error;
mod graph;
mod journal;
mod recordings;
mod relay;
mod retention;
mod rows;
mod shared;
mod sink;
mod source;
mod telemetry;
mod workers;

pub use bindings::Binding;
pub use commits::{Commit, SCHEMA};
pub use error::DataflowError;
pub use recordings::{RECORDINGS_INSERTED, write_recordings};
pub use relay::relay;
pub use rows::Rows;
pub use sink::{COMMIT_BEGUN, COMMIT_INSERTED, ClickHouseSink, SinkError, ViewSink};

use gosight_log::{Log, Offset, Topic};
use gosight_store::live::Bus;
use shared::Shared;
use sink::{Committer, Gatherer, LiveBus};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// How the dataflow runs. None of it changes what the views say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Worker threads.
    pub workers: usize,
    /// Between two looks at the log.
    pub tick_ms: u64,
    /// Between two ticks when nothing happens.
    pub idle_tick_ms: u64,
    /// From the start of one commit to that of the next, at least.
    pub commit_ms_min: u64,
    /// A commit is not made larger than this by adding another tick.
    pub commit_rows_max: u64,
    /// Rows on their way to the views, beyond which workers take up no further tick: what the dataflow may hold in memory while the
    /// views are away. The log keeps accepting.
    pub rows_pending_max: u64,
    /// Records younger than this stay, while the log is within its bytes. Less than the horizon and a day, a repetition may be taken
    /// for something new after a restart.
    pub log_age_ms_min: i64,
    /// Per partition of the log, beyond which what is in the views goes even if it is young.
    pub log_bytes_max: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            tick_ms: 250,
            idle_tick_ms: 2_000,
            commit_ms_min: 500,
            commit_rows_max: 200_000,
            rows_pending_max: 400_000,
            log_age_ms_min: retention::AGE_MS_MIN,
            log_bytes_max: 64 << 30,
        }
    }
}

/// The dataflow at work. Dropping it stops it without waiting; [`Dataflow::stop`] is the clean way.
pub struct Dataflow {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Dataflow {
    /// Reads where things stand and starts the threads. Returns at once; the replay goes on behind.
    ///
    /// # Errors
    /// A log that cannot be read, or whose bindings or commits cannot.
    pub fn start(config: Config, log: Arc<dyn Log>, sink: Box<dyn ViewSink>, bus: Bus) -> Result<Self, DataflowError> {
        telemetry::describe();
        let resume = sink::resume(log.as_ref())?;
        let bound = binder::newest(log.as_ref())?;
        // Readers are served from the last commit while the replay goes on: they are told how far it reaches.
        if let Some(committed) = binder::of_tick(log.as_ref(), resume.tick)? {
            bus.resume(committed.tick, committed.complete_to_ms);
        }
        tracing::info!(
            resume_tick = resume.tick,
            bound_tick = bound.tick,
            workers = config.workers,
            "starting the dataflow"
        );
        let shared = Arc::new(Shared::new(config, log, resume.tick, bound.tick));
        let dataflow = Self {
            shared: Arc::clone(&shared),
            threads: Mutex::default(),
        };

        let (parts_out, parts) = channel();
        let (complete_out, complete) = channel();
        let live = LiveBus::new(bus.clone(), bound.tick);
        let gatherer = Gatherer {
            shared: Arc::clone(&shared),
            parts,
            live,
            complete: complete_out,
        };
        let committer = Committer {
            shared: Arc::clone(&shared),
            sink,
            bus,
            resume,
            complete,
        };
        dataflow.spawn("binder", |shared| binder::run(shared))?;
        dataflow.spawn("workers", |shared| workers::run(shared, parts_out))?;
        dataflow.spawn("gatherer", |_| {
            gatherer.run();
            Ok(())
        })?;
        dataflow.spawn("committer", |_| committer.run())?;
        Ok(dataflow)
    }

    fn spawn(
        &self,
        name: &'static str,
        run: impl FnOnce(&Arc<Shared>) -> Result<(), DataflowError> + Send + 'static,
    ) -> Result<(), DataflowError> {
        let shared = Arc::clone(&self.shared);
        let spawned = std::thread::Builder::new().name(name.into()).spawn(move || {
            let run = std::panic::AssertUnwindSafe(|| run(&shared));
            match std::panic::catch_unwind(run) {
                Ok(Ok(())) => {}
                Ok(Err(error)) => shared.fail(error),
                Err(_) => shared.fail(DataflowError::Worker(format!(
                    "the {name} panicked; the message is above"
                ))),
            }
        });
        match spawned {
            Ok(thread) => self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread),
            Err(error) => {
                self.shared.stop();
                return Err(DataflowError::Spawn(name, error));
            }
        }
        Ok(())
    }

    /// Binds what is durable, finishes it, commits it, and leaves. Blocks: not for async threads.
    ///
    /// # Errors
    /// Why it had failed, if it had.
    pub fn stop(&self) -> Result<(), Arc<DataflowError>> {
        self.shared.stop();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // Its panic, if any, has become the failure.
            drop(thread.join());
        }
        match self.shared.watch_failure().borrow().clone() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Resolves when the dataflow has failed, with the reason. The process should then end, loudly.
    pub fn failed(&self) -> impl Future<Output = Arc<DataflowError>> + Send + use<> {
        let mut failure = self.shared.watch_failure();
        async move {
            loop {
                if let Some(error) = failure.borrow_and_update().clone() {
                    return error;
                }
                if failure.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        }
    }

    /// How far a replay is.
    pub fn replay(&self) -> Replay {
        Replay {
            tick: self.shared.complete_tick(),
            to_tick: self.shared.replay_to,
        }
    }

    /// The oldest record of the partition that is needed for what is not yet in the views.
    pub fn needed_from(&self, topic: Topic, partition: u32) -> Offset {
        retention::needed_from(&self.shared, topic, partition)
    }

    /// Gives back the log's space of what no replay will need, as of the call before this one. For now and then; does file IO.
    ///
    /// # Errors
    /// The log's.
    pub fn trim(&self) -> Result<(), DataflowError> {
        retention::trim(&self.shared)
    }
}

/// How far a replay is: done when `tick` has reached `to_tick`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replay {
    pub tick: u64,
    pub to_tick: u64,
}

impl Replay {
    pub fn is_done(&self) -> bool {
        self.tick >= self.to_tick
    }
}

impl Drop for Dataflow {
    fn drop(&mut self) {
        self.shared.stop();
    }
}
