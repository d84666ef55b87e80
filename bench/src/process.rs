//! Processor time and memory of processes, as the kernel tells them.

use std::time::Duration;

use anyhow::Context;

/// The kernel counts processor time in hundredths of a second, on every Linux there is.
const TICKS_PER_S: f64 = 100.0;

/// Processor time of this process, all its threads.
pub(crate) fn own_cpu() -> anyhow::Result<Duration> {
    let stat = stat("self")?;
    Ok(seconds(stat[0] + stat[1]))
}

/// Processor time of this process's children that have ended and were waited for.
pub(crate) fn ended_children_cpu() -> anyhow::Result<Duration> {
    let stat = stat("self")?;
    Ok(seconds(stat[2] + stat[3]))
}

pub(crate) fn cpu(pid: u32) -> anyhow::Result<Duration> {
    let stat = stat(&pid.to_string())?;
    Ok(seconds(stat[0] + stat[1]))
}

/// User and system time, own and of ended children, in the kernel's ticks.
fn stat(process: &str) -> anyhow::Result<[f64; 4]> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let (_, fields) = text.rsplit_once(')').context("/proc/…/stat has no name")?;
    let numbers: Vec<f64> = fields
        .split_whitespace()
        .skip(11)
        .take(4)
        .filter_map(|field| field.parse().ok())
        .collect();
    numbers.try_into().ok().context("/proc/…/stat is too short")
}

fn seconds(ticks: f64) -> Duration {
    Duration::from_secs_f64(ticks / TICKS_PER_S)
}

/// Resident bytes.
pub(crate) fn memory_bytes(pid: u32) -> anyhow::Result<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .context("a process without memory")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").trim().parse()?;
    Ok(kib * 1024.0)
}

pub(crate) fn children(pid: u32) -> anyhow::Result<Vec<u32>> {
    let mut children = Vec::new();
    for task in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        let text = std::fs::read_to_string(task?.path().join("children")).unwrap_or_default();
        children.extend(text.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
    }
    Ok(children)
}
