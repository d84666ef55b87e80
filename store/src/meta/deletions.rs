//! Deleted projects, until their rows in the analytics database are gone too.

use sqlx::{Any, Transaction};
use uuid::Uuid;

use super::{Meta, Result, columns};

/// A deleted project with rows still to delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deletion {
    pub project_id: Uuid,
    pub deleted_at_ms: i64,
}

impl Meta {
    /// The deletions to finish, oldest first.
    pub async fn deletions(&self) -> Result<Vec<Deletion>> {
        let rows = sqlx::query("SELECT project_id, deleted_at_ms FROM deletions ORDER BY deleted_at_ms, project_id")
            .fetch_all(&self.pool)
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Deletion {
                    project_id: columns::uuid(row, "project_id")?,
                    deleted_at_ms: columns::int(row, "deleted_at_ms")?,
                })
            })
            .collect()
    }

    /// Nothing of this project is left, and nothing will come. Harmless when repeated.
    pub async fn deletion_finished(&self, project_id: Uuid) -> Result<()> {
        sqlx::query("DELETE FROM deletions WHERE project_id = $1")
            .bind(project_id.to_string())
            .execute(&self.pool)
            .await?;
        self.bump_deletions();
        Ok(())
    }
}

/// Notes a deletion inside the transaction that makes it.
pub(super) async fn begin(tx: &mut Transaction<'static, Any>, project_id: Uuid, now_ms: i64) -> Result<()> {
    sqlx::query("INSERT INTO deletions (project_id, deleted_at_ms) VALUES ($1, $2)")
        .bind(project_id.to_string())
        .bind(now_ms)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
