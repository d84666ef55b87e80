//! One partition: a queue that everyone may append to, a committer thread that makes it durable, readers and retention.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;

use super::committer::Committer;
use super::metrics::PartitionMetrics;
use super::recover::recover_newest;
use super::segment::{SegmentWriter, Spare, list_segments, read_header, sync_dir};
use super::state::{Pending, Room, Segment, State, Status};
use super::{TopicConfig, now_ms};
use crate::{Append, Durable, LogError, Offset, Retention, Topic};

/// What the partition's owner, its committer and its readers share.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    /// Something was queued, or the partition is closing.
    changed: Condvar,
    pub(crate) metrics: PartitionMetrics,
}

impl Shared {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves the state as it was between two of its methods, each of which is complete in itself.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for something to write: `None` when the partition is closing and all is written, an empty group when
    /// `patience` has run out.
    pub(crate) fn next_group(&self, patience: Option<Duration>) -> Option<Vec<Pending>> {
        let mut state = self.state();
        while state.is_idle() && state.status == Status::Open {
            match patience {
                None => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(patience) => {
                    state = self
                        .changed
                        .wait_timeout(state, patience)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0;
                    break;
                }
            }
        }
        (!state.is_idle() || state.status == Status::Open).then(|| state.take_group())
    }
}

#[derive(Debug)]
pub(crate) struct Partition {
    dir: PathBuf,
    shared: Arc<Shared>,
    committer: Mutex<Option<JoinHandle<()>>>,
}

impl Partition {
    /// Opens or creates the partition in `dir`, repairs its tail and starts a new segment.
    pub(crate) fn open(dir: PathBuf, topic: Topic, index: u32, config: TopicConfig) -> Result<Self, LogError> {
        std::fs::create_dir_all(&dir).map_err(LogError::io("create", &dir))?;
        Spare::remove(&dir)?;
        let name: Arc<str> = format!("{}/{index}", topic.name()).into();
        let (mut segments, end, last_appended_at_ms) = open_segments(&dir)?;
        let clock_ms = now_ms().max(last_appended_at_ms.unwrap_or(i64::MIN));
        let spare = Spare::allocate(&dir, config.segment_bytes)?;
        let writer = SegmentWriter::create(spare, &dir, end, clock_ms)?;
        segments.push(Segment::new(&writer.header, writer.path.clone(), writer.position));

        let metrics = PartitionMetrics::new(topic, index);
        metrics.segments.set(segments.len() as f64);
        let room = Room::new(config.segment_bytes);
        let state = State::new(name.clone(), config.queue_bytes_max, segments, end, clock_ms, room);
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            changed: Condvar::new(),
            metrics,
        });
        Self::start_committer(dir, &name, shared, writer)
    }

    fn start_committer(dir: PathBuf, name: &str, shared: Arc<Shared>, writer: SegmentWriter) -> Result<Self, LogError> {
        let committer = Committer::new(shared.clone(), dir.clone(), writer);
        let thread = std::thread::Builder::new()
            .name(format!("log {name}"))
            .spawn(move || committer.run())
            .map_err(LogError::io("start the committer of", &dir))?;
        Ok(Self {
            dir,
            shared,
            committer: Mutex::new(Some(thread)),
        })
    }

    pub(crate) fn shared(&self) -> Arc<Shared> {
        self.shared.clone()
    }

    pub(crate) fn append(&self, payload: Bytes) -> Result<Append, LogError> {
        let append = self.shared.state().append(payload, now_ms())?;
        self.shared.changed.notify_one();
        Ok(append)
    }

    pub(crate) fn ready(&self) -> Result<(), LogError> {
        match self.shared.state().admit(0) {
            Err(LogError::Full { .. }) => Ok(()),
            other => other,
        }
    }

    pub(crate) fn durable(&self) -> Durable {
        self.shared.state().durable(now_ms())
    }

    pub(crate) fn start(&self) -> Offset {
        self.shared.state().start()
    }

    pub(crate) fn trim(&self, needed_from: Offset, retention: Retention) -> Result<Offset, LogError> {
        let expire = || self.shared.state().take_expired(needed_from, retention, now_ms());
        // Oldest first and one by one: a crash in between leaves no gap.
        while let Some(segment) = expire() {
            if let Err(error) = std::fs::remove_file(&segment.path) {
                let error = LogError::io("remove", &segment.path)(error);
                self.shared.state().put_back(segment);
                return Err(error);
            }
            sync_dir(&self.dir)?;
        }
        let state = self.shared.state();
        self.shared.metrics.segments.set(state.segment_count() as f64);
        Ok(state.start())
    }

    /// Asks the committer to finish; does not wait.
    pub(crate) fn begin_close(&self) {
        let mut state = self.shared.state();
        if state.status == Status::Open {
            state.status = Status::Closing;
        }
        drop(state);
        self.shared.changed.notify_all();
    }

    pub(crate) fn finish_close(&self) -> Result<(), LogError> {
        let thread = self.committer.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A committer that panicked has said so in the state.
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!(dir = %self.dir.display(), "the committer panicked");
        }
        self.shared.state().failure().map_or(Ok(()), Err)
    }
}

