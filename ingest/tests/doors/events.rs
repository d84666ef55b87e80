//! One event judged by itself: every reason, and what is mended.

use gosight_proto::{
    limits,
    v1::{CustomEvent, Event, FormSubmit, InputChange, JsError, Page, Target, event::Payload},
};
use prost::Message;
use serde_json::{Value, json};

use crate::harness::*;

/// Sends these encoded events as one batch.
async fn send_raw(door: &Door, events: Vec<Vec<u8>>) -> gosight_proto::v1::SendAnswer {
    let mut body = batch(vec![]).encode_to_vec();
    for event in events {
        body.push(11 << 3 | 2);
        prost::encoding::encode_varint(event.len() as u64, &mut body);
        body.extend(event);
    }
    let response = door.post(Some("application/x-protobuf"), body).send().await.unwrap();
    assert_eq!(response.status(), 200);
    gosight_proto::v1::SendAnswer::decode(response.bytes().await.unwrap()).unwrap()
}

/// An event with an unknown payload of this number.
fn with_field(number: u32) -> Vec<u8> {
    let mut bytes = Event {
        payload: None,
        ..custom("x")
    }
    .encode_to_vec();
    prost::encoding::encode_key(number, prost::encoding::WireType::LengthDelimited, &mut bytes);
    bytes.push(0);
    bytes
}

#[tokio::test]
async fn each_reason_rejects_its_event_alone() {
    let door = Door::open().await;
    let now = now_ms();
    let mut events = vec![custom("good").encode_to_vec()];
    let mut bad = |reason: &'static str, event: Vec<u8>| {
        events.push(event);
        (events.len() as u32 - 1, reason)
    };
    let day = limits::EVENT_AHEAD_MS_MAX;
    let expected = [
        bad(
            "missing_id",
            Event {
                id: String::new(),
                ..custom("x")
            }
            .encode_to_vec(),
        ),
        bad(
            "malformed",
            Event {
                id: "7".into(),
                ..custom("x")
            }
            .encode_to_vec(),
        ),
        bad(
            "missing_payload",
            Event {
                payload: None,
                ..custom("x")
            }
            .encode_to_vec(),
        ),
        bad("unknown_type", with_field(200)),
        bad("unknown_type", with_field(9_999)),
        bad("bad_page_index", Event { page: 1, ..custom("x") }.encode_to_vec()),
        bad(
            "bad_page_index",
            Event {
                page: -1,
                ..custom("x")
            }
            .encode_to_vec(),
        ),
        bad(
            "time_out_of_range",
            Event {
                timestamp_ms: now + day + 60_000,
                ..custom("x")
            }
            .encode_to_vec(),
        ),
        bad(
            "time_out_of_range",
            Event {
                timestamp_ms: limits::EVENT_TIME_MS_MIN - 60_000,
                ..custom("x")
            }
            .encode_to_vec(),
        ),
        bad(
            "time_out_of_range",
            Event {
                timestamp_ms: i64::MIN,
                ..custom("x")
            }
            .encode_to_vec(),
        ),
        bad(
            "time_out_of_range",
            Event {
                timestamp_ms: i64::MAX,
                ..custom("x")
            }
            .encode_to_vec(),
        ),
        bad(
            "event_too_large",
            custom(&"x".repeat(limits::EVENT_BYTES_MAX)).encode_to_vec(),
        ),
        bad("malformed", custom("").encode_to_vec()),
        bad("malformed", vec![0xff, 0xff]),
        bad("malformed", [custom("x").encode_to_vec(), vec![0x72, 0]].concat()),
        bad("raw_value", raw_input()),
        bad("raw_value", value_attribute()),
    ];
    let answer = send_raw(&door, events).await;
    assert_eq!(reasons(&answer), expected);
    assert_eq!(answer.accepted, 1);
    assert_eq!(events_of(&door.record()).len(), 1);
}

/// An input_change from a client that has put the text where no field is.
fn raw_input() -> Vec<u8> {
    let mut change = InputChange {
        value_length: 6,
        ..InputChange::default()
    }
    .encode_to_vec();
    prost::encoding::string::encode(3, &"secret".to_owned(), &mut change);
    let mut event = Event {
        payload: None,
        ..custom("x")
    }
    .encode_to_vec();
    prost::encoding::encode_key(24, prost::encoding::WireType::LengthDelimited, &mut event);
    event.push(change.len() as u8);
    event.extend(change);
    event
}

fn value_attribute() -> Vec<u8> {
    let attributes = [("value".to_owned(), "secret".to_owned())].into();
    let target = Some(Target {
        attributes,
        ..Target::default()
    });
    event(Payload::InputChange(InputChange {
        target,
        value_length: 6,
    }))
    .encode_to_vec()
}

