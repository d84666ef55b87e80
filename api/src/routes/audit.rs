//! The audit log of a project.

use axum::extract::State;
use gosight_store::meta::AuditEntry;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::access::{AsAdmin, ProjectScope};
use crate::cursor::{Cursor, per_page};
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

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageParams {
    /// At most 100; 50 unless asked otherwise.
    per_page: Option<u32>,
    /// `meta.next_cursor` of the page before.
    cursor: Option<String>,
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
#[utoipa::path(get, path = "/projects/{project}/audit", tag = "members", params(PageParams),
    responses((status = 200, body = Envelope<Vec<AuditView>>)))]
pub(crate) async fn list(
    State(api): State<Api>,
    scope: ProjectScope<AsAdmin>,
    Params(page): Params<PageParams>,
) -> Result<Answer<Vec<AuditView>>, ApiError> {
    let rows = per_page(page.per_page)?;
    let before = page.cursor.as_deref().map(Cursor::decode).transpose()?.map(|cursor| (cursor.at_ms, cursor.id));
    // One more than shown tells whether there is a next page.
    let mut entries = api.meta().audit_log(scope.project.id, before, rows + 1).await?;
    let has_more = entries.len() > rows as usize;
    entries.truncate(rows as usize);
    let last = entries.last().filter(|_| has_more).map(|entry| Cursor { at_ms: entry.at_ms, id: entry.id }.encode());
    Ok(Answer::new(entries.into_iter().map(AuditView::from).collect()).next_cursor(last))
}
