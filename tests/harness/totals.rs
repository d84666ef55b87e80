//! What only the files know, once GoSight has stopped: what the log holds, and what the checker counts in the tables.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use gosight_log::{EmbeddedConfig, EmbeddedLog, Log, Topic};
use gosight_oracle::OracleEvent;
use gosight_oracle::intake::{self, RawBatch};
use gosight_proto::record::BatchRecord;
use gosight_proto::v1::Event;
use gosight_store::analytics::{Analytics, Totals};
use gosight_store::engine::{Engine, EngineConfig};
use prost::Message;
use uuid::Uuid;

use super::{GoSight, engine_library};

/// An orphan of the folder may need a moment to go.
const LOCK_WAIT: Duration = Duration::from_secs(20);
const READ_BYTES: usize = 4 << 20;
/// What is later than this is in no view.
pub(crate) const HORIZON_MS: i64 = 24 * 60 * 60 * 1000;

/// Where the events in the log must have ended, by outcome: the log holds every acknowledged event, and whatever was appended before a crash
/// kept its acknowledgement back.
pub(crate) fn outcomes_of_log(stopped: &GoSight) -> BTreeMap<&'static str, i64> {
    let config = EmbeddedConfig {
        lock_wait: LOCK_WAIT,
        ..EmbeddedConfig::default()
    };
    let log: Arc<dyn Log> = Arc::new(EmbeddedLog::open(stopped.data_dir().join("log"), &config).unwrap());
    let batches: Vec<RawBatch> = (0..log.partitions(Topic::Events))
        .flat_map(|partition| batches(log.as_ref(), partition))
        .collect();
    let events = intake::corrected(&batches, |_, _| gosight_oracle::Day::default());
    let mut sums = BTreeMap::new();
    for ((_, _, outcome), events) in intake::outcomes(events, HORIZON_MS) {
        *sums.entry(outcome).or_default() += events as i64;
    }
    log.close().unwrap();
    sums
}

fn batches(log: &dyn Log, partition: u32) -> Vec<RawBatch> {
    let mut reader = log
        .reader(Topic::Events, partition, log.start(Topic::Events, partition))
        .unwrap();
    let end = log.durable(Topic::Events, partition).end;
    let mut records = Vec::new();
    loop {
        let before = records.len();
        reader.read(end, READ_BYTES, &mut records).unwrap();
        if records.len() == before {
            return records
                .iter()
                .map(|record| raw_batch(&BatchRecord::decode(record.payload.clone()).unwrap()))
                .collect();
        }
    }
}

fn raw_batch(record: &BatchRecord) -> RawBatch {
    let event = |event: Event| OracleEvent {
        session: (!record.session_id.is_empty()).then(|| format!("{:?}", record.session_id)),
        visitor: record.visitor_id.clone(),
        id: event.id,
        time_ms: event.timestamp_ms,
        ..OracleEvent::default()
    };
    RawBatch {
        received_at_ms: record.received_at_ms,
        sent_at_ms: record.sent_at_ms,
        tick: record.received_at_ms,
        events: record
            .events
            .iter()
            .map(|bytes| event(Event::decode(bytes.clone()).unwrap()))
            .collect(),
    }
}

/// What the tables hold of a project.
pub(crate) async fn totals_of_tables(stopped: &GoSight, project: Uuid) -> Totals {
    let engine = engine_of(stopped).await;
    let totals = Analytics::new(engine.server()).scope(project).totals().await.unwrap();
    engine.stop().await;
    totals
}

/// The engine on the stopped installation's folder.
pub(crate) async fn engine_of(stopped: &GoSight) -> Engine {
    let config = EngineConfig {
        data_dir: stopped.data_dir().join("engine"),
        library_path: engine_library(),
        memory_max_bytes: EngineConfig::MEMORY_MAX_BYTES,
        program: env!("CARGO_BIN_EXE_gosight").into(),
        program_args: vec!["engine".to_owned()],
        lock_wait: LOCK_WAIT,
    };
    Engine::start(config).await.unwrap()
}
