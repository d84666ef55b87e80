//! Where recordings are cleaned: off the async threads, a few at a time. A chunk takes milliseconds, an event does not.

use std::{sync::Arc, time::Duration};

use tokio::sync::Semaphore;

use crate::reason::Refusal;

/// Batches that wait for their turn or have it. They wait for a second or two then; what comes on top comes again later.
const BATCHES_MAX: usize = 256;

/// How long a client waits when all places are taken.
const RETRY_AFTER: Duration = Duration::from_secs(1);

pub(crate) struct Cleaners {
    places: Semaphore,
    /// One for each core.
    turns: Arc<Semaphore>,
}

impl Cleaners {
    pub(crate) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            places: Semaphore::new(BATCHES_MAX),
            turns: Arc::new(Semaphore::new(cores)),
        }
    }

    pub(crate) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
        let _place = self
            .places
            .try_acquire()
            .map_err(|_| unavailable("too many recordings are on their way in"))?;
        let turn = self.turns.clone().acquire_owned().await;
        let work = tokio::task::spawn_blocking(move || {
            // Held by the work, not by who waits for it: a client that goes away does not end it.
            let _turn = turn;
            work()
        });
        work.await.map_err(|error| {
            tracing::error!(%error, "a recording could not be worked on");
            unavailable("a recording could not be worked on")
        })
    }
}

fn unavailable(reason: &str) -> Refusal {
    Refusal::Unavailable {
        reason: reason.to_owned(),
        retry_after: RETRY_AFTER,
    }
}
