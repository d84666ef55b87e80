//! The control outbox: changes of projects and rules on their way to the log.

use gosight_proto::control::Control;
use sqlx::{Any, Transaction};

use super::{Meta, Result, columns};

impl Meta {
    /// The next changes after `seq`, oldest first, with their sequence numbers. Numbers are in commit order: none appears later below one seen.
    pub async fn control_after(&self, seq: i64, limit: u32) -> Result<Vec<(i64, Control)>> {
        let rows = sqlx::query("SELECT seq, body FROM control_outbox WHERE seq > $1 ORDER BY seq LIMIT $2")
            .bind(seq)
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await?;
        rows.iter()
            .map(|row| Ok((columns::int(row, "seq")?, columns::json(row, "body")?)))
            .collect()
    }

    /// Everything up to `seq` is durable in the log: those rows are dropped. Harmless when repeated.
    pub async fn control_relayed(&self, seq: i64) -> Result<()> {
        let mut tx = self.write().await?;
        sqlx::query("UPDATE counters SET value = $1 WHERE name = 'control_relayed' AND value < $1")
            .bind(seq)
            .execute(&mut *tx)
            .await?;
        sqlx::query("DELETE FROM control_outbox WHERE seq <= $1")
            .bind(seq)
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }

    /// Where the relay goes on after a restart: the last `seq` given to [`Meta::control_relayed`], 0 at first.
    pub async fn control_relayed_to(&self) -> Result<i64> {
        let row = sqlx::query("SELECT value FROM counters WHERE name = 'control_relayed'")
            .fetch_one(&self.pool)
            .await?;
        columns::int(&row, "value")
    }
}

/// Adds a change to the outbox inside the transaction that makes it. Locking the counter's row keeps numbers in commit order.
pub(super) async fn enqueue(tx: &mut Transaction<'static, Any>, control: &Control) -> Result<()> {
    let row = sqlx::query("UPDATE counters SET value = value + 1 WHERE name = 'control' RETURNING value")
        .fetch_one(&mut **tx)
        .await?;
    sqlx::query("INSERT INTO control_outbox (seq, body) VALUES ($1, $2)")
        .bind(columns::int(&row, "value")?)
        .bind(columns::to_json(control, "body")?)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
