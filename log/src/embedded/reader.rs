//! Reads a partition from one place on: keeps its file open, follows rolls, never passes the durable end.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;

use super::partition::Shared;
use super::segment::{HEADER_BYTES, Parsed, parse_frame};
use super::state::Segment;
use crate::{LogError, Offset, Reader, Record};

/// Read from the file at once, unless one frame is larger. The payloads of one piece share its memory while any of them
/// lives.
const PIECE_BYTES: u64 = 256 << 10;

#[derive(Debug)]
pub(crate) struct EmbeddedReader {
    shared: Arc<Shared>,
    next: Offset,
    /// The segment that holds the last record read.
    cursor: Option<Cursor>,
}

/// A place in a segment file.
#[derive(Debug)]
struct Cursor {
    file: File,
    segment: Segment,
    /// Where record `offset` begins.
    position: u64,
    offset: Offset,
    /// Already read, from `position` on.
    ahead: Bytes,
}

impl EmbeddedReader {
    pub(crate) fn open(shared: Arc<Shared>, from: Offset) -> Result<Self, LogError> {
        let state = shared.state();
        if from > state.durable_end() {
            return Err(LogError::BeyondEnd {
                offset: from,
                end: state.durable_end(),
            });
        }
        state.segment_of(from)?;
        drop(state);
        Ok(Self {
            shared,
            next: from,
            cursor: None,
        })
    }

    fn read_records(&mut self, end: Offset, bytes_max: usize, records: &mut Vec<Record>) -> Result<(), LogError> {
        let mut budget = Budget { bytes: 0, bytes_max };
        while self.next < end && !budget.is_spent() {
            let view = self.shared.state().segment_of(self.next)?;
            let Some((segment, segment_end)) = view else {
                return Ok(());
            };
            let mut cursor = match self.cursor.take() {
                Some(cursor) if cursor.segment.base == segment.base => Cursor { segment, ..cursor },
                _ => Cursor::open(segment)?,
            };
            while self.next < segment_end.min(end) && !budget.is_spent() {
                let record = cursor.next_record()?;
                // A cursor that was just opened first passes over what precedes.
                if record.offset == self.next {
                    self.next += 1;
                    budget.take(&record);
                    records.push(record);
                }
            }
            self.cursor = Some(cursor);
        }
        Ok(())
    }
}

impl Reader for EmbeddedReader {
    fn read(&mut self, end: Offset, bytes_max: usize, records: &mut Vec<Record>) -> Result<(), LogError> {
        let (len_before, next_before) = (records.len(), self.next);
        self.read_records(end, bytes_max, records).inspect_err(|_| {
            records.truncate(len_before);
            self.next = next_before;
            self.cursor = None;
        })
    }

    fn next_offset(&self) -> Offset {
        self.next
    }
}

/// Payload bytes given, and how many may be.
struct Budget {
    bytes: usize,
    bytes_max: usize,
}

impl Budget {
    /// An empty payload counts one, so that every budget ends.
    fn take(&mut self, record: &Record) {
        self.bytes += record.payload.len().max(1);
    }

    fn is_spent(&self) -> bool {
        self.bytes > 0 && self.bytes >= self.bytes_max
    }
}

impl Cursor {
    fn open(segment: Segment) -> Result<Self, LogError> {
        let file = File::open(&segment.path).map_err(LogError::io("open", &segment.path))?;
        let offset = segment.base;
        Ok(Self {
            file,
            segment,
            position: HEADER_BYTES,
            offset,
            ahead: Bytes::new(),
        })
    }

    /// The record at the cursor, which must be durable.
    fn next_record(&mut self) -> Result<Record, LogError> {
        loop {
            match parse_frame(&self.ahead, self.segment.seed) {
                Parsed::Frame {
                    offset,
                    appended_at_ms,
                    frame_bytes,
                } if offset == self.offset => {
                    let payload = self.ahead.split_to(frame_bytes).slice(Parsed::PAYLOAD_START..);
                    self.position += frame_bytes as u64;
                    self.offset += 1;
                    return Ok(Record {
                        offset,
                        appended_at_ms,
                        payload,
                    });
                }
                Parsed::Frame { offset, .. } => {
                    return Err(self.corrupt(format!("offset {offset} where {} belongs", self.offset)));
                }
                Parsed::Incomplete { bytes } => self.load(bytes as u64)?,
                Parsed::Blank => return Err(self.corrupt(format!("record {} is missing", self.offset))),
                Parsed::Bad(reason) => return Err(self.corrupt(format!("record {}: {reason}", self.offset))),
            }
        }
    }

    /// Reads ahead: at least `bytes_min`, never past what is durable.
    fn load(&mut self, bytes_min: u64) -> Result<(), LogError> {
        let durable = self.segment.bytes.saturating_sub(self.position);
        if bytes_min > durable {
            return Err(self.corrupt(format!("record {} is cut off", self.offset)));
        }
        let mut piece = vec![0; PIECE_BYTES.max(bytes_min).min(durable) as usize];
        match self.file.read_exact_at(&mut piece, self.position) {
            Ok(()) => self.ahead = piece.into(),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                return Err(self.corrupt("the file is shorter than what was written".to_owned()));
            }
            Err(error) => return Err(LogError::io("read", &self.segment.path)(error)),
        }
        Ok(())
    }

    fn corrupt(&self, reason: String) -> LogError {
        LogError::Corrupt {
            file: self.segment.path.to_path_buf(),
            position: self.position,
            reason,
        }
    }
}
