//! What GoSight does on this machine, beside what the machine could do.
//!
//! Every benchmark checks its counts before it gives a figure, and gives with the figure a ratio to something plainer that was
//! measured in the same run: the bare disk, a loop that only decodes, a loop with hash maps. Processor time stands beside
//! wall time, because a machine is seldom one's own.
//!
//! `make bench` runs all of them, `make bench BENCH=dataflow` one. Start reading at [`end_to_end`]; `README.md` says what each
//! figure means.

mod check;
mod dataflow;
mod disk;
mod door;
mod end_to_end;
mod freshness;
mod gosight;
mod ingest;
mod load;
mod machine;
mod memory;
mod plain;
mod process;
mod report;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use report::Report;

/// In the order they run; each leaves to the next what that can use.
const BENCHMARKS: [&str; 5] = ["memory", "ingest", "dataflow", "freshness", "end_to_end"];

/// How long `end_to_end` sends, in seconds; `GOSIGHT_BENCH_SECONDS` says otherwise.
const SECONDS: u64 = 60;

/// What the benchmarks share.
struct Bench {
    /// The release binary, beside this one.
    program: PathBuf,
    seconds: u64,
    /// Holds every data folder; on the disk of the build, because a folder in memory syncs nothing.
    folder: tempfile::TempDir,
    /// A log that the front door has filled, once `ingest` has run.
    log: Option<ingest::Filled>,
}

/// The product's: what runs in this process is to run as it does there.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let chosen: Vec<String> = std::env::args().skip(1).collect();
    match run(&chosen) {
        Ok(report) => {
            report.print();
            if report.all_bars_met() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(error) => {
            report::complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(chosen: &[String]) -> anyhow::Result<Report> {
    if let Some(unknown) = chosen.iter().find(|name| !BENCHMARKS.contains(&name.as_str())) {
        bail!("there is no benchmark {unknown}; there are: {}", BENCHMARKS.join(", "));
    }
    let mut bench = Bench::new()?;
    let mut report = Report::default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    for name in BENCHMARKS {
        if chosen.is_empty() || chosen.iter().any(|one| one == name) {
            report::progress(&format!("{name} …"));
            bench
                .one(name, &runtime, &mut report)
                .with_context(|| format!("{name} gives no figure"))?;
        }
    }
    report.machine = machine::describe(bench.folder.path())?;
    Ok(report)
}

impl Bench {
    fn new() -> anyhow::Result<Self> {
        let here = std::env::current_exe()?;
        let program = here.with_file_name("gosight");
        if !program.is_file() {
            bail!("{} is missing; build it with `make build`", program.display());
        }
        let beside = here.parent().context("this binary is in no folder")?;
        let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(beside)?;
        let seconds = match std::env::var("GOSIGHT_BENCH_SECONDS") {
            Ok(text) => text.parse().context("GOSIGHT_BENCH_SECONDS is no whole number")?,
            Err(_) => SECONDS,
        };
        Ok(Self {
            program,
            seconds,
            folder,
            log: None,
        })
    }

    fn one(&mut self, name: &str, runtime: &tokio::runtime::Runtime, report: &mut Report) -> anyhow::Result<()> {
        match name {
            "memory" => runtime.block_on(memory::run(self, report)),
            "ingest" => runtime.block_on(ingest::run(self, report)),
            "dataflow" => {
                if self.log.is_none() {
                    self.log = Some(runtime.block_on(ingest::fill(self))?);
                }
                dataflow::run(self, report)
            }
            "freshness" => runtime.block_on(freshness::run(self, report)),
            _ => runtime.block_on(end_to_end::run(self, report)),
        }
    }
}
