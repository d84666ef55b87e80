//! The contract of [`Log`], kept by the embedded log on a real disk.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use gosight_log::{EmbeddedConfig, EmbeddedLog, Log, LogError, Offset, Record, Retention, Topic, TopicConfig};

/// Small enough that a few hundred records roll several times.
const SEGMENT_BYTES: u64 = 8 << 10;

fn tiny() -> EmbeddedConfig {
    let mut config = EmbeddedConfig::small(2);
    let sizes = TopicConfig {
        partitions: 2,
        segment_bytes: SEGMENT_BYTES,
        queue_bytes_max: SEGMENT_BYTES / 4,
    };
    config.topics.insert(Topic::Events, sizes);
    config
}

fn open(dir: &Path) -> EmbeddedLog {
    EmbeddedLog::open(dir, &tiny()).unwrap()
}

/// Appends and waits; a full queue only means that the committer is still allocating.
fn append(log: &dyn Log, payload: &str) -> Offset {
    loop {
        match log.append(Topic::Events, 0, Bytes::copy_from_slice(payload.as_bytes())) {
            Ok(append) => return append.wait().unwrap(),
            Err(LogError::Full { .. }) => std::thread::yield_now(),
            Err(error) => panic!("{error}"),
        }
    }
}

fn read_all(log: &dyn Log) -> Vec<Record> {
    let mut reader = log.reader(Topic::Events, 0, log.start(Topic::Events, 0)).unwrap();
    let mut records = Vec::new();
    reader.read(Offset::MAX, usize::MAX, &mut records).unwrap();
    records
}

fn texts(records: &[Record]) -> Vec<String> {
    records
        .iter()
        .map(|record| String::from_utf8(record.payload.to_vec()).unwrap())
        .collect()
}

fn segment_files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(dir.join("events/0"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "seg"))
        .collect();
    files.sort();
    files
}

fn payload(index: usize) -> String {
    format!("record {index} {}", "x".repeat(index % 97))
}

#[test]
fn it_gives_back_what_was_appended_in_order_with_dense_offsets() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    let offsets: Vec<_> = (0..500).map(|index| append(&log, &payload(index))).collect();
    assert_eq!(offsets, (0..500).collect::<Vec<_>>());
    let records = read_all(&log);
    assert_eq!(texts(&records), (0..500).map(payload).collect::<Vec<_>>());
    assert!(records.is_sorted_by_key(|record| (record.offset, record.appended_at_ms)));
    assert!(segment_files(dir.path()).len() > 3, "the test is to roll");
}

#[tokio::test]
async fn it_resolves_an_append_as_a_future() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    assert_eq!(
        log.append(Topic::Control, 0, Bytes::from_static(b"a"))
            .unwrap()
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        log.append(Topic::Control, 0, Bytes::from_static(b"b"))
            .unwrap()
            .await
            .unwrap(),
        1
    );
    assert_eq!(log.durable(Topic::Control, 0).end, 2);
    assert_eq!(log.durable(Topic::Bindings, 0).end, 0);
}

#[test]
fn it_keeps_everything_over_clean_restarts() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..5 {
        let log = open(dir.path());
        assert_eq!(log.durable(Topic::Events, 0).end, round * 40);
        for index in round * 40..(round + 1) * 40 {
            append(&log, &payload(index as usize));
        }
        log.close().unwrap();
        assert_eq!(
            texts(&read_all(&log)),
            (0..(round as usize + 1) * 40).map(payload).collect::<Vec<_>>()
        );
    }
}

#[test]
fn it_leaves_no_trace_of_restarts_without_records() {
    let dir = tempfile::tempdir().unwrap();
    for _ in 0..5 {
        open(dir.path()).close().unwrap();
    }
    assert_eq!(segment_files(dir.path()).len(), 1);
}

#[test]
fn it_drains_its_queue_when_closed_and_then_refuses() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    let appends: Vec<_> = (0..20)
        .map(|_| log.append(Topic::Events, 0, Bytes::from_static(b"last words")).unwrap())
        .collect();
    log.close().unwrap();
    assert!(matches!(
        log.append(Topic::Events, 0, Bytes::new()),
        Err(LogError::Closed)
    ));
    assert!(matches!(log.ready(), Err(LogError::Closed)));
    for (index, append) in appends.into_iter().enumerate() {
        assert_eq!(append.wait().unwrap(), index as u64);
    }
    drop(log);
    assert_eq!(open(dir.path()).durable(Topic::Events, 0).end, 20);
}

