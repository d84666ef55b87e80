//! The dataflow's own small topics (`bindings`, `commits`, `dead`): one partition, appended durably, read from the end.

use crate::DataflowError;
use bytes::Bytes;
use gosight_log::{Log, LogError, Topic};
use std::time::Duration;

/// Such topics have one partition.
pub(crate) const PARTITION: u32 = 0;

/// How long to wait before a record that the log has no room for is offered again.
const RETRY_AFTER: Duration = Duration::from_millis(200);

/// Appends and waits until the record is durable. While the log is full it waits for room, unless `gives_up`.
pub(crate) fn append(
    log: &dyn Log,
    topic: Topic,
    payload: Vec<u8>,
    gives_up: impl Fn() -> bool,
) -> Result<(), DataflowError> {
    append_all(log, topic, vec![payload], gives_up)
}

/// As [`append`], of several records in their order.
pub(crate) fn append_all(
    log: &dyn Log,
    topic: Topic,
    payloads: Vec<Vec<u8>>,
    gives_up: impl Fn() -> bool,
) -> Result<(), DataflowError> {
    let mut appends = Vec::with_capacity(payloads.len());
    for payload in payloads {
        let payload = Bytes::from(payload);
        appends.push(loop {
            match log.append(topic, PARTITION, payload.clone()) {
                Err(error) if error.is_retriable() && !gives_up() => waits_for_room(topic, &error),
                accepted => break accepted?,
            }
        });
    }
    for append in appends {
        append.wait()?;
    }
    Ok(())
}

fn waits_for_room(topic: Topic, error: &LogError) {
    tracing::warn!(topic = topic.name(), %error, "the log has no room; trying again");
    std::thread::sleep(RETRY_AFTER);
}

/// The newest record of the topic, if there is any.
pub(crate) fn newest(log: &dyn Log, topic: Topic) -> Result<Option<Bytes>, DataflowError> {
    Ok(newest_n(log, topic, 1)?.pop())
}

/// The newest `n` records of the topic, oldest first; fewer when there are fewer.
pub(crate) fn newest_n(log: &dyn Log, topic: Topic, n: u64) -> Result<Vec<Bytes>, DataflowError> {
    let end = log.durable(topic, PARTITION).end;
    let from = end.saturating_sub(n).max(log.start(topic, PARTITION));
    let mut reader = log.reader(topic, PARTITION, from)?;
    let mut records = Vec::new();
    while reader.next_offset() < end {
        reader.read(end, usize::MAX, &mut records)?;
    }
    Ok(records.into_iter().map(|record| record.payload).collect())
}
