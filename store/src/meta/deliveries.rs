//! The notification outbox: one *delivery* per transition and recipient, sent at least once.
//!
//! A deliverer takes what is due ([`Meta::deliveries_due`]), sends it with the delivery's id as the key of the message, and says how it
//! went. Whoever dies in between finds it due again.

use sqlx::any::AnyRow;
use sqlx::{Any, Transaction};
use uuid::Uuid;

use super::columns::words;
use super::transitions::Transition;
use super::{Channel, Meta, MetaError, Result, columns};

words! {
    /// What became of a delivery.
    DeliveryState {
        /// To be sent, or sent again.
        Pending = "pending",
        Sent = "sent",
        /// Given up; the last error says why.
        Failed = "failed",
        /// The chat was muted when it happened.
        Muted = "muted",
    }
}

/// What the history says of a delivery.
#[derive(Clone, Debug, PartialEq)]
pub struct DeliveryEntry {
    pub recipient: Channel,
    pub state: DeliveryState,
    /// Why the newest attempt failed; none when it did not.
    pub last_error: Option<String>,
}

/// A message to send.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// The same for every attempt.
    pub id: Uuid,
    pub transition: Transition,
    /// A `Telegram` recipient always has its `chat_id`.
    pub recipient: Channel,
    /// Attempts made before this one.
    pub attempts: u32,
    /// For a resolution: the reference of the message that announced the firing to the same recipient.
    pub answers: Option<String>,
}

impl Meta {
    /// Deliveries to attempt at `now_ms`, oldest first.
    pub async fn deliveries_due(&self, now_ms: i64, limit: u32) -> Result<Vec<Delivery>> {
        let rows = sqlx::query(
            "SELECT * FROM deliveries WHERE state = 'pending' AND next_attempt_at_ms <= $1
             ORDER BY next_attempt_at_ms, id LIMIT $2",
        )
        .bind(now_ms)
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        let mut due = Vec::with_capacity(rows.len());
        for row in &rows {
            due.push(self.delivery(row).await?);
        }
        Ok(due)
    }

    /// When the next pending delivery is due, if there is one.
    pub async fn next_delivery_at_ms(&self) -> Result<Option<i64>> {
        let row = sqlx::query("SELECT MIN(next_attempt_at_ms) AS at_ms FROM deliveries WHERE state = 'pending'")
            .fetch_one(&self.pool)
            .await?;
        columns::int_or_none(&row, "at_ms")
    }

