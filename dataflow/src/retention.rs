//! What of the log may go: nothing that is not yet in the views, nothing young enough that a late event may still need its session.

use crate::DataflowError;
use crate::shared::Shared;
use gosight_log::{Offset, Retention, Topic};
use gosight_operators::lateness::HORIZON_MS;

/// Kept beyond the horizon: a session that a late event corrects began before that event.
const MARGIN_MS: i64 = 24 * 60 * 60 * 1000;

/// Commits that tell where things stand: see `sink::resume`.
const COMMITS_KEPT: u64 = 2;

/// The oldest record that is needed for what is not yet in the views.
pub(crate) fn needed_from(shared: &Shared, topic: Topic, partition: u32) -> Offset {
    let log = shared.log.as_ref();
    let start = || log.start(topic, partition);
    match topic {
        Topic::Events => shared
            .committed()
            .map_or_else(start, |bound| bound.binding.ends[partition as usize]),
        Topic::Bindings => shared.committed().map_or_else(start, |bound| bound.offset),
        Topic::Commits => log.durable(topic, partition).end.saturating_sub(COMMITS_KEPT),
        // The newest record about a thing may be its oldest.
        Topic::Control => start(),
        Topic::Dead => log.durable(topic, partition).end,
    }
}

/// Gives back the space of what may go.
pub(crate) fn trim(shared: &Shared) -> Result<(), DataflowError> {
    let retention = Retention {
        age_ms_max: HORIZON_MS + MARGIN_MS,
        bytes_max: shared.config.log_bytes_max,
    };
    for &topic in Topic::ALL {
        for partition in 0..shared.log.partitions(topic) {
            shared
                .log
                .trim(topic, partition, needed_from(shared, topic, partition), retention)?;
        }
    }
    Ok(())
}
