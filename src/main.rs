//! `gosight`: one binary for the whole road from a browser's event to the row on the screen.
//!
//! This room wires the others together and holds no logic of its own: [`cli`] says what can be asked for, [`settings`]
//! layers flags over environment over a TOML file, [`up`] starts the parts in order and stops them in reverse,
//! [`serve`] is the one listener, [`demo`] adds a shop and simulated visitors, [`loadgen`] speaks the wire protocol at
//! full speed, [`doctor`] checks what a machine needs. Start reading at [`up`].

mod cli;
mod demo;
mod doctor;
mod journey;
mod loadgen;
mod serve;
mod settings;
mod telemetry;
mod up;

use std::process::ExitCode;

use cli::{Cli, Command};

/// Rows are made on the workers and freed by the committer: an allocator that takes that without locks and gives memory back.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let cli = match settings::parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            telemetry::complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    // The engine's child must load its library before any thread of ours exists.
    if let Command::Engine(engine) = cli.command {
        return Ok(gosight_store::engine::child_main(&engine.arguments)?);
    }
    telemetry::init(cli.log_format);
    // Fail points act only when FAILPOINTS names one: the crash tests' way to die at a chosen instant.
    let _fail_points = fail::FailScenario::setup();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match cli.command {
            Command::Up(up) => up::run(up).await,
            Command::Demo(demo) => demo::run(demo).await,
            Command::Loadgen(load) => loadgen::run(load).await,
            Command::Doctor(doctor) => doctor::run(doctor).await,
            Command::Engine(_) => unreachable!("handled before the runtime starts"),
        }
    })
}
