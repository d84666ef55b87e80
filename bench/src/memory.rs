//! Memory of all processes when nothing happens.

use std::time::Duration;

use crate::Bench;
use crate::gosight::GoSight;
use crate::report::{Bar, Report};

const IDLE_AFTER: Duration = Duration::from_secs(20);
const IDLE_MIB_MAX: f64 = 512.0;
const MIB: f64 = 1024.0 * 1024.0;

pub(crate) async fn run(bench: &Bench, report: &mut Report) -> anyhow::Result<()> {
    let gosight = GoSight::start(bench, "memory").await?;
    tokio::time::sleep(IDLE_AFTER / 2).await;
    let before = gosight.cpu()?;
    tokio::time::sleep(IDLE_AFTER / 2).await;
    let (cpu, memory) = (gosight.cpu()?.since(before), gosight.memory_bytes()?);
    gosight.stop().await?;
    let all = (memory.gosight + memory.engine) / MIB;
    let percent = |cpu: Duration| cpu.as_secs_f64() / (IDLE_AFTER / 2).as_secs_f64() * 100.0;
    report
        .figure("memory", "idle: 20 s after the start, all processes", all, "MiB")
        .must(Bar::Below(IDLE_MIB_MAX))
        .beside(format!(
            "{:.2} of the engine alone: gosight {:.0}, engine {:.0}",
            all * MIB / memory.engine,
            memory.gosight / MIB,
            memory.engine / MIB
        ));
    report
        .figure(
            "memory",
            "idle: processor time, all processes",
            percent(cpu.gosight + cpu.engine),
            "% of a core",
        )
        .beside(format!(
            "gosight {:.1} %, engine {:.1} %",
            percent(cpu.gosight),
            percent(cpu.engine)
        ));
    Ok(())
}
