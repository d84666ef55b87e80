//! What a project decides: who may send from where, how fast, and what must not be kept.

use std::sync::Arc;

use gosight_ingest::{GeoIp, IngestConfig};
use gosight_proto::v1::{CustomEvent, Device, Identify, Page, event::Payload};
use prost::Message;
use serde_json::{Value, json};
use tonic::Code;

use crate::harness::*;

fn text(value: &str) -> prost_types::Value {
    prost_types::Value {
        kind: Some(prost_types::value::Kind::StringValue(value.into())),
    }
}

async fn error_code(response: reqwest::Response) -> String {
    let body: Value = response.json().await.unwrap();
    assert!(
        body["error"]["message"]
            .as_str()
            .is_some_and(|message| !message.is_empty()),
        "{body}"
    );
    body["error"]["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_unknown_a_revoked_or_an_impossible_key_is_401() {
    let door = Door::open().await;
    let body = |key: &str| {
        let mut batch = batch(vec![custom("x")]);
        batch.project_key = key.into();
        batch
    };
    for key in ["", "short", "not a key at all, is it?", "unknown_key_0123456789"] {
        for gzipped in [false, true] {
            let bytes = body(key).encode_to_vec();
            let request = door.post(
                Some("application/x-protobuf"),
                if gzipped { gzip(&bytes) } else { bytes },
            );
            let request = if gzipped {
                request.header("content-encoding", "gzip")
            } else {
                request
            };
            let response = request.send().await.unwrap();
            assert_eq!(
                (response.status().as_u16(), error_code(response).await.as_str()),
                (401, "unauthenticated"),
                "{key}"
            );
        }
        let status = door.grpc().await.send_batch(body(key)).await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated);
    }
    assert_eq!(door.post_protobuf(&body(KEY)).await.accepted, 1);
    door.meta
        .revoke_key(door.project_id, door.key_id, now_ms())
        .await
        .unwrap();
    let response = door
        .post(Some("application/x-protobuf"), body(KEY).encode_to_vec())
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 401, "a revoked key is refused at once");
}

#[tokio::test]
async fn an_origin_outside_the_allowed_domains_is_403_and_cannot_read_it() {
    let setup = Setup {
        allowed_domains: vec!["shop.example".into(), "*.shop.example".into()],
        ..Setup::default()
    };
    let door = Door::with(setup).await;
    let send = async |origin: Option<&str>| {
        let request = door.post(Some("text/plain"), batch(vec![custom("x")]).encode_to_vec());
        let request = if let Some(origin) = origin {
            request.header("origin", origin)
        } else {
            request
        };
        request.send().await.unwrap()
    };
    for origin in ["https://shop.example", "https://www.shop.example:8443"] {
        let response = send(Some(origin)).await;
        assert_eq!(response.status(), 200, "{origin}");
        assert_eq!(response.headers()["access-control-allow-origin"], origin);
    }
    for origin in ["https://evil.example", "https://shop.example.evil", "null"] {
        let response = send(Some(origin)).await;
        assert_eq!(response.status(), 403, "{origin}");
        assert!(!response.headers().contains_key("access-control-allow-origin"));
        assert_eq!(error_code(response).await, "forbidden_origin");
    }
    assert_eq!(send(None).await.status(), 200, "a server sends no origin");
    let mut call = tonic::Request::new(batch(vec![custom("x")]));
    call.metadata_mut()
        .insert("origin", "https://evil.example".parse().unwrap());
    assert_eq!(
        door.grpc().await.send_batch(call).await.unwrap_err().code(),
        Code::PermissionDenied
    );
    let web = door
        .http
        .post(format!("{}/gosight.v1.IngestService/SendBatch", door.url));
    let web = web
        .header("content-type", "application/grpc-web+proto")
        .header("origin", "https://evil.example");
    let web = web
        .body(frame(&batch(vec![custom("x")]).encode_to_vec(), false))
        .send()
        .await
        .unwrap();
    assert_eq!(web.headers()["grpc-status"], "7");
    assert!(!web.headers().contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn preflights_are_granted_on_every_door() {
    let door = Door::open().await;
    for path in ["/v1/events", "/v1/settings", "/gosight.v1.IngestService/SendBatch"] {
        let response = door
            .http
            .request(reqwest::Method::OPTIONS, format!("{}{path}", door.url))
            .header("origin", "https://shop.example")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type,x-grpc-web")
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 204, "{path}");
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("access-control-allow-origin"), "https://shop.example");
        assert!(header("access-control-allow-methods").contains("POST"));
        for name in ["content-type", "content-encoding", "x-grpc-web", "x-user-agent"] {
            assert!(header("access-control-allow-headers").contains(name), "{name}");
        }
    }
}

