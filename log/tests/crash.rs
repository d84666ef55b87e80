//! `kill -9` and the fail point, against a child process: this test binary again, told by an environment variable to
//! append until it dies and to print every acknowledgement.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use bytes::Bytes;
use gosight_log::{APPEND_BEFORE_ACK, EmbeddedConfig, EmbeddedLog, Log, LogError, Offset, Topic, TopicConfig};

const CHILD_DIR: &str = "GOSIGHT_LOG_CRASH_TEST_DIR";
const APPENDERS: usize = 4;

fn config() -> EmbeddedConfig {
    let mut config = EmbeddedConfig::small(1);
    // Small enough to roll under fire.
    let sizes = TopicConfig {
        partitions: 1,
        segment_bytes: 64 << 10,
        queue_bytes_max: 16 << 10,
    };
    config.topics.insert(Topic::Events, sizes);
    config
}

fn payload(child: u32, appender: usize, index: usize) -> String {
    format!(
        "{child}-{appender}-{index}-{}",
        "x".repeat((index * 37 + appender) % 700)
    )
}

/// The child's life. As a test of its own it does nothing.
#[test]
fn child_appends_until_it_dies() {
    let Ok(dir) = std::env::var(CHILD_DIR) else { return };
    let _scenario = fail::FailScenario::setup();
    let log = EmbeddedLog::open(dir, &config()).unwrap();
    let acknowledge = |appender: usize| {
        for index in 0.. {
            let text = payload(std::process::id(), appender, index);
            let append = match log.append(Topic::Events, 0, Bytes::copy_from_slice(text.as_bytes())) {
                Ok(append) => append,
                Err(LogError::Full { .. }) => continue,
                Err(error) => panic!("{error}"),
            };
            let line = format!("ack {} {text}\n", append.wait().unwrap());
            std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
        }
    };
    std::thread::scope(|scope| {
        for appender in 0..APPENDERS {
            scope.spawn(move || acknowledge(appender));
        }
    });
}

fn spawn_child(dir: &Path, fail_points: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_appends_until_it_dies", "--nocapture"])
        .env(CHILD_DIR, dir)
        .env("FAILPOINTS", fail_points)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Collects acknowledgements until the child is dead, killing it after `kill_after` of them.
fn acknowledged(child: &mut Child, kill_after: usize) -> BTreeMap<Offset, String> {
    let mut acknowledged = BTreeMap::new();
    let lines = BufReader::new(child.stdout.take().unwrap()).split(b'\n');
    for line in lines {
        // A line cut off by the kill was not read by anyone either.
        let line = String::from_utf8(line.unwrap()).unwrap();
        let words: Vec<_> = line.split(' ').collect();
        let Some(["ack", offset, text]) = words.get(words.len().saturating_sub(3)..) else {
            continue;
        };
        acknowledged.insert(offset.parse().unwrap(), (*text).to_owned());
        if acknowledged.len() == kill_after {
            child.kill().unwrap();
        }
    }
    acknowledged
}

fn stored(log: &dyn Log) -> BTreeMap<Offset, String> {
    let mut records = Vec::new();
    log.reader(Topic::Events, 0, 0)
        .unwrap()
        .read(Offset::MAX, usize::MAX, &mut records)
        .unwrap();
    records
        .into_iter()
        .map(|record| (record.offset, String::from_utf8(record.payload.to_vec()).unwrap()))
        .collect()
}

#[test]
fn it_keeps_every_acknowledged_record_over_kills_at_any_moment() {
    let dir = tempfile::tempdir().unwrap();
    let mut expected = BTreeMap::new();
    for kill_after in [1, 10, 100, 333, 777, 1500] {
        let mut child = spawn_child(dir.path(), "");
        expected.append(&mut acknowledged(&mut child, kill_after));
        assert_eq!(child.wait().unwrap().signal(), Some(9));

        let log = EmbeddedLog::open(dir.path(), &config()).unwrap();
        let stored = stored(&log);
        for (offset, text) in &expected {
            // The last line may have been cut off by the kill.
            assert!(
                stored.get(offset).is_some_and(|stored| stored.starts_with(text)),
                "record {offset} is lost"
            );
        }
        assert_eq!(stored.len() as u64, log.durable(Topic::Events, 0).end, "dense");
        log.append(Topic::Events, 0, Bytes::from_static(b"still works"))
            .unwrap()
            .wait()
            .unwrap();
    }
}

#[test]
fn it_keeps_what_was_durable_when_it_died_before_the_acknowledgement() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = spawn_child(dir.path(), &format!("{APPEND_BEFORE_ACK}=20*off->return"));
    let acknowledged = acknowledged(&mut child, usize::MAX);
    assert_eq!(child.wait().unwrap().signal(), Some(6), "aborted by the fail point");
    let log = EmbeddedLog::open(dir.path(), &config()).unwrap();
    let stored = stored(&log);
    for (offset, text) in &acknowledged {
        assert_eq!(stored.get(offset), Some(text));
    }
    assert!(
        stored.len() > acknowledged.len(),
        "the last group was durable, and nobody had been told"
    );
}
