//! What cannot work is refused at once, in words that say what to do.
//!
//! A CPU without what the engine needs cannot be had here: that refusal is tested in `store/src/engine/library.rs`. Whoever runs these tests as root can
//! write anywhere, so the folder that cannot be written is one below a plain file.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]
#![allow(clippy::print_stdout, reason = "a test prints its figures")]

mod harness;

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use harness::{GoSight, PATIENCE, binary, engine_library, free_port};

/// A start waits so long for an orphan of the same folder before it refuses.
const LOCK_WAIT: Duration = Duration::from_secs(20);
/// Beyond that, a refusal comes at once, even on a busy machine.
const AT_ONCE: Duration = Duration::from_secs(15);

const BOT_TOKEN: &str = "123456:refusals";

/// A command that must end by itself.
struct Refusal {
    output: Output,
    took: Duration,
}

impl Refusal {
    fn of(command: &mut Command) -> Self {
        let began = Instant::now();
        let output = command.stdin(Stdio::null()).output().unwrap();
        Self {
            output,
            took: began.elapsed(),
        }
    }

    /// What it said on stderr, besides log lines.
    fn said(&self) -> String {
        let stderr = String::from_utf8_lossy(&self.output.stderr);
        stderr
            .lines()
            .filter(|line| !line.starts_with('{'))
            .map(|line| format!("{line}\n"))
            .collect()
    }

    /// It failed, soon, and said this: on one line, or on one and its cause.
    fn assert(&self, patience: Duration, words: &[&str]) {
        let said = self.said();
        assert!(!self.output.status.success(), "it was not refused: {said}");
        assert!(
            self.output.status.code().is_some(),
            "it crashed ({}): {said}",
            self.output.status
        );
        for word in words {
            assert!(said.contains(word), "\"{word}\" is missing in: {said}");
        }
        assert!(
            said.lines().count() <= 2,
            "that is more than a line and its cause: {said}"
        );
        assert!(!said.contains("panicked"), "{said}");
        assert!(self.took < patience, "it took {:?}", self.took);
        println!("refused after {:.1?}: {}", self.took, said.trim_end());
    }
}

fn up(data_dir: &Path, rest: &[&str]) -> Command {
    command("up", data_dir, rest)
}

/// On a port of its own, unless `rest` says another.
fn command(name: &str, data_dir: &Path, rest: &[&str]) -> Command {
    let mut command = binary();
    command.arg(name).arg("--data-dir").arg(data_dir);
    if !rest.contains(&"--listen") {
        command.args(["--listen", &format!("127.0.0.1:{}", free_port())]);
    }
    command.args(rest);
    command
}

/// `gosight doctor`: what it reports about this, and that it fails.
fn doctor_says(data_dir: &Path, rest: &[&str], mark: &str, words: &[&str]) {
    let refusal = Refusal::of(&mut command("doctor", data_dir, rest));
    let report = String::from_utf8_lossy(&refusal.output.stdout).into_owned();
    let line = report.lines().find(|line| words.iter().all(|word| line.contains(word)));
    let line = line.unwrap_or_else(|| panic!("no line with {words:?} in:\n{report}"));
    assert!(line.starts_with(mark), "{line}");
    assert_eq!(
        refusal.output.status.success(),
        mark == "✓" && !report.contains('✗'),
        "{report}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_the_same_folder_is_refused() {
    let gosight = GoSight::start().await;
    let folder = gosight.data_dir();
    let second = tokio::task::spawn_blocking({
        let folder = folder.clone();
        move || Refusal::of(&mut up(&folder, &[]))
    });
    let second = second.await.unwrap();
    second.assert(
        LOCK_WAIT + AT_ONCE,
        &[
            folder.to_str().unwrap(),
            "in use by another process",
            &gosight.pid().to_string(),
        ],
    );
    assert!(
        second.took >= LOCK_WAIT - Duration::from_secs(1),
        "an orphan would not have had time to go: {:?}",
        second.took
    );
    assert!(gosight.door.is_ready().await, "the first one goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_is_refused() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let words = [address.as_str(), "is taken by another program", "--listen"];
    Refusal::of(&mut up(&data_dir, &["--listen", &address])).assert(AT_ONCE, &words);
    assert!(!data_dir.exists(), "nothing is written before the address is there");
    doctor_says(
        &data_dir,
        &["--listen", &address],
        "✗",
        &["address", &address, "--listen"],
    );
}

#[test]
fn a_folder_that_cannot_be_written_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let data_dir = file.path().join("data");
    let words = [
        "cannot write to the data folder",
        data_dir.to_str().unwrap(),
        "--data-dir",
    ];
    Refusal::of(&mut up(&data_dir, &[])).assert(AT_ONCE, &words);
    doctor_says(&data_dir, &[], "✗", &["data folder", data_dir.to_str().unwrap()]);
}

#[test]
fn a_cold_store_that_cannot_be_made_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    let cold_dir = file.path().join("cold");
    let cold_dir = cold_dir.to_str().unwrap();
    let words = ["the cold store's folder", cold_dir, "--cold-dir"];
    Refusal::of(&mut up(folder.path(), &["--cold-dir", cold_dir])).assert(AT_ONCE, &words);
}

