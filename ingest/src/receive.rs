//! The one path of all doors: a split batch in, one record in the log, an answer out.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use gosight_log::{LogError, Topic};
use gosight_proto::v1::{Rejection, SendAnswer};
use prost::Message;

use crate::{
    Ingest, body,
    envelope::Envelope,
    glob,
    judge::{BATCH_MALFORMED, Sound, judge},
    keys::OpenKey,
    outcomes,
    reason::Refusal,
    record,
    wire::{self, Value},
};

/// Who sends, as far as the connection says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sender {
    pub(crate) origin: Option<String>,
    pub(crate) address: Option<IpAddr>,
}

/// A split batch within the limits.
pub(crate) struct Arrival {
    envelope: Envelope,
    wire_bytes: usize,
    /// Texts repaired before the batch could be split at all.
    texts_mended: u32,
}

impl Arrival {
    /// Holds a split body to the limits: those of replay chunks when it has one, else the smaller ones.
    pub(crate) fn new(
        split: Result<Envelope, Refusal>,
        wire_bytes: usize,
        inflated_bytes: usize,
        texts_mended: u32,
    ) -> Result<Self, Refusal> {
        let envelope = match (split, body::check_without_replay(wire_bytes, inflated_bytes)) {
            (split, Ok(())) => split?,
            (Ok(envelope), Err(_)) if envelope.has_replay_chunk() => envelope,
            (_, Err(too_large)) => return Err(too_large),
        };
        Ok(Self {
            envelope,
            wire_bytes,
            texts_mended,
        })
    }

    /// How many events came, sound or not.
    pub(crate) fn events(&self) -> usize {
        self.envelope.events.len()
    }
}

/// How long a client waits when the log's queue is full: a few group commits.
const RETRY_AFTER_FULL: Duration = Duration::from_secs(1);
/// How long a client waits when the disk is full or the log has failed: somebody has to act.
const RETRY_AFTER_FAILED: Duration = Duration::from_secs(30);

impl Ingest {
    /// Takes a batch; the answer comes when its record is durable.
    pub(crate) async fn receive(&self, arrival: Arrival, sender: &Sender) -> Result<SendAnswer, Refusal> {
        let started = Instant::now();
        let wire_bytes = arrival.wire_bytes;
        let events = arrival.events();
        let answer = self.take(arrival, sender).await;
        match &answer {
            Ok(_) => outcomes::answered(wire_bytes, started.elapsed()),
            Err(refusal) => outcomes::refused(events, refusal),
        }
        answer
    }

    async fn take(&self, arrival: Arrival, sender: &Sender) -> Result<SendAnswer, Refusal> {
        let key = self.open(project_key(&arrival.envelope.header)?, sender).await?;
        key.admit(arrival.events())?;
        let sound = judge(&arrival.envelope, &key.key)?;
        outcomes::mended(arrival.texts_mended + sound.texts_mended, sound.fields_excluded);
        if sound.events.is_empty() {
            outcomes::rejected(&sound.rejected);
            return Ok(answer(&sound, &key));
        }
        self.append(sound, &key, sender).await
    }

    /// The key of this text, for this origin.
    pub(crate) async fn open(&self, key: &str, sender: &Sender) -> Result<Arc<OpenKey>, Refusal> {
        let key = self.parts.keys.open(key).await?;
        let is_allowed = |origin: &str| glob::allows_origin(&key.key.allowed_domains, origin);
        if sender.origin.as_deref().is_none_or(is_allowed) {
            Ok(key)
        } else {
            Err(Refusal::ForbiddenOrigin)
        }
    }

    async fn append(&self, mut sound: Sound, key: &OpenKey, sender: &Sender) -> Result<SendAnswer, Refusal> {
        let answer = answer(&sound, key);
        let accepted = sound.events.len();
        let rejected = std::mem::take(&mut sound.rejected);
        let record = self.parts.record(sound, key, sender);
        let partition = record::partition(&record, self.parts.log.partitions(Topic::Events));
        let record = Bytes::from(record.encode_to_vec());
        let log_bytes = record.len();
        let append = self
            .parts
            .log
            .append(Topic::Events, partition, record)
            .map_err(|error| unavailable(&error))?;
        // On its own: what is in the log is counted, whether or not the client waits for the answer.
        let durable = tokio::spawn(async move {
            append.await.map_err(|error| unavailable(&error))?;
            outcomes::accepted(accepted, log_bytes);
            outcomes::rejected(&rejected);
            Ok(answer)
        });
        durable.await.unwrap_or_else(|_| Err(unavailable(&LogError::Closed)))
    }
}

fn answer(sound: &Sound, key: &OpenKey) -> SendAnswer {
    let known = sound.batch.settings_version.as_str();
    let rejection = |(index, reason): &(u32, crate::reason::Reason)| Rejection {
        index: *index,
        reason: reason.name().to_owned(),
    };
    SendAnswer {
        accepted: sound.events.len() as u32,
        rejected: sound.rejected.iter().map(rejection).collect(),
        settings: (!known.is_empty() && known != key.key.sdk.version).then(|| key.key.sdk.clone()),
    }
}

/// The last `project_key`, as protobuf reads a repeated scalar; empty when there is none.
fn project_key(header: &[u8]) -> Result<&str, Refusal> {
    let mut key: &[u8] = &[];
    for field in wire::fields(header) {
        let field = field.map_err(|_| BATCH_MALFORMED)?;
        if let (1, Value::Bytes(bytes)) = (field.number, field.value) {
            key = bytes;
        }
    }
    std::str::from_utf8(key).map_err(|_| Refusal::Unauthenticated)
}

fn unavailable(error: &LogError) -> Refusal {
    let (reason, retry_after) = match error {
        LogError::Full { .. } => ("the queue to the event log is full", RETRY_AFTER_FULL),
        LogError::DiskFull { .. } => ("the disk of the event log is full", RETRY_AFTER_FAILED),
        LogError::Closed => ("the event log is closing", RETRY_AFTER_FULL),
        error => {
            tracing::error!(%error, "a batch could not be appended");
            ("the event log does not accept records", RETRY_AFTER_FAILED)
        }
    };
    Refusal::Unavailable {
        reason: reason.to_owned(),
        retry_after,
    }
}
