//! Simulated visitors: each plays one journey after another in real time, over the real wire protocol.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use gosight_proto::v1::Event;
use gosight_proto::v1::event::Payload;
use prost::Message;
use tokio_util::sync::CancellationToken;

use super::recording::Recording;
use super::site::SITE;
use crate::journey::{self, Journey};
use crate::loadgen::now_ms;

/// What one step may pile up before it is sent, as in the SDK.
const BATCH_WAIT: Duration = Duration::from_secs(1);
/// A visitor whose batch was refused tries again after this.
const RETRY: Duration = Duration::from_secs(2);

/// Lets `count` visitors wander until `stop`.
pub(crate) async fn wander(url: String, key: String, count: u32, stop: CancellationToken) {
    let client = reqwest::Client::new();
    let number = Arc::new(AtomicU64::new(0));
    let seed = u64::try_from(now_ms().unwrap_or_default()).unwrap_or_default();
    let mut visitors = tokio::task::JoinSet::new();
    for visitor in 0..count {
        let mut road = Road {
            client: client.clone(),
            url: format!("{url}/v1/events"),
            key: key.clone(),
        };
        let number = number.clone();
        visitors.spawn(async move {
            // Visitors do not come all at once.
            tokio::time::sleep(Duration::from_millis(700) * visitor).await;
            loop {
                road.play(&journey::draw(&SITE, seed, number.fetch_add(1, Ordering::Relaxed)))
                    .await;
            }
        });
    }
    stop.cancelled().await;
    visitors.shutdown().await;
}

struct Road {
    client: reqwest::Client,
    url: String,
    key: String,
}

impl Road {
    async fn play(&mut self, journey: &Journey) {
        let mut events = Vec::new();
        let mut recording = Recording::default();
        let mut waited = Duration::ZERO;
        for step in &journey.steps {
            let pause = Duration::from_millis(step.after_ms.unsigned_abs());
            if waited + pause > BATCH_WAIT && !events.is_empty() {
                self.send(journey, std::mem::take(&mut events), &mut recording).await;
                waited = Duration::ZERO;
            }
            tokio::time::sleep(pause).await;
            waited += pause;
            let event = step.event(now_ms().unwrap_or_default());
            if matches!(event.payload, Some(Payload::PageView(_))) {
                events.extend(recording.take(event.page));
            }
            recording.see(&event, &journey.pages[step.page], &journey.device);
            events.push(event);
        }
        self.send(journey, events, &mut recording).await;
    }

    /// Sends what was done, and what a recorder saw of it.
    async fn send(&self, journey: &Journey, mut events: Vec<Event>, recording: &mut Recording) {
        let page = events.last().map_or(0, |event| event.page);
        events.extend(recording.take(page));
        let sent_at_ms = now_ms().unwrap_or_default();
        let body = journey.batch(&self.key, sent_at_ms, events).encode_to_vec();
        let request = self
            .client
            .post(&self.url)
            .header("content-type", "application/x-protobuf")
            .body(body);
        match request.send().await {
            Ok(answer) if answer.status().is_success() => {}
            Ok(answer) => {
                tracing::warn!(status = %answer.status(), "a simulated visitor was refused");
                tokio::time::sleep(RETRY).await;
            }
            Err(error) => {
                tracing::debug!(%error, "a simulated visitor could not reach the server");
                tokio::time::sleep(RETRY).await;
            }
        }
    }
}
