//! What the tests share: a log in a temporary folder, batches to put into it, and views in memory.

mod batch;
mod memory;

pub(crate) use batch::{Batch, click, dom_mutation, page_view};
pub(crate) use memory::{Fault, MemorySink, Views};

use bytes::Bytes;
use gosight_dataflow::{Config, Dataflow, ViewSink};
use gosight_log::{EmbeddedConfig, EmbeddedLog, Log, Topic, TopicConfig};
use gosight_store::live::Bus;
use prost::Message;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// No test waits longer than this for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn config(workers: usize) -> Config {
    Config {
        workers,
        tick_ms: 10,
        idle_tick_ms: 40,
        commit_ms_min: 0,
        ..Config::default()
    }
}

pub(crate) fn open(folder: &Path, partitions: u32) -> Arc<dyn Log> {
    Arc::new(EmbeddedLog::open(folder, &EmbeddedConfig::small(partitions)).unwrap())
}

/// As [`open`], with segments of another size for the events and what binds them.
pub(crate) fn open_with_segments(folder: &Path, partitions: u32, segment_bytes: u64) -> Arc<dyn Log> {
    let mut config = EmbeddedConfig::small(partitions);
    for topic in [Topic::Events, Topic::Bindings] {
        let sizes = TopicConfig {
            segment_bytes,
            ..config.topic(topic)
        };
        config.topics.insert(topic, sizes);
    }
    Arc::new(EmbeddedLog::open(folder, &config).unwrap())
}

pub(crate) fn append(log: &Arc<dyn Log>, partition: u32, batch: &Batch) {
    append_bytes(log, partition, batch.record().encode_to_vec());
}

pub(crate) fn append_bytes(log: &Arc<dyn Log>, partition: u32, payload: Vec<u8>) {
    log.append(Topic::Events, partition, Bytes::from(payload))
        .unwrap()
        .wait()
        .unwrap();
}

pub(crate) fn start(config: Config, log: &Arc<dyn Log>, sink: impl ViewSink) -> (Dataflow, Bus) {
    let bus = Bus::new();
    (
        Dataflow::start(config, Arc::clone(log), Box::new(sink), bus.clone()).unwrap(),
        bus,
    )
}

/// Runs over everything the log holds, and stops.
pub(crate) fn run(config: Config, log: &Arc<dyn Log>, sink: impl ViewSink) {
    let (dataflow, _) = start(config, log, sink);
    // A stop leaves a replay as it is.
    wait_until("the replay is done", || dataflow.replay().is_done());
    dataflow.stop().unwrap();
}

pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::yield_now();
    }
}

pub(crate) fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

/// Copies whole topics, record by record.
pub(crate) fn copy(from: &Arc<dyn Log>, to: &Arc<dyn Log>, topics: &[Topic]) {
    for &topic in topics {
        for partition in 0..from.partitions(topic) {
            let mut records = Vec::new();
            let mut reader = from.reader(topic, partition, 0).unwrap();
            while reader.next_offset() < from.durable(topic, partition).end {
                reader.read(u64::MAX, usize::MAX, &mut records).unwrap();
            }
            for record in records {
                to.append(topic, partition, record.payload).unwrap().wait().unwrap();
            }
        }
    }
}
