//! Members and invitations: who may see a project, and how they got in.

use sqlx::any::AnyRow;
use sqlx::{Any, Transaction};
use uuid::Uuid;

use super::error::unique;
use super::{Meta, MetaError, Result, columns, columns::words};

words! {
    /// What a member may do; each role includes those before it.
    Role {
        /// Reads.
        Viewer = "viewer",
        /// Reads, and changes alert rules.
        Member = "member",
        /// Changes settings, keys and members.
        Admin = "admin",
        /// Also deletes the project and makes owners.
        Owner = "owner",
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub user_id: Uuid,
    pub email: String,
    pub name: String,
    pub role: Role,
    pub joined_at_ms: i64,
}

/// An invitation that can still be accepted. Its token was shown once and is stored as SHA-256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    pub id: Uuid,
    pub project_id: Uuid,
    pub email: String,
    pub role: Role,
    pub created_at_ms: i64,
    pub expires_at_ms: i64,
}

/// An invitation about to be made.
#[derive(Clone, Debug)]
pub struct NewInvitation<'a> {
    pub project_id: Uuid,
    /// Lower case.
    pub email: &'a str,
    pub role: Role,
    pub token_sha256: [u8; 32],
    pub expires_at_ms: i64,
}

impl Meta {
    /// The role of a person in a project; `None` when not a member.
    pub async fn role(&self, project_id: Uuid, user_id: Uuid) -> Result<Option<Role>> {
        let row = sqlx::query("SELECT role FROM members WHERE project_id = $1 AND user_id = $2")
            .bind(project_id.to_string())
            .bind(user_id.to_string())
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| columns::parsed(&row, "role")).transpose()
    }

    /// A project's members, in the order they joined.
    pub async fn members(&self, project_id: Uuid) -> Result<Vec<Member>> {
        let rows = sqlx::query(
            "SELECT m.user_id, u.email, u.name, m.role, m.joined_at_ms FROM members m JOIN users u ON u.id = m.user_id
             WHERE m.project_id = $1 ORDER BY m.joined_at_ms, m.user_id",
        )
        .bind(project_id.to_string())
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(member).collect()
    }

    /// Changes a role. `Conflict` when the project would be left without an owner.
    pub async fn set_role(&self, project_id: Uuid, user_id: Uuid, role: Role) -> Result<()> {
        let mut tx = self.write().await?;
        let changed = sqlx::query("UPDATE members SET role = $1 WHERE project_id = $2 AND user_id = $3")
            .bind(role.as_str())
            .bind(project_id.to_string())
            .bind(user_id.to_string())
            .execute(&mut *tx)
            .await?;
        if changed.rows_affected() == 0 {
            return Err(MetaError::NotFound("member"));
        }
        require_owner(&mut tx, project_id).await?;
        tx.commit().await?;
        self.bump_access();
        Ok(())
    }

    /// Removes a member. `Conflict` when the project would be left without an owner.
    pub async fn remove_member(&self, project_id: Uuid, user_id: Uuid) -> Result<()> {
        let mut tx = self.write().await?;
        let removed = sqlx::query("DELETE FROM members WHERE project_id = $1 AND user_id = $2")
            .bind(project_id.to_string())
            .bind(user_id.to_string())
            .execute(&mut *tx)
            .await?;
        if removed.rows_affected() == 0 {
            return Err(MetaError::NotFound("member"));
        }
        require_owner(&mut tx, project_id).await?;
        tx.commit().await?;
        self.bump_access();
        Ok(())
    }

    /// Makes an invitation. `Conflict` when that address belongs to a member already.
    pub async fn invite(&self, new: &NewInvitation<'_>, now_ms: i64) -> Result<Invitation> {
        let id = Uuid::now_v7();
        let mut tx = self.write().await?;
        let member = sqlx::query(
            "SELECT 1 FROM members m JOIN users u ON u.id = m.user_id WHERE m.project_id = $1 AND u.email = $2",
        )
        .bind(new.project_id.to_string())
        .bind(new.email)
        .fetch_optional(&mut *tx)
        .await?;
        if member.is_some() {
            return Err(MetaError::Conflict("this person is a member already"));
        }
        let inserted = sqlx::query(
            "INSERT INTO invitations (id, project_id, email, role, token_hash, created_at_ms, expires_at_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(id.to_string())
        .bind(new.project_id.to_string())
        .bind(new.email)
        .bind(new.role.as_str())
        .bind(hex::encode(new.token_sha256))
        .bind(now_ms)
        .bind(new.expires_at_ms)
        .execute(&mut *tx)
        .await;
        unique(inserted, "this invitation token is in use already")?;
        tx.commit().await?;
        let (project_id, email, role) = (new.project_id, new.email.to_owned(), new.role);
        Ok(Invitation {
            id,
            project_id,
            email,
            role,
            created_at_ms: now_ms,
            expires_at_ms: new.expires_at_ms,
        })
    }

    /// A project's invitations that can still be accepted, newest first.
    pub async fn invitations(&self, project_id: Uuid, now_ms: i64) -> Result<Vec<Invitation>> {
        let rows = sqlx::query(
            "SELECT * FROM invitations WHERE project_id = $1 AND accepted_at_ms IS NULL AND expires_at_ms > $2
             ORDER BY created_at_ms DESC, id",
        )
        .bind(project_id.to_string())
        .bind(now_ms)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(invitation).collect()
    }

    pub async fn withdraw_invitation(&self, project_id: Uuid, invitation_id: Uuid) -> Result<()> {
        let deleted =
            sqlx::query("DELETE FROM invitations WHERE project_id = $1 AND id = $2 AND accepted_at_ms IS NULL")
                .bind(project_id.to_string())
                .bind(invitation_id.to_string())
                .execute(&self.pool)
                .await?;
        if deleted.rows_affected() == 0 {
            Err(MetaError::NotFound("invitation"))
        } else {
            Ok(())
        }
    }

    /// Lets a signed-in person use an invitation made for their address; gives the project joined.
    pub async fn accept_invitation(&self, token_sha256: &[u8; 32], user_id: Uuid, now_ms: i64) -> Result<Invitation> {
        let mut tx = self.write().await?;
        let invitation = take_invitation(&mut tx, token_sha256, now_ms).await?;
        let row = sqlx::query("SELECT email FROM users WHERE id = $1")
            .bind(user_id.to_string())
            .fetch_optional(&mut *tx)
            .await?;
        let email = columns::text(&row.ok_or(MetaError::NotFound("user"))?, "email")?;
        if email != invitation.email {
            return Err(MetaError::NotFound("invitation"));
        }
        add(&mut tx, invitation.project_id, user_id, invitation.role, now_ms).await?;
        tx.commit().await?;
        self.bump_access();
        Ok(invitation)
    }
}

