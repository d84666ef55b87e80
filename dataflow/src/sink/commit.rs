//! Writes whole ticks to the views, exactly once.
//!
//! ```text
//! complete ticks ──▶ cut: first..last ──▶ *begun* durable ──▶ rows written ──▶ *done* durable ──▶ complete_to
//!                                       ▲ commit-begun      ▲ commit-inserted         (fail points)
//! ```
//! One commit at a time, so commits grow with load. What dies between *begun* and *done* is cut again exactly so after the
//! restart, and the sink recognises it by its ticks.

use super::gather::CompleteTick;
use super::{SinkError, ViewSink};
use crate::bindings::Bound;
use crate::commits::{Commit, CommitRecord, Resume};
use crate::shared::Shared;
use crate::{DataflowError, Rows, journal, telemetry};
use gosight_log::{Log, Topic};
use gosight_store::live::Bus;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// Fail point between the durable *begun* and the insert. Action `return` aborts the process there.
pub const COMMIT_BEGUN: &str = "commit-begun";

/// Fail point between the insert and the durable *done*. Action `return` aborts the process there.
pub const COMMIT_INSERTED: &str = "commit-inserted";

/// From the start of one commit to that of the next there are at least so many times what the first took: the engine needs the rest
/// to merge what it was given, and fewer, larger inserts cost it less. At most, so that the views stay fresh under load:
const COMMIT_TIMES_MIN: u32 = 3;
const PACE_MAX: Duration = Duration::from_secs(2);

/// Waits between attempts while the views are away: doubling from the first to the last.
const RETRY_AFTER_MIN: Duration = Duration::from_millis(100);
const RETRY_AFTER_MAX: Duration = Duration::from_secs(5);

/// How long a stop waits for views that are away. The commit stays begun and is written after the next start.
const STOP_WAIT_MAX: Duration = Duration::from_secs(10);

/// Reads where the commits stand.
pub(crate) fn resume(log: &dyn Log) -> Result<Resume, DataflowError> {
    let mut resume = Resume::default();
    for payload in journal::newest_n(log, Topic::Commits, 2)? {
        resume.apply(&CommitRecord::decode(&payload)?);
    }
    Ok(resume)
}

pub(crate) struct Committer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) sink: Box<dyn ViewSink>,
    pub(crate) bus: Bus,
    pub(crate) resume: Resume,
    pub(crate) complete: Receiver<CompleteTick>,
}

impl Committer {
    /// Runs until the last tick is committed.
    pub(crate) fn run(mut self) -> Result<(), DataflowError> {
        let mut pending = VecDeque::new();
        let mut next_commit_at = Instant::now();
        loop {
            let is_last = self.collect(&mut pending, next_commit_at);
            while let Some(commit) = self.next_cut(&pending) {
                let started = Instant::now();
                let written = self.commit(&commit, take(&mut pending, commit.last_tick))?;
                if !written || self.shared.must_leave() {
                    return Ok(());
                }
                next_commit_at = started + self.pace(started.elapsed());
                self.pass_quiet(&mut pending);
                if !is_last {
                    break;
                }
            }
            if is_last || self.shared.must_leave() {
                return Ok(());
            }
        }
    }

    /// From the start of a commit that took so long to that of the next.
    fn pace(&self, took: Duration) -> Duration {
        let quiet = Duration::from_millis(self.shared.config.commit_ms_min);
        quiet.max((took * COMMIT_TIMES_MIN).min(PACE_MAX))
    }

    /// Takes what is complete: at least until `until` when something is to be written, at once when a commit's worth has come.
    /// True: nothing more will come.
    fn collect(&self, pending: &mut VecDeque<CompleteTick>, until: Instant) -> bool {
        loop {
            let has_rows = self.next_cut(pending).is_some();
            if has_rows && rows_of(pending) >= self.shared.config.commit_rows_max {
                return false;
            }
            let wait = if has_rows {
                until.saturating_duration_since(Instant::now())
            } else {
                Duration::MAX
            };
            let tick = if wait == Duration::MAX {
                self.complete.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                self.complete.recv_timeout(wait)
            };
            match tick {
                Ok(tick) => {
                    pending.push_back(tick);
                    self.pass_quiet(pending);
                }
                Err(RecvTimeoutError::Timeout) => return false,
                Err(RecvTimeoutError::Disconnected) => return true,
            }
        }
    }