#[test]
fn it_refuses_more_than_its_queue_holds_and_accepts_again_later() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    let record = Bytes::from(vec![7; 512]);
    let mut accepted = Vec::new();
    // The committer syncs to a disk, this loop does not: the queue must fill.
    let refused = loop {
        match log.append(Topic::Events, 0, record.clone()) {
            Ok(append) => accepted.push(append),
            Err(error) => break error,
        }
        assert!(accepted.len() < 1_000_000, "the queue has no end");
    };
    assert!(matches!(refused, LogError::Full { .. }), "{refused}");
    assert!(refused.is_retriable());
    assert!(log.ready().is_ok(), "busy is not broken");
    let count = accepted.len() as u64;
    assert_eq!(
        accepted
            .into_iter()
            .map(|append| append.wait().unwrap())
            .collect::<Vec<_>>(),
        (0..count).collect::<Vec<_>>()
    );
    append(&log, "there is room again");
}

#[test]
fn it_refuses_a_record_that_fits_into_no_segment() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    let refused = log
        .append(Topic::Events, 0, Bytes::from(vec![0; SEGMENT_BYTES as usize]))
        .unwrap_err();
    let LogError::TooLarge { bytes_max, .. } = refused else {
        panic!("{refused}")
    };
    append(&log, &"x".repeat(bytes_max));
    append(&log, "and goes on");
    assert!(
        log.append(Topic::Events, 0, Bytes::from(vec![0; bytes_max + 1]))
            .is_err()
    );
}

#[test]
fn it_refuses_a_second_process_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    let refused = EmbeddedLog::open(dir.path(), &tiny()).unwrap_err();
    let message = refused.to_string();
    assert!(matches!(refused, LogError::Locked { .. }));
    assert!(message.contains("in use by another process"), "{message}");
    assert!(message.contains(&std::process::id().to_string()), "{message}");
    drop(log);
    open(dir.path());
}

#[test]
fn it_waits_for_another_process_to_let_go() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    let patient = EmbeddedConfig {
        lock_wait: Duration::from_secs(60),
        ..tiny()
    };
    std::thread::scope(|scope| {
        let second = scope.spawn(|| EmbeddedLog::open(dir.path(), &patient));
        append(&log, "still mine");
        drop(log);
        assert_eq!(second.join().unwrap().unwrap().durable(Topic::Events, 0).end, 1);
    });
}

#[test]
fn it_says_which_folder_it_cannot_write() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a file");
    std::fs::write(&file, "not a folder").unwrap();
    let message = EmbeddedLog::open(file.join("log"), &tiny()).unwrap_err().to_string();
    assert!(
        message.starts_with("cannot create ") && message.contains("a file/log"),
        "{message}"
    );
}

#[test]
fn it_keeps_the_number_of_partitions_the_folder_was_made_with() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    let log = EmbeddedLog::open(dir.path(), &EmbeddedConfig::small(3)).unwrap();
    assert_eq!(log.partitions(Topic::Events), 2);
    assert_eq!(log.partitions(Topic::Control), 1);
}

#[test]
fn a_folder_made_before_there_was_a_topic_gets_it() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("layout"), "gosight-log 1\nevents 2\n").unwrap();
    let log = EmbeddedLog::open(dir.path(), &EmbeddedConfig::small(2)).unwrap();
    assert_eq!((log.partitions(Topic::Events), log.partitions(Topic::Replay)), (2, 2));
}

#[test]
fn it_refuses_a_layout_it_does_not_know() {
    let dir = tempfile::tempdir().unwrap();
    for layout in [
        "gosight-log 2\n",
        "",
        "gosight-log 1\nevents none\n",
        "gosight-log 1\nevents 0\n",
        "gosight-log 1\nelse 1\n",
    ] {
        std::fs::write(dir.path().join("layout"), layout).unwrap();
        let refused = EmbeddedLog::open(dir.path(), &tiny()).unwrap_err();
        assert!(matches!(refused, LogError::Layout { .. }), "{layout:?}: {refused}");
    }
}

