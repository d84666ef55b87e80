//! The tasks that live as long as the process: none may end before it was asked to.

use std::collections::HashMap;

use anyhow::{Context, anyhow};
use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

/// Long-lived tasks by name, and the word that ends them.
pub(super) struct Tasks {
    running: JoinSet<anyhow::Result<()>>,
    names: HashMap<Id, &'static str>,
    stop: CancellationToken,
}

impl Tasks {
    pub(super) fn new() -> Self {
        Self {
            running: JoinSet::new(),
            names: HashMap::new(),
            stop: CancellationToken::new(),
        }
    }

    /// Cancelled when all of them are to end.
    pub(super) fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Starts a task that ends by itself once [`stopping`](Self::stopping) is cancelled. `name` stands in the error if it ends sooner.
    pub(super) fn start(
        &mut self,
        name: &'static str,
        task: impl Future<Output = anyhow::Result<()>> + Send + 'static,
    ) {
        let id = self.running.spawn(task).id();
        self.names.insert(id, name);
    }

    /// Starts a task that is simply dropped at the end: it must leave nothing half done.
    pub(super) fn start_droppable(
        &mut self,
        name: &'static str,
        task: impl Future<Output = anyhow::Result<()>> + Send + 'static,
    ) {
        let stop = self.stopping();
        self.start(name, async move {
            tokio::select! {
                ended = task => ended,
                () = stop.cancelled() => Ok(()),
            }
        });
    }

    /// Resolves when a task has ended unasked, with the reason.
    pub(super) async fn failed(&mut self) -> anyhow::Error {
        match self.running.join_next_with_id().await {
            Some(ended) => {
                let (name, ended) = self.name(ended);
                ended
                    .err()
                    .unwrap_or_else(|| anyhow!("it ended by itself"))
                    .context(format!("{name} failed"))
            }
            None => std::future::pending().await,
        }
    }

    /// Tells all to end and waits until they have; the first error.
    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        self.stop.cancel();
        let mut result = Ok(());
        while let Some(ended) = self.running.join_next_with_id().await {
            let (name, ended) = self.name(ended);
            result = result.and(ended.with_context(|| format!("{name} failed")));
        }
        result
    }

    fn name(&self, ended: Result<(Id, anyhow::Result<()>), JoinError>) -> (&'static str, anyhow::Result<()>) {
        let (id, ended) = match ended {
            Ok(ended) => ended,
            Err(error) => (error.id(), Err(error.into())),
        };
        (self.names.get(&id).copied().unwrap_or("a task"), ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn reason(task: impl Future<Output = anyhow::Result<()>> + Send + 'static) -> String {
        let mut tasks = Tasks::new();
        tasks.start_droppable("the sweeper", std::future::pending());
        tasks.start_droppable("the relay", task);
        let reason = format!("{:#}", tasks.failed().await);
        tasks.stop().await.unwrap();
        reason
    }

    #[tokio::test]
    async fn a_task_that_ends_in_an_error_is_named_with_its_reason() {
        let reason = reason(async { Err(anyhow!("the log is broken")) }).await;
        assert_eq!(reason, "the relay failed: the log is broken");
    }

    #[tokio::test]
    async fn a_task_that_panics_is_named() {
        let reason = reason(async { panic!("at the disco") }).await;
        assert!(
            reason.starts_with("the relay failed: ") && reason.contains("panicked"),
            "{reason}"
        );
    }

    #[tokio::test]
    async fn a_task_that_just_ends_has_failed_too() {
        assert_eq!(reason(async { Ok(()) }).await, "the relay failed: it ended by itself");
    }

    #[tokio::test]
    async fn to_end_when_asked_is_no_failure_and_an_error_at_the_end_is_one() {
        let mut tasks = Tasks::new();
        let stop = tasks.stopping();
        tasks.start_droppable("the relay", std::future::pending());
        tasks.start("the door", async move {
            stop.cancelled().await;
            Err(anyhow!("it jams"))
        });
        assert_eq!(
            format!("{:#}", tasks.stop().await.unwrap_err()),
            "the door failed: it jams"
        );
    }
}
