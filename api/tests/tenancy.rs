//! Nobody sees another project, whichever route they try.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]

mod common;

use std::collections::BTreeMap;

use common::{Installation, PROJECT};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// What there is one of in a project, by the name of the path's parameter that holds its id.
type Ids = BTreeMap<&'static str, String>;

/// One operation of the document, to be asked for in some project.
struct Operation {
    method: Method,
    /// As in the document: `/projects/{project}/keys/{key_id}`.
    template: String,
    /// A body that would be accepted.
    body: Option<Value>,
}

impl Operation {
    /// Every operation of the document.
    fn all() -> Vec<Self> {
        let document = serde_json::to_value(gosight_api::document()).unwrap();
        let paths = document["paths"].as_object().unwrap();
        let operations = paths.iter().flat_map(|(path, item)| {
            item.as_object().unwrap().iter().map(|(method, operation)| Self {
                method: method.to_uppercase().parse().unwrap(),
                template: path.clone(),
                body: operation
                    .get("requestBody")
                    .map(|_| body(operation["operationId"].as_str().unwrap())),
            })
        });
        operations.collect()
    }

    /// Those of a project.
    fn of_projects() -> Vec<Self> {
        Self::all()
            .into_iter()
            .filter(|operation| operation.template.starts_with("/projects/{project}"))
            .collect()
    }

    fn path(&self, project: &str, ids: &Ids) -> String {
        let fill = |segment: &str| match segment.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some("project") => project.to_owned(),
            Some(name) => ids
                .get(name)
                .unwrap_or_else(|| panic!("what is a {name}? furnish makes none"))
                .clone(),
            None => segment.to_owned(),
        };
        self.template.split('/').map(fill).collect::<Vec<_>>().join("/")
    }

    /// What is recorded of visitors is in the analytics, which is not here: `analytics/routes.rs` asks for it with another's token.
    fn is_of_analytics(&self) -> bool {
        ["{session_id}", "{digest}"].iter().any(|id| self.template.contains(id))
    }

    /// Where the things are listed one of which this is about, when it is.
    fn list(&self) -> Option<Self> {
        let (list, _) = self.template.strip_prefix("/projects/{project}")?.split_once("/{")?;
        Some(Self {
            method: Method::GET,
            template: format!("/projects/{{project}}{list}"),
            body: None,
        })
    }
}

/// What an operation accepts: a refusal must come from who asks, not from what is said.
fn body(operation_id: &str) -> Value {
    match operation_id {
        "create_project" => json!({ "name": "New", "slug": "new" }),
        "update_project" => json!({ "name": "Renamed" }),
        "create_key" => json!({ "name": "x", "permissions": ["read"] }),
        "set_member_role" => json!({ "role": "viewer" }),
        "create_invitation" => json!({ "email": "mallory@example.com", "role": "viewer" }),
        "create_alert_rule" | "replace_alert_rule" => rule("Theirs"),
        "change_alert_rule" => json!({ "name": "Theirs" }),
        "login" | "register" => json!({ "email": "mallory@example.com", "password": common::PASSWORD }),
        "change_password" => json!({ "current_password": "x", "new_password": common::PASSWORD }),
        "accept_invitation" => json!({ "token": "x" }),
        other => panic!("what would {other} accept?"),
    }
}

fn rule(name: &str) -> Value {
    json!({ "name": name, "metric": "rage_clicks", "operator": ">", "threshold": 3, "window": "5m", "channels": [] })
}

/// One of everything in the main project, analytics apart.
async fn furnish(it: &Installation) -> Ids {
    let owner = it.owner().await;
    let path = |rest: &str| format!("/projects/{PROJECT}/{rest}");
    let created = async |rest: &str, body: Value| {
        let answer = it.post(&path(rest), &owner, body).await;
        answer.data()["id"].as_str().unwrap().to_owned()
    };
    let project_id = it.meta.project_by_slug(PROJECT).await.unwrap().id;
    let code = [7; 32];
    it.meta
        .create_telegram_code(project_id, &code, i64::MAX, 0)
        .await
        .unwrap();
    it.meta.link_telegram_chat(&code, 42, "Ops", 1).await.unwrap();
    let invitation = json!({ "email": "bob@example.com", "role": "viewer" });
    Ids::from([
        (
            "key_id",
            created("keys", json!({ "name": "reports", "permissions": ["read"] })).await,
        ),
        ("rule_id", created("alerts/rules", rule("Rage")).await),
        ("invitation_id", created("invitations", invitation).await),
        (
            "user_id",
            it.get("/auth/me", &owner).await.data()["id"]
                .as_str()
                .unwrap()
                .to_owned(),
        ),
        ("chat_id", "42".to_owned()),
        ("session_id", "0190163d-8694-739b-aea5-966c26f8ad91".to_owned()),
        ("recording_id", "0190163d-8694-739b-aea5-966c26f8ad92".to_owned()),
        ("digest", "07".repeat(32)),
    ])
}

