//! What a partition knows, under one lock; no IO and no clock in here.
//!
//! **Why `complete_to_ms` holds.** Offsets and append times are given out together under the lock, and the clock used
//! for them never runs backwards: along a partition both grow together. So everything accepted before the oldest record
//! still in flight is older or as old, and everything durable is below it:
//! - records in flight: what is below the oldest one's time is durable. A record of the *same* millisecond may stand
//!   right behind it, hence its time − 1;
//! - none in flight: all that was accepted is durable. The clock is moved to now, so that whatever comes later is stamped
//!   now or later, hence now − 1.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::segment::{HEADER_BYTES, Header, Seed, frame_bytes};
use crate::{Append, Durable, LogError, Offset, Retention};

/// A group is what is queued, up to this: larger ones only lengthen the wait of those behind it.
const GROUP_BYTES_MAX: u64 = 8 << 20;

/// An accepted record.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) offset: Offset,
    pub(crate) appended_at_ms: i64,
    pub(crate) payload: Bytes,
    /// It is the first of a new segment.
    pub(crate) opens_segment: bool,
    pub(crate) accepted: Instant,
    pub(crate) answer: oneshot::Sender<Result<Offset, LogError>>,
}

/// A segment file as readers and retention see it.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(crate) base: Offset,
    pub(crate) path: Arc<Path>,
    pub(crate) seed: Seed,
    pub(crate) created_at_ms: i64,
    /// Header and durable frames.
    pub(crate) bytes: u64,
}

