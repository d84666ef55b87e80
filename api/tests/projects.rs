//! Projects, keys, the audit log, and what every answer has in common.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]

mod common;

use common::{Installation, PROJECT};
use reqwest::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
async fn a_new_project_shows_its_first_key_once() {
    let it = Installation::ready().await;
    let owner = it.owner().await;
    let made = it
        .post(
            "/projects",
            &owner,
            json!({ "name": "My Shop", "allowed_domains": ["Shop.example"] }),
        )
        .await;
    assert_eq!(made.status, StatusCode::CREATED);
    let project = made.data();
    assert_eq!(
        (project["slug"].as_str(), project["role"].as_str()),
        (Some("my-shop"), Some("owner"))
    );
    assert_eq!(project["allowed_domains"], json!(["shop.example"]));
    let key = project["key"].as_str().unwrap();
    assert!(
        (16..=128).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    );

    for slug_or_id in ["my-shop", project["id"].as_str().unwrap()] {
        let again = it.get(&format!("/projects/{slug_or_id}"), &owner).await;
        assert_eq!(again.data()["name"], "My Shop");
        assert_eq!(again.data().get("key"), None);
        let keys = it.get(&format!("/projects/{slug_or_id}/keys"), &owner).await;
        assert!(!keys.body.to_string().contains(key));
        assert!(key.starts_with(keys.data()[0]["prefix"].as_str().unwrap()));
    }
}

#[tokio::test]
async fn slugs_are_unique_whether_given_or_made() {
    let it = Installation::ready().await;
    let owner = it.owner().await;
    let taken = it
        .post("/projects", &owner, json!({ "name": "Again", "slug": PROJECT }))
        .await;
    assert_eq!((taken.status, taken.code()), (StatusCode::CONFLICT, "CONFLICT"));
    let made = it.post("/projects", &owner, json!({ "name": "Main" })).await;
    assert!(made.data()["slug"].as_str().unwrap().starts_with("main-"));
    for slug in ["login", "Shop", "a b", "0190163d-8694-739b-aea5-966c26f8ad91", ""] {
        let refused = it.post("/projects", &owner, json!({ "name": "x", "slug": slug })).await;
        assert_eq!(refused.code(), "VALIDATION_ERROR", "{slug}");
        assert_eq!(refused.body["error"]["details"]["field"], "slug");
    }
}

#[tokio::test]
async fn the_list_has_todays_numbers_or_says_that_they_are_not_known() {
    let it = Installation::ready().await;
    let list = it.get("/projects", &it.owner().await).await;
    let project = &list.data()[0];
    assert_eq!(
        (project["slug"].as_str(), project["role"].as_str()),
        (Some(PROJECT), Some("owner"))
    );
    assert!(
        project["sessions_today"].is_null() && project["events_today"].is_null(),
        "analytics is not there: {project}"
    );
    assert!(list.body["meta"]["complete_to"].is_string());
}

#[tokio::test]
async fn settings_are_patched_checked_and_reach_the_dataflow() {
    let it = Installation::ready().await;
    let owner = it.owner().await;
    let patch = async |body| it.send(Method::PATCH, "/projects/main", Some(&owner), Some(body)).await;
    let changed = patch(
        json!({ "settings": { "insights": { "rage_click": { "min_clicks": 3 } }, "timezone": "Asia/Ho_Chi_Minh" } }),
    )
    .await;
    assert_eq!(
        changed.data()["settings"]["insights"]["rage_click"],
        json!({ "min_clicks": 3, "window_ms": 2000, "radius_px": 50 })
    );
    assert_eq!(changed.data()["timezone"], "Asia/Ho_Chi_Minh");
    let (_, last) = it.meta.control_after(0, 100).await.unwrap().pop().unwrap();
    assert_eq!(
        serde_json::to_value(last).unwrap()["thresholds"]["rage_click"]["min_clicks"],
        3
    );
    for bad in [
        json!({ "settings": { "timezone": "Mars/Olympus" } }),
        json!({ "settings": { "insights": { "rage_click": { "min_clicks": 1 } } } }),
        json!({ "settings": { "colour": "red" } }),
        json!({ "name": "" }),
        json!({ "allowed_domains": ["https://x.example"] }),
    ] {
        assert_eq!(patch(bad.clone()).await.code(), "VALIDATION_ERROR", "{bad}");
    }
}