#[test]
fn it_reads_within_the_bounds_it_is_given() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    for index in 0..200 {
        append(&log, &payload(index));
    }
    for from in [0, 1, 77, 199] {
        let mut reader = log.reader(Topic::Events, 0, from).unwrap();
        let mut records = Vec::new();
        reader.read(200, 0, &mut records).unwrap();
        assert_eq!(texts(&records), [payload(from as usize)], "at least one record");
        reader.read(from + 1, usize::MAX, &mut records).unwrap();
        assert_eq!(records.len(), 1, "never at or past the end asked for");
        while reader.next_offset() < 200 {
            let before = records.len();
            reader.read(200, 100, &mut records).unwrap();
            let given: usize = records[before..].iter().map(|record| record.payload.len()).sum();
            let last = records.last().unwrap().payload.len();
            assert!(
                records.len() > before && given - last < 100,
                "stops at the record that reaches the budget"
            );
        }
        assert_eq!(texts(&records), (from as usize..200).map(payload).collect::<Vec<_>>());
        reader.read(Offset::MAX, usize::MAX, &mut records).unwrap();
        assert_eq!(reader.next_offset(), 200);
    }
    assert!(matches!(
        log.reader(Topic::Events, 0, 201),
        Err(LogError::BeyondEnd { offset: 201, end: 200 })
    ));
}

#[test]
fn it_gives_each_acknowledged_record_once_to_tailing_readers_while_many_append() {
    const APPENDERS: u64 = 4;
    const RECORDS_EACH: u64 = 300;
    let dir = tempfile::tempdir().unwrap();
    let log = &open(dir.path());
    let tail = |bytes_max: usize| {
        let mut reader = log.reader(Topic::Events, 0, 0).unwrap();
        let mut records = Vec::new();
        while reader.next_offset() < APPENDERS * RECORDS_EACH {
            let durable = log.durable(Topic::Events, 0);
            reader.read(durable.end, bytes_max, &mut records).unwrap();
            std::thread::yield_now();
        }
        records
    };
    let write = |appender: u64| {
        (0..RECORDS_EACH)
            .map(|index| {
                let text = format!("{appender} {}", payload(index as usize));
                let offset = append(log, &text);
                // Acknowledged is readable, at once.
                let mut records = Vec::new();
                log.reader(Topic::Events, 0, offset)
                    .unwrap()
                    .read(offset + 1, 1, &mut records)
                    .unwrap();
                assert_eq!(texts(&records), std::slice::from_ref(&text));
                (offset, text)
            })
            .collect::<Vec<_>>()
    };
    std::thread::scope(|scope| {
        let readers = [1, 500, usize::MAX].map(|bytes_max| scope.spawn(move || tail(bytes_max)));
        let writers: Vec<_> = (0..APPENDERS)
            .map(|appender| scope.spawn(move || write(appender)))
            .collect();
        let mut acknowledged: Vec<_> = writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect();
        acknowledged.sort();
        assert_eq!(acknowledged.len() as u64, APPENDERS * RECORDS_EACH);
        for reader in readers {
            let records = reader.join().unwrap();
            let read: Vec<_> = records
                .iter()
                .map(|record| record.offset)
                .zip(texts(&records))
                .collect();
            assert_eq!(read, acknowledged);
        }
    });
}

#[test]
fn it_repairs_a_tail_torn_at_any_byte_of_its_last_frame() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    for index in 0..3 {
        append(&log, &format!("record {index}"));
    }
    drop(log);
    let file = segment_files(dir.path()).pop().unwrap();
    let whole = std::fs::read(&file).unwrap();
    let frame_bytes = 8 + 16 + "record 2".len();
    for cut in 0..frame_bytes {
        for is_allocated in [true, false] {
            let torn_dir = tempfile::tempdir().unwrap();
            let partition = torn_dir.path().join("events/0");
            std::fs::create_dir_all(&partition).unwrap();
            // As after a crash: what the process got out, then the zeros of the allocation (or, elsewhere, nothing).
            let mut torn = whole[..whole.len() - frame_bytes + cut].to_vec();
            if is_allocated {
                torn.resize(SEGMENT_BYTES as usize, 0);
            }
            std::fs::write(partition.join(file.file_name().unwrap()), torn).unwrap();
            let log = open(torn_dir.path());
            assert_eq!(
                texts(&read_all(&log)),
                ["record 0", "record 1"],
                "cut after {cut} bytes"
            );
            let repaired = std::fs::read(&segment_files(torn_dir.path())[0]).unwrap();
            assert_eq!(
                repaired,
                whole[..whole.len() - frame_bytes],
                "what follows the last whole frame is wiped"
            );
            assert_eq!(append(&log, "again"), 2);
            drop(log);
            assert_eq!(
                texts(&read_all(&open(torn_dir.path()))),
                ["record 0", "record 1", "again"]
            );
        }
    }
}

