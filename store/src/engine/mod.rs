//! The embedded ClickHouse: a child process of our own binary, supervised.
//!
//! The engine is a library (`libchdb.so`) with ClickHouse's own HTTP server in it. It is never loaded into this process: the binary runs itself
//! again with a hidden subcommand, and [`child_main`] there loads the library and becomes the engine. [`Engine::start`] is the parent's side: it
//! writes the configuration, starts the child, waits until it answers, and starts it again when it dies, with growing pauses.
//!
//! The child lives as long as its standard input is open. So it stops when [`Engine::stop`] closes it, and it stops as well when the
//! parent is killed. What it was told and acknowledged survives either death.
//!
//! Everything else speaks to the engine over HTTP, exactly as to a server of its own: see [`Server`].

mod child;
mod config;
mod error;
mod library;
mod lock;
mod server;
mod supervisor;

pub use child::child_main;
pub use error::EngineError;
pub use library::{LIBRARY_FILE, LIBRARY_SETTING, check_platform, find_library};
pub use server::{Server, ServerError};
pub use supervisor::{Engine, EngineState};

use std::path::PathBuf;
use std::time::Duration;

/// How to run an engine.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// The engine's own folder; made when missing.
    pub data_dir: PathBuf,
    /// `libchdb.so`: see [`find_library`].
    pub library_path: PathBuf,
    /// What the engine may use in all, in bytes.
    pub memory_max_bytes: u64,
    /// The program that calls [`child_main`], and what it must be given before the engine's own arguments.
    pub program: PathBuf,
    pub program_args: Vec<String>,
    /// How long to wait for another process to let go of the folder: an orphaned engine needs a moment to notice.
    pub lock_wait: Duration,
}

impl EngineConfig {
    /// The default memory bound: room for merges and the dashboard's queries on a small machine.
    pub const MEMORY_MAX_BYTES: u64 = 1_200_000_000;

    /// The default for [`lock_wait`](Self::lock_wait).
    pub const LOCK_WAIT: Duration = Duration::from_secs(20);

    /// An engine that is this very binary with the subcommand `engine`.
    pub fn of_this_binary(data_dir: PathBuf, library_path: PathBuf) -> Result<Self, EngineError> {
        let program = std::env::current_exe().map_err(|error| EngineError::Spawn(error.to_string()))?;
        Ok(Self {
            data_dir,
            library_path,
            memory_max_bytes: Self::MEMORY_MAX_BYTES,
            program,
            program_args: vec!["engine".to_owned()],
            lock_wait: Self::LOCK_WAIT,
        })
    }
}
