//! A GoSight of one's own for a test: the real binary, a free port, an empty folder, and the few calls every journey makes.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use gosight_proto::v1::{EventBatch, SendAnswer};
use prost::Message;
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const EMAIL: &str = "owner@example.com";
pub(crate) const PASSWORD: &str = "correct horse battery";
pub(crate) const PROJECT: &str = "shop";
pub(crate) const KEY: &str = "journey-tests-0123456789";

/// A cold start on a busy machine: engine, migrations, bootstrap.
const START_MAX: Duration = Duration::from_secs(60);
/// What a journey waits for until it calls the thing broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct GoSight {
    pub(crate) url: String,
    pub(crate) folder: TempDir,
    port: u16,
    child: Option<Child>,
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
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self {
            url: format!("http://127.0.0.1:{port}"),
            folder: tempfile::tempdir().unwrap(),
            port,
            child: None,
            client: reqwest::Client::new(),
        }
    }

    pub(crate) fn data_dir(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    /// The command as a person would type it; output goes to a file that a failing test prints.
    pub(crate) fn command(&self, env: &[(&str, &str)]) -> Command {
        let log = std::fs::File::options().create(true).append(true).open(self.log_file()).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_gosight"));
        command
            .arg("up")
            .arg("--data-dir")
            .arg(self.data_dir())
            .args(["--listen", &format!("127.0.0.1:{}", self.port)])
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
        self.child = Some(self.command(env).spawn().unwrap());
    }

    fn log_file(&self) -> std::path::PathBuf {
        self.folder.path().join("output.log")
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    pub(crate) async fn ready(&mut self) {
        let end = Instant::now() + START_MAX;
        loop {
            let answer = self.client.get(format!("{}/ready", self.url)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            if let Some(status) = self.child.as_mut().unwrap().try_wait().unwrap() {
                panic!("gosight ended with {status} before it was ready:\n{}", self.log());
            }
            assert!(Instant::now() < end, "gosight was not ready in time:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Whether the process has ended; an aborted one is reaped.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.as_mut().is_none_or(|child| child.try_wait().unwrap().is_some())
    }

    /// `kill -9`, and the wait for it to be gone.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// SIGTERM; the exit code is returned.
    pub(crate) fn stop(&mut self) -> i32 {
        let mut child = self.child.take().unwrap();
        signal(child.id(), "TERM");
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            assert!(Instant::now() < end, "gosight did not stop in time:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) async fn login(&self) -> String {
        let body = serde_json::json!({ "email": EMAIL, "password": PASSWORD });
        let answer = self.client.post(format!("{}/api/v1/auth/login", self.url)).json(&body).send().await.unwrap();
        let body: Value = answer.json().await.unwrap();
        body["data"]["access_token"].as_str().unwrap_or_else(|| panic!("no token in {body}")).to_owned()
    }

    /// GET `/api/v1{path}`; the whole body.
    pub(crate) async fn get(&self, token: &str, path: &str) -> Value {
        let answer = self.client.get(format!("{}/api/v1{path}", self.url)).bearer_auth(token).send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "GET {path} answered {status}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Sends a batch as protobuf; panics unless it is acknowledged.
    pub(crate) async fn send(&self, batch: &EventBatch) -> SendAnswer {
        self.try_send(batch).await.unwrap_or_else(|error| panic!("{error}\n{}", self.log()))
    }

    pub(crate) async fn try_send(&self, batch: &EventBatch) -> Result<SendAnswer, String> {
        let request = self.client.post(format!("{}/v1/events", self.url)).header("content-type", "application/x-protobuf");
        let answer = request.body(batch.encode_to_vec()).send().await.map_err(|error| error.to_string())?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(|error| error.to_string())?;
        if !status.is_success() {
            return Err(format!("{status}: {}", String::from_utf8_lossy(&body)));
        }
        SendAnswer::decode(body).map_err(|error| error.to_string())
    }

    /// Waits until everything accepted before `ms` is in every view.
    pub(crate) async fn complete_to(&self, token: &str, ms: i64) {
        let end = Instant::now() + PATIENCE;
        loop {
            let overview = self.get(token, &format!("/projects/{PROJECT}/overview")).await;
            let complete_to = overview["meta"]["complete_to"].as_str().unwrap_or_default().to_owned();
            if parse_ms(&complete_to) > ms {
                return;
            }
            assert!(Instant::now() < end, "complete_to stayed at {complete_to}:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
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

pub(crate) fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

/// Milliseconds of an ISO 8601 time; 0 when it is none.
pub(crate) fn parse_ms(text: &str) -> i64 {
    chrono::DateTime::parse_from_rfc3339(text).map_or(0, |time| time.timestamp_millis())
}

pub(crate) fn signal(pid: u32, name: &str) {
    let status = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status().unwrap();
    assert!(status.success(), "kill -{name} {pid}");
}

/// The processes whose parent is `pid`.
pub(crate) fn children_of(pid: u32) -> Vec<u32> {
    let list = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("task").join(pid.to_string()).join("children"));
    list.unwrap_or_default().split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}