#[test]
fn a_missing_engine_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = ["--engine-lib", "/nowhere/libchdb.so"];
    let words = ["engine is not there", "/nowhere/libchdb.so", "CLICKHOUSE_URL"];
    Refusal::of(&mut up(folder.path(), &nowhere)).assert(AT_ONCE, &words);
    Refusal::of(up(folder.path(), &[]).env("GOSIGHT_ENGINE_LIB", "/nowhere/libchdb.so")).assert(AT_ONCE, &words);
    doctor_says(folder.path(), &nowhere, "✗", &["engine", "/nowhere/libchdb.so"]);
}

#[test]
fn a_file_that_is_no_engine_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let impostor = folder.path().join("libchdb.so");
    std::fs::write(&impostor, "not a library").unwrap();
    let impostor = impostor.to_str().unwrap();
    let refusal = Refusal::of(&mut up(&folder.path().join("data"), &["--engine-lib", impostor]));
    assert!(!refusal.output.status.success());
    assert!(
        refusal.said().contains(impostor) && refusal.said().contains("engine"),
        "{}",
        refusal.said()
    );
    assert!(refusal.took < AT_ONCE, "it took {:?}", refusal.took);
}

#[test]
fn wrong_settings_are_refused_wherever_they_stand() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let toml = |text: &str| {
        let file = folder.path().join("gosight.toml");
        std::fs::write(&file, text).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let flag = Refusal::of(&mut up(&data_dir, &["--workers", "0"]));
    assert_names_setting(&flag, &["--workers", "0", "whole number from 1"]);
    let env = Refusal::of(up(&data_dir, &[]).env("GOSIGHT_WORKERS", "many"));
    assert_names_setting(&env, &["--workers", "many", "whole number from 1"]);
    let value = Refusal::of(&mut up(&data_dir, &["--config", &toml("workers = 0")]));
    assert_names_setting(&value, &["--workers", "0", "whole number from 1"]);
    let name = Refusal::of(&mut up(&data_dir, &["--config", &toml("wrokers = 2")]));
    assert_names_setting(&name, &["gosight.toml", "wrokers", "workers"]);
    let shape = Refusal::of(&mut up(&data_dir, &["--config", &toml("workers = [2]")]));
    assert_names_setting(&shape, &["gosight.toml", "workers"]);
    let broken = Refusal::of(&mut up(&data_dir, &["--config", &toml("workers = ")]));
    assert_names_setting(&broken, &["gosight.toml"]);
    let missing = Refusal::of(&mut up(&data_dir, &["--config", "/nowhere/gosight.toml"]));
    assert_names_setting(&missing, &["/nowhere/gosight.toml"]);
    let address = Refusal::of(&mut up(&data_dir, &["--listen", "everywhere"]));
    assert_names_setting(&address, &["--listen", "everywhere"]);
    let url = Refusal::of(&mut up(&data_dir, &["--public-url", "shop.example"]));
    assert_names_setting(&url, &["--public-url", "shop.example", "http://"]);
    assert!(!data_dir.exists(), "nothing is written for a start that was refused");
}

