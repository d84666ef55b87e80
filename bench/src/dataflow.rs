//! The dataflow alone: from a log on the disk to a sink that counts. No sockets, no engine.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::ensure;
use bytes::Bytes;
use gosight_dataflow::{Commit, Config, Dataflow, Rows, SinkError, ViewSink};
use gosight_log::{Append, EmbeddedConfig, EmbeddedLog, Log, LogError, Record, Topic};
use gosight_store::live::Bus;

use crate::report::{Bar, Report, number};
use crate::{Bench, plain, process};

const EVENTS_PER_S_MIN: f64 = 150_000.0;
const READ_BYTES: usize = 4 << 20;
/// Appends not yet waited for.
const PENDING_MAX: usize = 1_000;
const POLL: Duration = Duration::from_millis(2);

/// One pass over the whole log.
#[derive(Clone, Copy, Debug)]
struct Pass {
    wall: Duration,
    cpu: Duration,
    rows: u64,
}

pub(crate) fn run(bench: &Bench, report: &mut Report) -> anyhow::Result<()> {
    let Some(filled) = &bench.log else {
        anyhow::bail!("there is no log")
    };
    let events = filled.events as f64;
    let plain = plain::loops(&filled.folder)?;
    for workers in [1, 2] {
        let folder = bench.folder.path().join(format!("dataflow-{workers}"));
        copy_events(&filled.folder, &folder)?;
        let pass = to_views(&folder, workers, filled.events)?;
        let per_core = events / pass.cpu.as_secs_f64();
        report
            .figure(
                "dataflow",
                format!("per second of processor time, {}", threads(workers)),
                per_core,
                "events/s",
            )
            .must(Bar::AtLeast(EVENTS_PER_S_MIN))
            .beside(format!(
                "{:.2} of a loop with hash maps ({}), {:.2} of one that only decodes ({})",
                per_core / plain.counted_per_s(),
                number(plain.counted_per_s()),
                per_core / plain.decoded_per_s(),
                number(plain.decoded_per_s())
            ));
        report
            .figure(
                "dataflow",
                format!("wall, {}", threads(workers)),
                events / pass.wall.as_secs_f64(),
                "events/s",
            )
            .beside(format!(
                "{} events in {:.1} s, {:.2} cores busy; {:.2} rows per event",
                number(events),
                pass.wall.as_secs_f64(),
                pass.cpu.as_secs_f64() / pass.wall.as_secs_f64(),
                pass.rows as f64 / events
            ));
        if workers == 2 {
            let pass = replay(&folder, workers)?;
            report
                .figure(
                    "dataflow",
                    format!("replay after a restart, {}", threads(workers)),
                    events / pass.wall.as_secs_f64(),
                    "events/s",
                )
                .beside(format!(
                    "{} per second of processor time",
                    number(events / pass.cpu.as_secs_f64())
                ));
        }
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(())
}

fn threads(workers: usize) -> String {
    format!("{workers} {}", if workers == 1 { "worker" } else { "workers" })
}

/// Binds the log, works it off and hands every row to a counting sink.
fn to_views(folder: &Path, workers: usize, events: u64) -> anyhow::Result<Pass> {
    let log: Arc<dyn Log> = Arc::new(EmbeddedLog::open(folder, &EmbeddedConfig::default())?);
    let counted = Arc::<Counted>::default();
    let (cpu, started) = (process::own_cpu()?, Instant::now());
    let dataflow = Dataflow::start(
        config(workers),
        log.clone(),
        Box::new(Counting(counted.clone())),
        Bus::new(),
    )?;
    // Taking the state apart afterwards is no part of the work.
    while counted.events.load(Ordering::Relaxed) < events {
        std::thread::sleep(POLL);
    }
    let pass = Pass {
        wall: started.elapsed(),
        cpu: process::own_cpu()?.saturating_sub(cpu),
        rows: counted.rows.load(Ordering::Relaxed),
    };
    dataflow.stop()?;
    let found = counted.events.load(Ordering::Relaxed);
    ensure!(found == events, "{found} events came out, {events} are in the log");
    log.close()?;
    Ok(pass)
}

/// The same log once more, when everything is in the views already.
fn replay(folder: &Path, workers: usize) -> anyhow::Result<Pass> {
    let log: Arc<dyn Log> = Arc::new(EmbeddedLog::open(folder, &EmbeddedConfig::default())?);
    let counted = Arc::<Counted>::default();
    let (cpu, started) = (process::own_cpu()?, Instant::now());
    let dataflow = Dataflow::start(
        config(workers),
        log.clone(),
        Box::new(Counting(counted.clone())),
        Bus::new(),
    )?;
    while !dataflow.replay().is_done() {
        std::thread::sleep(POLL);
    }
    let pass = Pass {
        wall: started.elapsed(),
        cpu: process::own_cpu()?.saturating_sub(cpu),
        rows: 0,
    };
    dataflow.stop()?;
    let found = counted.events.load(Ordering::Relaxed);
    ensure!(found == 0, "{found} events came out again");
    log.close()?;
    Ok(pass)
}

fn config(workers: usize) -> Config {
    Config {
        workers,
        ..Config::default()
    }
}

#[derive(Default)]
struct Counted {
    events: AtomicU64,
    rows: AtomicU64,
}

struct Counting(Arc<Counted>);

impl ViewSink for Counting {
    fn write(&mut self, _: &Commit, rows: &Rows) -> Result<(), SinkError> {
        self.0.events.fetch_add(rows.events.len() as u64, Ordering::Relaxed);
        self.0.rows.fetch_add(rows.len() as u64, Ordering::Relaxed);
        Ok(())
    }
}

/// A log with the same events and nothing else: no bindings, no commits.
fn copy_events(from: &Path, to: &Path) -> anyhow::Result<()> {
    let (from, to) = (
        EmbeddedLog::open(from, &EmbeddedConfig::default())?,
        EmbeddedLog::open(to, &EmbeddedConfig::default())?,
    );
    let mut pending = Vec::new();
    for partition in 0..from.partitions(Topic::Events) {
        let end = from.durable(Topic::Events, partition).end;
        let mut reader = from.reader(Topic::Events, partition, 0)?;
        let mut records: Vec<Record> = Vec::new();
        while reader.next_offset() < end {
            reader.read(end, READ_BYTES, &mut records)?;
            for record in records.drain(..) {
                append(&to, partition, &record.payload, &mut pending)?;
            }
        }
    }
    settle(&mut pending)?;
    Ok(to.close()?)
}

fn append(log: &EmbeddedLog, partition: u32, payload: &Bytes, pending: &mut Vec<Append>) -> anyhow::Result<()> {
    loop {
        match log.append(Topic::Events, partition, payload.clone()) {
            Ok(append) => pending.push(append),
            Err(LogError::Full { .. }) => {
                settle(pending)?;
                continue;
            }
            Err(error) => return Err(error.into()),
        }
        if pending.len() >= PENDING_MAX {
            settle(pending)?;
        }
        return Ok(());
    }
}

fn settle(pending: &mut Vec<Append>) -> Result<(), LogError> {
    pending.drain(..).try_for_each(|append| append.wait().map(drop))
}
