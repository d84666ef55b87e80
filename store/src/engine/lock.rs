//! Who may use the engine's folder: one living parent, and one engine.

use super::EngineError;
use rustix::fs::{FlockOperation, flock};
use std::fs::File;
use std::path::Path;
use std::time::Duration;
use tokio::time::{Instant, sleep};

const POLL: Duration = Duration::from_millis(100);

/// Takes the owner's lock and waits until no engine holds its own: one that was orphaned by `kill -9` needs a moment to notice.
/// The owner's lock is held as long as the file is open.
pub(super) async fn take(dir: &Path, data: &Path, wait: Duration) -> Result<File, EngineError> {
    let deadline = Instant::now() + wait;
    let owner = lock_file(&dir.join("owner.lock"), deadline).await?;
    // ClickHouse locks this file itself; we only ask.
    drop(lock_file(&data.join("status"), deadline).await?);
    Ok(owner)
}

async fn lock_file(path: &Path, deadline: Instant) -> Result<File, EngineError> {
    let file = File::options()
        .create(true)
        .write(true)
        .truncate(false)
        .open(path)
        .map_err(|source| EngineError::Folder {
            path: path.to_owned(),
            source,
        })?;
    while flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        if Instant::now() >= deadline {
            return Err(EngineError::Locked {
                path: path.parent().unwrap_or(path).to_owned(),
            });
        }
        sleep(POLL).await;
    }
    Ok(file)
}
