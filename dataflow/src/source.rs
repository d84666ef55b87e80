//! The source: from the log's records to the graph's, once. Only this module turns wire events into operator records.
//!
//! ```text
//! record ─▶ decode ─▶ correct the clock ─▶ late? ─no─▶ graph, and a raw row on hold until the graph has seen the tick
//!              │                            └──yes─▶ a raw row that says so
//!              └─ unreadable ─▶ topic dead
//! ```
//! Late: further than the horizon from its tick, before it or after it ([`gosight_operators::lateness`]). The door judged a batch by its own clock;
//! the offset here is that of the session's first batch, so only here it is known where an event comes to lie.
//!
//! Each worker reads its own partitions; a session's batches are in one partition, so they come in log order. While ticks that
//! are in the views are replayed, no raw row is made and nothing is written.

mod batch;
mod control;
mod dead;
mod decode;
mod intern;
mod partitions;
mod payload;
mod raw;
mod zone;

pub(crate) use control::Change;
pub(crate) use dead::DeadLetters;
pub(crate) use raw::Verdicts;

use crate::bindings::Binding;
use crate::graph::Graph;
use crate::shared::Shared;
use crate::{DataflowError, Rows};
use batch::Batch;
use bytes::Bytes;
use control::Settings;
use gosight_log::Record;
use gosight_operators::clock::Clocks;
use gosight_operators::event::Position;
use gosight_operators::lateness::is_late;
use gosight_proto::record::BatchRecord;
use intern::Interner;
use partitions::Partitions;
use prost::Message;
use raw::RawTicks;
use std::sync::Arc;

pub(crate) struct Source {
    shared: Arc<Shared>,
    /// The first worker tells the graph of changed settings; one word is enough.
    is_first: bool,
    settings: Settings,
    partitions: Partitions,
    reading: Reading,
}

/// What reading a record needs and changes.
struct Reading {
    interner: Interner,
    clocks: Clocks,
    raw: RawTicks,
    dead: DeadLetters,
    events: u64,
}

impl Source {
    pub(crate) fn new(shared: Arc<Shared>, index: usize, peers: usize) -> Result<Self, DataflowError> {
        let log = shared.log.as_ref();
        Ok(Self {
            is_first: index == 0,
            settings: Settings::open(log)?,
            partitions: Partitions::open(log, index, peers)?,
            reading: Reading {
                interner: Interner::default(),
                clocks: Clocks::default(),
                raw: RawTicks::default(),
                dead: DeadLetters::default(),
                events: 0,
            },
            shared,
        })
    }

    /// Feeds this worker's share of a tick. Returns how many events it read.
    pub(crate) fn feed(&mut self, binding: &Binding, graph: &mut Graph) -> Result<u64, DataflowError> {
        let is_news = binding.tick > self.shared.resume_tick;
        graph.open(binding.tick);
        let (changes, unreadable) = self.settings.read_to(binding.control_end)?;
        if self.is_first {
            changes.into_iter().for_each(|change| graph.change(change));
        }
        if self.is_first && is_news {
            for letter in unreadable {
                let position = Position {
                    offset: letter.record.offset,
                    ..Position::default()
                };
                self.reading
                    .dead
                    .add(letter.reason, Bytes::new(), position, &letter.record.payload);
            }
        }
        let before = self.reading.events;
        let (reading, settings) = (&mut self.reading, &mut self.settings);
        self.partitions.read(binding, |partition, record| {
            reading.record(binding.tick, is_news, partition, record, settings, graph);
        })?;
        self.reading
            .dead
            .bury(self.shared.log.as_ref(), || self.shared.must_leave())?;
        graph.close(binding.tick);
        Ok(self.reading.events - before)
    }

    /// The raw rows and outcomes of a tick that the graph has passed.
    pub(crate) fn release(&mut self, tick: u64, verdicts: &Verdicts, rows: &mut Rows) {
        self.reading.raw.release(tick, verdicts, rows);
    }
}

impl Reading {
    fn record(
        &mut self,
        tick: u64,
        is_news: bool,
        partition: u32,
        record: &Record,
        settings: &mut Settings,
        graph: &mut Graph,
    ) {
        let at = Position {
            partition,
            offset: record.offset,
            index: 0,
        };
        let read = match BatchRecord::decode(record.payload.clone()) {
            Ok(read) => read,
            Err(error) => {
                return self.unreadable(is_news, format!("record: {error}"), Bytes::new(), at, &record.payload);
            }
        };
        let Some(batch) = Batch::new(&read, &mut self.interner) else {
            let reason = "record: it names no project".to_owned();
            return self.unreadable(is_news, reason, read.project_id, at, &record.payload);
        };
        let Some(zone) = settings.zone(batch.project) else {
            return;
        };
        let offset_ms = self
            .clocks
            .offset_ms(batch.actor(), batch.sent_at_ms, batch.received_at_ms);
        self.events += read.events.len() as u64;
        for (index, bytes) in read.events.iter().enumerate() {
            let position = Position {
                index: index as u32,
                ..at
            };
            let decoded = match decode::decode(bytes, &batch) {
                Ok(decoded) => decoded,
                Err(reason) => {
                    self.unreadable(is_news, reason, read.project_id.clone(), position, bytes);
                    if is_news {
                        self.raw.dead(tick, batch.project, batch.received_at_ms);
                    }
                    continue;
                }
            };
            let time_ms = decoded.client_time_ms.saturating_add(offset_ms);
            let is_late = is_late(tick, time_ms);
            if !is_late {
                let day = zone.day_of(time_ms);
                graph.event(position, decoded.event(&batch, time_ms, day, &mut self.interner));
            }
            if is_news {
                self.raw.hold(
                    tick,
                    position,
                    decoded.row(&batch, time_ms, is_late, &mut self.interner),
                );
            }
        }
    }

    fn unreadable(&mut self, is_news: bool, reason: String, project: Bytes, at: Position, bytes: &Bytes) {
        if is_news {
            self.dead.add(reason, project, at, bytes);
        }
    }
}
