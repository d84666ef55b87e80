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

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono_tz::Tz;
use gosight_store::meta::{AlertRule, Channel, Delivery, Meta, MetaError, Project};
use gosight_store::rows::TransitionState;
use tokio::task::{self, JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::observe::ALERT_DELIVERIES;
use message::Alert;
pub use telegram::{TelegramBot, TelegramConfig, TelegramError};
use webhook::{Reach, Webhook, WebhookError};

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
    meta: Meta,
    telegram: Option<Arc<TelegramBot>>,
    webhooks_reach: Reach,
    public_url: String,
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
    /// The ids of the deliveries under way and the chat they go to, by task: one that panics gives them back too.
    in_flight: HashMap<task::Id, (Vec<Uuid>, Option<i64>)>,
    /// Until when a chat must be left alone; far away while a message to it is under way.
    chats: HashMap<i64, Instant>,
    /// Until when a delivery rests whose outcome is not known: it is due still, and would be sent again and again at once.
    resting: HashMap<Uuid, Instant>,
    running: JoinSet<Result<(), MetaError>>,
}

impl Notifier {
    /// `public_url` is where the dashboard is.
    pub fn new(meta: Meta, telegram: Option<Arc<TelegramBot>>, webhooks_reach: Reach, public_url: &str) -> Arc<Self> {
        let public_url = public_url.trim_end_matches('/').to_owned();
        Arc::new(Self {
            meta,
            telegram,
            webhooks_reach,
            public_url,
        })
    }