/// Adds a member inside a transaction. `Conflict` when they are one already.
pub(super) async fn add(
    tx: &mut Transaction<'static, Any>,
    project_id: Uuid,
    user_id: Uuid,
    role: Role,
    now_ms: i64,
) -> Result<()> {
    let inserted = sqlx::query("INSERT INTO members (project_id, user_id, role, joined_at_ms) VALUES ($1, $2, $3, $4)")
        .bind(project_id.to_string())
        .bind(user_id.to_string())
        .bind(role.as_str())
        .bind(now_ms)
        .execute(&mut **tx)
        .await;
    unique(inserted, "this person is a member already")?;
    Ok(())
}

/// Marks a valid invitation as used, inside the transaction that uses it. `NotFound` when unknown, used or expired.
pub(super) async fn take_invitation(
    tx: &mut Transaction<'static, Any>,
    token_sha256: &[u8; 32],
    now_ms: i64,
) -> Result<Invitation> {
    let row = sqlx::query(
        "UPDATE invitations SET accepted_at_ms = $1
         WHERE token_hash = $2 AND accepted_at_ms IS NULL AND expires_at_ms > $1 RETURNING *",
    )
    .bind(now_ms)
    .bind(hex::encode(token_sha256))
    .fetch_optional(&mut **tx)
    .await?;
    invitation(&row.ok_or(MetaError::NotFound("invitation"))?)
}

async fn require_owner(tx: &mut Transaction<'static, Any>, project_id: Uuid) -> Result<()> {
    let owner = sqlx::query("SELECT 1 FROM members WHERE project_id = $1 AND role = 'owner' LIMIT 1")
        .bind(project_id.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    owner.map(|_| ()).ok_or(MetaError::Conflict("a project needs an owner"))
}

fn member(row: &AnyRow) -> Result<Member> {
    Ok(Member {
        user_id: columns::uuid(row, "user_id")?,
        email: columns::text(row, "email")?,
        name: columns::text(row, "name")?,
        role: columns::parsed(row, "role")?,
        joined_at_ms: columns::int(row, "joined_at_ms")?,
    })
}

fn invitation(row: &AnyRow) -> Result<Invitation> {
    Ok(Invitation {
        id: columns::uuid(row, "id")?,
        project_id: columns::uuid(row, "project_id")?,
        email: columns::text(row, "email")?,
        role: columns::parsed(row, "role")?,
        created_at_ms: columns::int(row, "created_at_ms")?,
        expires_at_ms: columns::int(row, "expires_at_ms")?,
    })
}
