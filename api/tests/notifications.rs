//! Alerts on their way to people: real outbox, real sockets, a local server that speaks the Bot API.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]

mod bot_api;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use bot_api::{BotApi, TOKEN};
use gosight_api::notifications::webhook::{Reach, signature};
use gosight_api::notifications::{Notifier, TelegramBot, TelegramConfig, TelegramError};
use gosight_store::meta::{AlertRule, Meta, NewProject, NewUser, RuleBody, Settings};
use gosight_store::rows::{TransitionRow, TransitionState};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const CHAT: i64 = 42;
const MINUTE_MS: i64 = 60_000;

struct World {
    meta: Meta,
    rule: AlertRule,
    api: BotApi,
    stop: CancellationToken,
    _folder: tempfile::TempDir,
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A project with one rule, a bot, a running notifier.
async fn world(rule: serde_json::Value) -> World {
    let folder = tempfile::tempdir().unwrap();
    let meta = Meta::open_file(&folder.path().join("meta.sqlite")).await.unwrap();
    let ann = NewUser {
        email: "ann@example.com",
        name: "Ann",
        password_hash: "hash",
    };
    let owner = meta.create_first_user(ann, now_ms()).await.unwrap();
    let settings = Settings::default();
    let new = NewProject {
        slug: "shop",
        name: "Shop",
        allowed_domains: &[],
        settings: &settings,
        owner: owner.id,
    };
    let project = meta.create_project(&new, now_ms()).await.unwrap();
    let body: RuleBody = serde_json::from_value(rule).unwrap();
    let rule = meta.create_alert_rule(project.id, &body, now_ms()).await.unwrap();
    let api = BotApi::start().await;
    let config = TelegramConfig {
        token: TOKEN.to_owned(),
        api_url: Some(api.url.clone()),
    };
    let bot = Arc::new(TelegramBot::new(config, meta.clone()));
    let stop = CancellationToken::new();
    let (listener, until) = (bot.clone(), stop.clone());
    tokio::spawn(async move {
        let status = Box::new(|_| Box::pin(async { "12 sessions today".to_owned() }) as _);
        listener.listen(status, until).await;
    });
    let notifier = Notifier::new(meta.clone(), Some(bot), Reach::Anywhere, "http://gosight.example");
    tokio::spawn(notifier.run(stop.clone()));
    World {
        meta,
        rule,
        api,
        stop,
        _folder: folder,
    }
}

impl World {
    async fn link(&self, chat_id: i64) {
        let count = self.api.sent().len();
        let code = Uuid::new_v4().simple().to_string();
        let code_sha256 = Sha256::digest(code.as_bytes()).into();
        self.meta
            .create_telegram_code(self.rule.project_id, &code_sha256, now_ms() + MINUTE_MS, now_ms())
            .await
            .unwrap();
        self.api.says(chat_id, &format!("/start {code}"));
        let answer = self.api.message(count + 1).await;
        assert!(text(&answer).starts_with("Linked to <b>Shop</b>"), "{answer}");
    }

    fn transition(&self, state: TransitionState, at_ms: i64) -> TransitionRow {
        self.grouped(state, at_ms, "")
    }

    fn grouped(&self, state: TransitionState, at_ms: i64, group: &str) -> TransitionRow {
        TransitionRow {
            id: Uuid::new_v4(),
            project_id: self.rule.project_id,
            rule_id: self.rule.id,
            group: group.to_owned(),
            state,
            value: Some(4.0),
            threshold: self.rule.body.threshold,
            tick: u64::try_from(at_ms).unwrap(),
            session_ids: Vec::new(),
        }
    }

