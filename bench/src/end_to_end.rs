//! From the load generator to the answer of the API: everything runs, on one machine.

use std::time::Duration;

use anyhow::ensure;

use crate::gosight::{Both, GoSight, now_ms};
use crate::report::{Bar, Report, number};
use crate::{Bench, check, disk, load, plain};

const EVENTS_PER_S_MIN: f64 = 30_000.0;
const SESSIONS_MIN: f64 = 100_000.0;
/// Events a second from which on a minute has [`SESSIONS_MIN`]: a shorter run may have fewer in proportion.
const FULL_SECONDS: f64 = 60.0;

pub(crate) async fn run(bench: &Bench, report: &mut Report) -> anyhow::Result<()> {
    let gosight = GoSight::start(bench, "end-to-end").await?;
    let project = gosight.project("bench").await?;
    let cpu_before = gosight.cpu()?;
    let order = load::Order {
        url: &gosight.url,
        key: &project.key,
        rate: 0,
        seconds: bench.seconds,
    };
    let load = load::send(&bench.program, order).await?;
    gosight.complete_to(&project, now_ms()).await?;
    let elapsed = load.started.elapsed();
    let (cpu, memory) = (gosight.cpu()?.since(cpu_before), gosight.memory_bytes()?);
    check::counts(&gosight, &project, &load.tally).await?;
    let data_dir = gosight.data_dir.clone();
    gosight.stop().await?;
    let folder = data_dir.join("log");
    let plain = tokio::task::spawn_blocking(move || plain::loops(&folder)).await??;
    ensure!(
        plain.events == load.tally.events,
        "the log has {} events, acknowledged were {}",
        plain.events,
        load.tally.events
    );

    let events = load.tally.events as f64;
    let per_s = events / elapsed.as_secs_f64();
    let micros = |cpu: Duration| cpu.as_secs_f64() * 1e6 / events;
    let all = cpu.gosight + cpu.engine + load.cpu;
    let name = "end_to_end";
    report
        .figure(name, "sent → acknowledged → queryable", per_s, "events/s")
        .must(Bar::AtLeast(EVENTS_PER_S_MIN))
        .beside(format!(
            "{:.3} of a loop with hash maps over the same log ({} events/s on one core)",
            per_s / plain.counted_per_s(),
            number(plain.counted_per_s())
        ));
    let share = (bench.seconds as f64 / FULL_SECONDS).min(1.0);
    report
        .figure(name, "sessions", load.tally.sessions as f64, "")
        .must(Bar::AtLeast(SESSIONS_MIN * share))
        .beside(format!(
            "{} events in {:.1} s; all sums agree with the API",
            number(events),
            elapsed.as_secs_f64()
        ));
    report
        .figure(name, "acknowledged", load.tally.events_per_s, "events/s")
        .beside(format!(
            "queryable {:.2} s after the last one; {} retries",
            elapsed.as_secs_f64() - load.tally.seconds,
            load.tally.retries
        ));
    report
        .figure(name, "acknowledgement p50", load.tally.ack_p50_ms, "ms")
        .beside(format!("p99 {:.1} ms", load.tally.ack_p99_ms));
    report
        .figure(name, "processor time per event, everything", micros(all), "µs")
        .beside(format!(
            "gosight {:.1}, engine {:.1}, load generator {:.1}; {:.2} cores busy",
            micros(cpu.gosight),
            micros(cpu.engine),
            micros(load.cpu),
            all.as_secs_f64() / elapsed.as_secs_f64()
        ));
    report
        .figure(
            "memory",
            "loaded: after the run, all processes",
            (memory.gosight + memory.engine) / MIB,
            "MiB",
        )
        .beside(format!(
            "gosight {:.0}, engine {:.0}",
            memory.gosight / MIB,
            memory.engine / MIB
        ));
    disk::report(&data_dir, events, plain.bytes as f64, report)
}

const MIB: f64 = 1024.0 * 1024.0;

impl Both<Duration> {
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            gosight: self.gosight.saturating_sub(before.gosight),
            engine: self.engine.saturating_sub(before.engine),
        }
    }
}
