//! Sign-ins: a *login* is one sign-in and every token rotated out of it.
//!
//! A refresh token works once. Seeing a used one again means that two parties hold it, so the whole login ends.

use sqlx::{Any, Transaction};
use uuid::Uuid;

use super::{Meta, Result, columns};

/// A pair of tokens to store, as SHA-256, with their ends.
#[derive(Clone, Copy, Debug)]
pub struct TokenPair {
    pub access_sha256: [u8; 32],
    pub access_expires_at_ms: i64,
    pub refresh_sha256: [u8; 32],
    pub refresh_expires_at_ms: i64,
}

/// Whose valid access token it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Login {
    pub login_id: Uuid,
    pub user_id: Uuid,
}

/// What became of a refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// The new pair is stored, the old refresh token is used up.
    Rotated(Login),
    /// It had been used before: the login is revoked now.
    Reused,
    /// Unknown, expired, or of a login that has ended.
    Refused,
}

impl Meta {
    /// Starts a login. Tokens that ended long ago are swept on the way.
    pub async fn start_login(&self, user_id: Uuid, tokens: &TokenPair, now_ms: i64) -> Result<Login> {
        let login_id = Uuid::now_v7();
        let mut tx = self.write().await?;
        sweep(&mut tx, user_id, now_ms).await?;
        sqlx::query("INSERT INTO logins (id, user_id, created_at_ms) VALUES ($1, $2, $3)")
            .bind(login_id.to_string())
            .bind(user_id.to_string())
            .bind(now_ms)
            .execute(&mut *tx)
            .await?;
        store_pair(&mut tx, login_id, tokens).await?;
        tx.commit().await?;
        Ok(Login { login_id, user_id })
    }

    /// Who holds this access token; `None` when unknown, expired or revoked.
    pub async fn login(&self, access_sha256: &[u8; 32], now_ms: i64) -> Result<Option<Login>> {
        let row = sqlx::query(
            "SELECT l.id, l.user_id FROM access_tokens t JOIN logins l ON l.id = t.login_id
             WHERE t.token_hash = $1 AND t.expires_at_ms > $2 AND l.revoked_at_ms IS NULL",
        )
        .bind(hex::encode(access_sha256))
        .bind(now_ms)
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| {
            Ok(Login {
                login_id: columns::uuid(&row, "id")?,
                user_id: columns::uuid(&row, "user_id")?,
            })
        })
        .transpose()
    }

    /// Whether a login has not been revoked.
    pub async fn is_login_open(&self, login_id: Uuid) -> Result<bool> {
        let row = sqlx::query("SELECT 1 FROM logins WHERE id = $1 AND revoked_at_ms IS NULL")
            .bind(login_id.to_string())
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.is_some())
    }

    /// Exchanges a refresh token for a new pair, once.
    pub async fn refresh_login(&self, refresh_sha256: &[u8; 32], tokens: &TokenPair, now_ms: i64) -> Result<Refresh> {
        let mut tx = self.write().await?;
        let row = sqlx::query(
            "SELECT t.login_id, t.expires_at_ms, t.used_at_ms, l.user_id, l.revoked_at_ms
             FROM refresh_tokens t JOIN logins l ON l.id = t.login_id WHERE t.token_hash = $1",
        )
        .bind(hex::encode(refresh_sha256))
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else { return Ok(Refresh::Refused) };
        let login = Login {
            login_id: columns::uuid(&row, "login_id")?,
            user_id: columns::uuid(&row, "user_id")?,
        };
        if columns::int_or_none(&row, "revoked_at_ms")?.is_some() || columns::int(&row, "expires_at_ms")? <= now_ms {
            return Ok(Refresh::Refused);
        }
        // The condition decides, not the row read above: of two at once only one finds the token unused.
        let used =
            sqlx::query("UPDATE refresh_tokens SET used_at_ms = $1 WHERE token_hash = $2 AND used_at_ms IS NULL")
                .bind(now_ms)
                .bind(hex::encode(refresh_sha256))
                .execute(&mut *tx)
                .await?;
        if used.rows_affected() == 0 {
            revoke(&mut tx, login.login_id, now_ms).await?;
            tx.commit().await?;
            self.bump_access();
            return Ok(Refresh::Reused);
        }
        // Access tokens that still hold stay: another tab of the same browser uses them until they end.
        sqlx::query("DELETE FROM access_tokens WHERE login_id = $1 AND expires_at_ms <= $2")
            .bind(login.login_id.to_string())
            .bind(now_ms)
            .execute(&mut *tx)
            .await?;
        store_pair(&mut tx, login.login_id, tokens).await?;
        tx.commit().await?;
        Ok(Refresh::Rotated(login))
    }

    /// Ends the login a refresh token belongs to, if there is one.
    pub async fn end_login_of_refresh_token(&self, refresh_sha256: &[u8; 32], now_ms: i64) -> Result<()> {
        let row = sqlx::query("SELECT login_id FROM refresh_tokens WHERE token_hash = $1")
            .bind(hex::encode(refresh_sha256))
            .fetch_optional(&self.pool)
            .await?;
        match row {
            Some(row) => self.end_login(columns::uuid(&row, "login_id")?, now_ms).await,
            None => Ok(()),
        }
    }

    /// Ends a login: none of its tokens works any more.
    pub async fn end_login(&self, login_id: Uuid, now_ms: i64) -> Result<()> {
        let mut tx = self.write().await?;
        revoke(&mut tx, login_id, now_ms).await?;
        tx.commit().await?;
        self.bump_access();
        Ok(())
    }
}

async fn store_pair(tx: &mut Transaction<'static, Any>, login_id: Uuid, tokens: &TokenPair) -> Result<()> {
    sqlx::query("INSERT INTO access_tokens (token_hash, login_id, expires_at_ms) VALUES ($1, $2, $3)")
        .bind(hex::encode(tokens.access_sha256))
        .bind(login_id.to_string())
        .bind(tokens.access_expires_at_ms)
        .execute(&mut **tx)
        .await?;
    sqlx::query("INSERT INTO refresh_tokens (token_hash, login_id, expires_at_ms) VALUES ($1, $2, $3)")
        .bind(hex::encode(tokens.refresh_sha256))
        .bind(login_id.to_string())
        .bind(tokens.refresh_expires_at_ms)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

async fn revoke(tx: &mut Transaction<'static, Any>, login_id: Uuid, now_ms: i64) -> Result<()> {
    sqlx::query("UPDATE logins SET revoked_at_ms = $1 WHERE id = $2 AND revoked_at_ms IS NULL")
        .bind(now_ms)
        .bind(login_id.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Logins whose every refresh token has ended cannot come back: their rows go.
async fn sweep(tx: &mut Transaction<'static, Any>, user_id: Uuid, now_ms: i64) -> Result<()> {
    sqlx::query(
        "DELETE FROM logins WHERE user_id = $1 AND NOT EXISTS
         (SELECT 1 FROM refresh_tokens t WHERE t.login_id = logins.id AND t.expires_at_ms > $2)",
    )
    .bind(user_id.to_string())
    .bind(now_ms)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
