//! Projects: the unit of tenancy. Every change of what the dataflow obeys goes to the control outbox in the same transaction.

use gosight_proto::control::{Control, ProjectControl};
use sqlx::any::AnyRow;
use sqlx::{Any, Transaction};
use uuid::Uuid;

use super::error::unique;
use super::members::{self, Role};
use super::{Meta, MetaError, Result, Settings, columns, control, deletions};

/// Projects one person may be a member of.
const PROJECTS_PER_USER_MAX: i64 = 1000;

#[derive(Clone, Debug, PartialEq)]
pub struct Project {
    pub id: Uuid,
    /// Unique, lower case, usable in a path.
    pub slug: String,
    pub name: String,
    /// Hosts pages may send from; `*.example.com` covers subdomains; empty allows all.
    pub allowed_domains: Vec<String>,
    pub settings: Settings,
    pub created_at_ms: i64,
    pub updated_at_ms: i64,
}

/// A project about to be made.
#[derive(Clone, Debug)]
pub struct NewProject<'a> {
    pub slug: &'a str,
    pub name: &'a str,
    pub allowed_domains: &'a [String],
    pub settings: &'a Settings,
    /// Becomes the project's owner.
    pub owner: Uuid,
}

/// The fields of a project to change; `None` keeps what is there.
#[derive(Clone, Debug, Default)]
pub struct ProjectPatch {
    pub name: Option<String>,
    pub allowed_domains: Option<Vec<String>>,
    pub settings: Option<Settings>,
}

impl Meta {
    /// Makes a project with its owner. `Conflict` when the slug is taken.
    pub async fn create_project(&self, new: &NewProject<'_>, now_ms: i64) -> Result<Project> {
        let id = Uuid::new_v4();
        let mut tx = self.write().await?;
        let inserted = sqlx::query(
            "INSERT INTO projects (id, slug, name, allowed_domains, settings, created_at_ms, updated_at_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $6)",
        )
        .bind(id.to_string())
        .bind(new.slug)
        .bind(new.name)
        .bind(columns::to_json(&new.allowed_domains, "allowed_domains")?)
        .bind(columns::to_json(new.settings, "settings")?)
        .bind(now_ms)
        .execute(&mut *tx)
        .await;
        unique(inserted, "this slug is taken")?;
        members::add(&mut tx, id, new.owner, Role::Owner, now_ms).await?;
        announce(&mut tx, id, new.settings).await?;
        tx.commit().await?;
        self.bump_control();
        self.bump_access();
        self.project(id).await
    }

    pub async fn project(&self, id: Uuid) -> Result<Project> {
        let row = sqlx::query("SELECT * FROM projects WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(&self.pool)
            .await?;
        project(&row.ok_or(MetaError::NotFound("project"))?)
    }

    /// The project with this slug; ids are looked up with [`Meta::project`].
    pub async fn project_by_slug(&self, slug: &str) -> Result<Project> {
        let row = sqlx::query("SELECT * FROM projects WHERE slug = $1")
            .bind(slug)
            .fetch_optional(&self.pool)
            .await?;
        project(&row.ok_or(MetaError::NotFound("project"))?)
    }

    /// The projects a person is a member of, with their role in each, by name.
    pub async fn projects_of(&self, user_id: Uuid) -> Result<Vec<(Project, Role)>> {
        let rows = sqlx::query(
            "SELECT p.*, m.role FROM projects p JOIN members m ON m.project_id = p.id
             WHERE m.user_id = $1 ORDER BY p.name, p.id LIMIT $2",
        )
        .bind(user_id.to_string())
        .bind(PROJECTS_PER_USER_MAX)
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| Ok((project(row)?, columns::parsed(row, "role")?)))
            .collect()
    }

    /// Every project, and for how many days it keeps recordings.
    pub async fn replay_days(&self) -> Result<Vec<(Uuid, u16)>> {
        let rows = sqlx::query("SELECT * FROM projects ORDER BY id")
            .fetch_all(&self.pool)
            .await?;
        let days = |row| project(row).map(|project| (project.id, project.settings.storage.replay_days));
        rows.iter().map(days).collect()
    }

    pub async fn update_project(&self, id: Uuid, patch: &ProjectPatch, now_ms: i64) -> Result<Project> {
        let mut tx = self.write().await?;
        let row = sqlx::query("SELECT * FROM projects WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(&mut *tx)
            .await?;
        let before = project(&row.ok_or(MetaError::NotFound("project"))?)?;
        let settings = patch.settings.as_ref().unwrap_or(&before.settings);
        sqlx::query(
            "UPDATE projects SET name = $1, allowed_domains = $2, settings = $3, updated_at_ms = $4 WHERE id = $5",
        )
        .bind(patch.name.as_ref().unwrap_or(&before.name))
        .bind(columns::to_json(
            patch.allowed_domains.as_ref().unwrap_or(&before.allowed_domains),
            "allowed_domains",
        )?)
        .bind(columns::to_json(settings, "settings")?)
        .bind(now_ms)
        .bind(id.to_string())
        .execute(&mut *tx)
        .await?;
        if *settings != before.settings {
            announce(&mut tx, id, settings).await?;
        }
        tx.commit().await?;
        self.bump_control();
        self.bump_access();
        self.project(id).await
    }

    /// Deletes a project and everything the metadata knows about it; its keys open nothing from now on. Its analytics rows are left to
    /// [`Deletions`](crate::deletions::Deletions).
    pub async fn delete_project(&self, id: Uuid, now_ms: i64) -> Result<()> {
        let mut tx = self.write().await?;
        let deleted = sqlx::query("DELETE FROM projects WHERE id = $1")
            .bind(id.to_string())
            .execute(&mut *tx)
            .await?;
        if deleted.rows_affected() == 0 {
            return Err(MetaError::NotFound("project"));
        }
        control::enqueue(&mut tx, &Control::ProjectDeleted { project_id: id }).await?;
        deletions::begin(&mut tx, id, now_ms).await?;
        tx.commit().await?;
        self.bump_control();
        self.bump_deletions();
        self.bump_access();
        Ok(())
    }
}

async fn announce(tx: &mut Transaction<'static, Any>, project_id: Uuid, settings: &Settings) -> Result<()> {
    let timezone = settings.timezone.0.clone();
    let thresholds = settings.insights;
    control::enqueue(
        tx,
        &Control::Project(ProjectControl {
            project_id,
            timezone,
            thresholds,
        }),
    )
    .await
}

fn project(row: &AnyRow) -> Result<Project> {
    Ok(Project {
        id: columns::uuid(row, "id")?,
        slug: columns::text(row, "slug")?,
        name: columns::text(row, "name")?,
        allowed_domains: columns::json(row, "allowed_domains")?,
        settings: columns::json_read(row, "settings", Settings::stored)?,
        created_at_ms: columns::int(row, "created_at_ms")?,
        updated_at_ms: columns::int(row, "updated_at_ms")?,
    })
}
