//! One golden, many schedules: the same events give the same views, whatever the workers, the order and the cuts.

use crate::support::{
    Batch, MemorySink, Views, append, click, config, copy, now_ms, open, page_view, run, start, wait_until,
};
use gosight_dataflow::Dataflow;
use gosight_log::{Log, Topic};
use gosight_proto::control::{AlertRule, Control, Metric, Operator};
use gosight_store::rows::TransitionState;
use std::sync::Arc;
use uuid::Uuid;

const PROJECT: u128 = 0xa0;

/// Sessions that look around, rage and click on what is dead; the last one without a session id.
fn batches(at_ms: i64) -> Vec<Batch> {
    let session = |session: u128| {
        let id = session * 1000;
        let visit = [page_view(id, at_ms), click(id + 1, at_ms + 4000)];
        let rage = (0..6).map(|n| click(id + 10 + n, at_ms + 10_000 + 200 * n as i64));
        Batch::new(PROJECT + session % 2, session, at_ms)
            .with(visit)
            .with(rage.filter(|_| session.is_multiple_of(3)))
    };
    (1..=9).map(session).collect()
}

fn views_of(log: &Arc<dyn Log>, workers: usize) -> Views {
    let sink = MemorySink::default();
    run(config(workers), log, sink.clone());
    sink.views()
}

#[test]
fn any_number_of_workers_makes_the_same_views() {
    let at_ms = now_ms() - 60_000;
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path(), 2);
    batches(at_ms)
        .iter()
        .for_each(|batch| append(&log, (batch.session % 2) as u32, batch));
    let golden = views_of(&log, 1);
    assert_eq!(golden.sessions.len(), 9);
    assert_eq!(
        golden
            .insights
            .values()
            .filter(|row| row.contains("\"rage_click\""))
            .count(),
        3
    );
    assert!(golden.insights.values().any(|row| row.contains("\"dead_click\"")));
    for workers in [2, 3] {
        let folder = tempfile::tempdir().unwrap();
        let copied = open(folder.path(), 2);
        copy(&log, &copied, &[Topic::Events, Topic::Bindings]);
        assert_eq!(views_of(&copied, workers), golden, "{workers} workers");
    }
}

#[test]
fn order_repetition_and_ticks_make_no_difference() {
    let at_ms = now_ms() - 60_000;
    let golden = {
        let folder = tempfile::tempdir().unwrap();
        let log = open(folder.path(), 2);
        batches(at_ms)
            .iter()
            .for_each(|batch| append(&log, (batch.session % 2) as u32, batch));
        views_of(&log, 1)
    };
    // One event at a time, the last first, each twice, with a restart after every batch.
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path(), 2);
    let sink = MemorySink::default();
    for batch in batches(at_ms).iter().rev() {
        for event in batch.events.iter().rev() {
            let one = Batch {
                events: vec![event.clone(), event.clone()],
                ..batch.clone()
            };
            append(&log, (batch.session % 2) as u32, &one);
        }
        run(config(2), &log, sink.clone());
    }
    let views = sink.views();
    assert_eq!(views.sessions, golden.sessions);
    assert_eq!(views.insights, golden.insights);
    let without_outcomes = |views: &Views| {
        let sums = views.sums.iter().filter(|(key, _)| !key.starts_with("outcome"));
        sums.map(|(key, sums)| (key.clone(), sums.clone())).collect::<Vec<_>>()
    };
    assert_eq!(without_outcomes(&views), without_outcomes(&golden));
    assert_eq!(views.outcome("counted"), golden.outcome("counted"));
    assert_eq!(views.outcome("duplicate"), golden.outcome("counted"));
}

#[test]
fn a_rule_that_is_written_later_acts_on_the_window_that_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path(), 2);
    let sink = MemorySink::default();
    batches(now_ms() - 30_000)
        .iter()
        .for_each(|batch| append(&log, (batch.session % 2) as u32, batch));
    let (dataflow, _) = start(config(2), &log, sink.clone());
    wait_until("the events are in the views", || sink.views().sessions.len() == 9);
    set_rule(&log, 2.0);
    wait_until("the rule fires", || states(&sink) == [TransitionState::Fired]);
    set_rule(&log, 2.0);
    set_rule(&log, 1000.0);
    wait_until("it resolves", || {
        states(&sink) == [TransitionState::Fired, TransitionState::Resolved]
    });
    stop(dataflow);
}

/// Project 0xa1 has seen some page views in the last five minutes.
fn set_rule(log: &Arc<dyn Log>, threshold: f64) {
    let rule = AlertRule {
        rule_id: Uuid::from_u128(5),
        project_id: Uuid::from_u128(PROJECT + 1),
        metric: Metric::Pageviews,
        operator: Operator::Greater,
        threshold,
        window_ms: 300_000,
        group_by: None,
        filters: Vec::new(),
        is_active: true,
    };
    let payload = serde_json::to_vec(&Control::AlertRule(rule)).unwrap();
    log.append(Topic::Control, 0, payload.into()).unwrap().wait().unwrap();
}

fn states(sink: &MemorySink) -> Vec<TransitionState> {
    sink.commits()
        .into_iter()
        .flat_map(|(_, rows)| rows.transitions)
        .map(|row| row.state)
        .collect()
}

fn stop(dataflow: Dataflow) {
    dataflow.stop().unwrap();
}