#[tokio::test]
async fn a_bad_session_id_rejects_every_event_and_leaves_no_record() {
    let door = Door::open().await;
    let mut batch = batch(vec![custom("a"), custom("b")]);
    for bad in ["session-1", "00000000-0000-0000-0000-000000000000"] {
        batch.session_id = bad.into();
        let answer = door.post_protobuf(&batch).await;
        assert_eq!(reasons(&answer), [(0, "bad_session_id"), (1, "bad_session_id")]);
        assert_eq!(answer.accepted, 0);
    }
    assert!(door.records().is_empty());
}

#[tokio::test]
async fn time_is_judged_on_the_clock_the_client_sent_with() {
    let door = Door::open().await;
    let decade = 10 * 365 * 24 * 3600 * 1000_i64;
    let mut slow = batch(vec![custom("in 2016 by its own clock")]);
    slow.sent_at_ms -= decade;
    slow.events[0].timestamp_ms -= decade;
    assert_eq!(door.post_protobuf(&slow).await.accepted, 1);
    let mut wrong = batch(vec![custom("sent ten years after it happened")]);
    wrong.sent_at_ms += decade;
    assert_eq!(reasons(&door.post_protobuf(&wrong).await), [(0, "time_out_of_range")]);
    assert_eq!(
        events_of(&door.record())[0].timestamp_ms,
        slow.events[0].timestamp_ms,
        "nothing is clamped"
    );
}

#[tokio::test]
async fn only_some_events_may_stand_without_a_page() {
    let door = Door::open().await;
    let mut batch = batch(vec![
        custom("from a server"),
        event(Payload::PageHidden(Default::default())),
    ]);
    batch.pages.clear();
    let answer = door.post_protobuf(&batch).await;
    assert_eq!((answer.accepted, reasons(&answer)), (1, vec![(1, "bad_page_index")]));
}

#[tokio::test]
async fn one_broken_text_of_fifty_is_mended_and_all_are_stored() {
    let door = Door::open().await;
    let mut events: Vec<_> = (0..50).map(|n| custom(&format!("event-{n}")).encode_to_vec()).collect();
    let at = events[7].windows(7).position(|part| part == b"event-7").unwrap();
    events[7][at] = 0xff;
    assert_eq!(send_raw(&door, events).await.accepted, 50);
    let stored = events_of(&door.record());
    assert_eq!(stored.len(), 50);
    let Some(Payload::CustomEvent(mended)) = &stored[7].payload else {
        panic!("{:?}", stored[7])
    };
    assert_eq!(mended.name, "\u{fffd}vent-7");
}

#[tokio::test]
async fn forty_nine_of_fifty_are_stored_when_one_is_malformed() {
    let door = Door::open().await;
    let mut events: Vec<_> = (0..50).map(|n| custom(&format!("event-{n}")).encode_to_vec()).collect();
    events[7].truncate(20);
    let answer = send_raw(&door, events).await;
    assert_eq!((answer.accepted, reasons(&answer)), (49, vec![(7, "malformed")]));
    assert_eq!(events_of(&door.record()).len(), 49);
}

#[tokio::test]
async fn texts_over_their_limit_are_cut_between_characters() {
    let door = Door::open().await;
    let long = "ä".repeat(10_000);
    let target = Target {
        selector: "s".repeat(2000),
        text: "ö".repeat(60),
        ..Target::default()
    };
    let change = InputChange {
        target: Some(target),
        value_length: 1,
    };
    let error = JsError {
        message: long.clone(),
        stack: long.clone(),
        ..JsError::default()
    };
    let mut batch = batch(vec![
        event(Payload::JsError(error)),
        custom(&long),
        event(Payload::InputChange(change)),
    ]);
    batch.visitor_id = long.clone();
    batch.pages.push(Page {
        title: long.clone(),
        ..Page::default()
    });
    let answer = door.post_protobuf(&batch).await;
    assert_eq!((answer.accepted, reasons(&answer)), (3, vec![]));
    let record = door.record();
    assert_eq!(record.visitor_id, "ä".repeat(200));
    assert_eq!(record.pages[1].title.len(), limits::STRING_BYTES_MAX);
    let stored = events_of(&record);
    let Some(Payload::JsError(error)) = &stored[0].payload else {
        panic!()
    };
    assert_eq!(
        (error.message.len(), error.stack.len()),
        (limits::STRING_BYTES_MAX, limits::STACK_BYTES_MAX)
    );
    let Some(Payload::CustomEvent(custom)) = &stored[1].payload else {
        panic!()
    };
    assert_eq!(custom.name, "ä".repeat(limits::CUSTOM_NAME_CHARS_MAX));
    let Some(Payload::InputChange(change)) = &stored[2].payload else {
        panic!()
    };
    let target = change.target.as_ref().unwrap();
    assert_eq!(
        (target.selector.len(), target.text.chars().count()),
        (limits::SELECTOR_BYTES_MAX, 50)
    );
}

