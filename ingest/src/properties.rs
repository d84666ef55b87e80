//! Whatever comes, nothing panics, nothing grows beyond what came, and what is let through is what the dataflow can read.

use bytes::Bytes;
use gosight_proto::v1::{
    Click, CustomEvent, Device, Event, EventBatch, FormSubmit, Identify, InputChange, JsError, Page, Target,
    event::Payload,
};
use proptest::{collection::vec, prelude::*};
use prost::Message;

use crate::{
    envelope::{self, Envelope},
    envelope_json,
    event::BatchContext,
    mend::Mender,
    schema::SCHEMA,
};

const ID: &str = "0190163d-8694-739b-aea5-966c26f8ad91";
const NOW_MS: i64 = 1_764_000_000_000;

fn events() -> Vec<Event> {
    let target = || {
        let attributes = [("data-a".to_owned(), "b".to_owned())].into();
        Some(Target {
            tag: "a".into(),
            selector: "main > a".into(),
            text: "Buy".into(),
            attributes,
            ..Target::default()
        })
    };
    let value = prost_types::Value {
        kind: Some(prost_types::value::Kind::NumberValue(1.5)),
    };
    let named = || [("price".to_owned(), value.clone())].into();
    [
        Payload::Click(Click {
            page_x: 1,
            page_y: -2,
            target: target(),
            ..Click::default()
        }),
        Payload::InputChange(InputChange {
            target: target(),
            value_length: 3,
        }),
        Payload::FormSubmit(FormSubmit {
            form: "f".into(),
            success: true,
            ..FormSubmit::default()
        }),
        Payload::JsError(JsError {
            message: "no".into(),
            stack: "at x".into(),
            ..JsError::default()
        }),
        Payload::CustomEvent(CustomEvent {
            name: "buy".into(),
            properties: named(),
            ..CustomEvent::default()
        }),
        Payload::Identify(Identify {
            user_id: "u".into(),
            traits: named(),
        }),
    ]
    .map(|payload| Event {
        id: ID.into(),
        timestamp_ms: NOW_MS,
        page: 0,
        payload: Some(payload),
    })
    .into()
}

fn batch() -> EventBatch {
    EventBatch {
        project_key: "key_0123456789abcdef".into(),
        session_id: ID.into(),
        device: Some(Device {
            timezone: "Europe/Berlin".into(),
            device_pixel_ratio: 2.0,
            ..Device::default()
        }),
        attributes: [("a".to_owned(), "b".to_owned())].into(),
        pages: vec![Page {
            path: "/".into(),
            query: [("q".to_owned(), "1".to_owned())].into(),
            ..Page::default()
        }],
        events: events(),
        ..EventBatch::default()
    }
}

/// Sound bytes with some of them changed, and perhaps cut.
fn damaged(sound: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let len = sound.len();
    (vec((0..len, any::<u8>()), 0..6), 0..=len).prop_map(move |(changes, cut)| {
        let mut bytes = sound.clone();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        bytes.truncate(if cut % 3 == 0 { cut } else { len });
        bytes
    })
}

fn any_of_the_events() -> impl Strategy<Value = Vec<u8>> {
    let sound: Vec<_> = events().into_iter().map(|event| event.encode_to_vec()).collect();
    (0..sound.len()).prop_flat_map(move |index| damaged(sound[index].clone()))
}

/// What is accepted decodes, is no longer than what came (but for repaired texts), and mending it again changes nothing.
fn check_event(bytes: Vec<u8>) {
    let excluded = ["price".to_owned()];
    let mut mender = Mender::new(&excluded);
    let context = BatchContext {
        session_id: None,
        is_session_id_bad: false,
        received_at_ms: NOW_MS,
        correction_ms: 0,
        pages_blocked: &[false],
    };
    let came = bytes.len();
    if let Ok((kind, kept)) = context.judge(&Bytes::from(bytes), &mut mender) {
        let event = Event::decode(kept.clone()).expect("the dataflow can read what was accepted");
        assert!(event.payload.is_some());
        assert!(kept.len() <= came + 2 * mender.texts_mended as usize * 1024);
        let mut again = Mender::new(&excluded);
        assert_eq!(context.judge(&kept, &mut again), Ok((kind, kept)));
        assert_eq!((again.texts_mended, again.fields_excluded), (0, 0));
    }
}

fn check_body(bytes: Vec<u8>) {
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let _: Option<&str> = envelope::leading_key(&bytes).or_else(|| envelope_json::leading_key(&bytes));
    let bytes = Bytes::from(bytes);
    for envelope in [Envelope::from_protobuf(&bytes), envelope_json::from_json(&text)]
        .into_iter()
        .flatten()
    {
        assert!(envelope.pages.len() <= 100 && envelope.events.len() <= 1000);
        if let Ok(header) = Mender::new(&[]).message(SCHEMA.batch, &envelope.header) {
            EventBatch::decode(header.as_ref()).expect("a mended header can be read");
        }
        for page in &envelope.pages {
            if let Ok(page) = Mender::new(&[]).message(SCHEMA.page, page) {
                Page::decode(page.as_ref()).expect("a mended page can be read");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic(bytes in vec(any::<u8>(), 0..400)) {
        check_event(bytes.clone());
        check_body(bytes);
    }

    #[test]
    fn damaged_events_are_rejected_or_readable(bytes in any_of_the_events()) {
        check_event(bytes);
    }

    #[test]
    fn damaged_batches_are_refused_or_readable(bytes in damaged(batch().encode_to_vec())) {
        check_body(bytes);
    }

    #[test]
    fn damaged_json_is_refused_or_readable(bytes in damaged(serde_json::to_vec(&batch()).unwrap())) {
        check_body(bytes);
    }
}

#[test]
fn sound_events_are_kept_byte_for_byte() {
    let context = BatchContext {
        session_id: None,
        is_session_id_bad: false,
        received_at_ms: NOW_MS,
        correction_ms: 0,
        pages_blocked: &[false],
    };
    for event in events() {
        let bytes = Bytes::from(event.encode_to_vec());
        let (_, kept) = context.judge(&bytes, &mut Mender::new(&[])).unwrap();
        assert_eq!(kept.as_ptr(), bytes.as_ptr(), "not even copied");
    }
}

#[test]
fn values_that_nest_without_end_are_malformed() {
    let mut value = prost_types::Value { kind: None };
    for _ in 0..60 {
        let values = vec![value];
        value = prost_types::Value {
            kind: Some(prost_types::value::Kind::ListValue(prost_types::ListValue { values })),
        };
    }
    let identify = Identify {
        user_id: "u".into(),
        traits: [("deep".to_owned(), value)].into(),
    };
    let bytes = Event {
        id: ID.into(),
        payload: Some(Payload::Identify(identify)),
        ..Event::default()
    }
    .encode_to_vec();
    assert_eq!(
        Mender::new(&[]).message(SCHEMA.event, &bytes),
        Err(crate::reason::Reason::Malformed)
    );
}
