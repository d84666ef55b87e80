//! What retention takes from the log changes nothing that a restart makes of the rest.

use crate::support::{
    Batch, MemorySink, append, click, config, copy, now_ms, open_with_segments, page_view, run, start, wait_until,
};
use gosight_dataflow::{Binding, Config};
use gosight_log::{Log, Offset, Topic};
use prost::Message;
use std::path::Path;
use std::sync::Arc;

const PROJECT: u128 = 0xa0;
const MINUTE_MS: i64 = 60 * 1000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const SEGMENT_BYTES: u64 = 8 << 10;

/// A log that was written over the last days: each batch was bound by itself when it came.
struct OldLog {
    log: Arc<dyn Log>,
    ends: [Offset; 2],
}

impl OldLog {
    fn new(folder: &Path) -> Self {
        Self {
            log: open_with_segments(folder, 2, SEGMENT_BYTES),
            ends: [0; 2],
        }
    }

    fn take(&mut self, partition: usize, batch: &Batch) {
        append(&self.log, partition as u32, batch);
        self.ends[partition] += 1;
        let binding = Binding {
            tick: batch.received_at_ms as u64 + 1,
            complete_to_ms: batch.received_at_ms,
            control_end: 0,
            ends: self.ends.to_vec(),
        };
        let payload = binding.encode_to_vec().into();
        self.log.append(Topic::Bindings, 0, payload).unwrap().wait().unwrap();
    }

    /// Sessions of a moment, a minute apart, in both partitions.
    fn visits(&mut self, from_ms: i64, count: u128) {
        for visit in 0..count {
            let at_ms = from_ms + visit as i64 * MINUTE_MS;
            let id = 1_000_000 + visit * 10;
            let events = [page_view(id, at_ms), click(id + 1, at_ms + 1000)];
            self.take(
                (visit % 2) as usize,
                &Batch::new(PROJECT, 1000 + visit, at_ms).with(events),
            );
        }
    }

    fn starts(&self) -> [Offset; 2] {
        [0, 1].map(|partition| self.log.start(Topic::Events, partition))
    }
}

/// A page view of a session whose clock is three hours slow; all but its first batch took ten minutes to arrive.
fn of_long_session(number: u128, at_ms: i64) -> Batch {
    let on_its_way_ms = if number == 1 { 0 } else { 10 * MINUTE_MS };
    let batch = Batch {
        sent_at_ms: at_ms - 3 * HOUR_MS - on_its_way_ms,
        ..Batch::new(PROJECT, 7, at_ms)
    };
    let sent_at_ms = batch.sent_at_ms;
    batch.with([page_view(number, sent_at_ms)])
}

/// A page view of a visitor without a session id.
fn of_visitor(number: u128, at_ms: i64) -> Batch {
    Batch::new(PROJECT, 0, at_ms).with([page_view(10_000 + number, at_ms)])
}

/// Four days: at first visits that are over, then a session and a visitor who never pause.
fn write_four_days(log: &mut OldLog, now_ms: i64) -> [Offset; 2] {
    log.visits(now_ms - 96 * HOUR_MS, 280);
    let began = log.ends;
    for number in 1..=270 {
        let at_ms = now_ms - 91 * HOUR_MS + number * 20 * MINUTE_MS;
        log.take(0, &of_long_session(number as u128, at_ms));
        log.take(1, &of_visitor(number as u128, at_ms + 5));
    }
    began
}

fn write_on(log: &Arc<dyn Log>, now_ms: i64) {
    append(log, 0, &of_long_session(500, now_ms));
    append(log, 1, &of_visitor(500, now_ms));
}

fn no_age(log_bytes_max: u64) -> Config {
    Config {
        log_age_ms_min: 0,
        log_bytes_max,
        ..config(2)
    }
}

/// Runs until everything is in the views, and trims by what is open then.
fn run_and_trim(config: Config, old: &OldLog, sink: &MemorySink) {
    let (dataflow, bus) = start(config, &old.log, sink.clone());
    wait_until("the replay is done", || dataflow.replay().is_done());
    for _ in 0..2 {
        let asked_ms = now_ms();
        wait_until("the views are of now", || bus.complete_to_ms() > asked_ms);
        dataflow.trim().unwrap();
    }
    dataflow.stop().unwrap();
}

#[test]
fn a_session_that_stays_open_is_the_same_after_a_trim_and_a_restart() {
    let now_ms = now_ms();
    let (folder, copy_folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut old = OldLog::new(folder.path());
    let began = write_four_days(&mut old, now_ms);
    let whole = open_with_segments(copy_folder.path(), 2, 1 << 20);
    copy(&old.log, &whole, &[Topic::Events, Topic::Bindings]);

    let sink = MemorySink::default();
    run_and_trim(no_age(u64::MAX), &old, &sink);
    let starts = old.starts();
    assert!(
        (0..2).all(|partition| 0 < starts[partition] && starts[partition] <= began[partition]),
        "{starts:?} is left, the sessions began at {began:?}"
    );
    assert!(old.log.start(Topic::Bindings, 0) > 0, "bindings that nobody needs stay");
    write_on(&old.log, now_ms);
    run(config(1), &old.log, sink.clone());

    let golden = MemorySink::default();
    write_on(&whole, now_ms);
    run(config(1), &whole, golden.clone());
    let (views, golden) = (sink.views(), golden.views());
    assert_eq!(golden.outcome("counted"), 2 * 280 + 2 * 271);
    assert_eq!(views.sessions, golden.sessions);
    assert_eq!(views, golden);
}

#[test]
fn a_log_whose_sessions_are_all_sealed_is_trimmed_to_its_newest_segments() {
    let folder = tempfile::tempdir().unwrap();
    let mut old = OldLog::new(folder.path());
    old.visits(now_ms() - 96 * HOUR_MS, 160);
    let sink = MemorySink::default();
    run_and_trim(no_age(u64::MAX), &old, &sink);
    for (start, end) in old.starts().into_iter().zip(old.ends) {
        assert!(start > end / 2, "{start} of {end}");
    }
    assert_eq!(sink.views().sessions.len(), 160);
}

#[test]
fn a_log_beyond_its_bytes_goes_though_a_session_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let mut old = OldLog::new(folder.path());
    let began = write_four_days(&mut old, now_ms());
    run_and_trim(no_age(2 * SEGMENT_BYTES), &old, &MemorySink::default());
    let starts = old.starts();
    assert!(
        (0..2).all(|partition| starts[partition] > began[partition]),
        "{starts:?} is left, the sessions began at {began:?}"
    );
}
