//! Alert history: what the dataflow decided, and the messages it calls for.
//!
//! [`Meta::record_transitions`] is the dataflow's sink. A transition's id is its identity: recording it again changes nothing,
//! and queues nothing. Cooldown limits messages, never transitions: a firing within the cooldown of the last announced one of the
//! same rule and group is recorded silently, and what was not announced is not resolved aloud either.

use sqlx::any::AnyRow;
use sqlx::{Any, Transaction};
use uuid::Uuid;

use super::deliveries::{self, DeliveryEntry};
use super::{Meta, Result, RuleBody, columns};
use crate::rows::{TransitionRow, TransitionState};

const MINUTE_MS: i64 = 60_000;

/// A transition as recorded, with the rule as it was then.
#[derive(Clone, Debug, PartialEq)]
pub struct Transition {
    pub id: Uuid,
    pub project_id: Uuid,
    pub rule_id: Uuid,
    pub rule: RuleBody,
    /// The value of the rule's `group_by`; empty without one.
    pub group: String,
    pub state: TransitionState,
    pub value: Option<f64>,
    pub threshold: f64,
    pub at_ms: i64,
    /// When the episode began: `at_ms` of the firing that this one is, or resolves.
    pub fired_at_ms: i64,
    /// Some of the sessions behind it, newest first.
    pub session_ids: Vec<Uuid>,
    /// Whether it called for messages (cooldown).
    pub is_announced: bool,
}

/// A transition in the history, with what became of its messages.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryEntry {
    pub transition: Transition,
    pub deliveries: Vec<DeliveryEntry>,
}

impl Meta {
    /// Records transitions in their order, each with the deliveries it calls for, in one transaction. Idempotent by id.
    /// A transition of a rule or project that is gone and was never announced is dropped: there is nobody to tell.
    pub async fn record_transitions(&self, transitions: &[TransitionRow], now_ms: i64) -> Result<()> {
        if transitions.is_empty() {
            return Ok(());
        }
        let mut tx = self.write().await?;
        for row in transitions {
            record(&mut tx, row, now_ms).await?;
        }
        tx.commit().await?;
        self.bump_deliveries();
        Ok(())
    }

    /// A project's history, newest first, below `before` (a time and an id) and of one rule when given.
    pub async fn alert_history(
        &self,
        project_id: Uuid,
        rule_id: Option<Uuid>,
        before: Option<(i64, Uuid)>,
        limit: u32,
    ) -> Result<Vec<HistoryEntry>> {
        let (at_ms, id) = before.unwrap_or((i64::MAX, Uuid::max()));
        let rows = sqlx::query(
            "SELECT * FROM alert_history WHERE project_id = $1 AND ($2 = '' OR rule_id = $2)
             AND (at_ms < $3 OR (at_ms = $3 AND id < $4)) ORDER BY at_ms DESC, id DESC LIMIT $5",
        )
        .bind(project_id.to_string())
        .bind(rule_id.map(|id| id.to_string()).unwrap_or_default())
        .bind(at_ms)
        .bind(id.to_string())
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        let mut entries = Vec::with_capacity(rows.len());
        for row in &rows {
            let transition = transition(row)?;
            let deliveries = self.delivery_log(transition.id).await?;
            entries.push(HistoryEntry { transition, deliveries });
        }
        Ok(entries)
    }

