//! The release binary as a child, with default options, and the calls that every benchmark makes.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use chrono::{DateTime, Timelike, Utc};
use serde_json::{Value, json};

use crate::{Bench, process};

const EMAIL: &str = "owner@example.com";
const PASSWORD: &str = "correct horse battery";
/// As much as a key may ask for: the key's limit is not what is measured.
const RATE_EVENTS_PER_S_MAX: u32 = 1_000_000;
const START_MAX: Duration = Duration::from_secs(60);
const STOP_MAX: Duration = Duration::from_secs(60);
/// What is sent is in the views by then, or something is broken.
const COMPLETE_MAX: Duration = Duration::from_secs(120);
const POLL_EVERY: Duration = Duration::from_millis(50);

pub(crate) struct GoSight {
    pub(crate) url: String,
    pub(crate) data_dir: PathBuf,
    output: PathBuf,
    child: Child,
    client: reqwest::Client,
    token: String,
}

/// A project and the key to send to it.
#[derive(Clone, Debug)]
pub(crate) struct Project {
    pub(crate) id: String,
    pub(crate) key: String,
}

/// Of GoSight and of its engine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Both<T> {
    pub(crate) gosight: T,
    pub(crate) engine: T,
}

impl GoSight {
    /// Starts on a folder of its own, which must be new, and signs in.
    pub(crate) async fn start(bench: &Bench, name: &str) -> anyhow::Result<Self> {
        let (data_dir, output) = (
            bench.folder.path().join(name),
            bench.folder.path().join(format!("{name}.log")),
        );
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut gosight = Self {
            url: format!("http://{address}"),
            child: launch(&bench.program, &data_dir, &address.to_string(), &output)?,
            data_dir,
            output,
            client: reqwest::Client::new(),
            token: String::new(),
        };
        gosight.ready().await?;
        let answer = gosight
            .post("/auth/login", &json!({ "email": EMAIL, "password": PASSWORD }))
            .await?;
        gosight.token = text(&answer["data"]["access_token"])?;
        Ok(gosight)
    }

    async fn ready(&mut self) -> anyhow::Result<()> {
        let end = Instant::now() + START_MAX;
        loop {
            let answer = self.client.get(format!("{}/ready", self.url)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("gosight ended with {status}: {}", self.said());
            }
            ensure!(Instant::now() < end, "gosight was not ready in time: {}", self.said());
            tokio::time::sleep(POLL_EVERY).await;
        }
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.output).unwrap_or_default()
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Makes a project whose zone has noon now, so that all of a run falls into one day of it.
    pub(crate) async fn project(&self, name: &str) -> anyhow::Result<Project> {
        let body = json!({ "name": name, "settings": { "timezone": zone_of_noon(Utc::now().hour()) } });
        let project = self.post("/projects", &body).await?;
        let id = text(&project["data"]["id"])?;
        let body = json!({ "name": "bench", "permission": "write", "rate_limit_events_per_s": RATE_EVENTS_PER_S_MAX });
        let key = self.post(&format!("/projects/{id}/keys"), &body).await?;
        Ok(Project {
            key: text(&key["data"]["key"])?,
            id,
        })
    }

    /// The body of `GET /api/v1{path}`.
    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let request = self
            .client
            .get(format!("{}/api/v1{path}", self.url))
            .bearer_auth(&self.token);
        let answer = request.send().await?;
        let (status, body) = (answer.status(), answer.text().await?);
        ensure!(status.is_success(), "GET {path} answered {status}: {body}");
        Ok(serde_json::from_str(&body)?)
    }

    async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let request = self
            .client
            .post(format!("{}/api/v1{path}", self.url))
            .bearer_auth(&self.token);
        let answer = request.json(body).send().await?;
        let (status, body) = (answer.status(), answer.text().await?);
        ensure!(status.is_success(), "POST {path} answered {status}: {body}");
        Ok(serde_json::from_str(&body)?)
    }

    /// Waits until everything acknowledged before `ms` is in every view.
    pub(crate) async fn complete_to(&self, project: &Project, ms: i64) -> anyhow::Result<()> {
        let end = Instant::now() + COMPLETE_MAX;
        // The answer's list is empty: only its `meta` is asked for.
        let path = format!("/projects/{}/sessions?start=1&end=2&per_page=1", project.id);
        loop {
            let answer = self.get(&path).await?;
            let complete_to = answer["meta"]["complete_to"].as_str().unwrap_or_default();
            if DateTime::parse_from_rfc3339(complete_to).is_ok_and(|time| time.timestamp_millis() > ms) {
                return Ok(());
            }
            ensure!(
                Instant::now() < end,
                "the views stayed at {complete_to}: {}",
                self.said()
            );
            tokio::time::sleep(POLL_EVERY).await;
        }
    }

    pub(crate) fn cpu(&self) -> anyhow::Result<Both<Duration>> {
        Ok(Both {
            gosight: process::cpu(self.child.id())?,
            engine: self.engine(process::cpu)?.into_iter().sum(),
        })
    }

    pub(crate) fn memory_bytes(&self) -> anyhow::Result<Both<f64>> {
        Ok(Both {
            gosight: process::memory_bytes(self.child.id())?,
            engine: self.engine(process::memory_bytes)?.into_iter().sum(),
        })
    }

    fn engine<T>(&self, ask: fn(u32) -> anyhow::Result<T>) -> anyhow::Result<Vec<T>> {
        process::children(self.child.id())?.into_iter().map(ask).collect()
    }

    /// SIGTERM, and the wait for a clean end.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        let status = Command::new("kill")
            .arg("-TERM")
            .arg(self.child.id().to_string())
            .status()?;
        ensure!(status.success(), "gosight could not be told to stop");
        let end = Instant::now() + STOP_MAX;
        loop {
            if let Some(status) = self.child.try_wait()? {
                ensure!(status.success(), "gosight ended with {status}: {}", self.said());
                return Ok(());
            }
            ensure!(Instant::now() < end, "gosight did not stop in time: {}", self.said());
            tokio::time::sleep(POLL_EVERY).await;
        }
    }
}

impl Drop for GoSight {
    fn drop(&mut self) {
        // Already ended, or not needed any more: either way nothing is left to do.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn launch(program: &Path, data_dir: &Path, address: &str, output: &Path) -> anyhow::Result<Child> {
    let output = std::fs::File::create(output)?;
    let child = Command::new(program)
        .arg("up")
        .arg("--data-dir")
        .arg(data_dir)
        .args(["--listen", address])
        .env("GOSIGHT_ADMIN_EMAIL", EMAIL)
        .env("GOSIGHT_ADMIN_PASSWORD", PASSWORD)
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .spawn();
    child.with_context(|| format!("{} does not start", program.display()))
}

fn text(value: &Value) -> anyhow::Result<String> {
    Ok(value
        .as_str()
        .context("an answer without what it should say")?
        .to_owned())
}

/// In `Etc` the signs are turned round: `Etc/GMT-5` is five hours ahead.
fn zone_of_noon(utc_hour: u32) -> String {
    match utc_hour {
        12 => "Etc/GMT".to_owned(),
        0..12 => format!("Etc/GMT-{}", 12 - utc_hour),
        _ => format!("Etc/GMT+{}", utc_hour - 12),
    }
}

pub(crate) fn now_ms() -> i64 {
    Utc::now().timestamp_millis()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_noon_in_the_zone_that_is_chosen() {
        assert_eq!(
            [zone_of_noon(7), zone_of_noon(12), zone_of_noon(23)],
            ["Etc/GMT-5", "Etc/GMT", "Etc/GMT+11"]
        );
    }
}
