//! The audit log: who changed keys, members and settings, who watched a replay, and when.

use serde_json::Value;
use uuid::Uuid;

use super::{Meta, Result, columns};

/// One entry. Its time orders the log; ids break ties.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEntry {
    pub id: Uuid,
    pub project_id: Uuid,
    /// `None` when the installation itself did it.
    pub user_id: Option<Uuid>,
    /// A dotted verb: `key.create`, `member.remove`.
    pub action: String,
    /// What it was done to, usually an id.
    pub target: String,
    pub details: Value,
    pub at_ms: i64,
}

impl Meta {
    pub async fn audit(&self, entry: &AuditEntry) -> Result<()> {
        sqlx::query(
            "INSERT INTO audit_log (id, project_id, user_id, action, target, details, at_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(entry.id.to_string())
        .bind(entry.project_id.to_string())
        .bind(entry.user_id.map(|id| id.to_string()))
        .bind(&entry.action)
        .bind(&entry.target)
        .bind(columns::to_json(&entry.details, "details")?)
        .bind(entry.at_ms)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// As [`audit`](Self::audit), unless the same person did the same within so long before: for what goes on and on, like watching.
    pub async fn audit_once_in(&self, within_ms: i64, entry: &AuditEntry) -> Result<()> {
        let is_known = sqlx::query(
            "SELECT 1 FROM audit_log WHERE project_id = $1 AND at_ms > $2 AND user_id = $3 AND action = $4 AND target = $5 LIMIT 1",
        )
        .bind(entry.project_id.to_string())
        .bind(entry.at_ms.saturating_sub(within_ms))
        .bind(entry.user_id.map(|id| id.to_string()))
        .bind(&entry.action)
        .bind(&entry.target)
        .fetch_optional(&self.pool)
        .await?
        .is_some();
        if is_known { Ok(()) } else { self.audit(entry).await }
    }

    /// A project's entries, newest first, starting below `before` (a time and an id) when given.
    pub async fn audit_log(
        &self,
        project_id: Uuid,
        before: Option<(i64, Uuid)>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>> {
        let (at_ms, id) = before.unwrap_or((i64::MAX, Uuid::max()));
        let rows = sqlx::query(
            "SELECT * FROM audit_log WHERE project_id = $1 AND (at_ms < $2 OR (at_ms = $2 AND id < $3))
             ORDER BY at_ms DESC, id DESC LIMIT $4",
        )
        .bind(project_id.to_string())
        .bind(at_ms)
        .bind(id.to_string())
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(AuditEntry {
                    id: columns::uuid(row, "id")?,
                    project_id: columns::uuid(row, "project_id")?,
                    user_id: columns::text_or_none(row, "user_id")?.and_then(|id| id.parse().ok()),
                    action: columns::text(row, "action")?,
                    target: columns::text(row, "target")?,
                    details: columns::json(row, "details")?,
                    at_ms: columns::int(row, "at_ms")?,
                })
            })
            .collect()
    }
}
