//! Project keys: `write` keys open the front door, `read` keys may read one project's analytics.

use sqlx::any::AnyRow;
use uuid::Uuid;

use super::error::unique;
use super::{IpMode, Meta, MetaError, Result, Settings, columns, columns::words};

words! {
    /// What a key is good for.
    Permission { Write = "write", Read = "read" }
}

/// A key as its project's admins see it: never the key itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub id: Uuid,
    pub project_id: Uuid,
    pub name: String,
    /// The first characters of the key, to recognise it by.
    pub prefix: String,
    pub permission: Permission,
    pub rate_limit_events_per_s: u32,
    pub created_at_ms: i64,
    pub revoked_at_ms: Option<i64>,
}

/// A key about to be stored.
#[derive(Clone, Debug)]
pub struct NewKey<'a> {
    pub project_id: Uuid,
    pub name: &'a str,
    pub key_sha256: [u8; 32],
    pub prefix: &'a str,
    pub permission: Permission,
    pub rate_limit_events_per_s: u32,
}

/// All that ingest needs to know about a valid write key.
#[derive(Clone, Debug, PartialEq)]
pub struct IngestKey {
    pub key_id: Uuid,
    pub project_id: Uuid,
    /// Hosts an `Origin` may have; `*.example.com` covers subdomains; an empty list allows all.
    pub allowed_domains: Vec<String>,
    pub rate_limit_events_per_s: u32,
    pub ip: IpMode,
    /// Globs of page URLs whose events are refused.
    pub block_urls: Vec<String>,
    /// Names of properties, traits and attributes that are removed.
    pub excluded_fields: Vec<String>,
    /// What the SDK is told, ready for `/v1/settings`; its version changes with its content.
    pub sdk: gosight_proto::v1::Settings,
}

/// A valid read key: may read `project_id`, as a viewer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadKey {
    pub key_id: Uuid,
    pub project_id: Uuid,
}

impl Meta {
    /// The write key with this SHA-256; `None` when unknown, revoked, or a read key.
    pub async fn ingest_key(&self, key_sha256: &[u8; 32]) -> Result<Option<IngestKey>> {
        let row = sqlx::query(
            "SELECT k.id, k.project_id, k.rate_limit_events_per_s, p.allowed_domains, p.settings
             FROM keys k JOIN projects p ON p.id = k.project_id
             WHERE k.key_hash = $1 AND k.permission = 'write' AND k.revoked_at_ms IS NULL",
        )
        .bind(hex::encode(key_sha256))
        .fetch_optional(&self.pool)
        .await?;
        row.as_ref().map(ingest_key).transpose()
    }

