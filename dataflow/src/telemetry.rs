//! What the dataflow reports about itself, all of it in one place.

use crate::Rows;
use gosight_store::rows::ReplayChunkRow;
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const EVENTS: &str = "gosight_dataflow_events_total";
const OUTCOMES: &str = "gosight_dataflow_outcomes_total";
const DEAD_LETTERS: &str = "gosight_dataflow_dead_letters_total";
const LAG_MS: &str = "gosight_dataflow_lag_ms";
const TICK_SECONDS: &str = "gosight_dataflow_tick_seconds";
const STATE_ENTRIES: &str = "gosight_dataflow_state_entries";
const COMMIT_SECONDS: &str = "gosight_sink_commit_seconds";
const SINK_ROWS: &str = "gosight_sink_rows_total";
const SINK_RETRIES: &str = "gosight_sink_retries_total";
const OPEN_STATE_LOST: &str = "gosight_dataflow_open_state_lost_records_total";
const RECORDINGS_CHUNKS: &str = "gosight_recordings_chunks_total";
const RECORDINGS_BYTES: &str = "gosight_recordings_bytes_total";
const RECORDINGS_RETRIES: &str = "gosight_recordings_retries_total";
const RECORDINGS_FRESHNESS_SECONDS: &str = "gosight_recordings_freshness_seconds";
const FRESHNESS_SECONDS: &str = "gosight_views_freshness_seconds";

/// Once per process, when the recorder is there. Counters that may stay at nothing are shown from the start.
pub(crate) fn describe() {
    describe_counter!(EVENTS, "Events read from the log, those of a replay too, by worker");
    describe_counter!(
        OUTCOMES,
        "Accepted events whose outcome is durable in the views: counted, duplicate, late or dead"
    );
    describe_counter!(
        DEAD_LETTERS,
        "Records and events that could not be read and were set aside"
    );
    describe_gauge!(
        LAG_MS,
        Unit::Milliseconds,
        "How far a worker is behind the newest bound tick"
    );
    describe_histogram!(
        TICK_SECONDS,
        Unit::Seconds,
        "From a tick's being taken up by a worker to its rows' leaving the graph, replays left out"
    );
    describe_gauge!(STATE_ENTRIES, "Entries an operator keeps, by worker");
    describe_histogram!(
        COMMIT_SECONDS,
        Unit::Seconds,
        "From a commit's cut to its being durable in every view, retries included"
    );
    describe_counter!(SINK_ROWS, "Rows written to the views");
    describe_counter!(SINK_RETRIES, "Writes of a commit that failed and were tried again");
    describe_histogram!(
        FRESHNESS_SECONDS,
        Unit::Seconds,
        "From receipt to being readable in the views: of each commit its oldest event"
    );
    describe_counter!(
        OPEN_STATE_LOST,
        "Records of the log that went at its bounds though a session that is open may need them after a restart"
    );
    describe_counter!(RECORDINGS_CHUNKS, "Chunks of recordings written to their table");
    describe_counter!(RECORDINGS_BYTES, "Bytes of these chunks, compressed");
    describe_counter!(
        RECORDINGS_RETRIES,
        "Writes of recordings that failed and were tried again"
    );
    describe_histogram!(
        RECORDINGS_FRESHNESS_SECONDS,
        Unit::Seconds,
        "From receipt to being readable: of each write its oldest chunk"
    );
    for outcome in ["counted", "duplicate", "late", "dead"] {
        counter!(OUTCOMES, "outcome" => outcome).increment(0);
    }
    counter!(DEAD_LETTERS).increment(0);
    counter!(SINK_RETRIES).increment(0);
    counter!(OPEN_STATE_LOST).increment(0);
    counter!(RECORDINGS_RETRIES).increment(0);
}

pub(crate) fn read(worker: &str, events: u64) {
    counter!(EVENTS, "worker" => worker.to_owned()).increment(events);
}

pub(crate) fn buried(letters: usize) {
    counter!(DEAD_LETTERS).increment(letters as u64);
}

/// A worker has passed a tick, `lag_ms` behind the newest one. `took` is unknown to a replay.
pub(crate) fn tick_passed(
    worker: &str,
    lag_ms: u64,
    took: Option<Duration>,
    state: impl Iterator<Item = (&'static str, u64)>,
) {
    gauge!(LAG_MS, "worker" => worker.to_owned()).set(lag_ms as f64);
    if let Some(took) = took {
        histogram!(TICK_SECONDS, "worker" => worker.to_owned()).record(took.as_secs_f64());
    }
    for (operator, entries) in state {
        gauge!(STATE_ENTRIES, "worker" => worker.to_owned(), "operator" => operator).set(entries as f64);
    }
}

pub(crate) fn retried() {
    counter!(SINK_RETRIES).increment(1);
}

pub(crate) fn open_state_lost(records: u64) {
    counter!(OPEN_STATE_LOST).increment(records);
}

/// These rows are durable in every view.
pub(crate) fn committed(rows: &Rows, took: Duration) {
    counter!(SINK_ROWS).increment(rows.len() as u64);
    histogram!(COMMIT_SECONDS).record(took.as_secs_f64());
    for row in &rows.outcomes {
        // What a tick strikes out it takes back itself: the differences of whole ticks are counts.
        let events = u64::try_from(row.events).unwrap_or_default();
        counter!(OUTCOMES, "outcome" => row.outcome.to_string()).increment(events);
    }
    if let Some(age) = age_of(rows.events.iter().map(|row| row.received_at).min()) {
        histogram!(FRESHNESS_SECONDS).record(age.as_secs_f64());
    }
}

pub(crate) fn recordings_retried() {
    counter!(RECORDINGS_RETRIES).increment(1);
}

/// These chunks are durable and can be read.
pub(crate) fn recorded(chunks: &[ReplayChunkRow]) {
    counter!(RECORDINGS_CHUNKS).increment(chunks.len() as u64);
    counter!(RECORDINGS_BYTES).increment(chunks.iter().map(|chunk| u64::from(chunk.bytes)).sum());
    if let Some(age) = age_of(chunks.iter().map(|chunk| chunk.received_at).min()) {
        histogram!(RECORDINGS_FRESHNESS_SECONDS).record(age.as_secs_f64());
    }
}

fn age_of(received_ms: Option<i64>) -> Option<Duration> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    Some(now.saturating_sub(Duration::from_millis(received_ms?.unsigned_abs())))
}
