//! Plain loops over a log: what decoding alone costs, and what counting costs somebody who writes it by hand, on one core,
//! without corrections, deadlines, retractions, rows, restarts.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::Duration;

use gosight_log::{EmbeddedConfig, EmbeddedLog, Log, Record, Topic};
use gosight_proto::ids;
use gosight_proto::record::BatchRecord;
use gosight_proto::v1::Event;
use gosight_proto::v1::event::Payload;
use prost::Message;

use crate::process;

const READ_BYTES: usize = 4 << 20;
const RAGE_CLICKS_MIN: usize = 5;
const RAGE_MS: i64 = 2_000;
const CELL_PX: i32 = 10;
const MINUTE_MS: i64 = 60_000;

/// Processor time, because others may use the machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loops {
    pub(crate) events: u64,
    /// Of the events as they were sent.
    pub(crate) bytes: u64,
    decoded: Duration,
    counted: Duration,
}

impl Loops {
    pub(crate) fn decoded_per_s(&self) -> f64 {
        self.events as f64 / self.decoded.as_secs_f64()
    }

    pub(crate) fn counted_per_s(&self) -> f64 {
        self.events as f64 / self.counted.as_secs_f64()
    }
}

/// Runs both loops over the log in the folder.
pub(crate) fn loops(folder: &Path) -> anyhow::Result<Loops> {
    let log = EmbeddedLog::open(folder, &EmbeddedConfig::default())?;
    let (mut events, mut bytes) = (0, 0);
    let decoded = timed(|| {
        each_event(&log, |_, event, size| {
            events += 1;
            bytes += size as u64;
            std::hint::black_box(event);
        })
    })?;
    let mut counts = Counts::default();
    let counted = timed(|| each_event(&log, |batch, event, _| counts.add(batch, &event)))?;
    std::hint::black_box(counts.sum());
    Ok(Loops {
        events,
        bytes,
        decoded,
        counted,
    })
}

/// Events in the log, without decoding them.
pub(crate) fn count(folder: &Path) -> anyhow::Result<u64> {
    let log = EmbeddedLog::open(folder, &EmbeddedConfig::default())?;
    let mut events = 0;
    each_batch(&log, |batch| {
        events += batch.events.len() as u64;
        Ok(())
    })?;
    Ok(events)
}

fn timed(run: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<Duration> {
    let before = process::own_cpu()?;
    run()?;
    Ok(process::own_cpu()?.saturating_sub(before))
}

fn each_event(log: &EmbeddedLog, mut then: impl FnMut(&BatchRecord, Event, usize)) -> anyhow::Result<()> {
    each_batch(log, |batch| {
        for bytes in &batch.events {
            then(&batch, Event::decode(bytes.clone())?, bytes.len());
        }
        Ok(())
    })
}

fn each_batch(log: &EmbeddedLog, mut then: impl FnMut(BatchRecord) -> anyhow::Result<()>) -> anyhow::Result<()> {
    for partition in 0..log.partitions(Topic::Events) {
        let end = log.durable(Topic::Events, partition).end;
        let mut reader = log.reader(Topic::Events, partition, log.start(Topic::Events, partition))?;
        let mut records: Vec<Record> = Vec::new();
        while reader.next_offset() < end {
            reader.read(end, READ_BYTES, &mut records)?;
            for record in records.drain(..) {
                then(BatchRecord::decode(record.payload)?)?;
            }
        }
    }
    Ok(())
}

/// The least that anybody would keep by hand for the same screens.
#[derive(Default)]
struct Counts {
    seen: HashSet<u128>,
    sessions: HashMap<u128, Session>,
    cells: HashMap<(String, i32, i32), u64>,
    minutes: HashMap<(String, i64), u64>,
    rage_clicks: u64,
}

#[derive(Default)]
struct Session {
    first_ms: i64,
    last_ms: i64,
    events: u64,
    page_views: u64,
    errors: u64,
    clicks_ms: Vec<i64>,
}

impl Counts {
    fn add(&mut self, batch: &BatchRecord, event: &Event) {
        let Some(id) = ids::parse(&event.id).filter(|id| self.seen.insert(*id)) else {
            return;
        };
        let session = self
            .sessions
            .entry(ids::from_bytes(&batch.session_id).unwrap_or(id))
            .or_default();
        session.add(event);
        let path = usize::try_from(event.page)
            .ok()
            .and_then(|page| batch.pages.get(page))
            .map_or("", |page| &page.path);
        *self
            .minutes
            .entry((path.to_owned(), event.timestamp_ms / MINUTE_MS))
            .or_default() += 1;
        if let Some(Payload::Click(click)) = &event.payload {
            *self
                .cells
                .entry((path.to_owned(), click.page_x / CELL_PX, click.page_y / CELL_PX))
                .or_default() += 1;
            self.rage_clicks += u64::from(session.is_rage());
        }
    }

    fn sum(&self) -> u64 {
        let sessions: u64 = self
            .sessions
            .values()
            .map(|s| s.events + s.page_views + s.errors + (s.last_ms - s.first_ms) as u64)
            .sum();
        sessions + self.cells.values().sum::<u64>() + self.minutes.values().sum::<u64>() + self.rage_clicks
    }
}

impl Session {
    fn add(&mut self, event: &Event) {
        if self.events == 0 {
            self.first_ms = event.timestamp_ms;
        }
        self.last_ms = self.last_ms.max(event.timestamp_ms);
        self.events += 1;
        match &event.payload {
            Some(Payload::PageView(_)) => self.page_views += 1,
            Some(Payload::JsError(_)) => self.errors += 1,
            Some(Payload::Click(_)) => self.clicks_ms.push(event.timestamp_ms),
            _ => {}
        }
    }

    fn is_rage(&self) -> bool {
        let first = self
            .clicks_ms
            .len()
            .checked_sub(RAGE_CLICKS_MIN)
            .map(|index| self.clicks_ms[index]);
        first
            .zip(self.clicks_ms.last())
            .is_some_and(|(first, last)| last - first <= RAGE_MS)
    }
}
