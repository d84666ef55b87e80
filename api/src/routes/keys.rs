//! Project keys. The full key is shown once, when it is made.

use axum::extract::State;
use gosight_proto::limits::RATE_EVENTS_PER_S_DEFAULT;
use gosight_store::meta::{Key, NewKey, Permission};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{checks, record};
use crate::access::{AsAdmin, ProjectScope, Secret};
use crate::{Answer, Api, ApiError, Body, Envelope, InPath, Iso};

/// Characters of a key that are kept to recognise it by.
const PREFIX_CHARS: usize = 8;
const RATE_LIMIT_EVENTS_PER_S_MAX: u32 = 1_000_000;
const KEYS_PER_PROJECT_MAX: usize = 100;

/// A key; never the key itself.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeyView {
    id: Uuid,
    name: String,
    /// Its first characters.
    prefix: String,
    /// `write` (sends events; public in a page) or `read` (reads this project's analytics): never both.
    #[schema(value_type = Vec<String>)]
    permissions: [Permission; 1],
    rate_limit_events_per_s: u32,
    created_at: Iso,
    /// Absent while it works.
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<Iso>,
}

/// A key just made, with the key itself.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewKeyView {
    #[serde(flatten)]
    view: KeyView,
    /// The key. It is not shown again.
    key: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyBody {
    name: Option<String>,
    /// `["write"]` (the default) or `["read"]`.
    #[schema(value_type = Option<Vec<String>>)]
    permissions: Option<Vec<Permission>>,
    /// The same, as one word.
    #[schema(value_type = Option<String>)]
    permission: Option<Permission>,
    /// 50 000 unless set.
    rate_limit_events_per_s: Option<u32>,
}

#[derive(Deserialize)]
pub(crate) struct KeyPath {
    key_id: Uuid,
}

impl From<Key> for KeyView {
    fn from(key: Key) -> Self {
        Self {
            id: key.id,
            name: key.name,
            prefix: key.prefix,
            permissions: [key.permission],
            rate_limit_events_per_s: key.rate_limit_events_per_s,
            created_at: Iso(key.created_at_ms),
            revoked_at: key.revoked_at_ms.map(Iso),
        }
    }
}

/// A project's keys
#[utoipa::path(get, path = "/projects/{project}/keys", operation_id = "list_keys", tag = "keys", responses((status = 200, body = Envelope<Vec<KeyView>>)))]
pub(crate) async fn list(
    State(api): State<Api>,
    scope: ProjectScope<AsAdmin>,
) -> Result<Answer<Vec<KeyView>>, ApiError> {
    let keys = api.meta().keys(scope.project.id).await?;
    Ok(Answer::new(keys.into_iter().map(KeyView::from).collect()))
}

/// Make a key; the answer is the only one that shows it
#[utoipa::path(post, path = "/projects/{project}/keys", operation_id = "create_key", tag = "keys", request_body = KeyBody,
    responses((status = 201, body = Envelope<NewKeyView>)))]
pub(crate) async fn create(
    State(api): State<Api>,
    scope: ProjectScope<AsAdmin>,
    Body(body): Body<KeyBody>,
) -> Result<Answer<NewKeyView>, ApiError> {
    let permission = permission_of(&body)?;
    let name = checks::name("name", body.name.as_deref().unwrap_or("Key"))?;
    let rate_limit_events_per_s = body.rate_limit_events_per_s.unwrap_or(RATE_EVENTS_PER_S_DEFAULT);
    if !(1..=RATE_LIMIT_EVENTS_PER_S_MAX).contains(&rate_limit_events_per_s) {
        return Err(ApiError::invalid(
            "rate_limit_events_per_s",
            "must be between 1 and 1000000",
        ));
    }
    if api.meta().keys(scope.project.id).await?.len() >= KEYS_PER_PROJECT_MAX {
        return Err(ApiError::Conflict("a project can have 100 keys"));
    }
    let secret = Secret::new("gsk_")?;
    let key = store(
        &api,
        scope.project.id,
        &secret,
        &name,
        permission,
        rate_limit_events_per_s,
    )
    .await?;
    record(
        &api,
        &scope,
        "key.create",
        key.id,
        json!({ "prefix": key.prefix, "permission": permission }),
    )
    .await?;
    Ok(Answer::created(NewKeyView {
        view: key.into(),
        key: secret.0,
    }))
}

/// Revoke a key, for good
#[utoipa::path(delete, path = "/projects/{project}/keys/{key_id}", operation_id = "revoke_key", tag = "keys", responses((status = 200, body = Envelope<KeyView>)))]
pub(crate) async fn revoke(
    State(api): State<Api>,
    scope: ProjectScope<AsAdmin>,
    InPath(KeyPath { key_id }): InPath<KeyPath>,
) -> Result<Answer<KeyView>, ApiError> {
    let key = api.meta().revoke_key(scope.project.id, key_id, api.now_ms()).await?;
    record(&api, &scope, "key.revoke", key.id, json!({ "prefix": key.prefix })).await?;
    Ok(Answer::new(key.into()))
}

fn permission_of(body: &KeyBody) -> Result<Permission, ApiError> {
    match (body.permissions.as_deref(), body.permission) {
        (None, one) => Ok(one.unwrap_or(Permission::Write)),
        (Some([one]), None) => Ok(*one),
        (Some(_), _) => Err(ApiError::invalid(
            "permissions",
            "must be one of [\"write\"] and [\"read\"]: a write key is public",
        )),
    }
}

/// Stores a key as its digest and its first characters.
pub(crate) async fn store(
    api: &Api,
    project_id: Uuid,
    secret: &Secret,
    name: &str,
    permission: Permission,
    rate_limit_events_per_s: u32,
) -> Result<Key, ApiError> {
    let prefix: String = secret.0.chars().take(PREFIX_CHARS).collect();
    let new = NewKey {
        project_id,
        name,
        key_sha256: secret.sha256(),
        prefix: &prefix,
        permission,
        rate_limit_events_per_s,
    };
    Ok(api.meta().create_key(&new, api.now_ms()).await?)
}
