//! What a partition reports. The handles are made when the log is opened: install the recorder before.

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

use crate::Topic;

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
            append_seconds: histogram!("gosight_log_append_seconds", &labels),
            bytes: counter!("gosight_log_bytes_total", &labels),
            groups: counter!("gosight_log_groups_total", &labels),
            queue_bytes: gauge!("gosight_log_queue_bytes", &labels),
            segments: gauge!("gosight_log_segments", &labels),
        }
    }
}

impl std::fmt::Debug for PartitionMetrics {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("PartitionMetrics")
    }
}
