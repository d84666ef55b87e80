//! Every GET route of the document, asked in every way it knows.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::samples::*;
use crate::world::{send, world};

/// One way to ask a GET route of the document.
struct Question {
    /// As in the document, below the project: `/sessions/{session_id}`.
    template: String,
    tag: String,
    /// With ids and parameters filled in.
    path: String,
}

/// Every GET route of a project, plain and with each of its parameters; the live socket is none.
fn questions() -> Vec<Question> {
    let document = serde_json::to_value(gosight_api::document()).unwrap();
    let mut questions = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let (Some(template), Some(operation)) = (path.strip_prefix("/projects/{project}"), item.get("get")) else {
            continue;
        };
        let tag = operation["tags"][0].as_str().unwrap();
        if tag == "live" {
            continue;
        }
        let parameters = operation["parameters"].as_array().unwrap();
        let parameters = parameters.iter().filter(|parameter| parameter["in"] == "query");
        let (required, optional): (Vec<_>, Vec<_>) = parameters.partition(|parameter| parameter["required"] == true);
        let mut plain: Vec<_> = required.iter().flat_map(|parameter| said(parameter)).collect();
        plain.extend(
            optional
                .iter()
                .filter(|p| p["name"] == "start")
                .map(|_| MONDAY_RANGE.to_owned()),
        );
        let asides = optional.iter().flat_map(|parameter| said(parameter)).map(Some);
        for aside in std::iter::once(None).chain(asides) {
            let query: Vec<_> = plain.iter().cloned().chain(aside).collect();
            questions.push(Question {
                template: template.to_owned(),
                tag: tag.to_owned(),
                path: format!(
                    "{}?{}",
                    template
                        .replace("{session_id}", &SESSION.to_string())
                        .replace("{recording_id}", &RECORDING.to_string())
                        .replace("{digest}", &hex::encode(DIGEST))
                        .replace("{rule_id}", &Uuid::nil().to_string()),
                    query.join("&")
                ),
            });
        }
    }
    questions
}

/// A query parameter with each value worth asking with.
fn said(parameter: &Value) -> Vec<String> {
    let name = parameter["name"].as_str().unwrap();
    if let Some(values) = parameter["schema"]["enum"].as_array() {
        return values
            .iter()
            .map(|value| format!("{name}={}", value.as_str().unwrap()))
            .collect();
    }
    let value = match name {
        // The range has been said; a cursor cannot be made up.
        "start" | "end" | "cursor" => return Vec::new(),
        "path" => "/shop",
        "type" => "dead_click",
        "types" => "page_view,click",
        "sort" => "-struggle",
        "timezone" => "Europe/Berlin",
        "device" => "desktop",
        "attribute" => "plan:pro",
        "session_id" | "rule_id" => return vec![format!("{name}={SESSION}")],
        "error" | "rage" | "dead" | "error_click" | "replay" => "true",
        "duration_min_ms" | "duration_max_ms" | "per_page" => "2",
        "first" | "last" => "0",
        "country" => "DE",
        "version" => "0000000000000001",
        "browser" | "os" | "referrer" | "utm_source" | "utm_medium" | "utm_campaign" | "user" => "x",
        other => panic!("what could be asked with {other}?"),
    };
    vec![format!("{name}={value}")]
}

#[tokio::test]
async fn another_project_s_answers_hold_nothing_of_this_one() {
    let world = world().await;
    world.furnish().await;
    for Question { path: route, .. } in questions() {
        let (status, answer) = world.ask(&format!("other{route}")).await;
        let text = answer.to_string();
        assert!(
            status == StatusCode::OK || status == StatusCode::NOT_FOUND,
            "{route}: {answer}"
        );
        for secret in [
            "/shop\"",
            "#buy",
            "\"DE\"",
            SECRET,
            &SESSION.to_string(),
            &CHUNK.to_string(),
        ] {
            assert!(!text.contains(secret), "{route} tells {secret}: {text}");
        }
    }
}

#[tokio::test]
async fn nobody_gets_anything_without_signing_in() {
    let world = world().await;
    for Question { path: route, .. } in questions() {
        let request = Request::get(format!("/api/v1/projects/mine{route}"))
            .body(Body::empty())
            .unwrap();
        assert_eq!(
            send(&world.router, request).await.0,
            StatusCode::UNAUTHORIZED,
            "{route}"
        );
    }
}

#[tokio::test]
async fn no_route_reads_raw_events_but_a_session_s_own_list() {
    let world = world().await;
    world.furnish().await;
    for Question { template, tag, path } in questions() {
        drop(world.queries.take());
        let (status, answer) = world.ask(&format!("mine{path}")).await;
        let is_nothing = template.contains("{rule_id}");
        assert_eq!(
            status,
            if is_nothing {
                StatusCode::NOT_FOUND
            } else {
                StatusCode::OK
            },
            "{path}: {answer}"
        );
        let queries = world.queries.take();
        let is_metadata = matches!(tag.as_str(), "projects" | "keys" | "members" | "alerts");
        assert_eq!(queries.is_empty(), is_metadata, "{path}: {queries:?}");
        let reads_events = queries.iter().any(|query| query.reads("events"));
        assert_eq!(
            reads_events,
            template == "/sessions/{session_id}/events",
            "{path}: {queries:?}"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_asked_is_a_validation_error() {
    let world = world().await;
    let nonsense = format!("sessions/{SESSION}/events?types=click,nonsense");
    let nothing = format!("sessions/{SESSION}/events?types=");
    for question in [
        nonsense.as_str(),
        nothing.as_str(),
        "overview?start=2&end=1",
        "overview?start=yesterday",
        "overview?timezone=Mars/Base",
        "sessions?sort=password_hash",
        "sessions?cursor=forged",
        "sessions?rage=perhaps",
        "insights?session_id=nonsense",
        "heatmaps?type=click",
        "heatmaps?path=/&type=nonsense",
    ] {
        let (status, answer) = world.ask(&format!("mine/{question}")).await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (StatusCode::BAD_REQUEST, &json!("VALIDATION_ERROR")),
            "{question}"
        );
    }
}
