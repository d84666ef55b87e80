//! Work that takes milliseconds of a core: off the async threads, a bounded number at a time.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::ApiError;

/// Whoever comes when all places are taken comes back after so long, in seconds.
const RETRY_AFTER_S: u64 = 2;

/// A bound on work of one kind. Clones share it.
#[derive(Clone)]
pub(crate) struct Work {
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
}

impl Work {
    /// So many at a time, and so many more waiting for their turn; beyond them callers are asked to come back.
    pub(crate) fn new(at_once: usize, waiting_max: usize) -> Self {
        Self {
            running: Arc::new(Semaphore::new(at_once)),
            admitted: Arc::new(Semaphore::new(at_once + waiting_max)),
        }
    }

    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let refused = || ApiError::RateLimited {
            retry_after_s: RETRY_AFTER_S,
        };
        let _admitted = self.admitted.try_acquire().map_err(|_| refused())?;
        let turn = self.running.clone().acquire_owned().await.map_err(ApiError::internal)?;
        let work = move || {
            // Held by the work: it goes on when its caller has gone.
            let _turn = turn;
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(ApiError::internal)
    }
}