#[tokio::test]
async fn a_key_over_its_rate_is_429_with_whole_seconds_to_wait() {
    let door = Door::with(Setup {
        rate_limit_events_per_s: 10,
        ..Setup::default()
    })
    .await;
    let fifty = batch((0..50).map(|n| custom(&format!("e{n}"))).collect());
    assert_eq!(
        door.post_protobuf(&fifty).await.accepted,
        50,
        "a full bucket passes any batch"
    );
    let response = door
        .post(Some("application/x-protobuf"), fifty.encode_to_vec())
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 429);
    let wait: u64 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=5).contains(&wait), "{wait}");
    assert_eq!(error_code(response).await, "rate_limited");
    let status = door.grpc().await.send_batch(fifty).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.message().starts_with("rate_limited: "), "{}", status.message());
    assert!(status.metadata().contains_key("retry-after"));
    assert_eq!(door.records().len(), 1);
}

#[tokio::test]
async fn events_on_blocked_pages_are_rejected_and_the_page_is_forgotten() {
    let settings = json!({"privacy": {"block_urls": ["/account/*"]}});
    let door = Door::with(Setup {
        settings,
        ..Setup::default()
    })
    .await;
    let mut batch = batch(vec![custom("a"), custom("b")]);
    batch.pages.push(Page {
        url: "https://shop.example/account/1".into(),
        path: "/account/1".into(),
        ..Page::default()
    });
    batch.events[1].page = 1;
    let answer = door.post_protobuf(&batch).await;
    assert_eq!((answer.accepted, reasons(&answer)), (1, vec![(1, "blocked_url")]));
    assert_eq!(door.record().pages[1], Page::default());
}

#[tokio::test]
async fn excluded_fields_never_reach_the_log() {
    let settings = json!({"privacy": {"excluded_fields": ["ssn"]}});
    let door = Door::with(Setup {
        settings,
        ..Setup::default()
    })
    .await;
    let named = || {
        [
            ("ssn".to_owned(), text("078-05-1120")),
            ("plan".to_owned(), text("pro")),
        ]
        .into()
    };
    let mut batch = batch(vec![
        event(Payload::CustomEvent(CustomEvent {
            name: "x".into(),
            properties: named(),
            ..CustomEvent::default()
        })),
        event(Payload::Identify(Identify {
            user_id: "u".into(),
            traits: named(),
        })),
    ]);
    batch.attributes = [
        ("ssn".to_owned(), "078-05-1120".to_owned()),
        ("plan".to_owned(), "pro".to_owned()),
    ]
    .into();
    assert_eq!(door.post_protobuf(&batch).await.accepted, 2);
    let record = door.record();
    assert!(!record.encode_to_vec().windows(11).any(|part| part == b"078-05-1120"));
    assert_eq!(record.attributes.len(), 1);
    let Some(Payload::Identify(identify)) = &events_of(&record)[1].payload else {
        panic!()
    };
    assert_eq!(identify.traits.keys().collect::<Vec<_>>(), ["plan"]);
}

