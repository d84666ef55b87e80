//! People. Passwords come here as argon2 hashes in PHC form and leave only to be verified.

use sqlx::any::AnyRow;
use sqlx::{Any, Transaction};
use uuid::Uuid;

use super::error::unique;
use super::members;
use super::{Meta, MetaError, Result, columns};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: Uuid,
    /// Lower case.
    pub email: String,
    pub name: String,
    /// Was the first to register.
    pub is_installation_owner: bool,
    pub created_at_ms: i64,
}

/// A person about to be stored.
#[derive(Clone, Copy, Debug)]
pub struct NewUser<'a> {
    /// Lower case.
    pub email: &'a str,
    pub name: &'a str,
    /// PHC form.
    pub password_hash: &'a str,
}

impl Meta {
    /// Stores the installation's first person. `Conflict` when there is one already.
    pub async fn create_first_user(&self, new: NewUser<'_>, now_ms: i64) -> Result<User> {
        let mut tx = self.write().await?;
        // Serialises registrations, so that two at once do not both find nobody.
        sqlx::query("UPDATE counters SET value = value + 1 WHERE name = 'users'")
            .execute(&mut *tx)
            .await?;
        if sqlx::query("SELECT 1 FROM users LIMIT 1")
            .fetch_optional(&mut *tx)
            .await?
            .is_some()
        {
            return Err(MetaError::Conflict("registration is by invitation"));
        }
        let user = insert(&mut tx, new, true, now_ms).await?;
        tx.commit().await?;
        Ok(user)
    }

    /// Stores a person who holds an invitation, and makes them a member. `NotFound` when it is unknown, used, expired or made for
    /// another address; `Conflict` when the address has an account (sign in and accept instead).
    pub async fn create_invited_user(&self, new: NewUser<'_>, token_sha256: &[u8; 32], now_ms: i64) -> Result<User> {
        let mut tx = self.write().await?;
        let invitation = members::take_invitation(&mut tx, token_sha256, now_ms).await?;
        if invitation.email != new.email {
            return Err(MetaError::NotFound("invitation"));
        }
        let user = insert(&mut tx, new, false, now_ms).await?;
        members::add(&mut tx, invitation.project_id, user.id, invitation.role, now_ms).await?;
        tx.commit().await?;
        self.bump_access();
        Ok(user)
    }

    /// Whether anyone has registered yet.
    pub async fn has_users(&self) -> Result<bool> {
        Ok(sqlx::query("SELECT 1 FROM users LIMIT 1")
            .fetch_optional(&self.pool)
            .await?
            .is_some())
    }

    /// Who registered first.
    pub async fn installation_owner(&self) -> Result<Option<User>> {
        let row = sqlx::query("SELECT * FROM users WHERE is_installation_owner = 1 LIMIT 1")
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(user).transpose()
    }

    pub async fn user(&self, id: Uuid) -> Result<User> {
        let row = sqlx::query("SELECT * FROM users WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(&self.pool)
            .await?;
        user(&row.ok_or(MetaError::NotFound("user"))?)
    }

    /// The person with this (lower-case) address and their password hash.
    pub async fn user_for_login(&self, email: &str) -> Result<Option<(User, String)>> {
        let row = sqlx::query("SELECT * FROM users WHERE email = $1")
            .bind(email)
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| Ok((user(&row)?, columns::text(&row, "password_hash")?)))
            .transpose()
    }

    /// The password hash of a person.
    pub async fn password_hash(&self, id: Uuid) -> Result<String> {
        let row = sqlx::query("SELECT password_hash FROM users WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(&self.pool)
            .await?;
        columns::text(&row.ok_or(MetaError::NotFound("user"))?, "password_hash")
    }

    /// Stores a new password hash and ends every sign-in of that person.
    pub async fn set_password(&self, id: Uuid, password_hash: &str, now_ms: i64) -> Result<()> {
        let mut tx = self.write().await?;
        sqlx::query("UPDATE users SET password_hash = $1 WHERE id = $2")
            .bind(password_hash)
            .bind(id.to_string())
            .execute(&mut *tx)
            .await?;
        sqlx::query("UPDATE logins SET revoked_at_ms = $1 WHERE user_id = $2 AND revoked_at_ms IS NULL")
            .bind(now_ms)
            .bind(id.to_string())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        self.bump_access();
        Ok(())
    }
}

async fn insert(tx: &mut Transaction<'static, Any>, new: NewUser<'_>, is_first: bool, now_ms: i64) -> Result<User> {
    let id = Uuid::now_v7();
    let inserted = sqlx::query(
        "INSERT INTO users (id, email, name, password_hash, is_installation_owner, created_at_ms)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(id.to_string())
    .bind(new.email)
    .bind(new.name)
    .bind(new.password_hash)
    .bind(i64::from(is_first))
    .bind(now_ms)
    .execute(&mut **tx)
    .await;
    unique(inserted, "this address has an account already")?;
    let (email, name) = (new.email.to_owned(), new.name.to_owned());
    Ok(User {
        id,
        email,
        name,
        is_installation_owner: is_first,
        created_at_ms: now_ms,
    })
}

fn user(row: &AnyRow) -> Result<User> {
    Ok(User {
        id: columns::uuid(row, "id")?,
        email: columns::text(row, "email")?,
        name: columns::text(row, "name")?,
        is_installation_owner: columns::flag(row, "is_installation_owner")?,
        created_at_ms: columns::int(row, "created_at_ms")?,
    })
}
