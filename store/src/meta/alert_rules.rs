//! Alert rules. A change goes to the dataflow through the control outbox, in the same transaction.

use gosight_proto::control::Control;
use sqlx::any::AnyRow;
use uuid::Uuid;

use super::{Meta, MetaError, Result, RuleBody, columns, control};

/// Rules one project may have: each is joined with every tick's metrics.
pub const RULES_PER_PROJECT_MAX: usize = 100;

#[derive(Clone, Debug, PartialEq)]
pub struct AlertRule {
    pub id: Uuid,
    pub project_id: Uuid,
    pub body: RuleBody,
    pub created_at_ms: i64,
    pub updated_at_ms: i64,
}

impl Meta {
    /// A project's rules, oldest first.
    pub async fn alert_rules(&self, project_id: Uuid) -> Result<Vec<AlertRule>> {
        let rows = sqlx::query("SELECT * FROM alert_rules WHERE project_id = $1 ORDER BY created_at_ms, id")
            .bind(project_id.to_string())
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(alert_rule).collect()
    }

    pub async fn alert_rule(&self, project_id: Uuid, rule_id: Uuid) -> Result<AlertRule> {
        let row = sqlx::query("SELECT * FROM alert_rules WHERE project_id = $1 AND id = $2")
            .bind(project_id.to_string())
            .bind(rule_id.to_string())
            .fetch_optional(&self.pool)
            .await?;
        alert_rule(&row.ok_or(MetaError::NotFound("alert rule"))?)
    }

    /// Stores a rule. `Conflict` beyond [`RULES_PER_PROJECT_MAX`].
    pub async fn create_alert_rule(&self, project_id: Uuid, body: &RuleBody, now_ms: i64) -> Result<AlertRule> {
        let id = Uuid::now_v7();
        let mut tx = self.write().await?;
        let count = sqlx::query("SELECT COUNT(*) AS count FROM alert_rules WHERE project_id = $1")
            .bind(project_id.to_string())
            .fetch_one(&mut *tx)
            .await?;
        if columns::int(&count, "count")? >= RULES_PER_PROJECT_MAX as i64 {
            return Err(MetaError::Conflict("a project can have 100 alert rules"));
        }
        sqlx::query(
            "INSERT INTO alert_rules (id, project_id, body, created_at_ms, updated_at_ms) VALUES ($1, $2, $3, $4, $4)",
        )
        .bind(id.to_string())
        .bind(project_id.to_string())
        .bind(columns::to_json(body, "body")?)
        .bind(now_ms)
        .execute(&mut *tx)
        .await?;
        control::enqueue(&mut tx, &Control::AlertRule(body.control(project_id, id))).await?;
        tx.commit().await?;
        self.bump_control();
        self.alert_rule(project_id, id).await
    }

    /// Replaces a rule's body.
    pub async fn update_alert_rule(
        &self,
        project_id: Uuid,
        rule_id: Uuid,
        body: &RuleBody,
        now_ms: i64,
    ) -> Result<AlertRule> {
        let mut tx = self.write().await?;
        let updated =
            sqlx::query("UPDATE alert_rules SET body = $1, updated_at_ms = $2 WHERE project_id = $3 AND id = $4")
                .bind(columns::to_json(body, "body")?)
                .bind(now_ms)
                .bind(project_id.to_string())
                .bind(rule_id.to_string())
                .execute(&mut *tx)
                .await?;
        if updated.rows_affected() == 0 {
            return Err(MetaError::NotFound("alert rule"));
        }
        control::enqueue(&mut tx, &Control::AlertRule(body.control(project_id, rule_id))).await?;
        tx.commit().await?;
        self.bump_control();
        self.alert_rule(project_id, rule_id).await
    }

    pub async fn delete_alert_rule(&self, project_id: Uuid, rule_id: Uuid) -> Result<()> {
        let mut tx = self.write().await?;
        let deleted = sqlx::query("DELETE FROM alert_rules WHERE project_id = $1 AND id = $2")
            .bind(project_id.to_string())
            .bind(rule_id.to_string())
            .execute(&mut *tx)
            .await?;
        if deleted.rows_affected() == 0 {
            return Err(MetaError::NotFound("alert rule"));
        }
        control::enqueue(&mut tx, &Control::AlertRuleDeleted { project_id, rule_id }).await?;
        tx.commit().await?;
        self.bump_control();
        Ok(())
    }
}

fn alert_rule(row: &AnyRow) -> Result<AlertRule> {
    Ok(AlertRule {
        id: columns::uuid(row, "id")?,
        project_id: columns::uuid(row, "project_id")?,
        body: columns::json(row, "body")?,
        created_at_ms: columns::int(row, "created_at_ms")?,
        updated_at_ms: columns::int(row, "updated_at_ms")?,
    })
}
