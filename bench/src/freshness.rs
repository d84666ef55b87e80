//! From sending an event to its row on the live socket, and to its session in the API's answer, while other events stream in.
//!
//! Probes go to a project of their own, so that a tick's rows are few enough to be pushed whole; the dataflow, the log and the
//! engine are the same.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures::{SinkExt, StreamExt};
use gosight_proto::v1::event::Payload;
use gosight_proto::v1::{CustomEvent, Event, EventBatch, Page, SendAnswer};
use prost::Message as _;
use serde_json::{Value, json};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

use crate::gosight::{GoSight, Project, now_ms};
use crate::report::{Bar, Report, number, percentile};
use crate::{Bench, check, load};

const BACKGROUND_EVENTS_PER_S: u64 = 5_000;
const SECONDS: u64 = 30;
const P99_MS_MAX: f64 = 1_500.0;
/// Warm up, then probe until the background ends.
const WARM_UP: Duration = Duration::from_secs(3);
const PROBE_EVERY: Duration = Duration::from_millis(50);
/// Between two looks at the API: a figure may be too large by so much and the answer's time.
const POLL_EVERY: Duration = Duration::from_millis(30);
/// The last probe has arrived by then, or is lost.
const PATIENCE: Duration = Duration::from_secs(20);

/// Probes by their session's id.
type Probes = Arc<Mutex<HashMap<String, Probe>>>;

#[derive(Clone, Copy, Debug)]
struct Probe {
    sent: Instant,
    acknowledged: Option<Instant>,
    on_live: Option<Instant>,
    in_api: Option<Instant>,
}

pub(crate) async fn run(bench: &Bench, report: &mut Report) -> anyhow::Result<()> {
    let gosight = Arc::new(GoSight::start(bench, "freshness").await?);
    let (background, probed) = (gosight.project("background").await?, gosight.project("probes").await?);
    let probes = Probes::default();
    let live = tokio::spawn(watch_live(live_socket(&gosight, &probed).await?, probes.clone()));
    let api = tokio::spawn(watch_api(gosight.clone(), probed.clone(), probes.clone()));
    let sending = tokio::spawn(send_probes(
        format!("{}/v1/events", gosight.url),
        probed.key,
        probes.clone(),
    ));

    let order = load::Order {
        url: &gosight.url,
        key: &background.key,
        rate: BACKGROUND_EVENTS_PER_S,
        seconds: SECONDS,
    };
    let load = load::send(&bench.program, order).await?;
    sending.abort();
    let arrived = all_arrived(&probes).await;
    live.abort();
    api.abort();
    gosight.complete_to(&background, now_ms()).await?;
    check::counts(&gosight, &background, &load.tally).await?;
    ensure!(arrived, "some probes never arrived: {:?}", missing(&probes));
    if let Ok(Some(gosight)) = tokio::time::timeout(PATIENCE, alone(gosight)).await {
        gosight.stop().await?;
    }
    describe(&probes, load.tally.events_per_s, report);
    Ok(())
}

/// The tasks that were aborted let go of it in a moment.
async fn alone(mut gosight: Arc<GoSight>) -> Option<GoSight> {
    loop {
        match Arc::try_unwrap(gosight) {
            Ok(gosight) => return Some(gosight),
            Err(shared) => gosight = shared,
        }
        tokio::time::sleep(POLL_EVERY).await;
    }
}

fn describe(probes: &Probes, background_per_s: f64, report: &mut Report) {
    let probes = lock(probes);
    let sorted_ms = |reached: fn(&Probe) -> Option<Instant>| {
        let since = |probe: &Probe| Some((reached(probe)? - probe.sent).as_secs_f64() * 1_000.0);
        let mut took_ms: Vec<f64> = probes.values().filter_map(since).collect();
        took_ms.sort_by(f64::total_cmp);
        took_ms
    };
    let acks = sorted_ms(|probe| probe.acknowledged);
    for (what, took_ms) in [
        ("on the live socket", sorted_ms(|probe| probe.on_live)),
        ("in the API", sorted_ms(|probe| probe.in_api)),
    ] {
        for (name, share, bar) in [("p50", 0.50, None), ("p99", 0.99, Some(Bar::Below(P99_MS_MAX)))] {
            let (ms, ack_ms) = (percentile(&took_ms, share), percentile(&acks, share));
            let figure = report.figure("freshness", format!("sent → {what}, {name}"), ms, "ms");
            figure.beside(format!(
                "{:.1} × its acknowledgement's {name} ({ack_ms:.1} ms)",
                ms / ack_ms
            ));
            if let Some(bar) = bar {
                figure.must(bar);
            }
        }
    }
    let count = probes.len() as f64;
    report
        .figure("freshness", "probes", count, "")
        .beside(format!("{} events/s in the background", number(background_per_s)));
}

