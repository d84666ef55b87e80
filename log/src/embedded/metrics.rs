//! What a partition reports. The handles are made when the log is opened: install the recorder before.

use metrics::{
    Counter, Gauge, Histogram, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};

use crate::Topic;

const APPEND_SECONDS: &str = "gosight_log_append_seconds";
const BYTES: &str = "gosight_log_bytes_total";
const GROUPS: &str = "gosight_log_groups_total";
const QUEUE_BYTES: &str = "gosight_log_queue_bytes";
const SEGMENTS: &str = "gosight_log_segments";

pub(crate) fn describe() {
    describe_histogram!(
        APPEND_SECONDS,
        Unit::Seconds,
        "From a record's acceptance to its being durable"
    );
    describe_counter!(BYTES, "Bytes written, frame headers included");
    describe_counter!(GROUPS, "Syncs, each of the records that waited for it");
    describe_gauge!(
        QUEUE_BYTES,
        Unit::Bytes,
        "Bytes of records accepted and not yet being written"
    );
    describe_gauge!(SEGMENTS, "Files of a partition");
}

pub(crate) struct PartitionMetrics {
    /// From acceptance to acknowledgement.
    pub(crate) append_seconds: Histogram,
    /// Written, frame headers included.
    pub(crate) bytes: Counter,
    /// Syncs: bytes per group shows how well commits are shared.
    pub(crate) groups: Counter,
    /// Accepted and not yet being written.
    pub(crate) queue_bytes: Gauge,
    pub(crate) segments: Gauge,
}

impl PartitionMetrics {
    pub(crate) fn new(topic: Topic, partition: u32) -> Self {
        let labels = [("topic", topic.name().to_owned()), ("partition", partition.to_string())];
        Self {
            append_seconds: histogram!(APPEND_SECONDS, &labels),
            bytes: counter!(BYTES, &labels),
            groups: counter!(GROUPS, &labels),
            queue_bytes: gauge!(QUEUE_BYTES, &labels),
            segments: gauge!(SEGMENTS, &labels),
        }
    }
}

impl std::fmt::Debug for PartitionMetrics {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("PartitionMetrics")
    }
}