#[test]
fn it_stops_at_a_hole_instead_of_cutting_what_was_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    for index in 0..10 {
        append(&log, &format!("record {index}"));
    }
    drop(log);
    let file = segment_files(dir.path()).pop().unwrap();
    let whole = std::fs::read(&file).unwrap();
    let frame_bytes = 8 + 16 + "record 0".len();
    let fifth = 44 + 4 * frame_bytes;
    for is_allocated in [true, false] {
        for at in fifth..fifth + frame_bytes {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x10;
            if is_allocated {
                damaged.resize(SEGMENT_BYTES as usize, 0);
            }
            std::fs::write(&file, &damaged).unwrap();
            let refused = EmbeddedLog::open(dir.path(), &tiny()).unwrap_err();
            let LogError::Corrupt {
                file: named, position, ..
            } = &refused
            else {
                panic!("{refused}")
            };
            assert_eq!((named, *position), (&file, fifth as u64));
            assert_eq!(std::fs::read(&file).unwrap(), damaged, "nothing is changed");
        }
    }
    std::fs::write(&file, &whole).unwrap();
    assert_eq!(open(dir.path()).durable(Topic::Events, 0).end, 10);
}

#[test]
fn it_does_not_take_damage_after_a_clean_stop_for_a_torn_tail() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    append(&log, "the only record");
    drop(log);
    let file = segment_files(dir.path()).pop().unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let refused = EmbeddedLog::open(dir.path(), &tiny()).unwrap_err();
    assert!(matches!(refused, LogError::Corrupt { position: 44, .. }), "{refused}");
}

#[test]
fn it_reports_damage_in_an_old_segment_when_it_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    for index in 0..300 {
        append(&log, &payload(index));
    }
    drop(log);
    let file = segment_files(dir.path()).remove(0);
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let log = open(dir.path());
    let mut reader = log.reader(Topic::Events, 0, 0).unwrap();
    let mut records = Vec::new();
    let refused = reader.read(Offset::MAX, usize::MAX, &mut records).unwrap_err();
    assert!(
        matches!(&refused, LogError::Corrupt { file: named, .. } if *named == file),
        "{refused}"
    );
    assert!(
        records.is_empty() && reader.next_offset() == 0,
        "the reader stands where it stood"
    );
}

#[test]
fn it_reports_a_missing_segment_when_it_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    for index in 0..300 {
        append(&log, &payload(index));
    }
    drop(log);
    std::fs::remove_file(&segment_files(dir.path())[1]).unwrap();
    let log = open(dir.path());
    let refused = log
        .reader(Topic::Events, 0, 0)
        .unwrap()
        .read(Offset::MAX, usize::MAX, &mut Vec::new())
        .unwrap_err();
    assert!(matches!(refused, LogError::Corrupt { .. }), "{refused}");
}

#[test]
fn it_trims_whole_segments_that_nobody_needs() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    for index in 0..500 {
        append(&log, &payload(index));
    }
    let trim = |needed_from, retention| log.trim(Topic::Events, 0, needed_from, retention).unwrap();
    let files = segment_files(dir.path()).len();
    let forever = Retention {
        age_ms_max: i64::MAX,
        bytes_max: u64::MAX,
    };
    assert_eq!(trim(500, forever), 0, "neither old nor too large");
    assert_eq!(trim(0, Retention::NEEDED_ONLY), 0, "still needed");
    assert_eq!(segment_files(dir.path()).len(), files);

    let mut lagging = log.reader(Topic::Events, 0, 0).unwrap();
    lagging.read(1, 1, &mut Vec::new()).unwrap();
    let start = trim(250, Retention::NEEDED_ONLY);
    assert!(start > 0 && start <= 250, "{start}");
    assert_eq!(log.start(Topic::Events, 0), start);
    assert_eq!(
        texts(&read_all(&log)),
        (start as usize..500).map(payload).collect::<Vec<_>>()
    );
    assert!(matches!(
        log.reader(Topic::Events, 0, start - 1),
        Err(LogError::Trimmed { .. })
    ));
    let overtaken = lagging.read(500, usize::MAX, &mut Vec::new()).unwrap_err();
    assert!(matches!(overtaken, LogError::Trimmed { offset: 1, .. }), "{overtaken}");

    let by_size = Retention {
        age_ms_max: i64::MAX,
        bytes_max: 2 * SEGMENT_BYTES,
    };
    let start = trim(500, by_size);
    assert!(segment_files(dir.path()).len() <= 3, "{:?}", segment_files(dir.path()));
    drop(log);
    let log = open(dir.path());
    assert_eq!(log.start(Topic::Events, 0), start);
    assert_eq!(
        texts(&read_all(&log)),
        (start as usize..500).map(payload).collect::<Vec<_>>()
    );
}
