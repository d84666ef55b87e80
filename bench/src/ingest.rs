//! Ingest alone: protobuf over sockets, validated, enriched, durable, acknowledged. Nobody reads the log meanwhile.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::ensure;

use crate::door::{self, Door};
use crate::load::{self, Load};
use crate::report::{Report, number};
use crate::{Bench, machine, plain, process};

const SECONDS: u64 = 15;
/// What the log's committer writes at once under load, roughly.
const BLOCK_BYTES: usize = 64 << 10;

/// A log that the front door has filled and closed.
#[derive(Clone, Debug)]
pub(crate) struct Filled {
    pub(crate) folder: PathBuf,
    pub(crate) events: u64,
}

pub(crate) async fn run(bench: &mut Bench, report: &mut Report) -> anyhow::Result<()> {
    let sync = machine::syncs(bench.folder.path(), BLOCK_BYTES, Duration::from_secs(2))?;
    let (filled, load, cpu) = measure(bench).await?;
    let folder = filled.folder.clone();
    let bytes = tokio::task::spawn_blocking(move || plain::loops(&folder)).await??.bytes as f64;

    let (events, seconds) = (load.tally.events as f64, load.tally.seconds);
    let disk_events_per_s = sync.bytes_per_s / (bytes / events);
    report
        .figure("ingest", "acknowledged", load.tally.events_per_s, "events/s")
        .beside(format!(
            "{:.3} of what one bare file takes in synced blocks of 64 KiB ({} such events/s)",
            load.tally.events_per_s / disk_events_per_s,
            number(disk_events_per_s)
        ));
    report
        .figure("ingest", "acknowledgement p50", load.tally.ack_p50_ms, "ms")
        .beside(format!(
            "{:.1} × such a synced block ({:.2} ms)",
            load.tally.ack_p50_ms / sync.p50_ms,
            sync.p50_ms
        ));
    report
        .figure("ingest", "acknowledgement p99", load.tally.ack_p99_ms, "ms")
        .beside(format!(
            "{:.1} × such a synced block's ({:.2} ms)",
            load.tally.ack_p99_ms / sync.p99_ms,
            sync.p99_ms
        ));
    let micros = |cpu: Duration| cpu.as_secs_f64() * 1e6 / events;
    report
        .figure(
            "ingest",
            "events per second of processor time",
            events / cpu.as_secs_f64(),
            "events/s",
        )
        .beside(format!(
            "{:.1} µs per event, the load generator {:.1}; {:.2} cores busy",
            micros(cpu),
            micros(load.cpu),
            (cpu + load.cpu).as_secs_f64() / seconds
        ));
    bench.log = Some(filled);
    Ok(())
}

/// For whoever needs the log only.
pub(crate) async fn fill(bench: &Bench) -> anyhow::Result<Filled> {
    Ok(measure(bench).await?.0)
}

async fn measure(bench: &Bench) -> anyhow::Result<(Filled, Load, Duration)> {
    let folder = bench.folder.path().join("ingest");
    let door = Door::open(&folder).await?;
    let cpu_before = process::own_cpu()?;
    let order = load::Order {
        url: &door.url,
        key: door::KEY,
        rate: 0,
        seconds: SECONDS,
    };
    let load = load::send(&bench.program, order).await?;
    let cpu = process::own_cpu()?.saturating_sub(cpu_before);
    door.shut().await?;
    let filled = Filled {
        folder: folder.join("log"),
        events: load.tally.events,
    };
    let counted = filled.clone();
    let found = tokio::task::spawn_blocking(move || plain::count(&counted.folder)).await??;
    ensure!(
        found == filled.events,
        "the log has {found} events, acknowledged were {}",
        filled.events
    );
    Ok((filled, load, cpu))
}
