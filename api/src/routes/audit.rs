//! The audit log of a project.

use axum::extract::State;
use gosight_store::analytics::Cursor;
use gosight_store::meta::AuditEntry;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::{AsAdmin, ProjectScope};
use crate::page::{PageParams, cut};
use crate::{Answer, Api, ApiError, Envelope, Iso, Params};

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditView {
    id: Uuid,
    /// Absent when the installation itself did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<Uuid>,
    /// What was done: `key.create`, `member.remove`, …
    action: String,
    /// What it was done to, usually an id.
    target: String,
    #[schema(value_type = Object)]
    details: Value,
    time: Iso,
}

impl From<AuditEntry> for AuditView {
    fn from(entry: AuditEntry) -> Self {
        Self {
            id: entry.id,
            user_id: entry.user_id,
            action: entry.action,
            target: entry.target,
            details: entry.details,
            time: Iso(entry.at_ms),
        }
    }
}

/// Who did what, newest first
#[utoipa::path(get, path = "/projects/{project}/audit", operation_id = "list_audit_entries", tag = "members", params(PageParams),
    responses((status = 200, body = Envelope<Vec<AuditView>>)))]
pub(crate) async fn list(
    State(api): State<Api>,
    scope: ProjectScope<AsAdmin>,
    Params(page): Params<PageParams>,
) -> Result<Answer<Vec<AuditView>>, ApiError> {
    let before = page.after()?.map(|cursor| (cursor.value, cursor.id));
    let mut entries = api
        .meta()
        .audit_log(scope.project.id, before, page.per_page() + 1)
        .await?;
    let next = cut(&mut entries, page.per_page(), |entry| Cursor {
        value: entry.at_ms,
        id: entry.id,
    });
    Ok(Answer::new(entries.into_iter().map(AuditView::from).collect()).next_cursor(next))
}
