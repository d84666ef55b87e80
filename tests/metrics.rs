//! What `/metrics` says: every line explained, every event in exactly one outcome.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]
#![allow(clippy::print_stdout, reason = "a test prints its figures")]

mod harness;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use gosight_proto::v1::EventBatch;
use harness::traffic::{Parcel, Traffic};
use harness::{GoSight, now_ms};

const SEED: u64 = 23;
const SESSIONS: usize = 40;
/// Parcels sent a second time: their events are duplicates.
const SENT_AGAIN: usize = 5;
const TWO_DAYS_MS: i64 = 2 * 24 * 60 * 60 * 1000;

/// What an operator watches (08-operations), by the names Grafana asks for.
const ASKED_FOR: [&str; 16] = [
    "gosight_ingest_events_total",
    "gosight_ingest_ack_seconds",
    "gosight_log_append_seconds",
    "gosight_log_bytes_total",
    "gosight_dataflow_outcomes_total",
    "gosight_dataflow_lag_ms",
    "gosight_dataflow_tick_seconds",
    "gosight_dataflow_state_entries",
    "gosight_sink_rows_total",
    "gosight_sink_commit_seconds",
    "gosight_sink_retries_total",
    "gosight_views_freshness_seconds",
    "gosight_api_request_seconds",
    "gosight_engine_restarts_total",
    "gosight_connections",
    "gosight_connections_refused_total",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_metric_is_explained_and_every_event_has_one_outcome() {
    let gosight = GoSight::start().await;
    let mut parcels = Traffic::new(SEED).parcels(SESSIONS);
    // What is late is sent below, and counted.
    let long_ago_ms = now_ms() - TWO_DAYS_MS;
    parcels.retain(|parcel| parcel.events().iter().all(|event| event.time_ms > long_ago_ms));
    let mut sent = Sent::default();
    for parcel in parcels.iter().chain(&parcels[..SENT_AGAIN]) {
        sent.accepted += accepted(&gosight, &parcel.leaving()).await;
    }
    // Visitors send a batch again by themselves now and then.
    let ids: HashSet<String> = parcels.iter().flat_map(Parcel::events).map(|event| event.id).collect();
    sent.duplicate = sent.accepted - ids.len() as u64;
    let late = days_ago(parcels[0].leaving());
    sent.late = accepted(&gosight, &late).await;
    sent.accepted += sent.late;
    let nameless = without_ids(parcels[1].leaving());
    sent.rejected = nameless.events.len() as u64;
    assert_eq!(accepted(&gosight, &nameless).await, 0);

    let token = gosight.door.login().await;
    gosight.door.complete_to(&token, now_ms()).await;
    let text = gosight.door.metrics().await;
    let metrics = Metrics::parse(&text);

    assert_eq!(metrics.unexplained(), BTreeSet::new(), "{text}");
    for name in ASKED_FOR {
        assert!(metrics.families().contains(name), "{name} is missing in\n{text}");
    }
    let ingested = |outcome| metrics.sum("gosight_ingest_events_total", &format!("outcome=\"{outcome}\""));
    assert_eq!(ingested("accepted"), sent.accepted);
    assert_eq!(ingested("rejected"), sent.rejected);
    assert!(sent.duplicate > 0 && sent.late > 0);
    let outcome = |outcome| metrics.sum("gosight_dataflow_outcomes_total", &format!("outcome=\"{outcome}\""));
    let outcomes = ["counted", "duplicate", "late", "dead"].map(|name| (name, outcome(name)));
    println!(
        "{} accepted and {} rejected: {outcomes:?}",
        sent.accepted, sent.rejected
    );
    let counted = sent.accepted - sent.duplicate - sent.late;
    assert_eq!(
        outcomes,
        [
            ("counted", counted),
            ("duplicate", sent.duplicate),
            ("late", sent.late),
            ("dead", 0)
        ]
    );
    for histogram in [
        "gosight_dataflow_tick_seconds",
        "gosight_sink_commit_seconds",
        "gosight_views_freshness_seconds",
    ] {
        assert!(
            metrics.sum(&format!("{histogram}_count"), "") > 0,
            "{histogram} has seen nothing"
        );
    }
}

#[derive(Default)]
struct Sent {
    accepted: u64,
    rejected: u64,
    duplicate: u64,
    late: u64,
}

/// How many of the batch's events the door took.
async fn accepted(gosight: &GoSight, batch: &EventBatch) -> u64 {
    gosight.door.send(batch).await.accepted.into()
}

/// The same visitor's events under new ids, from before the horizon; the clock that says so is right.
fn days_ago(mut batch: EventBatch) -> EventBatch {
    for event in &mut batch.events {
        event.timestamp_ms -= TWO_DAYS_MS;
        event.id = uuid::Uuid::new_v4().to_string();
    }
    batch
}

fn without_ids(mut batch: EventBatch) -> EventBatch {
    for event in &mut batch.events {
        event.id.clear();
    }
    batch
}

/// The text that Prometheus reads.
struct Metrics<'a> {
    /// Families by what the `# HELP` and `# TYPE` lines say of them.
    helped: BTreeMap<&'a str, &'a str>,
    typed: BTreeMap<&'a str, &'a str>,
    /// A sample's name, its labels, its value.
    samples: Vec<(&'a str, &'a str, f64)>,
}

impl<'a> Metrics<'a> {
    fn parse(text: &'a str) -> Self {
        let comments = |start: &'static str| -> BTreeMap<&'a str, &'a str> {
            text.lines()
                .filter_map(|line| line.strip_prefix(start)?.split_once(' '))
                .collect()
        };
        let sample = |line: &'a str| {
            let (series, value) = line.rsplit_once(' ')?;
            let (name, labels) = series.split_once('{').unwrap_or((series, ""));
            Some((name, labels, value.parse().ok()?))
        };
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self {
            helped: comments("# HELP "),
            typed: comments("# TYPE "),
            samples: lines
                .map(|line| sample(line).unwrap_or_else(|| panic!("not a sample: {line}")))
                .collect(),
        }
    }

    /// A histogram's samples carry endings of their own.
    fn family(&self, name: &'a str) -> &'a str {
        let of_histogram = |ending| {
            name.strip_suffix(ending)
                .filter(|stem| self.typed.get(stem) == Some(&"histogram"))
        };
        ["_bucket", "_sum", "_count"]
            .into_iter()
            .find_map(of_histogram)
            .unwrap_or(name)
    }

    fn families(&self) -> BTreeSet<&'a str> {
        self.samples.iter().map(|(name, ..)| self.family(name)).collect()
    }

    /// What is shown without a word on what it is.
    fn unexplained(&self) -> BTreeSet<&'a str> {
        let is_told = |name: &&str| {
            self.typed.contains_key(name) && self.helped.get(name).is_some_and(|help| !help.trim().is_empty())
        };
        self.families().into_iter().filter(|name| !is_told(name)).collect()
    }

    fn sum(&self, name: &str, label: &str) -> u64 {
        let asked = |(sample, labels, _): &&(&str, &str, f64)| *sample == name && labels.contains(label);
        self.samples.iter().filter(asked).map(|(.., value)| *value as u64).sum()
    }
}
