use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::oneshot;

use crate::{LogError, Offset};

/// A record on its way to the disk. Resolves to its offset once it is durable.
///
/// Dropping it gives up the answer, not the record.
#[must_use = "a record is durable only when this has resolved"]
#[derive(Debug)]
pub struct Append {
    answer: oneshot::Receiver<Result<Offset, LogError>>,
}

impl Append {
    pub(crate) fn new() -> (oneshot::Sender<Result<Offset, LogError>>, Self) {
        let (sender, answer) = oneshot::channel();
        (sender, Self { answer })
    }

    /// Waits on this thread. Not for async threads: it panics there.
    ///
    /// # Errors
    /// As the future: [`LogError::Failed`], or [`LogError::Closed`] when the log was dropped first.
    pub fn wait(self) -> Result<Offset, LogError> {
        self.answer.blocking_recv().unwrap_or(Err(LogError::Closed))
    }
}

impl Future for Append {
    type Output = Result<Offset, LogError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.answer)
            .poll(context)
            .map(|answer| answer.unwrap_or(Err(LogError::Closed)))
    }
}
