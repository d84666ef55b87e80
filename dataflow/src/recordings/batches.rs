//! The topic `replay`, a batch of rows at a time.

use super::lately::Lately;
use super::rows;
use crate::DataflowError;
use crate::source::DeadLetters;
use gosight_log::{Log, Offset, Reader, Record, Retention, Topic};
use gosight_operators::event::Position;
use gosight_proto::limits;
use gosight_proto::record::ReplayRecord;
use gosight_store::recording;
use gosight_store::rows::{PageSnapshotRow, ReplayAssetRow, ReplayChunkRow, ReplayProgressRow};
use prost::Message;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use uuid::Uuid;

/// Read from all partitions for one batch: a moment's inserting. A partition gives at least one record.
const BYTES_MAX: usize = 16 << 20;

/// What is written together.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) chunks: Vec<ReplayChunkRow>,
    pub(super) snapshots: Vec<PageSnapshotRow>,
    pub(super) assets: Vec<ReplayAssetRow>,
    /// Of the partitions that had something.
    pub(super) progress: Vec<ReplayProgressRow>,
    /// There is more where this came from.
    pub(super) is_full: bool,
}

/// Reads the topic in order. What was given out counts as written when the next batch is asked for.
pub(super) struct Batches {
    log: Arc<dyn Log>,
    /// By partition.
    readers: Vec<Box<dyn Reader>>,
    snapshots: Lately<(Uuid, String, String, u64)>,
    assets: Lately<(Uuid, [u8; 32])>,
}

impl Batches {
    /// From where `progress` says, which is by partition.
    pub(super) fn open(log: Arc<dyn Log>, progress: &[(u32, Offset)]) -> Result<Self, DataflowError> {
        let open = |partition| {
            let written = progress.iter().find(|(of, _)| *of == partition);
            let from = first_offset(log.as_ref(), partition, written.map(|(_, next)| *next));
            log.reader(Topic::Replay, partition, from)
        };
        let readers = (0..log.partitions(Topic::Replay)).map(open).collect::<Result<_, _>>()?;
        Ok(Self {
            log,
            readers,
            snapshots: Lately::default(),
            assets: Lately::default(),
        })
    }

    /// What follows, maybe nothing; and itself, for the batch after that.
    pub(super) fn next(mut self) -> Result<(Batch, Self), DataflowError> {
        self.trim()?;
        let now_ms = now_ms();
        let mut batch = Batch::default();
        let mut dead = DeadLetters::default();
        for partition in 0..self.log.partitions(Topic::Replay) {
            let records = self.read(partition, &mut batch)?;
            let Some(last) = records.last() else { continue };
            batch.progress.push(ReplayProgressRow {
                log_partition: partition,
                next_offset: last.offset + 1,
                written_at: now_ms,
            });
            for record in records {
                self.add(partition, &record, now_ms, &mut batch, &mut dead);
            }
        }
        // A log that is full is waited for; one that is closed ends this.
        dead.bury(self.log.as_ref(), || false)?;
        Ok((batch, self))
    }

    /// Gives back the space of what is written.
    fn trim(&self) -> Result<(), DataflowError> {
        for (partition, reader) in (0..).zip(&self.readers) {
            let written = reader.next_offset();
            self.log
                .trim(Topic::Replay, partition, written, Retention::NEEDED_ONLY)?;
        }
        Ok(())
    }

    fn read(&mut self, partition: u32, batch: &mut Batch) -> Result<Vec<Record>, DataflowError> {
        let end = self.log.durable(Topic::Replay, partition).end;
        let bytes_max = BYTES_MAX / self.readers.len();
        let reader = &mut self.readers[partition as usize];
        let mut records = Vec::new();
        reader.read(end, bytes_max, &mut records)?;
        batch.is_full |= reader.next_offset() < end;
        Ok(records)
    }

    fn add(&mut self, partition: u32, record: &Record, now_ms: i64, batch: &mut Batch, dead: &mut DeadLetters) {
        let read = ReplayRecord::decode(record.payload.clone()).map_err(|error| error.to_string());
        let read = read.and_then(|read| Ok((rows::chunk(&read).ok_or("an id is missing")?, read)));
        let (chunk, read) = match read {
            Ok(read) => read,
            Err(reason) => {
                let position = Position {
                    partition,
                    offset: record.offset,
                    index: 0,
                };
                let project = bytes::Bytes::new();
                return dead.add(format!("replay: {reason}"), project, position, &record.payload);
            }
        };
        if read.has_full_snapshot {
            self.add_snapshots(&chunk, now_ms, batch);
        }
        let assets = read.assets.iter().filter_map(|asset| rows::asset(&chunk, asset));
        batch
            .assets
            .extend(assets.filter(|row| self.assets.is_new((row.project_id, row.digest), now_ms)));
        batch.chunks.push(chunk);
    }

    fn add_snapshots(&mut self, chunk: &ReplayChunkRow, now_ms: i64, batch: &mut Batch) {
        let unpacked = recording::decompress(&chunk.data, chunk.inflated_bytes as usize);
        let pages = match unpacked.and_then(|json| recording::snapshots(&json)) {
            Ok(pages) => pages,
            Err(error) => return tracing::warn!(%error, chunk = %chunk.id, "no page can be taken out of this chunk"),
        };
        // Events have longer paths cut: nobody could ask for them.
        for page in pages
            .into_iter()
            .filter(|page| page.path.len() <= limits::STRING_BYTES_MAX)
        {
            let key = (
                chunk.project_id,
                page.path.clone(),
                chunk.device_type.clone(),
                page.page_version,
            );
            if self.snapshots.is_new(key, now_ms) {
                batch.snapshots.push(rows::snapshot(chunk, page));
            }
        }
    }
}

/// Where the log goes on after what is written. A log that is not the one progress was written for is read from its start.
fn first_offset(log: &dyn Log, partition: u32, written: Option<Offset>) -> Offset {
    let (start, end) = (
        log.start(Topic::Replay, partition),
        log.durable(Topic::Replay, partition).end,
    );
    match written {
        Some(written) if written > end => {
            tracing::warn!(
                partition,
                written,
                end,
                "the log of recordings is younger than what was written of it; it is read anew"
            );
            start
        }
        written => written.unwrap_or(start).max(start),
    }
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
