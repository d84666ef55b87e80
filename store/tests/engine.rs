//! The engine as a child process: it answers, survives deaths, and has one owner.
#![expect(clippy::unwrap_used, reason = "tests")]

use clickhouse::Client;
use gosight_store::engine::{Engine, EngineConfig, EngineError, EngineState, Server};
use gosight_store::testing;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::{Instant, sleep, timeout};

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn engine_child() {
    testing::engine_child();
}

fn client(server: &Server) -> Client {
    Client::default()
        .with_url(&server.url)
        .with_user(&server.user)
        .with_password(&server.password)
}

async fn answer(server: &Server, sql: &str) -> clickhouse::error::Result<String> {
    client(server).query_raw(sql).fetch_one::<String>().await
}

fn pid(engine: &Engine) -> Pid {
    match *engine.state().borrow() {
        EngineState::Ready { pid } => Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(),
        ref other => panic!("the engine is {other:?}"),
    }
}

async fn is_gone(pid: Pid) {
    while test_kill_process(pid).is_ok() {
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn it_starts_answers_in_utc_and_stops() {
    let dir = TempDir::new().unwrap();
    let engine = Engine::start(testing::engine_config(dir.path())).await.unwrap();
    let server = engine.server().borrow().clone();
    assert_eq!(answer(&server, "SELECT timezone()").await.unwrap(), "UTC");
    let pid = pid(&engine);
    let stopping = Instant::now();
    engine.stop().await;
    assert!(test_kill_process(pid).is_err(), "the process is still there");
    assert!(
        stopping.elapsed() < Duration::from_secs(10),
        "it took {:?}",
        stopping.elapsed()
    );
}

#[tokio::test]
async fn nobody_reads_without_the_password_and_the_product_s_user_touches_no_files() {
    let dir = TempDir::new().unwrap();
    let engine = Engine::start(testing::engine_config(dir.path())).await.unwrap();
    let server = engine.server().borrow().clone();
    client(&server)
        .query_raw("CREATE DATABASE secret")
        .execute()
        .await
        .unwrap();
    client(&server)
        .query_raw("CREATE TABLE secret.t (a String) ENGINE = MergeTree ORDER BY a")
        .execute()
        .await
        .unwrap();

    let anonymous = Client::default().with_url(&server.url);
    assert!(anonymous.query_raw("SELECT a FROM secret.t").execute().await.is_err());
    let guessing = anonymous.clone().with_user("gosight").with_password("guess");
    assert!(guessing.query_raw("SELECT 1").execute().await.is_err());
    for sql in [
        "SELECT * FROM file('/etc/passwd', 'LineAsString')",
        "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
        "CREATE USER eve",
    ] {
        let error = client(&server).query_raw(sql).execute().await.unwrap_err().to_string();
        assert!(
            error.contains("ACCESS_DENIED") || error.contains("Not enough privileges"),
            "{sql}: {error}"
        );
    }
    engine.stop().await;
}

#[tokio::test]
async fn killed_it_comes_back_with_what_it_acknowledged() {
    let dir = TempDir::new().unwrap();
    let engine = Engine::start(testing::engine_config(dir.path())).await.unwrap();
    let server = engine.server().borrow().clone();
    for sql in [
        "CREATE DATABASE d",
        "CREATE TABLE d.t (a String) ENGINE = MergeTree ORDER BY a",
        "INSERT INTO d.t VALUES ('kept')",
    ] {
        client(&server)
            .with_setting("async_insert", "0")
            .query_raw(sql)
            .execute()
            .await
            .unwrap();
    }
    let mut state = engine.state();
    let first = pid(&engine);
    kill_process(first, Signal::KILL).unwrap();
    let reborn = |state: &EngineState| matches!(state, EngineState::Ready { pid } if *pid != first.as_raw_pid() as u32);
    timeout(PATIENCE, state.wait_for(reborn)).await.unwrap().unwrap();
    let server = engine.server().borrow().clone();
    assert_eq!(answer(&server, "SELECT a FROM d.t").await.unwrap(), "kept");
    engine.stop().await;
}

#[tokio::test]
async fn a_second_owner_of_the_folder_is_refused() {
    let dir = TempDir::new().unwrap();
    let engine = Engine::start(testing::engine_config(dir.path())).await.unwrap();
    let config = EngineConfig {
        lock_wait: Duration::from_millis(200),
        ..testing::engine_config(dir.path())
    };
    let error = Engine::start(config).await.unwrap_err();
    assert!(matches!(error, EngineError::Locked { .. }), "{error}");
    engine.stop().await;
}

#[tokio::test]
async fn a_start_waits_for_the_owner_before_it_to_go() {
    let dir = TempDir::new().unwrap();
    let first = Engine::start(testing::engine_config(dir.path())).await.unwrap();
    let second = tokio::spawn(Engine::start(testing::engine_config(dir.path())));
    first.stop().await;
    second.await.unwrap().unwrap().stop().await;
}

/// A parent of its own, to be killed: this very binary again.
#[tokio::test]
async fn parent_to_be_killed() {
    if let Some(dir) = std::env::var_os("GOSIGHT_TEST_PARENT_DIR") {
        let engine = Engine::start(testing::engine_config(Path::new(&dir))).await.unwrap();
        std::fs::write(Path::new(&dir).join("pid"), pid(&engine).as_raw_nonzero().to_string()).unwrap();
        std::future::pending::<()>().await;
    }
}

#[tokio::test]
async fn an_engine_whose_parent_is_killed_goes_by_itself_and_the_next_start_takes_over() {
    let dir = TempDir::new().unwrap();
    let mut parent = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["parent_to_be_killed", "--exact", "--nocapture"])
        .env("GOSIGHT_TEST_PARENT_DIR", dir.path())
        .stdout(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let pid_file = dir.path().join("pid");
    let orphan = timeout(PATIENCE, async {
        loop {
            if let Some(pid) = std::fs::read_to_string(&pid_file)
                .ok()
                .and_then(|text| text.parse().ok())
            {
                break Pid::from_raw(pid).unwrap();
            }
            sleep(Duration::from_millis(20)).await;
        }
    });
    let orphan = orphan.await.unwrap();
    parent.kill().await.unwrap();
    let engine = Engine::start(testing::engine_config(dir.path())).await.unwrap();
    timeout(PATIENCE, is_gone(orphan)).await.unwrap();
    assert_ne!(pid(&engine), orphan);
    engine.stop().await;
}

#[tokio::test]
async fn a_missing_library_and_a_broken_one_are_told_apart_from_a_start_that_failed() {
    let dir = TempDir::new().unwrap();
    let missing = EngineConfig {
        library_path: dir.path().join("none.so"),
        ..testing::engine_config(dir.path())
    };
    assert!(matches!(
        Engine::start(missing).await.unwrap_err(),
        EngineError::LibraryMissing { .. }
    ));

    let broken = dir.path().join("broken.so");
    std::fs::write(&broken, "not a library").unwrap();
    let config = EngineConfig {
        library_path: broken,
        ..testing::engine_config(dir.path())
    };
    let error = Engine::start(config).await.unwrap_err();
    assert!(
        matches!(&error, EngineError::Start(words) if words.contains("broken.so")),
        "{error}"
    );
}

#[tokio::test]
async fn a_query_that_wants_too_much_memory_is_refused_and_the_engine_lives_on() {
    let dir = TempDir::new().unwrap();
    let engine = Engine::start(testing::engine_config(dir.path())).await.unwrap();
    let server = engine.server().borrow().clone();
    let greedy =
        "SELECT toString(uniqExact(number, toString(number))) FROM system.numbers_mt WHERE number < 1000000000";
    let error = answer(&server, greedy).await.unwrap_err().to_string();
    assert!(
        error.contains("MEMORY_LIMIT_EXCEEDED") || error.contains("241"),
        "{error}"
    );
    assert_eq!(answer(&server, "SELECT 'alive'").await.unwrap(), "alive");
    engine.stop().await;
}
