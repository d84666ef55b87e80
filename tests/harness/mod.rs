//! A GoSight of one's own for a test: the real binary, a free port, an empty folder, and the few calls every journey makes.
//!
//! [`GoSight`] is the process, [`deaths`] how it ends, [`Door`] what a client sees of it, [`traffic`] makes visitors up, [`views`] reads
//! everything the API shows and compares it with the oracle.
#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test prints its figures, and the output of what failed"
)]

pub(crate) mod deaths;
pub(crate) mod totals;
pub(crate) mod traffic;
pub(crate) mod views;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use gosight_proto::v1::{EventBatch, SendAnswer};
use prost::Message;
use rand::Rng;
use reqwest::StatusCode;
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const EMAIL: &str = "owner@example.com";
pub(crate) const PASSWORD: &str = "correct horse battery";
pub(crate) const PROJECT: &str = "store";
pub(crate) const KEY: &str = "journey-tests-0123456789";

/// A cold start on a busy machine: engine, migrations, bootstrap.
const START_MAX: Duration = Duration::from_secs(90);
/// What a journey waits for until it calls the thing broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);
/// How often a journey looks again.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// An installation: its folder outlives its processes.
pub(crate) struct GoSight {
    pub(crate) door: Door,
    pub(crate) folder: TempDir,
    port: u16,
    child: Option<Child>,
}

/// The address of an installation, running or not.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) url: String,
    pub(crate) client: reqwest::Client,
}