impl Segment {
    pub(crate) fn new(header: &Header, path: Arc<Path>, bytes: u64) -> Self {
        Self {
            base: header.base,
            path,
            seed: header.seed(),
            created_at_ms: header.created_at_ms,
            bytes,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Open,
    /// Takes nothing more; what was accepted is being written.
    Closing,
    Failed(String),
}

/// Space that is already allocated. A record is accepted only into such space, so an accepted record never meets a full disk.
#[derive(Debug)]
pub(crate) struct Room {
    /// What a whole segment offers to frames. One byte is never used, so that a sealed file is shorter than an unsealed one.
    segment_bytes: u64,
    /// Left in the segment that the next record goes to.
    left_bytes: u64,
    has_spare: bool,
    is_disk_full: bool,
}

impl Room {
    pub(crate) fn new(allocated_bytes: u64) -> Self {
        let segment_bytes = allocated_bytes.saturating_sub(HEADER_BYTES + 1);
        Self {
            segment_bytes,
            left_bytes: segment_bytes,
            has_spare: false,
            is_disk_full: false,
        }
    }

    /// Early enough that a full queue never waits for an allocation.
    pub(crate) fn wants_spare(&self) -> bool {
        !self.has_spare && self.left_bytes < self.segment_bytes / 2
    }

    pub(crate) fn spare_allocated(&mut self) {
        self.has_spare = true;
        self.is_disk_full = false;
    }

    pub(crate) fn disk_full(&mut self) {
        self.is_disk_full = true;
    }

    fn fits(&self, bytes: u64) -> bool {
        bytes <= self.left_bytes || (self.has_spare && bytes <= self.segment_bytes)
    }

    /// Reserves space that [`Room::fits`]; whether a new segment begins with it.
    fn reserve(&mut self, bytes: u64) -> bool {
        let opens_segment = bytes > self.left_bytes;
        if opens_segment {
            self.has_spare = false;
            self.left_bytes = self.segment_bytes;
        }
        self.left_bytes -= bytes;
        opens_segment
    }
}

#[derive(Debug)]
pub(crate) struct State {
    /// `events/0`: for messages.
    name: Arc<str>,
    queue_bytes_max: u64,
    queue: VecDeque<Pending>,
    queue_bytes: u64,
    /// Append time of the first record of the group that is being written.
    in_flight_from_ms: Option<i64>,
    next_offset: Offset,
    durable_end: Offset,
    /// The last append time given out, or promised not to be given out again.
    clock_ms: i64,
    pub(crate) room: Room,
    /// Oldest first; the last one is being written. Never empty.
    segments: Vec<Segment>,
    pub(crate) status: Status,
}

impl State {
    /// `segments` is not empty; `end` is one past the last record in them; `clock_ms` no less than its append time.
    pub(crate) fn new(
        name: Arc<str>,
        queue_bytes_max: u64,
        segments: Vec<Segment>,
        end: Offset,
        clock_ms: i64,
        room: Room,
    ) -> Self {
        Self {
            name,
            queue_bytes_max,
            queue: VecDeque::new(),
            queue_bytes: 0,
            in_flight_from_ms: None,
            next_offset: end,
            durable_end: end,
            clock_ms,
            room,
            segments,
            status: Status::Open,
        }
    }

    /// Whether a record with this payload would be accepted.
    pub(crate) fn admit(&self, payload_bytes: usize) -> Result<(), LogError> {
        match &self.status {
            Status::Open => {}
            Status::Closing => return Err(LogError::Closed),
            Status::Failed(reason) => return Err(self.failed(reason)),
        }
        let bytes = frame_bytes(payload_bytes);
        let bytes_max = frame_bytes(crate::RECORD_BYTES_MAX).min(self.room.segment_bytes);
        if bytes > bytes_max {
            return Err(LogError::TooLarge {
                bytes: payload_bytes,
                bytes_max: (bytes_max - frame_bytes(0)) as usize,
            });
        }
        let partition = || self.name.to_string();
        if !self.room.fits(bytes) && self.room.is_disk_full {
            return Err(LogError::DiskFull { partition: partition() });
        }
        // One record is let into an empty queue whatever its size.
        let is_queue_full = self.queue_bytes > 0 && self.queue_bytes + bytes > self.queue_bytes_max;
        if is_queue_full || !self.room.fits(bytes) {
            return Err(LogError::Full { partition: partition() });
        }
        Ok(())
    }

    pub(crate) fn append(&mut self, payload: Bytes, now_ms: i64) -> Result<Append, LogError> {
        self.admit(payload.len())?;
        let bytes = frame_bytes(payload.len());
        let (answer, append) = Append::new();
        self.clock_ms = self.clock_ms.max(now_ms);
        self.queue.push_back(Pending {
            offset: self.next_offset,
            appended_at_ms: self.clock_ms,
            payload,
            opens_segment: self.room.reserve(bytes),
            accepted: Instant::now(),
            answer,
        });
        self.queue_bytes += bytes;
        self.next_offset += 1;
        Ok(append)
    }

    pub(crate) fn durable(&mut self, now_ms: i64) -> Durable {
        let oldest_ms = self
            .in_flight_from_ms
            .or(self.queue.front().map(|pending| pending.appended_at_ms));
        let complete_to_ms = oldest_ms.unwrap_or_else(|| {
            self.clock_ms = self.clock_ms.max(now_ms);
            self.clock_ms
        }) - 1;
        Durable {
            end: self.durable_end,
            complete_to_ms,
        }
    }

    /// What to write next: records that go to one segment. Empty when nothing is queued.
    pub(crate) fn take_group(&mut self) -> Vec<Pending> {
        let mut group_bytes = 0;
        let len = self
            .queue
            .iter()
            .enumerate()
            .take_while(|(index, pending)| {
                group_bytes += frame_bytes(pending.payload.len());
                *index == 0 || (!pending.opens_segment && group_bytes <= GROUP_BYTES_MAX)
            })
            .count();
        let group: Vec<_> = self.queue.drain(..len).collect();
        self.queue_bytes -= group
            .iter()
            .map(|pending| frame_bytes(pending.payload.len()))
            .sum::<u64>();
        self.in_flight_from_ms = group.first().map(|pending| pending.appended_at_ms);
        group
    }

    /// The group in flight is on disk, and with it `bytes` of the newest segment.
    pub(crate) fn group_durable(&mut self, end: Offset, bytes: u64) {
        self.durable_end = end;
        self.in_flight_from_ms = None;
        if let Some(newest) = self.segments.last_mut() {
            newest.bytes = bytes;
        }
    }

    pub(crate) fn segment_opened(&mut self, segment: Segment) {
        self.segments.push(segment);
    }

    /// Accepts nothing more; gives back what was queued, to be told. What was in flight stays so: it is not durable.
    pub(crate) fn fail(&mut self, reason: String) -> (LogError, Vec<Pending>) {
        let error = self.failed(&reason);
        self.status = Status::Failed(reason);
        if self.in_flight_from_ms.is_none() {
            self.in_flight_from_ms = self.queue.front().map(|pending| pending.appended_at_ms);
        }
        self.queue_bytes = 0;
        (error, self.queue.drain(..).collect())
    }

    pub(crate) fn failure(&self) -> Option<LogError> {
        match &self.status {
            Status::Failed(reason) => Some(self.failed(reason)),
            Status::Open | Status::Closing => None,
        }
    }

    fn failed(&self, reason: &str) -> LogError {
        LogError::Failed {
            partition: self.name.to_string(),
            reason: reason.to_owned(),
        }
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.queue.is_empty()
    }

    pub(crate) fn queue_bytes(&self) -> u64 {
        self.queue_bytes
    }

    pub(crate) fn segment_count(&self) -> usize {
        self.segments.len()
    }

    pub(crate) fn durable_end(&self) -> Offset {
        self.durable_end
    }

    pub(crate) fn start(&self) -> Offset {
        self.segments.first().map_or(self.durable_end, |oldest| oldest.base)
    }

    /// The segment that holds the durable record `offset`, and one past its last durable record; `None` at the end.
    pub(crate) fn segment_of(&self, offset: Offset) -> Result<Option<(Segment, Offset)>, LogError> {
        if offset < self.start() {
            return Err(LogError::Trimmed {
                offset,
                start: self.start(),
            });
        }
        if offset >= self.durable_end {
            return Ok(None);
        }
        let successor = self.segments.partition_point(|segment| segment.base <= offset);
        let end = self
            .segments
            .get(successor)
            .map_or(self.durable_end, |segment| segment.base);
        Ok(self.segments.get(successor - 1).map(|segment| (segment.clone(), end)))
    }

    /// Forgets the oldest segment if all of it is below `needed_from` and beyond `retention`.
    pub(crate) fn take_expired(&mut self, needed_from: Offset, retention: Retention, now_ms: i64) -> Option<Segment> {
        let [_, successor, ..] = self.segments.as_slice() else {
            return None;
        };
        // Everything in the oldest was appended before its successor was created.
        let is_old = now_ms.saturating_sub(successor.created_at_ms) >= retention.age_ms_max;
        let is_over = self.segments.iter().map(|segment| segment.bytes).sum::<u64>() > retention.bytes_max;
        (successor.base <= needed_from && (is_old || is_over)).then(|| self.segments.remove(0))
    }

    /// For a segment whose file could not be removed after all.
    pub(crate) fn put_back(&mut self, segment: Segment) {
        self.segments.insert(0, segment);
    }
}

#[cfg(test)]
mod tests;
