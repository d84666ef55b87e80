//! An installation for tests: real SQLite, a real socket, an API nobody else talks to. Analytics is not there: what is tested here must
//! work without it.
#![allow(dead_code, unreachable_pub, reason = "every test file uses its own part of it")]
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::net::SocketAddr;

use gosight_api::notifications::Notifier;
use gosight_api::notifications::webhook::Reach;
use gosight_api::{Api, Bootstrap, Config, bootstrap, router};
use gosight_store::analytics::Analytics;
use gosight_store::engine::Server;
use gosight_store::live::Bus;
use gosight_store::meta::Meta;
use reqwest::{Client, Method, Response, StatusCode, header};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

pub const EMAIL: &str = "owner@example.com";
pub const PASSWORD: &str = "correct horse battery";
pub const PROJECT: &str = "main";
pub const KEY: &str = "gsk_0123456789abcdef";

pub struct Installation {
    pub url: String,
    pub address: SocketAddr,
    pub meta: Meta,
    pub bus: Bus,
    pub client: Client,
    _folder: TempDir,
}

/// An answer, taken apart.
#[derive(Debug)]
pub struct Answered {
    pub status: StatusCode,
    pub headers: header::HeaderMap,
    pub body: Value,
}

impl Answered {
    pub fn data(&self) -> &Value {
        assert_eq!(self.body["success"], true, "{self:?}");
        &self.body["data"]
    }

    pub fn code(&self) -> &str {
        assert_eq!(self.body["success"], false, "{self:?}");
        self.body["error"]["code"].as_str().unwrap()
    }

    /// The refresh cookie it set, as a `Cookie` header.
    pub fn cookie(&self) -> String {
        let set = self.headers.get(header::SET_COOKIE).unwrap().to_str().unwrap();
        set.split(';').next().unwrap().to_owned()
    }
}

impl Installation {
    /// Nobody has registered yet.
    pub async fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let meta = Meta::open_file(&folder.path().join("meta.sqlite")).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let url = format!("http://{address}");
        let nowhere = Server {
            url: "http://127.0.0.1:1".into(),
            user: String::new(),
            password: String::new(),
            database: "x".into(),
        };
        let bus = Bus::new();
        let notifier = Notifier::new(meta.clone(), None, Reach::Public, &url);
        // Tests say where they come from with X-Forwarded-For.
        let config = Config {
            public_url: url.clone(),
            trusts_proxy: true,
        };
        let api = Api::new(meta.clone(), Analytics::fixed(nowhere), bus.clone(), notifier, config).unwrap();
        let app = router(api).into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let client = Client::builder().pool_max_idle_per_host(0).build().unwrap();
        Self {
            url,
            address,
            meta,
            bus,
            client,
            _folder: folder,
        }
    }

    /// With an owner, a project and its key.
    pub async fn ready() -> Self {
        let it = Self::empty().await;
        let wish = Bootstrap {
            admin_email: Some(EMAIL.into()),
            admin_password: Some(PASSWORD.into()),
            project: Some(PROJECT.into()),
            project_key: Some(KEY.into()),
        };
        bootstrap(&it.meta, &wish, 1).await.unwrap();
        it
    }

    pub async fn send(&self, method: Method, path: &str, token: Option<&str>, body: Option<Value>) -> Answered {
        self.send_with(method, path, token, body, &[]).await
    }

    pub async fn send_with(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
        headers: &[(&'static str, &str)],
    ) -> Answered {
        let mut request = self.client.request(method, format!("{}/api/v1{path}", self.url));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        taken_apart(request.send().await.unwrap()).await
    }

    pub async fn get(&self, path: &str, token: &str) -> Answered {
        self.send(Method::GET, path, Some(token), None).await
    }

    pub async fn post(&self, path: &str, token: &str, body: Value) -> Answered {
        self.send(Method::POST, path, Some(token), Some(body)).await
    }

    pub async fn login(&self, email: &str, password: &str) -> Answered {
        self.send(
            Method::POST,
            "/auth/login",
            None,
            Some(json!({ "email": email, "password": password })),
        )
        .await
    }

    /// The owner's access token.
    pub async fn owner(&self) -> String {
        token_of(&self.login(EMAIL, PASSWORD).await)
    }

    /// Invites somebody to a project and registers them; gives their access token.
    pub async fn invited(&self, project: &str, email: &str, role: &str) -> String {
        let owner = self.owner().await;
        let invitation = self
            .post(
                &format!("/projects/{project}/invitations"),
                &owner,
                json!({ "email": email, "role": role }),
            )
            .await;
        let token = invitation.data()["token"].as_str().unwrap();
        let body = json!({ "email": email, "password": PASSWORD, "invitation_token": token });
        token_of(&self.send(Method::POST, "/auth/register", None, Some(body)).await)
    }
}

pub fn token_of(answer: &Answered) -> String {
    answer.data()["access_token"].as_str().unwrap().to_owned()
}

async fn taken_apart(response: Response) -> Answered {
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await.unwrap();
    Answered {
        status,
        headers,
        body: serde_json::from_str(&text).unwrap_or(Value::String(text)),
    }
}

/// Where a request claims to come from, for the limits per address.
pub fn from(address: &str) -> [(&'static str, &str); 1] {
    [("x-forwarded-for", address)]
}