impl Drop for Partition {
    fn drop(&mut self) {
        self.begin_close();
        if let Err(error) = self.finish_close() {
            tracing::error!(%error, "the log did not close cleanly");
        }
    }
}

/// The sealed segments of a partition, one past their last record, and its append time.
fn open_segments(dir: &Path) -> Result<(Vec<Segment>, Offset, Option<i64>), LogError> {
    let mut files = list_segments(dir)?;
    let Some((base, path)) = files.pop() else {
        return Ok((Vec::new(), 0, None));
    };
    let mut newest = recover_newest(&path, base)?;
    let mut segments = Vec::new();
    for (base, path) in files {
        let header = read_header(&path, base)?;
        let bytes = std::fs::metadata(&path).map_err(LogError::io("inspect", &path))?.len();
        segments.push(Segment::new(&header, path.into(), bytes));
    }
    if newest.end > base {
        segments.push(Segment::new(&newest.header, path.into(), newest.bytes));
    } else {
        // Nothing was written to it; the new segment takes its name. The last append time is then before its creation.
        std::fs::remove_file(&path).map_err(LogError::io("remove", &path))?;
        newest.last_appended_at_ms = Some(newest.header.created_at_ms);
    }
    Ok((segments, newest.end, newest.last_appended_at_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stops_for_good_when_a_write_fails_and_tells_everyone() {
        let dir = tempfile::tempdir().unwrap();
        let config = TopicConfig {
            partitions: 1,
            segment_bytes: 4096,
            queue_bytes_max: 4096,
        };
        let spare = Spare::allocate(dir.path(), config.segment_bytes).unwrap();
        let writer = SegmentWriter::create(spare, dir.path(), 0, 0).unwrap().into_read_only();
        let segments = vec![Segment::new(&writer.header, writer.path.clone(), writer.position)];
        let room = Room::new(config.segment_bytes);
        let state = State::new("events/0".into(), config.queue_bytes_max, segments, 0, 0, room);
        let metrics = PartitionMetrics::new(Topic::Events, 0);
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            changed: Condvar::new(),
            metrics,
        });
        let queued: Vec<_> = (0..3)
            .map(|_| shared.state().append(Bytes::from_static(b"x"), now_ms()).unwrap())
            .collect();
        let partition = Partition::start_committer(dir.path().to_owned(), "events/0", shared, writer).unwrap();
        for append in queued {
            let error = append.wait().unwrap_err();
            assert!(matches!(error, LogError::Failed { .. }), "{error}");
            assert!(
                error.to_string().contains("events/0 has stopped: cannot write"),
                "{error}"
            );
        }
        assert!(matches!(partition.append(Bytes::new()), Err(LogError::Failed { .. })));
        assert!(partition.ready().is_err());
        assert_eq!(partition.durable().end, 0);
        assert!(partition.finish_close().is_err());
    }
}
