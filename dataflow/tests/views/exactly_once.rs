//! Every acknowledged event is in the views once, whatever instant the process dies at.

use crate::support::{
    Batch, Fault, MemorySink, append, click, config, copy, now_ms, open, page_view, run, start, wait_until,
};
use gosight_dataflow::{Commit, Config, Rows, SinkError, ViewSink};
use gosight_log::{Log, Topic};
use std::sync::Arc;

const PROJECT: u128 = 0xa0;

/// Some sessions with a few events each, in two partitions, all within the last minute.
fn fill(log: &Arc<dyn Log>, sessions: std::ops::Range<u128>) {
    let at_ms = now_ms() - 60_000;
    for session in sessions {
        let id = session * 1000;
        let events = [
            page_view(id, at_ms),
            click(id + 1, at_ms + 100),
            click(id + 2, at_ms + 5000),
        ];
        append(
            log,
            (session % 2) as u32,
            &Batch::new(PROJECT, session, at_ms).with(events),
        );
    }
}

fn one_commit_per_tick(workers: usize) -> Config {
    Config {
        commit_rows_max: 1,
        ..config(workers)
    }
}

#[test]
fn a_restart_goes_on_where_the_last_commit_ended() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path(), 2);
    let sink = MemorySink::default();
    fill(&log, 0..5);
    run(config(2), &log, sink.clone());
    let before = sink.views();
    assert_eq!(before.outcome("counted"), 15);
    run(config(2), &log, sink.clone());
    assert_eq!(sink.views(), before, "a restart without news changes nothing");
    fill(&log, 5..8);
    run(config(2), &log, sink.clone());
    assert_eq!(sink.views().outcome("counted"), 24);
    assert!(sink.views().events.values().all(|&copies| copies == 1));
    assert!(sink.repeated().is_empty(), "what is done is not written again");
}

#[test]
fn a_death_before_or_after_the_insert_loses_and_repeats_nothing() {
    let undisturbed = {
        let folder = tempfile::tempdir().unwrap();
        let log = open(folder.path(), 2);
        let sink = MemorySink::default();
        fill(&log, 0..6);
        run(config(1), &log, sink.clone());
        sink.views()
    };
    for fault in [Fault::DiesBefore, Fault::DiesAfter] {
        let folder = tempfile::tempdir().unwrap();
        let log = open(folder.path(), 2);
        let sink = MemorySink::default();
        fill(&log, 0..3);
        sink.fail_next(&[fault]);
        start(one_commit_per_tick(2), &log, sink.clone()).0.stop().unwrap_err();
        fill(&log, 3..6);
        run(one_commit_per_tick(2), &log, sink.clone());
        let views = sink.views();
        assert_eq!(views.outcome("counted"), 18, "{fault:?}");
        assert_eq!(views.events, undisturbed.events, "{fault:?}");
    }
}

#[test]
fn a_commit_that_was_begun_is_cut_again_exactly_even_with_other_workers() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path(), 2);
    let sink = MemorySink::default();
    fill(&log, 0..4);
    sink.fail_next(&[Fault::DiesAfter]);
    start(config(1), &log, sink.clone()).0.stop().unwrap_err();
    fill(&log, 4..6);
    run(config(3), &log, sink.clone());
    let (again, first) = (sink.repeated(), sink.commits());
    assert_eq!(again.len(), 1);
    assert_eq!(again[0], first[0], "the same ticks, the same rows, in the same order");
    assert_eq!(sink.views().outcome("counted"), 18);
}

#[test]
fn views_that_are_away_for_a_while_get_everything_when_they_are_back() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path(), 2);
    let sink = MemorySink::default();
    fill(&log, 0..3);
    sink.fail_next(&[Fault::Away, Fault::Away]);
    let (dataflow, _) = start(config(1), &log, sink.clone());
    wait_until("the views have everything", || sink.views().outcome("counted") == 9);
    dataflow.stop().unwrap();
}

#[test]
fn bindings_are_replayed_and_ticks_grow_over_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path(), 2);
    let sink = MemorySink::default();
    for round in 0..3 {
        fill(&log, round * 4..round * 4 + 4);
        run(one_commit_per_tick(2), &log, sink.clone());
    }
    let mut records = Vec::new();
    log.reader(Topic::Bindings, 0, 0)
        .unwrap()
        .read(u64::MAX, usize::MAX, &mut records)
        .unwrap();
    assert!(records.len() >= 3);
    let commits = sink.commits();
    assert!(
        commits
            .windows(2)
            .all(|pair| pair[0].0.last_tick < pair[1].0.first_tick)
    );

    // The same log into empty views: every tick comes again as it was.
    let again = MemorySink::default();
    let folder = tempfile::tempdir().unwrap();
    let copied = open(folder.path(), 2);
    copy(&log, &copied, &[Topic::Events, Topic::Control, Topic::Bindings]);
    run(one_commit_per_tick(1), &copied, again.clone());
    assert_eq!(again.views(), sink.views());
}

#[test]
fn a_start_tells_at_once_how_far_the_views_were() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path(), 2);
    let sink = MemorySink::default();
    for round in 0..3 {
        fill(&log, round * 4..round * 4 + 4);
        run(one_commit_per_tick(2), &log, sink.clone());
        let committed = sink.commits().last().unwrap().0.last_tick;
        let (dataflow, bus) = start(config(1), &log, sink.clone());
        assert!(
            bus.newest_tick() >= committed,
            "the replay may be done already, not behind"
        );
        assert!(bus.complete_to_ms() > 0, "readers wait for the replay");
        dataflow.stop().unwrap();
    }
}

#[test]
fn an_idle_log_is_complete_to_ever_later_moments() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path(), 2);
    let (dataflow, bus) = start(config(1), &log, MemorySink::default());
    wait_until("a tick is complete", || bus.complete_to_ms() > 0);
    let first = bus.complete_to_ms();
    wait_until("a later one is", || bus.complete_to_ms() > first);
    dataflow.stop().unwrap();
}

struct PanickingSink;

impl ViewSink for PanickingSink {
    fn write(&mut self, _: &Commit, _: &Rows) -> Result<(), SinkError> {
        panic!("as the test wants");
    }
}

#[test]
fn a_part_that_panics_is_told_and_does_not_hang_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path(), 2);
    fill(&log, 0..2);
    let (dataflow, _) = start(config(2), &log, PanickingSink);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let error = runtime.block_on(dataflow.failed());
    assert!(error.to_string().contains("panicked"), "{error}");
    dataflow.stop().unwrap_err();
}
