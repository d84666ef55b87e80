//! The durable, partitioned event log: what is acknowledged is here, and everything else can be computed again from it.
//!
//! A topic is a few partitions; a partition is a sequence of records with dense offsets. An append is enqueued at once
//! and resolves when the record is on disk; a reader sees only what is on disk. The room never looks into a payload.
//!
//! Start at [`Log`] (the whole contract, one page), then `embedded/partition.rs` (how an append becomes durable and why
//! [`Durable::complete_to_ms`] holds), then `embedded/segment.rs` (bytes on disk) and `embedded/recover.rs` (opening after
//! a crash). Another log, such as Kafka, is another implementation of [`Log`]; nothing else depends on segments.
//!
//! # Fail points
//! Always compiled in, so that the binary that ships is the binary that is tested; idle they cost one lookup per group.
//! They act only when the process calls `fail::FailScenario::setup()` and `FAILPOINTS` names one:
//! - [`APPEND_BEFORE_ACK`]: a group is durable and nobody has been told. Action `return` aborts the process there.

mod append;
mod embedded;
mod error;

pub use append::Append;
pub use embedded::{EmbeddedConfig, EmbeddedLog, TopicConfig};
pub use error::LogError;

use bytes::Bytes;

/// Fail point between the durable write of a group and its acknowledgement.
pub const APPEND_BEFORE_ACK: &str = "log-append-before-ack";

/// The largest payload of one record: a whole inflated request body of replay chunks, and room for what ingest adds.
pub const RECORD_BYTES_MAX: usize = 16 << 20;

/// Number of a record in its partition: 0, 1, 2, … without gaps.
pub type Offset = u64;

macro_rules! topics {
    ($($(#[$doc:meta])* $topic:ident = $name:literal,)*) => {
        /// A named sequence of records with a purpose of its own.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Topic { $($(#[$doc])* $topic,)* }

        impl Topic {
            /// Every topic, in the order of their discriminants.
            pub const ALL: &[Self] = &[$(Self::$topic,)*];

            /// Its name in folders, metrics and messages.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$topic => $name,)* }
            }
        }
    };
}

topics! {
    /// Accepted batches of events.
    Events = "events",
    /// Settings, rules and deletions.
    Control = "control",
    /// Which offsets belong to which tick.
    Bindings = "bindings",
    /// Which ticks have been written to the views.
    Commits = "commits",
    /// What was accepted and could not be read.
    Dead = "dead",
    /// Chunks of recordings, in the partitions of their sessions' events.
    Replay = "replay",
}

/// One record as it stands in a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub offset: Offset,
    /// When the log accepted it; never decreases along a partition.
    pub appended_at_ms: i64,
    pub payload: Bytes,
}

/// How far a partition is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Durable {
    /// One past the last durable record.
    pub end: Offset,
    /// Every record with `appended_at_ms <= complete_to_ms` is below `end`, those still to be appended included.
    /// Never decreases while the log is open.
    pub complete_to_ms: i64,
}

/// What may go. A record is kept while a consumer needs it, and while it is young *and* fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Records older than this may go.
    pub age_ms_max: i64,
    /// When a partition holds more than this, its oldest records may go whatever their age.
    pub bytes_max: u64,
}

impl Retention {
    /// Keep only what consumers still need.
    pub const NEEDED_ONLY: Self = Self {
        age_ms_max: 0,
        bytes_max: 0,
    };
}

/// A durable, partitioned log.
///
/// # Panics
/// Every method panics when `partition` is not below `partitions(topic)`: that is a bug of the caller.
pub trait Log: Send + Sync + 'static {
    /// How many partitions the topic has: fixed when the log was created.
    fn partitions(&self, topic: Topic) -> u32;

    /// Accepts a record, at once: its place in the partition is now decided. The returned future resolves to its offset
    /// when it is durable; dropping it does not take the record back.
    ///
    /// # Errors
    /// Refused, without a trace: [`LogError::Full`] and [`LogError::DiskFull`] (try again later), [`LogError::TooLarge`],
    /// [`LogError::Closed`], [`LogError::Failed`] (this partition accepts nothing until the log is opened again).
    fn append(&self, topic: Topic, partition: u32, payload: Bytes) -> Result<Append, LogError>;

    /// How far the partition is durable. Cheap: no IO.
    fn durable(&self, topic: Topic, partition: u32) -> Durable;

    /// The oldest retained record's offset; equal to the durable end when there is none.
    fn start(&self, topic: Topic, partition: u32) -> Offset;

    /// A reader whose first record is `from`, which may be the durable end (it then waits for what comes).
    ///
    /// # Errors
    /// [`LogError::Trimmed`] below the start, [`LogError::BeyondEnd`] above the durable end, [`LogError::Io`],
    /// [`LogError::Corrupt`].
    fn reader(&self, topic: Topic, partition: u32, from: Offset) -> Result<Box<dyn Reader>, LogError>;

    /// Gives back the space of records that are below `needed_from` (the oldest offset any consumer still needs) and
    /// beyond `retention`. Whole segments go, so some may stay a little longer. Returns the new start.
    ///
    /// # Errors
    /// [`LogError::Io`].
    fn trim(&self, topic: Topic, partition: u32, needed_from: Offset, retention: Retention)
    -> Result<Offset, LogError>;

    /// Whether every partition can durably accept. A queue that is full for a moment still can.
    ///
    /// # Errors
    /// The first reason why not: [`LogError::DiskFull`], [`LogError::Closed`], [`LogError::Failed`].
    fn ready(&self) -> Result<(), LogError>;

    /// Writes what was accepted, seals the files and accepts nothing more. Blocks; may be called again.
    ///
    /// # Errors
    /// The first partition's failure.
    fn close(&self) -> Result<(), LogError>;
}

/// Reads one partition in order, from one place on.
pub trait Reader: Send {
    /// Appends to `records` what follows, as far as it is durable and below `end`, until the payloads together reach
    /// `bytes_max` (but at least one record when there is one). Nothing new: `records` stays as it is. Never waits.
    ///
    /// # Errors
    /// [`LogError::Trimmed`] when retention has overtaken this reader, [`LogError::Io`], [`LogError::Corrupt`]. The
    /// reader then stands where it stood.
    fn read(&mut self, end: Offset, bytes_max: usize, records: &mut Vec<Record>) -> Result<(), LogError>;

    /// Offset of the next record this reader gives.
    fn next_offset(&self) -> Offset;
}
