//! One batch through every door: the same record.

use gosight_proto::{
    record::BatchRecord,
    v1::{Device, Event, EventBatch, SendAnswer, event::Payload},
};
use prost::Message;
use serde_json::{Value, json};

use crate::harness::*;

fn sample() -> EventBatch {
    let target = gosight_proto::v1::Target {
        tag: "button".into(),
        attributes: [("data-test".to_owned(), "buy".to_owned())].into(),
        rect: Some(gosight_proto::v1::Rect {
            top: 1,
            left: -2,
            width: 30,
            height: 4,
        }),
        looks_interactive: true,
        ..Default::default()
    };
    let click = gosight_proto::v1::Click {
        page_x: 10,
        page_y: 20,
        button: "left".into(),
        target: Some(target),
        ..Default::default()
    };
    let vitals = gosight_proto::v1::WebVitals {
        lcp_ms: 1200,
        cls: 0.125,
        ..Default::default()
    };
    let mut buy = custom("buy");
    if let Some(Payload::CustomEvent(custom)) = &mut buy.payload {
        let number = prost_types::Value {
            kind: Some(prost_types::value::Kind::NumberValue(9.5)),
        };
        custom.properties.insert("price".into(), number);
    }
    EventBatch {
        user_id: "user-7".into(),
        attributes: [("plan".to_owned(), "pro".to_owned())].into(),
        device: Some(Device {
            user_agent: CHROME.into(),
            language: "de".into(),
            timezone: "Europe/Berlin".into(),
            screen_width: 1920,
            device_pixel_ratio: 1.5,
            ..Device::default()
        }),
        ..batch(vec![
            event(Payload::Click(click)),
            event(Payload::WebVitals(vitals)),
            buy,
        ])
    }
}

/// The batch as JSON with snake_case names, from the same structs.
fn snake_json(batch: &EventBatch) -> Value {
    serde_json::to_value(batch).unwrap()
}

/// The same with every name in lowerCamelCase and every time as a string.
fn camel_json(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| {
                let value = if name.ends_with("_ms") {
                    Value::String(value.to_string())
                } else {
                    camel_json(value)
                };
                // Names that clients choose stay as they are.
                (
                    if name.starts_with("data-") {
                        name.clone()
                    } else {
                        camel(name)
                    },
                    value,
                )
            })
            .collect(),
        Value::Array(items) => items.iter().map(camel_json).collect(),
        value => value.clone(),
    }
}

fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |name, part| name + &part[..1].to_uppercase() + &part[1..])
}

/// What must be the same: all but the time of receipt, and the events by what they say.
fn comparable(mut record: BatchRecord) -> (BatchRecord, Vec<Event>) {
    let events = events_of(&record);
    record.received_at_ms = 0;
    record.events.clear();
    (record, events)
}

#[tokio::test]
async fn one_batch_gives_the_same_record_through_every_door() {
    let door = Door::open().await;
    let batch = sample();
    let protobuf = batch.encode_to_vec();
    let snake = snake_json(&batch).to_string();
    let camel = camel_json(&snake_json(&batch)).to_string();
    let posts: [(&str, Option<&str>, Vec<u8>, &str); 8] = [
        ("protobuf", Some("application/x-protobuf"), protobuf.clone(), ""),
        (
            "json",
            Some("application/json; charset=utf-8"),
            snake.clone().into(),
            "",
        ),
        ("camel json", Some("application/json"), camel.clone().into(), ""),
        ("plain json", Some("text/plain;charset=UTF-8"), snake.clone().into(), ""),
        ("plain protobuf", Some("text/plain"), protobuf.clone(), ""),
        ("untyped protobuf", None, protobuf.clone(), ""),
        (
            "plain gzip json",
            Some("text/plain"),
            gzip(snake.as_bytes()),
            "?encoding=gzip",
        ),
        ("plain gzip protobuf", None, gzip(&protobuf), "?encoding=gzip"),
    ];
    for (name, content_type, body, query) in posts {
        let mut request = door.http.post(format!("{}/v1/events{query}", door.url)).body(body);
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200, "{name}");
        if name == "protobuf" {
            let answer = SendAnswer::decode(response.bytes().await.unwrap()).unwrap();
            assert_eq!(
                answer,
                SendAnswer {
                    accepted: 3,
                    ..SendAnswer::default()
                }
            );
        } else {
            let answer: Value = response.json().await.unwrap();
            assert_eq!(answer, json!({"accepted": 3, "rejected": []}), "{name}");
        }
    }
    for (content_type, body) in [
        ("application/x-protobuf", gzip(&protobuf)),
        ("application/json", gzip(snake.as_bytes())),
    ] {
        let request = door.post(Some(content_type), body).header("content-encoding", "gzip");
        assert_eq!(request.send().await.unwrap().status(), 200);
    }
    let mut grpc = door.grpc().await;
    assert_eq!(grpc.send_batch(batch.clone()).await.unwrap().into_inner().accepted, 3);
    let stream = futures::stream::iter([batch.clone(), batch.clone()]);
    assert_eq!(grpc.send_events(stream).await.unwrap().into_inner().accepted, 6);
    grpc_web(&door, frame(&protobuf, false), None).await;
    grpc_web(&door, frame(&gzip(&protobuf), true), Some("gzip")).await;

    let records: Vec<_> = door.records().into_iter().map(comparable).collect();
    assert_eq!(records.len(), 15);
    for record in &records {
        assert_eq!(record, &records[0]);
    }
    let (record, events) = &records[0];
    assert_eq!(*events, batch.events);
    assert_eq!(record.project_id, door.project_id.as_bytes().as_slice());
    assert_eq!(
        record.session_id,
        uuid::Uuid::parse_str(SESSION).unwrap().as_bytes().as_slice()
    );
    assert_eq!(
        (record.visitor_id.as_str(), record.user_id.as_str()),
        ("visitor-1", "user-7")
    );
    assert_eq!(
        (record.sdk.as_str(), record.sent_at_ms),
        ("gosight-js/0.1.0", batch.sent_at_ms)
    );
    assert_eq!(record.ip, "127.0.0.0");
    assert_eq!(record.pages, batch.pages);
    assert_eq!(record.attributes, batch.attributes);
    let (client, place) = (record.client.as_ref().unwrap(), record.place.as_ref().unwrap());
    assert_eq!(
        [&client.browser, &client.os, &client.device_type],
        ["Chrome", "Linux", "desktop"]
    );
    assert_eq!((place.country.as_str(), place.approximate), ("DE", true));
    assert_eq!(record.device.as_ref().unwrap().user_agent, "", "it was recognised");
}