#[test]
fn a_geoip_file_that_is_none_is_refused_before_anything_is_started() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let impostor = folder.path().join("city.mmdb");
    std::fs::write(&impostor, "not a database").unwrap();
    for file in ["/nowhere/city.mmdb", impostor.to_str().unwrap()] {
        let given = ["--geoip-file", file];
        Refusal::of(&mut up(&data_dir, &given)).assert(AT_ONCE, &["GeoIP database", file, "--geoip-file"]);
        assert!(!data_dir.exists(), "the engine and the log were started for nothing");
        doctor_says(&folder.path().join("doctor"), &given, "✗", &["GeoIP database", file]);
    }
}

/// Settings are refused in clap's form: an `error:` line first, then how it is called.
fn assert_names_setting(refusal: &Refusal, words: &[&str]) {
    let said = refusal.said();
    let first: String = said.split("\n\n").next().unwrap_or_default().to_owned();
    assert!(
        refusal.output.status.code().is_some_and(|code| code != 0),
        "{}: {said}",
        refusal.output.status
    );
    for word in words {
        assert!(first.contains(word), "\"{word}\" is missing in: {first}");
    }
    assert!(refusal.took < AT_ONCE, "it took {:?}", refusal.took);
    println!("refused after {:.1?}: {}", refusal.took, first.replace('\n', " "));
}

#[test]
fn the_doctor_is_content_with_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    let library = engine_library();
    doctor_says(folder.path(), &[], "✓", &["engine", library.to_str().unwrap()]);
    doctor_says(
        folder.path(),
        &[],
        "✓",
        &["data folder", folder.path().to_str().unwrap()],
    );
    doctor_says(folder.path(), &[], "✓", &["processor"]);
}

/// Answers as Telegram does, to this token or any other.
async fn bot_api(listener: tokio::net::TcpListener, token: &'static str) {
    let answer = move |uri: axum::http::Uri| async move {
        let me = r#"{"id": 1, "is_bot": true, "first_name": "GoSight", "username": "a_bot", "can_join_groups": true,
            "can_read_all_group_messages": false, "supports_inline_queries": false, "can_connect_to_business": false, "has_main_web_app": false}"#;
        let path = uri.path().to_ascii_lowercase();
        match path.strip_prefix(&format!("/bot{token}/")) {
            Some("getme") => (StatusCode::OK, format!(r#"{{"ok": true, "result": {me}}}"#)),
            Some(_) => (StatusCode::OK, r#"{"ok": true, "result": []}"#.to_owned()),
            None => (
                StatusCode::UNAUTHORIZED,
                r#"{"ok": false, "error_code": 401, "description": "Unauthorized"}"#.to_owned(),
            ),
        }
    };
    axum::serve(listener, axum::Router::new().fallback(answer))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_telegram_rejects_is_refused() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(bot_api(listener, "1:another"));
    let refusal = tokio::task::spawn_blocking(move || {
        let folder = tempfile::tempdir().unwrap();
        let bot = ["--telegram-token", BOT_TOKEN, "--telegram-api-url", &url];
        Refusal::of(&mut up(folder.path(), &bot))
    });
    let refusal = refusal.await.unwrap();
    refusal.assert(
        LOCK_WAIT + AT_ONCE,
        &["Telegram rejects the bot's token", "--telegram-token"],
    );
    assert!(!refusal.said().contains(BOT_TOKEN), "a token belongs in no log");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absent_telegram_is_no_reason_not_to_start_and_is_found_when_it_comes() {
    // Bound and not listening: refused, and nobody else's.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    let env = [
        ("GOSIGHT_TELEGRAM_TOKEN", BOT_TOKEN),
        ("GOSIGHT_TELEGRAM_API_URL", &url),
    ];
    let mut gosight = GoSight::start_with(&env).await;
    assert!(gosight.log().contains("starting without Telegram"), "{}", gosight.log());
    assert!(gosight.door.metrics().await.contains("gosight_telegram_connected 0"));
    tokio::spawn(bot_api(socket.listen(8).unwrap(), BOT_TOKEN));
    let end = Instant::now() + PATIENCE;
    while !gosight.door.metrics().await.contains("gosight_telegram_connected 1") {
        assert!(
            Instant::now() < end,
            "Telegram came and was not found:\n{}",
            gosight.log()
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(!gosight.log().contains(BOT_TOKEN), "a token belongs in no log");
    assert_eq!(gosight.stop().await, Some(0), "{}", gosight.log());
}