#[tokio::test]
async fn properties_are_at_most_fifty_and_primitive() {
    let door = Door::open().await;
    let with = |properties: Value| json!({"id": uuid::Uuid::new_v4(), "timestamp_ms": now_ms(), "custom_event": {"name": "x", "properties": properties}});
    let many: serde_json::Map<_, _> = (0..51).map(|n| (format!("p{n}"), json!(n))).collect();
    let answer = door
        .post_json(&json!({
            "project_key": KEY, "session_id": SESSION, "sent_at_ms": now_ms(), "pages": [{"path": "/"}],
            "events": [with(json!({"a": 1, "b": "x", "c": true, "d": null})), with(json!({"a": [1]})), with(json!({"a": {"b": 1}})), with(Value::Object(many))],
        }))
        .await;
    assert_eq!(answer["accepted"], 1);
    let reasons: Vec<_> = answer["rejected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["reason"].as_str().unwrap())
        .collect();
    assert_eq!(reasons, ["malformed", "malformed", "malformed"]);
}

#[tokio::test]
async fn json_events_have_the_same_reasons() {
    let door = Door::open().await;
    let (id, now) = (uuid::Uuid::new_v4(), now_ms());
    let batch = json!({
        "projectKey": KEY, "session_id": SESSION, "sentAtMs": now.to_string(), "surprise": [1, {"x": 2}], "device": null,
        "pages": [{"url": "https://shop.example/", "path": "/", "unknown": true}],
        "events": [
            {"id": id, "timestampMs": now.to_string(), "pageView": {"title": "t"}},
            {"timestamp_ms": now, "page_view": {}},
            {"id": "7", "timestamp_ms": now, "page_view": {}},
            {"id": id, "timestamp_ms": now},
            {"id": id, "timestamp_ms": now, "teleport": {"x": 1}},
            {"id": id, "timestamp_ms": now, "page": 3, "page_view": {}},
            {"id": id, "timestamp_ms": 12, "page_view": {}},
            {"id": id, "timestamp_ms": now, "input_change": {"value": "secret", "value_length": 6}},
            {"id": id, "timestamp_ms": now, "click": {"page_x": "left"}},
            {"id": id, "timestamp_ms": now, "page_view": {}, "click": {}},
            "not an event",
            {"id": id, "timestamp_ms": now, "page_view": {"title": "x".repeat(70_000)}},
            {"id": id, "timestamp_ms": now, "future": 1, "page_view": {"future": "ignored"}},
        ],
    });
    let answer = door.post_json(&batch).await;
    assert_eq!(answer["accepted"], 2);
    let reasons: Vec<_> = answer["rejected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["index"].as_u64().unwrap(), one["reason"].as_str().unwrap()))
        .collect();
    assert_eq!(
        reasons,
        [
            (1, "missing_id"),
            (2, "malformed"),
            (3, "missing_payload"),
            (4, "unknown_type"),
            (5, "bad_page_index"),
            (6, "time_out_of_range"),
            (7, "raw_value"),
            (8, "malformed"),
            (9, "malformed"),
            (10, "malformed"),
            (11, "event_too_large"),
        ]
    );
}

#[tokio::test]
async fn broken_utf8_in_json_is_mended() {
    let door = Door::open().await;
    let batch = json!({
        "project_key": KEY, "session_id": SESSION, "sent_at_ms": now_ms(),
        "events": [{"id": uuid::Uuid::new_v4(), "timestamp_ms": now_ms(), "custom_event": {"name": "?ame"}}],
    });
    let mut body = batch.to_string().into_bytes();
    let at = body.iter().position(|byte| *byte == b'?').unwrap();
    body[at] = 0xfe;
    let response = door.post(Some("application/json"), body).send().await.unwrap();
    assert_eq!(response.json::<Value>().await.unwrap()["accepted"], 1);
    let Some(Payload::CustomEvent(stored)) = &events_of(&door.record())[0].payload else {
        panic!()
    };
    assert_eq!(stored.name, "\u{fffd}ame");
}

#[tokio::test]
async fn what_a_later_version_sends_is_left_out() {
    let door = Door::open().await;
    let submit = FormSubmit {
        form: "f".into(),
        ..FormSubmit::default()
    };
    let known = event(Payload::CustomEvent(CustomEvent {
        name: "x".into(),
        ..Default::default()
    }));
    let mut newer = known.encode_to_vec();
    prost::encoding::string::encode(5, &"from the future".to_owned(), &mut newer);
    let answer = send_raw(&door, vec![newer, event(Payload::FormSubmit(submit)).encode_to_vec()]).await;
    assert_eq!(answer.accepted, 2);
    assert_eq!(door.record().events[0], known.encode_to_vec());
}