impl GoSight {
    /// Starts `gosight up` on an empty folder and waits until it is ready.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub(crate) async fn start_with(env: &[(&str, &str)]) -> Self {
        let mut gosight = Self::prepare();
        gosight.launch(env);
        gosight.ready().await;
        gosight
    }

    /// A folder and a port, nothing running yet.
    pub(crate) fn prepare() -> Self {
        require_engine();
        let port = free_port();
        let url = format!("http://127.0.0.1:{port}");
        Self {
            door: Door {
                url,
                client: reqwest::Client::new(),
            },
            folder: tempfile::tempdir().unwrap(),
            port,
            child: None,
        }
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The command as a person would type it; output goes to a file that a failing test prints.
    fn command(&self, env: &[(&str, &str)]) -> Command {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.log_file())
            .unwrap();
        let mut command = binary();
        command
            .arg("up")
            .arg("--data-dir")
            .arg(self.data_dir())
            .args(["--listen", &self.address()])
            .env("GOSIGHT_ADMIN_EMAIL", EMAIL)
            .env("GOSIGHT_ADMIN_PASSWORD", PASSWORD)
            .env("GOSIGHT_PROJECT", PROJECT)
            .env("GOSIGHT_PROJECT_KEY", KEY)
            .envs(env.iter().copied())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        command
    }

    pub(crate) fn launch(&mut self, env: &[(&str, &str)]) {
        assert!(self.child.is_none(), "it runs already");
        self.child = Some(self.command(env).spawn().unwrap());
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("output.log")
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// The engine's process; none while it is being started.
    pub(crate) fn engine_pid(&self) -> Option<u32> {
        children_of(self.pid()).first().copied()
    }

    /// Waits for an engine's process other than `before`.
    pub(crate) async fn another_engine(&self, before: u32) -> u32 {
        let end = Instant::now() + START_MAX;
        loop {
            if let Some(pid) = self.engine_pid().filter(|pid| *pid != before) {
                return pid;
            }
            assert!(
                Instant::now() < end,
                "the engine was not started again:\n{}",
                self.log()
            );
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Waits until it is ready; how long that took.
    pub(crate) async fn ready(&mut self) -> Duration {
        let began = Instant::now();
        loop {
            if self.door.is_ready().await {
                return began.elapsed();
            }
            if let Some(status) = self.child.as_mut().unwrap().try_wait().unwrap() {
                panic!("gosight ended with {status} before it was ready:\n{}", self.log());
            }
            assert!(
                began.elapsed() < START_MAX,
                "gosight was not ready in time:\n{}",
                self.log()
            );
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Waits for the process to end by itself; none: it still runs after `patience`.
    pub(crate) async fn ended_within(&mut self, patience: Duration) -> Option<ExitStatus> {
        let end = Instant::now() + patience;
        loop {
            if let Some(status) = self.child.as_mut().unwrap().try_wait().unwrap() {
                self.child = None;
                return Some(status);
            }
            if Instant::now() >= end {
                return None;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// `kill -9`, and the wait for it to be gone.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// SIGTERM, and the wait for the end: the exit code.
    pub(crate) async fn stop(&mut self) -> Option<i32> {
        signal(self.pid(), "TERM");
        let status = self.ended_within(PATIENCE).await;
        status
            .unwrap_or_else(|| panic!("gosight did not stop in time:\n{}", self.log()))
            .code()
    }
}

impl Drop for GoSight {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- output of gosight ---\n{}", self.log());
        }
        self.kill();
    }
}

impl Door {
    pub(crate) async fn is_ready(&self) -> bool {
        let answer = self.client.get(format!("{}/ready", self.url)).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    pub(crate) async fn login(&self) -> String {
        let body = serde_json::json!({ "email": EMAIL, "password": PASSWORD });
        let answer = self
            .client
            .post(format!("{}/api/v1/auth/login", self.url))
            .json(&body)
            .send()
            .await
            .unwrap();
        let body: Value = answer.json().await.unwrap();
        body["data"]["access_token"]
            .as_str()
            .unwrap_or_else(|| panic!("no token in {body}"))
            .to_owned()
    }

    /// GET `/api/v1{path}`; the body as it came. Who asks too often is asked to wait, and does.
    pub(crate) async fn get_text(&self, token: &str, path: &str) -> String {
        loop {
            let answer = self
                .client
                .get(format!("{}/api/v1{path}", self.url))
                .bearer_auth(token)
                .send()
                .await
                .unwrap();
            let status = answer.status();
            if status == StatusCode::TOO_MANY_REQUESTS {
                let wait_s = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
                tokio::time::sleep(Duration::from_secs(wait_s)).await;
                continue;
            }
            let text = answer.text().await.unwrap();
            assert!(status.is_success(), "GET {path} answered {status}: {text}");
            return text;
        }
    }

    /// GET `/api/v1/projects/store{path}`; the whole answer.
    pub(crate) async fn get(&self, token: &str, path: &str) -> Value {
        serde_json::from_str(&self.get_text(token, &format!("/projects/{PROJECT}{path}")).await).unwrap()
    }

    /// Sends a batch as protobuf; panics unless it is acknowledged.
    pub(crate) async fn send(&self, batch: &EventBatch) -> SendAnswer {
        self.try_send(batch).await.unwrap_or_else(|error| panic!("{error}"))
    }

    pub(crate) async fn try_send(&self, batch: &EventBatch) -> Result<SendAnswer, String> {
        let request = self
            .client
            .post(format!("{}/v1/events", self.url))
            .header("content-type", "application/x-protobuf");
        let answer = request
            .body(batch.encode_to_vec())
            .send()
            .await
            .map_err(|error| error.to_string())?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(|error| error.to_string())?;
        if !status.is_success() {
            return Err(format!("{status}: {}", String::from_utf8_lossy(&body)));
        }
        SendAnswer::decode(body).map_err(|error| error.to_string())
    }

    /// Waits until everything accepted before `ms` is in every view, and every tick up to it is done.
    pub(crate) async fn complete_to(&self, token: &str, ms: i64) {
        let end = Instant::now() + PATIENCE;
        loop {
            let page = self.get(token, "/sessions?per_page=1").await;
            let complete_to = page["meta"]["complete_to"].as_str().unwrap_or_default();
            if parse_ms(complete_to) > ms {
                return;
            }
            assert!(
                Instant::now() < end,
                "complete_to stayed at {complete_to}, {} ms short",
                ms - parse_ms(complete_to)
            );
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    pub(crate) async fn metrics(&self) -> String {
        self.client
            .get(format!("{}/metrics", self.url))
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    }
}

/// The binary under test, with nothing of this shell's GoSight in its environment.
pub(crate) fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gosight"));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("GOSIGHT_") || text == "CLICKHOUSE_URL" || text == "FAILPOINTS" {
            command.env_remove(&name);
        }
    }
    command
}

/// Where the binary finds its engine.
pub(crate) fn engine_library() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_gosight")).with_file_name("libchdb.so")
}

/// Without its engine nothing here can be tested: that is a failure, never a reason to skip.
fn require_engine() {
    let library = engine_library();
    assert!(
        library.is_file(),
        "the engine's library is not at {}: run `make build` first",
        library.display()
    );
}

/// A port below the range that outgoing connections get theirs from, so that nobody takes it while GoSight is down.
pub(crate) fn free_port() -> u16 {
    let mut rng = rand::rng();
    std::iter::repeat_with(|| rng.random_range(20_000..32_000))
        .take(1000)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port")
}

pub(crate) fn now_ms() -> i64 {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

/// Milliseconds of an ISO 8601 time; 0 when it is none.
pub(crate) fn parse_ms(text: &str) -> i64 {
    chrono::DateTime::parse_from_rfc3339(text).map_or(0, |time| time.timestamp_millis())
}

/// The process must be there.
pub(crate) fn signal(pid: u32, name: &str) {
    let status = Command::new("kill")
        .arg(format!("-{name}"))
        .arg(pid.to_string())
        .status()
        .unwrap();
    assert!(status.success(), "kill -{name} {pid}");
}

pub(crate) fn is_alive(pid: u32) -> bool {
    // A zombie has ended; only its parent has not looked yet.
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ")
        .next()
        .is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
}

/// The processes that any thread of `pid` started.
pub(crate) fn children_of(pid: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task"))
        .into_iter()
        .flatten()
        .flatten();
    let lists = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    lists
        .flat_map(|list| {
            list.split_whitespace()
                .map(|pid| pid.parse().unwrap())
                .collect::<Vec<_>>()
        })
        .collect()
}

/// A line of `/proc/PID/status` in MiB: `VmRSS` is what it holds, `VmHWM` the most it ever held.
pub(crate) fn memory_mib(pid: u32, line: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let kib = status
        .lines()
        .find_map(|text| text.strip_prefix(line)?.strip_prefix(':'));
    kib.unwrap().trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}
