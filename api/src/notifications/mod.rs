//! Notifications: what the alert history owes to people, delivered at least once.
//!
//! A transition and its deliveries are recorded in one transaction before anything is sent ([`gosight_store::meta`]). The
//! [`Notifier`] takes what is due, sends it and writes down how it went; whatever dies in between, the delivery is found due again and goes
//! out with the same id. Slow receivers hold up nobody: deliveries run side by side, bounded, one at a time per chat.
//!
//! `message.rs` words an alert, `telegram.rs` is the bot, `webhook.rs` signs and guards. Nothing here decides whether a
//! rule holds: that was the dataflow's.

mod message;
mod telegram;
pub mod webhook;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use gosight_store::meta::{Channel, Delivery, Meta, MetaError};
use gosight_store::rows::TransitionState;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use message::Alert;
pub use telegram::{TelegramBot, TelegramConfig, TelegramError};
use webhook::{Reach, Webhook};

/// Deliveries under way at once.
const IN_FLIGHT_MAX: usize = 16;
/// Deliveries read from the outbox at a time.
const DUE_MAX: u32 = 200;
/// A delivery is given up after this many attempts: with [`backoff`], about six hours.
const ATTEMPTS_MAX: u32 = 14;
const BACKOFF_FIRST: Duration = Duration::from_secs(2);
const BACKOFF_MAX: Duration = Duration::from_secs(3_600);
/// Telegram allows one message per second and chat.
const CHAT_PAUSE: Duration = Duration::from_secs(1);
/// When nothing is due, look again this often: another process may have written to the outbox.
const IDLE: Duration = Duration::from_secs(30);

/// Delivers alerts until it is stopped.
pub struct Notifier {
    pub meta: Meta,
    pub telegram: Option<Arc<TelegramBot>>,
    pub webhooks_reach: Reach,
    /// Where the dashboard is, without a slash at the end.
    pub public_url: String,
}

/// Deliveries that go out as one message: one recipient, one rule, one direction.
struct Parcel {
    deliveries: Vec<Delivery>,
}

/// How a parcel went.
enum Outcome {
    Sent { message_ref: Option<String> },
    Again { error: String, after: Duration },
    Failed { error: String },
}

/// What the loop remembers between rounds.
#[derive(Default)]
struct Desk {
    in_flight: HashSet<Uuid>,
    /// Until when a chat must be left alone; far away while a message to it is under way.
    chats: HashMap<i64, Instant>,
    running: JoinSet<(Vec<Uuid>, Option<i64>)>,
}

impl Notifier {
    pub async fn run(self, stop: CancellationToken) {
        let notifier = Arc::new(self);
        let mut changed = notifier.meta.deliveries_changed();
        let mut desk = Desk::default();
        loop {
            changed.mark_unchanged();
            let wake = match notifier.clone().round(&mut desk).await {
                Ok(wake) => wake,
                Err(error) => {
                    tracing::error!(%error, "the notification outbox could not be read");
                    Instant::now() + IDLE
                }
            };
            tokio::select! {
                _ = changed.changed() => {}
                () = tokio::time::sleep_until(wake) => {}
                Some(done) = desk.running.join_next() => desk.done(done),
                () = stop.cancelled() => break,
            }
        }
        // What is under way may finish; what does not is found due again.
        while let Some(done) = desk.running.join_next().await {
            desk.done(done);
        }
    }

    /// Starts what is due and can go now; says when to look again at the latest.
    async fn round(self: Arc<Self>, desk: &mut Desk) -> Result<Instant, MetaError> {
        let now = Instant::now();
        desk.chats.retain(|_, free_at| *free_at > now);
        let due = self.meta.deliveries_due(now_ms(), DUE_MAX).await?;
        let due = due.into_iter().filter(|delivery| !desk.in_flight.contains(&delivery.id)).collect();
        let mut waiting = false;
        for parcel in parcels(due) {
            let chat = parcel.chat_id();
            if desk.running.len() >= IN_FLIGHT_MAX || chat.is_some_and(|chat| desk.chats.contains_key(&chat)) {
                waiting = true;
                continue;
            }
            desk.start(self.clone(), parcel, now);
        }
        let next = self.meta.next_delivery_at_ms().await?;
        Ok(now + self.nap(desk, waiting, next))
    }

