//! Replay chunks: the data of each is inflated within limits, cleaned, and leaves its event for a record of the topic `replay`.
//!
//! The event that stays says what was found in the data, whatever the client had said about it.

use std::io::Read;

use bytes::Bytes;
use flate2::read::GzDecoder;
use gosight_log::RECORD_BYTES_MAX;
use gosight_proto::{
    ids, limits,
    record::{Asset, ReplayRecord},
    v1::{Event, ReplayChunk, event::Payload},
};
use gosight_store::recording::{self, Cleaned};
use prost::Message;

use crate::{event::BatchContext, reason::Reason};

/// The chunks of one batch, as far as they have been taken.
pub(crate) struct Chunks<'a> {
    context: &'a BatchContext<'a>,
    /// What is left for the data of the rest, inflated.
    bytes_left: usize,
    /// What the project and its visitor have to do with it is still to be filled in.
    pub(crate) records: Vec<ReplayRecord>,
    /// Dangerous things that were taken out of recordings.
    pub(crate) removed: u32,
}

impl<'a> Chunks<'a> {
    pub(crate) fn new(context: &'a BatchContext<'a>) -> Self {
        Self {
            context,
            bytes_left: limits::REPLAY_DATA_PER_BATCH_BYTES_MAX,
            records: Vec::new(),
            removed: 0,
        }
    }

    /// The event without its data, which is now among the records.
    pub(crate) fn take(&mut self, event: Bytes) -> Result<Bytes, Reason> {
        let session_id = self.context.session_id.ok_or(Reason::BadSessionId)?;
        let mut event = Event::decode(event).map_err(|_| Reason::Malformed)?;
        let event_id = ids::parse(&event.id).ok_or(Reason::Malformed)?;
        let Some(Payload::ReplayChunk(chunk)) = &mut event.payload else {
            return Err(Reason::Malformed);
        };
        let recording_id = match chunk.recording_id.as_str() {
            "" => session_id,
            named => ids::parse(named).ok_or(Reason::Malformed)?,
        };
        let index = u32::try_from(chunk.index).map_err(|_| Reason::Malformed)?;
        let cleaned = self.clean(chunk)?;
        let record = ReplayRecord {
            session_id: id(session_id),
            event_id: id(event_id),
            recording_id: id(recording_id),
            index,
            ..record(&cleaned)?
        };
        describe(chunk, &cleaned);
        self.removed = self.removed.saturating_add(cleaned.removed);
        self.records.push(record);
        Ok(event.encode_to_vec().into())
    }

    fn clean(&mut self, chunk: &ReplayChunk) -> Result<Cleaned, Reason> {
        let bytes_max = self.bytes_left.min(limits::REPLAY_EVENT_BYTES_MAX);
        let json = inflate(chunk, bytes_max)?;
        self.bytes_left -= json.len();
        let cleaned = recording::clean(&json).map_err(|_| Reason::Malformed)?;
        self.context.check_time(cleaned.first_ms)?;
        self.context.check_time(cleaned.last_ms)?;
        Ok(cleaned)
    }
}

fn inflate(chunk: &ReplayChunk, bytes_max: usize) -> Result<Bytes, Reason> {
    let (json, bytes_max) = match chunk.encoding.as_str() {
        "" | "json" => (chunk.data.clone(), bytes_max),
        "gzip" => {
            let by_ratio = chunk.data.len().saturating_mul(limits::INFLATION_RATIO_MAX);
            let bytes_max = bytes_max.min(by_ratio);
            let mut json = Vec::new();
            // One more, to see whether there is more.
            GzDecoder::new(&*chunk.data)
                .take(bytes_max as u64 + 1)
                .read_to_end(&mut json)
                .map_err(|_| Reason::Malformed)?;
            (json.into(), bytes_max)
        }
        _ => return Err(Reason::Malformed),
    };
    if json.len() <= bytes_max {
        Ok(json)
    } else {
        Err(Reason::EventTooLarge)
    }
}

fn record(cleaned: &Cleaned) -> Result<ReplayRecord, Reason> {
    let record = ReplayRecord {
        first_ms: cleaned.first_ms,
        last_ms: cleaned.last_ms,
        event_count: cleaned.event_count,
        has_full_snapshot: cleaned.has_full_snapshot,
        data: recording::compress(&cleaned.json).into(),
        inflated_bytes: u32::try_from(cleaned.json.len()).map_err(|_| Reason::EventTooLarge)?,
        assets: cleaned.assets.iter().map(asset).collect(),
        ..ReplayRecord::default()
    };
    // Data that compresses badly, with assets: the log would refuse it, each time anew.
    if record.encoded_len() <= RECORD_BYTES_MAX - HEAD_BYTES_MAX {
        Ok(record)
    } else {
        Err(Reason::EventTooLarge)
    }
}

/// What a record says beside data and assets: ids, times, a device type.
const HEAD_BYTES_MAX: usize = 1024;

fn asset(asset: &recording::Asset) -> Asset {
    Asset {
        digest: Bytes::copy_from_slice(&asset.digest),
        mime: asset.mime.clone(),
        data: Bytes::copy_from_slice(&asset.data),
    }
}

/// What the chunk's event says, as read from its data; the data itself goes.
fn describe(chunk: &mut ReplayChunk, cleaned: &Cleaned) {
    chunk.first_ms = cleaned.first_ms;
    chunk.last_ms = cleaned.last_ms;
    chunk.event_count = i32::try_from(cleaned.event_count).unwrap_or(i32::MAX);
    chunk.has_full_snapshot = cleaned.has_full_snapshot;
    chunk.encoding.clear();
    chunk.data.clear();
}

fn id(id: u128) -> Bytes {
    Bytes::copy_from_slice(&id.to_be_bytes())
}