#[tokio::test]
async fn a_deleted_project_is_gone() {
    let it = Installation::ready().await;
    let owner = it.owner().await;
    assert_eq!(
        it.send(Method::DELETE, "/projects/main", Some(&owner), None)
            .await
            .status,
        StatusCode::OK
    );
    assert_eq!(it.get("/projects/main", &owner).await.code(), "NOT_FOUND");
    let (_, last) = it.meta.control_after(0, 100).await.unwrap().pop().unwrap();
    assert_eq!(serde_json::to_value(last).unwrap()["control"], "project_deleted");
}

#[tokio::test]
async fn keys_are_made_shown_once_and_revoked_and_the_audit_log_knows() {
    let it = Installation::ready().await;
    let owner = it.owner().await;
    let made = it
        .post(
            "/projects/main/keys",
            &owner,
            json!({ "name": "Web", "permissions": ["write"] }),
        )
        .await;
    let id = made.data()["id"].as_str().unwrap().to_owned();
    assert_eq!(
        (made.status, made.data()["permissions"].clone()),
        (StatusCode::CREATED, json!(["write"]))
    );
    let path = format!("/projects/main/keys/{id}");
    let revoked = it.send(Method::DELETE, &path, Some(&owner), None).await;
    assert!(revoked.data()["revoked_at"].is_string());
    for bad in [
        json!({ "permissions": ["write", "read"] }),
        json!({ "permissions": [] }),
        json!({ "rate_limit_events_per_s": 0 }),
    ] {
        assert_eq!(
            it.post("/projects/main/keys", &owner, bad.clone()).await.code(),
            "VALIDATION_ERROR",
            "{bad}"
        );
    }
    let first = it.get("/projects/main/audit?per_page=1", &owner).await;
    assert_eq!(first.data()[0]["action"], "key.revoke");
    let cursor = first.body["meta"]["next_cursor"].as_str().unwrap();
    let second = it
        .get(&format!("/projects/main/audit?per_page=1&cursor={cursor}"), &owner)
        .await;
    assert_eq!(
        (
            second.data()[0]["action"].as_str(),
            second.body["meta"].get("next_cursor")
        ),
        (Some("key.create"), None)
    );
    assert_eq!(
        it.get("/projects/main/audit?cursor=nonsense", &owner).await.code(),
        "VALIDATION_ERROR"
    );
}

#[tokio::test]
async fn unknown_routes_methods_and_bodies_are_answered_in_the_envelope() {
    let it = Installation::ready().await;
    let owner = it.owner().await;
    assert_eq!(it.get("/nothing/here", &owner).await.code(), "NOT_FOUND");
    assert_eq!(
        it.send(Method::PUT, "/projects", Some(&owner), None).await.code(),
        "NOT_FOUND"
    );
    assert_eq!(
        it.get("/projects/main/keys/not-an-id", &owner).await.code(),
        "NOT_FOUND"
    );
    let text = it
        .client
        .post(format!("{}/api/v1/projects", it.url))
        .bearer_auth(&owner)
        .body("name=x")
        .send()
        .await
        .unwrap();
    assert_eq!(text.status(), StatusCode::BAD_REQUEST);
    let huge = it
        .post("/projects", &owner, json!({ "name": "x".repeat(300 * 1024) }))
        .await;
    assert_eq!(huge.code(), "VALIDATION_ERROR");
}

