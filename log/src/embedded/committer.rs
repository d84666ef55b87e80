//! The one thread that writes a partition: take what is queued, write it, sync it, publish it, tell those who wait.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::now_ms;
use super::partition::Shared;
use super::segment::{SegmentWriter, Spare, encode_frame, frame_bytes};
use super::state::{Pending, Segment};
use crate::{APPEND_BEFORE_ACK, LogError};

/// While the disk is full: how often to try to allocate again.
const DISK_FULL_RETRY: Duration = Duration::from_secs(1);
/// Kept between groups; what a burst needed beyond it is given back.
const BUFFER_BYTES_KEPT: usize = 1 << 20;

pub(crate) struct Committer {
    shared: Arc<Shared>,
    dir: PathBuf,
    writer: SegmentWriter,
    spare: Option<Spare>,
    buffer: Vec<u8>,
}

impl Committer {
    pub(crate) fn new(shared: Arc<Shared>, dir: PathBuf, writer: SegmentWriter) -> Self {
        Self {
            shared,
            dir,
            writer,
            spare: None,
            buffer: Vec::new(),
        }
    }

    /// Until the partition is closed or fails.
    pub(crate) fn run(mut self) {
        let mut patience = None;
        while let Some(group) = self.shared.next_group(patience) {
            if !group.is_empty()
                && let Err(error) = self.commit(&group)
            {
                return fail(&self.shared, &error.to_string(), group);
            }
            self.acknowledge(group);
            patience = self.allocate_spare();
        }
        if let Err(error) = self.seal() {
            fail(&self.shared, &error.to_string(), Vec::new());
        }
    }

    /// Writes the group; when this returns it is durable and readers see it.
    ///
    /// An error is final: after a failed sync the kernel may have dropped the very pages a second sync would report as
    /// written, so nothing is retried and the partition stops until it is scanned again.
    fn commit(&mut self, group: &[Pending]) -> Result<(), LogError> {
        if group.first().is_some_and(|first| first.opens_segment) {
            self.roll(group[0].offset)?;
        }
        let seed = self.writer.header.seed();
        self.buffer.clear();
        self.buffer.reserve(
            group
                .iter()
                .map(|pending| frame_bytes(pending.payload.len()) as usize)
                .sum(),
        );
        for Pending {
            offset,
            appended_at_ms,
            payload,
            ..
        } in group
        {
            encode_frame(&mut self.buffer, seed, *offset, *appended_at_ms, payload);
        }
        self.writer.append(&self.buffer)?;
        self.shared.metrics.bytes.increment(self.buffer.len() as u64);
        self.shared.metrics.groups.increment(1);
        self.buffer.shrink_to(BUFFER_BYTES_KEPT);

        let mut state = self.shared.state();
        state.group_durable(group[0].offset + group.len() as u64, self.writer.position);
        self.shared.metrics.queue_bytes.set(state.queue_bytes() as f64);
        Ok(())
    }

    fn acknowledge(&self, group: Vec<Pending>) {
        if group.is_empty() {
            return;
        }
        abort_before_acknowledgement();
        for pending in group {
            self.shared.metrics.append_seconds.record(pending.accepted.elapsed());
            // Whoever no longer waits has lost only the answer.
            drop(pending.answer.send(Ok(pending.offset)));
        }
    }

    /// Seals the segment and goes on in the spare one, which was allocated before a record was accepted into it.
    fn roll(&mut self, base: u64) -> Result<(), LogError> {
        self.writer.seal()?;
        let spare = match self.spare.take() {
            Some(spare) => spare,
            None => Spare::allocate(&self.dir, self.writer.header.allocated_bytes)?,
        };
        self.writer = SegmentWriter::create(spare, &self.dir, base, now_ms())?;
        let mut state = self.shared.state();
        state.segment_opened(Segment::new(
            &self.writer.header,
            self.writer.path.clone(),
            self.writer.position,
        ));
        self.shared.metrics.segments.set(state.segment_count() as f64);
        Ok(())
    }

    /// Allocates the next segment when it is time; how long to wait before trying again.
    fn allocate_spare(&mut self) -> Option<Duration> {
        if self.spare.is_some() || !self.shared.state().room.wants_spare() {
            return None;
        }
        match Spare::allocate(&self.dir, self.writer.header.allocated_bytes) {
            Ok(spare) => {
                self.spare = Some(spare);
                self.shared.state().room.spare_allocated();
                None
            }
            Err(error) => {
                tracing::error!(%error, "no space for another segment: appends are refused when this one is full");
                self.shared.state().room.disk_full();
                Some(DISK_FULL_RETRY)
            }
        }
    }

    /// A clean end: the segment is complete and the spare's space is given back.
    fn seal(&mut self) -> Result<(), LogError> {
        self.writer.seal()?;
        Spare::remove(&self.dir)
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        if std::thread::panicking() {
            fail(&self.shared, "its committer panicked", Vec::new());
        }
    }
}

fn fail(shared: &Shared, reason: &str, group: Vec<Pending>) {
    tracing::error!(reason, "a partition of the log has stopped");
    let (error, queued) = shared.state().fail(reason.to_owned());
    for pending in group.into_iter().chain(queued) {
        drop(pending.answer.send(Err(error.clone())));
    }
}

fn abort_before_acknowledgement() {
    fail::fail_point!(APPEND_BEFORE_ACK, |_| std::process::abort());
}
