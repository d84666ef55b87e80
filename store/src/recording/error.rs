use super::{DEPTH_MAX, EVENTS_MAX, VALUES_MAX};

/// Why bytes are no recording.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordingError {
    #[error("not JSON: {0}")]
    NotJson(String),
    #[error("not an array of rrweb events")]
    NotEvents,
    #[error("item {index} is not an rrweb event: it needs a number as its type")]
    NotAnEvent { index: usize },
    #[error("event {index} has no timestamp in milliseconds")]
    NoTimestamp { index: usize },
    #[error("no event that could be played")]
    Empty,
    #[error("more than {EVENTS_MAX} events")]
    TooManyEvents,
    #[error("nested deeper than {DEPTH_MAX} levels")]
    TooDeep,
    #[error("more than {VALUES_MAX} values")]
    TooManyValues,
    #[error("not compressed as it should be: {0}")]
    NotCompressed(String),
    #[error("more than {bytes_max} bytes when decompressed")]
    TooLarge { bytes_max: usize },
}