    /// One transition of the history.
    pub async fn transition(&self, id: Uuid) -> Result<Option<Transition>> {
        let row = sqlx::query("SELECT * FROM alert_history WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(transition).transpose()
    }
}

async fn record(tx: &mut Transaction<'static, Any>, row: &TransitionRow, now_ms: i64) -> Result<()> {
    let at_ms = i64::try_from(row.tick).unwrap_or(i64::MAX);
    let last_fired = last_fired(tx, row, at_ms).await?;
    let Some(rule) = rule_of(tx, row, last_fired.as_ref()).await? else {
        return Ok(());
    };
    let (fired_at_ms, is_announced) = match (row.state, &last_fired) {
        (TransitionState::Fired, _) => (at_ms, !in_cooldown(tx, row, &rule, at_ms).await?),
        (TransitionState::Resolved, Some(fired)) => (fired.at_ms, fired.is_announced),
        (TransitionState::Resolved, None) => (at_ms, false),
    };
    let inserted = sqlx::query(
        "INSERT INTO alert_history (id, project_id, rule_id, rule, group_value, state, value, threshold, at_ms, fired_at_ms, session_ids, is_announced)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (id) DO NOTHING",
    )
    .bind(row.id.to_string())
    .bind(row.project_id.to_string())
    .bind(row.rule_id.to_string())
    .bind(columns::to_json(&rule, "rule")?)
    .bind(&row.group)
    .bind(row.state.as_str())
    .bind(row.value)
    .bind(row.threshold)
    .bind(at_ms)
    .bind(fired_at_ms)
    .bind(columns::to_json(&row.session_ids, "session_ids")?)
    .bind(i64::from(is_announced))
    .execute(&mut **tx)
    .await?;
    if inserted.rows_affected() == 1 && is_announced {
        deliveries::enqueue(tx, row.id, row.project_id, &rule.channels, now_ms).await?;
    }
    Ok(())
}

/// The rule as it is, or, when it has gone meanwhile, as it was when it fired; with the threshold of the tick. None when the project is gone.
async fn rule_of(
    tx: &mut Transaction<'static, Any>,
    row: &TransitionRow,
    last_fired: Option<&Transition>,
) -> Result<Option<RuleBody>> {
    let project = sqlx::query("SELECT 1 FROM projects WHERE id = $1")
        .bind(row.project_id.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    if project.is_none() {
        return Ok(None);
    }
    let stored = sqlx::query("SELECT body FROM alert_rules WHERE id = $1 AND project_id = $2")
        .bind(row.rule_id.to_string())
        .bind(row.project_id.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    let rule: Option<RuleBody> = match stored {
        Some(stored) => Some(columns::json(&stored, "body")?),
        None => last_fired.map(|fired| fired.rule.clone()),
    };
    // It may have been edited since the tick; what was judged by is a fact of the tick.
    Ok(rule.map(|rule| RuleBody {
        threshold: row.threshold,
        ..rule
    }))
}

/// The newest firing of the same rule and group before `at_ms`.
async fn last_fired(tx: &mut Transaction<'static, Any>, row: &TransitionRow, at_ms: i64) -> Result<Option<Transition>> {
    let found = sqlx::query(
        "SELECT * FROM alert_history WHERE rule_id = $1 AND group_value = $2 AND state = 'fired' AND at_ms < $3
         ORDER BY at_ms DESC LIMIT 1",
    )
    .bind(row.rule_id.to_string())
    .bind(&row.group)
    .bind(at_ms)
    .fetch_optional(&mut **tx)
    .await?;
    found.as_ref().map(transition).transpose()
}

/// Whether a firing of the same rule and group was announced less than the cooldown ago.
async fn in_cooldown(
    tx: &mut Transaction<'static, Any>,
    row: &TransitionRow,
    rule: &RuleBody,
    at_ms: i64,
) -> Result<bool> {
    let found = sqlx::query(
        "SELECT 1 FROM alert_history WHERE rule_id = $1 AND group_value = $2 AND state = 'fired' AND is_announced = 1
         AND at_ms > $3 AND at_ms < $4 LIMIT 1",
    )
    .bind(row.rule_id.to_string())
    .bind(&row.group)
    .bind(at_ms - i64::from(rule.cooldown_minutes) * MINUTE_MS)
    .bind(at_ms)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found.is_some())
}

fn transition(row: &AnyRow) -> Result<Transition> {
    let state = if columns::text(row, "state")? == TransitionState::Fired.as_str() {
        TransitionState::Fired
    } else {
        TransitionState::Resolved
    };
    Ok(Transition {
        id: columns::uuid(row, "id")?,
        project_id: columns::uuid(row, "project_id")?,
        rule_id: columns::uuid(row, "rule_id")?,
        rule: columns::json(row, "rule")?,
        group: columns::text(row, "group_value")?,
        state,
        value: columns::real_or_none(row, "value")?,
        threshold: columns::real_or_none(row, "threshold")?.unwrap_or_default(),
        at_ms: columns::int(row, "at_ms")?,
        fired_at_ms: columns::int(row, "fired_at_ms")?,
        session_ids: columns::json(row, "session_ids")?,
        is_announced: columns::flag(row, "is_announced")?,
    })
}
