//! A batch, split and counted but not decoded: what its events share, its pages, and each event by itself.

use bytes::Bytes;
use gosight_proto::limits;

use crate::{
    event,
    reason::{Reason, Refusal},
    wire::{self, Field, Value},
};

/// Field numbers of `gosight.v1.EventBatch` that are taken apart here.
const PROJECT_KEY: u32 = 1;
const ATTRIBUTES: u32 = 9;
const PAGES: u32 = 10;
const EVENTS: u32 = 11;

/// A batch whose bytes are as the client sent them, or, of JSON, the same messages encoded.
#[derive(Debug, Default)]
pub(crate) struct Envelope {
    /// A `gosight.v1.EventBatch` without pages and events.
    pub(crate) header: Vec<u8>,
    /// Each a `gosight.v1.Page`.
    pub(crate) pages: Vec<Bytes>,
    /// Each a `gosight.v1.Event`, or why it could not even become one.
    pub(crate) events: Vec<Result<Bytes, Reason>>,
}

/// Fails unless one more fits.
pub(crate) fn count(len: usize, max: usize, what: &'static str) -> Result<(), Refusal> {
    if len < max {
        Ok(())
    } else {
        Err(Refusal::TooMany { what, max })
    }
}

impl Envelope {
    /// Splits a `gosight.v1.EventBatch`; memory is bounded by the counts, whatever the bytes say.
    pub(crate) fn from_protobuf(body: &Bytes) -> Result<Self, Refusal> {
        const MALFORMED: Refusal = Refusal::Malformed("the body is not a gosight.v1.EventBatch");
        let mut envelope = Self::default();
        let mut attributes = 0;
        for field in wire::fields(body) {
            let field = field.map_err(|_| MALFORMED)?;
            match (field.number, field.value) {
                (PAGES, Value::Bytes(page)) => {
                    count(envelope.pages.len(), limits::PAGES_PER_BATCH_MAX, "pages")?;
                    page_fits(page.len())?;
                    envelope.pages.push(body.slice_ref(page));
                }
                (EVENTS, Value::Bytes(event)) => {
                    count(envelope.events.len(), limits::EVENTS_PER_BATCH_MAX, "events")?;
                    envelope.events.push(Ok(body.slice_ref(event)));
                }
                (PAGES | EVENTS, _) => return Err(MALFORMED),
                (number, _) => {
                    if number == ATTRIBUTES {
                        count(attributes, limits::ATTRIBUTES_PER_BATCH_MAX, "attributes")?;
                        attributes += 1;
                    }
                    envelope.header.extend_from_slice(&body[field.start..field.end]);
                }
            }
        }
        Ok(envelope)
    }

    pub(crate) fn has_replay_chunk(&self) -> bool {
        self.events.iter().flatten().any(|event| event::is_replay_chunk(event))
    }
}

/// A page is not an event, but no larger either.
pub(crate) fn page_fits(bytes: usize) -> Result<(), Refusal> {
    if bytes <= limits::EVENT_BYTES_MAX {
        Ok(())
    } else {
        Err(Refusal::TooLarge("a page is over 64 KiB"))
    }
}

/// The key, when a protobuf batch begins with it.
pub(crate) fn leading_key(body: &[u8]) -> Option<&str> {
    match wire::fields(body).next()? {
        Ok(Field {
            number: PROJECT_KEY,
            value: Value::Bytes(key),
            ..
        }) => std::str::from_utf8(key).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_counts_before_it_keeps() {
        let mut body = Vec::new();
        for _ in 0..=limits::EVENTS_PER_BATCH_MAX {
            wire::put_bytes(EVENTS, b"", &mut body);
        }
        let whole = Bytes::from(body);
        let refusal = Envelope::from_protobuf(&whole).unwrap_err();
        assert_eq!(
            refusal,
            Refusal::TooMany {
                what: "events",
                max: 1000
            }
        );
        let one_less = whole.slice(..whole.len() - 2);
        assert_eq!(Envelope::from_protobuf(&one_less).unwrap().events.len(), 1000);
    }

    #[test]
    fn the_header_keeps_what_is_neither_page_nor_event() {
        let mut body = Vec::new();
        wire::put_bytes(PROJECT_KEY, b"key", &mut body);
        wire::put_bytes(PAGES, b"", &mut body);
        wire::put_bytes(6, b"session", &mut body);
        let envelope = Envelope::from_protobuf(&Bytes::from(body.clone())).unwrap();
        let mut header = Vec::new();
        wire::put_bytes(PROJECT_KEY, b"key", &mut header);
        wire::put_bytes(6, b"session", &mut header);
        assert_eq!((envelope.header, envelope.pages.len()), (header, 1));
        assert_eq!(leading_key(&body), Some("key"));
    }
}