#[tokio::test]
async fn the_address_is_kept_as_the_project_says_and_changes_apply_at_once() {
    let ingest = IngestConfig {
        trust_forwarded_for: true,
        ..IngestConfig::default()
    };
    let door = Door::with(Setup {
        ingest,
        ..Setup::default()
    })
    .await;
    for (mode, kept) in [("truncate", "203.0.113.0"), ("keep", "203.0.113.77"), ("drop", "")] {
        door.patch(json!({"privacy": {"ip": mode}})).await;
        let before: Vec<_> = door.records();
        let request = door.post(Some("text/plain"), batch(vec![custom("x")]).encode_to_vec());
        let request = request.header("x-forwarded-for", "198.51.100.1, 203.0.113.77");
        assert_eq!(request.send().await.unwrap().status(), 200);
        let record = door
            .records()
            .into_iter()
            .find(|record| !before.contains(record))
            .unwrap();
        assert_eq!(record.ip, kept, "{mode}");
    }
}

#[tokio::test]
async fn settings_are_cacheable_and_come_with_an_answer_when_they_changed() {
    let door = Door::with(Setup {
        allowed_domains: vec!["shop.example".into()],
        ..Setup::default()
    })
    .await;
    let url = format!("{}/v1/settings?key={KEY}", door.url);
    let get = || door.http.get(&url).header("origin", "https://shop.example");
    let response = get().send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(
        response.headers()["access-control-allow-origin"],
        "https://shop.example"
    );
    assert!(
        response.headers()["cache-control"]
            .to_str()
            .unwrap()
            .contains("max-age")
    );
    let etag = response.headers()["etag"].to_str().unwrap().to_owned();
    let settings: Value = response.json().await.unwrap();
    assert_eq!(
        (&settings["session_sample_rate"], &settings["timezone"]),
        (&json!(100.0), &json!("UTC"))
    );
    let version = settings["version"].as_str().unwrap();
    assert_eq!(get().header("if-none-match", &etag).send().await.unwrap().status(), 304);

    let mut batch = batch(vec![custom("x")]);
    batch.settings_version = version.into();
    assert_eq!(door.post_protobuf(&batch).await.settings, None);
    door.patch(json!({"sdk": {"mask_all_text": true}})).await;
    assert_eq!(get().header("if-none-match", &etag).send().await.unwrap().status(), 200);
    let changed = door.post_protobuf(&batch).await.settings.unwrap();
    assert!(changed.mask_all_text);
    batch.settings_version.clear();
    assert_eq!(
        door.post_protobuf(&batch).await.settings,
        None,
        "who does not ask is not told"
    );

    assert_eq!(
        door.http
            .get(format!("{}/v1/settings", door.url))
            .send()
            .await
            .unwrap()
            .status(),
        401
    );
    let evil = door
        .http
        .get(&url)
        .header("origin", "https://evil.example")
        .send()
        .await
        .unwrap();
    assert_eq!(evil.status(), 403);
}

#[tokio::test]
async fn a_geoip_database_wins_over_the_time_zone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("city.mmdb");
    std::fs::write(&path, crate::mmdb::database([203, 0, 113], "PT", "Lisbon")).unwrap();
    let ingest = IngestConfig {
        trust_forwarded_for: true,
        geoip: Some(Arc::new(GeoIp::open(&path).unwrap())),
    };
    let door = Door::with(Setup {
        ingest,
        ..Setup::default()
    })
    .await;
    let mut batch = batch(vec![custom("x")]);
    batch.device = Some(Device {
        timezone: "Europe/Berlin".into(),
        ..Device::default()
    });
    for (address, country, city, approximate) in [
        ("203.0.113.77", "PT", "Lisbon", false),
        ("198.51.100.1", "DE", "", true),
    ] {
        let before = door.records();
        let request = door
            .post(None, batch.encode_to_vec())
            .header("x-forwarded-for", address);
        assert_eq!(request.send().await.unwrap().status(), 200);
        let record = door
            .records()
            .into_iter()
            .find(|record| !before.contains(record))
            .unwrap();
        let place = record.place.unwrap();
        assert_eq!(
            (place.country.as_str(), place.city.as_str(), place.approximate),
            (country, city, approximate)
        );
    }
}
