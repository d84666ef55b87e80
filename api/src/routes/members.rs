//! Members of a project and their roles.

use axum::extract::State;
use gosight_store::meta::{Member, Role};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::record;
use crate::access::{AsAdmin, AsViewer, ProjectScope, Rank};
use crate::{Answer, Api, ApiError, Body, Envelope, InPath, Iso};

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MemberView {
    user_id: Uuid,
    email: String,
    name: String,
    /// `owner`, `admin`, `member` or `viewer`.
    #[schema(value_type = String)]
    role: Role,
    joined_at: Iso,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleBody {
    /// `owner`, `admin`, `member` or `viewer`.
    #[schema(value_type = String)]
    role: Role,
}

#[derive(Deserialize)]
pub(crate) struct MemberPath {
    user_id: Uuid,
}

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        Self {
            user_id: member.user_id,
            email: member.email,
            name: member.name,
            role: member.role,
            joined_at: Iso(member.joined_at_ms),
        }
    }
}

/// A project's members
#[utoipa::path(get, path = "/projects/{project}/members", operation_id = "list_members", tag = "members",
    responses((status = 200, body = Envelope<Vec<MemberView>>)))]
pub(crate) async fn list(
    State(api): State<Api>,
    scope: ProjectScope<AsViewer>,
) -> Result<Answer<Vec<MemberView>>, ApiError> {
    let members = api.meta().members(scope.project.id).await?;
    Ok(Answer::new(members.into_iter().map(MemberView::from).collect()))
}

/// Change a member's role; only owners make or unmake owners
#[utoipa::path(patch, path = "/projects/{project}/members/{user_id}", operation_id = "set_member_role", tag = "members", request_body = RoleBody,
    responses((status = 200, body = Envelope<serde_json::Value>)))]
pub(crate) async fn set_role(
    State(api): State<Api>,
    scope: ProjectScope<AsAdmin>,
    InPath(MemberPath { user_id }): InPath<MemberPath>,
    Body(RoleBody { role }): Body<RoleBody>,
) -> Result<Answer<Value>, ApiError> {
    let before = role_of(&api, &scope, user_id).await?;
    require_may_touch(&scope, before.max(role))?;
    api.meta().set_role(scope.project.id, user_id, role).await?;
    record(
        &api,
        &scope,
        "member.role",
        user_id,
        json!({ "from": before, "to": role }),
    )
    .await?;
    Ok(Answer::new(json!({ "user_id": user_id, "role": role })))
}

/// Remove a member, or leave
#[utoipa::path(delete, path = "/projects/{project}/members/{user_id}", operation_id = "remove_member", tag = "members",
    responses((status = 200, body = Envelope<serde_json::Value>)))]
pub(crate) async fn remove(
    State(api): State<Api>,
    scope: ProjectScope<AsViewer>,
    InPath(MemberPath { user_id }): InPath<MemberPath>,
) -> Result<Answer<Value>, ApiError> {
    let is_leaving = scope.user_id == Some(user_id);
    if !is_leaving {
        if scope.role < Role::Admin {
            return Err(ApiError::Forbidden("your role in this project does not allow that"));
        }
        require_may_touch(&scope, role_of(&api, &scope, user_id).await?)?;
    }
    api.meta().remove_member(scope.project.id, user_id).await?;
    record(&api, &scope, "member.remove", user_id, json!({})).await?;
    Ok(Answer::new(json!({ "user_id": user_id })))
}

async fn role_of<R: Rank>(api: &Api, scope: &ProjectScope<R>, user_id: Uuid) -> Result<Role, ApiError> {
    api.meta()
        .role(scope.project.id, user_id)
        .await?
        .ok_or(ApiError::NotFound("member"))
}

/// Nobody gives or takes a role above their own.
pub(super) fn require_may_touch<R: Rank>(scope: &ProjectScope<R>, role: Role) -> Result<(), ApiError> {
    if role > scope.role {
        Err(ApiError::Forbidden("only an owner can do that"))
    } else {
        Ok(())
    }
}
