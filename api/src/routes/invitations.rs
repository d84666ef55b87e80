//! Invitations: a one-time token per address. We send no mail: whoever invites passes the token on.

use axum::extract::State;
use gosight_store::meta::{Invitation, NewInvitation, Role};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::members::require_may_touch;
use super::{checks, record};
use crate::access::{AsAdmin, ProjectScope, Secret, SignedIn};
use crate::{Answer, Api, ApiError, Body, Envelope, InPath, Iso};

const LIFE_MS: i64 = 7 * 24 * 60 * 60 * 1000;
const OPEN_PER_PROJECT_MAX: usize = 100;

/// An invitation that can still be accepted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvitationView {
    id: Uuid,
    email: String,
    /// `owner`, `admin`, `member` or `viewer`.
    #[schema(value_type = String)]
    role: Role,
    created_at: Iso,
    expires_at: Iso,
}

/// An invitation just made, with its token.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewInvitationView {
    #[serde(flatten)]
    view: InvitationView,
    /// For `register` or `accept`, once. It is not shown again.
    token: String,
    /// The page that takes it.
    url: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InvitationBody {
    email: String,
    /// `owner`, `admin`, `member` or `viewer`.
    #[schema(value_type = String)]
    role: Role,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AcceptBody {
    token: String,
}

#[derive(Deserialize)]
pub(crate) struct InvitationPath {
    invitation_id: Uuid,
}

impl From<Invitation> for InvitationView {
    fn from(invitation: Invitation) -> Self {
        Self {
            id: invitation.id,
            email: invitation.email,
            role: invitation.role,
            created_at: Iso(invitation.created_at_ms),
            expires_at: Iso(invitation.expires_at_ms),
        }
    }
}

/// A project's open invitations
#[utoipa::path(get, path = "/projects/{project}/invitations", operation_id = "list_invitations", tag = "members",
    responses((status = 200, body = Envelope<Vec<InvitationView>>)))]
pub(crate) async fn list(
    State(api): State<Api>,
    scope: ProjectScope<AsAdmin>,
) -> Result<Answer<Vec<InvitationView>>, ApiError> {
    let invitations = api.meta().invitations(scope.project.id, api.now_ms()).await?;
    Ok(Answer::new(invitations.into_iter().map(InvitationView::from).collect()))
}

/// Invite somebody; the answer shows the token, once
#[utoipa::path(post, path = "/projects/{project}/invitations", operation_id = "create_invitation", tag = "members", request_body = InvitationBody,
    responses((status = 201, body = Envelope<NewInvitationView>)))]
pub(crate) async fn create(
    State(api): State<Api>,
    scope: ProjectScope<AsAdmin>,
    Body(body): Body<InvitationBody>,
) -> Result<Answer<NewInvitationView>, ApiError> {
    require_may_touch(&scope, body.role)?;
    let email = checks::email(&body.email)?;
    let now_ms = api.now_ms();
    if api.meta().invitations(scope.project.id, now_ms).await?.len() >= OPEN_PER_PROJECT_MAX {
        return Err(ApiError::Conflict("a project can have 100 open invitations"));
    }
    let token = Secret::new("gsi_")?;
    let new = NewInvitation {
        project_id: scope.project.id,
        email: &email,
        role: body.role,
        token_sha256: token.sha256(),
        expires_at_ms: now_ms + LIFE_MS,
    };
    let invitation = api.meta().invite(&new, now_ms).await?;
    record(
        &api,
        &scope,
        "member.invite",
        invitation.id,
        json!({ "email": email, "role": body.role }),
    )
    .await?;
    let url = format!(
        "{}/register?invitation={}",
        api.config().public_url.trim_end_matches('/'),
        token.0
    );
    Ok(Answer::created(NewInvitationView {
        view: invitation.into(),
        token: token.0,
        url,
    }))
}

/// Withdraw an invitation
#[utoipa::path(delete, path = "/projects/{project}/invitations/{invitation_id}", operation_id = "withdraw_invitation", tag = "members",
    responses((status = 200, body = Envelope<serde_json::Value>)))]
pub(crate) async fn withdraw(
    State(api): State<Api>,
    scope: ProjectScope<AsAdmin>,
    InPath(InvitationPath { invitation_id }): InPath<InvitationPath>,
) -> Result<Answer<Value>, ApiError> {
    api.meta().withdraw_invitation(scope.project.id, invitation_id).await?;
    record(&api, &scope, "member.withdraw_invitation", invitation_id, json!({})).await?;
    Ok(Answer::new(json!({ "id": invitation_id })))
}

/// Accept an invitation with an account that exists already
#[utoipa::path(post, path = "/invitations/accept", operation_id = "accept_invitation", tag = "members", request_body = AcceptBody,
    responses((status = 200, body = Envelope<serde_json::Value>)))]
pub(crate) async fn accept(
    State(api): State<Api>,
    SignedIn(login): SignedIn,
    Body(body): Body<AcceptBody>,
) -> Result<Answer<Value>, ApiError> {
    let token_sha256 = Secret::sha256_of(&body.token);
    let invitation = api
        .meta()
        .accept_invitation(&token_sha256, login.user_id, api.now_ms())
        .await?;
    Ok(Answer::new(
        json!({ "project_id": invitation.project_id, "role": invitation.role }),
    ))
}
