//! A stop and a start change nothing that anybody can see.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]
#![allow(clippy::print_stdout, reason = "a test prints its figures")]

mod harness;

use std::time::{Duration, Instant};

use gosight_oracle::OracleEvent;
use harness::traffic::{Parcel, Traffic};
use harness::views::{self, Range};
use harness::{Door, GoSight, PATIENCE, PROJECT, children_of, is_alive, now_ms, signal};
use serde_json::value::RawValue;

const SEED: u64 = 7;
const SESSIONS: usize = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_answers_come_after_a_stop_and_a_start() {
    let mut gosight = GoSight::start().await;
    let parcels = Traffic::new(SEED).parcels(SESSIONS);
    let acknowledged = send_all(&gosight.door, &parcels).await;
    let token = gosight.door.login().await;
    views::assert_views_equal_the_oracle(&gosight.door, &token, &acknowledged).await;
    let range = Range {
        end_ms: now_ms(),
        ..Range::around_now()
    };
    let before = answers(&gosight.door, &token, range).await;

    let engine = gosight.engine_pid().expect("an engine");
    let (stopped, began) = (gosight.stop().await, Instant::now());
    assert_eq!(stopped, Some(0), "{}", gosight.log());
    assert!(!is_alive(engine), "the engine outlived a clean stop");
    gosight.launch(&[]);
    println!("up again {:.1?} after the stop", gosight.ready().await);

    // What is committed is read at once, and reads the same when the replay is done.
    let token = gosight.door.login().await;
    assert_same(&before, &answers(&gosight.door, &token, range).await);
    gosight.door.complete_to(&token, now_ms()).await;
    assert_same(&before, &answers(&gosight.door, &token, range).await);
    println!(
        "{} answers were the same; the replay was done after {:.1?}",
        before.len(),
        began.elapsed()
    );

    // The replayed state goes on where it was: what comes again counts once, and the oracle agrees about all of it.
    let more = send_all(&gosight.door, &Traffic::new(SEED + 1).parcels(SESSIONS / 4)).await;
    let again = send_all(&gosight.door, &parcels[..parcels.len() / 4]).await;
    let all = [acknowledged, more, again].concat();
    views::assert_views_equal_the_oracle(&gosight.door, &token, &all).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_that_is_killed_comes_back_and_nothing_is_lost() {
    let mut gosight = GoSight::start().await;
    let parcels = Traffic::new(SEED + 2).parcels(SESSIONS);
    let (before, after) = parcels.split_at(parcels.len() / 2);
    let mut acknowledged = send_all(&gosight.door, before).await;
    let engine = gosight.engine_pid().expect("an engine");
    signal(engine, "KILL");
    // The log does not need the engine.
    acknowledged.extend(send_all(&gosight.door, after).await);
    let began = Instant::now();
    let reborn = gosight.another_engine(engine).await;
    let token = gosight.door.login().await;
    wait_for_reads(&gosight.door, &token).await;
    println!(
        "engine {engine} was killed, {reborn} answered {:.1?} later",
        began.elapsed()
    );
    views::assert_views_equal_the_oracle(&gosight.door, &token, &acknowledged).await;
    assert_eq!(children_of(gosight.pid()), [reborn], "one engine");
    assert_eq!(gosight.stop().await, Some(0));
    assert!(!is_alive(reborn), "the engine outlived a clean stop");
}

async fn send_all(door: &Door, parcels: &[Parcel]) -> Vec<OracleEvent> {
    let mut acknowledged = Vec::new();
    for parcel in parcels {
        door.send(&parcel.leaving()).await;
        acknowledged.extend(parcel.events());
    }
    acknowledged
}

async fn wait_for_reads(door: &Door, token: &str) {
    let end = Instant::now() + PATIENCE;
    let url = format!("{}/api/v1/projects/{PROJECT}/sessions", door.url);
    while !door
        .client
        .get(&url)
        .bearer_auth(token)
        .send()
        .await
        .is_ok_and(|answer| answer.status().is_success())
    {
        assert!(Instant::now() < end, "reads did not come back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Each answer's `data`, byte by byte, by its path. `meta.complete_to` goes on, and may.
async fn answers(door: &Door, token: &str, range: Range) -> Vec<(String, String)> {
    let paths = [
        "/overview?",
        "/overview?device=mobile",
        "/sessions?per_page=100",
        "/sessions?sort=-rage_click_count&per_page=100",
        "/insights?per_page=100",
        "/heatmaps/pages?",
        "/heatmaps?type=click&path=/shop",
        "/heatmaps?type=scroll&path=/shop",
        "/heatmaps?type=element&path=/",
    ];
    let mut answers = Vec::new();
    for path in paths {
        let path = format!("/projects/{PROJECT}{path}&{}", range.query());
        let text = door.get_text(token, &path).await;
        let members: std::collections::BTreeMap<String, Box<RawValue>> = serde_json::from_str(&text).unwrap();
        answers.push((path, members["data"].get().to_owned()));
    }
    answers
}

fn assert_same(before: &[(String, String)], after: &[(String, String)]) {
    for ((path, before), (_, after)) in before.iter().zip(after) {
        assert!(before.len() > 100, "{path} says nothing: {before}");
        assert_eq!(before, after, "{path}");
    }
}