    fn nap(&self, desk: &Desk, waiting: bool, next_ms: Option<i64>) -> Duration {
        let chats = desk.chats.values().map(|free_at| free_at.saturating_duration_since(Instant::now())).min();
        let later = next_ms.map(|at_ms| Duration::from_millis((at_ms - now_ms()).max(0).unsigned_abs()));
        // What is due already is either under way or waits for a chat or a place: their ends wake us.
        let later = later.filter(|wait| !wait.is_zero());
        [chats.filter(|_| waiting), later].into_iter().flatten().min().unwrap_or(IDLE).min(IDLE)
    }

    async fn deliver(&self, parcel: Parcel) -> Result<(), MetaError> {
        let outcome = self.send(&parcel).await?;
        for delivery in &parcel.deliveries {
            self.settle(delivery, &outcome).await?;
        }
        Ok(())
    }

    async fn settle(&self, delivery: &Delivery, outcome: &Outcome) -> Result<(), MetaError> {
        let channel = match delivery.recipient {
            Channel::Telegram { .. } => "telegram",
            Channel::Webhook { .. } => "webhook",
        };
        let count = |result: &'static str| {
            metrics::counter!("gosight_alert_deliveries_total", "channel" => channel, "result" => result).increment(1);
        };
        match outcome {
            Outcome::Sent { message_ref } => {
                count("sent");
                self.meta.delivery_sent(delivery.id, message_ref.as_deref(), now_ms()).await
            }
            Outcome::Again { error, after } if delivery.attempts + 1 < ATTEMPTS_MAX => {
                count("again");
                let at_ms = now_ms() + i64::try_from(after.as_millis()).unwrap_or(i64::MAX / 2);
                self.meta.delivery_postponed(delivery.id, error, at_ms).await
            }
            Outcome::Again { error, .. } | Outcome::Failed { error } => {
                count("failed");
                tracing::warn!(delivery = %delivery.id, channel, error, "an alert could not be delivered");
                self.meta.delivery_failed(delivery.id, error, now_ms()).await
            }
        }
    }

    async fn send(&self, parcel: &Parcel) -> Result<Outcome, MetaError> {
        let first = parcel.first();
        let alert = self.alert(first).await?;
        match &first.recipient {
            Channel::Telegram { chat_id: Some(chat_id) } => self.send_telegram(parcel, &alert, *chat_id).await,
            Channel::Telegram { chat_id: None } => Ok(Outcome::Failed { error: "the delivery names no chat".to_owned() }),
            Channel::Webhook { url, secret } => {
                Ok(self.send_webhook(first, &alert, url, secret.as_deref().unwrap_or_default()).await)
            }
        }
    }

    async fn send_telegram(&self, parcel: &Parcel, alert: &Alert, chat_id: i64) -> Result<Outcome, MetaError> {
        let Some(bot) = &self.telegram else {
            return Ok(Outcome::Failed { error: "no Telegram bot is configured".to_owned() });
        };
        let others: Vec<&str> =
            parcel.deliveries.iter().skip(1).map(|delivery| delivery.transition.group.as_str()).collect();
        let text = message::telegram(alert) + &message::folded(&others);
        match bot.send(chat_id, &text, parcel.first().answers.as_deref()).await {
            Ok(message_ref) => Ok(Outcome::Sent { message_ref: Some(message_ref) }),
            Err(TelegramError::Later(after)) => Ok(Outcome::Again { error: "Telegram asked to wait".to_owned(), after }),
            Err(TelegramError::Moved(to)) => {
                self.meta.move_telegram_chat(chat_id, to).await?;
                // The delivery still names the old id, so it goes to the new one here and now.
                Ok(match bot.send(to, &text, None).await {
                    Ok(message_ref) => Outcome::Sent { message_ref: Some(message_ref) },
                    Err(error) => Outcome::Failed { error: error.to_string() },
                })
            }
            Err(TelegramError::Gone(reason)) => {
                self.meta.forget_telegram_chat(chat_id).await?;
                Ok(Outcome::Failed { error: reason })
            }
            Err(error @ TelegramError::Refused(_)) => Ok(Outcome::Failed { error: error.to_string() }),
            Err(error @ TelegramError::Unreachable(_)) => {
                Ok(Outcome::Again { error: error.to_string(), after: backoff(parcel.first().attempts) })
            }
        }
    }

    async fn send_webhook(&self, delivery: &Delivery, alert: &Alert, url: &str, secret: &str) -> Outcome {
        let body = message::webhook(alert);
        let delivery_id = delivery.id.to_string();
        let webhook = Webhook { url, secret, delivery_id: &delivery_id, body: &body, now_s: now_ms() / 1_000 };
        match webhook::send(webhook, self.webhooks_reach).await {
            Ok(()) => Outcome::Sent { message_ref: None },
            Err(error) if error.is_retriable() => {
                Outcome::Again { error: error.to_string(), after: backoff(delivery.attempts) }
            }
            Err(error) => Outcome::Failed { error: error.to_string() },
        }
    }

    /// Gathers what the message says.
    async fn alert(&self, delivery: &Delivery) -> Result<Alert, MetaError> {
        let transition = &delivery.transition;
        let project = self.meta.project(transition.project_id).await?;
        Ok(Alert {
            transition_id: transition.id.to_string(),
            project_slug: project.slug,
            project_name: project.name,
            timezone: project.settings.timezone.0.parse().unwrap_or(chrono_tz::UTC),
            rule_id: transition.rule_id.to_string(),
            rule_name: transition.rule.name.clone(),
            metric: transition.rule.metric.clone(),
            operator: transition.rule.operator,
            threshold: transition.threshold,
            window_ms: transition.rule.window.ms(),
            group_by: transition.rule.group_by,
            group: transition.group.clone(),
            is_fired: transition.state == TransitionState::Fired,
            value: transition.value,
            at_ms: transition.at_ms,
            fired_at_ms: transition.fired_at_ms,
            session_ids: transition.session_ids.iter().map(Uuid::to_string).collect(),
            public_url: self.public_url.clone(),
        })
    }
}

