//! The log of one machine: segment files in one folder, one committer thread per partition.
//!
//! ```text
//! log/lock, log/layout, log/events/0/00000000000000000000.seg, log/events/0/spare, log/control/0/…
//! ```

mod committer;
mod folder;
mod metrics;
mod partition;
mod reader;
mod recover;
mod segment;
mod state;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use crate::{Append, Durable, Log, LogError, Offset, Reader, Retention, Topic};
use partition::Partition;
use reader::EmbeddedReader;

/// Sizes of one topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicConfig {
    /// Used when the folder is created; afterwards what is written there holds. Few: each one has a thread and a sync
    /// of its own, and one disk syncs no faster for being asked by eight.
    pub partitions: u32,
    /// Size of a segment file: space is allocated, and given back, in these steps. A record must fit into one.
    pub segment_bytes: u64,
    /// Accepted and not yet being written, per partition; beyond it appends are refused.
    pub queue_bytes_max: u64,
}

/// How the log lays out its folder.
#[derive(Clone, Debug, Default)]
pub struct EmbeddedConfig {
    /// Topics that differ from [`TopicConfig::default_of`].
    pub topics: BTreeMap<Topic, TopicConfig>,
    /// How long to wait for another process to let go of the folder: after a crash a child of it may live a little longer.
    pub lock_wait: Duration,
}

impl TopicConfig {
    pub const fn default_of(topic: Topic) -> Self {
        match topic {
            Topic::Events | Topic::Replay => Self {
                partitions: 4,
                segment_bytes: 64 << 20,
                queue_bytes_max: 32 << 20,
            },
            // A dead letter may carry a whole replay chunk.
            Topic::Dead => Self {
                partitions: 1,
                segment_bytes: 16 << 20,
                queue_bytes_max: 8 << 20,
            },
            Topic::Control | Topic::Bindings | Topic::Commits => Self {
                partitions: 1,
                segment_bytes: 4 << 20,
                queue_bytes_max: 2 << 20,
            },
        }
    }
}

impl EmbeddedConfig {
    pub fn topic(&self, topic: Topic) -> TopicConfig {
        self.topics
            .get(&topic)
            .copied()
            .unwrap_or_else(|| TopicConfig::default_of(topic))
    }

    /// Every topic with small segments, and `partitions` of them for events and their recordings: for tests.
    #[must_use]
    pub fn small(partitions: u32) -> Self {
        let sizes = TopicConfig {
            partitions: 1,
            segment_bytes: 1 << 20,
            queue_bytes_max: 1 << 19,
        };
        let mut topics: BTreeMap<_, _> = Topic::ALL.iter().map(|&topic| (topic, sizes)).collect();
        for topic in [Topic::Events, Topic::Replay] {
            topics.insert(topic, TopicConfig { partitions, ..sizes });
        }
        Self {
            topics,
            lock_wait: Duration::ZERO,
        }
    }
}

/// A log in a folder of this machine. Dropping it closes it.
#[derive(Debug)]
pub struct EmbeddedLog {
    /// By topic, by partition.
    topics: Vec<Vec<Partition>>,
    /// Held as long as the log lives.
    _lock: File,
}

impl EmbeddedLog {
    /// Opens the log in `dir`, or creates it. Blocks: it scans the newest segments, repairs torn tails, and waits for
    /// another process up to `config.lock_wait`.
    ///
    /// # Errors
    /// [`LogError::Locked`]; [`LogError::Corrupt`] when an acknowledged record is damaged (nothing is changed then);
    /// [`LogError::Layout`]; [`LogError::Io`] when the folder cannot be written.
    pub fn open(dir: impl AsRef<Path>, config: &EmbeddedConfig) -> Result<Self, LogError> {
        metrics::describe();
        let dir = dir.as_ref();
        let lock = folder::lock(dir, config.lock_wait)?;
        let layout = folder::layout(dir, config)?;
        let open_topic = |(&topic, &partitions): (&Topic, &u32)| {
            (0..partitions)
                .map(|index| {
                    let dir = dir.join(topic.name()).join(index.to_string());
                    Partition::open(dir, topic, index, config.topic(topic))
                })
                .collect()
        };
        let topics = layout.iter().map(open_topic).collect::<Result<_, _>>()?;
        Ok(Self { topics, _lock: lock })
    }

    fn partition(&self, topic: Topic, partition: u32) -> &Partition {
        &self.topics[topic as usize][partition as usize]
    }

    fn all(&self) -> impl Iterator<Item = &Partition> {
        self.topics.iter().flatten()
    }
}

impl Log for EmbeddedLog {
    fn partitions(&self, topic: Topic) -> u32 {
        self.topics[topic as usize].len() as u32
    }

    fn append(&self, topic: Topic, partition: u32, payload: Bytes) -> Result<Append, LogError> {
        self.partition(topic, partition).append(payload)
    }

    fn durable(&self, topic: Topic, partition: u32) -> Durable {
        self.partition(topic, partition).durable()
    }

    fn start(&self, topic: Topic, partition: u32) -> Offset {
        self.partition(topic, partition).start()
    }

    fn reader(&self, topic: Topic, partition: u32, from: Offset) -> Result<Box<dyn Reader>, LogError> {
        let shared = self.partition(topic, partition).shared();
        Ok(Box::new(EmbeddedReader::open(shared, from)?))
    }

    fn trim(
        &self,
        topic: Topic,
        partition: u32,
        needed_from: Offset,
        retention: Retention,
    ) -> Result<Offset, LogError> {
        self.partition(topic, partition).trim(needed_from, retention)
    }

    fn ready(&self) -> Result<(), LogError> {
        self.all().try_for_each(Partition::ready)
    }

    fn close(&self) -> Result<(), LogError> {
        self.all().for_each(Partition::begin_close);
        let results: Vec<_> = self.all().map(Partition::finish_close).collect();
        results.into_iter().collect()
    }
}

impl Drop for EmbeddedLog {
    fn drop(&mut self) {
        // All at once; each partition then waits for its own and says what went wrong.
        self.all().for_each(Partition::begin_close);
    }
}

fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as i64)
}
