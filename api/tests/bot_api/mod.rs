//! A local server that speaks Telegram's Bot API, because Telegram's own servers cannot be reached from a test.
//!
//! It keeps what was sent, hands out the updates a test queues (long polling included), and can refuse the next calls the way Telegram does.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use url::Url;

pub(crate) const TOKEN: &str = "123456:test-token";
/// What a test waits for until it calls the thing broken.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Clone)]
pub(crate) struct BotApi {
    pub(crate) url: Url,
    state: Arc<State_>,
}

struct State_ {
    inner: Mutex<Inner>,
    changed: watch::Sender<u64>,
}

#[derive(Default)]
struct Inner {
    updates: VecDeque<Value>,
    update_id: i64,
    message_id: i64,
    /// The bodies of `sendMessage` that were accepted.
    sent: Vec<Value>,
    refusals: VecDeque<(u16, Value)>,
}

impl BotApi {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let state = Arc::new(State_ {
            inner: Mutex::default(),
            changed: watch::Sender::new(0),
        });
        let router = Router::new()
            .route("/{bot}/{method}", post(call))
            .with_state(state.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            url: format!("http://{address}").parse().unwrap(),
            state,
        }
    }

    /// A person writes to the bot.
    pub(crate) fn says(&self, chat_id: i64, text: &str) {
        self.state.update(|inner| {
            let id = inner.next_message();
            inner.queue(json!({ "message": message(id, chat_id, text, &json!({ "id": 7, "is_bot": false, "first_name": "Ann" })) }));
        });
    }

    /// The bot is thrown out of a group.
    pub(crate) fn removes_bot(&self, chat_id: i64) {
        let bot = json!({ "id": 123456, "is_bot": true, "first_name": "GoSight", "username": "gosight_test_bot" });
        let ann = json!({ "id": 7, "is_bot": false, "first_name": "Ann" });
        self.state.update(|inner| {
            inner.queue(json!({ "my_chat_member": {
                "chat": chat(chat_id), "from": ann, "date": 1_700_000_000,
                "old_chat_member": { "status": "member", "user": bot },
                "new_chat_member": { "status": "left", "user": bot },
            } }));
        });
    }

    /// The next `sendMessage` is answered so.
    pub(crate) fn refuses_next(&self, status: u16, body: Value) {
        self.state.update(|inner| inner.refusals.push_back((status, body)));
    }

    pub(crate) fn sent(&self) -> Vec<Value> {
        self.state.inner.lock().unwrap().sent.clone()
    }

    /// The `count`th message, as soon as it was sent.
    pub(crate) async fn message(&self, count: usize) -> Value {
        let mut changed = self.state.changed.subscribe();
        let wait = async {
            loop {
                if let Some(message) = self.sent().get(count - 1) {
                    return message.clone();
                }
                changed.changed().await.unwrap();
            }
        };
        tokio::time::timeout(PATIENCE, wait)
            .await
            .unwrap_or_else(|_| panic!("message {count} was not sent; there are {:#?}", self.sent()))
    }
}

impl State_ {
    fn update(&self, change: impl FnOnce(&mut Inner)) {
        change(&mut self.inner.lock().unwrap());
        self.changed.send_modify(|version| *version += 1);
    }
}

impl Inner {
    fn next_message(&mut self) -> i64 {
        self.message_id += 1;
        self.message_id
    }

    fn queue(&mut self, mut update: Value) {
        self.update_id += 1;
        update["update_id"] = json!(self.update_id);
        self.updates.push_back(update);
    }
}

async fn call(
    State(state): State<Arc<State_>>,
    Path((bot, method)): Path<(String, String)>,
    body: axum::body::Bytes,
) -> Response {
    if bot != format!("bot{TOKEN}") {
        return refuse(401, json!({ "description": "Unauthorized" }));
    }
    let body: Value = serde_json::from_slice(&body).unwrap_or(json!({}));
    match method.to_ascii_lowercase().as_str() {
        "getme" => ok(json!({
            "id": 123456, "is_bot": true, "first_name": "GoSight", "username": "gosight_test_bot", "can_join_groups": true,
            "can_read_all_group_messages": false, "supports_inline_queries": false, "can_connect_to_business": false, "has_main_web_app": false,
        })),
        "getupdates" => ok(updates(&state, &body).await),
        "sendmessage" => send_message(&state, &body),
        _ => refuse(404, json!({ "description": "Not Found" })),
    }
}

/// Everything from `offset` on; waits for news as long as the poll allows.
async fn updates(state: &State_, body: &Value) -> Value {
    let offset = body["offset"].as_i64().unwrap_or(0);
    let wait = Duration::from_secs(body["timeout"].as_u64().unwrap_or(0));
    let mut changed = state.changed.subscribe();
    let news = async {
        loop {
            let due: Vec<Value> = {
                let mut inner = state.inner.lock().unwrap();
                inner
                    .updates
                    .retain(|update| update["update_id"].as_i64() >= Some(offset));
                inner.updates.iter().cloned().collect()
            };
            if !due.is_empty() {
                return due;
            }
            changed.changed().await.unwrap();
        }
    };
    json!(tokio::time::timeout(wait, news).await.unwrap_or_default())
}

fn send_message(state: &State_, body: &Value) -> Response {
    let mut answer = None;
    state.update(|inner| {
        answer = Some(match inner.refusals.pop_front() {
            Some((status, body)) => refuse(status, body),
            None => {
                let id = inner.next_message();
                let mut kept = body.clone();
                kept["message_id"] = json!(id);
                inner.sent.push(kept);
                let chat_id = body["chat_id"].as_i64().unwrap_or_default();
                let bot =
                    json!({ "id": 123456, "is_bot": true, "first_name": "GoSight", "username": "gosight_test_bot" });
                ok(message(id, chat_id, body["text"].as_str().unwrap_or_default(), &bot))
            }
        });
    });
    answer.unwrap()
}

fn message(id: i64, chat_id: i64, text: &str, from: &Value) -> Value {
    json!({ "message_id": id, "date": 1_700_000_000, "chat": chat(chat_id), "from": from, "text": text })
}

fn chat(id: i64) -> Value {
    if id < 0 {
        json!({ "id": id, "type": "group", "title": "Ops" })
    } else {
        json!({ "id": id, "type": "private", "first_name": "Ann" })
    }
}

fn ok(result: Value) -> Response {
    Json(json!({ "ok": true, "result": result })).into_response()
}

fn refuse(status: u16, mut body: Value) -> Response {
    body["ok"] = json!(false);
    body["error_code"] = json!(status);
    (StatusCode::from_u16(status).unwrap(), Json(body)).into_response()
}