    /// The read key with this SHA-256; `None` when unknown, revoked, or a write key.
    pub async fn read_key(&self, key_sha256: &[u8; 32]) -> Result<Option<ReadKey>> {
        let row = sqlx::query(
            "SELECT id, project_id FROM keys WHERE key_hash = $1 AND permission = 'read' AND revoked_at_ms IS NULL",
        )
        .bind(hex::encode(key_sha256))
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| {
            Ok(ReadKey {
                key_id: columns::uuid(&row, "id")?,
                project_id: columns::uuid(&row, "project_id")?,
            })
        })
        .transpose()
    }

    /// Whether a key still works.
    pub async fn is_key_valid(&self, key_id: Uuid) -> Result<bool> {
        let row = sqlx::query("SELECT 1 FROM keys WHERE id = $1 AND revoked_at_ms IS NULL")
            .bind(key_id.to_string())
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.is_some())
    }

    /// The project a key was made for, whether or not it still works.
    pub async fn project_of_key(&self, key_sha256: &[u8; 32]) -> Result<Option<Uuid>> {
        let row = sqlx::query("SELECT project_id FROM keys WHERE key_hash = $1")
            .bind(hex::encode(key_sha256))
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| columns::uuid(&row, "project_id")).transpose()
    }

    /// Stores a key. `Conflict` when the same key is stored already, in whatever project.
    pub async fn create_key(&self, new: &NewKey<'_>, now_ms: i64) -> Result<Key> {
        let id = Uuid::now_v7();
        let inserted = sqlx::query(
            "INSERT INTO keys (id, project_id, name, key_hash, prefix, permission, rate_limit_events_per_s, created_at_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(id.to_string())
        .bind(new.project_id.to_string())
        .bind(new.name)
        .bind(hex::encode(new.key_sha256))
        .bind(new.prefix)
        .bind(new.permission.as_str())
        .bind(i64::from(new.rate_limit_events_per_s))
        .bind(now_ms)
        .execute(&self.pool)
        .await;
        unique(inserted, "this key is in use already")?;
        self.bump_access();
        self.key(new.project_id, id).await
    }

    /// A project's keys, revoked ones too, oldest first.
    pub async fn keys(&self, project_id: Uuid) -> Result<Vec<Key>> {
        let rows = sqlx::query("SELECT * FROM keys WHERE project_id = $1 ORDER BY created_at_ms, id")
            .bind(project_id.to_string())
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(key).collect()
    }

    /// Revokes a key for good. Revoking twice keeps the first time.
    pub async fn revoke_key(&self, project_id: Uuid, key_id: Uuid, now_ms: i64) -> Result<Key> {
        sqlx::query("UPDATE keys SET revoked_at_ms = $1 WHERE project_id = $2 AND id = $3 AND revoked_at_ms IS NULL")
            .bind(now_ms)
            .bind(project_id.to_string())
            .bind(key_id.to_string())
            .execute(&self.pool)
            .await?;
        self.bump_access();
        self.key(project_id, key_id).await
    }

    async fn key(&self, project_id: Uuid, key_id: Uuid) -> Result<Key> {
        let row = sqlx::query("SELECT * FROM keys WHERE project_id = $1 AND id = $2")
            .bind(project_id.to_string())
            .bind(key_id.to_string())
            .fetch_optional(&self.pool)
            .await?;
        key(&row.ok_or(MetaError::NotFound("key"))?)
    }
}

fn key(row: &AnyRow) -> Result<Key> {
    Ok(Key {
        id: columns::uuid(row, "id")?,
        project_id: columns::uuid(row, "project_id")?,
        name: columns::text(row, "name")?,
        prefix: columns::text(row, "prefix")?,
        permission: columns::parsed(row, "permission")?,
        rate_limit_events_per_s: rate_limit(row)?,
        created_at_ms: columns::int(row, "created_at_ms")?,
        revoked_at_ms: columns::int_or_none(row, "revoked_at_ms")?,
    })
}

fn ingest_key(row: &AnyRow) -> Result<IngestKey> {
    let settings: Settings = columns::json(row, "settings")?;
    Ok(IngestKey {
        key_id: columns::uuid(row, "id")?,
        project_id: columns::uuid(row, "project_id")?,
        allowed_domains: columns::json(row, "allowed_domains")?,
        rate_limit_events_per_s: rate_limit(row)?,
        ip: settings.privacy.ip,
        sdk: sdk_settings(&settings),
        block_urls: settings.privacy.block_urls,
        excluded_fields: settings.privacy.excluded_fields,
    })
}

fn rate_limit(row: &AnyRow) -> Result<u32> {
    Ok(u32::try_from(columns::int(row, "rate_limit_events_per_s")?).unwrap_or(u32::MAX))
}

fn sdk_settings(settings: &Settings) -> gosight_proto::v1::Settings {
    let replay = &settings.sdk.replay;
    gosight_proto::v1::Settings {
        version: settings.sdk_version(),
        session_sample_rate: settings.sdk.session_sample_rate,
        replay_sample_rate: settings.sdk.replay_sample_rate,
        timezone: settings.timezone.0.clone(),
        disabled_categories: settings.sdk.disabled_categories.clone(),
        mask_selectors: settings.sdk.mask_selectors.clone(),
        block_selectors: settings.sdk.block_selectors.clone(),
        mask_all_text: settings.sdk.mask_all_text,
        block_urls: settings.privacy.block_urls.clone(),
        replay_mode: replay.mode.as_str().to_owned(),
        replay_include_urls: replay.include_urls.clone(),
        replay_exclude_urls: replay.exclude_urls.clone(),
        replay_duration_max_ms: replay.duration_max_ms,
        replay_canvas: replay.canvas,
        replay_images: replay.images.as_str().to_owned(),
    }
}