/// What the owner sees of everything that operations with an id are about.
async fn inventory(it: &Installation) -> BTreeMap<String, Value> {
    let owner = it.owner().await;
    let mut inventory = BTreeMap::new();
    let operations = Operation::of_projects();
    let operations = operations.iter().filter(|operation| !operation.is_of_analytics());
    for list in operations.filter_map(Operation::list) {
        let path = list.path(PROJECT, &Ids::new());
        let listed = it.get(&path, &owner).await;
        assert!(!listed.data().as_array().unwrap().is_empty(), "{path} is not furnished");
        inventory.insert(path, listed.body);
    }
    inventory
}

async fn attack(it: &Installation, project: &str, token: Option<&str>, expected: &[StatusCode]) {
    let ids = furnish(it).await;
    let before = inventory(it).await;
    for operation in Operation::of_projects() {
        let (method, path) = (operation.method.clone(), operation.path(project, &ids));
        let answer = it.send(method.clone(), &path, token, operation.body).await;
        assert!(expected.contains(&answer.status), "{method} {path}: {answer:?}");
        assert_eq!(answer.body["success"], false, "{method} {path}");
        assert_eq!(answer.body.get("data"), None, "{method} {path}");
    }
    assert_eq!(inventory(it).await, before, "nothing was changed");
    assert_eq!(
        it.get(&format!("/projects/{PROJECT}"), &it.owner().await).await.status,
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
    attack(&it, PROJECT, Some(&eve), &[StatusCode::NOT_FOUND]).await;
    attack(&it, &id, Some(&eve), &[StatusCode::NOT_FOUND]).await;
    let listed = it.get("/projects", &eve).await;
    assert_eq!(listed.data().as_array().unwrap().len(), 1);
    assert_eq!(listed.data()[0]["slug"], "other");
}

#[tokio::test]
async fn ids_of_another_project_name_nothing_in_ones_own() {
    let it = Installation::ready().await;
    let owner = it.owner().await;
    it.post("/projects", &owner, json!({ "name": "Other", "slug": "other" }))
        .await;
    let eve = it.invited("other", "eve@example.com", "owner").await;
    // The founder is a member of both; an id of hers would name somebody in either.
    let founder = it.get("/auth/me", &owner).await.data()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let removed = it
        .send(
            Method::DELETE,
            &format!("/projects/other/members/{founder}"),
            Some(&eve),
            None,
        )
        .await;
    assert_eq!(removed.status, StatusCode::OK, "{removed:?}");
    let ids = furnish(&it).await;
    let before = inventory(&it).await;
    for operation in Operation::of_projects() {
        if operation.list().is_none() || operation.is_of_analytics() {
            continue;
        }
        let (method, path) = (operation.method.clone(), operation.path("other", &ids));
        let answer = it.send(method.clone(), &path, Some(&eve), operation.body).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path}: {answer:?}");
        assert_eq!(answer.body.get("data"), None, "{method} {path}");
    }
    assert_eq!(inventory(&it).await, before, "nothing was changed");
    let history = it
        .get(
            &format!("/projects/other/alerts/history?rule_id={}", ids["rule_id"]),
            &eve,
        )
        .await;
    assert_eq!(history.data(), &json!([]));
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
    for operation in Operation::all() {
        let (method, path) = (operation.method, operation.template);
        let is_open = path.starts_with("/auth/") && path != "/auth/me" && path != "/auth/password";
        if !path.contains('{') && !is_open {
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
    let ids = furnish(&it).await;
    for operation in Operation::of_projects() {
        let (method, path) = (operation.method.clone(), operation.path(PROJECT, &ids));
        if method != Method::GET {
            let answer = it.send(method.clone(), &path, Some(&viewer), operation.body).await;
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