impl Desk {
    fn start(&mut self, notifier: Arc<Notifier>, parcel: Parcel, now: Instant) {
        let ids: Vec<Uuid> = parcel.deliveries.iter().map(|delivery| delivery.id).collect();
        let chat = parcel.chat_id();
        self.in_flight.extend(&ids);
        if let Some(chat) = chat {
            self.chats.insert(chat, now + BACKOFF_MAX);
        }
        self.running.spawn(async move {
            if let Err(error) = notifier.deliver(parcel).await {
                tracing::error!(%error, "a delivery's outcome could not be written down; it will be sent again");
            }
            (ids, chat)
        });
    }

    fn done(&mut self, done: Result<(Vec<Uuid>, Option<i64>), tokio::task::JoinError>) {
        match done {
            Ok((ids, chat)) => {
                ids.iter().for_each(|id| {
                    self.in_flight.remove(id);
                });
                if let Some(chat) = chat {
                    self.chats.insert(chat, Instant::now() + CHAT_PAUSE);
                }
            }
            Err(error) => tracing::error!(%error, "a delivery panicked"),
        }
    }
}

impl Parcel {
    fn first(&self) -> &Delivery {
        &self.deliveries[0]
    }

    fn chat_id(&self) -> Option<i64> {
        match self.first().recipient {
            Channel::Telegram { chat_id } => chat_id,
            Channel::Webhook { .. } => None,
        }
    }
}

/// Webhooks go one by one; messages to one chat about one rule and direction that are due together are folded into one.
fn parcels(due: Vec<Delivery>) -> Vec<Parcel> {
    let mut parcels: Vec<Parcel> = Vec::new();
    for delivery in due {
        let same = |parcel: &&mut Parcel| {
            let first = parcel.first();
            matches!(delivery.recipient, Channel::Telegram { .. })
                && first.recipient == delivery.recipient
                && first.transition.rule_id == delivery.transition.rule_id
                && first.transition.state == delivery.transition.state
                && first.answers == delivery.answers
        };
        match parcels.iter_mut().find(same) {
            Some(parcel) => parcel.deliveries.push(delivery),
            None => parcels.push(Parcel { deliveries: vec![delivery] }),
        }
    }
    parcels
}

/// 2 s, 4 s, 8 s … at most an hour.
fn backoff(attempts: u32) -> Duration {
    BACKOFF_FIRST.saturating_mul(2u32.saturating_pow(attempts)).min(BACKOFF_MAX)
}

fn now_ms() -> i64 {
    chrono::Utc::now().timestamp_millis()
}
