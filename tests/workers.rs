//! However many workers share the work: the views are the same, and every worker has its part.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]
#![allow(clippy::print_stdout, reason = "a test prints its figures")]

mod harness;

use gosight_oracle::OracleEvent;
use harness::traffic::Traffic;
use harness::{GoSight, views};

const SEED: u64 = 11;
const SESSIONS: usize = 120;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_worker_does_it_all() {
    assert_every_worker_works(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_share_the_work_and_agree_with_one() {
    assert_every_worker_works(2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_workers_share_the_work_and_agree_with_one() {
    assert_every_worker_works(3).await;
}

/// The oracle knows no workers: who equals it equals the others.
async fn assert_every_worker_works(workers: usize) {
    let gosight = GoSight::start_with(&[("GOSIGHT_WORKERS", &workers.to_string())]).await;
    let mut acknowledged: Vec<OracleEvent> = Vec::new();
    for parcel in Traffic::new(SEED).parcels(SESSIONS) {
        gosight.door.send(&parcel.leaving()).await;
        acknowledged.extend(parcel.events());
    }
    let token = gosight.door.login().await;
    views::assert_views_equal_the_oracle(&gosight.door, &token, &acknowledged).await;

    let metrics = gosight.door.metrics().await;
    let of_each = |name: &str, operator: Option<&str>| -> Vec<u64> {
        (0..workers)
            .map(|worker| figure(&metrics, name, worker, operator))
            .collect()
    };
    let read = of_each("gosight_dataflow_events_total", None);
    let held = of_each("gosight_dataflow_state_entries", Some("sessions"));
    let distinct = of_each("gosight_dataflow_state_entries", Some("distinct"));
    println!("{workers} workers: read {read:?} events, hold {held:?} sessions and {distinct:?} event ids");
    assert_eq!(
        read.iter().sum::<u64>(),
        acknowledged.len() as u64,
        "each event is read by one worker"
    );
    assert!(
        [&read, &held, &distinct]
            .iter()
            .all(|shares| shares.iter().all(|share| *share > 0)),
        "{metrics}"
    );
    let nobody = format!("worker=\"{workers}\"");
    assert!(!metrics.contains(&nobody), "there is one worker more:\n{metrics}");
}

/// The sample of a worker (and operator) in the text that Prometheus reads.
fn figure(metrics: &str, name: &str, worker: usize, operator: Option<&str>) -> u64 {
    let labels = [
        Some(format!("worker=\"{worker}\"")),
        operator.map(|operator| format!("operator=\"{operator}\"")),
    ];
    let is_asked = |line: &&str| line.starts_with(name) && labels.iter().flatten().all(|label| line.contains(label));
    let line = metrics
        .lines()
        .find(is_asked)
        .unwrap_or_else(|| panic!("no {name} of {labels:?} in\n{metrics}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}