async fn send_probes(url: String, key: String, probes: Probes) -> anyhow::Result<()> {
    let client = reqwest::Client::new();
    tokio::time::sleep(WARM_UP).await;
    let mut interval = tokio::time::interval(PROBE_EVERY);
    loop {
        interval.tick().await;
        let session_id = Uuid::new_v4().to_string();
        let body = probe(&key, &session_id).encode_to_vec();
        let (client, url, probes) = (client.clone(), url.clone(), probes.clone());
        let sent = Instant::now();
        lock(&probes).insert(
            session_id.clone(),
            Probe {
                sent,
                acknowledged: None,
                on_live: None,
                in_api: None,
            },
        );
        tokio::spawn(async move {
            let answer = client
                .post(url)
                .header("content-type", "application/x-protobuf")
                .body(body)
                .send()
                .await?;
            let answer = SendAnswer::decode(answer.error_for_status()?.bytes().await?)?;
            ensure!(answer.accepted == 1, "a probe was refused: {answer:?}");
            reached(&probes, &session_id, |probe| &mut probe.acknowledged);
            anyhow::Ok(())
        });
    }
}

fn probe(key: &str, session_id: &str) -> EventBatch {
    let custom = CustomEvent {
        name: "probe".to_owned(),
        ..CustomEvent::default()
    };
    EventBatch {
        project_key: key.to_owned(),
        sent_at_ms: now_ms(),
        visitor_id: session_id.to_owned(),
        session_id: session_id.to_owned(),
        pages: vec![Page {
            url: "https://bench.example/probe".to_owned(),
            path: "/probe".to_owned(),
            view_id: Uuid::new_v4().to_string(),
            ..Page::default()
        }],
        events: vec![Event {
            id: Uuid::new_v4().to_string(),
            timestamp_ms: now_ms(),
            page: 0,
            payload: Some(Payload::CustomEvent(custom)),
        }],
        ..EventBatch::default()
    }
}

/// A subscription to the project's events; the server has confirmed it.
async fn live_socket(
    gosight: &GoSight,
    project: &Project,
) -> anyhow::Result<impl futures::Stream<Item = Value> + Unpin + Send + use<>> {
    let url = format!(
        "{}/api/v1/projects/{}/live",
        gosight.url.replacen("http", "ws", 1),
        project.id
    );
    let (mut socket, _) = connect_async(url).await?;
    for message in [
        json!({ "type": "authenticate", "token": gosight.token() }),
        json!({ "type": "subscribe", "topics": ["events"] }),
    ] {
        socket.send(Message::text(message.to_string())).await?;
    }
    let mut messages = socket.filter_map(|message| {
        let text = message.ok().and_then(|message| message.into_text().ok());
        std::future::ready(text.and_then(|text| serde_json::from_str::<Value>(&text).ok()))
    });
    while let Some(message) = messages.next().await {
        ensure!(message["type"] != "error", "the live socket refused: {message}");
        if message["type"] == "subscribed" {
            return Ok(messages);
        }
    }
    anyhow::bail!("the live socket ended before it had subscribed")
}

async fn watch_live(mut messages: impl futures::Stream<Item = Value> + Unpin, probes: Probes) {
    while let Some(message) = messages.next().await {
        for id in ids(&message["events"], "session_id") {
            reached(&probes, id, |probe| &mut probe.on_live);
        }
    }
}

/// Asks for the newest sessions again and again.
async fn watch_api(gosight: Arc<GoSight>, project: Project, probes: Probes) -> anyhow::Result<()> {
    let path = format!("/projects/{}/sessions?per_page=100", project.id);
    loop {
        let answer = gosight.get(&path).await.context("the list of sessions")?;
        for id in ids(&answer["data"], "id") {
            reached(&probes, id, |probe| &mut probe.in_api);
        }
        tokio::time::sleep(POLL_EVERY).await;
    }
}

fn ids<'a>(rows: &'a Value, field: &'a str) -> impl Iterator<Item = &'a str> {
    rows.as_array()
        .into_iter()
        .flatten()
        .filter_map(move |row| row[field].as_str())
}

fn reached(probes: &Probes, session_id: &str, place: fn(&mut Probe) -> &mut Option<Instant>) {
    if let Some(probe) = lock(probes).get_mut(session_id) {
        place(probe).get_or_insert_with(Instant::now);
    }
}

async fn all_arrived(probes: &Probes) -> bool {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        if missing(probes) == [0, 0, 0] && !lock(probes).is_empty() {
            return true;
        }
        tokio::time::sleep(POLL_EVERY).await;
    }
    false
}

/// How many were never acknowledged, seen live, seen in the API.
fn missing(probes: &Probes) -> [usize; 3] {
    let probes = lock(probes);
    let count =
        |reached: fn(&Probe) -> Option<Instant>| probes.values().filter(|probe| reached(probe).is_none()).count();
    [
        count(|probe| probe.acknowledged),
        count(|probe| probe.on_live),
        count(|probe| probe.in_api),
    ]
}

fn lock(probes: &Probes) -> MutexGuard<'_, HashMap<String, Probe>> {
    probes.lock().unwrap_or_else(PoisonError::into_inner)
}
