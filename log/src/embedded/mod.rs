//! The log of one machine: segment files in one folder, one committer thread per partition.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::Topic;

/// Sizes of one topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicConfig {
    /// Used when the folder is created; afterwards what is written there holds.
    pub partitions: u32,
    /// Size of a segment file: space is allocated, and given back, in these steps.
    pub segment_bytes: u64,
    /// Accepted and not yet durable, per partition; beyond it appends are refused.
    pub queue_bytes_max: u64,
}

/// How the log lays out its folder.
#[derive(Clone, Debug)]
pub struct EmbeddedConfig {
    /// Topics that differ from [`EmbeddedConfig::topic`]'s defaults.
    pub topics: BTreeMap<Topic, TopicConfig>,
    /// How long to wait for another process to let go of the folder.
    pub lock_wait: Duration,
}
