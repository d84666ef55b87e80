//! What becomes of an event between the log and the views, whichever way it came.

use crate::support::{
    Batch, MemorySink, append, append_bytes, click, config, dom_mutation, now_ms, open, page_view, run,
};
use gosight_log::Topic;
use gosight_proto::record::DeadLetter;
use prost::Message;

const PROJECT: u128 = 0xa0;
const HOUR_MS: i64 = 60 * 60 * 1000;

#[test]
fn an_event_that_comes_again_counts_once_in_every_batch_session_and_run() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path(), 2);
    let sink = MemorySink::default();
    let at_ms = now_ms() - 60_000;
    let batch = Batch::new(PROJECT, 1, at_ms).with([page_view(10, at_ms), click(11, at_ms), click(11, at_ms)]);
    append(&log, 1, &batch);
    append(&log, 1, &batch);
    // The same event id in another session of the project, and in another project.
    append(&log, 0, &Batch::new(PROJECT, 2, at_ms).with([click(11, at_ms + 5)]));
    append(&log, 0, &Batch::new(PROJECT + 1, 3, at_ms).with([click(11, at_ms)]));
    run(config(2), &log, sink.clone());
    append(&log, 1, &batch);
    run(config(3), &log, sink.clone());

    let views = sink.views();
    assert_eq!(views.outcome("counted"), 3);
    assert_eq!(views.outcome("duplicate"), 8);
    assert_eq!(views.events.len(), 2, "two ids, of which one is in two projects");
    assert_eq!(views.events[&(11, 0)], 2);
}

#[test]
fn a_late_event_is_kept_and_counted_and_touches_no_view() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path(), 1);
    let sink = MemorySink::default();
    let at_ms = now_ms();
    let events = [page_view(10, at_ms - 25 * HOUR_MS), page_view(11, at_ms - 23 * HOUR_MS)];
    append(&log, 0, &Batch::new(PROJECT, 1, at_ms).with(events));
    run(config(1), &log, sink.clone());

    let views = sink.views();
    assert_eq!((views.outcome("late"), views.outcome("counted")), (1, 1));
    assert_eq!(views.events.keys().copied().collect::<Vec<_>>(), [(10, 1), (11, 0)]);
    let session = views.sessions.values().next().unwrap();
    assert!(session.contains("page_count: 1"), "{session}");
}

#[test]
fn an_event_that_its_sessions_clock_puts_beyond_the_horizon_is_late_too() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path(), 1);
    let sink = MemorySink::default();
    let at_ms = now_ms();
    // The session's first batch came from a clock that was two days slow; then the clock was put right.
    let slow_ms = at_ms - 48 * HOUR_MS;
    let first = Batch {
        sent_at_ms: slow_ms,
        ..Batch::new(PROJECT, 1, at_ms)
    };
    append(&log, 0, &first.with([page_view(10, slow_ms)]));
    let events = [page_view(11, at_ms - 25 * HOUR_MS), page_view(12, at_ms)];
    append(&log, 0, &Batch::new(PROJECT, 1, at_ms).with(events));
    run(config(1), &log, sink.clone());

    let views = sink.views();
    assert_eq!((views.outcome("late"), views.outcome("counted")), (1, 2));
    assert_eq!(
        views.events.keys().copied().collect::<Vec<_>>(),
        [(10, 0), (11, 0), (12, 1)]
    );
    let session = views.sessions.values().next().unwrap();
    assert!(session.contains("page_count: 2"), "{session}");
}

