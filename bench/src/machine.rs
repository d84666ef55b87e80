//! On what the figures were measured.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::report::percentile;

/// What one synced append of a block of this size takes, and how many bytes a second that makes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sync {
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) bytes_per_s: f64,
}

/// Appends blocks to a file of its own and syncs after each.
pub(crate) fn syncs(folder: &Path, block_bytes: usize, lasting: Duration) -> anyhow::Result<Sync> {
    let path = folder.join("sync-probe");
    let mut file = File::create(&path)?;
    let block = vec![7_u8; block_bytes];
    let start = Instant::now();
    let mut took_ms = Vec::new();
    while start.elapsed() < lasting {
        let before = Instant::now();
        file.write_all(&block)?;
        file.sync_data()?;
        took_ms.push(before.elapsed().as_secs_f64() * 1_000.0);
    }
    let bytes_per_s = (took_ms.len() * block_bytes) as f64 / start.elapsed().as_secs_f64();
    std::fs::remove_file(&path)?;
    took_ms.sort_by(f64::total_cmp);
    Ok(Sync {
        p50_ms: percentile(&took_ms, 0.5),
        p99_ms: percentile(&took_ms, 0.99),
        bytes_per_s,
    })
}

/// Lines for people.
pub(crate) fn describe(folder: &Path) -> anyhow::Result<Vec<String>> {
    let sync = syncs(folder, 4 << 10, Duration::from_secs(1))?;
    let cores = std::thread::available_parallelism()?;
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    Ok(vec![
        format!(
            "machine: {}, {cores} cores, {} memory",
            field("/proc/cpuinfo", "model name"),
            field("/proc/meminfo", "MemTotal")
        ),
        format!(
            "disk:    fdatasync of 4 KiB p50 {:.2} ms, p99 {:.2} ms",
            sync.p50_ms, sync.p99_ms
        ),
        format!(
            "load:    {} (average of 1, 5, 15 minutes, these benchmarks included)",
            load.split(' ').take(3).collect::<Vec<_>>().join(" ")
        ),
        format!(
            "commit:  {}, {} UTC",
            commit(),
            chrono::Utc::now().format("%Y-%m-%d %H:%M")
        ),
    ])
}

fn field(file: &str, name: &str) -> String {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let value = text
        .lines()
        .find(|line| line.starts_with(name))
        .and_then(|line| line.split_once(':'));
    value.map_or_else(|| "unknown".to_owned(), |(_, value)| value.trim().to_owned())
}

fn commit() -> String {
    let git = |args: &[&str]| {
        let answer = Command::new("git")
            .args(args)
            .output()
            .ok()
            .filter(|answer| answer.status.success())?;
        Some(String::from_utf8_lossy(&answer.stdout).trim().to_owned())
    };
    let changed = git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|changes| !changes.is_empty());
    let commit = git(&["rev-parse", "--short", "HEAD"]).unwrap_or_else(|| "unknown".to_owned());
    if changed {
        format!("{commit} with changes")
    } else {
        commit
    }
}