    /// It was sent; `message_ref` names the message, so that the resolution can answer it.
    pub async fn delivery_sent(&self, id: Uuid, message_ref: Option<&str>, now_ms: i64) -> Result<()> {
        sqlx::query(
            "UPDATE deliveries SET state = 'sent', attempts = attempts + 1, last_error = NULL, message_ref = $1, finished_at_ms = $2
             WHERE id = $3",
        )
        .bind(message_ref.map(str::to_owned))
        .bind(now_ms)
        .bind(id.to_string())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// It failed and shall be tried again at `next_attempt_at_ms`.
    pub async fn delivery_postponed(&self, id: Uuid, error: &str, next_attempt_at_ms: i64) -> Result<()> {
        sqlx::query(
            "UPDATE deliveries SET attempts = attempts + 1, last_error = $1, next_attempt_at_ms = $2 WHERE id = $3",
        )
        .bind(error)
        .bind(next_attempt_at_ms)
        .bind(id.to_string())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// It failed for good.
    pub async fn delivery_failed(&self, id: Uuid, error: &str, now_ms: i64) -> Result<()> {
        sqlx::query(
            "UPDATE deliveries SET state = 'failed', attempts = attempts + 1, last_error = $1, finished_at_ms = $2 WHERE id = $3",
        )
        .bind(error)
        .bind(now_ms)
        .bind(id.to_string())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    pub(super) async fn delivery_log(&self, transition_id: Uuid) -> Result<Vec<DeliveryEntry>> {
        let rows =
            sqlx::query("SELECT recipient, state, last_error FROM deliveries WHERE transition_id = $1 ORDER BY id")
                .bind(transition_id.to_string())
                .fetch_all(&self.pool)
                .await?;
        rows.iter()
            .map(|row| {
                Ok(DeliveryEntry {
                    recipient: columns::json(row, "recipient")?,
                    state: columns::parsed(row, "state")?,
                    last_error: columns::text_or_none(row, "last_error")?,
                })
            })
            .collect()
    }

    async fn delivery(&self, row: &AnyRow) -> Result<Delivery> {
        let transition = self.transition(columns::uuid(row, "transition_id")?).await?;
        let transition = transition.ok_or(MetaError::NotFound("transition"))?;
        let answers = self
            .announcement(&transition, &columns::text(row, "recipient")?)
            .await?;
        Ok(Delivery {
            id: columns::uuid(row, "id")?,
            transition,
            recipient: columns::json(row, "recipient")?,
            attempts: u32::try_from(columns::int(row, "attempts")?).unwrap_or(u32::MAX),
            answers,
        })
    }

    /// The reference of the message that told `recipient` of the firing which `resolution` ends.
    async fn announcement(&self, resolution: &Transition, recipient: &str) -> Result<Option<String>> {
        let row = sqlx::query(
            "SELECT d.message_ref FROM deliveries d JOIN alert_history h ON h.id = d.transition_id
             WHERE h.rule_id = $1 AND h.group_value = $2 AND h.state = 'fired' AND h.at_ms = $3 AND h.id <> $4 AND d.recipient = $5",
        )
        .bind(resolution.rule_id.to_string())
        .bind(&resolution.group)
        .bind(resolution.fired_at_ms)
        .bind(resolution.id.to_string())
        .bind(recipient)
        .fetch_optional(&self.pool)
        .await?;
        row.map_or(Ok(None), |row| columns::text_or_none(&row, "message_ref"))
    }
}

/// Queues one delivery per recipient of `channels`, inside the transaction that records the transition.
pub(super) async fn enqueue(
    tx: &mut Transaction<'static, Any>,
    transition_id: Uuid,
    project_id: Uuid,
    channels: &[Channel],
    now_ms: i64,
) -> Result<()> {
    let mut recipients: Vec<(Channel, DeliveryState)> = Vec::new();
    for channel in channels {
        let new = match channel {
            Channel::Webhook { .. } => vec![(channel.clone(), DeliveryState::Pending)],
            Channel::Telegram { chat_id } => chats(tx, project_id, *chat_id, now_ms).await?,
        };
        recipients.extend(new);
    }
    let mut told = std::collections::HashSet::new();
    for (recipient, state) in recipients {
        let recipient = columns::to_json(&recipient, "recipient")?;
        if !told.insert(recipient.clone()) {
            continue;
        }
        sqlx::query(
            "INSERT INTO deliveries (id, transition_id, project_id, recipient, state, attempts, next_attempt_at_ms, created_at_ms)
             VALUES ($1, $2, $3, $4, $5, 0, $6, $6)",
        )
        .bind(Uuid::now_v7().to_string())
        .bind(transition_id.to_string())
        .bind(project_id.to_string())
        .bind(recipient)
        .bind(state.as_str())
        .bind(now_ms)
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// The linked chats a Telegram channel means; only linked chats get anything.
async fn chats(
    tx: &mut Transaction<'static, Any>,
    project_id: Uuid,
    only: Option<i64>,
    now_ms: i64,
) -> Result<Vec<(Channel, DeliveryState)>> {
    let rows = sqlx::query(
        "SELECT chat_id, muted_until_ms FROM telegram_chats WHERE project_id = $1 AND is_subscribed = 1 ORDER BY chat_id",
    )
    .bind(project_id.to_string())
    .fetch_all(&mut **tx)
    .await?;
    let mut chats = Vec::new();
    for row in &rows {
        let chat_id = columns::int(row, "chat_id")?;
        let muted = columns::int(row, "muted_until_ms")? > now_ms;
        if only.is_none_or(|only| only == chat_id) {
            let state = if muted {
                DeliveryState::Muted
            } else {
                DeliveryState::Pending
            };
            chats.push((Channel::Telegram { chat_id: Some(chat_id) }, state));
        }
    }
    Ok(chats)
}
