//! Every event ends in exactly one counted outcome. Alone in its process, because metrics are the process's.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on must fail"
)]

#[path = "doors/harness.rs"]
#[expect(dead_code, reason = "shared with the tests of the doors, which use all of it")]
mod harness;

use std::collections::BTreeMap;

use harness::*;
use metrics_exporter_prometheus::PrometheusBuilder;
use prost::Message;

/// `gosight_ingest_events_total` by outcome and reason.
fn outcomes(text: &str) -> BTreeMap<(String, String), u64> {
    let label = |line: &str, name: &str| {
        let at = line.find(&format!("{name}=\"")).unwrap() + name.len() + 2;
        line[at..].split('"').next().unwrap().to_owned()
    };
    text.lines()
        .filter(|line| line.starts_with("gosight_ingest_events_total{"))
        .map(|line| {
            (
                (label(line, "outcome"), label(line, "reason")),
                line.rsplit(' ').next().unwrap().parse().unwrap(),
            )
        })
        .collect()
}

#[tokio::test]
async fn outcomes_add_up_to_the_events_that_came() {
    let metrics = PrometheusBuilder::new().install_recorder().unwrap();
    let setup = Setup {
        allowed_domains: vec!["shop.example".into()],
        rate_limit_events_per_s: 100,
        ..Setup::default()
    };
    let door = Door::with(setup).await;
    let mut mixed = batch((0..100).map(|n| custom(&format!("e{n}"))).collect());
    mixed.events[3].id.clear();
    mixed.events[4].payload = None;
    mixed.events[5].page = 9;
    mixed.events[6].id.clear();
    door.post_protobuf(&mixed).await;
    let send = |batch: gosight_proto::v1::EventBatch| door.post(Some("text/plain"), batch.encode_to_vec());
    let limited = send(batch((0..100).map(|_| custom("x")).collect()));
    assert_eq!(limited.send().await.unwrap().status(), 429);
    let forbidden = send(batch(vec![custom("x"); 2])).header("origin", "https://evil.example");
    assert_eq!(forbidden.send().await.unwrap().status(), 403);
    let unknown = gosight_proto::v1::EventBatch {
        project_key: "x".repeat(20),
        ..batch(vec![custom("x"); 7])
    };
    assert_eq!(send(unknown).send().await.unwrap().status(), 401);

    let text = metrics.render();
    let expected = [
        ("accepted", "", 96),
        ("refused", "forbidden_origin", 2),
        ("refused", "rate_limited", 100),
        ("refused", "unauthenticated", 7),
        ("rejected", "bad_page_index", 1),
        ("rejected", "missing_id", 2),
        ("rejected", "missing_payload", 1),
    ];
    let expected = expected.map(|(outcome, reason, events)| ((outcome.to_owned(), reason.to_owned()), events));
    assert_eq!(outcomes(&text), BTreeMap::from(expected));
    for name in [
        "gosight_ingest_batches_refused_total{code=\"rate_limited\"} 1",
        "gosight_ingest_ack_seconds_count 1",
    ] {
        assert!(text.contains(name), "{name} in\n{text}");
    }
}
