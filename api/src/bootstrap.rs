//! The first start without a browser: owner, project and key from the environment.

use gosight_proto::limits::RATE_EVENTS_PER_S_DEFAULT;
use gosight_store::meta::{Meta, MetaError, NewKey, NewProject, NewUser, Permission, Project, Settings};
use uuid::Uuid;

use crate::ApiError;
use crate::access::{Passwords, Secret};
use crate::routes::checks;

/// Characters of a given key that are kept to recognise it by.
const PREFIX_CHARS: usize = 8;

/// What the environment asks for: `GOSIGHT_ADMIN_EMAIL`, `GOSIGHT_ADMIN_PASSWORD`, `GOSIGHT_PROJECT`, `GOSIGHT_PROJECT_KEY`.
#[derive(Clone, Default)]
pub struct Bootstrap {
    pub admin_email: Option<String>,
    pub admin_password: Option<String>,
    /// A slug.
    pub project: Option<String>,
    pub project_key: Option<String>,
}

/// Why the environment's wish cannot be fulfilled; for the operator.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    #[error("{setting}: {reason}")]
    Setting { setting: &'static str, reason: String },
    #[error(transparent)]
    Meta(#[from] MetaError),
    #[error(transparent)]
    Hash(ApiError),
}

/// Makes what is not there yet; what is there stays as it is, a changed password and a revoked key included.
pub async fn bootstrap(meta: &Meta, wish: &Bootstrap, now_ms: i64) -> Result<(), BootstrapError> {
    let owner = owner(meta, wish, now_ms).await?;
    let Some(slug) = &wish.project else {
        return match wish.project_key {
            Some(_) => Err(refuse("GOSIGHT_PROJECT_KEY", "needs GOSIGHT_PROJECT")),
            None => Ok(()),
        };
    };
    let project = project(meta, slug, owner, now_ms).await?;
    match &wish.project_key {
        Some(key) => self::key(meta, &project, key, now_ms).await,
        None => Ok(()),
    }
}

/// The person who shall own things: the one asked for, else the first who registered.
async fn owner(meta: &Meta, wish: &Bootstrap, now_ms: i64) -> Result<Option<Uuid>, BootstrapError> {
    let Some(email) = &wish.admin_email else {
        return Ok(meta.installation_owner().await?.map(|user| user.id));
    };
    let email = checks::email(email).map_err(|error| refuse("GOSIGHT_ADMIN_EMAIL", &error.to_string()))?;
    if let Some((user, _)) = meta.user_for_login(&email).await? {
        return Ok(Some(user.id));
    }
    if let Some(first) = meta.installation_owner().await? {
        tracing::warn!("GOSIGHT_ADMIN_EMAIL is not the address of the installation's owner; the owner stays who it is");
        return Ok(Some(first.id));
    }
    let password = wish.admin_password.as_deref().unwrap_or_default();
    if password.is_empty() {
        return Err(refuse("GOSIGHT_ADMIN_PASSWORD", "is needed to make the owner"));
    }
    let passwords = Passwords::new().map_err(BootstrapError::Hash)?;
    let password_hash = passwords
        .hash(password.to_owned())
        .await
        .map_err(BootstrapError::Hash)?;
    let new = NewUser {
        email: &email,
        name: &email,
        password_hash: &password_hash,
    };
    Ok(Some(meta.create_first_user(new, now_ms).await?.id))
}

async fn project(meta: &Meta, slug: &str, owner: Option<Uuid>, now_ms: i64) -> Result<Project, BootstrapError> {
    checks::slug(slug).map_err(|error| refuse("GOSIGHT_PROJECT", &error.to_string()))?;
    match meta.project_by_slug(slug).await {
        Err(MetaError::NotFound(_)) => {}
        found => return Ok(found?),
    }
    let owner = owner.ok_or_else(|| refuse("GOSIGHT_PROJECT", "needs GOSIGHT_ADMIN_EMAIL: a project has an owner"))?;
    let settings = Settings::default();
    let new = NewProject {
        slug,
        name: slug,
        allowed_domains: &[],
        settings: &settings,
        owner,
    };
    Ok(meta.create_project(&new, now_ms).await?)
}

async fn key(meta: &Meta, project: &Project, key: &str, now_ms: i64) -> Result<(), BootstrapError> {
    let is_key =
        (16..=128).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if !is_key {
        return Err(refuse(
            "GOSIGHT_PROJECT_KEY",
            "must have 16 to 128 letters, digits, _ and -",
        ));
    }
    let key_sha256 = Secret::sha256_of(key);
    match meta.project_of_key(&key_sha256).await? {
        Some(other) if other != project.id => Err(refuse("GOSIGHT_PROJECT_KEY", "belongs to another project already")),
        Some(_) => Ok(()),
        None => {
            let prefix: String = key.chars().take(PREFIX_CHARS).collect();
            let new = NewKey {
                project_id: project.id,
                name: "From the environment",
                key_sha256,
                prefix: &prefix,
                permission: Permission::Write,
                rate_limit_events_per_s: RATE_EVENTS_PER_S_DEFAULT,
            };
            meta.create_key(&new, now_ms).await?;
            Ok(())
        }
    }
}

fn refuse(setting: &'static str, reason: &str) -> BootstrapError {
    BootstrapError::Setting {
        setting,
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish() -> Bootstrap {
        let text = |text: &str| Some(text.to_owned());
        Bootstrap {
            admin_email: text("Owner@Example.com"),
            admin_password: text("secret"),
            project: text("main"),
            project_key: text("gsk_0123456789abcdef"),
        }
    }

    async fn meta() -> (Meta, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        (
            Meta::open_file(&folder.path().join("meta.sqlite")).await.unwrap(),
            folder,
        )
    }

    #[tokio::test]
    async fn it_makes_what_is_missing_and_is_harmless_again() {
        let (meta, _folder) = meta().await;
        for now_ms in [1, 2] {
            bootstrap(&meta, &wish(), now_ms).await.unwrap();
        }
        let project = meta.project_by_slug("main").await.unwrap();
        assert_eq!(project.settings.timezone.0, "UTC");
        let key = meta
            .ingest_key(&Secret::sha256_of("gsk_0123456789abcdef"))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(key.project_id, project.id);
        assert_eq!(meta.keys(project.id).await.unwrap().len(), 1);
        let (owner, _) = meta.user_for_login("owner@example.com").await.unwrap().unwrap();
        assert!(owner.is_installation_owner);
    }

    #[tokio::test]
    async fn a_revoked_key_stays_revoked() {
        let (meta, _folder) = meta().await;
        bootstrap(&meta, &wish(), 1).await.unwrap();
        let project = meta.project_by_slug("main").await.unwrap();
        let key = meta.keys(project.id).await.unwrap().remove(0);
        meta.revoke_key(project.id, key.id, 2).await.unwrap();
        bootstrap(&meta, &wish(), 3).await.unwrap();
        assert!(
            meta.ingest_key(&Secret::sha256_of("gsk_0123456789abcdef"))
                .await
                .unwrap()
                .is_none()
        );
    }

    #[tokio::test]
    async fn it_refuses_wishes_that_cannot_be_fulfilled() {
        for broken in [
            Bootstrap {
                admin_email: Some("nobody".into()),
                ..wish()
            },
            Bootstrap {
                admin_password: None,
                ..wish()
            },
            Bootstrap {
                project: Some("login".into()),
                ..wish()
            },
            Bootstrap {
                project_key: Some("short".into()),
                ..wish()
            },
            Bootstrap {
                project: None,
                ..wish()
            },
            Bootstrap {
                admin_email: None,
                ..wish()
            },
        ] {
            let (meta, _folder) = meta().await;
            assert!(bootstrap(&meta, &broken, 1).await.is_err());
        }
    }
}
