//! The parent's side: one task that owns the child.

use super::child::ChildArgs;
use super::config::{self, Folders};
use super::server::DATABASE;
use super::{EngineConfig, EngineError, Server, check_platform, lock};
use rand::distr::{Alphanumeric, SampleString};
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

/// A start that takes longer than this has failed (warm 0.5 s, cold 1.3 s, after a crash with much to check a few more).
const START_MAX: Duration = Duration::from_secs(60);
/// How long the engine may take to stop before it is killed; its own watchdog ends it a little earlier.
const STOP_MAX: Duration = Duration::from_secs(5);
const PING_EVERY: Duration = Duration::from_millis(20);
const PING_MAX: Duration = Duration::from_secs(2);
const RESTART_PAUSE_MIN: Duration = Duration::from_millis(100);
const RESTART_PAUSE_MAX: Duration = Duration::from_secs(10);
/// An engine that lived this long died of something new: pauses begin small again.
const STABLE_AFTER: Duration = Duration::from_secs(60);
/// How much of the log an error shows.
const LOG_TAIL_BYTES: usize = 800;
const PASSWORD_LENGTH: usize = 40;

const RESTARTS: &str = "gosight_engine_restarts_total";

/// What the engine is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineState {
    /// It answers; its process id.
    Ready {
        pid: u32,
    },
    /// It died and is being started again.
    Restarting,
    Stopped,
}

/// A running engine. Dropping it stops it too, without waiting.
#[derive(Debug)]
pub struct Engine {
    server: watch::Receiver<Server>,
    state: watch::Receiver<EngineState>,
    /// Dropped, it stops the engine.
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Engine {
    /// Starts the engine and returns when it answers.
    ///
    /// # Errors
    /// The machine cannot run it, the folder is used by someone else or cannot be written, or it does not come up.
    pub async fn start(config: EngineConfig) -> Result<Self, EngineError> {
        metrics::describe_counter!(RESTARTS, "Times the engine was started again after it had died");
        metrics::counter!(RESTARTS).increment(0);
        check_platform()?;
        if !config.library_path.is_file() {
            return Err(EngineError::LibraryMissing {
                looked: config.library_path.display().to_string(),
            });
        }
        let folders = Folders::create(&config.data_dir)?;
        let owner = lock::take(&config.data_dir, &folders.data, config.lock_wait).await?;
        let password = Alphanumeric.sample_string(&mut rand::rng(), PASSWORD_LENGTH);
        config::write(&folders, &password, config.memory_max_bytes)?;

        let port = free_port()?;
        let launcher = Launcher {
            config,
            folders,
            _owner: owner,
        };
        let running = launcher.launch(port).await?;
        let server = Server {
            url: url(port),
            user: config::USER.to_owned(),
            password,
            database: DATABASE.to_owned(),
        };
        let (server_sender, server) = watch::channel(server);
        let (state_sender, state) = watch::channel(EngineState::Ready { pid: running.pid() });
        let (stop, stopped) = oneshot::channel();
        let supervisor = Supervisor {
            launcher,
            port,
            server: server_sender,
            state: state_sender,
        };
        let task = tokio::spawn(supervisor.run(running, stopped));
        Ok(Self {
            server,
            state,
            stop,
            task,
        })
    }

    /// Where it listens. A restart keeps the address unless somebody else has taken the port meanwhile; this follows it.
    pub fn server(&self) -> watch::Receiver<Server> {
        self.server.clone()
    }

    /// What it is doing; follows deaths and restarts.
    pub fn state(&self) -> watch::Receiver<EngineState> {
        self.state.clone()
    }

    /// Stops it and returns when its process is gone: in well under a second when idle, at most [`STOP_MAX`].
    pub async fn stop(self) {
        drop(self.stop);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the engine's supervisor failed");
        }
    }
}

struct Launcher {
    config: EngineConfig,
    folders: Folders,
    /// Held for its lock.
    _owner: File,
}

impl Launcher {
    /// Starts a child and waits until it answers.
    async fn launch(&self, port: u16) -> Result<Running, EngineError> {
        let mut running = self.spawn(port)?;
        let ready = timeout(START_MAX, answers(port));
        let failure = tokio::select! {
            exit = running.child.wait() => match exit {
                Ok(status) => format!("its process ended ({status})"),
                Err(error) => error.to_string(),
            },
            ready = ready => match ready {
                Ok(()) => return Ok(running),
                Err(_) => format!("no answer within {} s", START_MAX.as_secs()),
            },
        };
        if let Err(error) = running.child.kill().await {
            tracing::warn!(%error, "the engine that did not start could not be killed");
        }
        Err(EngineError::Start(format!("{failure}. {}", self.last_words())))
    }