#[tokio::test]
async fn every_answer_says_what_is_left_of_the_limit_and_who_it_was() {
    let it = Installation::ready().await;
    let owner = it.owner().await;
    let answer = it.get("/projects", &owner).await;
    assert_eq!(answer.headers["x-ratelimit-limit"], "200");
    assert!(
        answer.headers["x-ratelimit-remaining"]
            .to_str()
            .unwrap()
            .parse::<u32>()
            .unwrap()
            < 200
    );
    assert!(answer.headers.contains_key("x-request-id"));
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    let mine = it
        .send_with(
            Method::GET,
            "/projects",
            Some(&owner),
            None,
            &[("x-request-id", "my-own-id")],
        )
        .await;
    assert_eq!(mine.headers["x-request-id"], "my-own-id");
}

#[tokio::test]
async fn a_flood_is_refused_with_when_to_come_back_and_others_are_not() {
    let it = Installation::ready().await;
    let owner = it.owner().await;
    let ann = it.invited(PROJECT, "ann@example.com", "viewer").await;
    let flood = futures::future::join_all((0..600).map(|_| it.get("/auth/me", &owner))).await;
    let refused: Vec<_> = flood
        .iter()
        .filter(|answer| answer.status == StatusCode::TOO_MANY_REQUESTS)
        .collect();
    assert!(!refused.is_empty() && refused.len() <= 400, "{} refused", refused.len());
    assert_eq!(refused[0].code(), "RATE_LIMITED");
    assert!(refused[0].headers.contains_key("retry-after"));
    assert_eq!(it.get("/auth/me", &ann).await.status, StatusCode::OK);
    assert_eq!(
        it.get("/projects", &owner).await.status,
        StatusCode::OK,
        "another group of routes"
    );
}

#[tokio::test]
async fn a_field_that_a_body_does_not_have_is_refused_by_name() {
    let it = Installation::ready().await;
    let owner = it.owner().await;
    let rule = json!({ "name": "r", "metric": "errors", "operator": ">", "threshold": 1, "window": "5m" });
    let with = |field: &str, value: serde_json::Value| {
        let mut rule = rule.clone();
        rule[field] = value;
        rule
    };
    for (method, path, body) in [
        (
            Method::POST,
            "/auth/register",
            json!({ "email": "a@b.c", "password": "long enough", "surprise": 1 }),
        ),
        (
            Method::POST,
            "/auth/login",
            json!({ "email": "a@b.c", "password": "long enough", "surprise": 1 }),
        ),
        (
            Method::POST,
            "/auth/password",
            json!({ "current_password": "a", "new_password": "b", "surprise": 1 }),
        ),
        (Method::POST, "/projects", json!({ "name": "x", "surprise": 1 })),
        (Method::PATCH, "/projects/main", json!({ "surprise": 1 })),
        (
            Method::PATCH,
            "/projects/main",
            json!({ "settings": { "surprise": 1 } }),
        ),
        (
            Method::POST,
            "/projects/main/keys",
            json!({ "name": "x", "surprise": 1 }),
        ),
        (
            Method::POST,
            "/projects/main/invitations",
            json!({ "email": "a@b.c", "role": "viewer", "surprise": 1 }),
        ),
        (
            Method::POST,
            "/invitations/accept",
            json!({ "token": "t", "surprise": 1 }),
        ),
        (Method::POST, "/projects/main/alerts/rules", with("surprise", json!(1))),
        (
            Method::POST,
            "/projects/main/alerts/rules",
            with("channels", json!([{ "type": "telegram", "surprise": 1 }])),
        ),
        (
            Method::POST,
            "/projects/main/alerts/rules",
            with("filters", json!([{ "dimension": "path", "value": "/", "surprise": 1 }])),
        ),
    ] {
        let answer = it.send(method, path, Some(&owner), Some(body)).await;
        let error = &answer.body["error"];
        assert_eq!(answer.code(), "VALIDATION_ERROR", "{path}: {error}");
        assert!(error.to_string().contains("surprise"), "{path}: {error}");
    }
    // Nothing was made.
    let rules = it.get("/projects/main/alerts/rules", &owner).await;
    assert_eq!(rules.data(), &json!([]));
}
