//! A split batch becomes a sound one: what the events share is read, every event is judged by itself.

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use gosight_proto::{
    EventType, ids,
    record::ReplayRecord,
    v1::{EventBatch, Page},
};
use gosight_store::meta::IngestKey;
use prost::Message;

use crate::{
    chunk::Chunks,
    envelope::Envelope,
    event::BatchContext,
    glob,
    mend::Mender,
    reason::{Reason, Refusal},
    schema::SCHEMA,
};

pub(crate) const BATCH_MALFORMED: Refusal = Refusal::Malformed("a field of the batch has the wrong type");

/// A batch after everything in it was judged.
pub(crate) struct Sound {
    /// What its events share, mended; pages and events are below.
    pub(crate) batch: EventBatch,
    pub(crate) received_at_ms: i64,
    /// None: the batch has none.
    pub(crate) session_id: Option<u128>,
    pub(crate) pages: Vec<Page>,
    /// The accepted ones, mended, each a `gosight.v1.Event`.
    pub(crate) events: Vec<Bytes>,
    /// The data of those that are replay chunks.
    pub(crate) chunks: Vec<ReplayRecord>,
    /// Index and reason of the others.
    pub(crate) rejected: Vec<(u32, Reason)>,
    pub(crate) texts_mended: u32,
    pub(crate) fields_excluded: u32,
    pub(crate) recordings_cleaned: u32,
}

/// Refuses the batch only when what its events share cannot be read.
pub(crate) fn judge(envelope: &Envelope, key: &IngestKey) -> Result<Sound, Refusal> {
    let received_at_ms = now_ms();
    let mut mender = Mender::new(&key.excluded_fields);
    let mut batch: EventBatch = decode(&mut mender, SCHEMA.batch, &envelope.header)?;
    if batch.sent_at_ms == 0 {
        // It does not say when it was sent: its clock is taken for ours.
        batch.sent_at_ms = received_at_ms;
    }
    let (pages, pages_blocked) = pages(&envelope.pages, key, &mut mender)?;
    // An id of zeroes is that of no session.
    let session_id = ids::parse(&batch.session_id).filter(|id| *id != 0);
    let context = BatchContext {
        session_id,
        is_session_id_bad: session_id.is_none() && !batch.session_id.is_empty(),
        received_at_ms,
        correction_ms: received_at_ms.saturating_sub(batch.sent_at_ms),
        pages_blocked: &pages_blocked,
    };
    let mut events = Vec::with_capacity(envelope.events.len());
    let mut rejected = Vec::new();
    let mut chunks = Chunks::new(&context);
    for (index, event) in (0..).zip(&envelope.events) {
        let judged = event.as_ref().map_err(|reason| *reason);
        let judged = judged.and_then(|event| match context.judge(event, &mut mender)? {
            (EventType::ReplayChunk, event) => chunks.take(event),
            (_, event) => Ok(event),
        });
        match judged {
            Ok(event) => events.push(event),
            Err(reason) => rejected.push((index, reason)),
        }
    }
    let Mender {
        texts_mended,
        fields_excluded,
        ..
    } = mender;
    let Chunks {
        records: chunks,
        removed: recordings_cleaned,
        ..
    } = chunks;
    Ok(Sound {
        batch,
        received_at_ms,
        session_id,
        pages,
        events,
        chunks,
        rejected,
        texts_mended,
        fields_excluded,
        recordings_cleaned,
    })
}

/// The page table, and which pages the project refuses; those are emptied, so that their addresses are not kept.
fn pages(raw: &[Bytes], key: &IngestKey, mender: &mut Mender<'_>) -> Result<(Vec<Page>, Vec<bool>), Refusal> {
    let mut pages = Vec::with_capacity(raw.len());
    let mut blocked = Vec::with_capacity(raw.len());
    for bytes in raw {
        let page: Page = decode(mender, SCHEMA.page, bytes)?;
        let is_blocked = glob::is_blocked(&key.block_urls, &page.url, &page.path);
        pages.push(if is_blocked { Page::default() } else { page });
        blocked.push(is_blocked);
    }
    Ok((pages, blocked))
}

fn decode<M: Message + Default>(mender: &mut Mender<'_>, message: usize, bytes: &[u8]) -> Result<M, Refusal> {
    let mended = mender.message(message, bytes).map_err(|_| BATCH_MALFORMED)?;
    M::decode(mended.as_ref()).map_err(|_| BATCH_MALFORMED)
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
