//! Handlers, one file per noun. Which of them there are stands in `lib.rs`.

pub(crate) mod alerts;
pub(crate) mod audit;
pub(crate) mod auth;
pub(crate) mod backdrops;
pub(crate) mod checks;
pub(crate) mod heatmaps;
pub(crate) mod insights;
pub(crate) mod invitations;
pub(crate) mod keys;
pub(crate) mod members;
pub(crate) mod overview;
mod params;
pub(crate) mod projects;
pub(crate) mod replay;
pub(crate) mod sessions;

use gosight_store::meta::AuditEntry;
use serde_json::Value;
use uuid::Uuid;

use crate::access::{ProjectScope, Rank};
use crate::{Api, ApiError};

/// Writes down who did what in a project.
pub(crate) async fn record<R: Rank>(
    api: &Api,
    scope: &ProjectScope<R>,
    action: &'static str,
    target: impl ToString,
    details: Value,
) -> Result<(), ApiError> {
    Ok(api.meta().audit(&entry(api, scope, action, target, details)).await?)
}

/// What is written down of who does what, now.
fn entry<R: Rank>(
    api: &Api,
    scope: &ProjectScope<R>,
    action: &'static str,
    target: impl ToString,
    details: Value,
) -> AuditEntry {
    AuditEntry {
        id: Uuid::now_v7(),
        project_id: scope.project.id,
        user_id: scope.user_id,
        action: action.to_owned(),
        target: target.to_string(),
        details,
        at_ms: api.now_ms(),
    }
}