    /// The bot, when one is configured.
    pub fn telegram(&self) -> Option<&Arc<TelegramBot>> {
        self.telegram.as_ref()
    }

    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut changed = self.meta.deliveries_changed();
        let mut desk = Desk::default();
        loop {
            changed.mark_unchanged();
            let wake = match self.clone().round(&mut desk).await {
                Ok(wake) => wake,
                Err(error) => {
                    tracing::error!(%error, "the notification outbox could not be read");
                    Instant::now() + IDLE
                }
            };
            tokio::select! {
                _ = changed.changed() => {}
                () = tokio::time::sleep_until(wake) => {}
                Some(done) = desk.running.join_next_with_id() => desk.done(done),
                () = stop.cancelled() => break,
            }
        }
        // What is under way may finish; what does not is found due again.
        while let Some(done) = desk.running.join_next_with_id().await {
            desk.done(done);
        }
    }

    /// Sends a message about a rule to each of its channels at once, past outbox and cooldown; says what went wrong with which.
    pub async fn test(
        &self,
        project: &Project,
        rule: &AlertRule,
        now_ms: i64,
    ) -> Result<Vec<(Channel, Option<String>)>, MetaError> {
        let alert = self.example(project, rule, now_ms);
        let mut results = Vec::new();
        for channel in &rule.body.channels {
            match channel {
                Channel::Telegram { chat_id } => {
                    let chats = self.meta.telegram_chats(project.id).await?;
                    let chats = chats
                        .iter()
                        .map(|chat| chat.chat_id)
                        .filter(|id| chat_id.is_none_or(|only| only == *id));
                    let chats: Vec<i64> = chats.collect();
                    if chats.is_empty() {
                        results.push((channel.clone(), Some("no chat is linked".to_owned())));
                    }
                    for chat_id in chats {
                        let error = self.test_telegram(&alert, chat_id).await.err();
                        results.push((Channel::Telegram { chat_id: Some(chat_id) }, error));
                    }
                }
                Channel::Webhook { url, secret } => {
                    let error = self
                        .test_webhook(&alert, url, secret.as_deref().unwrap_or_default())
                        .await
                        .err();
                    results.push((channel.clone(), error.map(|error| error.to_string())));
                }
            }
        }
        Ok(results)
    }

    async fn test_telegram(&self, alert: &Alert, chat_id: i64) -> Result<(), String> {
        let bot = self.telegram.as_ref().ok_or("no Telegram bot is configured")?;
        bot.send(chat_id, &message::telegram(alert), None)
            .await
            .map_err(|error| error.to_string())?;
        Ok(())
    }

    async fn test_webhook(&self, alert: &Alert, url: &str, secret: &str) -> Result<(), WebhookError> {
        let body = message::webhook(alert);
        let webhook = Webhook {
            url,
            secret,
            delivery_id: &alert.transition_id,
            body: &body,
            now_s: alert.at_ms / 1_000,
        };
        webhook::send(webhook, self.webhooks_reach).await
    }

    /// What a message about this rule would look like.
    fn example(&self, project: &Project, rule: &AlertRule, now_ms: i64) -> Alert {
        Alert {
            transition_id: Uuid::new_v4().to_string(),
            project_slug: project.slug.clone(),
            project_name: project.name.clone(),
            timezone: zone(project),
            rule_id: rule.id.to_string(),
            rule_name: format!("Test of {}", rule.body.name),
            metric: rule.body.metric.clone(),
            operator: rule.body.operator,
            threshold: rule.body.threshold,
            window_ms: rule.body.window.ms(),
            group_by: None,
            group: String::new(),
            is_fired: true,
            value: Some(rule.body.threshold),
            at_ms: now_ms,
            fired_at_ms: now_ms,
            session_ids: Vec::new(),
            public_url: self.public_url.clone(),
        }
    }

    /// Starts what is due and can go now; says when to look again at the latest.
    async fn round(self: Arc<Self>, desk: &mut Desk) -> Result<Instant, MetaError> {
        let now = Instant::now();
        desk.chats.retain(|_, free_at| *free_at > now);
        desk.resting.retain(|_, free_at| *free_at > now);
        let due = self.meta.deliveries_due(now_ms(), DUE_MAX).await?;
        let due = due.into_iter().filter(|delivery| !desk.is_away(delivery.id)).collect();
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
        let chats = desk
            .chats
            .values()
            .map(|free_at| free_at.saturating_duration_since(Instant::now()))
            .min();
        let later = next_ms.map(|at_ms| Duration::from_millis((at_ms - now_ms()).max(0).unsigned_abs()));
        // What is due already is either under way or waits for a chat or a place: their ends wake us.
        let later = later.filter(|wait| !wait.is_zero());
        [chats.filter(|_| waiting), later]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(IDLE)
            .min(IDLE)
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
            metrics::counter!(ALERT_DELIVERIES, "channel" => channel, "result" => result).increment(1);
        };
        match outcome {
            Outcome::Sent { message_ref } => {
                count("sent");
                self.meta
                    .delivery_sent(delivery.id, message_ref.as_deref(), now_ms())
                    .await
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
            Channel::Telegram { chat_id: None } => Ok(Outcome::Failed {
                error: "the delivery names no chat".to_owned(),
            }),
            Channel::Webhook { url, secret } => Ok(self
                .send_webhook(first, &alert, url, secret.as_deref().unwrap_or_default())
                .await),
        }
    }

    async fn send_telegram(&self, parcel: &Parcel, alert: &Alert, chat_id: i64) -> Result<Outcome, MetaError> {
        let Some(bot) = &self.telegram else {
            return Ok(Outcome::Failed {
                error: "no Telegram bot is configured".to_owned(),
            });
        };
        let others: Vec<&str> = parcel
            .deliveries
            .iter()
            .skip(1)
            .map(|delivery| delivery.transition.group.as_str())
            .collect();
        let text = message::telegram(alert) + &message::folded(&others);
        match bot.send(chat_id, &text, parcel.first().answers.as_deref()).await {
            Ok(message_ref) => Ok(Outcome::Sent {
                message_ref: Some(message_ref),
            }),
            Err(TelegramError::Later(after)) => Ok(Outcome::Again {
                error: "Telegram asked to wait".to_owned(),
                after,
            }),
            Err(TelegramError::Moved(to)) => {
                self.meta.move_telegram_chat(chat_id, to).await?;
                // The delivery still names the old id, so it goes to the new one here and now.
                Ok(match bot.send(to, &text, None).await {
                    Ok(message_ref) => Outcome::Sent {
                        message_ref: Some(message_ref),
                    },
                    Err(error) => Outcome::Failed {
                        error: error.to_string(),
                    },
                })
            }
            Err(TelegramError::Gone(reason)) => {
                self.meta.forget_telegram_chat(chat_id).await?;
                Ok(Outcome::Failed { error: reason })
            }
            Err(error @ TelegramError::Refused(_)) => Ok(Outcome::Failed {
                error: error.to_string(),
            }),
            Err(error @ (TelegramError::Unreachable(_) | TelegramError::Rejected)) => Ok(Outcome::Again {
                error: error.to_string(),
                after: backoff(parcel.first().attempts),
            }),
        }
    }

    async fn send_webhook(&self, delivery: &Delivery, alert: &Alert, url: &str, secret: &str) -> Outcome {
        let body = message::webhook(alert);
        let delivery_id = delivery.id.to_string();
        let webhook = Webhook {
            url,
            secret,
            delivery_id: &delivery_id,
            body: &body,
            now_s: now_ms() / 1_000,
        };
        match webhook::send(webhook, self.webhooks_reach).await {
            Ok(()) => Outcome::Sent { message_ref: None },
            Err(error) if error.is_retriable() => Outcome::Again {
                error: error.to_string(),
                after: backoff(delivery.attempts),
            },
            Err(error) => Outcome::Failed {
                error: error.to_string(),
            },
        }
    }

    /// Gathers what the message says.
    async fn alert(&self, delivery: &Delivery) -> Result<Alert, MetaError> {
        let transition = &delivery.transition;
        let project = self.meta.project(transition.project_id).await?;
        Ok(Alert {
            transition_id: transition.id.to_string(),
            timezone: zone(&project),
            project_slug: project.slug,
            project_name: project.name,
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
        let (ids, chat) = (parcel.ids(), parcel.chat_id());
        self.run(ids, chat, now, async move { notifier.deliver(parcel).await });
    }

    fn run(
        &mut self,
        ids: Vec<Uuid>,
        chat: Option<i64>,
        now: Instant,
        delivery: impl Future<Output = Result<(), MetaError>> + Send + 'static,
    ) {
        if let Some(chat) = chat {
            self.chats.insert(chat, now + BACKOFF_MAX);
        }
        let task = self.running.spawn(delivery).id();
        self.in_flight.insert(task, (ids, chat));
    }

    fn done(&mut self, done: Result<(task::Id, Result<(), MetaError>), JoinError>) {
        let (task, is_settled) = match done {
            Ok((task, Ok(()))) => (task, true),
            Ok((task, Err(error))) => {
                tracing::error!(%error, "a delivery's outcome could not be written down; it will be sent again");
                (task, false)
            }
            Err(error) => {
                tracing::error!(%error, "a delivery panicked; it will be sent again");
                (error.id(), false)
            }
        };
        let Some((ids, chat)) = self.in_flight.remove(&task) else {
            return;
        };
        let now = Instant::now();
        if let Some(chat) = chat {
            self.chats.insert(chat, now + CHAT_PAUSE);
        }
        if !is_settled {
            self.resting.extend(ids.into_iter().map(|id| (id, now + IDLE)));
        }
    }

    fn is_away(&self, delivery_id: Uuid) -> bool {
        let is_in_flight = self.in_flight.values().any(|(ids, _)| ids.contains(&delivery_id));
        is_in_flight || self.resting.contains_key(&delivery_id)
    }
}

impl Parcel {
    fn ids(&self) -> Vec<Uuid> {
        self.deliveries.iter().map(|delivery| delivery.id).collect()
    }

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
            None => parcels.push(Parcel {
                deliveries: vec![delivery],
            }),
        }
    }
    parcels
}

/// 2 s, 4 s, 8 s … at most an hour.
fn backoff(attempts: u32) -> Duration {
    BACKOFF_FIRST
        .saturating_mul(2u32.saturating_pow(attempts))
        .min(BACKOFF_MAX)
}

/// The project's zone; settings are checked when they are stored.
fn zone(project: &Project) -> Tz {
    project.settings.timezone.0.parse().unwrap_or(Tz::UTC)
}

fn now_ms() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_delivery_that_panics_rests_and_gives_its_chat_back() {
        let (id, chat) = (Uuid::from_u128(1), 42);
        let mut desk = Desk::default();
        desk.run(vec![id], Some(chat), Instant::now(), async { panic!("on purpose") });
        assert!(desk.is_away(id));
        let done = desk.running.join_next_with_id().await.unwrap();
        desk.done(done);
        assert!(desk.in_flight.is_empty() && desk.is_away(id));
        assert!(desk.resting[&id] <= Instant::now() + IDLE);
        assert!(desk.chats[&chat] <= Instant::now() + CHAT_PAUSE);
    }
}
