//! Log lines and metrics of the process.
//!
//! Logs go to stderr: for people on a terminal, one JSON object a line otherwise. `GOSIGHT_LOG` filters them (`info` by default;
//! e.g. `gosight_dataflow=debug`). Metrics are kept in process and read at `/metrics`.

use std::io::IsTerminal;
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use crate::cli::LogFormat;

/// Upper bounds in seconds: from a fast append to a request someone has given up on.
const LATENCY_BUCKETS_S: [f64; 14] = [
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// Histograms are folded and idle memory is given back this often.
const UPKEEP: Duration = Duration::from_secs(5);

pub(crate) fn init(format: LogFormat) {
    let filter = EnvFilter::try_from_env("GOSIGHT_LOG").unwrap_or_else(|_| EnvFilter::new("info,tower_http=warn"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let human = match format {
        LogFormat::Human => true,
        LogFormat::Json => false,
        LogFormat::Auto => std::io::stderr().is_terminal(),
    };
    if human {
        builder.with_target(false).compact().init();
    } else {
        builder.json().init();
    }
}

/// Installs the recorder behind `/metrics`; the metrics facade of every room ends here.
pub(crate) fn metrics() -> anyhow::Result<PrometheusHandle> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &LATENCY_BUCKETS_S)?
        .install_recorder()?;
    let upkeep = handle.clone();
    tokio::spawn(async move {
        let mut interval = tokio::time::interval(UPKEEP);
        loop {
            interval.tick().await;
            upkeep.run_upkeep();
        }
    });
    Ok(handle)
}

/// The last words of a command that failed: what went wrong, and what caused it, each once.
#[expect(
    clippy::print_stderr,
    reason = "the end of a command line program, logs may not be running"
)]
pub(crate) fn complain(error: &anyhow::Error) {
    let mut said = error.to_string();
    eprintln!("gosight: {said}");
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !said.contains(&cause) {
            eprintln!("  because: {cause}");
            said = cause;
        }
    }
}
