//! Nobody sees another project, whichever route they try.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]

mod common;

use common::{Installation, PROJECT};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// Every operation of the document, with the project filled in and other parameters set to something that exists or might.
fn operations(project: &str, key_id: &str) -> Vec<(Method, String)> {
    let document = serde_json::to_value(gosight_api::document()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let path = path
                .replace("{project}", project)
                .replace("{key_id}", key_id)
                .replace("{chat_id}", "1");
            let path: Vec<&str> = path
                .split('/')
                .map(|segment| {
                    if segment.starts_with('{') {
                        "0190163d-8694-739b-aea5-966c26f8ad91"
                    } else {
                        segment
                    }
                })
                .collect();
            operations.push((method.to_uppercase().parse().unwrap(), path.join("/")));
        }
    }
    operations
}

/// Operations that have no project in them.
fn is_without_project(path: &str) -> bool {
    !path.starts_with("/projects/")
}

async fn attack(it: &Installation, project: &str, token: Option<&str>, expected: &[StatusCode]) {
    let owner = it.owner().await;
    let keys = it.get(&format!("/projects/{PROJECT}/keys"), &owner).await;
    let key_id = keys.data()[0]["id"].as_str().unwrap().to_owned();
    let mut tried = 0;
    for (method, path) in operations(project, &key_id) {
        if is_without_project(&path) {
            continue;
        }
        let body = (method != Method::GET).then(|| json!({ "name": "x", "role": "owner", "email": "eve@example.com" }));
        let answer = it.send(method.clone(), &path, token, body).await;
        assert!(expected.contains(&answer.status), "{method} {path}: {answer:?}");
        assert_eq!(answer.body["success"], false, "{method} {path}");
        assert_eq!(answer.body.get("data"), None, "{method} {path}");
        tried += 1;
    }
    assert!(tried >= 15, "only {tried} routes were tried");
    assert_eq!(
        it.get(&format!("/projects/{PROJECT}/keys"), &owner).await.body,
        keys.body,
        "nothing was changed"
    );
    assert_eq!(
        it.get(&format!("/projects/{PROJECT}"), &owner).await.status,
        StatusCode::OK
    );
}

async fn main_id(it: &Installation) -> String {
    it.meta.project_by_slug(PROJECT).await.unwrap().id.to_string()
}

#[tokio::test]
async fn every_route_refuses_another_projects_member() {
    let it = Installation::ready().await;
    let owner = it.owner().await;
    it.post("/projects", &owner, json!({ "name": "Other", "slug": "other" }))
        .await;
    let eve = it.invited("other", "eve@example.com", "owner").await;
    let id = main_id(&it).await;
    for project in [PROJECT, id.as_str()] {
        attack(&it, project, Some(&eve), &[StatusCode::NOT_FOUND]).await;
    }
    let listed = it.get("/projects", &eve).await;
    assert_eq!(listed.data().as_array().unwrap().len(), 1);
    assert_eq!(listed.data()[0]["slug"], "other");
}

#[tokio::test]
async fn every_route_refuses_another_projects_read_key() {
    let it = Installation::ready().await;
    let owner = it.owner().await;
    it.post("/projects", &owner, json!({ "name": "Other", "slug": "other" }))
        .await;
    let key = it
        .post(
            "/projects/other/keys",
            &owner,
            json!({ "name": "reports", "permissions": ["read"] }),
        )
        .await;
    let key = key.data()["key"].as_str().unwrap().to_owned();
    assert_eq!(it.get("/projects/other", &key).await.data()["role"], "viewer");
    attack(&it, PROJECT, Some(&key), &[StatusCode::NOT_FOUND]).await;
}

#[tokio::test]
async fn every_route_refuses_nobody() {
    let it = Installation::ready().await;
    for token in [None, Some("gsa_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), Some(common::KEY)] {
        attack(&it, PROJECT, token, &[StatusCode::UNAUTHORIZED]).await;
    }
    for (method, path) in operations(PROJECT, "x") {
        let is_open = path.starts_with("/auth/") && path != "/auth/me" && path != "/auth/password";
        if is_without_project(&path) && !is_open {
            let answer = it.send(method.clone(), &path, None, Some(json!({}))).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_viewer_reads_and_changes_nothing() {
    let it = Installation::ready().await;
    let viewer = it.invited(PROJECT, "ann@example.com", "viewer").await;
    assert_eq!(it.get("/projects/main", &viewer).await.data()["role"], "viewer");
    assert_eq!(it.get("/projects/main/members", &viewer).await.status, StatusCode::OK);
    for (method, path) in operations(PROJECT, "0190163d-8694-739b-aea5-966c26f8ad91") {
        if !is_without_project(&path) && method != Method::GET {
            let answer = it
                .send(method.clone(), &path, Some(&viewer), Some(json!({ "role": "owner" })))
                .await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method} {path}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn an_admin_is_no_owner() {
    let it = Installation::ready().await;
    let admin = it.invited(PROJECT, "ann@example.com", "admin").await;
    let owner = it.owner().await;
    let me = it.get("/auth/me", &owner).await.data()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let owners = format!("/projects/main/members/{me}");
    let cases: [(Method, &str, Value); 4] = [
        (Method::DELETE, "/projects/main", json!({})),
        (Method::DELETE, &owners, json!({})),
        (Method::PATCH, &owners, json!({ "role": "viewer" })),
        (
            Method::POST,
            "/projects/main/invitations",
            json!({ "email": "eve@example.com", "role": "owner" }),
        ),
    ];
    for (method, path, body) in cases {
        let answer = it.send(method.clone(), path, Some(&admin), Some(body)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method} {path}");
    }
}

#[tokio::test]
async fn a_removed_member_is_out_at_once() {
    let it = Installation::ready().await;
    let ann = it.invited(PROJECT, "ann@example.com", "admin").await;
    let id = it.get("/auth/me", &ann).await.data()["id"].as_str().unwrap().to_owned();
    let owner = it.owner().await;
    let removed = it
        .send(
            Method::DELETE,
            &format!("/projects/main/members/{id}"),
            Some(&owner),
            None,
        )
        .await;
    assert_eq!(removed.status, StatusCode::OK);
    assert_eq!(it.get("/projects/main", &ann).await.code(), "NOT_FOUND");
}
