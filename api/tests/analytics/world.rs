//! An installation on the real engine, and a client of it.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use gosight_api::notifications::Notifier;
use gosight_api::notifications::webhook::Reach;
use gosight_api::{Api, Bootstrap, Config, bootstrap, router};
use gosight_store::analytics::{Analytics, QueryLog};
use gosight_store::live::Bus;
use gosight_store::meta::Meta;
use gosight_store::rows::TableRow;
use gosight_store::testing;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;
use uuid::Uuid;

use crate::samples::MONDAY;

const EMAIL: &str = "ann@example.com";
const PASSWORD: &str = "correct horse battery staple";

pub(crate) struct World {
    pub(crate) router: Router,
    pub(crate) meta: Meta,
    analytics: Analytics,
    pub(crate) bus: Bus,
    pub(crate) queries: QueryLog,
    pub(crate) token: String,
    pub(crate) project_id: Uuid,
    _folder: TempDir,
}

/// An installation with an owner, the projects `mine` and `other`, and the owner signed in.
pub(crate) async fn world() -> World {
    let folder = TempDir::new().unwrap();
    let meta = Meta::open_file(&folder.path().join("meta.sqlite")).await.unwrap();
    for slug in ["mine", "other"] {
        let wish = Bootstrap {
            admin_email: Some(EMAIL.into()),
            admin_password: Some(PASSWORD.into()),
            project: Some(slug.into()),
            project_key: None,
        };
        bootstrap(&meta, &wish, MONDAY).await.unwrap();
    }
    let project_id = meta.project_by_slug("mine").await.unwrap().id;
    let queries = QueryLog::default();
    let analytics = testing::analytics().await.with_query_log(queries.clone());
    let bus = Bus::new();
    let notifier = Notifier::new(meta.clone(), None, Reach::Anywhere, "http://gosight.example");
    let config = Config {
        public_url: "http://gosight.example".into(),
        trusts_proxy: false,
    };
    let api = Api::new(
        meta.clone(),
        analytics.clone(),
        bus.clone(),
        Arc::clone(&notifier),
        config,
    );
    let router = router(api.unwrap());
    let token = sign_in(&router).await;
    World {
        router,
        meta,
        analytics,
        bus,
        queries,
        token,
        project_id,
        _folder: folder,
    }
}

async fn sign_in(router: &Router) -> String {
    let body = json!({ "email": EMAIL, "password": PASSWORD }).to_string();
    let request = Request::post("/api/v1/auth/login")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body))
        .unwrap();
    let (status, answer) = send(router, request).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer["data"]["access_token"].as_str().unwrap().to_owned()
}

pub(crate) async fn send(router: &Router, request: Request<Body>) -> (StatusCode, Value) {
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), 10_000_000).await.unwrap();
    let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
    (status, serde_json::from_slice(&bytes).unwrap_or_else(|_| text()))
}

impl World {
    pub(crate) async fn ask(&self, path: &str) -> (StatusCode, Value) {
        let request = Request::get(format!("/api/v1/projects/{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        send(&self.router, request.body(Body::empty()).unwrap()).await
    }

    /// The answer to a question that must succeed.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, answer) = self.ask(path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        assert_eq!(answer["success"], true);
        answer
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        let request = Request::post(format!("/api/v1{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()));
        let (status, answer) = send(&self.router, request.unwrap()).await;
        assert!(status.is_success(), "{path}: {answer}");
        answer
    }

    /// The token of somebody with this role in `mine`.
    pub(crate) async fn somebody(&self, role: &str) -> String {
        let invitation = json!({ "email": format!("{role}@example.com"), "role": role });
        let invitation = self.post("/projects/mine/invitations", invitation).await;
        let registration = json!({ "email": format!("{role}@example.com"), "password": PASSWORD, "invitation_token": invitation["data"]["token"] });
        let answer = self.post("/auth/register", registration).await;
        answer["data"]["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn ask_as(&self, token: &str, path: &str, headers: &[(header::HeaderName, &str)]) -> Response {
        let mut request =
            Request::get(format!("/api/v1/projects/{path}")).header(header::AUTHORIZATION, format!("Bearer {token}"));
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub(crate) async fn write<T: TableRow>(&self, rows: &[T]) {
        self.analytics.insert(rows, &Uuid::new_v4().to_string()).await.unwrap();
    }
}