    /// Ticks that were committed before this process started carry nothing any more; a quiet tick needs no commit.
    fn pass_quiet(&self, pending: &mut VecDeque<CompleteTick>) {
        let is_passed = |tick: &CompleteTick| {
            tick.tick() <= self.resume.tick || (tick.rows.is_empty() && self.resume.open.is_none())
        };
        while let Some(tick) = pending.pop_front_if(|tick| is_passed(tick)) {
            self.shared.rows_settled(tick.rows_owed);
            self.complete_to(tick.bound);
        }
    }

    /// Everything up to the tick is in the views.
    fn complete_to(&self, bound: Bound) {
        let complete_to_ms = bound.binding.complete_to_ms;
        self.shared.set_committed(bound);
        self.bus.set_complete_to_ms(complete_to_ms);
    }

    /// Where the next commit ends: as it was begun; else after the whole ticks at hand that fit.
    fn next_cut(&self, pending: &VecDeque<CompleteTick>) -> Option<Commit> {
        if self.resume.open.is_some() {
            return self.resume.cut(pending.back()?.tick());
        }
        let mut rows = 0;
        let mut last_tick = None;
        for tick in pending {
            rows += tick.rows.len() as u64;
            if rows > self.shared.config.commit_rows_max && last_tick.is_some() {
                break;
            }
            last_tick = Some(tick.tick());
        }
        self.resume.cut(last_tick?)
    }

    /// False: the views were away when it was time to leave.
    fn commit(&mut self, commit: &Commit, ticks: Vec<CompleteTick>) -> Result<bool, DataflowError> {
        let started = Instant::now();
        let bound = ticks.last().map(|tick| tick.bound.clone());
        let rows_owed = ticks.iter().map(|tick| tick.rows_owed).sum();
        let rows = merge(ticks);
        if self.resume.open.is_none() {
            self.append(&CommitRecord::begun(*commit))?;
        }
        self.resume.open = Some(*commit);
        fail::fail_point!(COMMIT_BEGUN, |_| std::process::abort());
        if !self.write(commit, &rows)? {
            return Ok(false);
        }
        fail::fail_point!(COMMIT_INSERTED, |_| std::process::abort());
        self.append(&CommitRecord::done(*commit))?;
        self.resume.apply(&CommitRecord::done(*commit));
        self.shared.rows_settled(rows_owed);
        telemetry::committed(&rows, started.elapsed());
        if let Some(bound) = bound {
            self.complete_to(bound);
        }
        Ok(true)
    }

    fn append(&self, record: &CommitRecord) -> Result<(), DataflowError> {
        let log = self.shared.log.as_ref();
        journal::append(log, Topic::Commits, record.encode(), || self.shared.must_leave())
    }

    /// Writes until it is written. False: the views were away when it was time to leave.
    fn write(&mut self, commit: &Commit, rows: &Rows) -> Result<bool, DataflowError> {
        let mut retry_after = RETRY_AFTER_MIN;
        let mut stopping_since = None;
        loop {
            match self.sink.write(commit, rows) {
                Ok(()) => return Ok(true),
                Err(SinkError::Poison(reason)) => {
                    let Commit {
                        first_tick, last_tick, ..
                    } = *commit;
                    return Err(DataflowError::Poison {
                        first_tick,
                        last_tick,
                        reason,
                    });
                }
                Err(SinkError::Retry(reason)) => {
                    tracing::warn!(last_tick = commit.last_tick, %reason, "the views are away; trying again");
                    telemetry::retried();
                }
            }
            if self.shared.is_stopping() {
                let since = *stopping_since.get_or_insert_with(Instant::now);
                if self.shared.must_leave() || since.elapsed() > STOP_WAIT_MAX {
                    return Ok(false);
                }
            }
            std::thread::sleep(retry_after);
            retry_after = (retry_after * 2).min(RETRY_AFTER_MAX);
        }
    }
}

fn rows_of(pending: &VecDeque<CompleteTick>) -> u64 {
    pending.iter().map(|tick| tick.rows.len() as u64).sum()
}

fn take(pending: &mut VecDeque<CompleteTick>, last_tick: u64) -> Vec<CompleteTick> {
    let count = pending.partition_point(|tick| tick.tick() <= last_tick);
    pending.drain(..count).collect()
}

fn merge(ticks: Vec<CompleteTick>) -> Rows {
    let mut rows = Rows::default();
    ticks.into_iter().for_each(|tick| rows.append(tick.rows));
    rows.consolidate();
    rows
}
