//! The worker threads: each feeds its share of every tick to its part of the graph, and sends out what comes of it.
//!
//! A worker takes up a tick when it is durably bound and the sink has room; it never blocks inside the graph. Without work it
//! parks; the binder, the sink and the other workers unpark it.

use crate::bindings::{Binding, Bound};
use crate::graph::{self, Graph};
use crate::shared::Shared;
use crate::sink::TickPart;
use crate::source::Source;
use crate::{DataflowError, journal, telemetry};
use gosight_log::{Reader, Record, Topic};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};
use timely::worker::Worker as Timely;

/// Ticks a worker has taken up and not yet sent out. More lets a replay run faster; each holds its rows in memory.
const TICKS_IN_FLIGHT_MAX: usize = 16;

/// Events of a worker in such ticks, beyond which it takes up no further one: about what its caches hold. Five times as many cost a
/// sixth more processor time each, because every stage then finds its records in memory.
const EVENTS_IN_FLIGHT_MAX: u64 = 20_000;

/// Bindings read ahead at once.
const BINDINGS_BYTES_MAX: usize = 64 << 10;

/// An idle worker looks up this often, should an unpark have been lost.
const PARK_MAX: Duration = Duration::from_millis(500);

/// How often a replay says how far it is.
const PROGRESS_EVERY: Duration = Duration::from_secs(5);

/// Runs all workers until the last tick has left the graph, or one of them has failed. Blocks.
pub(crate) fn run(shared: &Arc<Shared>, parts: Sender<TickPart>) -> Result<(), DataflowError> {
    let config = timely::Config::process(shared.config.workers);
    let for_workers = Arc::clone(shared);
    let parts = std::sync::Mutex::new(parts);
    let guards = timely::execute(config, move |timely| {
        let _alarm = Alarm(&for_workers);
        let parts = parts.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        for_workers.join_workers(std::thread::current());
        let outcome = Worker::new(timely, &for_workers, parts).and_then(|mut worker| worker.run(timely));
        if let Err(error) = outcome {
            for_workers.fail(error);
        }
        leave(timely);
    })
    .map_err(DataflowError::Worker)?;
    for outcome in guards.join() {
        outcome.map_err(DataflowError::Worker)?;
    }
    Ok(())
}

/// A worker that panics takes the others with it: they would wait for its progress for ever.
struct Alarm<'a>(&'a Shared);

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0
                .fail(DataflowError::Worker("it panicked; the message is above".into()));
        }
    }
}

/// Leaves without draining the future: closing the inputs would fire every deadline there is.
fn leave(timely: &mut Timely) {
    timely
        .installed_dataflows()
        .into_iter()
        .for_each(|dataflow| timely.drop_dataflow(dataflow));
}

/// A tick on its way through the graph.
struct InFlight {
    bound: Bound,
    /// Of this worker's share of it.
    events: u64,
    taken_up: Instant,
}

struct Worker<'a> {
    shared: &'a Arc<Shared>,
    index: usize,
    graph: Graph,
    source: Source,
    bindings: Box<dyn Reader>,
    read_ahead: VecDeque<Bound>,
    /// The binding read last.
    newest: Arc<Binding>,
    /// Taken up, not yet sent out.
    in_flight: VecDeque<InFlight>,
    events_in_flight: u64,
    parts: Sender<TickPart>,
    progress: Progress,
}

impl<'a> Worker<'a> {
    fn new(timely: &mut Timely, shared: &'a Arc<Shared>, parts: Sender<TickPart>) -> Result<Self, DataflowError> {
        let (index, log) = (timely.index(), shared.log.as_ref());
        let start = log.start(Topic::Bindings, journal::PARTITION);
        Ok(Self {
            shared,
            index,
            graph: graph::build(timely, shared.resume_tick),
            source: Source::new(Arc::clone(shared), index, timely.peers())?,
            bindings: log.reader(Topic::Bindings, journal::PARTITION, start)?,
            read_ahead: VecDeque::new(),
            newest: Arc::default(),
            in_flight: VecDeque::new(),
            events_in_flight: 0,
            parts,
            progress: Progress::new(shared, index),
        })
    }

    fn run(&mut self, timely: &mut Timely) -> Result<(), DataflowError> {
        while !self.shared.must_leave() {
            let took_up = self.take_up()?;
            timely.step_or_park(Some(if took_up { Duration::ZERO } else { PARK_MAX }));
            self.send_out();
            if self.in_flight.is_empty() && self.is_done() {
                self.shared.worker_done();
                break;
            }
        }
        // The others may still need this one's part in their progress.
        while !self.shared.must_leave() && !self.shared.all_workers_done() {
            timely.step_or_park(Some(Duration::from_millis(1)));
        }
        Ok(())
    }

