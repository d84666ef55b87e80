//! `kill -9` during load, again and again: whatever was acknowledged is there once, and every view is the oracle's.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]
#![allow(clippy::print_stdout, reason = "a test prints its figures")]

mod harness;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use gosight_oracle::OracleEvent;
use gosight_oracle::intake::first_seen;
use harness::deaths::{Death, die_and_return};
use harness::traffic::{Parcel, Traffic};
use harness::{Door, GoSight, PATIENCE, totals, views};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use tokio::task::JoinSet;
use uuid::Uuid;

const SENDERS: u64 = 6;
/// A sender keeps a few sessions open at a time, so that one's batches are mixed with the others'.
const PARCELS_AT_HAND_MIN: usize = 12;
/// From then on a sender sends seldom: the set stays small enough for an oracle that is brute force, and no death waits in vain.
const SESSIONS_OF_HASTE: usize = 150;
const SEND_EVERY: Duration = Duration::from_millis(40);
const SEND_SELDOM_EVERY: Duration = Duration::from_secs(1);
const RETRY_AFTER: Duration = Duration::from_millis(100);

const DEATHS: [Death; 13] = [
    Death::Parent,
    Death::Parent,
    Death::Parent,
    Death::Engine,
    Death::Engine,
    Death::Both,
    Death::Both,
    Death::Newborn,
    Death::FailPoint(gosight_log::APPEND_BEFORE_ACK, 60),
    Death::FailPoint(gosight_log::APPEND_BEFORE_ACK, 3),
    Death::FailPoint(gosight_ingest::CHUNKS_DURABLE, 4),
    Death::FailPoint(gosight_dataflow::COMMIT_BEGUN, 4),
    Death::FailPoint(gosight_dataflow::COMMIT_INSERTED, 4),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_or_counted_twice_when_processes_are_killed() {
    let seed: u64 = std::env::var("CRASH_SEED").map_or_else(|_| rand::random(), |seed| seed.parse().unwrap());
    println!("seed {seed} (CRASH_SEED={seed} draws the same again)");
    let began = Instant::now();
    let mut gosight = GoSight::start().await;
    let enough = Arc::new(AtomicBool::new(false));
    let mut senders = JoinSet::new();
    for sender in 0..SENDERS {
        senders.spawn(send(
            gosight.door.clone(),
            Traffic::new(seed.wrapping_add(sender)),
            enough.clone(),
        ));
    }
    kill_again_and_again(&mut gosight, seed).await;
    enough.store(true, Ordering::Relaxed);
    let acknowledged = senders.join_all().await.concat();
    println!(
        "{} events were acknowledged over {} deaths in {:.1?}",
        acknowledged.len(),
        DEATHS.len(),
        began.elapsed()
    );
    assert!(acknowledged.len() > 2_000, "that was no load");

    let token = gosight.door.login().await;
    views::assert_views_equal_the_oracle(&gosight.door, &token, &acknowledged).await;
    let projects: serde_json::Value = serde_json::from_str(&gosight.door.get_text(&token, "/projects").await).unwrap();
    let project = projects["data"][0]["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(gosight.stop().await, Some(0));
    assert_each_event_has_one_outcome(&gosight, project, &acknowledged).await;
    println!("all in all {:.1?}", began.elapsed());
}

/// Sends sessions until it is enough, and each batch until it is acknowledged. Returns the events of every acknowledged batch.
async fn send(door: Door, mut traffic: Traffic, enough: Arc<AtomicBool>) -> Vec<OracleEvent> {
    let mut acknowledged = Vec::new();
    let mut at_hand: Vec<Parcel> = Vec::new();
    let mut sessions = 0;
    loop {
        let wants_more = !enough.load(Ordering::Relaxed);
        if wants_more && at_hand.len() < PARCELS_AT_HAND_MIN {
            at_hand.extend(traffic.session());
            sessions += 1;
        }
        match traffic.take_any(&mut at_hand) {
            Some(parcel) => {
                send_until_acknowledged(&door, &parcel).await;
                acknowledged.extend(parcel.events());
            }
            None if enough.load(Ordering::Relaxed) => return acknowledged,
            None => {}
        }
        let is_hasty = !wants_more || sessions < SESSIONS_OF_HASTE;
        tokio::time::sleep(if is_hasty { SEND_EVERY } else { SEND_SELDOM_EVERY }).await;
    }
}

async fn send_until_acknowledged(door: &Door, parcel: &Parcel) {
    let end = Instant::now() + PATIENCE;
    loop {
        match door.try_send(&parcel.leaving()).await {
            Ok(answer) => {
                let accepted = usize::try_from(answer.accepted).unwrap();
                assert_eq!(
                    (accepted, answer.rejected.len()),
                    (parcel.batch.events.len(), 0),
                    "{answer:?}"
                );
                return;
            }
            Err(error) => assert!(Instant::now() < end, "not acknowledged for {PATIENCE:?}: {error}"),
        }
        tokio::time::sleep(RETRY_AFTER).await;
    }
}

async fn kill_again_and_again(gosight: &mut GoSight, seed: u64) {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut deaths = DEATHS;
    deaths.shuffle(&mut rng);
    for (number, death) in deaths.into_iter().enumerate() {
        let life = Duration::from_millis(rng.random_range(100..2_500));
        let came_back = die_and_return(gosight, death, life).await;
        println!(
            "death {:>2}: {death:?} after {life:?}; ready again after {came_back:.1?}",
            number + 1
        );
    }
}

/// Compared with the files of the stopped installation.
async fn assert_each_event_has_one_outcome(stopped: &GoSight, project: Uuid, acknowledged: &[OracleEvent]) {
    let expected = totals::outcomes_of_log(stopped);
    let tables = totals::totals_of_tables(stopped, project).await;
    let outcomes: Vec<_> = expected
        .iter()
        .map(|(outcome, events)| ((*outcome).to_owned(), *events))
        .collect();
    assert_eq!(tables.outcomes, outcomes, "of the tables; of the log");
    let in_log: i64 = expected.values().sum();
    assert!(in_log >= acknowledged.len() as i64, "the log lost what it acknowledged");
    let (unique, _) = first_seen(acknowledged.to_vec());
    assert_eq!(tables.distinct_events, unique.len() as u64, "raw events by id");
    assert_eq!(
        tables.events as i64,
        expected["counted"] + expected["late"],
        "raw events"
    );
    println!("{in_log} events in the log: {outcomes:?}");
}