/// A call as a browser makes it; answers with the trailers of the body.
async fn grpc_web(door: &Door, body: Vec<u8>, encoding: Option<&str>) {
    let url = format!("{}/gosight.v1.IngestService/SendBatch", door.url);
    let mut request = door
        .http
        .post(url)
        .header("content-type", "application/grpc-web+proto")
        .header("x-grpc-web", "1")
        .header("origin", "https://shop.example")
        .body(body);
    if let Some(encoding) = encoding {
        request = request.header("grpc-encoding", encoding);
    }
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(
        response.headers()["access-control-allow-origin"],
        "https://shop.example"
    );
    let exposed = response.headers()["access-control-expose-headers"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        exposed.contains("grpc-status") && exposed.contains("grpc-message"),
        "{exposed}"
    );
    let body = response.bytes().await.unwrap();
    let len = u32::from_be_bytes(body[1..5].try_into().unwrap()) as usize;
    let answer = SendAnswer::decode(&body[5..5 + len]).unwrap();
    assert_eq!(answer.accepted, 3);
    let trailers = std::str::from_utf8(&body[5 + len + 5..]).unwrap();
    assert!(
        body[5 + len] == 0x80 && trailers.contains("grpc-status:0"),
        "{trailers}"
    );
}

#[tokio::test]
async fn a_stream_counts_rejections_over_all_its_batches() {
    let door = Door::open().await;
    let mut bad = custom("bad");
    bad.id.clear();
    let batches = [
        batch(vec![custom("a"), custom("b")]),
        batch(vec![bad.clone(), custom("c"), bad]),
    ];
    let answer = door
        .grpc()
        .await
        .send_events(futures::stream::iter(batches))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(answer.accepted, 3);
    assert_eq!(reasons(&answer), [(2, "missing_id"), (4, "missing_id")]);
}

#[tokio::test]
async fn an_empty_batch_or_stream_is_accepted_and_leaves_no_record() {
    let door = Door::open().await;
    assert_eq!(door.post_protobuf(&batch(vec![])).await, SendAnswer::default());
    let none = futures::stream::iter(Vec::<EventBatch>::new());
    assert_eq!(
        door.grpc().await.send_events(none).await.unwrap().into_inner(),
        SendAnswer::default()
    );
    assert!(door.records().is_empty());
}

#[tokio::test]
async fn a_session_stays_in_one_partition_and_visitors_spread() {
    let door = Door::open().await;
    for n in 0..16 {
        let mut of_visitor = batch(vec![custom("x")]);
        of_visitor.session_id.clear();
        of_visitor.visitor_id = format!("visitor-{n}");
        door.post_protobuf(&of_visitor).await;
    }
    let ends = [0, 1].map(|partition| door.log.durable(gosight_log::Topic::Events, partition).end);
    assert!(ends.iter().all(|end| *end > 0), "{ends:?}");
    for n in 0..8 {
        let mut of_session = batch(vec![custom("x")]);
        of_session.visitor_id = format!("visitor-{n}");
        door.post_protobuf(&of_session).await;
    }
    let after = [0, 1].map(|partition| door.log.durable(gosight_log::Topic::Events, partition).end);
    assert!(
        after == [ends[0] + 8, ends[1]] || after == [ends[0], ends[1] + 8],
        "{ends:?} {after:?}"
    );
}
