use gosight_log::LogError;

/// Why the dataflow cannot start, or had to stop. Nothing is lost: a restart goes on from what is written down.
#[derive(Debug, thiserror::Error)]
pub enum DataflowError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("topic {topic} holds a record that cannot be read: {reason}")]
    Corrupt { topic: &'static str, reason: String },
    #[error("the log has {found} partitions of events, its bindings were written for {bound}")]
    PartitionsChanged { bound: usize, found: usize },
    #[error("partition {partition} of events ends at {found}, but {bound} records of it were bound: the log lost data")]
    LogShrank { partition: usize, bound: u64, found: u64 },
    #[error("a worker died: {0}")]
    Worker(String),
    #[error("the {0} thread could not be started: {1}")]
    Spawn(&'static str, std::io::Error),
    /// The sink refused rows for good: repeating the insert cannot help.
    #[error("commit of ticks {first_tick} to {last_tick} was refused: {reason}")]
    Poison {
        first_tick: u64,
        last_tick: u64,
        reason: String,
    },
    #[error("metadata: {0}")]
    Meta(String),
    /// As above, of recordings.
    #[error("recordings were refused: {0}")]
    Recordings(String),
}