    fn spawn(&self, port: u16) -> Result<Running, EngineError> {
        let Self { config, folders, .. } = self;
        let failed = |error: std::io::Error| EngineError::Spawn(format!("{}: {error}", config.program.display()));
        let output = File::create(folders.output_file()).map_err(failed)?;
        let args = ChildArgs {
            library: &config.library_path.to_string_lossy(),
            run_dir: &folders.run.to_string_lossy(),
            data_path: &folders.data.to_string_lossy(),
            port,
        };
        let mut command = std::process::Command::new(&config.program);
        command
            .args(&config.program_args)
            .args(args.to_vec())
            .env("TZ", "UTC")
            .stdin(Stdio::piped())
            .stdout(output.try_clone().map_err(failed)?)
            .stderr(output)
            // Of its own: a signal to the terminal's group is for the parent to act on.
            .process_group(0);
        let mut child = Command::from(command).spawn().map_err(failed)?;
        Ok(Running {
            stdin: child.stdin.take(),
            child,
        })
    }

    /// The end of what the engine wrote, for the error message.
    fn last_words(&self) -> String {
        let paths = [self.folders.output_file(), self.folders.log_file()];
        let tails = paths.iter().filter_map(|path| {
            let bytes = std::fs::read(path).ok()?;
            let tail = &bytes[bytes.len().saturating_sub(LOG_TAIL_BYTES)..];
            let text = String::from_utf8_lossy(tail).trim().to_owned();
            (!text.is_empty()).then(|| format!("{} says: {text}", path.display()))
        });
        tails.collect::<Vec<_>>().join("; ")
    }
}

/// A child, and the pipe that keeps it alive: apart, since waiting for a child closes the pipe it still has.
struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
}

impl Running {
    fn pid(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    async fn stop(self) {
        let Self { mut child, stdin } = self;
        drop(stdin);
        match timeout(STOP_MAX, child.wait()).await {
            Ok(Ok(_)) => return,
            Ok(Err(error)) => tracing::warn!(%error, "waiting for the engine failed"),
            Err(_) => tracing::warn!("the engine did not stop in time and is killed; nothing acknowledged is lost"),
        }
        if let Err(error) = child.kill().await {
            tracing::error!(%error, "the engine could not be killed");
        }
    }
}

struct Supervisor {
    launcher: Launcher,
    port: u16,
    server: watch::Sender<Server>,
    state: watch::Sender<EngineState>,
}

impl Supervisor {
    async fn run(mut self, mut running: Running, mut stop: oneshot::Receiver<()>) {
        let mut pause = RESTART_PAUSE_MIN;
        loop {
            let started = Instant::now();
            tokio::select! {
                // Dropping the `Engine` is what stops it.
                _ = &mut stop => break,
                exit = running.child.wait() => tracing::error!(?exit, "the ClickHouse engine died; starting it again"),
            }
            self.state.send_replace(EngineState::Restarting);
            if started.elapsed() > STABLE_AFTER {
                pause = RESTART_PAUSE_MIN;
            }
            let restarted = tokio::select! {
                _ = &mut stop => None,
                running = self.restart(&mut pause) => Some(running),
            };
            match restarted {
                Some(next) => running = next,
                None => {
                    self.state.send_replace(EngineState::Stopped);
                    return;
                }
            }
        }
        running.stop().await;
        self.state.send_replace(EngineState::Stopped);
    }

    async fn restart(&mut self, pause: &mut Duration) -> Running {
        loop {
            sleep(*pause).await;
            *pause = (*pause * 2).min(RESTART_PAUSE_MAX);
            metrics::counter!(RESTARTS).increment(1);
            match self.launch_again().await {
                Ok(running) => {
                    self.state.send_replace(EngineState::Ready { pid: running.pid() });
                    return running;
                }
                Err(error) => tracing::error!(%error, "the ClickHouse engine could not be started again"),
            }
        }
    }

    async fn launch_again(&mut self) -> Result<Running, EngineError> {
        if TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            self.port = free_port()?;
        }
        let running = self.launcher.launch(self.port).await?;
        let url = url(self.port);
        self.server.send_if_modified(|server| {
            let moved = server.url != url;
            server.url = url;
            moved
        });
        Ok(running)
    }
}

fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

fn free_port() -> Result<u16, EngineError> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| EngineError::Start(error.to_string()))?;
    listener
        .local_addr()
        .map(|address| address.port())
        .map_err(|error| EngineError::Start(error.to_string()))
}

/// Returns when `/ping` is answered.
async fn answers(port: u16) {
    while !matches!(timeout(PING_MAX, ping(port)).await, Ok(Ok(true))) {
        sleep(PING_EVERY).await;
    }
}

async fn ping(port: u16) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    stream.write_all(b"GET /ping HTTP/1.0\r\n\r\n").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.starts_with("HTTP/1.0 200") || answer.starts_with("HTTP/1.1 200"))
}
