//! The load generator: `gosight loadgen` as a process of its own, on the same cores.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde::Deserialize;

use crate::process;

/// Requests in flight: an acknowledgement waits for the disk, so few senders would measure the disk's latency, not the server.
const CONNECTIONS: &str = "128";

/// What it says was acknowledged.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Tally {
    pub(crate) sessions: u64,
    pub(crate) events: u64,
    pub(crate) page_views: u64,
    pub(crate) clicks: u64,
    pub(crate) errors: u64,
    pub(crate) rejected: u64,
    pub(crate) retries: u64,
    pub(crate) seconds: f64,
    pub(crate) events_per_s: f64,
    pub(crate) ack_p50_ms: f64,
    pub(crate) ack_p99_ms: f64,
}

/// A load that has ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) tally: Tally,
    pub(crate) started: Instant,
    pub(crate) cpu: Duration,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Order<'a> {
    pub(crate) url: &'a str,
    pub(crate) key: &'a str,
    /// Events per second; 0 is as fast as they are acknowledged.
    pub(crate) rate: u64,
    pub(crate) seconds: u64,
}

/// Runs it to its end.
pub(crate) async fn send(program: &Path, order: Order<'_>) -> anyhow::Result<Load> {
    let cpu_before = process::ended_children_cpu()?;
    let started = Instant::now();
    let output = tokio::process::Command::new(program)
        .args(["loadgen", "--url", order.url, "--key", order.key])
        .args([
            "--rate",
            &order.rate.to_string(),
            "--seconds",
            &order.seconds.to_string(),
        ])
        .args(["--connections", CONNECTIONS])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .output()
        .await?;
    if !output.status.success() {
        bail!("the load generator ended with {}", output.status);
    }
    let text = String::from_utf8(output.stdout)?;
    let tally: Tally =
        serde_json::from_str(text.lines().last().unwrap_or_default()).context("the load generator's answer")?;
    if tally.rejected > 0 {
        bail!("{} of its events were rejected", tally.rejected);
    }
    Ok(Load {
        tally,
        started,
        cpu: process::ended_children_cpu()?.saturating_sub(cpu_before),
    })
}
