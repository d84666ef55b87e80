use std::path::PathBuf;
use std::sync::Arc;

use crate::Offset;

/// Why the log refused or could not go on. Cheap to clone: one failed group answers every append in it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LogError {
    #[error("the queue of {partition} is full; try again in a moment")]
    Full { partition: String },
    #[error("the disk is full: no space for another segment of {partition}")]
    DiskFull { partition: String },
    #[error("a record of {bytes} bytes is over the limit of {bytes_max}")]
    TooLarge { bytes: usize, bytes_max: usize },
    #[error("the log is closed")]
    Closed,
    /// A write or sync failed: what is on disk is unknown until the log is opened, and so scanned, again.
    #[error("{partition} has stopped: {reason}; restart to scan and repair it")]
    Failed { partition: String, reason: String },
    #[error("the data folder {} is in use by another process{}", dir.display(), holder.as_ref().map(|pid| format!(" (pid {pid})")).unwrap_or_default())]
    Locked { dir: PathBuf, holder: Option<String> },
    #[error("{} is damaged at byte {position}: {reason}; nothing was changed", file.display())]
    Corrupt {
        file: PathBuf,
        position: u64,
        reason: String,
    },
    #[error("offset {offset} is gone: the oldest retained record is {start}")]
    Trimmed { offset: Offset, start: Offset },
    #[error("offset {offset} does not exist yet: the log ends at {end}")]
    BeyondEnd { offset: Offset, end: Offset },
    #[error("{}: {reason}", file.display())]
    Layout { file: PathBuf, reason: String },
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: Arc<std::io::Error>,
    },
}

impl LogError {
    /// For `map_err`: names what was tried, and on what.
    pub(crate) fn io(action: &'static str, path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source: Arc::new(source),
        }
    }

    /// Whether the same append may succeed in a moment.
    pub fn is_retriable(&self) -> bool {
        matches!(self, Self::Full { .. } | Self::DiskFull { .. })
    }
}
