//! Exactly once, whatever is sent again.

use crate::samples::*;
use clickhouse::Client;
use gosight_store::analytics::Analytics;
use gosight_store::engine::{Engine, EngineState, Server};
use gosight_store::rows::*;
use gosight_store::testing;
use rustix::process::{Pid, Signal, kill_process};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::time::timeout;

async fn events(analytics: &Analytics) -> u64 {
    analytics.scope(PROJECT).totals().await.unwrap().events
}

#[tokio::test]
async fn the_same_token_is_written_once_and_another_one_again() {
    let analytics = testing::analytics().await;
    let rows = [event(1), event(2)];
    for _ in 0..3 {
        analytics.insert(&rows, "events:1-9:1").await.unwrap();
    }
    assert_eq!(events(&analytics).await, 2);
    analytics.insert(&rows, "events:10-12:1").await.unwrap();
    assert_eq!(events(&analytics).await, 4);
}

#[tokio::test]
async fn a_commit_over_many_partitions_is_written_once() {
    let analytics = testing::analytics().await;
    let rows: Vec<_> = (0..300)
        .map(|day| EventRow {
            received_at: MONDAY + i64::from(day) * DAY,
            ..event(day as u128)
        })
        .collect();
    analytics.insert(&rows, "token").await.unwrap();
    analytics.insert(&rows, "token").await.unwrap();
    assert_eq!(events(&analytics).await, 300);
}

#[tokio::test]
async fn a_large_insert_is_one_part_so_that_its_token_stands_for_all_of_it() {
    let (analytics, client) = with_client().await;
    // Over two months; each row is a key of its own.
    let rows: Vec<_> = (0..1_200_000)
        .map(|n| OutcomeRow {
            project_id: PROJECT,
            hour: MONDAY + n * HOUR / 1000,
            outcome: "counted".into(),
            events: 1,
        })
        .collect();
    analytics.insert(&rows, "token").await.unwrap();
    let partitions: u64 = client
        .query_raw("SELECT uniqExact(toYYYYMM(hour)) FROM outcomes")
        .fetch_one()
        .await
        .unwrap();
    let inserted: u64 = client
        // Parts are numbered as they are inserted.
        .query_raw("SELECT toUInt64(max(max_block_number)) FROM system.parts WHERE table = 'outcomes' AND database = currentDatabase()")
        .fetch_one()
        .await
        .unwrap();
    assert_eq!(inserted, partitions);
    let sum: i64 = client
        .query_raw("SELECT sum(events) FROM outcomes")
        .fetch_one()
        .await
        .unwrap();
    assert_eq!(sum, 1_200_000);
}

/// The database, and a client that may ask anything of it.
async fn with_client() -> (Analytics, Client) {
    let analytics = testing::analytics().await;
    let client = testing::client(&analytics);
    (analytics, client)
}

#[tokio::test]
async fn every_row_fits_its_table_and_reads_back_as_it_was_written() {
    let (analytics, client) = with_client().await;
    async fn round<T>(analytics: &Analytics, client: &Client, row: T)
    where
        T: TableRow + clickhouse::RowOwned + clickhouse::RowRead + std::fmt::Debug + PartialEq,
    {
        // The client's own check of names and types against the table.
        let mut insert = client
            .clone()
            .with_setting("async_insert", "0")
            .insert::<T>(T::TABLE)
            .await
            .unwrap();
        insert.write(&row).await.unwrap();
        insert.end().await.unwrap();
        let read = client
            .query_raw(&format!("SELECT * FROM {}", T::TABLE))
            .fetch_one::<T>()
            .await
            .unwrap();
        assert_eq!(read, row);
        // And the product's own way.
        write(analytics, &[row]).await;
    }
    round(&analytics, &client, event(1)).await;
    round(&analytics, &client, session(1, MONDAY)).await;
    round(&analytics, &client, insight(1, "rage_click", MONDAY)).await;
    round(&analytics, &client, cell(10, 20, 1)).await;
    round(&analytics, &client, element("#buy", 1)).await;
    round(&analytics, &client, scroll(5, 1)).await;
    let [minute, ..] = rollups(Dimension::Path, "/", MONDAY, views(1));
    round(&analytics, &client, minute).await;
    round(&analytics, &client, chunk(1, 0)).await;
    round(&analytics, &client, snapshot(u64::MAX, MONDAY)).await;
    round(&analytics, &client, asset(200)).await;
    round(&analytics, &client, ReplayProgressRow::default()).await;
    round(
        &analytics,
        &client,
        OutcomeRow {
            project_id: PROJECT,
            hour: MONDAY,
            outcome: "counted".into(),
            events: 3,
        },
    )
    .await;
}

#[tokio::test]
async fn an_insert_into_a_database_without_tables_is_poison_and_into_no_database_retriable() {
    let (analytics, client) = with_client().await;
    client.query_raw("DROP TABLE events").execute().await.unwrap();
    let error = analytics.insert(&[event(1)], "token").await.unwrap_err();
    assert!(!error.is_retriable(), "{error}");

    let nobody = Server {
        url: "http://127.0.0.1:1".into(),
        user: "u".into(),
        password: "p".into(),
        database: "d".into(),
    };
    let error = Analytics::fixed(nobody).insert(&[event(1)], "token").await.unwrap_err();
    assert!(error.is_retriable(), "{error}");
}

#[tokio::test]
async fn a_token_is_remembered_after_a_stop_and_after_a_kill() {
    let dir = TempDir::new().unwrap();
    let engine = Engine::start(testing::engine_config(dir.path())).await.unwrap();
    let analytics = Analytics::new(engine.server());
    analytics.migrate().await.unwrap();
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_millis() as i64;
    let rows = [1, 2, 3].map(|n| EventRow {
        received_at: now,
        ..event(n)
    });
    analytics.insert(&rows, "token").await.unwrap();

    let mut state = engine.state();
    let EngineState::Ready { pid } = *state.borrow_and_update() else {
        panic!("not ready")
    };
    kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), Signal::KILL).unwrap();
    let reborn = |state: &EngineState| matches!(state, EngineState::Ready { pid: now } if *now != pid);
    timeout(Duration::from_secs(60), state.wait_for(reborn))
        .await
        .unwrap()
        .unwrap();
    analytics.insert(&rows, "token").await.unwrap();
    assert_eq!(events(&analytics).await, 3);
    engine.stop().await;

    let engine = Engine::start(testing::engine_config(dir.path())).await.unwrap();
    let analytics = Analytics::new(engine.server());
    analytics.migrate().await.unwrap();
    analytics.insert(&rows, "token").await.unwrap();
    assert_eq!(events(&analytics).await, 3);
    engine.stop().await;
}

#[tokio::test]
async fn the_client_follows_a_server_that_moves() {
    let dir = TempDir::new().unwrap();
    let engine = Engine::start(testing::engine_config(dir.path())).await.unwrap();
    let real = engine.server().borrow().clone();
    let (mover, server) = watch::channel(Server {
        url: "http://127.0.0.1:1".into(),
        ..real.clone()
    });
    let analytics = Analytics::new(server);
    assert!(analytics.migrate().await.is_err());
    mover.send_replace(real);
    analytics.migrate().await.unwrap();
    engine.stop().await;
}