#[test]
fn what_cannot_be_read_goes_to_the_dead_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path(), 1);
    let sink = MemorySink::default();
    let at_ms = now_ms();
    append_bytes(&log, 0, b"\xff\xff\xff".to_vec());
    let mut batch = Batch::new(PROJECT, 1, at_ms).with([page_view(10, at_ms)]);
    batch.events.push(bytes::Bytes::from_static(b"\x0a\xff"));
    append(&log, 0, &batch.with([dom_mutation(12, at_ms + 1)]));
    run(config(1), &log, sink.clone());
    run(config(1), &log, sink.clone());

    let views = sink.views();
    assert_eq!((views.outcome("dead"), views.outcome("counted")), (1, 2));
    let mut letters = Vec::new();
    log.reader(Topic::Dead, 0, 0)
        .unwrap()
        .read(u64::MAX, usize::MAX, &mut letters)
        .unwrap();
    let letters: Vec<_> = letters
        .iter()
        .map(|it| DeadLetter::decode(it.payload.clone()).unwrap())
        .collect();
    assert_eq!(letters.len(), 2, "a restart does not bury them again");
    assert!(letters[0].reason.starts_with("record: "), "{}", letters[0].reason);
    assert!(letters[1].reason.starts_with("event: "), "{}", letters[1].reason);
    assert_eq!(
        (letters[1].offset, letters[1].index, &letters[1].event[..]),
        (1, 1, &b"\x0a\xff"[..])
    );
}

#[test]
fn a_wrong_clock_is_put_right_by_its_first_batch_and_stays_so() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path(), 1);
    let sink = MemorySink::default();
    let at_ms = now_ms() - HOUR_MS;
    let wrong_ms = at_ms - 3 * HOUR_MS;
    let first = Batch {
        sent_at_ms: wrong_ms,
        ..Batch::new(PROJECT, 1, at_ms)
    };
    append(&log, 0, &first.clone().with([page_view(10, wrong_ms - 1000)]));
    // The second batch took ten minutes to arrive: that is no matter of the clock.
    let second = Batch {
        received_at_ms: at_ms + 600_000,
        ..first
    };
    append(&log, 0, &second.with([page_view(11, wrong_ms)]));
    run(config(1), &log, sink.clone());
    let rows: Vec<_> = sink.commits().into_iter().flat_map(|(_, rows)| rows.events).collect();
    let times: Vec<_> = rows
        .iter()
        .map(|row| (row.id.as_u128(), row.time - at_ms, row.client_time))
        .collect();
    assert_eq!(times, [(10, -1000, wrong_ms - 1000), (11, 0, wrong_ms)]);
}

#[test]
fn events_of_derived_sessions_that_a_late_one_makes_one_are_found_under_the_one() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path(), 1);
    let sink = MemorySink::default();
    let at_ms = now_ms() - 3 * HOUR_MS;
    let (first_ms, last_ms) = (at_ms - 1000, at_ms + HOUR_MS);
    let batch = |event| Batch::new(PROJECT, 0, at_ms).with([event]);
    append(&log, 0, &batch(page_view(10, at_ms)));
    append(&log, 0, &batch(page_view(11, last_ms)));
    run(config(1), &log, sink.clone());
    // One that lies between the two, and one that comes before both and gives them another name.
    append(&log, 0, &batch(page_view(12, at_ms + HOUR_MS / 2)));
    append(&log, 0, &batch(page_view(13, first_ms)));
    run(config(1), &log, sink.clone());

    let rows: Vec<_> = sink.commits().into_iter().map(|(_, rows)| rows).collect();
    let mut sessions = std::collections::BTreeMap::new();
    for row in rows.iter().flat_map(|rows| &rows.sessions) {
        sessions.insert(row.id, row);
    }
    let left: Vec<_> = sessions.values().filter(|row| row.is_deleted == 0).collect();
    let spans: Vec<_> = left
        .iter()
        .map(|row| (row.is_derived, row.first_event_at, row.last_event_at))
        .collect();
    assert_eq!(spans, [(1, first_ms, last_ms)]);
    let events: Vec<_> = rows.iter().flat_map(|rows| &rows.events).collect();
    assert_eq!(events.len(), 4);
    for event in events {
        assert!(event.session_id.is_nil(), "which session it belongs to may change");
        assert_eq!(event.visitor_id.as_ref(), left[0].visitor_id);
        assert!((first_ms..=last_ms).contains(&event.time));
    }
}
