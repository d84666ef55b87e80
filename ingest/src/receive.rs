//! The one path of all doors: a split batch in, one record in the log, an answer out.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use gosight_log::{LogError, Topic};
use gosight_proto::{
    ids,
    record::{BatchRecord, Place},
    v1::{Device, EventBatch, Page, Rejection, SendAnswer},
};
use prost::Message;
use xxhash_rust::xxh3::Xxh3;

use crate::{
    Ingest, body, client,
    envelope::Envelope,
    event::{self, BatchContext},
    glob,
    keys::OpenKey,
    mend::Mender,
    outcomes, place,
    reason::{Reason, Refusal},
    schema::SCHEMA,
    wire::{self, Value},
};

/// Who sends, as far as the connection says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sender {
    pub(crate) origin: Option<String>,
    pub(crate) address: Option<IpAddr>,
}

/// A split batch with the sizes it came in.
pub(crate) struct Arrival {
    pub(crate) envelope: Envelope,
    pub(crate) wire_bytes: usize,
    pub(crate) inflated_bytes: usize,
    /// Texts repaired before the batch could be split at all.
    pub(crate) texts_mended: u32,
}

const BATCH_MALFORMED: Refusal = Refusal::Malformed("a field of the batch has the wrong type");

/// How long a client waits when the log's queue is full: a few group commits.
const RETRY_AFTER_FULL: Duration = Duration::from_secs(1);
/// How long a client waits when the disk is full or the log has failed: somebody has to act.
const RETRY_AFTER_FAILED: Duration = Duration::from_secs(30);

impl Ingest {
    /// Takes a batch; the answer comes when its record is durable.
    pub(crate) async fn receive(&self, arrival: Arrival, sender: &Sender) -> Result<SendAnswer, Refusal> {
        let started = Instant::now();
        let wire_bytes = arrival.wire_bytes;
        let events = arrival.envelope.events.len();
        let answer = self.take(arrival, sender).await;
        match &answer {
            Ok(_) => outcomes::answered(wire_bytes, started.elapsed()),
            Err(refusal) => outcomes::refused(events, refusal),
        }
        answer
    }

    async fn take(&self, arrival: Arrival, sender: &Sender) -> Result<SendAnswer, Refusal> {
        let key = self.open(header_key(&arrival.envelope.header)?, sender).await?;
        key.admit(arrival.envelope.events.len())?;
        check_size(&arrival)?;
        let judged = self.judge(&arrival, &key, sender)?;
        outcomes::mended(arrival.texts_mended + judged.texts_mended, judged.fields_excluded);
        let answer = judged.answer(&key);
        let Judged {
            record,
            rejected,
            partition,
            ..
        } = judged;
        if record.events.is_empty() {
            outcomes::rejected(&rejected);
            return Ok(answer);
        }
        let accepted = record.events.len();
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

    fn judge(&self, arrival: &Arrival, key: &OpenKey, sender: &Sender) -> Result<Judged, Refusal> {
        let received_at_ms = now_ms();
        let mut mender = Mender::new(&key.key.excluded_fields);
        let mut batch: EventBatch = decode(&mut mender, SCHEMA.batch, &arrival.envelope.header)?;
        if batch.sent_at_ms == 0 {
            // It does not say when it was sent: its clock is taken for ours.
            batch.sent_at_ms = received_at_ms;
        }
        let (pages, pages_blocked) = self.pages(&arrival.envelope.pages, key, &mut mender)?;
        let session_id = ids::parse(&batch.session_id);
        let context = BatchContext {
            is_session_id_bad: session_id.is_none() && !batch.session_id.is_empty(),
            received_at_ms,
            correction_ms: received_at_ms.saturating_sub(batch.sent_at_ms),
            pages_blocked: &pages_blocked,
        };
        let mut events = Vec::with_capacity(arrival.envelope.events.len());
        let mut rejected = Vec::new();
        for (index, event) in arrival.envelope.events.iter().enumerate() {
            match event
                .as_ref()
                .map_err(|reason| *reason)
                .and_then(|event| context.judge(event, &mut mender))
            {
                Ok(event) => events.push(event),
                Err(reason) => rejected.push((index as u32, reason)),
            }
        }
        let settings_version = batch.settings_version.clone();
        let (texts_mended, fields_excluded) = (mender.texts_mended, mender.fields_excluded);
        let record = self.record(batch, key, sender, received_at_ms, session_id, pages, events);
        let partition = partition(&record, self.parts.log.partitions(Topic::Events));
        Ok(Judged {
            record,
            rejected,
            partition,
            settings_version,
            texts_mended,
            fields_excluded,
        })
    }

    /// The page table, and which pages the project refuses; those are emptied, so that their addresses are not kept.
    fn pages(&self, raw: &[Bytes], key: &OpenKey, mender: &mut Mender<'_>) -> Result<(Vec<Page>, Vec<bool>), Refusal> {
        let mut pages = Vec::with_capacity(raw.len());
        let mut blocked = Vec::with_capacity(raw.len());
        for bytes in raw {
            let page: Page = decode(mender, SCHEMA.page, bytes)?;
            let is_blocked = glob::is_blocked(&key.key.block_urls, &page.url, &page.path);
            pages.push(if is_blocked { Page::default() } else { page });
            blocked.push(is_blocked);
        }
        Ok((pages, blocked))
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of one record, each made by a step of its own"
    )]
    fn record(
        &self,
        batch: EventBatch,
        key: &OpenKey,
        sender: &Sender,
        received_at_ms: i64,
        session_id: Option<u128>,
        pages: Vec<Page>,
        events: Vec<Bytes>,
    ) -> BatchRecord {
        let mut device = batch.device.unwrap_or_default();
        let client = match self.parts.clients.recognise(&device.user_agent) {
            Some(client) => {
                device.user_agent.clear();
                (*client).clone()
            }
            None => client::unrecognised(),
        };
        let ip = sender
            .address
            .map(|address| self.parts.salt.apply(key.key.ip, address, received_at_ms));
        BatchRecord {
            project_id: Bytes::copy_from_slice(key.key.project_id.as_bytes()),
            received_at_ms,
            sent_at_ms: batch.sent_at_ms,
            session_id: session_id
                .map(|id| Bytes::copy_from_slice(&id.to_be_bytes()))
                .unwrap_or_default(),
            visitor_id: batch.visitor_id,
            user_id: batch.user_id,
            client: Some(client),
            place: Some(self.place(&device, sender)),
            device: Some(device),
            attributes: batch.attributes,
            pages,
            events,
            sdk: sdk(&batch.sdk_name, &batch.sdk_version),
            ip: ip.unwrap_or_default(),
        }
    }

