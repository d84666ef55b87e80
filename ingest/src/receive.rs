//! The one path of all doors: a split batch in, its records in the log, an answer out.
//!
//! ```text
//! chunks of recordings ──▶ topic replay, durable ──▶ the batch's record ──▶ topic events, durable ──▶ answer
//!                                                  ▲ ingest-chunks-durable (fail point)
//! ```
//! In this order, so that no event ever speaks of data that is not there. Chunks without their event are sent again, or harm nobody.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use gosight_log::{Append, Log, LogError, Topic};
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
    record::{self, Records},
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

/// Fail point between the durable chunks of a batch and its record. Action `return` aborts the process there.
pub const CHUNKS_DURABLE: &str = "ingest-chunks-durable";

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
        let Arrival {
            envelope, texts_mended, ..
        } = arrival;
        let sound = self.judge(envelope, &key).await?;
        outcomes::mended(
            texts_mended + sound.texts_mended,
            sound.fields_excluded,
            sound.recordings_cleaned,
        );
        if sound.events.is_empty() {
            outcomes::rejected(&sound.rejected);
            return Ok(answer(&sound, &key));
        }
        self.append(sound, &key, sender).await
    }

    async fn judge(&self, envelope: Envelope, key: &Arc<OpenKey>) -> Result<Sound, Refusal> {
        if !envelope.has_replay_chunk() {
            return judge(&envelope, &key.key);
        }
        let key = key.clone();
        self.parts.cleaners.run(move || judge(&envelope, &key.key)).await?
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
        let Records { batch, chunks } = self.parts.records(sound, key, sender);
        let log = self.parts.log.clone();
        let of = |topic| record::partition(&batch, log.partitions(topic));
        let (replay, events) = (of(Topic::Replay), of(Topic::Events));
        let chunks: Vec<Bytes> = chunks.iter().map(|chunk| chunk.encode_to_vec().into()).collect();
        let batch = Bytes::from(batch.encode_to_vec());
        let log_bytes = batch.len() + chunks.iter().map(Bytes::len).sum::<usize>();
        // On its own: what is in the log is counted, whether or not the client waits for the answer.
        let durable = tokio::spawn(async move {
            let appended = async {
                append_chunks(log.as_ref(), replay, chunks).await?;
                log.append(Topic::Events, events, batch)?.await
            };
            appended.await.map_err(|error| unavailable(&error))?;
            outcomes::accepted(accepted, log_bytes);
            outcomes::rejected(&rejected);
            Ok(answer)
        });
        durable.await.unwrap_or_else(|_| Err(unavailable(&LogError::Closed)))
    }
}

/// Returns when all are durable.
async fn append_chunks(log: &dyn Log, partition: u32, chunks: Vec<Bytes>) -> Result<(), LogError> {
    if chunks.is_empty() {
        return Ok(());
    }
    let append = |chunk| log.append(Topic::Replay, partition, chunk);
    let appends: Vec<Append> = chunks.into_iter().map(append).collect::<Result<_, _>>()?;
    for append in appends {
        append.await?;
    }
    fail::fail_point!(CHUNKS_DURABLE, |_| std::process::abort());
    Ok(())
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
