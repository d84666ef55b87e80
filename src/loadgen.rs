//! Sends simulated sessions over real sockets and says what was acknowledged.
//!
//! Each connection draws a journey, sends it as protobuf batches to `POST /v1/events`, and waits for each answer. A batch that was
//! refused for load (429, 503) or lost with its connection is sent again with the same event ids, so that nothing is counted twice.
//! The last line on stdout is one JSON object: what a checker needs to compare the server's sums with.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use gosight_proto::v1::event::Payload;
use gosight_proto::v1::{Event, SendAnswer};
use prost::Message;
use serde::Serialize;

use crate::cli::LoadgenArgs;
use crate::demo::site::SITE;
use crate::journey::{self, Journey};

/// Events in one batch: what an SDK gathers in a second of a busy page.
const BATCH_EVENTS: usize = 10;
/// A batch that is refused this often means that the server is not there.
const ATTEMPTS_MAX: u32 = 60;
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// What was acknowledged.
#[derive(Debug, Default, Serialize)]
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
    pub ack_p50_ms: f64,
    pub ack_p99_ms: f64,
}

struct Shared {
    client: reqwest::Client,
    url: String,
    key: String,
    seed: u64,
    number: AtomicU64,
    sent: AtomicU64,
    rate: u64,
    start: Instant,
    end: Instant,
}

pub(crate) async fn run(args: LoadgenArgs) -> anyhow::Result<()> {
    let tally = send(&args).await?;
    say(&serde_json::to_string(&tally)?);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the command's answer")]
fn say(line: &str) {
    println!("{line}");
}

async fn send(args: &LoadgenArgs) -> anyhow::Result<Tally> {
    let start = Instant::now();
    let shared = Arc::new(Shared {
        client: reqwest::Client::builder()
            .pool_max_idle_per_host(args.connections as usize)
            .build()?,
        url: format!("{}/v1/events", args.url.trim_end_matches('/')),
        key: args.key.clone(),
        seed: args.seed,
        number: AtomicU64::new(0),
        sent: AtomicU64::new(0),
        rate: args.rate,
        start,
        end: start + Duration::from_secs(args.seconds),
    });
    let senders: Vec<_> = (0..args.connections)
        .map(|_| tokio::spawn(sender(shared.clone())))
        .collect();
    let mut tally = Tally::default();
    let mut latencies_ms = Vec::new();
    for sender in senders {
        let (part, latencies) = sender.await.context("a sender panicked")??;
        tally.add(&part);
        latencies_ms.extend(latencies);
    }
    tally.seconds = start.elapsed().as_secs_f64();
    tally.events_per_s = tally.events as f64 / tally.seconds;
    latencies_ms.sort_by(f64::total_cmp);
    tally.ack_p50_ms = percentile(&latencies_ms, 0.50);
    tally.ack_p99_ms = percentile(&latencies_ms, 0.99);
    Ok(tally)
}

async fn sender(shared: Arc<Shared>) -> anyhow::Result<(Tally, Vec<f64>)> {
    let mut tally = Tally::default();
    let mut latencies_ms = Vec::new();
    while Instant::now() < shared.end {
        let journey = journey::draw(&SITE, shared.seed, shared.number.fetch_add(1, Ordering::Relaxed));
        for events in journey.events_until(now_ms()?).chunks(BATCH_EVENTS) {
            shared.keep_rate(events.len()).await;
            let asked = Instant::now();
            let (answer, retries) = deliver(&shared, &journey, events).await?;
            latencies_ms.push(asked.elapsed().as_secs_f64() * 1_000.0);
            tally.retries += u64::from(retries);
            tally.rejected += answer.rejected.len() as u64;
            tally.count(events);
        }
        tally.sessions += 1;
    }
    Ok((tally, latencies_ms))
}

async fn deliver(shared: &Shared, journey: &Journey, events: &[Event]) -> anyhow::Result<(SendAnswer, u32)> {
    for attempt in 0..ATTEMPTS_MAX {
        let body = journey.batch(&shared.key, now_ms()?, events.to_vec()).encode_to_vec();
        let request = shared
            .client
            .post(&shared.url)
            .header("content-type", "application/x-protobuf")
            .body(body);
        match request.send().await {
            Ok(response) if response.status().is_success() => {
                return Ok((SendAnswer::decode(response.bytes().await?)?, attempt));
            }
            Ok(response) if matches!(response.status().as_u16(), 429 | 503) => {
                let wait = retry_after(&response).unwrap_or(RETRY_AFTER);
                tokio::time::sleep(wait).await;
            }
            Ok(response) => bail!(
                "{} answered {}: {}",
                shared.url,
                response.status(),
                response.text().await?
            ),
            Err(error) if error.is_connect() && attempt == 0 && shared.sent.load(Ordering::Relaxed) == 0 => {
                return Err(error).with_context(|| format!("nothing answers at {}", shared.url));
            }
            Err(error) => {
                tracing::debug!(%error, "a batch is sent again");
                tokio::time::sleep(RETRY_AFTER).await;
            }
        }
    }
    bail!("{} did not accept a batch in {ATTEMPTS_MAX} attempts", shared.url)
}

fn retry_after(response: &reqwest::Response) -> Option<Duration> {
    let seconds = response.headers().get("retry-after")?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

impl Shared {
    /// Waits until sending so many events more keeps to the rate.
    async fn keep_rate(&self, events: usize) {
        let before = self.sent.fetch_add(events as u64, Ordering::Relaxed);
        if self.rate > 0 {
            let due = self.start + Duration::from_secs_f64(before as f64 / self.rate as f64);
            tokio::time::sleep_until(due.into()).await;
        }
    }
}

impl Tally {
    fn count(&mut self, events: &[Event]) {
        self.events += events.len() as u64;
        for event in events {
            match &event.payload {
                Some(Payload::PageView(_)) => self.page_views += 1,
                Some(Payload::Click(_)) => self.clicks += 1,
                Some(Payload::JsError(_)) => self.errors += 1,
                _ => {}
            }
        }
    }

    fn add(&mut self, other: &Tally) {
        self.sessions += other.sessions;
        self.events += other.events;
        self.page_views += other.page_views;
        self.clicks += other.clicks;
        self.errors += other.errors;
        self.rejected += other.rejected;
        self.retries += other.retries;
    }
}

fn percentile(sorted: &[f64], share: f64) -> f64 {
    let index = (sorted.len() as f64 * share) as usize;
    sorted
        .get(index.min(sorted.len().saturating_sub(1)))
        .copied()
        .unwrap_or(0.0)
}

/// Milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> anyhow::Result<i64> {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .context("the clock is before 1970")?;
    Ok(i64::try_from(since.as_millis())?)
}