    async fn happens(&self, transitions: &[TransitionRow]) {
        self.meta.record_transitions(transitions, now_ms()).await.unwrap();
    }
}

fn telegram_rule() -> serde_json::Value {
    json!({ "name": "Rage", "metric": "rage_clicks", "operator": ">", "threshold": 3, "window": "5m", "channels": [{ "type": "telegram" }] })
}

fn text(message: &serde_json::Value) -> &str {
    message["text"].as_str().unwrap()
}

fn now_ms() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

#[tokio::test]
async fn a_linked_chat_hears_that_a_rule_fires_and_gets_an_answer_to_that_message_when_it_clears() {
    let world = world(telegram_rule()).await;
    world.link(CHAT).await;
    let at_ms = now_ms();
    world.happens(&[world.transition(TransitionState::Fired, at_ms)]).await;
    let fired = world.api.message(2).await;
    assert_eq!(fired["chat_id"], CHAT);
    assert!(
        text(&fired).starts_with("🔥 <b>Rage</b> · Shop\nrage clicks 4 (&gt; 3) in 5 min\n"),
        "{fired}"
    );
    world
        .happens(&[world.transition(TransitionState::Resolved, at_ms + 2 * MINUTE_MS)])
        .await;
    let resolved = world.api.message(3).await;
    assert!(text(&resolved).contains("It lasted 2 min."), "{resolved}");
    assert_eq!(resolved["reply_parameters"]["message_id"], fired["message_id"]);
}

#[tokio::test]
async fn a_message_tells_the_threshold_it_fired_by_though_the_rule_was_edited_since() {
    let world = world(telegram_rule()).await;
    world.link(CHAT).await;
    let fired = world.transition(TransitionState::Fired, now_ms());
    let (project_id, rule_id) = (world.rule.project_id, world.rule.id);
    let edited = RuleBody {
        threshold: 50.0,
        ..world.rule.body.clone()
    };
    world
        .meta
        .update_alert_rule(project_id, rule_id, &edited, now_ms())
        .await
        .unwrap();
    world.happens(&[fired]).await;
    let message = world.api.message(2).await;
    assert!(text(&message).contains("rage clicks 4 (&gt; 3) in 5 min"), "{message}");
}

#[tokio::test]
async fn a_chat_that_is_not_linked_gets_nothing_but_the_way_to_link() {
    let world = world(telegram_rule()).await;
    world.api.says(99, "/status");
    let answer = world.api.message(1).await;
    assert!(
        text(&answer).contains("not linked") && !text(&answer).contains("12 sessions"),
        "{answer}"
    );
    world.link(CHAT).await;
    world
        .happens(&[world.transition(TransitionState::Fired, now_ms())])
        .await;
    assert_eq!(world.api.message(3).await["chat_id"], CHAT);
}

#[tokio::test]
async fn a_code_works_once() {
    let world = world(telegram_rule()).await;
    let code_sha256 = Sha256::digest(b"abc").into();
    world
        .meta
        .create_telegram_code(world.rule.project_id, &code_sha256, now_ms() + MINUTE_MS, now_ms())
        .await
        .unwrap();
    world.api.says(CHAT, "/start abc");
    assert!(text(&world.api.message(1).await).starts_with("Linked"));
    world.api.says(CHAT + 1, "/start abc");
    assert!(text(&world.api.message(2).await).contains("unknown, used or expired"));
}

#[tokio::test]
async fn commands_answer_status_rules_mute_and_help() {
    let world = world(telegram_rule()).await;
    world.link(CHAT).await;
    for (command, expected) in [
        ("/status", "<b>Shop</b>\n12 sessions today"),
        ("/rules@gosight_test_bot", "• Rage (rage clicks, on)"),
        ("/mute 1h", "Quiet for 1 h"),
        ("/mute soon", "How long?"),
        ("/help", "/mute"),
    ] {
        let count = world.api.sent().len();
        world.api.says(CHAT, command);
        let answer = world.api.message(count + 1).await;
        assert!(text(&answer).contains(expected), "{command}: {answer}");
    }
    assert!(world.meta.telegram_links(CHAT).await.unwrap()[0].muted_until_ms > now_ms());
}

#[tokio::test]
async fn a_muted_chat_is_left_alone_and_hears_again_afterwards() {
    let world = world(telegram_rule()).await;
    world.link(CHAT).await;
    world.meta.mute_telegram_chat(CHAT, now_ms() + MINUTE_MS).await.unwrap();
    world
        .happens(&[world.grouped(TransitionState::Fired, now_ms(), "/a")])
        .await;
    world.meta.mute_telegram_chat(CHAT, 0).await.unwrap();
    world
        .happens(&[world.grouped(TransitionState::Fired, now_ms(), "/b")])
        .await;
    world.api.message(2).await;
    let history = world
        .meta
        .alert_history(world.rule.project_id, None, None, 10)
        .await
        .unwrap();
    let states: Vec<&str> = history
        .iter()
        .flat_map(|entry| &entry.deliveries)
        .map(|delivery| delivery.state.as_str())
        .collect();
    assert!(states.contains(&"muted"), "{states:?}");
    assert_eq!(world.api.sent().len(), 2);
}

#[tokio::test]
async fn it_waits_as_long_as_telegram_asks_and_then_sends_once() {
    let world = world(telegram_rule()).await;
    world.link(CHAT).await;
    world.api.refuses_next(
        429,
        json!({ "description": "Too Many Requests: retry after 1", "parameters": { "retry_after": 1 } }),
    );
    let asked_at = std::time::Instant::now();
    world
        .happens(&[world.transition(TransitionState::Fired, now_ms())])
        .await;
    world.api.message(2).await;
    assert!(asked_at.elapsed() >= Duration::from_secs(1));
    assert_eq!(world.api.sent().len(), 2);
}

#[tokio::test]
async fn many_groups_of_one_rule_are_folded_into_one_message() {
    let world = world(telegram_rule()).await;
    world.link(CHAT).await;
    let at_ms = now_ms();
    let groups: Vec<TransitionRow> = (0..15)
        .map(|n| world.grouped(TransitionState::Fired, at_ms, &format!("/page-{n}")))
        .collect();
    world.happens(&groups).await;
    let folded = world.api.message(2).await;
    assert!(
        text(&folded).contains("Also: ") && text(&folded).contains("and 4 more"),
        "{folded}"
    );
}

#[tokio::test]
async fn a_removed_bot_unlinks_the_chat() {
    let world = world(telegram_rule()).await;
    world.link(-5).await;
    world.api.removes_bot(-5);
    // The next command is handled after the removal: updates are taken in order.
    world.api.says(-5, "/status");
    assert!(text(&world.api.message(2).await).contains("not linked"));
    assert!(
        world
            .meta
            .telegram_chats(world.rule.project_id)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_blocked_bot_gives_up_and_unlinks() {
    let world = world(telegram_rule()).await;
    world.link(CHAT).await;
    world
        .api
        .refuses_next(403, json!({ "description": "Forbidden: bot was blocked by the user" }));
    world
        .happens(&[world.transition(TransitionState::Fired, now_ms())])
        .await;
    let mut waited = 0;
    while !world
        .meta
        .telegram_chats(world.rule.project_id)
        .await
        .unwrap()
        .is_empty()
    {
        waited += 1;
        assert!(waited < 500, "the chat stayed linked");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_wrong_token_is_rejected_and_an_absent_telegram_only_unreachable() {
    let api = BotApi::start().await;
    let folder = tempfile::tempdir().unwrap();
    let meta = Meta::open_file(&folder.path().join("meta.sqlite")).await.unwrap();
    let config = TelegramConfig {
        token: "1:wrong".to_owned(),
        api_url: Some(api.url.clone()),
    };
    let wrong = TelegramBot::new(config, meta.clone());
    assert!(matches!(wrong.connect().await, Err(TelegramError::Rejected)));
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("http://{}", closed.local_addr().unwrap()).parse().unwrap();
    drop(closed);
    let config = TelegramConfig {
        token: TOKEN.to_owned(),
        api_url: Some(nobody),
    };
    let absent = TelegramBot::new(config, meta);
    assert!(matches!(absent.connect().await, Err(TelegramError::Unreachable(_))));
    assert_eq!(absent.username(), None);
}

type Received = (HeaderMap, String);

/// A receiver that answers 500 as often as it is told, then 200.
async fn receiver(failures: usize) -> (String, mpsc::UnboundedReceiver<Received>) {
    let (out, received) = mpsc::unbounded_channel();
    let state = Arc::new((out, std::sync::atomic::AtomicUsize::new(failures)));
    type Receiving = Arc<(mpsc::UnboundedSender<Received>, std::sync::atomic::AtomicUsize)>;
    async fn hook(State(state): State<Receiving>, headers: HeaderMap, body: String) -> StatusCode {
        use std::sync::atomic::Ordering::SeqCst;
        state.0.send((headers, body)).unwrap();
        match state.1.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)) {
            Ok(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Err(_) => StatusCode::OK,
        }
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let router = Router::new().route("/hook", post(hook)).with_state(state);
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, received)
}

#[tokio::test]
async fn a_webhook_is_signed_and_a_retry_is_the_same_delivery() {
    let (url, mut received) = receiver(1).await;
    let rule = json!({ "name": "Rage", "metric": "rage_clicks", "operator": ">", "threshold": 3, "window": "5m",
                       "channels": [{ "type": "webhook", "url": url, "secret": "s3cret" }] });
    let world = world(rule).await;
    world
        .happens(&[world.transition(TransitionState::Fired, now_ms())])
        .await;
    let (first, body) = received.recv().await.unwrap();
    let (second, again) = received.recv().await.unwrap();
    for (headers, body) in [(&first, &body), (&second, &again)] {
        let timestamp: i64 = headers["x-gosight-timestamp"].to_str().unwrap().parse().unwrap();
        assert_eq!(headers["x-gosight-signature"], signature("s3cret", timestamp, body));
    }
    assert_eq!(first["x-gosight-delivery"], second["x-gosight-delivery"]);
    assert_eq!(body, again);
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["state"], "fired");
}
