//! Carries changes of projects and rules from the metadata outbox to the log's topic `control`: in order, at least once. A record
//! that comes twice is harmless, since the newest record about a thing wins.

use crate::DataflowError;
use bytes::Bytes;
use gosight_log::{Log, LogError, Topic};
use gosight_proto::control::Control;
use gosight_store::meta::Meta;
use std::sync::Arc;
use std::time::Duration;

/// Changes carried at once.
const CHANGES_MAX: u32 = 256;

/// How often the outbox is looked at without being told of a change: another process may have written it.
const POLL_EVERY: Duration = Duration::from_secs(1);

/// Relays until the task is dropped. The metadata may be away for a while; a broken log ends it.
///
/// # Errors
/// The log's, when it accepts nothing any more.
pub async fn relay(meta: Meta, log: Arc<dyn Log>) -> Result<(), DataflowError> {
    let mut changed = meta.control_changed();
    loop {
        changed.mark_unchanged();
        match relay_pending(&meta, log.as_ref()).await {
            Ok(()) => {}
            Err(RelayError::Log(error)) if !error.is_retriable() => return Err(error.into()),
            Err(error) => tracing::warn!(%error, "changes of settings wait to be relayed"),
        }
        // Told or not, look again: the timeout is the poll.
        drop(tokio::time::timeout(POLL_EVERY, changed.changed()).await);
    }
}

#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Meta(#[from] gosight_store::meta::MetaError),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// Carries what is in the outbox now.
async fn relay_pending(meta: &Meta, log: &dyn Log) -> Result<(), RelayError> {
    let mut relayed_to = meta.control_relayed_to().await?;
    loop {
        let changes = meta.control_after(relayed_to, CHANGES_MAX).await?;
        let Some((newest, _)) = changes.last() else {
            return Ok(());
        };
        relayed_to = *newest;
        append(log, changes.iter().map(|(_, control)| control)).await?;
        meta.control_relayed(relayed_to).await?;
    }
}

async fn append(log: &dyn Log, changes: impl Iterator<Item = &Control>) -> Result<(), RelayError> {
    let mut appends = Vec::new();
    for control in changes {
        let payload = Bytes::from(serde_json::to_vec(control)?);
        appends.push(log.append(Topic::Control, 0, payload)?);
    }
    for append in appends {
        append.await?;
    }
    Ok(())
}
