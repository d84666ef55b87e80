//! One event, judged by itself: a walk over its few top-level fields, then mending of the whole.

use bytes::Bytes;
use gosight_proto::{Category, EventType, ids, limits};

use crate::{
    mend::Mender,
    reason::Reason,
    schema::SCHEMA,
    wire::{self, Value},
};

/// Field numbers of `gosight.v1.Event`; payloads are the numbers of [`EventType`].
const ID: u32 = 1;
const TIMESTAMP_MS: u32 = 2;
const PAGE: u32 = 3;
const PAYLOAD_FIRST: u32 = 10;

/// What an event's batch says about all its events.
pub(crate) struct BatchContext<'a> {
    /// None: the batch has none.
    pub(crate) session_id: Option<u128>,
    pub(crate) is_session_id_bad: bool,
    pub(crate) received_at_ms: i64,
    /// Added to an event's time to compare it with the server's clock: receive time − send time.
    pub(crate) correction_ms: i64,
    /// For each page, whether the project refuses events on it.
    pub(crate) pages_blocked: &'a [bool],
}

/// The top level of an event.
#[derive(Default)]
struct Head<'a> {
    id: &'a [u8],
    timestamp_ms: i64,
    page: i32,
    kind: Option<EventType>,
    payload_count: u32,
    has_unknown_payload: bool,
}

impl BatchContext<'_> {
    /// The event's type and the event as it goes into the log, or why it does not.
    pub(crate) fn judge(&self, event: &Bytes, mender: &mut Mender<'_>) -> Result<(EventType, Bytes), Reason> {
        if event.len() > limits::REPLAY_EVENT_BYTES_MAX {
            return Err(Reason::EventTooLarge);
        }
        let head = Head::read(event)?;
        if event.len() > limits::EVENT_BYTES_MAX && head.kind != Some(EventType::ReplayChunk) {
            return Err(Reason::EventTooLarge);
        }
        head.check_id()?;
        let kind = head.kind()?;
        if self.is_session_id_bad {
            return Err(Reason::BadSessionId);
        }
        self.check_time(head.timestamp_ms)?;
        self.check_page(head.page, kind)?;
        let event = match mender.message(SCHEMA.event, event)? {
            std::borrow::Cow::Borrowed(_) => event.clone(),
            std::borrow::Cow::Owned(mended) => mended.into(),
        };
        Ok((kind, event))
    }

    /// By the client's clock.
    pub(crate) fn check_time(&self, timestamp_ms: i64) -> Result<(), Reason> {
        let latest = self.received_at_ms.saturating_add(limits::EVENT_AHEAD_MS_MAX);
        match timestamp_ms.checked_add(self.correction_ms) {
            Some(at_ms) if (limits::EVENT_TIME_MS_MIN..=latest).contains(&at_ms) => Ok(()),
            _ => Err(Reason::TimeOutOfRange),
        }
    }

    fn check_page(&self, page: i32, kind: EventType) -> Result<(), Reason> {
        let is_blocked = usize::try_from(page).ok().and_then(|page| self.pages_blocked.get(page));
        match is_blocked {
            Some(false) => Ok(()),
            Some(true) => Err(Reason::BlockedUrl),
            None if page == 0 && self.pages_blocked.is_empty() && may_stand_without_page(kind) => Ok(()),
            None => Err(Reason::BadPageIndex),
        }
    }
}

/// Servers send such events too, and they are on no page.
fn may_stand_without_page(kind: EventType) -> bool {
    matches!(kind.category(), Category::Session | Category::Custom | Category::Replay)
}

impl<'a> Head<'a> {
    fn read(event: &'a [u8]) -> Result<Self, Reason> {
        let mut head = Self::default();
        for field in wire::fields(event) {
            let field = field?;
            match (field.number, field.value) {
                (ID, Value::Bytes(id)) => head.id = id,
                (TIMESTAMP_MS, Value::Varint(ms)) => head.timestamp_ms = ms.cast_signed(),
                // An int32 travels as its 64-bit sign extension; what does not fit is no page of ours.
                (PAGE, Value::Varint(page)) => head.page = i32::try_from(page.cast_signed()).unwrap_or(-1),
                (ID | TIMESTAMP_MS | PAGE, _) => return Err(Reason::Malformed),
                (PAYLOAD_FIRST.., value) => head.payload(field.number, value)?,
                _ => {}
            }
        }
        Ok(head)
    }

    fn payload(&mut self, number: u32, value: Value<'_>) -> Result<(), Reason> {
        match (EventType::from_number(number), value) {
            (Some(kind), Value::Bytes(_)) => {
                self.kind = Some(kind);
                self.payload_count += 1;
                if self.payload_count > 1 {
                    Err(Reason::Malformed)
                } else {
                    Ok(())
                }
            }
            (Some(_), _) => Err(Reason::Malformed),
            (None, _) => {
                self.has_unknown_payload = true;
                Ok(())
            }
        }
    }

    fn check_id(&self) -> Result<(), Reason> {
        if self.id.is_empty() {
            return Err(Reason::MissingId);
        }
        let id = std::str::from_utf8(self.id).ok().and_then(ids::parse);
        id.map(|_| ()).ok_or(Reason::Malformed)
    }

    fn kind(&self) -> Result<EventType, Reason> {
        let missing = if self.has_unknown_payload {
            Reason::UnknownType
        } else {
            Reason::MissingPayload
        };
        self.kind.ok_or(missing)
    }
}

/// Whether an event, sound or not, carries a replay chunk.
pub(crate) fn is_replay_chunk(event: &[u8]) -> bool {
    wire::fields(event)
        .flatten()
        .any(|field| field.number == EventType::ReplayChunk.number())
}