    fn place(&self, device: &Device, sender: &Sender) -> Place {
        let located = self
            .parts
            .geoip
            .as_ref()
            .zip(sender.address)
            .and_then(|(geoip, address)| {
                geoip.refresh();
                geoip.locate(address)
            });
        located.unwrap_or_else(|| place::of_timezone(&device.timezone))
    }
}

/// A batch after every event was judged.
struct Judged {
    record: BatchRecord,
    rejected: Vec<(u32, Reason)>,
    partition: u32,
    settings_version: String,
    texts_mended: u32,
    fields_excluded: u32,
}

impl Judged {
    fn answer(&self, key: &OpenKey) -> SendAnswer {
        let knows_older = !self.settings_version.is_empty() && self.settings_version != key.key.sdk.version;
        SendAnswer {
            accepted: self.record.events.len() as u32,
            rejected: self
                .rejected
                .iter()
                .map(|(index, reason)| Rejection {
                    index: *index,
                    reason: reason.name().to_owned(),
                })
                .collect(),
            settings: knows_older.then(|| key.key.sdk.clone()),
        }
    }
}

/// The last `project_key`, as protobuf reads a repeated scalar; empty when there is none.
fn header_key(header: &[u8]) -> Result<&str, Refusal> {
    let mut key: &[u8] = &[];
    for field in wire::fields(header) {
        let field = field.map_err(|_| BATCH_MALFORMED)?;
        if let (1, Value::Bytes(bytes)) = (field.number, field.value) {
            key = bytes;
        }
    }
    std::str::from_utf8(key).map_err(|_| Refusal::Unauthenticated)
}

fn check_size(arrival: &Arrival) -> Result<(), Refusal> {
    let within = body::check_without_replay(arrival.wire_bytes, arrival.inflated_bytes);
    let has_replay = || {
        arrival
            .envelope
            .events
            .iter()
            .flatten()
            .any(|event| event::is_replay_chunk(event))
    };
    if within.is_err() && has_replay() {
        Ok(())
    } else {
        within
    }
}

fn decode<M: Message + Default>(mender: &mut Mender<'_>, message: usize, bytes: &[u8]) -> Result<M, Refusal> {
    let mended = mender.message(message, bytes).map_err(|_| BATCH_MALFORMED)?;
    M::decode(mended.as_ref()).map_err(|_| BATCH_MALFORMED)
}

/// All of a session goes to one partition; without a session, all of a visitor.
fn partition(record: &BatchRecord, partitions: u32) -> u32 {
    let mut hash = Xxh3::new();
    hash.update(&record.project_id);
    hash.update(if record.session_id.is_empty() {
        record.visitor_id.as_bytes()
    } else {
        &record.session_id
    });
    (hash.digest() % u64::from(partitions.max(1))) as u32
}

fn sdk(name: &str, version: &str) -> String {
    match (name, version) {
        ("", "") => String::new(),
        (name, "") => name.to_owned(),
        (name, version) => format!("{name}/{version}"),
    }
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

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
