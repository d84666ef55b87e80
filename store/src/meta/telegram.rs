//! Telegram: one-time codes that link a chat to a project, and the chats that are linked.

use sqlx::any::AnyRow;
use uuid::Uuid;

use super::{Meta, MetaError, Result, columns};

/// A chat linked to a project; it may be linked to several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TelegramChat {
    pub project_id: Uuid,
    pub chat_id: i64,
    pub title: String,
    /// Whether it gets the messages of rules that name no chat.
    pub is_subscribed: bool,
    /// 0 when not muted.
    pub muted_until_ms: i64,
    pub linked_at_ms: i64,
}

impl Meta {
    /// Stores a link code. Codes that have ended are swept on the way.
    pub async fn create_telegram_code(
        &self,
        project_id: Uuid,
        code_sha256: &[u8; 32],
        expires_at_ms: i64,
        now_ms: i64,
    ) -> Result<()> {
        sqlx::query("DELETE FROM telegram_codes WHERE expires_at_ms <= $1")
            .bind(now_ms)
            .execute(&self.pool)
            .await?;
        sqlx::query("INSERT INTO telegram_codes (code_hash, project_id, expires_at_ms) VALUES ($1, $2, $3)")
            .bind(hex::encode(code_sha256))
            .bind(project_id.to_string())
            .bind(expires_at_ms)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Uses a code up and links the chat. `NotFound` when the code is unknown, used or expired.
    pub async fn link_telegram_chat(
        &self,
        code_sha256: &[u8; 32],
        chat_id: i64,
        title: &str,
        now_ms: i64,
    ) -> Result<TelegramChat> {
        let mut tx = self.write().await?;
        let row =
            sqlx::query("DELETE FROM telegram_codes WHERE code_hash = $1 AND expires_at_ms > $2 RETURNING project_id")
                .bind(hex::encode(code_sha256))
                .bind(now_ms)
                .fetch_optional(&mut *tx)
                .await?;
        let project_id = columns::uuid(&row.ok_or(MetaError::NotFound("link code"))?, "project_id")?;
        let row = sqlx::query(
            "INSERT INTO telegram_chats (project_id, chat_id, title, is_subscribed, muted_until_ms, linked_at_ms)
             VALUES ($1, $2, $3, 1, 0, $4)
             ON CONFLICT (project_id, chat_id) DO UPDATE SET title = excluded.title, is_subscribed = 1, muted_until_ms = 0
             RETURNING *",
        )
        .bind(project_id.to_string())
        .bind(chat_id)
        .bind(title)
        .bind(now_ms)
        .fetch_one(&mut *tx)
        .await?;
        tx.commit().await?;
        chat(&row)
    }

    /// The chats linked to a project, in the order they were linked.
    pub async fn telegram_chats(&self, project_id: Uuid) -> Result<Vec<TelegramChat>> {
        let rows = sqlx::query("SELECT * FROM telegram_chats WHERE project_id = $1 ORDER BY linked_at_ms, chat_id")
            .bind(project_id.to_string())
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(chat).collect()
    }

    /// The projects a chat is linked to: what its commands are about.
    pub async fn telegram_links(&self, chat_id: i64) -> Result<Vec<TelegramChat>> {
        let rows = sqlx::query("SELECT * FROM telegram_chats WHERE chat_id = $1 ORDER BY linked_at_ms, project_id")
            .bind(chat_id)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(chat).collect()
    }

    /// `/subscribe` and `/unsubscribe`: for every project the chat is linked to.
    pub async fn subscribe_telegram_chat(&self, chat_id: i64, is_subscribed: bool) -> Result<()> {
        sqlx::query("UPDATE telegram_chats SET is_subscribed = $1 WHERE chat_id = $2")
            .bind(i64::from(is_subscribed))
            .bind(chat_id)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// `/mute`: no messages about anything that happens before `until_ms`; 0 unmutes.
    pub async fn mute_telegram_chat(&self, chat_id: i64, until_ms: i64) -> Result<()> {
        sqlx::query("UPDATE telegram_chats SET muted_until_ms = $1 WHERE chat_id = $2")
            .bind(until_ms)
            .bind(chat_id)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Unlinks a chat from one project.
    pub async fn unlink_telegram_chat(&self, project_id: Uuid, chat_id: i64) -> Result<()> {
        let deleted = sqlx::query("DELETE FROM telegram_chats WHERE project_id = $1 AND chat_id = $2")
            .bind(project_id.to_string())
            .bind(chat_id)
            .execute(&self.pool)
            .await?;
        if deleted.rows_affected() == 0 {
            Err(MetaError::NotFound("chat"))
        } else {
            Ok(())
        }
    }

    /// Unlinks a chat from every project: the bot was removed from it.
    pub async fn forget_telegram_chat(&self, chat_id: i64) -> Result<()> {
        sqlx::query("DELETE FROM telegram_chats WHERE chat_id = $1")
            .bind(chat_id)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// A group became a supergroup: its links move to the new id, unless that has one of its own to the same project.
    pub async fn move_telegram_chat(&self, from: i64, to: i64) -> Result<()> {
        let mut tx = self.write().await?;
        sqlx::query(
            "DELETE FROM telegram_chats WHERE chat_id = $1
             AND project_id IN (SELECT project_id FROM telegram_chats WHERE chat_id = $2)",
        )
        .bind(from)
        .bind(to)
        .execute(&mut *tx)
        .await?;
        sqlx::query("UPDATE telegram_chats SET chat_id = $1 WHERE chat_id = $2")
            .bind(to)
            .bind(from)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }
}

fn chat(row: &AnyRow) -> Result<TelegramChat> {
    Ok(TelegramChat {
        project_id: columns::uuid(row, "project_id")?,
        chat_id: columns::int(row, "chat_id")?,
        title: columns::text(row, "title")?,
        is_subscribed: columns::flag(row, "is_subscribed")?,
        muted_until_ms: columns::int(row, "muted_until_ms")?,
        linked_at_ms: columns::int(row, "linked_at_ms")?,
    })
}