    /// Feeds the next ticks, as far as there is room. True when there was one.
    fn take_up(&mut self) -> Result<bool, DataflowError> {
        let mut took_up = false;
        while self.has_room() {
            let Some(bound) = self.next_binding()? else { break };
            let before = std::mem::replace(&mut self.newest, Arc::clone(&bound.binding));
            took_up = true;
            let resume_tick = self.shared.resume_tick;
            if bound.binding.says_nothing(&before, self.peek_binding()?, resume_tick) {
                continue;
            }
            let taken_up = Instant::now();
            let events = self.source.feed(&bound.binding, &mut self.graph)?;
            self.progress.took_up(bound.binding.tick, events);
            self.events_in_flight += events;
            self.in_flight.push_back(InFlight {
                bound,
                events,
                taken_up,
            });
        }
        Ok(took_up)
    }

    fn has_room(&self) -> bool {
        self.in_flight.len() < TICKS_IN_FLIGHT_MAX
            && self.events_in_flight < EVENTS_IN_FLIGHT_MAX
            && self.shared.has_room()
    }

    fn next_binding(&mut self) -> Result<Option<Bound>, DataflowError> {
        self.peek_binding()?;
        Ok(self.read_ahead.pop_front())
    }

    fn peek_binding(&mut self) -> Result<Option<&Binding>, DataflowError> {
        if self.read_ahead.is_empty() {
            let mut records: Vec<Record> = Vec::new();
            self.bindings.read(u64::MAX, BINDINGS_BYTES_MAX, &mut records)?;
            for record in records {
                let binding = Arc::new(Binding::decode(&record.payload)?);
                self.read_ahead.push_back(Bound {
                    binding,
                    offset: record.offset,
                });
            }
        }
        Ok(self.read_ahead.front().map(|bound| bound.binding.as_ref()))
    }

    /// Sends out the rows of every tick the graph has passed.
    fn send_out(&mut self) {
        while let Some(passed) = self
            .in_flight
            .pop_front_if(|InFlight { bound, .. }| self.graph.has_passed(bound.binding.tick))
        {
            let InFlight {
                bound,
                events,
                taken_up,
            } = passed;
            let tick = bound.binding.tick;
            self.events_in_flight -= events;
            let (mut rows, verdicts) = self.graph.take(tick);
            self.source.release(tick, &verdicts, &mut rows);
            self.shared.rows_left_graph(rows.len() as u64);
            // Before the tick can be complete: retention relies on it.
            self.shared.set_open_since(self.index, self.graph.open_since());
            self.progress
                .sent_out(tick, self.shared.bound_tick(), taken_up.elapsed(), &self.graph);
            if self.parts.send(TickPart { bound, rows }).is_err() {
                // The gatherer is gone: whoever failed has said so.
                return;
            }
        }
        self.shared.set_deadline(self.index, self.graph.next_deadline());
    }

    fn is_done(&self) -> bool {
        self.shared.last_tick().is_some_and(|last| self.progress.tick >= last)
    }
}

/// What a worker tells the world: metrics, and how far a replay is.
struct Progress {
    worker: String,
    /// The newest tick that was sent out.
    tick: u64,
    replay_to: u64,
    events: u64,
    started: Instant,
    told: Instant,
}

impl Progress {
    fn new(shared: &Shared, index: usize) -> Self {
        let now = Instant::now();
        let replay_to = shared.replay_to;
        Self {
            worker: index.to_string(),
            tick: 0,
            replay_to,
            events: 0,
            started: now,
            told: now,
        }
    }

    fn took_up(&mut self, tick: u64, events: u64) {
        self.events += events;
        telemetry::read(&self.worker, events);
        if tick < self.replay_to && self.told.elapsed() > PROGRESS_EVERY {
            self.told = Instant::now();
            tracing::info!(
                worker = self.worker,
                events = self.events,
                tick,
                to = self.replay_to,
                "replaying the log"
            );
        }
    }

    fn sent_out(&mut self, tick: u64, bound_tick: u64, took: Duration, graph: &Graph) {
        let was_replaying = self.tick < self.replay_to;
        self.tick = tick;
        if was_replaying && tick >= self.replay_to {
            let (events, elapsed) = (self.events, self.started.elapsed());
            tracing::info!(worker = self.worker, events, ?elapsed, "the log is replayed");
        }
        let lag_ms = bound_tick.saturating_sub(tick);
        let took = (tick > self.replay_to).then_some(took);
        telemetry::tick_passed(&self.worker, lag_ms, took, graph.state_entries());
    }
}
